/*
 * failing - a worker that says half of what it knows and fails
 */
#include "base/err.h"

#include "testplugin.h"

TEST_TABLES;

/* scan - fail */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	(void)json_object_set_new(assay_result_json(result), "said", json_string("half"));
	assay_result_error(result, "member %d is \"broken\"\n\x1b[31m \xff", 7);
	return assay_err_set(err, ASSAY_E_SYNTAX, "failed on purpose");
}

TEST_WORKER("failing", "returns an error");
