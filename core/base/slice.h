/*
 * base/slice.h - looking at bytes without owning them, and ASCII without the locale
 *
 * Nothing here allocates. The ASCII functions never look at the locale and take any byte.
 */
#ifndef ASSAY_BASE_SLICE_H
#define ASSAY_BASE_SLICE_H

#include <string.h>

#include <assay/types.h>

#define ASSAY_SLICE_NONE ((struct assay_slice){ NULL, 0 })
/* Of a string literal, without strlen. */
#define ASSAY_SLICE_LIT(s) ((struct assay_slice){ (s), sizeof(s) - 1 })

static inline struct assay_slice assay_slice(const char *p, size_t n)
{
	return (struct assay_slice){ p, n };
}

static inline struct assay_slice assay_slice_str(const char *s)
{
	return (struct assay_slice){ s, s != NULL ? strlen(s) : 0 };
}

static inline bool assay_ascii_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool assay_ascii_is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool assay_ascii_is_alnum(int c)
{
	return assay_ascii_is_digit(c) || assay_ascii_is_alpha(c);
}

/* Space, tab, CR, LF, VT, FF. */
static inline bool assay_ascii_is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline int assay_ascii_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* 0-15, or -1. */
static inline int assay_ascii_hex(int c)
{
	if (assay_ascii_is_digit(c))
		return c - '0';
	c = assay_ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool assay_slice_eq(struct assay_slice a, struct assay_slice b);
bool assay_slice_caseeq(struct assay_slice a, struct assay_slice b);
bool assay_slice_is(struct assay_slice a, const char *s);     /* equal, byte for byte */
bool assay_slice_caseis(struct assay_slice a, const char *s); /* equal, ASCII case ignored */
bool assay_slice_starts(struct assay_slice a, const char *prefix);
bool assay_slice_casestarts(struct assay_slice a, const char *prefix);
bool assay_slice_ends(struct assay_slice a, const char *suffix);
bool assay_slice_caseends(struct assay_slice a, const char *suffix);
/* Without ASCII white space at both ends. */
struct assay_slice assay_slice_trim(struct assay_slice a);
/* From `from` on; empty when from is past the end. */
struct assay_slice assay_slice_from(struct assay_slice a, size_t from);
/* At most n bytes of it. */
struct assay_slice assay_slice_head(struct assay_slice a, size_t n);
/* First position of c, or a.n. */
size_t assay_slice_find(struct assay_slice a, char c);
/* First position of needle, or a.n; linear (memmem). */
size_t assay_slice_search(struct assay_slice a, struct assay_slice needle);
/* As search, ASCII case ignored; needle of at most 64 bytes, linear for our fixed words. */
size_t assay_slice_casesearch(struct assay_slice a, const char *needle);
/* Takes the next field up to sep off the front; false when nothing is left. */
bool assay_slice_split(struct assay_slice *rest, char sep, struct assay_slice *field);
/* Decimal number; false when not all of it is digits or it does not fit. */
bool assay_slice_u64(struct assay_slice a, uint64_t *value);
/* Is it a word of the list, which ends with NULL? No list: no. */
bool assay_slice_in(struct assay_slice a, const char *const *list);
/* Not empty, and nothing but ASCII letters, digits and what stands in `also`. */
bool assay_slice_is_plain(struct assay_slice a, const char *also);
/* Shell-like glob with * and ? only, ASCII case ignored; linear space, no recursion. */
bool assay_slice_glob(struct assay_slice a, const char *pattern);
/* FNV-1a, for tables in memory only. */
uint64_t assay_slice_hash(struct assay_slice a);
/* For qsort(3) of an array of char *: by their bytes, no locale. */
int assay_slice_by_text(const void *a, const void *b);

#endif
