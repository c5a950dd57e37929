/*
 * clamav/words.h - the words of the options `parse` and `alerts`, and the bits they stand for
 */
#ifndef ASSAY_CLAMAV_WORDS_H
#define ASSAY_CLAMAV_WORDS_H

#include <assay/plugin.h>

/* For the help of the options. */
#define ASSAY_CLAMAV_PARSE                                                                         \
	"archive, elf, pdf, swf, hwp3, xmldocs, mail, ole2, html, pe, onenote, image, fuzzy_image"
#define ASSAY_CLAMAV_ALERTS                                                                        \
	"encrypted_archive, encrypted_doc, macros, broken, broken_media, phishing_ssl, "           \
	"phishing_cloak, partitions"

/* CL_SCAN_PARSE_*; E_CONF: a word that is none. */
ASSAY_MUST_CHECK enum assay_status assay_clamav_words_parse(
    const struct assay_opts *opts, uint32_t *bits, struct assay_err *err);
/* CL_SCAN_HEURISTIC_* */
ASSAY_MUST_CHECK enum assay_status assay_clamav_words_alerts(
    const struct assay_opts *opts, uint32_t *bits, struct assay_err *err);

#endif
