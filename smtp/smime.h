/*
 * smtp/smime.h - what stands inside an opaque S/MIME signature (RFC 8551 3.5.2)
 *
 * The only use of OpenSSL's CMS. Takes the content out of a SignedData without verifying anything;
 * of CompressedData and EnvelopedData only the kind is told. Bounded by the buffer's maximum.
 */
#ifndef ASSAY_SMTP_SMIME_H
#define ASSAY_SMTP_SMIME_H

#include <assay/types.h>

struct assay_buf;

enum assay_smime_kind {
	ASSAY_SMIME_NONE,     /* no CMS structure */
	ASSAY_SMIME_SIGNED,   /* content appended (a MIME entity) */
	ASSAY_SMIME_DETACHED, /* a signature without content */
	ASSAY_SMIME_ENCRYPTED,
	ASSAY_SMIME_OTHER
};

enum assay_smime_kind assay_smime_open(struct assay_slice der, struct assay_buf *content);
/* Loads what OpenSSL loads lazily. */
void assay_smime_warm(void);

#endif
