/*
 * text/base64.h - MIME base64 (RFC 2045 6.8), as hostile mail writes it
 *
 * Readers differ on what follows padding; each reading can be had, and the result says whether
 * they differ. White space is skipped silently, anything else outside the alphabet is skipped and
 * counted. An incomplete last group gives its whole bytes. Linear, table-driven.
 */
#ifndef ASSAY_TEXT_BASE64_H
#define ASSAY_TEXT_BASE64_H

#include <assay/types.h>

struct assay_buf;

enum assay_base64_mode {
	ASSAY_BASE64_CHUNKS, /* padding ends a group, the next starts afresh: concatenated encodings
			      */
	ASSAY_BASE64_STOP,   /* nothing is read behind the first complete padding */
	ASSAY_BASE64_IGNORE  /* '=' is junk: groups run on through it */
};

struct assay_base64 {
	size_t n;      /* bytes written */
	size_t first;  /* bytes up to the first padding: what a STOP reader gets; n when none */
	size_t rest;   /* input offset behind that padding where more data stands; input length when
			  none */
	size_t junk;   /* skipped bytes that are neither alphabet, '=' nor white space */
	size_t stray;  /* '=' where no padding can be (first two places of a group) */
	unsigned left; /* characters of an incomplete last group, 0-3 */
	bool padded;   /* there was padding */
	bool continues; /* there is data behind the first padding: the modes give different bytes */
	bool cut;       /* out was full */
};

/* Appends the decoded bytes. In CHUNKS mode the first r->first of them are the STOP reading. */
void assay_base64_decode(struct assay_slice in, enum assay_base64_mode mode, struct assay_buf *out,
    struct assay_base64 *r);
/* Appends, padded, without line breaks; false when it does not fit whole (then nothing is added).
 */
bool assay_base64_encode(struct assay_slice in, struct assay_buf *out);

#endif
