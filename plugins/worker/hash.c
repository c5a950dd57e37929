/*
 * hash - md5, sha1, sha256 and sha512 of every payload
 *
 * Touches nothing but the payload: the digests are the host's, which computes each at most once
 * per payload however many plugins ask. Each of the four can be switched off; sha256 costs
 * nothing, the host needs it anyway. Cannot fail.
 */
#include <stdlib.h>

#include <assay/plugin.h>

#include "base/arena.h"

/* State of the plugin: which digests are wanted. */
struct hash {
	bool want[ASSAY_DIGESTS];
};

static const char *const names[ASSAY_DIGESTS] = { "md5", "sha1", "sha256", "sha512" };

static const struct assay_opt options[] = {
	{ "md5", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "compute MD5" },
	{ "sha1", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "compute SHA-1" },
	{ "sha256", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "compute SHA-256" },
	{ "sha512", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "compute SHA-512" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "md5", ASSAY_STR, ASSAY_TECHNICAL, "MD5 of the bytes, lower-case hex" },
	{ "sha1", ASSAY_STR, ASSAY_TECHNICAL, "SHA-1 of the bytes, lower-case hex" },
	{ "sha256", ASSAY_STR, ASSAY_TECHNICAL, "SHA-256 of the bytes, lower-case hex" },
	{ "sha512", ASSAY_STR, ASSAY_TECHNICAL, "SHA-512 of the bytes, lower-case hex" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "md5", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "md5", "MD5 of a payload" },
	{ "sha1", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "sha1", "SHA-1 of a payload" },
	{ "sha512", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "sha512", "SHA-512 of a payload" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* hash_open - notes which digests are wanted */
static enum assay_status hash_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct hash *h = assay_xcalloc(1, sizeof(*h));

	(void)err;
	for (int i = 0; i < ASSAY_DIGESTS; i++)
		h->want[i] = assay_opt_int(opts, names[i]) != 0;
	*state = h;
	return ASSAY_OK;
}

/* hash_close - frees the state */
static void hash_close(void *state)
{
	free(state);
}

/* hash_scan - asks the host for the digests that are wanted */
static enum assay_status hash_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct hash *h = state;

	(void)err;
	for (int i = 0; i < ASSAY_DIGESTS; i++)
		if (h->want[i])
			json_object_set_new_nocheck(assay_result_json(result), names[i],
			    json_string_nocheck(
				assay_payload_digest(payload, (enum assay_digest)i)));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = hash_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "hash",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "digests of every payload",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = hash_open,
	.close = hash_close,
	.worker = &worker,
};
