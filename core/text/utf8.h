/*
 * text/utf8.h - UTF-8, strictly (RFC 3629)
 *
 * No surrogates, no overlong forms, nothing above U+10FFFF. Nothing here looks at the locale.
 * All functions are linear and take any bytes.
 */
#ifndef ASSAY_TEXT_UTF8_H
#define ASSAY_TEXT_UTF8_H

#include <assay/types.h>

struct assay_buf;

/* What decode gives for bytes that are no character. */
#define ASSAY_UTF8_BAD UINT32_MAX
#define ASSAY_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the longest valid beginning; s.n when all of it is valid. U+0000 is valid here. */
size_t assay_utf8_prefix(struct assay_slice s);
bool assay_utf8_is_valid(struct assay_slice s);
/* Appends s, each maximal invalid subpart and each U+0000 replaced by U+FFFD; returns how many were
 * replaced. Never leaves half a character when out is full. */
size_t assay_utf8_clean(struct assay_slice s, struct assay_buf *out);
/* The largest n <= max such that the first n bytes do not end inside a character. */
size_t assay_utf8_cut(struct assay_slice s, size_t max);
/* One character at the front of s (s.n > 0): its length in bytes (1-4), code point in *cp. For
 * invalid bytes *cp is ASSAY_UTF8_BAD and the length that of the maximal subpart. */
size_t assay_utf8_decode(struct assay_slice s, uint32_t *cp);
/* Writes 1-4 bytes; U+FFFD for what is not a scalar value. */
size_t assay_utf8_encode(uint32_t cp, char out[4]);
/* encode, then append whole or not at all. */
bool assay_utf8_add(struct assay_buf *out, uint32_t cp);

#endif
