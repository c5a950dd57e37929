/*
 * text/uu.h - uuencoded files inside text (POSIX uuencode, both forms)
 *
 * A block starts with a line `begin MODE NAME` or `begin-base64 MODE NAME` whose next line can be
 * data (or ends it at once), and ends with `end` / `====`, or before the first line that cannot be
 * data. Backticks and spaces are both zero; lines that lost their trailing spaces are taken.
 * Linear over the whole text, however many false beginnings it holds.
 */
#ifndef ASSAY_TEXT_UU_H
#define ASSAY_TEXT_UU_H

#include <assay/types.h>

struct assay_buf;

struct assay_uu_block {
	size_t start, end; /* the block is text[start, end), its begin and end lines included */
	struct assay_slice name; /* as written, trimmed; points into the text; may be empty */
	unsigned mode;           /* permission bits, octal */
	bool base64;
	bool complete;  /* the end line was there */
	size_t damaged; /* lines shorter or longer than they say */
	bool cut;       /* out was full */
};

/* The next block at or after *at: its bytes are appended to out, *at moves behind it. False when
 * there is none left (*at is then text.n). */
bool assay_uu_next(
    struct assay_slice text, size_t *at, struct assay_uu_block *block, struct assay_buf *out);

#endif
