/*
 * core/cmd/cmd_stats.c - `assay stats`: what the store holds, counted
 *
 * A few questions to the store about the mails of a query, each a table.
 */
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/cmd/store.h"
#include "core/json.h"

#define TOP 10

enum { JSON, LIMIT, STORE };

static const struct assay_arg args_of_stats[] = {
	{ 0, "json", NULL, "As one JSON object" },
	{ 'n', "limit", "N", "Lines per table (10)" },
	{ 'C', "connector", "NAME", "The store to ask" },
	{ 0, NULL, NULL, NULL },
};

static const struct {
	const char *word, *title;
} tables[] = {
	{ "day", "mails per day" },
	{ "verdict", "verdicts" },
	{ "status", "status" },
	{ "from", "senders" },
	{ "rcpt", "recipients" },
	{ "type", "types" },
	{ "trait", "traits" },
	{ "yara", "rules of yara" },
	{ "rule", "rules of the policy" },
};

struct stats {
	struct assay_cmd_store store;
	struct assay_words operands;
	json_t *match, *answer; /* match NULL: everything */
	const char *connector;
	int64_t limit;
	bool json;
};

/* keep_row - a row of the table that is asked for */
static bool keep_row(void *arg, const json_t *row)
{
	json_t *rows = arg;

	return json_array_append(rows, (json_t *)(uintptr_t)row) == 0;
}

/* ask - rows of one question; word NULL: how many mails */
static enum assay_status ask(
    struct stats *stats, const char *word, json_t **rows, struct assay_err *err)
{
	json_t *query = json_object();

	*rows = json_array();
	if (stats->match != NULL)
		assay_json_set(query, "match", json_incref(stats->match));
	assay_json_set(query, "want", assay_json_own(word != NULL ? "counts" : "count"));
	if (word != NULL)
		assay_json_set(query, "word", assay_json_own(word));
	assay_json_set(query, "limit", assay_json_int(stats->limit));
	return assay_cmd_store_ask(&stats->store, query, keep_row, *rows, err);
}

/* ask_all - {"mails", "by": {word: rows}} */
static enum assay_status ask_all(struct stats *stats, struct assay_err *err)
{
	json_t *by = json_object(), *rows;
	enum assay_status status = ask(stats, NULL, &rows, err);
	const int64_t mails = assay_json_get_int(json_array_get(rows, 0), "count", 0);

	json_decref(rows);
	stats->answer = json_object();
	assay_json_set(stats->answer, "mails", assay_json_int(mails));
	assay_json_set(stats->answer, "by", by);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0] && status == ASSAY_OK; i++) {
		status = ask(stats, tables[i].word, &rows, err);
		assay_json_set(by, tables[i].word, rows);
	}
	return status;
}

/* add_table - one of them, with a title; none when it is empty */
static void add_table(struct stats *stats, const char *title, const json_t *rows)
{
	struct assay_cmd_store *store = &stats->store;

	if (json_array_size(rows) == 0)
		return;
	(void)assay_buf_printf(&store->out, "\n%s\n", title);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		(void)assay_buf_printf(&store->out, "%8lld  ",
		    (long long)json_integer_value(json_object_get(row, "count")));
		assay_cmd_store_add(store, json_object_get(row, "value"), 200);
		(void)assay_buf_add_char(&store->out, '\n');
	}
}

/* add_answer - all tables, or the object */
static void add_answer(struct stats *stats)
{
	const json_t *by = json_object_get(stats->answer, "by");

	if (stats->json) {
		(void)assay_json_write(stats->answer, ASSAY_JSON_INDENTED, &stats->store.out);
		(void)assay_buf_add_char(&stats->store.out, '\n');
	} else {
		assay_cmd_store_add(&stats->store, json_object_get(stats->answer, "mails"), 32);
		(void)assay_buf_add_str(&stats->store.out, " mails\n");
		for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
			add_table(stats, tables[i].title, json_object_get(by, tables[i].word));
	}
	assay_cmd_store_print(&stats->store);
}

/* count_store - everything behind the command line */
static int count_store(struct stats *stats, const struct assay_cmd_globals *globals)
{
	struct assay_err err;
	struct assay_buf text;
	enum assay_status status =
	    assay_cmd_store_open(&stats->store, globals, stats->connector, &err);

	assay_cmd_store_join(&stats->operands, &text);
	if (status == ASSAY_OK)
		status = assay_cmd_store_match(
		    &stats->store, assay_buf_slice(&text), &stats->match, &err);
	if (status == ASSAY_OK)
		status = ask_all(stats, &err);
	if (status == ASSAY_OK)
		add_answer(stats);
	assay_buf_release(&text);
	json_decref(stats->match);
	json_decref(stats->answer);
	assay_cmd_store_close(&stats->store);
	return status == ASSAY_OK ? 0 : assay_cmd_fail(&err);
}

/* set_limit - --limit N */
static bool set_limit(struct stats *stats, const char *text)
{
	uint64_t n;

	if (!assay_slice_u64(assay_slice_str(text), &n) || n < 1 || n > 100000)
		return false;
	stats->limit = (int64_t)n;
	return true;
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(struct stats *stats, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_stats, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			assay_words_add(&stats->operands, value);
		stats->json |= which == JSON;
		if (which == STORE)
			stats->connector = value;
		if (which == LIMIT && !set_limit(stats, value)) {
			(void)assay_err_set(
			    &err, ASSAY_E_USAGE, "--limit %s: a number from 1 to 100000", value);
			return assay_cmd_fail(&err);
		}
	}
	return -1;
}

/* run - `assay stats ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct stats stats = { .limit = TOP };
	int code = read_args(&stats, globals, argc, argv);

	if (code < 0)
		code = assay_cmd_close_stdout(count_store(&stats, globals));
	assay_words_free(&stats.operands);
	return code;
}

const struct assay_cmd assay_cmd_stats = {
	.name = "stats",
	.synopsis = "[QUERY]",
	.summary = "Counts what the store holds: per day, verdict, sender, type, rule.",
	.more = "QUERY as for \"assay search\": only these mails are counted.",
	.args = args_of_stats,
	.run = run,
};
