/*
 * decode - transfer encodings of a leaf, each reading; see decode.h
 *
 * Decodes from the raw bytes into malloc'd buffers of at most the size of the input. Linear: every
 * reading is one pass and there are at most ASSAY_DECODE_READINGS. Cannot fail; bytes that are no
 * encoding at all come back raw.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/base64.h"
#include "text/qp.h"
#include "text/uu.h"
#include "text/yenc.h"

#include "binhex.h"
#include "decode.h"
#include "defect.h"
#include "gunzip.h"

#define DECODE_SNIFF 24 /* base64 characters that make undeclared base64 */

struct run {
	const struct assay_part *part;
	struct assay_defects *defects;
	struct assay_decode *out;
	bool others;
	unsigned done; /* bit per coding */
};

/* give_raw - the bytes as they stand */
static void give_raw(struct run *r, const char *code)
{
	struct assay_decode *d = r->out;

	for (size_t i = 0; i < d->n; i++)
		if (assay_slice_eq(d->reading[i].bytes, r->part->body))
			return;
	if (d->n < ASSAY_DECODE_READINGS)
		d->reading[d->n++] = (struct assay_decoded){ .bytes = r->part->body, .code = code };
}

/* give - one reading, unless its bytes are there already; takes the buffer's content */
static bool give(struct run *r, struct assay_buf *buf, const char *code)
{
	struct assay_decode *d = r->out;
	struct assay_decoded *new;
	size_t n;
	char *heap;

	for (size_t i = 0; i < d->n; i++)
		if (assay_slice_eq(d->reading[i].bytes, assay_buf_slice(buf))) {
			assay_buf_release(buf);
			return false;
		}
	if (d->n == ASSAY_DECODE_READINGS || (buf->n == 0 && d->n > 0)) {
		assay_buf_release(buf);
		return false;
	}
	heap = assay_buf_steal(buf, &n);
	/* Give back what growing reserved: many parts stay in memory together. */
	if (n > 4096) {
		char *fit = realloc(heap, n + 1);

		heap = fit != NULL ? fit : heap;
	}
	new = &d->reading[d->n++];
	*new = (struct assay_decoded){ .bytes = assay_slice(heap, n), .heap = heap, .code = code };
	if (code != NULL)
		assay_defect_add(
		    r->defects, code, r->part->body.p, r->part->place, ASSAY_SLICE_NONE);
	return true;
}

/* base64_as - one way of reading base64 */
static void base64_as(
    struct run *r, struct assay_slice in, enum assay_base64_mode mode, const char *code)
{
	struct assay_buf buf;
	struct assay_base64 got;

	assay_buf_init(&buf, in.n + 16);
	assay_base64_decode(in, mode, &buf, &got);
	give(r, &buf, code);
}

/* paragraph_end - the offset behind the first empty line, 0 when there is none */
static size_t paragraph_end(struct assay_slice s)
{
	size_t lf = assay_slice_search(s, ASSAY_SLICE_LIT("\n\n"));
	size_t crlf = assay_slice_search(s, ASSAY_SLICE_LIT("\n\r\n"));

	if (lf >= s.n && crlf >= s.n)
		return 0;
	return crlf < lf ? crlf + 3 : lf + 2;
}

/* clean_lines - only the lines that are base64 and nothing else */
static void clean_lines(struct run *r, struct assay_slice in)
{
	struct assay_buf text, buf;
	struct assay_slice line;
	struct assay_base64 got;

	assay_buf_init(&text, in.n + 1);
	while (assay_slice_split(&in, '\n', &line)) {
		struct assay_slice t = assay_slice_trim(line);
		size_t i = 0;

		while (i < t.n &&
		    (assay_ascii_is_alnum((unsigned char)t.p[i]) || t.p[i] == '+' ||
			t.p[i] == '/' || t.p[i] == '='))
			i++;
		if (i == t.n)
			assay_buf_add_slice(&text, t);
	}
	assay_buf_init(&buf, text.n + 16);
	assay_base64_decode(assay_buf_slice(&text), ASSAY_BASE64_CHUNKS, &buf, &got);
	assay_buf_release(&text);
	give(r, &buf, "base64-junk");
}

/* each_line - every line a base64 text of its own */
static void each_line(struct run *r, struct assay_slice in)
{
	struct assay_buf buf;
	struct assay_slice line;
	struct assay_base64 got;

	assay_buf_init(&buf, in.n + 16);
	while (assay_slice_split(&in, '\n', &line))
		assay_base64_decode(line, ASSAY_BASE64_CHUNKS, &buf, &got);
	give(r, &buf, "base64-line-groups");
}

