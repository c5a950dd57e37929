/*
 * bloom/siphash.c - see siphash.h. Bytes are put together by hand: the same on every machine.
 */
#include "bloom/siphash.h"

struct state {
	uint64_t a, b, c, d;
};

/* turn - bits to the left, those that fall out come in again */
static uint64_t turn(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

/* rounds - n of them */
static void rounds(struct state *s, unsigned n)
{
	while (n-- > 0) {
		s->a += s->b;
		s->c += s->d;
		s->b = turn(s->b, 13) ^ s->a;
		s->d = turn(s->d, 16) ^ s->c;
		s->a = turn(s->a, 32) + s->d;
		s->c += s->b;
		s->d = turn(s->d, 21) ^ s->a;
		s->b = turn(s->b, 17) ^ s->c;
		s->c = turn(s->c, 32);
	}
}

/* word - up to 8 bytes, the lowest first */
static uint64_t word(const void *p, size_t n)
{
	const unsigned char *byte = p;
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)byte[i] << (8 * i);
	return x;
}

/* take - one word into the state */
static void take(struct state *s, uint64_t x)
{
	s->d ^= x;
	rounds(s, 2);
	s->a ^= x;
}

/* give - half of the result */
static void give(const struct state *s, unsigned char out[8])
{
	const uint64_t x = s->a ^ s->b ^ s->c ^ s->d;

	for (unsigned i = 0; i < 8; i++)
		out[i] = (unsigned char)(x >> (8 * i));
}

/* assay_siphash - see siphash.h */
void assay_siphash(const unsigned char key[ASSAY_SIPHASH_KEY], struct assay_slice value,
    unsigned char out[ASSAY_SIPHASH_BYTES])
{
	const uint64_t k0 = word(key, 8), k1 = word(key + 8, 8);
	/* "somepseudorandomlygeneratedbytes" */
	struct state s = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ 0xeeu,
		k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
	size_t at = 0;

	for (; value.n - at >= 8; at += 8)
		take(&s, word(value.p + at, 8));
	take(&s, word(value.p + at, value.n - at) | (uint64_t)(value.n & 0xff) << 56);
	s.c ^= 0xee;
	rounds(&s, 4);
	give(&s, out);
	s.b ^= 0xdd;
	rounds(&s, 4);
	give(&s, out + 8);
}
