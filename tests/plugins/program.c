/*
 * program - a worker that runs a shell script through the helper, whatever the script does
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#include "testplugin.h"

struct state {
	const char *marker;
	const char *argv[4];
	struct assay_program table[2];
};

static const struct assay_field fields[] = {
	{ "said", ASSAY_STR, ASSAY_TECHNICAL, "what the program says" },
	{ "exit", ASSAY_INT, ASSAY_TECHNICAL, "its exit code" },
	{ "signal", ASSAY_INT, ASSAY_TECHNICAL, "the signal that ended it" },
	{ "left_out", ASSAY_INT, ASSAY_TECHNICAL, "files not taken" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_opt options[] = {
	{ "marker", ASSAY_OPT_STR, "", 0, 0, NULL, "act on payloads that hold this text only" },
	{ "path", ASSAY_OPT_STR, "/bin/sh", 0, 0, NULL, "the shell" },
	{ "script", ASSAY_OPT_STR, "wc -c", 0, 0, NULL, "what it runs" },
	{ "timeout", ASSAY_OPT_TIME, "20s", 0, 0, NULL, "for how long" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* open_options - a table of one program */
static enum assay_status open_options(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct state *s = assay_xcalloc(1, sizeof *s);

	(void)err;
	s->marker = assay_opt_str(opts, "marker");
	s->argv[0] = assay_opt_str(opts, "path");
	s->argv[1] = "-c";
	s->argv[2] = assay_opt_str(opts, "script");
	s->table[0] = (struct assay_program){ .name = "the script",
		.argv = s->argv,
		.timeout_ms = (unsigned)assay_opt_int(opts, "timeout"),
		.files_max = 20 };
	*state = s;
	return ASSAY_OK;
}

/* programs - made by open */
static const struct assay_program *programs(void *state)
{
	return ((struct state *)state)->table;
}

/* scan - run it over the bytes; files become children */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_run_input in = { .bytes = assay_payload_bytes(payload) };
	const struct state *s = state;
	struct assay_run_output out;
	enum assay_status st;
	json_t *json;

	if (assay_payload_depth(payload) > 1 || !test_is_meant(s->marker, payload, result))
		return ASSAY_OK;
	st = assay_result_run(result, 0, &in, &out, err);
	if (st != ASSAY_OK)
		return st;
	json = assay_result_json(result);
	(void)json_object_set_new(json, "said", assay_json_text(out.out.p, out.out.n));
	(void)json_object_set_new(json, "exit", json_integer(out.exit));
	(void)json_object_set_new(json, "signal", json_integer(out.signal));
	(void)json_object_set_new(json, "left_out", json_integer((json_int_t)out.left_out));
	for (size_t i = 0; i < out.nfiles; i++)
		(void)assay_result_child(result,
		    &(struct assay_child){
			.bytes = out.files[i].bytes, .filename = out.files[i].name });
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };

const struct assay_plugin assay_plugin = { TEST_HEAD("program", "runs a script on payloads"),
	.options = options, .fields = fields, .open = open_options, .close = free,
	.worker = &worker, .programs = programs };
