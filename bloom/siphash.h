/*
 * bloom/siphash.h - SipHash-2-4 with 128 bits, of a value under a secret
 *
 * What is asked of a filter is first turned into 16 bytes that nobody can choose who does not know
 * the secret: libbloom's own hash can be turned round, and without this a stranger could make
 * himself an address that was "seen". Source: Aumasson, Bernstein: "SipHash: a fast short-input
 * PRF", 2012, with the 128-bit output of its reference. Linear, allocates nothing, cannot fail.
 */
#ifndef ASSAY_BLOOM_SIPHASH_H
#define ASSAY_BLOOM_SIPHASH_H

#include <assay/types.h>

#define ASSAY_SIPHASH_KEY 16
#define ASSAY_SIPHASH_BYTES 16

void assay_siphash(const unsigned char key[ASSAY_SIPHASH_KEY], struct assay_slice value,
    unsigned char out[ASSAY_SIPHASH_BYTES]);

#endif
