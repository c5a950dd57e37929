/*
 * text/yenc.c - see yenc.h. The CRC is computed four bits at a time: no table to build.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/line.h"
#include "text/yenc.h"

/* crc_add - CRC-32 (IEEE 802.3) over more bytes */
static uint32_t crc_add(uint32_t crc, const char *p, size_t n)
{
	static const uint32_t nibble[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
		0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };

	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

/* field - the value of ` key=` in a header line, absent when it is not there */
static struct assay_slice field(struct assay_slice line, const char *key)
{
	const size_t n = strlen(key);

	/* name= takes the rest of the line, so nothing is looked for behind it. */
	for (size_t i = 0; i + n < line.n; i++) {
		const struct assay_slice rest = assay_slice_from(line, i + 1);

		if (line.p[i] != ' ')
			continue;
		if (assay_slice_starts(rest, key)) {
			const struct assay_slice v = assay_slice_from(rest, n);

			return strcmp(key, "name=") == 0
			    ? assay_slice_trim(v)
			    : assay_slice_head(v, assay_slice_find(v, ' '));
		}
		if (assay_slice_starts(rest, "name="))
			break;
	}
	return ASSAY_SLICE_NONE;
}

/* number - a decimal field, 0 when there is none */
static uint64_t number(struct assay_slice line, const char *key)
{
	uint64_t v = 0;

	return assay_slice_u64(field(line, key), &v) ? v : 0;
}

/* crc_field - a hexadecimal field; false when there is none */
static bool crc_field(struct assay_slice line, const char *key, uint32_t *crc)
{
	const struct assay_slice v = field(line, key);
	uint32_t sum = 0;

	if (v.n == 0 || v.n > 16)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		const int digit = assay_ascii_hex((unsigned char)v.p[i]);

		if (digit < 0)
			return false;
		sum = sum << 4 | (uint32_t)digit;
	}
	*crc = sum;
	return true;
}

/* data_line - decode one line */
static void data_line(struct assay_slice line, struct assay_yenc_block *b, struct assay_buf *out)
{
	char decoded[512];
	size_t n = 0;

	for (size_t i = 0; i < line.n; i++) {
		unsigned c = (unsigned char)line.p[i];

		if (c == '=' && i + 1 < line.n)
			c = (unsigned char)line.p[++i] - 64u;
		decoded[n++] = (char)(unsigned char)(c - 42u);
		if (n < sizeof decoded && i + 1 < line.n)
			continue;
		b->crc = crc_add(b->crc, decoded, n);
		if (!assay_buf_add(out, decoded, n))
			b->cut = true;
		n = 0;
	}
}

/* end_line - what `=yend` says */
static void end_line(struct assay_slice line, struct assay_yenc_block *b, uint64_t bytes)
{
	b->complete = true;
	b->has_crc = crc_field(line, "pcrc32=", &b->crc_declared);
	if (!b->has_crc && b->part == 0)
		b->has_crc = crc_field(line, "crc32=", &b->crc_declared);
	b->crc_ok = b->has_crc && !b->cut && b->crc == b->crc_declared;
	b->size_ok = !b->cut && field(line, "size=").p != NULL && number(line, "size=") == bytes;
}

/* body - from behind the =ybegin line to the end of the block */
static void body(struct assay_slice text, struct assay_yenc_block *b, struct assay_buf *out)
{
	const size_t before = out->n;
	size_t next;

	for (size_t i = b->end; i < text.n; i = next) {
		const struct assay_slice line = assay_line_at(text, i, &next);

		if (assay_slice_starts(line, "=ybegin "))
			return;
		b->end = next;
		if (assay_slice_starts(line, "=yend")) {
			end_line(line, b, out->n - before);
			return;
		}
		if (assay_slice_starts(line, "=ypart ")) {
			b->begin = number(line, "begin=");
			b->last = number(line, "end=");
		} else {
			data_line(line, b, out);
		}
	}
}

/* assay_yenc_next - the next block */
bool assay_yenc_next(
    struct assay_slice text, size_t *at, struct assay_yenc_block *block, struct assay_buf *out)
{
	size_t i = *at;

	while (i < text.n) {
		const struct assay_slice rest = assay_slice_from(text, i);
		const size_t found = assay_slice_search(rest, ASSAY_SLICE_LIT("=ybegin "));
		struct assay_slice line;
		size_t next;

		i += found;
		if (found == rest.n)
			break;
		/* In the middle of a line it is none; looking at the line each time would be
		 * quadratic. */
		if (!assay_line_starts(text, i++))
			continue;
		line = assay_line_at(text, --i, &next);
		if (field(line, "name=").p == NULL) {
			i = next;
			continue;
		}
		*block = (struct assay_yenc_block){ .start = i, .end = next };
		block->name = field(line, "name=");
		block->size = number(line, "size=");
		block->part = number(line, "part=");
		block->total = number(line, "total=");
		body(text, block, out);
		*at = block->end;
		return true;
	}
	*at = text.n;
	return false;
}
