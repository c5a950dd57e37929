/*
 * lines - the candidate delimiter lines of a message; see lines.h
 *
 * Looks at every byte once (memchr); touches only the bytes and the arena; cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

#include "lines.h"

#define LINES_TEXT 1000 /* of a delimiter that are compared; RFC 2046 allows 70 */
#define LINES_AHEAD 6   /* lines behind a delimiter that are searched for a Content- field */
#define LINES_AHEAD_BYTES 2048

/* trim_end - without white space and control bytes at the end */
static struct assay_slice trim_end(struct assay_slice s)
{
	while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

/* assay_lines_next - the offset behind the line that starts at `at` */
size_t assay_lines_next(struct assay_slice bytes, bool cr, size_t at)
{
	const char *lf;

	if (!cr) {
		lf = at < bytes.n ? memchr(bytes.p + at, '\n', bytes.n - at) : NULL;
		return lf != NULL ? (size_t)(lf - bytes.p) + 1 : bytes.n;
	}
	/* Byte by byte: searching for one line end past many of the other would be quadratic. */
	while (at < bytes.n && bytes.p[at] != '\n' && bytes.p[at] != '\r')
		at++;
	if (at < bytes.n && bytes.p[at++] == '\r' && at < bytes.n && bytes.p[at] == '\n')
		at++;
	return at < bytes.n ? at : bytes.n;
}

/* assay_lines_content_end - the line end before a delimiter belongs to the delimiter */
size_t assay_lines_content_end(struct assay_slice bytes, size_t start, size_t offset)
{
	if (offset > start && bytes.p[offset - 1] == '\n') {
		offset--;
		if (offset > start && bytes.p[offset - 1] == '\r')
			offset--;
	} else if (offset > start && bytes.p[offset - 1] == '\r') {
		offset--;
	}
	return offset;
}

/* number_of - the number of a text, a new one when it was not met before */
static uint32_t number_of(struct assay_lines *l, struct assay_slice text)
{
	void *have = assay_map_get(&l->words, text);
	uintptr_t n = l->words.n + 1;

	if (have != NULL)
		return (uint32_t)(uintptr_t)have;
	assay_map_add(&l->words, text, (void *)n);
	return (uint32_t)n;
}

/* has_content_field - does a Content- field stand before the next empty line? */
static bool has_content_field(const struct assay_lines *l, size_t at)
{
	size_t stop = at + LINES_AHEAD_BYTES < l->bytes.n ? at + LINES_AHEAD_BYTES : l->bytes.n;

	for (int i = 0; i < LINES_AHEAD && at < stop; i++) {
		struct assay_slice rest = assay_slice(l->bytes.p + at, stop - at);

		if (rest.p[0] == '\n' || rest.p[0] == '\r' || assay_slice_starts(rest, "--"))
			return false;
		if (assay_slice_casestarts(rest, "content-"))
			return true;
		at = assay_lines_next(assay_slice(l->bytes.p, stop), l->cr, at);
	}
	return false;
}

/* add - keeps one line that starts with "--" */
static bool add(struct assay_lines *l, struct assay_arena *arena, size_t at, size_t max)
{
	struct assay_slice text;
	struct assay_line *line;

	if (l->n == max) {
		l->cut = true;
		return false;
	}
	if ((l->n & (l->n - 1)) == 0 && (l->n == 0 || l->n >= 64)) {
		line = assay_arena_alloc(arena, (l->n == 0 ? 64 : l->n * 2) * sizeof(*line));
		if (l->n > 0)
			memcpy(line, l->line, l->n * sizeof(*line));
		l->line = line;
	}
	line = &l->line[l->n++];
	*line = (struct assay_line){ .offset = at };
	line->next = assay_lines_next(l->bytes, l->cr, at);
	text = assay_lines_text(l, line);
	line->open = number_of(l, text);
	if (assay_slice_ends(text, "--")) {
		text.n -= 2;
		line->shut = number_of(l, trim_end(text));
	}
	line->head = has_content_field(l, line->next);
	l->heads += line->head;
	return true;
}

/* seek - the next "--" at the start of a line, from at > 0 on; bytes.n when there is none */
static size_t seek(const struct assay_lines *l, size_t at)
{
	while (at + 2 <= l->bytes.n) {
		const char *hit = memmem(
		    l->bytes.p + at - 1, l->bytes.n - at + 1, l->cr ? "--" : "\n--", l->cr ? 2 : 3);

		if (hit == NULL)
			break;
		if (!l->cr)
			return (size_t)(hit - l->bytes.p) + 1;
		if (hit > l->bytes.p && (hit[-1] == '\n' || hit[-1] == '\r'))
			return (size_t)(hit - l->bytes.p);
		at = (size_t)(hit - l->bytes.p) + 2;
	}
	return l->bytes.n;
}

/* assay_lines_read - finds them all */
void assay_lines_read(
    struct assay_lines *lines, struct assay_arena *arena, struct assay_slice bytes, size_t max)
{
	size_t at = 0;

	*lines = (struct assay_lines){ .bytes = bytes };
	assay_map_init(&lines->words, arena);
	if (bytes.n == 0)
		return;
	lines->cr = memmem(bytes.p, bytes.n, "\r--", 3) != NULL;
	if (!assay_slice_starts(bytes, "--"))
		at = seek(lines, 1);
	while (at < bytes.n && add(lines, arena, at, max)) {
		at = lines->line[lines->n - 1].next;
		if (!assay_slice_starts(assay_slice_from(bytes, at), "--"))
			at = seek(lines, at > 0 ? at : 1);
	}
}

/* assay_lines_text - behind the "--", trimmed, bounded */
struct assay_slice assay_lines_text(const struct assay_lines *lines, const struct assay_line *line)
{
	struct assay_slice text =
	    assay_slice(lines->bytes.p + line->offset + 2, line->next - line->offset - 2);

	return trim_end(assay_slice_head(text, LINES_TEXT));
}

/* assay_lines_number - the number of a boundary, 0 when no line bears it */
uint32_t assay_lines_number(const struct assay_lines *lines, struct assay_slice boundary)
{
	struct assay_slice text = trim_end(assay_slice_head(boundary, LINES_TEXT));

	return (uint32_t)(uintptr_t)assay_map_get(&lines->words, text);
}

/* assay_lines_from - binary search for the first line at or behind offset */
size_t assay_lines_from(const struct assay_lines *lines, size_t offset)
{
	size_t low = 0, high = lines->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (lines->line[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
