/*
 * core/cmd/cmd_show.c - `assay show`: one report out of the store, by any of its names
 */
#include <unistd.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/cmd/store.h"
#include "core/format.h"
#include "core/json.h"

enum { TREE, FORMAT, COMPACT, STORE };

static const struct assay_arg args_of_show[] = {
	{ 0, "tree", NULL, "Sender, subject and the tree of payloads, for people" },
	{ 0, "format", "FORM", "native, summary, stoq, lines, tree, split, payloads" },
	{ 0, "compact", NULL, "On one line" },
	{ 'C', "connector", "NAME", "The store to ask" },
	{ 0, NULL, NULL, NULL },
};

struct show {
	struct assay_cmd_store store;
	struct assay_words ids;
	struct assay_format_style style;
	const char *connector;
};

/* write_report - in the form asked for */
static enum assay_status write_report(
    struct show *show, const json_t *report, struct assay_err *err)
{
	struct assay_buf bytes;
	enum assay_status status;

	assay_buf_init(&bytes, (size_t)64 << 20);
	if (!assay_json_write(report, ASSAY_JSON_COMPACT, &bytes))
		return assay_err_set(err, ASSAY_E_LIMIT, "the report is too large");
	status = assay_format_write(
	    &show->style, report, assay_buf_slice(&bytes), &show->store.out, err);
	assay_buf_release(&bytes);
	if (status == ASSAY_OK)
		assay_cmd_store_print(&show->store);
	return status;
}

/* keep_row - one more finding */
static bool keep_row(void *arg, const json_t *row)
{
	return json_array_append(arg, (json_t *)(uintptr_t)row) == 0;
}

/* add_findings - findings[] beside what was found first, where there are any */
static enum assay_status add_findings(struct show *show, json_t *report, struct assay_err *err)
{
	json_t *query =
	    json_pack("{s:s, s:b, s:{s:s, s:s, s:[s?]}}", "want", "findings", "all", 1, "match",
		"word", "scan_id", "is", "one_of", "values", assay_json_get_str(report, "scan_id"));
	json_t *findings = json_array();
	enum assay_status status =
	    assay_cmd_store_ask(&show->store, query, keep_row, findings, err);

	if (status == ASSAY_OK && json_array_size(findings) > 0)
		assay_json_set(report, "findings", json_incref(findings));
	json_decref(findings);
	/* A store that keeps none says that it cannot answer. */
	return status == ASSAY_E_USAGE ? ASSAY_OK : status;
}

/* show_one - by one id */
static int show_one(struct show *show, const char *id)
{
	const struct assay_loaded *loaded = show->store.loaded;
	json_t *report = NULL;
	struct assay_err err;
	enum assay_status status =
	    loaded->plugin->connector->fetch(loaded->state, id, &report, &err);

	if (status == ASSAY_OK)
		status = add_findings(show, report, &err);
	if (status == ASSAY_OK)
		status = write_report(show, report, &err);
	json_decref(report);
	return status == ASSAY_OK ? 0 : assay_cmd_fail(&err);
}

/* show_all - every id; the first failure is the exit code */
static int show_all(struct show *show, const struct assay_cmd_globals *globals)
{
	struct assay_err err;
	int code = 0;

	if (assay_cmd_store_open(&show->store, globals, show->connector, &err) != ASSAY_OK)
		code = assay_cmd_fail(&err);
	for (size_t i = 0; show->store.loaded != NULL && code != 70 && i < show->ids.n; i++) {
		const int one = show_one(show, show->ids.word[i]);

		code = code != 0 ? code : one;
	}
	assay_cmd_store_close(&show->store);
	return code;
}

/* take - one option; false: no such form */
static bool take(struct show *show, int which, const char *value)
{
	if (which == FORMAT)
		return assay_format_find(value, &show->style.format);
	if (which == TREE)
		show->style.format = ASSAY_FORMAT_TREE;
	if (which == STORE)
		show->connector = value;
	show->style.compact |= which == COMPACT;
	return true;
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(struct show *show, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_show, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND) {
			assay_words_add(&show->ids, value);
		} else if (!take(show, which, value)) {
			(void)assay_err_set(&err, ASSAY_E_USAGE,
			    "--format %s: no such form, there are %s", value, ASSAY_FORMAT_NAMES);
			return assay_cmd_fail(&err);
		}
	}
	if (show->ids.n > 0)
		return -1;
	(void)assay_err_set(
	    &err, ASSAY_E_USAGE, "nothing to show: give a scan_id, queue id or Message-ID");
	return assay_cmd_fail(&err);
}

/* run - `assay show ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct show show = { .connector = NULL };
	int code;

	show.style.format = ASSAY_FORMAT_NATIVE;
	code = read_args(&show, globals, argc, argv);
	show.style.colour = assay_format_colour_wanted(STDOUT_FILENO);
	if (code < 0)
		code = assay_cmd_close_stdout(show_all(&show, globals));
	assay_words_free(&show.ids);
	return code;
}

const struct assay_cmd assay_cmd_show = {
	.name = "show",
	.synopsis = "ID...",
	.summary = "Prints a report out of the store.",
	.more = "ID is a scan_id or its beginning, a queue id, or a Message-ID.",
	.args = args_of_show,
	.run = run,
};
