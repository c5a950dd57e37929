/*
 * tlsh/digest.h - Trend Micro's locality sensitive hash
 *
 * Own code, for three reasons: Debian 12's library refuses what is below 256 bytes where others
 * begin at 50, it would bring C++ into the scan processes, and the whole of it is one page. Same
 * digests as tlsh 3 and 4 (128 buckets, one byte of checksum). Source: Oliver, Cheng, Chen, "TLSH -
 * a locality sensitive hash", 2013. One pass, no memory but the stack.
 */
#ifndef ASSAY_TLSH_DIGEST_H
#define ASSAY_TLSH_DIGEST_H

#include <assay/types.h>

#define ASSAY_TLSH_TEXT 73 /* "T1", 70 hex digits, NUL */
#define ASSAY_TLSH_LEAST 50

/* False, and text is "": below ASSAY_TLSH_LEAST bytes, or too little variety in them for a digest.
 * At most 4 GiB - 1 are read. */
bool assay_tlsh_digest(struct assay_slice bytes, char text[ASSAY_TLSH_TEXT]);

#endif
