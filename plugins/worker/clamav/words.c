/*
 * clamav/words.c - see words.h. Tables.
 */
#include <string.h>

#include <clamav.h>

#include "base/err.h"

#include "words.h"

struct word {
	const char *word;
	uint32_t bit;
};

static const struct word parse[] = {
	{ "archive", CL_SCAN_PARSE_ARCHIVE },
	{ "elf", CL_SCAN_PARSE_ELF },
	{ "pdf", CL_SCAN_PARSE_PDF },
	{ "swf", CL_SCAN_PARSE_SWF },
	{ "hwp3", CL_SCAN_PARSE_HWP3 },
	{ "xmldocs", CL_SCAN_PARSE_XMLDOCS },
	{ "mail", CL_SCAN_PARSE_MAIL },
	{ "ole2", CL_SCAN_PARSE_OLE2 },
	{ "html", CL_SCAN_PARSE_HTML },
	{ "pe", CL_SCAN_PARSE_PE },
	{ "onenote", CL_SCAN_PARSE_ONENOTE },
	{ "image", CL_SCAN_PARSE_IMAGE },
	{ "fuzzy_image", CL_SCAN_PARSE_IMAGE_FUZZY_HASH },
	{ NULL, 0 },
};

static const struct word alerts[] = {
	{ "encrypted_archive", CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE },
	{ "encrypted_doc", CL_SCAN_HEURISTIC_ENCRYPTED_DOC },
	{ "macros", CL_SCAN_HEURISTIC_MACROS },
	{ "broken", CL_SCAN_HEURISTIC_BROKEN },
	{ "broken_media", CL_SCAN_HEURISTIC_BROKEN_MEDIA },
	{ "phishing_ssl", CL_SCAN_HEURISTIC_PHISHING_SSL_MISMATCH },
	{ "phishing_cloak", CL_SCAN_HEURISTIC_PHISHING_CLOAK },
	{ "partitions", CL_SCAN_HEURISTIC_PARTITION_INTXN },
	{ NULL, 0 },
};

/* find - the bit of a word; 0: none has it */
static uint32_t find(const struct word *table, const char *word)
{
	while (table->word != NULL && strcmp(table->word, word) != 0)
		table++;
	return table->bit;
}

/* read_words - all words of an option */
static enum assay_status read_words(const char *const *words, const struct word *table,
    const char *all, uint32_t *bits, struct assay_err *err)
{
	*bits = 0;
	for (; *words != NULL; words++) {
		const uint32_t bit = find(table, *words);

		if (bit == 0)
			return assay_err_set(
			    err, ASSAY_E_CONF, "\"%s\" is none of: %s", *words, all);
		*bits |= bit;
	}
	return ASSAY_OK;
}

/* assay_clamav_words_parse - see words.h */
enum assay_status assay_clamav_words_parse(
    const struct assay_opts *opts, uint32_t *bits, struct assay_err *err)
{
	enum assay_status st =
	    read_words(assay_opt_list(opts, "parse"), parse, ASSAY_CLAMAV_PARSE, bits, err);

	if (st != ASSAY_OK)
		assay_err_prefix(err, "[clamav] parse");
	return st;
}

/* assay_clamav_words_alerts - see words.h */
enum assay_status assay_clamav_words_alerts(
    const struct assay_opts *opts, uint32_t *bits, struct assay_err *err)
{
	enum assay_status st =
	    read_words(assay_opt_list(opts, "alerts"), alerts, ASSAY_CLAMAV_ALERTS, bits, err);

	if (st != ASSAY_OK)
		assay_err_prefix(err, "[clamav] alerts");
	return st;
}
