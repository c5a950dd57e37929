/*
 * eatmem - a worker that takes memory until there is none and then aborts
 */
#include "base/arena.h"

#include "testplugin.h"

TEST_TABLES;

/* scan - take 16 MiB at a time; no more than 64 GiB, where nobody sets a bound */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_arena *arena = assay_payload_arena(payload);

	(void)err;
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	for (unsigned i = 0; i < 4096; i++)
		(void)assay_arena_alloc(arena, (size_t)16 << 20);
	return ASSAY_OK;
}

TEST_WORKER("eatmem", "takes all memory");
