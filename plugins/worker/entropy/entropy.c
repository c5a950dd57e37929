/*
 * entropy - how random the bytes of a payload are
 *
 * Shannon's entropy of the bytes, 0 (all the same) to 8 bits (compressed, encrypted, random). One
 * pass over the payload. Touches nothing else, has no options, cannot fail.
 */
#include <assay/plugin.h>

#include "shannon.h"

static const struct assay_field fields[] = {
	{ "entropy", ASSAY_REAL, ASSAY_TECHNICAL, "bits for each byte, 0 to 8, to four places" },
	{ "tenths", ASSAY_INT, ASSAY_TECHNICAL, "the same in tenths of a bit, 0 to 80, cut off" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "entropy", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE, "tenths",
	    "how random a payload is, in tenths of a bit: 0 to 80" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* entropy_scan - a payload; an empty one has none */
static enum assay_status entropy_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_slice bytes = assay_payload_bytes(payload);
	const double bits = assay_shannon(bytes);
	json_t *out;

	(void)state;
	(void)err;
	if (bytes.n == 0)
		return ASSAY_OK;
	out = assay_result_json(result);
	json_object_set_new_nocheck(out, "entropy", json_real(bits));
	json_object_set_new_nocheck(out, "tenths", json_integer((json_int_t)(bits * 10)));
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
	.facts = facts,
	.worker = &worker,
};
