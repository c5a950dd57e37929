/*
 * mbox/kind.h - what a file is, by its first bytes
 *
 * Names and endings say nothing. Looks at bytes only; cannot fail.
 */
#ifndef ASSAY_MBOX_KIND_H
#define ASSAY_MBOX_KIND_H

#include <assay/types.h>

#define ASSAY_KIND_HEAD ((size_t)64 * 1024) /* this much of a file shows it */

enum assay_kind {
	ASSAY_KIND_MBOX,
	ASSAY_KIND_MESSAGE, /* a header with a well-known field stands at its begin */
	ASSAY_KIND_PACKED,  /* gzip, bzip2, xz, zstd: of what, is seen inside */
	ASSAY_KIND_EMPTY,
	ASSAY_KIND_CLOSED, /* there may be mail in it, and it is not opened here */
	ASSAY_KIND_OTHER
};

/* *what: in words, for the last two: "a zip archive", "neither mail nor a mailbox"; may be NULL. */
enum assay_kind assay_kind_of(struct assay_slice head, const char **what);

#endif
