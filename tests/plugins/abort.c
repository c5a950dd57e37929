/*
 * abort - a worker that asks for a limit that does not exist, which aborts
 */
#include "testplugin.h"

TEST_TABLES;

/* scan - break a promise */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)err;
	if (test_is_meant(state, payload, result))
		(void)assay_result_allowed(result, "no_such_limit");
	return ASSAY_OK;
}

TEST_WORKER("abort", "breaks a promise");
