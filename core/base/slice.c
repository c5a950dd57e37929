/*
 * base/slice.c - see slice.h. Touches nothing but its arguments; cannot fail.
 */
#include <strings.h>

#include "base/slice.h"

/* case_equal - n bytes alike when ASCII case is ignored */
static bool case_equal(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (assay_ascii_lower((unsigned char)a[i]) !=
		    assay_ascii_lower((unsigned char)b[i]))
			return false;
	return true;
}

/* assay_slice_eq - same bytes */
bool assay_slice_eq(struct assay_slice a, struct assay_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* assay_slice_caseeq - same bytes but for ASCII case */
bool assay_slice_caseeq(struct assay_slice a, struct assay_slice b)
{
	return a.n == b.n && case_equal(a.p, b.p, a.n);
}

/* assay_slice_is - equals a string */
bool assay_slice_is(struct assay_slice a, const char *s)
{
	return assay_slice_eq(a, assay_slice_str(s));
}

/* assay_slice_caseis - equals a string but for ASCII case */
bool assay_slice_caseis(struct assay_slice a, const char *s)
{
	size_t i = 0;

	/* Most comparisons end at the first letter: no strlen before that. */
	while (i < a.n && s[i] != '\0' &&
	    assay_ascii_lower((unsigned char)a.p[i]) == assay_ascii_lower((unsigned char)s[i]))
		i++;
	return i == a.n && s[i] == '\0';
}

/* assay_slice_starts - begins with prefix */
bool assay_slice_starts(struct assay_slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

/* assay_slice_casestarts - begins with prefix but for ASCII case */
bool assay_slice_casestarts(struct assay_slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && case_equal(a.p, prefix, n);
}

/* assay_slice_ends - ends with suffix */
bool assay_slice_ends(struct assay_slice a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.n >= n && (n == 0 || memcmp(a.p + a.n - n, suffix, n) == 0);
}

/* assay_slice_caseends - ends with suffix but for ASCII case */
bool assay_slice_caseends(struct assay_slice a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.n >= n && case_equal(a.p + a.n - n, suffix, n);
}

/* assay_slice_trim - without white space around */
struct assay_slice assay_slice_trim(struct assay_slice a)
{
	while (a.n > 0 && assay_ascii_is_space((unsigned char)a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && assay_ascii_is_space((unsigned char)a.p[a.n - 1]))
		a.n--;
	return a;
}

/* assay_slice_from - the rest, from an offset on */
struct assay_slice assay_slice_from(struct assay_slice a, size_t from)
{
	if (from > a.n)
		from = a.n;
	if (from > 0)
		a.p += from;
	a.n -= from;
	return a;
}

/* assay_slice_head - the beginning */
struct assay_slice assay_slice_head(struct assay_slice a, size_t n)
{
	if (a.n > n)
		a.n = n;
	return a;
}

/* assay_slice_find - where c is */
size_t assay_slice_find(struct assay_slice a, char c)
{
	const char *q = a.n > 0 ? memchr(a.p, c, a.n) : NULL;

	return q != NULL ? (size_t)(q - a.p) : a.n;
}

/* assay_slice_search - where needle begins */
size_t assay_slice_search(struct assay_slice a, struct assay_slice needle)
{
	const char *q = a.n > 0 ? memmem(a.p, a.n, needle.p, needle.n) : NULL;

	return q != NULL ? (size_t)(q - a.p) : a.n;
}

/* first_of - where c is in [from, end), or end */
static const char *first_of(const char *from, const char *end, int c)
{
	const char *p = from < end ? memchr(from, c, (size_t)(end - from)) : NULL;

	return p != NULL ? p : end;
}

/* assay_slice_casesearch - where needle begins, case ignored */
size_t assay_slice_casesearch(struct assay_slice a, const char *needle)
{
	const size_t n = strlen(needle);
	const int low = assay_ascii_lower((unsigned char)needle[0]);
	const int high = low >= 'a' && low <= 'z' ? low - ('a' - 'A') : low;
	const char *end, *lows, *highs;

	if (n == 0 || n > a.n)
		return n == 0 ? 0 : a.n;
	end = a.p + (a.n - n) + 1;
	lows = first_of(a.p, end, low);
	highs = first_of(a.p, end, high);
	while (lows < end || highs < end) {
		const char *p = lows < highs ? lows : highs;

		if (case_equal(p, needle, n))
			return (size_t)(p - a.p);
		if (p == lows)
			lows = first_of(p + 1, end, low);
		if (p == highs)
			highs = first_of(p + 1, end, high);
	}
	return a.n;
}

/* assay_slice_split - next field of a separated list */
bool assay_slice_split(struct assay_slice *rest, char sep, struct assay_slice *field)
{
	size_t i;

	if (rest->p == NULL)
		return false;
	i = assay_slice_find(*rest, sep);
	*field = assay_slice_head(*rest, i);
	*rest = i < rest->n ? assay_slice_from(*rest, i + 1) : ASSAY_SLICE_NONE;
	return true;
}

/* assay_slice_u64 - a decimal number */
bool assay_slice_u64(struct assay_slice a, uint64_t *value)
{
	uint64_t v = 0;

	if (a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		unsigned d = (unsigned)(unsigned char)a.p[i] - '0';

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*value = v;
	return true;
}

/* assay_slice_in - one of a list */
bool assay_slice_in(struct assay_slice a, const char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		if (assay_slice_is(a, *list))
			return true;
	return false;
}

/* assay_slice_is_plain - letters, digits and a few others */
bool assay_slice_is_plain(struct assay_slice a, const char *also)
{
	for (size_t i = 0; i < a.n; i++)
		if (!assay_ascii_is_alnum(a.p[i]) &&
		    (a.p[i] == '\0' || strchr(also, a.p[i]) == NULL))
			return false;
	return a.n > 0;
}

/* assay_slice_glob - does the pattern fit all of it */
bool assay_slice_glob(struct assay_slice a, const char *pat)
{
	size_t i = 0, mark = 0;
	const char *star = NULL;

	while (i < a.n) {
		if (*pat == '*') {
			star = ++pat;
			mark = i;
		} else if (*pat != '\0' && (*pat == '?' || case_equal(pat, a.p + i, 1))) {
			pat++;
			i++;
		} else if (star != NULL) {
			pat = star;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (*pat == '*')
		pat++;
	return *pat == '\0';
}

/* assay_slice_hash - for tables in memory */
uint64_t assay_slice_hash(struct assay_slice a)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < a.n; i++)
		h = (h ^ (unsigned char)a.p[i]) * 0x100000001b3u;
	return h;
}

/* assay_slice_by_text - of pointers to strings */
int assay_slice_by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}
