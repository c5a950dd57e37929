/*
 * tworker - a worker that counts bytes and takes out what stands between < and >
 */
#include "testplugin.h"

static const struct assay_field fields[] = {
	{ "bytes", ASSAY_INT, ASSAY_TECHNICAL, "size of the payload" },
	{ "text", ASSAY_STR, ASSAY_CONTENT, "the payload itself" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};
static const struct assay_fact facts[] = {
	{ "bytes", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE, "bytes", "size of the payload" },
	{ NULL, 0, 0, NULL, NULL },
};

/* scan - count, and take children out */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_slice bytes = assay_payload_bytes(payload);
	json_t *json = assay_result_json(result);
	size_t start = bytes.n;

	(void)state;
	(void)err;
	(void)json_object_set_new(json, "bytes", json_integer((json_int_t)bytes.n));
	(void)json_object_set_new(json, "text", assay_json_text(bytes.p, bytes.n));
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '<')
			start = i + 1;
		if (bytes.p[i] == '>' && i > start) {
			(void)assay_result_child(result,
			    &(struct assay_child){ .bytes = assay_slice(bytes.p + start, i - start),
				.filename = "part.txt" });
			start = bytes.n;
		}
	}
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };

const struct assay_plugin assay_plugin = { TEST_HEAD("tworker", "counts bytes, takes <parts> out"),
	.fields = fields, .facts = facts, .worker = &worker };
