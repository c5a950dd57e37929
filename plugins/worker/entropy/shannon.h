/*
 * entropy/shannon.h - how random bytes are; shared by entropy and the workers for programs
 */
#ifndef ASSAY_ENTROPY_SHANNON_H
#define ASSAY_ENTROPY_SHANNON_H

#include <assay/types.h>

/* Shannon's entropy in bits for each byte: 0 (all the same, or no bytes) to 8, to four places. One
 * pass, no memory. */
double assay_shannon(struct assay_slice s);

#endif
