/*
 * digest - the locality sensitive hash itself; see digest.h
 *
 * Six triples of each window of five bytes are counted in 256 buckets; the digest has two bits for
 * each of the first 128: the quarter that its count falls into. Before it stand a checksum, the
 * logarithm of the length and how the quarters relate.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

#include "digest.h"

#define BUCKETS 128
#define WINDOW 5

/* Pearson, "Fast hashing of variable-length text strings", CACM 33(6), 1990. */
/* clang-format off */
static const unsigned char pearson[256] = {
	  1,  87,  49,  12, 176, 178, 102, 166, 121, 193,   6,  84, 249, 230,  44, 163,
	 14, 197, 213, 181, 161,  85, 218,  80,  64, 239,  24, 226, 236, 142,  38, 200,
	110, 177, 104, 103, 141, 253, 255,  50,  77, 101,  81,  18,  45,  96,  31, 222,
	 25, 107, 190,  70,  86, 237, 240,  34,  72, 242,  20, 214, 244, 227, 149, 235,
	 97, 234,  57,  22,  60, 250,  82, 175, 208,   5, 127, 199, 111,  62, 135, 248,
	174, 169, 211,  58,  66, 154, 106, 195, 245, 171,  17, 187, 182, 179,   0, 243,
	132,  56, 148,  75, 128, 133, 158, 100, 130, 126,  91,  13, 153, 246, 216, 219,
	119,  68, 223,  78,  83,  88, 201,  99, 122,  11,  92,  32, 136, 114,  52,  10,
	138,  30,  48, 183, 156,  35,  61,  26, 143,  74, 251,  94, 129, 162,  63, 152,
	170,   7, 115, 167, 241, 206,   3, 150,  55,  59, 151, 220,  90,  53,  23, 131,
	125, 173,  15, 238,  79,  95,  89,  16, 105, 137, 225, 224, 217, 160,  37, 123,
	118,  73,   2, 157,  46, 116,   9, 145, 134, 228, 207, 212, 202, 215,  69, 229,
	 27, 188,  67, 124, 168, 252,  42,   4,  29, 108,  21, 247,  19, 205,  39, 203,
	233,  40, 186, 147, 198, 192, 155,  33, 164, 191,  98, 204, 165, 180, 117,  76,
	140,  36, 210, 172,  41,  54, 159,   8, 185, 232, 113, 196, 231,  47, 146, 120,
	 51,  65,  28, 144, 254, 221,  93, 189, 194, 139, 112,  43,  71, 109, 184, 209,
};
/* clang-format on */

/* mix - Pearson's hash of three bytes */
static unsigned mix(unsigned salt, unsigned a, unsigned b, unsigned c)
{
	return pearson[pearson[pearson[salt ^ a] ^ b] ^ c];
}

/* count - fills the buckets; returns the checksum */
static unsigned count(struct assay_slice s, uint32_t bucket[256])
{
	/* Of 0, 2, 3, 5, 7, 11 and 13: each kind of triple has a salt of its own. */
	const unsigned s0 = pearson[0], s2 = pearson[2], s3 = pearson[3], s5 = pearson[5],
		       s7 = pearson[7], s11 = pearson[11], s13 = pearson[13];
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned sum = 0;

	for (size_t i = WINDOW - 1; i < s.n; i++) {
		const unsigned a = p[i], b = p[i - 1], c = p[i - 2], d = p[i - 3], e = p[i - 4];

		sum = mix(s0, a, b, sum);
		bucket[mix(s2, a, b, c)]++;
		bucket[mix(s3, a, b, d)]++;
		bucket[mix(s5, a, c, d)]++;
		bucket[mix(s7, a, c, e)]++;
		bucket[mix(s11, a, b, e)]++;
		bucket[mix(s13, a, d, e)]++;
	}
	return sum;
}

/* length_code - the logarithm of a length, modulo 256 */
static unsigned length_code(size_t n)
{
	/* The base becomes smaller; in single precision, as everybody computes it. */
	const float ln = logf((float)n);

	if (n <= 656)
		return (unsigned)floor(ln / 0.4054651) & 255;
	if (n <= 3199)
		return (unsigned)floor(ln / 0.26236426 - 8.72777) & 255;
	return (unsigned)floor(ln / 0.095310180 - 62.5472) & 255;
}

/* by_count - for qsort */
static int by_count(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* code_of - two bits for each of four buckets */
static unsigned code_of(const uint32_t bucket[4], const uint32_t q[3])
{
	unsigned code = 0;

	for (unsigned j = 0; j < 4; j++) {
		const uint32_t n = bucket[j];

		code |= (q[2] < n ? 3u : q[1] < n ? 2u : q[0] < n ? 1u : 0u) << (2 * j);
	}
	return code;
}

/* add_hex - two digits, the high one first */
static char *add_hex(char *to, unsigned high, unsigned low)
{
	static const char digit[] = "0123456789ABCDEF";

	*to++ = digit[high & 15];
	*to++ = digit[low & 15];
	return to;
}

/* ratio - of two quarters, in hundredths, modulo 16 */
static unsigned ratio(uint32_t q, uint32_t q3)
{
	return (unsigned)((float)(q * 100) / (float)q3) % 16;
}

/* assay_tlsh_digest - see digest.h */
bool assay_tlsh_digest(struct assay_slice bytes, char text[ASSAY_TLSH_TEXT])
{
	uint32_t bucket[256] = { 0 }, sorted[BUCKETS], q[3];
	unsigned sum, length, used = 0;
	char *to = text;

	text[0] = 0;
	bytes = assay_slice_head(bytes, UINT32_MAX);
	if (bytes.n < ASSAY_TLSH_LEAST)
		return false;
	sum = count(bytes, bucket);
	for (unsigned i = 0; i < BUCKETS; i++)
		used += bucket[i] > 0;
	if (used <= BUCKETS / 2)
		return false;
	memcpy(sorted, bucket, sizeof(sorted));
	qsort(sorted, BUCKETS, sizeof(sorted[0]), by_count);
	for (unsigned i = 0; i < 3; i++)
		q[i] = sorted[(i + 1) * BUCKETS / 4 - 1];
	length = length_code(bytes.n);
	*to++ = 'T';
	*to++ = '1';
	to = add_hex(to, sum, sum >> 4); /* the low half of these two stands first */
	to = add_hex(to, length, length >> 4);
	to = add_hex(to, ratio(q[0], q[2]), ratio(q[1], q[2]));
	for (unsigned i = BUCKETS / 4; i-- > 0;) {
		const unsigned code = code_of(bucket + (size_t)4 * i, q);

		to = add_hex(to, code >> 4, code);
	}
	*to = 0;
	return true;
}
