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
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* entropy_scan - a payload; an empty one has none */
static enum assay_status entropy_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_slice bytes = assay_payload_bytes(payload);

	(void)state;
	(void)err;
	if (bytes.n > 0)
		json_object_set_new_nocheck(
		    assay_result_json(result), "entropy", json_real(assay_shannon(bytes)));
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
