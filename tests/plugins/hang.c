/*
 * hang - a worker that hangs, using the processor
 */
#include "testplugin.h"

TEST_TABLES;

/* scan - for ever */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	volatile unsigned long n = 0;

	(void)err;
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	for (;;)
		n = n + 1;
}

TEST_WORKER("hang", "never comes back");
