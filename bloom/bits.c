/*
 * bloom/bits.c - see bits.h. libbloom makes its own memory and has no call for somebody else's: its
 * structure is filled here by hand, in the members that 1.6 and 2.0 both have.
 */
#include <math.h>
#include <string.h>

#include <bloom.h>

#include "base/err.h"
#include "bloom/bits.h"

/* as_libbloom - the structure it wants; nothing of it is to be freed */
static struct bloom as_libbloom(const struct assay_bits *bits)
{
	struct bloom b;

	memset(&b, 0, sizeof b);
	b.bits = (__typeof__(b.bits))bits->bits;
	b.bytes = (__typeof__(b.bytes))(bits->bits / 8);
	b.hashes = (__typeof__(b.hashes))bits->hashes;
	b.bf = bits->p;
	b.ready = 1;
	return b;
}

/* assay_bits_has - see bits.h */
bool assay_bits_has(const struct assay_bits *bits, const unsigned char key[ASSAY_BITS_KEY])
{
	struct bloom b = as_libbloom(bits);

	return bloom_check(&b, key, ASSAY_BITS_KEY) == 1;
}

/* assay_bits_add - see bits.h */
bool assay_bits_add(const struct assay_bits *bits, const unsigned char key[ASSAY_BITS_KEY])
{
	struct bloom b = as_libbloom(bits);

	return bloom_add(&b, key, ASSAY_BITS_KEY) == 0;
}

/* assay_bits_count - see bits.h */
uint64_t assay_bits_count(const struct assay_bits *bits)
{
	uint64_t n = 0, word;

	for (uint64_t at = 0; at < bits->bits / 8; at += sizeof word) {
		memcpy(&word, bits->p + at, sizeof word);
		n += (unsigned)__builtin_popcountll(word);
	}
	return n;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* assay_bits_plan - see bits.h. Source: (1 - e^(-hashes keys / bits))^hashes */
void assay_bits_plan(uint64_t bits, double rate, uint32_t *hashes, uint64_t *capacity)
{
	const double best = round(-log2(rate));
	const double k = best < 1 ? 1 : best > ASSAY_BITS_HASHES ? ASSAY_BITS_HASHES : best;

	*hashes = (uint32_t)k;
	*capacity = (uint64_t)(-log1p(-pow(rate, 1 / k)) * (double)bits / k);
}

/* assay_bits_for - see bits.h */
uint64_t assay_bits_for(uint64_t entries, double rate)
{
	uint64_t bits = ASSAY_BITS_LEAST, capacity;
	uint32_t hashes;

	for (; bits < ASSAY_BITS_MOST; bits *= 2) {
		assay_bits_plan(bits, rate, &hashes, &capacity);
		if (capacity >= entries)
			break;
	}
	return bits;
}

/* assay_bits_rate - see bits.h */
double assay_bits_rate(uint64_t bits, uint32_t hashes, uint64_t keys)
{
	return pow(-expm1(-(double)hashes * (double)keys / (double)bits), hashes);
}

/* assay_bits_keys - see bits.h */
uint64_t assay_bits_keys(uint64_t bits, uint32_t hashes, uint64_t set)
{
	if (set >= bits)
		set = bits - 1;
	return (uint64_t)(-log1p(-(double)set / (double)bits) * (double)bits / hashes + 0.5);
}

/* ---- is it the library we know? -------------------------------------------------------------- */

/* assay_bits_check - the bits of one key */
enum assay_status assay_bits_check(struct assay_err *err)
{
	static const unsigned char key[ASSAY_BITS_KEY] = "0123456789abcde";
	static const uint32_t places[] = { 1931, 4100, 6269, 8438, 10607, 12776, 14945, 17114,
		23854, 26023, 28192, 30361, 32530 };
	unsigned char array[ASSAY_BITS_LEAST / 8] = { 0 };
	const size_t n = sizeof places / sizeof places[0];
	const struct assay_bits bits = { array, ASSAY_BITS_LEAST, (uint32_t)n };
	bool same = assay_bits_add(&bits, key) && assay_bits_count(&bits) == n;

	for (size_t i = 0; i < n; i++)
		same &= (array[places[i] / 8] >> places[i] % 8 & 1) == 1;
	if (same)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_UNSUP,
	    "libbloom %s hashes otherwise than 1.6 and 2.0 do: use one of these", bloom_version());
}
