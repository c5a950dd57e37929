/*
 * mail/lex.h - what all readers of structured fields share (RFC 5322 3.2)
 *
 * For the files of this room only. A lexer never reads one byte more than a bounded number of
 * times: once a quote or comment turned out to be unclosed, its kind is text from there on.
 */
#ifndef ASSAY_MAIL_LEX_H
#define ASSAY_MAIL_LEX_H

#include <assay/types.h>

struct assay_arena;
struct assay_buf;

struct assay_lex {
	struct assay_slice s;
	size_t pos;
	/* Offsets behind which a quote or comment is only text; SIZE_MAX at first. */
	size_t no_quotes, no_comments;
};

struct assay_lex assay_lex(struct assay_slice s);
/* At a `(`: the offset behind its `)`, nested ones counted, or 0 when it is not closed. */
size_t assay_lex_comment(struct assay_lex *lex, size_t pos);
/* At a `"`: the offset behind the closing one, or 0 when there is none. */
size_t assay_lex_quoted(struct assay_lex *lex, size_t pos);
/* Skips white space and comments. */
void assay_lex_skip(struct assay_lex *lex);
/* Skips white space only. */
size_t assay_lex_space(struct assay_slice s, size_t pos);
/* Appends s (quotes included or not) with its quotes and backslashes taken off. */
void assay_lex_unquote(struct assay_slice s, struct assay_buf *out);
/* Appends any bytes as UTF-8: what is not valid is read as windows-1252. */
void assay_lex_add_utf8(struct assay_buf *out, struct assay_slice s);
/* Moves the bytes of buf, trimmed and without U+0000, to the arena and releases buf. */
struct assay_slice assay_lex_take(struct assay_arena *arena, struct assay_buf *buf);
/* A trimmed copy without line ends; one that folds nothing becomes a space. */
struct assay_slice assay_lex_unfold(struct assay_arena *arena, struct assay_slice raw);
/* Copy in ASCII lower case. */
struct assay_slice assay_lex_lower(struct assay_arena *arena, struct assay_slice s);

#endif
