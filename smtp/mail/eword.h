/*
 * mail/eword.h - RFC 2047 encoded words, as mailers really write them
 *
 * Input is a raw field value (folding allowed) or a piece of one. Output is valid UTF-8 without
 * U+0000, in the arena, with a NUL behind it. Each word's base64 or Q text is decoded on its own;
 * the bytes of adjacent words of one charset are joined before the charset conversion, so that a
 * character split between two words survives. White space between adjacent words is dropped.
 * Tolerated: missing padding, spaces inside a word, unknown charsets (UTF-8, else windows-1252),
 * the language suffix of RFC 2231, words inside quotes, words glued to text, raw 8-bit text around
 * and inside. What is no encoded word stays as it is. Linear, output at most 4 times the input.
 */
#ifndef ASSAY_MAIL_EWORD_H
#define ASSAY_MAIL_EWORD_H

#include <assay/types.h>

struct assay_arena;

/* Unfolds, trims, decodes. */
struct assay_slice assay_eword_decode(struct assay_arena *arena, struct assay_slice raw);
/* True when there is something that looks like an encoded word. */
bool assay_eword_any(struct assay_slice raw);
/* Bytes of a named charset as UTF-8: unknown or empty names give UTF-8 if valid, else
 * windows-1252. For RFC 2231 values. */
struct assay_slice assay_eword_charset(
    struct assay_arena *arena, struct assay_slice charset, struct assay_slice bytes);

#endif
