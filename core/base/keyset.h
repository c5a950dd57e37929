/*
 * base/keyset.h - a set of 16-byte keys, in memory
 *
 * For what is named by a digest: a mail that was dealt with, a file that was seen. Some 21 to 43
 * bytes a key; a set cannot be made without its maximum. Keys that somebody chose so that they
 * collide make it slow, not wrong: use digests.
 */
#ifndef ASSAY_BASE_KEYSET_H
#define ASSAY_BASE_KEYSET_H

#include <assay/types.h>

#define ASSAY_KEY_BYTES 16

struct assay_key {
	unsigned char b[ASSAY_KEY_BYTES];
};

struct assay_keyset {
	struct assay_key *slot; /* all zero: free */
	size_t n, nslot, max;
};

/* Empty; allocates nothing yet. */
void assay_keyset_init(struct assay_keyset *set, size_t max);
/* Empty again, memory given back; the maximum stays. */
void assay_keyset_release(struct assay_keyset *set);
bool assay_keyset_has(const struct assay_keyset *set, struct assay_key key);
bool assay_keyset_full(const struct assay_keyset *set);
/* True when it was not there and is now; false when it was there, or the set is full. */
bool assay_keyset_add(struct assay_keyset *set, struct assay_key key);
/* True when it was there. */
bool assay_keyset_remove(struct assay_keyset *set, struct assay_key key);
/* Walks all keys, in no order: *at begins with 0; false at the end. Not while it is changed. */
bool assay_keyset_next(const struct assay_keyset *set, size_t *at, struct assay_key *key);
/* Memory in use. */
size_t assay_keyset_bytes(const struct assay_keyset *set);

#endif
