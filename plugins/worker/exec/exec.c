/*
 * exec - any program as a worker
 *
 * Gives the bytes of a payload to programs of the configuration and takes what they say: text or
 * JSON on standard output, files in $ASSAY_OUT as children, an exit code. The helper runs them;
 * this file decides which, tells them about the payload in environment variables, and makes a
 * result of the answer. A program that fails costs its own run; the others' stay.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "answer.h"
#include "command.h"

#define COMMANDS_MAX 16u
#define OUTPUT_MAX ((size_t)64 * 1024) /* kept as text */

struct exec {
	struct assay_arena *arena;
	struct assay_command command[COMMANDS_MAX];
	struct assay_program program[COMMANDS_MAX + 1];
	size_t n;
};

/* What happens to one payload. */
struct work {
	const struct exec *exec;
	const struct assay_payload *payload;
	struct assay_result *result;
	json_t *runs, *tags;
	unsigned children;
};

static const struct assay_opt options[] = {
	{ "commands", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "programs: NAME [TYPE-GLOB ...]: PROGRAM [ARGUMENT ...]" },
	{ "timeout", ASSAY_OPT_TIME, "10s", 10, 3600000, NULL,
	    "after which a program is killed; worker_timeout counts as well" },
	{ "memory", ASSAY_OPT_SIZE, "1G", 1 << 20, INT64_MAX, NULL,
	    "address space of each process of a program" },
	{ "output_max", ASSAY_OPT_SIZE, "1M", 1, 1 << 30, NULL,
	    "standard output; a program that says more is killed" },
	{ "files_max", ASSAY_OPT_INT, "100", 0, 10000, NULL,
	    "files taken from ASSAY_OUT as children" },
	{ "files_bytes", ASSAY_OPT_SIZE, "64M", 1, (int64_t)16 << 30, NULL,
	    "bytes of these files" },
	{ "file", ASSAY_OPT_BOOL, "no", 0, 0, NULL,
	    "give the bytes as file \"payload\" in the current directory, not on standard input" },
	{ "network", ASSAY_OPT_BOOL, "no", 0, 0, NULL,
	    "programs may reach the network (without it only root can forbid that)" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "runs[].program", ASSAY_STR, ASSAY_TECHNICAL, "name of the program in [exec] commands" },
	{ "runs[].exit", ASSAY_INT | ASSAY_NULL, ASSAY_TECHNICAL,
	    "its exit code; null when a signal ended it" },
	{ "runs[].signal", ASSAY_INT, ASSAY_TECHNICAL, "the signal that ended it" },
	{ "runs[].json", ASSAY_BOOL, ASSAY_TECHNICAL, "whether its output was read as JSON" },
	{ "runs[].output", ASSAY_STR, ASSAY_CONTENT, "its standard output as text, at most 64K" },
	{ "runs[].fields[].key", ASSAY_STR, ASSAY_CONTENT,
	    "place of a value in its JSON: \"a.b[0].c\"" },
	{ "runs[].fields[].value", ASSAY_STR | ASSAY_NULL, ASSAY_CONTENT, "the value as text" },
	{ "runs[].fields[].value_int", ASSAY_INT, ASSAY_CONTENT,
	    "the value, when it is a whole number" },
	{ "tags[]", ASSAY_STR, ASSAY_TECHNICAL,
	    "what programs gave as list \"tags\" of their JSON" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "exec_tag", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "tags[]",
	    "tag that a program of [exec] gave a payload" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* What a program is told; values_of gives them in this order. */
static const char *const variables[] = { "ASSAY_PAYLOAD_ID", "ASSAY_PATH", "ASSAY_FILENAME",
	"ASSAY_EXTENSION", "ASSAY_TYPE", "ASSAY_TYPE_DECLARED", "ASSAY_SIZE", "ASSAY_DEPTH",
	"ASSAY_MD5", "ASSAY_SHA1", "ASSAY_SHA256", "ASSAY_SOURCE", "ASSAY_QUEUE_ID", NULL };

#define VARIABLES (sizeof variables / sizeof variables[0])

/* ---- life ------------------------------------------------------------------------------------ */

/* exec_close - frees everything */
static void exec_close(void *state)
{
	struct exec *e = state;

	assay_arena_free(&e->arena);
	free(e);
}

/* add - one entry of `commands` */
static enum assay_status add(
    struct exec *e, const struct assay_opts *opts, const char *text, struct assay_err *err)
{
	struct assay_command *command = &e->command[e->n];
	enum assay_status status;

	if (e->n == COMMANDS_MAX)
		return assay_err_set(
		    err, ASSAY_E_CONF, "[exec] commands: more than %u", COMMANDS_MAX);
	status = assay_command_read(e->arena, text, command, err);
	if (status != ASSAY_OK)
		return status;
	e->program[e->n++] = (struct assay_program){
		.name = command->name,
		.argv = command->argv,
		.env = variables,
		.file = assay_opt_int(opts, "file") != 0,
		.network = assay_opt_int(opts, "network") != 0,
		.timeout_ms = (unsigned)assay_opt_int(opts, "timeout"),
		.memory = (uint64_t)assay_opt_int(opts, "memory"),
		.output_max = (uint64_t)assay_opt_int(opts, "output_max"),
		.files_max = (uint32_t)assay_opt_int(opts, "files_max"),
		.files_bytes = (uint64_t)assay_opt_int(opts, "files_bytes"),
	};
	return ASSAY_OK;
}

/* exec_open - reads the commands */
static enum assay_status exec_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct exec *e = assay_xcalloc(1, sizeof *e);
	const char *const *text = assay_opt_list(opts, "commands");
	enum assay_status status = ASSAY_OK;

	e->arena = assay_arena_new();
	if (*text == NULL)
		status = assay_err_set(err, ASSAY_E_CONF,
		    "[exec] commands is empty: name a program, e.g. commands = lines: wc -l");
	for (; *text != NULL && status == ASSAY_OK; text++)
		status = add(e, opts, *text, err);
	if (status != ASSAY_OK)
		exec_close(e);
	else
		*state = e;
	return status;
}

/* exec_programs - one for each command, in the same order */
static const struct assay_program *exec_programs(void *state)
{
	return ((const struct exec *)state)->program;
}

/* ---- a payload ------------------------------------------------------------------------------- */

/* detected - the type that mimetype found, when it ran before; or NULL */
static const char *detected(const struct assay_payload *payload)
{
	const json_t *found = assay_payload_result(payload, "mimetype");

	return json_string_value(json_object_get(found, "mimetype"));
}

/* values_of - for `variables` */
static void values_of(const struct assay_payload *payload, const char *values[VARIABLES])
{
	struct assay_arena *arena = assay_payload_arena(payload);
	const json_t *request = assay_payload_request(payload);
	size_t n = 0;

	values[n++] = assay_payload_id(payload);
	values[n++] = assay_payload_path(payload);
	values[n++] = assay_payload_filename(payload);
	values[n++] = assay_payload_extension(payload);
	values[n++] = detected(payload);
	values[n++] = assay_payload_content_type(payload);
	values[n++] = assay_arena_printf(arena, "%zu", assay_payload_bytes(payload).n);
	values[n++] = assay_arena_printf(arena, "%u", assay_payload_depth(payload));
	values[n++] = assay_payload_digest(payload, ASSAY_MD5);
	values[n++] = assay_payload_digest(payload, ASSAY_SHA1);
	values[n++] = assay_payload_digest(payload, ASSAY_SHA256);
	values[n++] = json_string_value(json_object_get(request, "source"));
	values[n++] = json_string_value(json_object_get(request, "queue_id"));
	ASSAY_ASSERT(n == VARIABLES - 1);
	values[n] = NULL;
}

/* add_output - standard output as text and, when it is JSON, as rows */
static void add_output(struct work *work, json_t *run, struct assay_slice out)
{
	struct assay_answer_rows rows = { .fields = json_array(), .tags = work->tags };
	bool json = assay_answer_read(out, &rows);

	json_object_set_new_nocheck(run, "json", json_boolean(json));
	json_object_set_new_nocheck(
	    run, "output", assay_json_text(out.p, out.n < OUTPUT_MAX ? out.n : OUTPUT_MAX));
	json_object_set_new_nocheck(run, "fields", rows.fields);
	if (out.n > OUTPUT_MAX)
		assay_result_limit(work->result, "exec_output", out.n, OUTPUT_MAX, false);
	if (rows.cut)
		assay_result_limit(work->result, "exec_fields", rows.n, ASSAY_ANSWER_ROWS, false);
}

/* add_children - the files it left */
static void add_children(struct work *work, const struct assay_run_output *out, uint32_t most)
{
	struct assay_arena *arena = assay_payload_arena(work->payload);

	for (size_t i = 0; i < out->nfiles; i++)
		(void)assay_result_child(work->result,
		    &(struct assay_child){
			.bytes = out->files[i].bytes,
			.filename = out->files[i].name,
			.place = assay_arena_printf(arena, "%u", ++work->children),
		    });
	if (out->left_out > 0)
		assay_result_limit(
		    work->result, "exec_files", out->nfiles + out->left_out, most, true);
}

/* first_line - of what it said on standard error */
static struct assay_slice first_line(struct assay_slice s)
{
	s = assay_slice_trim(s);
	return assay_slice_head(assay_slice_head(s, assay_slice_find(s, '\n')), 200);
}

/* complain - an exit code is no error by itself, but what is said beside it may help */
static void complain(
    const struct work *work, const char *program, const struct assay_run_output *out)
{
	const struct assay_slice line = first_line(out->errors);

	if (out->exit < 0)
		assay_result_error(work->result, "%s: ended by signal %d%s%.*s", program,
		    out->signal, line.n > 0 ? ": " : "", (int)line.n, line.p);
	else if (out->exit != 0)
		assay_result_error(work->result, "%s: exit %d%s%.*s", program, out->exit,
		    line.n > 0 ? ": " : "", (int)line.n, line.p);
}

/* run_one - a program over the payload */
static enum assay_status run_one(
    struct work *work, size_t at, const struct assay_run_input *in, struct assay_err *err)
{
	const struct assay_program *program = &work->exec->program[at];
	struct assay_run_output out;
	enum assay_status status = assay_result_run(work->result, at, in, &out, err);
	json_t *run;

	if (status != ASSAY_OK)
		return status;
	run = json_object();
	json_object_set_new_nocheck(run, "program", assay_json_str(program->name));
	json_object_set_new_nocheck(
	    run, "exit", out.exit >= 0 ? json_integer(out.exit) : json_null());
	if (out.exit < 0)
		json_object_set_new_nocheck(run, "signal", json_integer(out.signal));
	add_output(work, run, out.out);
	(void)json_array_append_new(work->runs, run);
	add_children(work, &out, program->files_max);
	complain(work, program->name, &out);
	return ASSAY_OK;
}

/* finish - the lists into the result, when any program ran to its end */
static void finish(struct work *work)
{
	if (json_array_size(work->runs) == 0) {
		json_decref(work->runs);
		json_decref(work->tags);
		return;
	}
	json_object_set_new_nocheck(assay_result_json(work->result), "runs", work->runs);
	json_object_set_new_nocheck(assay_result_json(work->result), "tags", work->tags);
}

/* exec_scan - every program that wants the payload; the first failure is the worker's */
static enum assay_status exec_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct work work = { .exec = state,
		.payload = payload,
		.result = result,
		.runs = json_array(),
		.tags = json_array() };
	const char *values[VARIABLES];
	const struct assay_run_input in = { .bytes = assay_payload_bytes(payload),
		.values = values };
	enum assay_status first = ASSAY_OK;

	values_of(payload, values);
	for (size_t i = 0; i < work.exec->n; i++) {
		struct assay_err why = { .code = ASSAY_OK };

		if (!assay_command_wants(&work.exec->command[i], detected(payload),
			assay_payload_content_type(payload)) ||
		    run_one(&work, i, &in, &why) == ASSAY_OK)
			continue;
		if (first != ASSAY_OK) {
			assay_result_error(result, "%s", why.text);
			continue;
		}
		first = why.code;
		*err = why;
	}
	finish(&work);
	return first;
}

static const struct assay_worker worker = { .scan = exec_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "exec",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "runs programs of your own on payloads",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = exec_open,
	.close = exec_close,
	.worker = &worker,
	.programs = exec_programs,
};
