/*
 * tnef/rtf.h - compressed RTF
 *
 * [MS-OXRTFCP]: LZFu, a small LZ77 over a window of 4 KB that begins with common RTF words, or
 * stored. Linear; the size it says is not believed, the buffer's maximum bounds what comes out
 * (eighteen bytes of two at most).
 */
#ifndef ASSAY_TNEF_RTF_H
#define ASSAY_TNEF_RTF_H

#include <assay/types.h>

struct assay_buf;

/* ASSAY_OK; E_LIMIT: out is full; E_SYNTAX: it is no compressed RTF, or ends too early: what there
 * was is in out. */
ASSAY_MUST_CHECK enum assay_status assay_rtf_unpack(
    struct assay_slice in, struct assay_buf *out, struct assay_err *err);

#endif
