/*
 * entropy - how random the bytes of a payload are
 *
 * Shannon's entropy of the bytes, 0 (all the same) to 8 bits (compressed, encrypted, random). One
 * pass over the payload. Touches nothing else, has no options, cannot fail.
 */
#include <math.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/slice.h"

static const struct assay_field fields[] = {
	{ "entropy", ASSAY_REAL, ASSAY_TECHNICAL, "bits for each byte, 0 to 8, to four places" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* entropy_of - of bytes that are there */
static double entropy_of(struct assay_slice s)
{
	/* Four counters for each value: the same one twice in a row is a wait for memory. */
	static uint64_t count[4][256];
	double bits = 0;
	size_t i = 0;

	memset(count, 0, sizeof(count));
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
	return bits > 0 ? bits : 0;
}

/* entropy_scan - a payload; an empty one has none */
static enum assay_status entropy_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_slice bytes = assay_payload_bytes(payload);

	(void)state;
	(void)err;
	if (bytes.n > 0)
		json_object_set_new_nocheck(assay_result_json(result), "entropy",
		    json_real(round(entropy_of(bytes) * 10000) / 10000));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = entropy_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "entropy",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "how random the bytes of a payload are",
	.fields = fields,
	.worker = &worker,
};