/* read_base64 - as most read it (going on behind padding), then the others */
static void read_base64(struct run *r, const char *code)
{
	struct assay_slice in = r->part->body;
	struct assay_buf buf;
	struct assay_base64 got;
	size_t paragraph;

	assay_buf_init(&buf, in.n + 16);
	assay_base64_decode(in, ASSAY_BASE64_CHUNKS, &buf, &got);
	give(r, &buf, code);
	if (!r->others)
		return;
	if (got.continues) {
		base64_as(r, in, ASSAY_BASE64_STOP, "base64-after-padding");
		base64_as(r, in, ASSAY_BASE64_IGNORE, "base64-after-padding");
		each_line(r, in);
	}
	if (got.junk > 0)
		clean_lines(r, in);
	if (r->part->reading != NULL && (paragraph = paragraph_end(in)) > 0)
		base64_as(
		    r, assay_slice_head(in, paragraph), ASSAY_BASE64_CHUNKS, "base64-paragraph");
	paragraph = got.left != 0 || got.continues ? paragraph_end(assay_slice_head(in, 4096)) : 0;
	if (paragraph > 0)
		base64_as(
		    r, assay_slice_from(in, paragraph), ASSAY_BASE64_CHUNKS, "base64-restart");
}

/* qp_lenient - broken escapes: white space inside skipped, other broken ones dropped with the
 * `drop` bytes behind their "=" */
static void qp_lenient(struct run *r, size_t drop)
{
	struct assay_slice in = r->part->body;
	struct assay_buf fixed, buf;
	struct assay_qp got;

	assay_buf_init(&fixed, in.n + 1);
	for (size_t i = 0; i < in.n; i++) {
		size_t k = i + 1;

		if (in.p[i] != '=') {
			assay_buf_add_char(&fixed, in.p[i]);
			continue;
		}
		while (k < in.n && (in.p[k] == ' ' || in.p[k] == '\t'))
			k++;
		if (k >= in.n || in.p[k] == '\n' || in.p[k] == '\r' ||
		    (k == i + 1 && k + 1 < in.n && assay_ascii_hex((unsigned char)in.p[k]) >= 0 &&
			assay_ascii_hex((unsigned char)in.p[k + 1]) >= 0)) {
			assay_buf_add_char(&fixed, '=');
			continue;
		}
		i = k > i + 1 ? k - 1 : i + drop;
	}
	assay_buf_init(&buf, fixed.n + 1);
	assay_qp_decode(assay_buf_slice(&fixed), 0, &buf, &got);
	assay_buf_release(&fixed);
	give(r, &buf, "qp-broken-escape");
}

/* read_qp - as most read it, then the others */
static void read_qp(struct run *r, const char *code)
{
	struct assay_slice in = r->part->body;
	struct assay_buf buf;
	struct assay_qp got;
	size_t invalid;

	assay_buf_init(&buf, in.n + 1);
	assay_qp_decode(in, 0, &buf, &got);
	give(r, &buf, code);
	if (!r->others)
		return;
	invalid = got.invalid;
	if (got.trailing > 0) {
		assay_buf_init(&buf, in.n + 1);
		assay_qp_decode(in, ASSAY_QP_STRIP, &buf, &got);
		give(r, &buf, "qp-trailing-space");
	}
	/* A broken escape in a text is a character, in a file it is the file. */
	if (invalid == 0 || assay_slice_starts(r->part->entity.content_type, "text/"))
		return;
	for (size_t drop = 0; drop <= 2; drop++)
		qp_lenient(r, drop);
}

/* read_uu - the first uuencoded file; data without a begin line gets one */
static void read_uu(struct run *r, const char *code)
{
	struct assay_slice in = r->part->body;
	struct assay_uu_block block;
	struct assay_buf buf, whole;
	size_t at = 0;

	assay_buf_init(&buf, in.n + 16);
	if (assay_uu_next(in, &at, &block, &buf)) {
		if (give(r, &buf, code)) {
			r->out->reading[r->out->n - 1].filename = block.name.p;
			r->out->reading[r->out->n - 1].filename_n = block.name.n;
		}
		return;
	}
	assay_buf_init(&whole, in.n + 64);
	assay_buf_add_str(&whole, "begin 644 x\n");
	assay_buf_add_slice(&whole, in);
	assay_buf_add_str(&whole, "\n`\nend\n");
	at = 0;
	assay_buf_clear(&buf);
	if (assay_uu_next(assay_buf_slice(&whole), &at, &block, &buf) && buf.n > 0)
		give(r, &buf, "uu-without-begin");
	else
		assay_buf_release(&buf);
	assay_buf_release(&whole);
}

/* read_yenc - the first yEnc block */
static void read_yenc(struct run *r, const char *code)
{
	struct assay_yenc_block block;
	struct assay_buf buf;
	size_t at = 0;

	assay_buf_init(&buf, r->part->body.n + 16);
	if (assay_yenc_next(r->part->body, &at, &block, &buf))
		give(r, &buf, code);
	else
		assay_buf_release(&buf);
}

