/*
 * text/base64.c - see base64.h. Four characters at a time where they are all clean; one at a time
 * around line ends, junk and padding. Output goes through a small array so that the loop has no
 * bound to check.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/base64.h"

#define JUNK (-1)
#define SPACE (-2)
#define PAD (-3)
#define CHUNK 3072

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* clang-format off */
static const signed char value[256] = {
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -2, -2, -2, -2, -2, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -3, -1, -1,
	-1,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
	-1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};
/* clang-format on */

struct run {
	struct assay_slice in;
	size_t i;
	uint32_t acc;
	unsigned pos; /* characters of the group that are in acc */
	enum assay_base64_mode mode;
	struct assay_base64 *r;
	size_t n; /* bytes in chunk */
	unsigned char chunk[CHUNK + 4];
};

/* quads - clean groups, while there are any and room for them */
static void quads(struct run *d)
{
	const unsigned char *p = (const unsigned char *)d->in.p + d->i;
	const unsigned char *end = (const unsigned char *)d->in.p + d->in.n;
	unsigned char *o = d->chunk + d->n;
	const unsigned char *stop = d->chunk + CHUNK;

	while (end - p >= 4 && o < stop) {
		const int a = value[p[0]], b = value[p[1]], c = value[p[2]], e = value[p[3]];

		if ((a | b | c | e) < 0)
			break;
		o[0] = (unsigned char)(a << 2 | b >> 4);
		o[1] = (unsigned char)(b << 4 | c >> 2);
		o[2] = (unsigned char)(c << 6 | e);
		o += 3;
		p += 4;
	}
	d->i = (size_t)(p - (const unsigned char *)d->in.p);
	d->n = (size_t)(o - d->chunk);
}

/* flush_group - the whole bytes of an incomplete group */
static void flush_group(struct run *d)
{
	if (d->pos >= 2)
		d->chunk[d->n++] = (unsigned char)(d->pos == 2 ? d->acc >> 4 : d->acc >> 10);
	if (d->pos == 3)
		d->chunk[d->n++] = (unsigned char)(d->acc >> 2);
	d->pos = 0;
	d->acc = 0;
}

/* pad - an equals sign; false when reading stops here */
static bool pad(struct run *d)
{
	struct assay_base64 *r = d->r;

	if (d->mode == ASSAY_BASE64_IGNORE) {
		r->padded = true;
		return true;
	}
	if (d->pos < 2) {
		/* The second '=' of a pair finds an empty group behind the first: no surprise. */
		if (!(d->pos == 0 && r->padded && d->i > 0))
			r->stray++;
		return true;
	}
	flush_group(d);
	if (!r->padded)
		r->first = r->n + d->n;
	r->padded = true;
	return d->mode != ASSAY_BASE64_STOP;
}

/* one - a single character; false when reading stops here */
static bool one(struct run *d)
{
	const int v = value[(unsigned char)d->in.p[d->i]];

	if (v == PAD)
		return pad(d);
	if (v == JUNK)
		d->r->junk++;
	if (v < 0)
		return true;
	if (d->r->padded && !d->r->continues) {
		d->r->continues = true;
		d->r->rest = d->i;
	}
	d->acc = d->acc << 6 | (uint32_t)v;
	if (++d->pos == 4) {
		d->chunk[d->n++] = (unsigned char)(d->acc >> 16);
		d->chunk[d->n++] = (unsigned char)(d->acc >> 8);
		d->chunk[d->n++] = (unsigned char)d->acc;
		d->pos = 0;
		d->acc = 0;
	}
	return true;
}

/* drain - move the array to the buffer; false when that is full */
static bool drain(struct run *d, struct assay_buf *out)
{
	const size_t before = out->n;
	const bool fits = assay_buf_add(out, d->chunk, d->n);

	d->r->n += out->n - before;
	d->r->cut |= !fits;
	d->n = 0;
	return fits;
}

/* look_behind - a STOP reader stopped at i: is there data behind? */
static void look_behind(struct run *d)
{
	for (size_t i = d->i; i < d->in.n; i++) {
		if (value[(unsigned char)d->in.p[i]] < 0)
			continue;
		d->r->continues = true;
		d->r->rest = i;
		return;
	}
}

/* assay_base64_decode - decode in one of the readings */
void assay_base64_decode(struct assay_slice in, enum assay_base64_mode mode, struct assay_buf *out,
    struct assay_base64 *r)
{
	struct run d;

	*r = (struct assay_base64){ .rest = in.n };
	d.in = in;
	d.i = d.n = 0;
	d.acc = d.pos = 0;
	d.mode = mode;
	d.r = r;
	for (; d.i < in.n; d.i++) {
		if (d.n >= CHUNK && !drain(&d, out))
			break;
		/* Behind padding the first character has to be noticed by one(). */
		if (d.pos == 0 && (!r->padded || r->continues)) {
			quads(&d);
			if (d.i >= in.n)
				break;
			if (d.n >= CHUNK && !drain(&d, out))
				break;
		}
		if (!one(&d)) {
			look_behind(&d);
			break;
		}
	}
	r->left = d.pos;
	flush_group(&d);
	if (!r->cut)
		(void)drain(&d, out);
	if (!r->padded || mode == ASSAY_BASE64_IGNORE || r->first > r->n)
		r->first = r->n;
}

/* assay_base64_encode - append the encoded form, whole or not at all */
bool assay_base64_encode(struct assay_slice in, struct assay_buf *out)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t groups = in.n / 3 + (in.n % 3 != 0), i;
	char *o;

	if (in.n == 0)
		return true;
	if (groups > SIZE_MAX / 4 || (o = assay_buf_reserve(out, groups * 4)) == NULL) {
		out->full = true;
		return false;
	}
	for (i = 0; i < in.n; i += 3, o += 4) {
		const unsigned b = i + 1 < in.n ? p[i + 1] : 0, c = i + 2 < in.n ? p[i + 2] : 0;

		o[0] = alphabet[p[i] >> 2];
		o[1] = alphabet[(p[i] & 3u) << 4 | b >> 4];
		o[2] = i + 1 < in.n ? alphabet[(b & 15u) << 2 | c >> 6] : '=';
		o[3] = i + 2 < in.n ? alphabet[c & 63u] : '=';
	}
	assay_buf_commit(out, groups * 4);
	return true;
}
