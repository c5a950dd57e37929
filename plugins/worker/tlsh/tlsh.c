/*
 * tlsh - a digest that is similar for similar payloads, Trend Micro's way
 *
 * Written with the T1 in front, as other tools and services do since tlsh 4, so that it can be
 * looked up there. Payloads that are too small or too uniform have none. Reads the payload,
 * computes, opens nothing, cannot fail.
 */
#include <stdlib.h>

#include <assay/plugin.h>

#include "base/arena.h"

#include "digest.h"

struct tlsh {
	uint64_t min_size;
};

static const struct assay_opt options[] = {
	{ "min_size", ASSAY_OPT_SIZE, "50B", ASSAY_TLSH_LEAST, 1 << 30, NULL,
	    "smaller payloads have no digest" },
	{ NULL, ASSAY_OPT_SIZE, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "tlsh", ASSAY_STR, ASSAY_TECHNICAL, "T1 and 70 hex digits" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "tlsh", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "tlsh", "TLSH digest of a payload" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* tlsh_open - reads the option */
static enum assay_status tlsh_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct tlsh *t = assay_xcalloc(1, sizeof(*t));

	(void)err;
	t->min_size = (uint64_t)assay_opt_int(opts, "min_size");
	*state = t;
	return ASSAY_OK;
}

/* tlsh_scan - a payload */
static enum assay_status tlsh_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct tlsh *t = state;
	const struct assay_slice bytes = assay_payload_bytes(payload);
	char text[ASSAY_TLSH_TEXT];

	(void)err;
	if (bytes.n >= t->min_size && assay_tlsh_digest(bytes, text))
		json_object_set_new_nocheck(
		    assay_result_json(result), "tlsh", assay_json_str(text));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = tlsh_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "tlsh",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "a digest that is similar for similar payloads, as tlsh 4 writes it",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = tlsh_open,
	.close = free,
	.worker = &worker,
};
