/*
 * lex.h - the words of a YARA rule file
 *
 * Enough of YARA's lexical rules to find rules, their strings and the terms of their conditions
 * without error or not at all: what is not understood makes the whole file "not understood", and
 * it is then compiled as it stands. Tokens are slices of the text. Linear; no recursion.
 * Source: YARA documentation 4.x, "Writing YARA rules".
 */
#ifndef ASSAY_YARA_LEX_H
#define ASSAY_YARA_LEX_H

#include <assay/types.h>

struct assay_arena;

enum assay_lex_kind {
	ASSAY_LEX_IDENT,
	ASSAY_LEX_NUMBER,
	ASSAY_LEX_STRING, /* with its quotes */
	ASSAY_LEX_REGEX,  /* with slashes and flags */
	ASSAY_LEX_HEX,    /* with its braces */
	ASSAY_LEX_VAR,    /* $a, #a, @a, !a; also the bare sign */
	ASSAY_LEX_PUNCT
};

struct assay_lex_token {
	enum assay_lex_kind kind;
	struct assay_slice text;
};

/* All tokens of the text, in the arena; false: not understood. */
bool assay_lex_scan(
    struct assay_arena *arena, struct assay_slice text, struct assay_lex_token **token, size_t *n);
/* The token is this word or sign. */
bool assay_lex_is(const struct assay_lex_token *token, const char *text);
/* Decimal, 0x hexadecimal, with KB or MB; false when it is none of these or too large. */
bool assay_lex_number(const struct assay_lex_token *token, uint64_t *value);

#endif
