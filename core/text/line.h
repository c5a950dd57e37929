/*
 * text/line.h - lines of text with any line ends
 *
 * A line ends with CRLF, LF or a lone CR, or with the text.
 */
#ifndef ASSAY_TEXT_LINE_H
#define ASSAY_TEXT_LINE_H

#include <assay/types.h>

/* The line at i without its end; *next is where the next one begins (text.n after the last). */
struct assay_slice assay_line_at(struct assay_slice text, size_t i, size_t *next);
/* Does a line begin at i? */
bool assay_line_starts(struct assay_slice text, size_t i);

#endif
