/*
 * core/cmd/cmd_seen.c - `assay seen`: was a value there before?
 *
 * Asks the plugin `seen` through its connector's `query`; what it is asked and answers is written
 * in plugins/decorator/seen/enquiry.h. The files are those of the service, whether it runs or not:
 * the plugin takes their lock where it writes. --rebuild tells it every report of a store, day by
 * day, as its queue would. Exit 1: some value was new.
 */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/store.h"
#include "core/json.h"
#include "core/site.h"
#include "text/line.h"

#define PLUGIN "seen"
#define STDIN_MAX ((size_t)1 << 30)
#define AT_ONCE 10000u
#define VALUE_BYTES 2048u

enum { STDIN, ADD, STATS, REBUILD, EXPORT, MERGE, JSON, STORE };

static const struct assay_arg args_of_seen[] = {
	{ 0, "stdin", NULL, "Values are the lines of standard input" },
	{ 0, "add", NULL, "They are known from now on" },
	{ 0, "stats", NULL, "What is kept of each field, and how full it is" },
	{ 0, "rebuild", NULL,
	    "Adds what every mail in the store has; a damaged filter is made anew" },
	{ 0, "export", "FILE", "A copy of the field's filter, for another host" },
	{ 0, "merge", "FILE", "Adds what such a copy has" },
	{ 0, "json", NULL, "One line of JSON each" },
	{ 'C', "connector", "NAME", "The store for --rebuild" },
	{ 0, NULL, NULL, NULL },
};

struct seen {
	struct assay_cmd_store
	    store; /* of the store: --rebuild; else host and configuration only */
	const struct assay_loaded *plugin;
	struct assay_words operands;
	const char *connector, *file, *want;
	bool from_stdin, json;
	bool isnew, none; /* some value was new, or none of that field */
	bool made;        /* --rebuild: there is a filter that was not there before */
	/* --rebuild */
	struct assay_words days;
	uint64_t told;
	struct assay_err failed;
};

/* ---- rows --------------------------------------------------------------------------------------
 */

/* add_text - a member of the row */
static void add_text(struct seen *s, const json_t *row, const char *name)
{
	assay_cmd_store_add(&s->store, json_object_get(row, name), VALUE_BYTES);
}

/* add_value - "seen", the value, and when it came last; "none": it is none of that field */
static void add_value(struct seen *s, const json_t *row)
{
	const bool isnew = json_is_true(json_object_get(row, "isnew"));

	if (json_is_null(json_object_get(row, "value"))) {
		(void)assay_buf_add_str(&s->store.out, "none");
		return;
	}
	(void)assay_buf_add_str(&s->store.out, isnew ? "new\t" : "seen\t");
	add_text(s, row, "value");
	if (json_is_string(json_object_get(row, "last_seen"))) {
		(void)assay_buf_add_char(&s->store.out, '\t');
		add_text(s, row, "last_seen");
	}
}

/* add_stats - of one field */
static void add_stats(struct seen *s, const json_t *row)
{
	const double rate = json_real_value(json_object_get(row, "fp_rate"));
	const double now = json_real_value(json_object_get(row, "fp_rate_now"));

	add_text(s, row, "field");
	if (json_object_get(row, "values") == NULL) {
		(void)assay_buf_add_str(&s->store.out, ": nothing was kept yet");
		return;
	}
	(void)assay_buf_add_str(&s->store.out, ": ");
	add_text(s, row, "values");
	(void)assay_buf_add_str(&s->store.out, " values (");
	add_text(s, row, "planned");
	(void)assay_buf_add_str(&s->store.out, " planned), ");
	add_text(s, row, "layers");
	(void)assay_buf_printf(&s->store.out, " layers, %.1f MB, false positives %.2g (%g allowed)",
	    (double)json_integer_value(json_object_get(row, "bytes")) / 1e6, now, rate);
	if (json_is_string(json_object_get(row, "first_month"))) {
		(void)assay_buf_add_str(&s->store.out, ", ");
		add_text(s, row, "first_month");
		(void)assay_buf_add_str(&s->store.out, " to ");
		add_text(s, row, "last_month");
	}
}

