/*
 * text/yenc.h - yEnc blocks inside text (yEnc draft 1.3)
 *
 * A block starts with a line `=ybegin ... name=NAME` (then perhaps `=ypart`), and ends with `=yend`
 * or, truncated, before the next `=ybegin` or with the text. Parts of a multipart file are separate
 * blocks; the caller may join them by `begin`. Linear.
 */
#ifndef ASSAY_TEXT_YENC_H
#define ASSAY_TEXT_YENC_H

#include <assay/types.h>

struct assay_buf;

struct assay_yenc_block {
	size_t start, end;       /* the block is text[start, end) */
	struct assay_slice name; /* as written, trimmed; points into the text */
	uint64_t size;           /* of the whole file, as declared; 0 when not */
	uint64_t part, total;    /* 0 when single */
	uint64_t begin, last;    /* =ypart begin= and end=, from 1; 0 when single */
	uint32_t crc;            /* CRC-32 of the decoded bytes */
	uint32_t crc_declared;   /* pcrc32= for parts, else crc32= */
	bool has_crc, crc_ok;
	bool size_ok;  /* =yend size= is the number of bytes decoded */
	bool complete; /* =yend was there */
	bool cut;      /* out was full: crc and size are not checked */
};

bool assay_yenc_next(
    struct assay_slice text, size_t *at, struct assay_yenc_block *block, struct assay_buf *out);

#endif
