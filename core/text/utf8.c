/*
 * text/utf8.c - see utf8.h. ASCII is skipped eight bytes at a time.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/utf8.h"

/* lead_of - expected length, and the range the second byte must be in (RFC 3629 section 4) */
static size_t lead_of(unsigned char c, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef) {
		if (c == 0xe0)
			*lo = 0xa0;
		if (c == 0xed)
			*hi = 0x9f;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (c == 0xf0)
			*lo = 0x90;
		if (c == 0xf4)
			*hi = 0x8f;
		return 4;
	}
	return 0;
}

/* assay_utf8_decode - one character at the front */
size_t assay_utf8_decode(struct assay_slice s, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char lo, hi;
	size_t need, i;
	uint32_t v;

	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	need = lead_of(p[0], &lo, &hi);
	*cp = ASSAY_UTF8_BAD;
	if (need == 0)
		return 1;
	v = p[0] & (0x7fu >> need);
	for (i = 1; i < need; i++) {
		if (i >= s.n || p[i] < lo || p[i] > hi)
			return i;
		v = v << 6 | (p[i] & 0x3fu);
		lo = 0x80;
		hi = 0xbf;
	}
	*cp = v;
	return need;
}

/* ascii_run - number of ASCII bytes at the front */
static size_t ascii_run(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t w;

		memcpy(&w, p + i, 8);
		if ((w & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (i < n && (unsigned char)p[i] < 0x80)
		i++;
	return i;
}

/* assay_utf8_prefix - length of the longest valid beginning */
size_t assay_utf8_prefix(struct assay_slice s)
{
	size_t i = 0;

	while (i < s.n) {
		uint32_t cp;
		size_t n;

		if ((unsigned char)s.p[i] < 0x80) {
			i += ascii_run(s.p + i, s.n - i);
			continue;
		}
		n = assay_utf8_decode(assay_slice_from(s, i), &cp);
		if (cp == ASSAY_UTF8_BAD)
			return i;
		i += n;
	}
	return i;
}

/* assay_utf8_is_valid - all of it? */
bool assay_utf8_is_valid(struct assay_slice s)
{
	return assay_utf8_prefix(s) == s.n;
}

/* add_whole - append as many whole characters of valid text as fit */
static bool add_whole(struct assay_buf *out, struct assay_slice s)
{
	size_t room = out->max - out->n;

	if (s.n <= room)
		return assay_buf_add_slice(out, s);
	(void)assay_buf_add(out, s.p, assay_utf8_cut(s, room));
	out->full = true;
	return false;
}

/* clean_run - append text that holds no NUL; false when out is full */
static bool clean_run(struct assay_slice s, struct assay_buf *out, size_t *replaced)
{
	while (s.n > 0) {
		const size_t good = assay_utf8_prefix(s);
		uint32_t cp;

		if (!add_whole(out, assay_slice_head(s, good)))
			return false;
		s = assay_slice_from(s, good);
		if (s.n == 0)
			return true;
		if (!assay_utf8_add(out, 0xfffd))
			return false;
		++*replaced;
		s = assay_slice_from(s, assay_utf8_decode(s, &cp));
	}
	return true;
}

/* assay_utf8_clean - append with what is invalid, and NUL, replaced */
size_t assay_utf8_clean(struct assay_slice s, struct assay_buf *out)
{
	size_t replaced = 0;

	while (s.n > 0) {
		const size_t run = assay_slice_find(s, '\0');

		if (!clean_run(assay_slice_head(s, run), out, &replaced))
			return replaced;
		s = assay_slice_from(s, run);
		if (s.n == 0)
			return replaced;
		if (!assay_utf8_add(out, 0xfffd))
			return replaced;
		replaced++;
		s = assay_slice_from(s, 1);
	}
	return replaced;
}

/* assay_utf8_cut - where to cut without splitting a character */
size_t assay_utf8_cut(struct assay_slice s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s.n;
	for (int back = 0; back < 4; back++, n--) {
		if (((unsigned char)s.p[n] & 0xc0) != 0x80)
			return n;
		if (n == 0)
			break;
	}
	/* No character is that long: this is not UTF-8, and any place is as good. */
	return max;
}

/* assay_utf8_encode - one code point to bytes */
size_t assay_utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* assay_utf8_add - append one character, whole or not at all */
bool assay_utf8_add(struct assay_buf *out, uint32_t cp)
{
	char c[4];
	size_t n = assay_utf8_encode(cp, c);

	if (out->max - out->n < n) {
		out->full = true;
		return false;
	}
	return assay_buf_add(out, c, n);
}