/* take_row - an answer of the plugin */
static bool take_row(void *arg, const json_t *row)
{
	struct seen *s = arg;
	const json_t *value = json_object_get(row, "value");

	if (json_object_get(row, "aside") != NULL) {
		s->made = true;
		if (assay_json_get_str(row, "aside") != NULL)
			assay_log(ASSAY_LOG_WARNING,
			    "%s: the filter could not be used, it is %s now",
			    assay_json_get_str(row, "field"), assay_json_get_str(row, "aside"));
		return true;
	}
	s->none |= json_is_null(value);
	s->isnew |= json_is_true(json_object_get(row, "isnew"));
	if (s->json)
		(void)assay_json_write(row, ASSAY_JSON_COMPACT, &s->store.out);
	else if (value == NULL)
		add_stats(s, row);
	else
		add_value(s, row);
	(void)assay_buf_add_char(&s->store.out, '\n');
	assay_cmd_store_print(&s->store);
	return true;
}

/* ask - the plugin; takes the query */
static enum assay_status ask(struct seen *s, json_t *query, struct assay_err *err)
{
	const enum assay_status status =
	    s->plugin->plugin->connector->query(s->plugin->state, query, take_row, s, err);

	json_decref(query);
	return status;
}

/* ---- values ------------------------------------------------------------------------------------
 */

/* question - about the field */
static json_t *question(const struct seen *s, json_t *values)
{
	json_t *query = json_object();

	assay_json_set(query, "want", assay_json_own(s->want));
	if (s->operands.n > 0)
		assay_json_set(query, "field",
		    assay_json_text(s->operands.word[0], strlen(s->operands.word[0])));
	if (s->file != NULL)
		assay_json_set(query, "file", assay_json_own(s->file));
	if (values != NULL)
		assay_json_set(query, "values", values);
	return query;
}

/* ask_lines - some at a time */
static enum assay_status ask_lines(struct seen *s, struct assay_slice text, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	size_t at = 0;

	while (at < text.n && status == ASSAY_OK) {
		json_t *values = json_array();

		while (at < text.n && json_array_size(values) < AT_ONCE) {
			const struct assay_slice line = assay_line_at(text, at, &at);

			if (line.n > 0)
				assay_json_append(values, assay_json_text(line.p, line.n));
		}
		status = ask(s, question(s, values), err);
	}
	return status;
}

/* ask_stdin - all of it */
static enum assay_status ask_stdin(struct seen *s, struct assay_err *err)
{
	struct assay_buf text;
	enum assay_status status;

	assay_buf_init(&text, STDIN_MAX);
	status = assay_io_read_all(STDIN_FILENO, &text, err);
	if (status == ASSAY_OK)
		status = ask_lines(s, assay_buf_slice(&text), err);
	assay_buf_release(&text);
	return status;
}

/* ask_operands - those behind the field */
static enum assay_status ask_operands(struct seen *s, struct assay_err *err)
{
	json_t *values = json_array();

	for (size_t i = 1; i < s->operands.n; i++)
		assay_json_append(
		    values, assay_json_text(s->operands.word[i], strlen(s->operands.word[i])));
	return ask(s, question(s, values), err);
}

/* ---- from the store ----------------------------------------------------------------------------
 */

/* keep_day - one more day on which there was mail */
static bool keep_day(void *arg, const json_t *row)
{
	struct seen *s = arg;
	const char *day = assay_json_get_str(row, "value");

	if (day != NULL)
		assay_words_add_pair(&s->days, day, day);
	return true;
}

/* tell_report - one of the store's */
static bool tell_report(void *arg, const json_t *row)
{
	struct seen *s = arg;
	const struct assay_connector *connector = s->plugin->plugin->connector;
	struct assay_record record = { .kind = "report" };
	struct assay_buf bytes;
	enum assay_status status = ASSAY_OK;

	assay_buf_init(&bytes, (size_t)64 << 20);
	record.id = assay_json_get_str(row, "scan_id");
	if (assay_json_write(row, ASSAY_JSON_COMPACT, &bytes)) {
		record.json = assay_buf_slice(&bytes);
		status = connector->save(s->plugin->state, &record, 1, &s->failed);
	}
	assay_buf_release(&bytes);
	s->told++;
	return status == ASSAY_OK;
}

