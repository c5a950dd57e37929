/*
 * slow - a worker that takes its time, and no processor
 */
#include <time.h>

#include "testplugin.h"

static const struct assay_field fields[] = {
	{ "said", ASSAY_STR, ASSAY_TECHNICAL, "what the test plugin says" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_opt options[] = {
	{ "marker", ASSAY_OPT_STR, "", 0, 0, NULL, "act on payloads that hold this text only" },
	{ "time", ASSAY_OPT_TIME, "300ms", 1, 60000, NULL, "how long each of them takes" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

static struct {
	const char *marker;
	int64_t time_ms;
} self;

/* open_options - one instance is enough */
static enum assay_status open_options(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)err;
	self.marker = assay_opt_str(opts, "marker");
	self.time_ms = assay_opt_int(opts, "time");
	*state = &self;
	return ASSAY_OK;
}

/* scan - sleep */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct timespec left = { .tv_sec = self.time_ms / 1000,
		.tv_nsec = self.time_ms % 1000 * 1000000 };

	(void)state;
	(void)err;
	if (!test_is_meant(self.marker, payload, result))
		return ASSAY_OK;
	(void)nanosleep(&left, NULL);
	(void)json_object_set_new(assay_result_json(result), "said", json_string("slept"));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };

const struct assay_plugin assay_plugin = { TEST_HEAD("slow", "takes its time"), .options = options,
	.fields = fields, .open = open_options, .worker = &worker };
