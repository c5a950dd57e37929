/*
 * smtp/binhex.h - BinHex 4.0 (RFC 1741), the data fork only
 *
 * Appends the data fork of the first file in `in` to out. False when there is none. Linear; a
 * damaged file gives what was there; checksums are not looked at.
 */
#ifndef ASSAY_SMTP_BINHEX_H
#define ASSAY_SMTP_BINHEX_H

#include <assay/types.h>

struct assay_buf;

bool assay_binhex_decode(struct assay_slice in, struct assay_buf *out);

#endif
