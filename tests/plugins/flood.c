/*
 * flood - a worker that gives 100,000 different children
 */
#include "base/arena.h"

#include "testplugin.h"

TEST_TABLES;

/* scan - children of the message only */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_arena *arena = assay_payload_arena(payload);

	(void)err;
	if (!test_is_meant(state, payload, result) || assay_payload_depth(payload) > 0)
		return ASSAY_OK;
	for (unsigned i = 0; i < 100000; i++)
		(void)assay_result_child(result,
		    &(struct assay_child){
			.bytes = assay_slice_str(assay_arena_printf(arena, "child %u", i)),
			.filename = "flood.txt" });
	return ASSAY_OK;
}

TEST_WORKER("flood", "100,000 children");
