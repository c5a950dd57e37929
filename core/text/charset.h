/*
 * text/charset.h - any charset a mail names -> UTF-8
 *
 * Labels are read as browsers and mail readers read them (WHATWG Encoding: latin1 is windows-1252,
 * gb2312 is gb18030, ...). Conversion is lossy, never fails on content: what cannot be converted
 * becomes U+FFFD and is counted. Shift state starts fresh with each call. Linear.
 * Converters belong to the process, not to a mail; not for use by several threads.
 */
#ifndef ASSAY_TEXT_CHARSET_H
#define ASSAY_TEXT_CHARSET_H

#include <assay/types.h>

struct assay_buf;

/* Opens every converter and keeps it: no file is opened by anything below afterwards. About 2 ms.
 * Without it converters are opened at first use, which fails behind the sandbox. Returns how many
 * could not be had (their charsets are reported as unsupported later). */
size_t assay_charset_warm(void);
/* Closes them all: for tests and leak checkers. */
void assay_charset_cool(void);

/* Our name of the charset a label means ("windows-1252" for "Latin1"), or NULL when unknown. Quotes
 * and white space around the label and an RFC 2231 language suffix ("utf-8*en") are ignored. */
const char *assay_charset_name(struct assay_slice label);

/* Appends the text as UTF-8; *replaced (may be NULL) is the number of U+FFFD written.
 * U+0000 is kept: pass the result through assay_utf8_clean for a report.
 * ASSAY_E_UNSUP: unknown charset, nothing written. ASSAY_E_LIMIT: out is full, the rest is lost. */
ASSAY_MUST_CHECK enum assay_status assay_charset_to_utf8(
    struct assay_slice label, struct assay_slice bytes, struct assay_buf *out, size_t *replaced);

struct assay_charset_guess {
	const char *used; /* our name of the charset that was taken */
	bool known;       /* the label names a charset we support */
	bool declared;    /* the declared one was taken */
	bool bom;         /* a byte order mark decided */
	bool cut;         /* out was full */
	size_t replaced;  /* U+FFFD written */
};

/* As a reader shows it: a byte order mark wins; else the declared charset if it decodes cleanly;
 * else UTF-8 if that is valid; else the declared one with U+FFFD if it is a multi-byte one; else
 * windows-1252. An absent label is UTF-8 or windows-1252. */
void assay_charset_decode_guess(struct assay_slice label, struct assay_slice bytes,
    struct assay_buf *out, struct assay_charset_guess *guess);

#endif
