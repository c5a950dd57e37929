/*
 * fatal - a worker that takes the process down when it is opened
 */
#include <signal.h>

#include "testplugin.h"

static const struct assay_field fields[] = {
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* scan - never called */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)state, (void)payload, (void)result, (void)err;
	return ASSAY_OK;
}

/* fatal_open - as an out-of-memory killer would do it */
static enum assay_status fatal_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)opts, (void)state, (void)err;
	(void)raise(SIGKILL);
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };
const struct assay_plugin assay_plugin = { TEST_HEAD("fatal", "dies when it is opened"),
	.fields = fields, .open = fatal_open, .worker = &worker };
