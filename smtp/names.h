/*
 * smtp/names.h - file names as the laxest readers find them
 *
 * A second look at a raw Content-Type or Content-Disposition value, without its grammar: comments
 * go, backslashes protect the next byte, quotes of both kinds go, RFC 2231 pieces are joined in the
 * order they stand. Linear; at most 1 KiB of a value is looked at.
 */
#ifndef ASSAY_SMTP_NAMES_H
#define ASSAY_SMTP_NAMES_H

#include <assay/types.h>

struct assay_arena;

/* Names in `raw` that end a parameter called name or filename; at most max. */
size_t assay_names_lax(
    struct assay_arena *arena, struct assay_slice raw, struct assay_slice *name, size_t max);

#endif
