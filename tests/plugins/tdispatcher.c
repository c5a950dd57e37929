/*
 * tdispatcher - a dispatcher that sends every payload to the worker of its option
 */
#include "testplugin.h"

static const struct assay_opt options[] = {
	{ "worker", ASSAY_OPT_STR, "tworker", 0, 0, NULL, "who gets all payloads" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* open_options - keep the name */
static enum assay_status open_options(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)err;
	*state = (void *)(uintptr_t)assay_opt_str(opts, "worker");
	return ASSAY_OK;
}

/* choose - always the same */
static enum assay_status choose(void *state, const struct assay_payload *payload,
    struct assay_plan *plan, struct assay_err *err)
{
	(void)payload;
	(void)err;
	assay_plan_add(plan, state);
	assay_plan_meta(plan, "why", "told so");
	return ASSAY_OK;
}

static const struct assay_dispatcher dispatcher = { .choose = choose };

const struct assay_plugin assay_plugin = { TEST_HEAD("tdispatcher", "sends all to one worker"),
	.options = options, .open = open_options, .dispatcher = &dispatcher };
