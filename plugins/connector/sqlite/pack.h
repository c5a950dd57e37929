/*
 * sqlite/pack.h - one document, compressed (zstd, with its checksum)
 *
 * unpack: E_IO when the bytes are damaged or would be larger than ASSAY_PACK_MAX.
 */
#ifndef ASSAY_SQLITE_PACK_H
#define ASSAY_SQLITE_PACK_H

#include <jansson.h>

#include <assay/types.h>

struct assay_buf;

#define ASSAY_PACK_MAX ((size_t)64 << 20)

/* Appends to out. */
ASSAY_MUST_CHECK enum assay_status assay_pack(
    struct assay_slice json, struct assay_buf *out, struct assay_err *err);
/* Appends the bytes to out, at most ASSAY_PACK_MAX. */
ASSAY_MUST_CHECK enum assay_status assay_unpack_text(
    struct assay_slice packed, struct assay_buf *out, struct assay_err *err);
/* New reference. */
ASSAY_MUST_CHECK enum assay_status assay_unpack(
    struct assay_slice packed, json_t **json, struct assay_err *err);

#endif
