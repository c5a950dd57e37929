/*
 * ssdeep - a digest that is similar for similar payloads, by libfuzzy
 *
 * Context triggered piecewise hashing: what ssdeep(1) prints. Payloads below min_size have none,
 * such digests match each other by chance. Reads the payload, computes, opens nothing.
 */
#include <stdlib.h>

#include <fuzzy.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct ssdeep {
	uint64_t min_size;
};

static const struct assay_opt options[] = {
	{ "min_size", ASSAY_OPT_SIZE, "512B", 0, 1 << 30, NULL,
	    "smaller payloads have no digest: it would say nothing" },
	{ NULL, ASSAY_OPT_SIZE, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "ssdeep", ASSAY_STR, ASSAY_TECHNICAL, "as ssdeep(1) writes it: SIZE:DIGEST:DIGEST" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "ssdeep", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "ssdeep",
	    "ssdeep digest of a payload" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* ssdeep_open - reads the option */
static enum assay_status ssdeep_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct ssdeep *s = assay_xcalloc(1, sizeof(*s));

	(void)err;
	s->min_size = (uint64_t)assay_opt_int(opts, "min_size");
	*state = s;
	return ASSAY_OK;
}

/* ssdeep_scan - a payload */
static enum assay_status ssdeep_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct ssdeep *s = state;
	const struct assay_slice bytes = assay_payload_bytes(payload);
	char text[FUZZY_MAX_RESULT];

	if (bytes.n == 0 || bytes.n < s->min_size)
		return ASSAY_OK;
	if (bytes.n > UINT32_MAX ||
	    fuzzy_hash_buf((const unsigned char *)bytes.p, (uint32_t)bytes.n, text) != 0)
		return assay_err_set(
		    err, ASSAY_E_UNSUP, "libfuzzy gives no digest of %zu bytes", bytes.n);
	json_object_set_new_nocheck(assay_result_json(result), "ssdeep", assay_json_str(text));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = ssdeep_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "ssdeep",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "a digest that is similar for similar payloads",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = ssdeep_open,
	.close = free,
	.worker = &worker,
};
