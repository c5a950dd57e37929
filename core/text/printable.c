/*
 * text/printable.c - see printable.h
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/printable.h"
#include "text/utf8.h"

/* is_bidi - does cp change the direction of text? */
static bool is_bidi(uint32_t cp)
{
	return cp == 0x061c || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069);
}

/* assay_printable_is_hidden - would a terminal or a reader not see cp as a character? */
bool assay_printable_is_hidden(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || is_bidi(cp))
		return true;
	if (cp < 0x200b)
		return cp == 0xad || cp == 0x034f || cp == 0x115f || cp == 0x1160 || cp == 0x180e;
	return cp <= 0x200d || cp == 0x2028 || cp == 0x2029 || (cp >= 0x2060 && cp <= 0x206f) ||
	    cp == 0x3164 || cp == 0xfeff || (cp >= 0xfff9 && cp <= 0xfffb) ||
	    (cp >= 0xe0000 && cp <= 0xe0fff) || (cp & 0xfffe) == 0xfffe;
}

/* assay_printable_has_bidi - does s hold a bidi control? */
bool assay_printable_has_bidi(struct assay_slice s)
{
	while (s.n > 0) {
		uint32_t cp;
		size_t n = assay_utf8_decode(s, &cp);

		if (cp != ASSAY_UTF8_BAD && is_bidi(cp))
			return true;
		s = assay_slice_from(s, n);
	}
	return false;
}

/* step - the printable form of the character at the front of s; returns its length in s */
static size_t step(struct assay_slice s, char form[16], size_t *n)
{
	uint32_t cp;
	size_t len = assay_utf8_decode(s, &cp);
	int w;

	if (cp == ASSAY_UTF8_BAD) {
		/* Byte by byte, so that each has its escape. */
		len = 1;
		w = snprintf(form, 16, "\\x%02x", (unsigned)(unsigned char)s.p[0]);
	} else if (cp == '\\') {
		w = snprintf(form, 16, "\\\\");
	} else if (!assay_printable_is_hidden(cp)) {
		memcpy(form, s.p, len);
		w = (int)len;
	} else if (cp < 0x80) {
		w = snprintf(form, 16, "\\x%02x", (unsigned)cp);
	} else if (cp < 0x10000) {
		w = snprintf(form, 16, "\\u%04x", (unsigned)cp);
	} else {
		w = snprintf(form, 16, "\\U%08x", (unsigned)cp);
	}
	*n = (size_t)w;
	return len;
}

/* fill - write the printable form of s into text[0, max); *cut when not all of it fitted */
static size_t fill(char *text, size_t max, struct assay_slice s, bool *cut)
{
	size_t at = 0, dots = 0, n;
	char form[16];

	*cut = false;
	while (s.n > 0) {
		size_t len = step(s, form, &n);

		if (at + n > max) {
			memcpy(text + dots, "...", 3);
			*cut = true;
			return dots + 3;
		}
		memcpy(text + at, form, n);
		at += n;
		/* The last place where three dots still fit behind whole forms. */
		if (at + 3 <= max)
			dots = at;
		s = assay_slice_from(s, len);
	}
	return at;
}

/* assay_printable_add - append a printable copy of at most max bytes */
bool assay_printable_add(struct assay_buf *out, struct assay_slice s, size_t max)
{
	size_t most = s.n > SIZE_MAX / 10 ? max : s.n * 10, room = out->max - out->n;
	bool cut;
	char *p;

	if (max < most)
		most = max;
	if (most > room)
		most = room;
	if (most < 3)
		most = room < 3 ? 0 : 3;
	p = most > 0 ? assay_buf_reserve(out, most) : NULL;
	if (p == NULL)
		return s.n == 0;
	assay_buf_commit(out, fill(p, most, s, &cut));
	return !cut;
}

/* assay_printable_copy - a printable copy in an array */
const char *assay_printable_copy(char *text, size_t cap, struct assay_slice s)
{
	bool cut;

	text[fill(text, cap - 1, s, &cut)] = '\0';
	return text;
}
