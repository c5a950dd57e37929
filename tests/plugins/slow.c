/*
 * slow - a worker that takes its time, without the processor
 */
#include <time.h>

#include "testplugin.h"

static const struct assay_field fields[] = {
	{ "said", ASSAY_STR, ASSAY_TECHNICAL, "what the test plugin says" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};
static const struct assay_opt options[] = {
	{ "marker", ASSAY_OPT_STR, "", 0, 0, NULL, "act on payloads that hold this text only" },
	{ "time", ASSAY_OPT_TIME, "1s", 0, 3600000, NULL, "how long one payload takes" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* State of the plugin. */
struct slow {
	const char *marker;
	int64_t ms;
};

static struct slow slow;

/* open_slow - reads the options */
static enum assay_status open_slow(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)err;
	slow.marker = assay_opt_str(opts, "marker");
	slow.ms = assay_opt_int(opts, "time");
	*state = &slow;
	return ASSAY_OK;
}

/* scan - sleeps */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct slow *s = state;
	struct timespec rest = { .tv_sec = s->ms / 1000, .tv_nsec = s->ms % 1000 * 1000000 };

	(void)err;
	if (test_is_meant(s->marker, payload, result))
		while (nanosleep(&rest, &rest) != 0)
			;
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };
const struct assay_plugin assay_plugin = { TEST_HEAD("slow", "takes its time"), .options = options,
	.fields = fields, .open = open_slow, .worker = &worker };
