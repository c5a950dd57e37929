/*
 * mail/param.h - a structured value with parameters (RFC 2045 5.1, 2183, 2231)
 *
 * For Content-Type, Content-Disposition and their like. Everything lives in the arena and is valid
 * UTF-8. Nothing is refused: missing or unbalanced quotes, unquoted values with any character,
 * missing `;`, comments, encoded words and raw 8-bit text in values are read as mailers mean them.
 * ALL parameters are kept, duplicates too. Where readers differ about a value (first or last of
 * duplicates, escapes in quotes, comments, trailing junk, RFC 2231 beside plain),
 * assay_param_readings() gives each. Linear in the input.
 */
#ifndef ASSAY_MAIL_PARAM_H
#define ASSAY_MAIL_PARAM_H

#include <assay/types.h>

struct assay_arena;

#define ASSAY_PARAM_MAX 256    /* kept of one field, by default */
#define ASSAY_PARAM_READINGS 8 /* of one name */

struct assay_param {
	struct assay_slice name;  /* lower case, without RFC 2231 marks */
	struct assay_slice value; /* decoded, RFC 2231 pieces joined */
	struct assay_slice plain; /* unquoted and unescaped only: no RFC 2047, no RFC 2231 */
	struct assay_slice raw;   /* as written, quotes included; of the first piece */
	bool extended;            /* had RFC 2231 marks */
	bool encoded;             /* had RFC 2047 words */
	bool open_quote;          /* the closing quote is missing */
};

struct assay_param_list {
	struct assay_slice value;  /* "text/html", "attachment": lower case, no white space */
	struct assay_param *param; /* in the order of their first piece */
	size_t n, total;           /* kept, met (pieces of one name count as one) */
	unsigned defects;          /* of enum assay_param_defect */
};

enum assay_param_defect {
	ASSAY_PARAM_DUPLICATE = 1,
	ASSAY_PARAM_OPEN_QUOTE = 2,
	ASSAY_PARAM_NO_SEPARATOR = 4, /* a missing `;` */
	ASSAY_PARAM_NO_VALUE = 8,     /* a name without `=` */
	ASSAY_PARAM_JUNK = 16,        /* text behind a quoted value */
	ASSAY_PARAM_COMMENT = 32,
	ASSAY_PARAM_ENCODED = 64, /* RFC 2047 inside a value (RFC 2047 5 forbids it) */
	ASSAY_PARAM_PIECES = 128, /* RFC 2231 pieces missing, repeated or out of order */
	ASSAY_PARAM_CUT = 256     /* more than max: the rest was only counted */
};

/* max 0 means ASSAY_PARAM_MAX. */
void assay_param_parse(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_param_list *list);
/* The value of the first parameter of that name (RFC 2231 before plain), or NONE. */
struct assay_slice assay_param_get(const struct assay_param_list *list, const char *name);
/* Each distinct value some reader would see, the best first. Returns how many (<= max). */
size_t assay_param_readings(struct assay_arena *arena, const struct assay_param_list *list,
    const char *name, struct assay_slice *reading, size_t max);

#endif
