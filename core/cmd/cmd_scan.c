/*
 * core/cmd/cmd_scan.c - `assay scan`: reports of files, directories, mbox files, standard input
 *
 * Reads the command line, loads everything, forks scan processes of its own (core/door.h) and
 * prints what comes back, in the order of the inputs. Options that name plugins become options of
 * [core]. Contract: RESULT section 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/scan.h"
#include "core/json.h"

#define JOBS_MAX 512u
#define CHECK_MS 1000 /* between two looks at who scans */

enum {
	RECURSIVE,
	COMPACT,
	FORMAT,
	ALWAYS,
	START,
	DISPATCHERS,
	DECORATORS,
	DEST_ARCHIVERS,
	SOURCE_ARCHIVERS,
	CONNECTORS,
	SOURCE,
	EXTRA,
	MAX_RECURSION,
	JOBS,
	EXIT_VERDICT,
	LOCAL,
	NO_SANDBOX
};

static const struct assay_arg args_of_scan[] = {
	{ 'r', "recursive", NULL, "Scan the files in directories and below" },
	{ 0, "compact", NULL, "One report per line" },
	{ 0, "format", "FORM", "native, summary, stoq, lines, tree, split, payloads" },
	{ 'a', "always-dispatch", "NAMES", "Workers that look at every payload" },
	{ 's', "start-dispatch", "NAMES", "Workers that look at the message itself" },
	{ 'R', "dispatchers", "NAMES", "Plugins that choose workers" },
	{ 'D', "decorators", "NAMES", "Plugins that add facts to the report" },
	{ 'A', "dest-archivers", "NAMES", "Keep all payloads there" },
	{ 'S', "source-archivers", "NAMES", "PATHs are references, fetched from there" },
	{ 'C', "connectors", "NAMES", "Tell the report to these as well" },
	{ 0, "request-source", "WORD", "Where the message is said to come from" },
	{ 0, "request-extra", "KEY=VALUE", "Into extra_data of the report; repeatable" },
	{ 0, "max-recursion", "N", "Depth of the payload tree" },
	{ 'j', "jobs", "N", "Scan processes at work side by side" },
	{ 0, "exit-verdict", NULL, "Exit 1: some not accept or tag; 75: not all done" },
	{ 0, "local", NULL, "Own scan processes even if a service runs" },
	{ 0, "no-sandbox", NULL, "For debugging plugins only" },
	{ 0, NULL, NULL, NULL },
};

/* The option of [core] an option of ours sets; NULL: none. */
static const char *const core_option[] = {
	[ALWAYS] = "always_dispatch",
	[START] = "start_dispatch",
	[DISPATCHERS] = "dispatchers",
	[DECORATORS] = "decorators",
	[DEST_ARCHIVERS] = "archivers",
	[SOURCE_ARCHIVERS] = "source_archivers",
	[CONNECTORS] = "connectors",
	[MAX_RECURSION] = "max_recursion",
	[NO_SANDBOX] = NULL,
};

/* What the command line says. */
struct ask {
	struct assay_words operands, core_opts;
	char *set[sizeof core_option / sizeof core_option[0]]; /* values of core_option, joined */
	struct assay_format_style style;
	struct assay_scan_how how;
	json_t *common, *extra;
	bool recursive, exit_verdict;
};

/* join - one more value of an option that may be repeated */
static void join(char **all, const char *value)
{
	size_t had = *all != NULL ? strlen(*all) + 1 : 0, n = strlen(value) + 1;

	*all = assay_xrealloc(*all, had + n);
	if (had > 0)
		(*all)[had - 1] = ',';
	memcpy(*all + had, value, n);
}

/* add_extra - KEY=VALUE */
static enum assay_status add_extra(struct ask *ask, const char *text, struct assay_err *err)
{
	const char *sign = strchr(text, '=');
	json_t *pair;

