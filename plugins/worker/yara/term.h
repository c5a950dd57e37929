/*
 * term.h - what a condition says about the first two bytes
 *
 * Works on the tokens of one condition. Boolean structure is followed through parentheses, `or`
 * and `and` down to a depth of 16; what lies deeper, and anything else, is not understood and
 * proves nothing.
 */
#ifndef ASSAY_YARA_TERM_H
#define ASSAY_YARA_TERM_H

#include "lex.h"

#define ASSAY_TERM_KEYS 8

/* The tokens [from, to) of a condition; strings are the tokens of the strings section. */
struct assay_term {
	const struct assay_lex_token *from, *to;
};

/* The pairs of first bytes (big-endian) with which the condition may be true; n == 0: any. */
struct assay_term_keys {
	uint16_t key[ASSAY_TERM_KEYS];
	unsigned n;
};

struct assay_term_keys assay_term_keys(struct assay_term condition, struct assay_term strings);

/* Calls found(arg, atom) for each term that is undefined on all that is no PE file, and that stands
 * under `and` and `or` only. False when pe is also used in another way, or a string is named in
 * such a term. */
bool assay_term_pe(
    struct assay_term condition, void (*found)(void *arg, struct assay_term atom), void *arg);
/* The condition uses this module. */
bool assay_term_uses(struct assay_term condition, const char *module);

#endif
