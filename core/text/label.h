/*
 * text/label.h - what charset a label means, and how it is converted
 *
 * The table follows the WHATWG Encoding standard where mail agrees with the web, and adds what only
 * mail has. Constant data; nothing here allocates or opens.
 */
#ifndef ASSAY_TEXT_LABEL_H
#define ASSAY_TEXT_LABEL_H

#include <assay/types.h>

enum assay_label_way {
	ASSAY_LABEL_UTF8,
	ASSAY_LABEL_ASCII,
	ASSAY_LABEL_UTF16, /* byte order mark, else guessed */
	ASSAY_LABEL_UTF16LE,
	ASSAY_LABEL_UTF16BE,
	ASSAY_LABEL_UTF32,
	ASSAY_LABEL_UTF32LE,
	ASSAY_LABEL_UTF32BE,
	ASSAY_LABEL_ISO2022, /* escape sequences: iso2022.h */
	ASSAY_LABEL_HZ,
	ASSAY_LABEL_SINGLE, /* one byte, one character: a table made through iconv */
	ASSAY_LABEL_MULTI   /* iconv */
};

struct assay_label_charset {
	const char *name;  /* lower case, as we write it */
	const char *iconv; /* its name for iconv_open, NULL when not needed */
	enum assay_label_way way;
	const char *labels; /* squeezed, a blank before and behind each */
};

extern const struct assay_label_charset assay_label_charsets[];
extern const size_t assay_label_count;

/* NULL when unknown (also for "default", "unknown-8bit" and their like). */
const struct assay_label_charset *assay_label_find(struct assay_slice label);

#endif