/* rebuild_day - "2026-11-21=2026-11-21" */
static enum assay_status rebuild_day(struct seen *s, const char *pair, struct assay_err *err)
{
	struct assay_buf text;
	json_t *match = NULL, *query;
	enum assay_status status;

	assay_buf_init(&text, 128);
	(void)assay_buf_printf(&text, "date:%.10s..%.10s", pair, pair);
	status = assay_cmd_store_match(&s->store, assay_buf_slice(&text), &match, err);
	assay_buf_release(&text);
	if (status != ASSAY_OK)
		return status;
	query = json_object();
	assay_json_set(query, "want", assay_json_own("reports"));
	assay_json_set(query, "all", json_true());
	assay_json_set(query, "match", match);
	status = assay_cmd_store_ask(&s->store, query, tell_report, s, err);
	if (s->failed.code == ASSAY_OK)
		return status;
	*err = s->failed;
	return err->code;
}

/* tell_service - processes that look at a filter that was there before look at the new one */
static enum assay_status tell_service(const struct seen *s, struct assay_err *err)
{
	const char *run_dir = assay_config_path(s->store.config, ASSAY_DIR_RUN);
	enum assay_status status;

	if (!s->made || assay_site_holder(run_dir, err) <= 0)
		return ASSAY_OK;
	status = assay_cmd_reload_service(run_dir, true, err);
	if (status == ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "the service was reloaded, it asks the new filters");
	else
		assay_err_prefix(err, "the filters are made, but the service asks the old ones");
	return status;
}

/* list_days - on which there is mail in the store */
static enum assay_status list_days(struct seen *s, struct assay_err *err)
{
	json_t *query = json_object();

	assay_json_set(query, "want", assay_json_own("counts"));
	assay_json_set(query, "word", assay_json_own("day"));
	assay_json_set(query, "all", json_true());
	return assay_cmd_store_ask(&s->store, query, keep_day, s, err);
}

/* rebuild - every report of the store; without one nothing is made anew */
static enum assay_status rebuild(struct seen *s, struct assay_err *err)
{
	enum assay_status status = list_days(s, err);

	if (status == ASSAY_OK)
		status = ask(s, question(s, NULL), err);
	for (size_t i = 0; i < s->days.n && status == ASSAY_OK; i++)
		status = rebuild_day(s, s->days.word[i], err);
	if (status == ASSAY_OK)
		status = s->plugin->plugin->connector->flush(s->plugin->state, err);
	if (status == ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "%llu reports of %zu days were looked through",
		    (unsigned long long)s->told, s->days.n);
	return status == ASSAY_OK ? tell_service(s, err) : status;
}

/* ---- begin and end -----------------------------------------------------------------------------
 */

/* open_plugin - without what the service works with */
static enum assay_status open_plugin(
    struct seen *s, const struct assay_cmd_globals *globals, struct assay_err *err)
{
	struct assay_cmd_store *store = &s->store;
	enum assay_status status = assay_cmd_config_load(globals, NULL, &store->config, err);

	if (status == ASSAY_OK)
		status = assay_host_open_some(store->config, 0, &store->host, err);
	if (status == ASSAY_OK)
		status = assay_host_load(store->host, store->config, PLUGIN, err);
	return status == ASSAY_OK ? assay_config_finish(store->config, err) : status;
}

/* begin - the plugin, and the store where it is needed */
static enum assay_status begin(
    struct seen *s, const struct assay_cmd_globals *globals, struct assay_err *err)
{
	enum assay_status status;

