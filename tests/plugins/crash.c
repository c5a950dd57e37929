/*
 * crash - a worker that dies of a segmentation fault
 */
#include "testplugin.h"

TEST_TABLES;

/* scan - write to address 0 */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	volatile char *nowhere = state;

	(void)err;
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	nowhere = NULL;
	*nowhere = 'x';
	return ASSAY_OK;
}

TEST_WORKER("crash", "writes to address 0");
