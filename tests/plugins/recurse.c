/*
 * recurse - a worker whose child is its payload and one byte more
 */
#include <string.h>

#include "base/arena.h"

#include "testplugin.h"

TEST_TABLES;

/* scan - one byte more */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_slice in = assay_payload_bytes(payload);
	char *more;

	(void)err;
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	more = assay_xmalloc(in.n + 1);
	memcpy(more, in.p, in.n);
	more[in.n] = 'x';
	(void)assay_result_child(
	    result, &(struct assay_child){ .bytes = assay_slice(more, in.n + 1), .heap = true });
	return ASSAY_OK;
}

TEST_WORKER("recurse", "a chain of children without end");
