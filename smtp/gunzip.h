/*
 * smtp/gunzip.h - a gzip member, for the transfer encoding x-gzip64 and nothing else
 *
 * Appends at most what fits into out; false when `in` is no gzip file. Real archives are another
 * worker's business.
 */
#ifndef ASSAY_SMTP_GUNZIP_H
#define ASSAY_SMTP_GUNZIP_H

#include <assay/types.h>

struct assay_buf;

bool assay_gunzip(struct assay_slice in, struct assay_buf *out);

#endif
