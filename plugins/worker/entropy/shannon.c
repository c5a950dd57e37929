/*
 * shannon - how random bytes are; see shannon.h
 */
#include <math.h>

#include "shannon.h"

/* assay_shannon - see shannon.h */
double assay_shannon(struct assay_slice s)
{
	/* Four counters for each value: the same one twice in a row is a wait for memory. */
	uint64_t count[4][256] = { { 0 } };
	double bits = 0;
	size_t i = 0;

	for (; i + 4 <= s.n; i += 4)
		for (unsigned k = 0; k < 4; k++)
			count[k][(unsigned char)s.p[i + k]]++;
	for (; i < s.n; i++)
		count[0][(unsigned char)s.p[i]]++;
	for (unsigned v = 0; v < 256; v++) {
		const uint64_t n = count[0][v] + count[1][v] + count[2][v] + count[3][v];
		const double p = (double)n / (double)s.n;

		if (n > 0)
			bits -= p * log2(p);
	}
	return bits > 0 ? round(bits * 10000) / 10000 : 0;
}
