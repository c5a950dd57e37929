/*
 * template - counts the lines of a payload: the smallest worker that does something true
 *
 * contrib/new-plugin.sh NAME copies it, with its test.
 * Touches the payload's bytes only, needs no library and keeps nothing from one mail to the next.
 * Cannot fail. The contract is core/include/assay/plugin.h, the guide is assay-plugin(7).
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"

/* Made by open, seen by scan, freed by close. What it holds never changes after `warm`. */
struct counts {
	int64_t long_line;
};

/* Checked, typed and bounded by the host before open is called. */
static const struct assay_opt options[] = {
	{ "long_line", ASSAY_OPT_INT, "998", 1, 1000000, NULL, "a line of more bytes is long" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

/* What is not declared here is dropped by the host; the schema is made from these rows. */
static const struct assay_field fields[] = {
	{ "lines", ASSAY_INT, ASSAY_TECHNICAL, "number of lines" },
	{ "longest", ASSAY_INT, ASSAY_TECHNICAL, "bytes of the longest line, without its end" },
	{ "long", ASSAY_BOOL, ASSAY_TECHNICAL, "whether any line is longer than long_line" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* Words for the policy and the search; leave out what nobody would ask for. */
static const struct assay_fact facts[] = {
	{ "longest_line", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE, "longest",
	    "bytes of the longest line of a payload" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* template_open - keeps the options; would name a bad one in err and return ASSAY_E_CONF */
static enum assay_status template_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct counts *c = assay_xcalloc(1, sizeof(*c));

	(void)err;
	c->long_line = assay_opt_int(opts, "long_line");
	*state = c;
	return ASSAY_OK;
}

/* template_close - frees what open made */
static void template_close(void *state)
{
	free(state);
}

/* template_scan - one pass over bytes that come from a stranger */
static enum assay_status template_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct counts *c = state;
	const struct assay_slice bytes = assay_payload_bytes(payload);
	json_t *json = assay_result_json(result);
	int64_t lines = 0, longest = 0;
	size_t at = 0;

	(void)err;
	while (at < bytes.n) {
		const char *start = bytes.p + at;
		const char *end = memchr(start, '\n', bytes.n - at);
		const size_t n = end != NULL ? (size_t)(end - start) : bytes.n - at;

		lines++;
		if ((int64_t)n > longest)
			longest = (int64_t)n;
		at += n + 1;
	}
	json_object_set_new_nocheck(json, "lines", json_integer(lines));
	json_object_set_new_nocheck(json, "longest", json_integer(longest));
	json_object_set_new_nocheck(json, "long", json_boolean(longest > c->long_line));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = template_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "template",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "counts the lines of every payload",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = template_open,
	.close = template_close,
	.worker = &worker,
};
