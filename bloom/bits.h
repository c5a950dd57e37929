/*
 * bloom/bits.h - one array of bits, read and set by libbloom
 *
 * The contract that the files depend on: from a 16-byte key libbloom makes two 32-bit numbers a, b
 * (MurmurHash2; seed 0x9747b28c, then a), and bit (a + i * b) mod bits stands for hash i, bit n in
 * byte n / 8, the lowest first. libbloom 1.6 counts that in 32 bits and 2.0 in 64: they agree where
 * the number of bits is a power of two that divides 2^32, so it always is; it is at most 2^30
 * because 1.6 keeps it in an int. assay_bits_check refuses a library that hashes otherwise.
 *
 * Allocates nothing (but plan's caller may), cannot fail otherwise.
 */
#ifndef ASSAY_BLOOM_BITS_H
#define ASSAY_BLOOM_BITS_H

#include <assay/types.h>

#define ASSAY_BITS_KEY 16
#define ASSAY_BITS_LEAST ((uint64_t)1 << 15)
#define ASSAY_BITS_MOST ((uint64_t)1 << 30)
#define ASSAY_BITS_HASHES 48u

struct assay_bits {
	unsigned char *p; /* bits / 8 bytes, borrowed; only read by has */
	uint64_t bits;    /* a power of two, LEAST to MOST */
	uint32_t hashes;  /* 1 to HASHES */
};

bool assay_bits_has(const struct assay_bits *bits, const unsigned char key[ASSAY_BITS_KEY]);
/* True when it was not there; sets its bits. */
bool assay_bits_add(const struct assay_bits *bits, const unsigned char key[ASSAY_BITS_KEY]);
/* How many of them are set. */
uint64_t assay_bits_count(const struct assay_bits *bits);

/* The fewest bits (a power of two) in which `entries` keys have at most this false-positive rate,
 * within LEAST and MOST. */
uint64_t assay_bits_for(uint64_t entries, double rate);
/* How many hashes to use, and how many keys it may get then. */
void assay_bits_plan(uint64_t bits, double rate, uint32_t *hashes, uint64_t *capacity);
/* The false-positive rate with so many keys in it. */
double assay_bits_rate(uint64_t bits, uint32_t hashes, uint64_t keys);
/* How many keys set so many bits. */
uint64_t assay_bits_keys(uint64_t bits, uint32_t hashes, uint64_t set);

/* E_UNSUP: this libbloom is another one. */
ASSAY_MUST_CHECK enum assay_status assay_bits_check(struct assay_err *err);

#endif
