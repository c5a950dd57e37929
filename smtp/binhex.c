/*
 * binhex - BinHex 4.0, the data fork; see binhex.h
 *
 * Six-bit characters, then run-length compression (0x90), then a header with the lengths of both
 * forks. Bounded by the maximum of the buffers. Cannot fail but by finding nothing.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"

#include "binhex.h"

static const char alphabet[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";

struct unpack {
	struct assay_buf *out;
	int last;
	bool marker;
};

/* unpack_byte - undoes the run-length compression */
static void unpack_byte(struct unpack *u, int c)
{
	if (u->marker) {
		u->marker = false;
		if (c == 0) {
			assay_buf_add_char(u->out, (char)0x90);
			u->last = 0x90;
		}
		for (int i = 1; i < c; i++)
			assay_buf_add_char(u->out, (char)u->last);
	} else if (c == 0x90) {
		u->marker = true;
	} else {
		assay_buf_add_char(u->out, (char)c);
		u->last = c;
	}
}

/* unpack_text - the characters between the colons */
static void unpack_text(struct assay_slice text, struct assay_buf *out)
{
	struct unpack u = { .out = out };
	signed char value[256];
	unsigned bits = 0, have = 0;

	memset(value, -1, sizeof(value));
	for (int i = 0; i < 64; i++)
		value[(unsigned char)alphabet[i]] = (signed char)i;
	for (size_t i = 0; i < text.n && !out->full; i++) {
		int v = value[(unsigned char)text.p[i]];

		if (text.p[i] == ':')
			return;
		if (v < 0)
			continue;
		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			unpack_byte(&u, (int)(bits >> have & 0xff));
		}
	}
}

/* be32 - four bytes, big end first */
static size_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
}

/* assay_binhex_decode - finds the colon behind the sentence and unpacks the data fork */
bool assay_binhex_decode(struct assay_slice in, struct assay_buf *out)
{
	size_t at = assay_slice_search(in, ASSAY_SLICE_LIT("BinHex 4.0"));
	struct assay_buf all;
	size_t name, n;

	in = assay_slice_from(in, at < in.n ? at : 0);
	at = assay_slice_find(in, ':');
	if (at >= in.n)
		return false;
	assay_buf_init(&all, out->max);
	unpack_text(assay_slice_from(in, at + 1), &all);
	name = all.n > 0 ? (unsigned char)all.p[0] : 0;
	/* name length, name, NUL, type, creator, flags, data length, resource length, CRC */
	if (name == 0 || name > 63 || all.n < name + 22) {
		assay_buf_release(&all);
		return false;
	}
	n = be32(all.p + name + 12);
	if (n > all.n - name - 22)
		n = all.n - name - 22;
	assay_buf_add(out, all.p + name + 22, n);
	assay_buf_release(&all);
	return true;
}
