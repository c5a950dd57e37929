/*
 * bomb - a worker that ignores its budget: 16 children of 64 MiB each
 */
#include <stdlib.h>

#include "base/arena.h"

#include "testplugin.h"

TEST_TABLES;

/* scan - the host must refuse them */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)err;
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	for (unsigned char i = 0; i < 16; i++) {
		char *bytes = assay_xcalloc(1, (size_t)64 << 20);

		bytes[0] = (char)i;
		(void)assay_result_child(result,
		    &(struct assay_child){
			.bytes = assay_slice(bytes, (size_t)64 << 20), .heap = true });
	}
	return ASSAY_OK;
}

TEST_WORKER("bomb", "1 GB out of nothing");