/* read_binhex - the data fork */
static void read_binhex(struct run *r, const char *code)
{
	struct assay_buf buf;

	assay_buf_init(&buf, r->part->body.n * 4 + 1024);
	if (assay_binhex_decode(r->part->body, &buf)) {
		give(r, &buf, code);
		return;
	}
	assay_buf_release(&buf);
	assay_defect_add(
	    r->defects, "bad-binhex", r->part->body.p, r->part->place, ASSAY_SLICE_NONE);
}

/* read_gzip64 - base64 of a gzip file (the base64 reading is given as well) */
static void read_gzip64(struct run *r, const char *code)
{
	struct assay_buf packed, buf;
	struct assay_base64 got;

	assay_buf_init(&packed, r->part->body.n + 16);
	assay_base64_decode(r->part->body, ASSAY_BASE64_CHUNKS, &packed, &got);
	assay_buf_init(&buf, packed.n * 10 + 4096);
	if (assay_gunzip(assay_buf_slice(&packed), &buf))
		give(r, &buf, code);
	else
		assay_buf_release(&buf);
	give(r, &packed, code != NULL ? code : "unknown-encoding");
}

/* read_as - the readings of one coding */
static void read_as(struct run *r, enum assay_part_coding coding, const char *code)
{
	r->done |= 1u << coding;
	switch (coding) {
	case ASSAY_PART_BASE64:
		read_base64(r, code);
		break;
	case ASSAY_PART_QP:
		read_qp(r, code);
		break;
	case ASSAY_PART_UU:
		read_uu(r, code);
		break;
	case ASSAY_PART_YENC:
		read_yenc(r, code);
		break;
	case ASSAY_PART_BINHEX:
		read_binhex(r, code);
		break;
	case ASSAY_PART_GZIP64:
		read_gzip64(r, code);
		break;
	case ASSAY_PART_RAW:
	case ASSAY_PART_UNKNOWN:
	case ASSAY_PART_CODINGS:
		give_raw(r, code);
		break;
	}
}

/* looks_base64 - nothing but base64 lines, and enough of them; stops at the first other byte */
static bool looks_base64(struct assay_slice s)
{
	size_t n = 0, upper = 0;

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '\n' || c == '\r' || c == '=')
			continue;
		if (!assay_ascii_is_alnum(c) && c != '+' && c != '/')
			return false;
		n++;
		upper += (c >= 'A' && c <= 'Z') || assay_ascii_is_digit(c);
	}
	return n >= DECODE_SNIFF && upper > 0 && upper < n;
}

/* looks_qp - mostly escapes and soft breaks */
static bool looks_qp(struct assay_slice s)
{
	size_t escapes = 0;

	for (size_t i = assay_slice_find(s, '='); i + 2 < s.n;) {
		escapes += s.p[i + 1] == '\n' || s.p[i + 1] == '\r' ||
		    (assay_ascii_hex((unsigned char)s.p[i + 1]) >= 0 &&
			assay_ascii_hex((unsigned char)s.p[i + 2]) >= 0);
		i += 1 + assay_slice_find(assay_slice_from(s, i + 1), '=');
	}
	return escapes >= 4 && escapes * 20 >= s.n;
}

/* read_others - encodings that other fields name, or that are simply there */
static void read_others(struct run *r)
{
	const struct assay_entity *e = &r->part->entity;

	for (unsigned c = 0; c < ASSAY_PART_CODINGS; c++)
		if ((e->codings & 1u << c) != 0 && (r->done & 1u << c) == 0)
			read_as(r, (enum assay_part_coding)c, "encoding-readings");
	if ((r->done & 1u << ASSAY_PART_BASE64) == 0 && looks_base64(r->part->body))
		read_as(r, ASSAY_PART_BASE64, "undeclared-base64");
	if ((r->done & 1u << ASSAY_PART_QP) == 0 && looks_qp(r->part->body))
		read_as(r, ASSAY_PART_QP, "undeclared-quoted-printable");
}

/* assay_decode_part - the first reading, then the others */
void assay_decode_part(const struct assay_part *part, bool others, struct assay_defects *defects,
    struct assay_decode *decode)
{
	struct run r = { part, defects, decode, others, 0 };

	decode->n = 0;
	if (part->blob)
		give_raw(&r, NULL);
	else
		read_as(&r, part->entity.coding, NULL);
	if (decode->n == 0)
		give_raw(&r, NULL);
	if (others && !part->blob)
		read_others(&r);
}

/* assay_decode_free - what was not taken */
void assay_decode_free(struct assay_decode *decode)
{
	for (size_t i = 0; i < decode->n; i++)
		free(decode->reading[i].heap);
	decode->n = 0;
}
