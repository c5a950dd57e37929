/*
 * kind.h - the types we know by name: MIME type, usual extension, words for people
 *
 * Every entry lives as long as the process. Types are lower case. Aliases (older or vendor names
 * that libmagic gives, depending on its version) are folded, so that a report does not change with
 * the library.
 */
#ifndef ASSAY_MIMETYPE_KIND_H
#define ASSAY_MIMETYPE_KIND_H

#include <assay/types.h>

struct assay_kind {
	const char *mimetype;
	const char *extension;   /* without the dot, or NULL */
	const char *description; /* or NULL */
};

/* The entry of a MIME type or of one of its aliases; NULL when it is not in the table. */
const struct assay_kind *assay_kind_find(const char *mimetype);

#endif
