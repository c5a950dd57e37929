/*
 * smtp/lines.h - every line of a message that could be a MIME delimiter (RFC 2046 5.1.1)
 *
 * One linear pass finds the lines that start with "--" and gives equal ones equal numbers, so that
 * splitting a multipart compares integers, however many parts and levels there are. A line starts
 * behind LF (or CRLF), and behind a bare CR when the message has "--" behind one. White space and
 * control bytes at the end of a delimiter do not count.
 * Bounded: `max` lines are kept, `cut` says that there are more.
 */
#ifndef ASSAY_SMTP_LINES_H
#define ASSAY_SMTP_LINES_H

#include <assay/types.h>

#include "base/map.h"

struct assay_arena;

struct assay_line {
	size_t offset; /* of the "--" */
	size_t next;   /* of the line behind it */
	uint32_t open; /* number of the text behind "--"; never 0 */
	uint32_t shut; /* number of that text without a "--" at its end; 0: it has none */
	bool head;     /* a Content- field stands in the first lines behind it */
	size_t
	    part_end; /* a part of the primary reading starts behind it and ends there; 0: none */
};

struct assay_lines {
	struct assay_slice bytes;
	struct assay_line *line;
	size_t n, heads; /* heads: how many have `head` */
	struct assay_map words;
	bool cut;
	bool cr; /* bare CR ends a line */
};

void assay_lines_read(
    struct assay_lines *lines, struct assay_arena *arena, struct assay_slice bytes, size_t max);
/* The number of a boundary; 0 when no line bears it. */
uint32_t assay_lines_number(const struct assay_lines *lines, struct assay_slice boundary);
/* The text behind the "--" of a line, trimmed. */
struct assay_slice assay_lines_text(const struct assay_lines *lines, const struct assay_line *line);
/* Index of the first line at or behind offset. */
size_t assay_lines_from(const struct assay_lines *lines, size_t offset);
/* The offset behind the line (of any kind) that starts at `at`. */
size_t assay_lines_next(struct assay_slice bytes, bool cr, size_t at);
/* Where content that is followed by a delimiter at `offset` ends: before the line end. */
size_t assay_lines_content_end(struct assay_slice bytes, size_t start, size_t offset);

#endif