	if (strcmp(s->want, "repair") == 0) {
		assay_buf_release(&s->store.out);
		status = assay_cmd_store_open(&s->store, globals, s->connector, err);
	} else {
		status = open_plugin(s, globals, err);
	}
	if (status != ASSAY_OK)
		return status;
	s->plugin = assay_host_find(s->store.host, PLUGIN);
	if (s->plugin == NULL || s->plugin->plugin->connector == NULL ||
	    s->plugin->plugin->connector->query == NULL)
		return assay_err_set(err, ASSAY_E_CONF,
		    "nothing is remembered here: name \"%s\" in decorators and connectors of "
		    "[core]",
		    PLUGIN);
	return ASSAY_OK;
}

/* work - what is wanted */
static enum assay_status work(struct seen *s, struct assay_err *err)
{
	if (strcmp(s->want, "repair") == 0)
		return rebuild(s, err);
	if (strcmp(s->want, "ask") != 0 && strcmp(s->want, "add") != 0)
		return ask(s, question(s, NULL), err);
	return s->from_stdin ? ask_stdin(s, err) : ask_operands(s, err);
}

/* finish - the exit code */
static int finish(const struct seen *s)
{
	struct assay_err err;

	if (s->none) {
		(void)assay_err_set(&err, ASSAY_E_SYNTAX, "some of it is no %s (\"none\" above)",
		    s->operands.word[0]);
		return assay_cmd_fail(&err);
	}
	return s->isnew && strcmp(s->want, "ask") == 0 ? 1 : 0;
}

/* seen_all - everything behind the command line */
static int seen_all(struct seen *s, const struct assay_cmd_globals *globals)
{
	struct assay_err err;
	enum assay_status status;

	assay_buf_init(&s->store.out, (size_t)1 << 20);
	status = begin(s, globals, &err);
	if (status == ASSAY_OK)
		status = work(s, &err);
	assay_cmd_store_close(&s->store);
	return status == ASSAY_OK ? finish(s) : assay_cmd_fail(&err);
}

/* ---- the command line --------------------------------------------------------------------------
 */

/* take - one option; false: it does not go with another */
static bool take(struct seen *s, int which, const char *value)
{
	static const char *const wants[] = { [ADD] = "add",
		[STATS] = "stats",
		[REBUILD] = "repair",
		[EXPORT] = "export",
		[MERGE] = "merge" };

	if (which == EXPORT || which == MERGE)
		s->file = value;
	if (which == STORE)
		s->connector = value;
	s->from_stdin |= which == STDIN;
	s->json |= which == JSON;
	if (which < ADD || which > MERGE)
		return true;
	if (strcmp(s->want, "ask") != 0)
		return false;
	s->want = wants[which];
	return true;
}

/* fits - are there as many operands as that takes? */
static bool fits(const struct seen *s)
{
	const size_t n = s->operands.n;

	if (strcmp(s->want, "stats") == 0 || strcmp(s->want, "repair") == 0)
		return n == 0;
	return s->from_stdin || s->file != NULL ? n == 1 : n >= 2;
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(struct seen *s, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	bool fine = true;
	int which;

	assay_args_init(&args, &assay_cmd_seen, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			assay_words_add(&s->operands, value);
		else
			fine &= take(s, which, value);
	}
	if (fine && fits(s))
		return -1;
	(void)assay_err_set(&err, ASSAY_E_USAGE,
	    "give a field and values, or --stdin; only one of --add, --stats, --rebuild, --export, "
	    "--merge");
	return assay_cmd_fail(&err);
}

/* run - `assay seen ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct seen s = { .want = "ask" };
	int code = read_args(&s, globals, argc, argv);

	if (code < 0)
		code = assay_cmd_close_stdout(seen_all(&s, globals));
	assay_words_free_pairs(&s.days);
	assay_words_free(&s.operands);
	return code;
}

const struct assay_cmd assay_cmd_seen = {
	.name = "seen",
	.synopsis = "FIELD VALUE...",
	.summary = "Says which values were there before.",
	.more = "FIELD is one of bloomfield_list in [seen]: from, url_domain ... A line per value: "
		"\"new\" or \"seen\", and the value as it is compared. Exit 1: some are new.",
	.args = args_of_seen,
	.run = run,
};
