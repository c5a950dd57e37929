/*
 * smtp/decode.h - the bytes of a leaf, in each reading of its transfer encoding
 *
 * The first reading is what most readers give: the encoding of entity.coding. Others follow when
 * they give other bytes: every other encoding some field names; base64 or quoted-printable that is
 * there but not declared; data behind base64 padding (each of the three ways of going on); base64
 * that starts afresh behind an empty line; quoted-printable with broken escapes read leniently.
 * Equal readings are given once. Decoded bytes are malloc'd; raw ones are slices of the part.
 */
#ifndef ASSAY_SMTP_DECODE_H
#define ASSAY_SMTP_DECODE_H

#include "part.h"

struct assay_defects;

#define ASSAY_DECODE_READINGS 8

struct assay_decoded {
	struct assay_slice bytes;
	char *heap;           /* bytes.p when it is malloc'd, else NULL; the caller frees it */
	const char *code;     /* the defect of this reading; NULL for the first */
	const char *filename; /* told by the encoding (uuencode), in the part's bytes; or NULL */
	size_t filename_n;
};

struct assay_decode {
	struct assay_decoded reading[ASSAY_DECODE_READINGS];
	size_t n;
};

/* others: also the readings beyond the first. */
void assay_decode_part(const struct assay_part *part, bool others, struct assay_defects *defects,
    struct assay_decode *decode);
void assay_decode_free(struct assay_decode *decode);

#endif
