/*
 * decode/key.h - keys of XOR: how they are written, and what is known to stand behind them
 *
 * The difference of two bytes that a key of n bytes keeps n apart does not depend on the key: what
 * is known is looked for among these differences, which finds all keys of one length at once. One
 * pass for each length. No key is found that is all zeros or repeats a shorter one.
 */
#ifndef ASSAY_DECODE_KEY_H
#define ASSAY_DECODE_KEY_H

#include <assay/types.h>

#define ASSAY_KEY_MAX 32

struct assay_key {
	unsigned char byte[ASSAY_KEY_MAX]; /* the first is for the payload's first byte */
	size_t n;
};

/* Reads "0x5c", "92", "0xdeadbeef" or a list of such: "(92, 0x1f)". False: it is none, or has more
 * than ASSAY_KEY_MAX bytes, or no byte but zeros. */
bool assay_key_read(struct assay_slice text, struct assay_key *key);
/* Lower-case hex. */
void assay_key_text(const struct assay_key *key, char text[2 * ASSAY_KEY_MAX + 1]);
bool assay_key_same(const struct assay_key *a, const struct assay_key *b);
/* Decodes bytes from `start` on; malloc'd, at least one byte long. */
char *assay_key_apply(const struct assay_key *key, struct assay_slice bytes, size_t start);

/* Told of each key that shows something known (known.h): its kind, and where that begins. The
 * same key may come several times. False: enough. */
typedef bool assay_key_found(void *user, const struct assay_key *key, const char *kind, size_t at);
/* Keys of up to `longest` bytes, the short ones first. */
void assay_key_find(struct assay_slice bytes, size_t longest, assay_key_found *found, void *user);

#endif
