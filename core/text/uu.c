/*
 * text/uu.c - see uu.h. Every line is looked at twice at most: as the beginning of a block that may
 * be none, and as data.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/base64.h"
#include "text/line.h"
#include "text/uu.h"

#define EXTRA_MAX 4 /* characters behind the data of a line that some encoders add */

/* begin_line - `begin 644 name`; false when it is none */
static bool begin_line(struct assay_slice line, struct assay_uu_block *b)
{
	size_t i, digits;

	if (!assay_slice_starts(line, "begin"))
		return false;
	b->base64 = assay_slice_starts(line, "begin-base64 ");
	i = b->base64 ? strlen("begin-base64 ") : strlen("begin ");
	if (!b->base64 && !assay_slice_starts(line, "begin "))
		return false;
	while (i < line.n && line.p[i] == ' ')
		i++;
	b->mode = 0;
	for (digits = 0; i < line.n && line.p[i] >= '0' && line.p[i] <= '7' && digits < 6; digits++)
		b->mode = b->mode * 8 + (unsigned)(line.p[i++] - '0');
	if (digits < 3 || (i < line.n && line.p[i] != ' ' && line.p[i] != '\t'))
		return false;
	b->name = assay_slice_trim(assay_slice_from(line, i));
	return true;
}

/* is_data - can this be a line of uuencoded data? */
static bool is_data(struct assay_slice line)
{
	size_t bytes, need;

	if (line.n == 0 || line.p[0] < ' ' || line.p[0] > '`')
		return false;
	bytes = (size_t)(line.p[0] - ' ') & 63;
	need = (bytes + 2) / 3 * 4;
	if (line.n - 1 > need + EXTRA_MAX)
		return false;
	/* Trailing spaces may have been lost on the way, but not half of the line. */
	if ((line.n - 1) * 2 < need)
		return false;
	for (size_t i = 1; i < line.n && i <= need; i++)
		if (line.p[i] < ' ' || line.p[i] > '`')
			return false;
	return true;
}

/* sextet - character i of a line as a number; what is missing is zero */
static unsigned sextet(struct assay_slice line, size_t i)
{
	return i < line.n ? ((unsigned char)line.p[i] - 32u) & 63u : 0;
}

/* data_line - decode one line */
static void data_line(struct assay_slice line, struct assay_uu_block *b, struct assay_buf *out)
{
	const size_t bytes = sextet(line, 0), need = (bytes + 2) / 3 * 4;
	unsigned char decoded[64];
	size_t n = 0;

	for (size_t i = 1; i <= need; i += 4) {
		const unsigned v = sextet(line, i) << 18 | sextet(line, i + 1) << 12 |
		    sextet(line, i + 2) << 6 | sextet(line, i + 3);

		decoded[n++] = (unsigned char)(v >> 16);
		decoded[n++] = (unsigned char)(v >> 8);
		decoded[n++] = (unsigned char)v;
	}
	b->damaged += line.n - 1 != need;
	if (!assay_buf_add(out, decoded, bytes))
		b->cut = true;
}

/* is_zero - the line that says there is no more data */
static bool is_zero(struct assay_slice line)
{
	return line.n <= 1 + EXTRA_MAX && line.n > 0 && (line.p[0] == '`' || line.p[0] == ' ');
}

/* uu_body - data lines from b->end on; false when there is none and no end either */
static bool uu_body(struct assay_slice text, struct assay_uu_block *b, struct assay_buf *out)
{
	bool any = false, zero = false;
	size_t next;

	for (size_t i = b->end; i < text.n; i = next) {
		const struct assay_slice line = assay_line_at(text, i, &next);

		if (assay_slice_is(assay_slice_trim(line), "end")) {
			b->complete = true;
			b->end = next;
			return true;
		}
		/* Some encoders leave the line of zero length empty. */
		if (line.n == 0 && any && !zero) {
			zero = true;
			continue;
		}
		if (zero || !is_data(line))
			break;
		any = true;
		if (is_zero(line))
			zero = true;
		else
			data_line(line, b, out);
		b->end = next;
	}
	return any;
}

/* is_base64 - a line of nothing but base64 */
static bool is_base64(struct assay_slice line)
{
	for (size_t i = 0; i < line.n; i++) {
		const char c = line.p[i];

		if (!assay_ascii_is_alnum((unsigned char)c) && c != '+' && c != '/' && c != '=')
			return false;
	}
	return line.n > 0;
}

/* base64_body - lines up to ====; false when there is no data and no end */
static bool base64_body(struct assay_slice text, struct assay_uu_block *b, struct assay_buf *out)
{
	const size_t from = b->end;
	struct assay_base64 r;
	size_t next, to = from;

	for (size_t i = from; i < text.n; i = next) {
		const struct assay_slice line = assay_line_at(text, i, &next);

		if (assay_slice_is(assay_slice_trim(line), "====")) {
			b->complete = true;
			b->end = next;
			break;
		}
		if (!is_base64(assay_slice_trim(line)))
			break;
		to = b->end = next;
	}
	assay_base64_decode(assay_slice(text.p + from, to - from), ASSAY_BASE64_CHUNKS, out, &r);
	b->cut = r.cut;
	return to > from || b->complete;
}

/* next_begin - where the next line with "begin" in front starts, at or behind i */
static size_t next_begin(struct assay_slice text, size_t i)
{
	while (i < text.n) {
		const struct assay_slice rest = assay_slice_from(text, i);
		const size_t found = assay_slice_search(rest, ASSAY_SLICE_LIT("begin"));

		if (found == rest.n)
			return text.n;
		i += found;
		if (assay_line_starts(text, i))
			return i;
		i++;
	}
	return text.n;
}

/* assay_uu_next - the next block */
bool assay_uu_next(
    struct assay_slice text, size_t *at, struct assay_uu_block *block, struct assay_buf *out)
{
	for (size_t i = next_begin(text, *at), next; i < text.n; i = next_begin(text, next)) {
		const struct assay_slice line = assay_line_at(text, i, &next);

		*block = (struct assay_uu_block){ .start = i, .end = next };
		if (!begin_line(line, block))
			continue;
		if (!(block->base64 ? base64_body : uu_body)(text, block, out))
			continue;
		*at = block->end;
		return true;
	}
	*at = text.n;
	return false;
}