	if (sign == NULL || sign == text)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "--request-extra %s: write it as KEY=VALUE", text);
	pair = json_object();
	assay_json_set(pair, "key", assay_json_text(text, (size_t)(sign - text)));
	assay_json_set(pair, "value", assay_json_str(sign + 1));
	assay_json_append(ask->extra, pair);
	return ASSAY_OK;
}

/* set_format - by its name */
static enum assay_status set_format(struct ask *ask, const char *name, struct assay_err *err)
{
	if (assay_format_find(name, &ask->style.format))
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_USAGE, "--format %s: no such form, there are %s", name,
	    ASSAY_FORMAT_NAMES);
}

/* set_jobs - how many; not an option of [core], so that the digest of the configuration in the
 * reports is the same for any number */
static enum assay_status set_jobs(struct ask *ask, const char *text, struct assay_err *err)
{
	if (assay_slice_u64(assay_slice_str(text), &ask->how.jobs) && ask->how.jobs >= 1 &&
	    ask->how.jobs <= JOBS_MAX)
		return ASSAY_OK;
	return assay_err_set(
	    err, ASSAY_E_USAGE, "--jobs %s: a number from 1 to %u", text, JOBS_MAX);
}

/* take - one option */
static enum assay_status take(struct ask *ask, int which, const char *value, struct assay_err *err)
{
	if (core_option[which] != NULL) {
		/* A number is not joined: the last one counts. */
		if (which == MAX_RECURSION) {
			free(ask->set[which]);
			ask->set[which] = NULL;
		}
		join(&ask->set[which], value);
		return ASSAY_OK;
	}
	if (which == FORMAT)
		return set_format(ask, value, err);
	if (which == JOBS)
		return set_jobs(ask, value, err);
	if (which == EXTRA)
		return add_extra(ask, value, err);
	if (which == SOURCE)
		assay_json_set(ask->common, "source", assay_json_str(value));
	ask->recursive |= which == RECURSIVE;
	ask->style.compact |= which == COMPACT;
	ask->exit_verdict |= which == EXIT_VERDICT;
	ask->how.no_sandbox |= which == NO_SANDBOX;
	ask->how.local |= which == LOCAL;
	return ASSAY_OK;
}

/* name_plugins - the options of [core] that follow from ours. Archivers and connectors of the
 * configuration belong to the service. */
static void name_plugins(struct ask *ask)
{
	for (size_t i = 0; i < sizeof core_option / sizeof core_option[0]; i++) {
		bool own = i == DEST_ARCHIVERS || i == CONNECTORS;

		/* The service scans as it is configured. */
		if (ask->set[i] != NULL && i != SOURCE_ARCHIVERS && i != CONNECTORS)
			ask->how.local = true;
		if (core_option[i] != NULL && (ask->set[i] != NULL || own))
			assay_words_add_pair(&ask->core_opts, core_option[i],
			    ask->set[i] != NULL ? ask->set[i] : "");
	}
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(struct ask *ask, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_scan, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			assay_words_add(&ask->operands, value);
		else if (take(ask, which, value, &err) != ASSAY_OK)
			return assay_cmd_fail(&err);
	}
	if (ask->operands.n == 0) {
		(void)assay_err_set(
		    &err, ASSAY_E_USAGE, "nothing to scan: name files, or - for standard input");
		return assay_cmd_fail(&err);
	}
	name_plugins(ask);
	return -1;
}

/* exit_code - of a run that came to its end */
static int exit_code(const struct ask *ask, const struct assay_scan_input *input,
    const struct assay_scan_output *output)
{
	if (input->failed != 0)
		return input->failed;
	if (output->failed != 0)
		return output->failed;
	if (ask->exit_verdict && output->bad)
		return 1;
	return ask->exit_verdict && output->incomplete ? 75 : 0;
}

/* tick - is there still somebody who scans? */
static int64_t tick(void *arg, size_t open)
{
	struct assay_scan_output *output = arg;
	struct assay_err err;

	(void)open;
	if (assay_scan_lines_check(output->lines, &err) == ASSAY_OK)
		return assay_clock_mono_ms() + CHECK_MS;
	assay_door_fail(output->door, &err);
	return 0;
}

