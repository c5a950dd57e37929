/*
 * core/ini.h - the reader of assay.conf and plugins.d files
 *
 *	# a comment: only where a line begins
 *	[core]
 *	plugins = smtp, hash,
 *		yara		<- an indented line continues the value, joined by one space
 *
 * Lines end with LF or CRLF; empty lines and comments may stand anywhere, also inside a continued
 * value. Section names are one or two words ("rule infected"), keys one; both of letters, digits,
 * '_', '-' and '.'. Values are UTF-8 without control characters (a tab is one space), trimmed;
 *there is no quoting, no escape, no include. A key may stand once in a section; a section may be
 *opened again. Linear; at most ASSAY_INI_MAX bytes. Errors are ASSAY_E_CONF, text "FILE:LINE:
 *what".
 */
#ifndef ASSAY_INI_H
#define ASSAY_INI_H

#include <assay/types.h>

struct assay_arena;

#define ASSAY_INI_MAX ((size_t)1024 * 1024)

struct assay_ini_value {
	const char *section; /* "" before the first section line */
	const char *key;
	const char *value;
	unsigned line; /* of the key */
};

struct assay_ini_section {
	const char *name;
	unsigned line; /* where it was opened first */
};

/* In the order of the file. Everything lives in the arena. */
struct assay_ini {
	const char *file; /* borrowed */
	struct assay_ini_value *value;
	size_t n_values;
	struct assay_ini_section *section;
	size_t n_sections;
};

ASSAY_MUST_CHECK enum assay_status assay_ini_parse(struct assay_arena *arena, const char *file,
    struct assay_slice text, struct assay_ini *ini, struct assay_err *err);
/* The file of that name; NOENT when there is none. */
ASSAY_MUST_CHECK enum assay_status assay_ini_read(
    struct assay_arena *arena, const char *file, struct assay_ini *ini, struct assay_err *err);

#endif
