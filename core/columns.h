/*
 * core/columns.h - how wide text is on a terminal
 *
 * Two columns for East Asian wide and emoji characters, none for combining ones, one for the rest:
 * an estimate from block ranges (UAX #11, without the exceptions), good enough to keep a table
 * straight; no locale. The text is valid UTF-8 without controls (text/printable.h).
 */
#ifndef ASSAY_COLUMNS_H
#define ASSAY_COLUMNS_H

#include <assay/types.h>

size_t assay_columns_count(const char *text);
/* Cuts text, in an array of `room` bytes, to at most `most` columns (most > 0); what is cut ends
 * with an ellipsis. Needs room for three bytes behind the text. */
void assay_columns_cut(char *text, size_t room, size_t most);

#endif