/* scan_all - door open, mails in, answers out, door closed; takes the lines */
static int scan_all(
    const struct ask *ask, const struct assay_setup *setup, struct assay_scan_lines *lines)
{
	const struct assay_opts *core = assay_config_core(setup->config);
	struct assay_scan_input input = { .setup = setup,
		.recursive = ask->recursive,
		.from_archive = ask->set[SOURCE_ARCHIVERS] != NULL };
	struct assay_scan_output output;
	struct assay_door_options options = { .engine = setup->engine,
		.core = core,
		.lines = lines->lines,
		.bulk = true,
		.stop_fd = -1,
		.request_common = ask->common,
		.extra = ask->extra,
		.answer = assay_scan_output_answer,
		.tick = tick,
		.arg = &output };
	enum assay_status st;
	struct assay_err err;
	int code = 0;

	st = assay_door_open(&options, &input.door, &err);
	if (st == ASSAY_OK)
		st = assay_scan_output_open(&output, setup, &ask->style, &err);
	output.lines = lines;
	output.door = input.door;
	if (st == ASSAY_OK)
		st = assay_scan_input_run(&input, ask->operands.word, &err);
	if (st != ASSAY_OK)
		code = assay_cmd_fail(&err);
	assay_door_close(&input.door);
	assay_scan_output_close(&output);
	return code != 0 ? code : exit_code(ask, &input, &output);
}

/* load_and_scan - everything behind the command line */
static int load_and_scan(const struct ask *ask, const struct assay_cmd_globals *globals)
{
	static const char *const mbox[] = { "mbox", NULL };
	struct assay_setup_options options = { .cold = true };
	struct assay_config *config = NULL;
	struct assay_scan_lines lines;
	struct assay_setup setup;
	enum assay_status st;
	struct assay_err err;
	int code;

	if (ask->set[SOURCE_ARCHIVERS] == NULL && assay_scan_input_wants_mbox(ask->operands.word))
		options.also = mbox;
	st = assay_cmd_config_load(globals, ask->core_opts.word, &config, &err);
	if (st == ASSAY_OK)
		st = assay_setup_open(&setup, config, &options, &err);
	if (st != ASSAY_OK)
		return assay_cmd_fail(&err);
	st = assay_scan_lines(&ask->how, &setup, &lines, &err);
	code = st == ASSAY_OK ? scan_all(ask, &setup, &lines) : assay_cmd_fail(&err);
	assay_setup_close(&setup);
	return code;
}

/* run - `assay scan ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct ask ask = { .common = json_object(), .extra = json_array() };
	int code;

	code = read_args(&ask, globals, argc, argv);
	assay_json_set(ask.common, "guest", json_true());
	/* Nothing is archived by the service's archivers either. */
	if (ask.set[DEST_ARCHIVERS] == NULL)
		assay_json_set(ask.common, "archivers", json_array());
	ask.style.colour = assay_format_colour_wanted(STDOUT_FILENO);
	if (code < 0)
		code = assay_cmd_close_stdout(load_and_scan(&ask, globals));
	assay_words_free(&ask.operands);
	assay_words_free_pairs(&ask.core_opts);
	for (size_t i = 0; i < sizeof ask.set / sizeof ask.set[0]; i++)
		free(ask.set[i]);
	json_decref(ask.common);
	json_decref(ask.extra);
	return code;
}

const struct assay_cmd assay_cmd_scan = {
	.name = "scan",
	.synopsis = "PATH... | -",
	.summary = "Takes messages apart and prints a report of each.",
	.more = "PATH is a message, a directory (-r), an mbox file (every message of it); - is\n"
		"standard input. Reports come in the order of the PATHs.\n"
		"NAMES are separated by commas.",
	.args = args_of_scan,
	.run = run,
};
