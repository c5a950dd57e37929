/*
 * text/line.c - see line.h
 */
#include "base/slice.h"
#include "text/line.h"

/* assay_line_at - one line */
struct assay_slice assay_line_at(struct assay_slice text, size_t i, size_t *next)
{
	const size_t from = i;

	while (i < text.n && text.p[i] != '\n' && text.p[i] != '\r')
		i++;
	*next = i < text.n ? i + 1 : i;
	if (i + 1 < text.n && text.p[i] == '\r' && text.p[i + 1] == '\n')
		*next = i + 2;
	return assay_slice(text.p + from, i - from);
}

/* assay_line_starts - at the front, or behind a line end? */
bool assay_line_starts(struct assay_slice text, size_t i)
{
	return i == 0 || text.p[i - 1] == '\n' || text.p[i - 1] == '\r';
}
