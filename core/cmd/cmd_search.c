/*
 * core/cmd/cmd_search.c - `assay search`: which mails in the store fit?
 *
 * The query (core/query.h) is read against the vocabulary of the loaded plugins and given to the
 * store; rows come back one by one and are printed at once. Exit 1: nothing was found.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/store.h"
#include "core/format.h"
#include "core/json.h"
#include "core/query.h"

#define LIST_LIMIT 50
#define STDIN_MAX ((size_t)64 << 20)

enum { JSON, COUNT, OUTPUT, BY, STDIN, LIMIT, ALL, STORE };

static const struct assay_arg args_of_search[] = {
	{ 0, "json", NULL, "One line of JSON per mail (the form summary)" },
	{ 0, "count", NULL, "How many mails" },
	{ 'o', "output", "WORD", "The values of a word: rcpt, mid, sha256, scan_id ..." },
	{ 0, "by", "WORD", "Mails per value of a word, or per day, month, hour" },
	{ 0, "stdin", "WORD", "Mails of which WORD is one of the lines of standard input" },
	{ 'n', "limit", "N", "At most so many lines; 0: all (a list: 50)" },
	{ 0, "all", NULL, "Every report: superseded ones, several of one mail" },
	{ 'C', "connector", "NAME", "The store to ask" },
	{ 0, NULL, NULL, NULL },
};

struct search {
	struct assay_cmd_store store;
	struct assay_words operands;
	const char *want, *word, *stdin_word, *connector;
	bool json, all;
	int64_t limit, found;
	bool unasked; /* the limit is ours, not the user's */
	bool more;    /* there was one beyond it */
};

/* ---- rows ------------------------------------------------------------------------------------ */

/* add_counted - a number before a value */
static void add_counted(struct assay_cmd_store *store, const json_t *row)
{
	(void)assay_buf_printf(
	    &store->out, "%8lld  ", (long long)json_integer_value(json_object_get(row, "count")));
	assay_cmd_store_add(store, json_object_get(row, "value"), 2048);
	(void)assay_buf_add_char(&store->out, '\n');
}

/* add_row - as it was asked for */
static void add_row(struct search *search, const json_t *row)
{
	struct assay_cmd_store *store = &search->store;

	if (strcmp(search->want, "reports") == 0) {
		json_t *summary = assay_format_summary(row);

		if (search->json) {
			(void)assay_json_write(summary, ASSAY_JSON_COMPACT, &store->out);
			(void)assay_buf_add_char(&store->out, '\n');
		} else {
			assay_cmd_store_line(store, summary);
			(void)assay_buf_add_char(&store->out, '\n');
		}
		json_decref(summary);
	} else if (search->json) {
		(void)assay_json_write(row, ASSAY_JSON_COMPACT, &store->out);
		(void)assay_buf_add_char(&store->out, '\n');
	} else if (strcmp(search->want, "values") == 0) {
		assay_cmd_store_add(store, json_object_get(row, "value"), 4096);
		(void)assay_buf_add_char(&store->out, '\n');
	} else if (strcmp(search->want, "count") == 0) {
		assay_cmd_store_add(store, json_object_get(row, "count"), 32);
		(void)assay_buf_add_char(&store->out, '\n');
	} else {
		add_counted(store, row);
	}
}

/* take_row - print it; the one beyond the limit only says that there is more */
static bool take_row(void *arg, const json_t *row)
{
	struct search *search = arg;
	const json_t *count = json_object_get(row, "count");

	if (search->limit > 0 && search->found >= search->limit) {
		search->more = true;
		return false;
	}
	if (strcmp(search->want, "count") == 0)
		search->found = json_integer_value(count);
	else
		search->found++;
	add_row(search, row);
	assay_cmd_store_print(&search->store);
	return true;
}

/* ---- the question ---------------------------------------------------------------------------- */

/* join_match - both must hold; takes both, either may be NULL */
static json_t *join_match(json_t *a, json_t *b)
{
	json_t *both, *list;

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	both = json_object();
	list = json_array();
	assay_json_append(list, a);
	assay_json_append(list, b);
	assay_json_set(both, "and", list);
	return both;
}

/* read_stdin - --stdin WORD */
static enum assay_status read_stdin(
    const struct search *search, json_t **match, struct assay_err *err)
{
	const struct assay_query_context context = { .vocabulary = assay_host_vocabulary(
							 search->store.host) };
	struct assay_buf text;
	enum assay_status status;

	assay_buf_init(&text, STDIN_MAX);
	status = assay_io_read_all(STDIN_FILENO, &text, err);
	if (status == ASSAY_OK)
		status = assay_query_lines(
		    search->stdin_word, assay_buf_slice(&text), &context, match, err);
	assay_buf_release(&text);
	return status;
}

/* read_query - the operands, and standard input */
static enum assay_status read_query(
    const struct search *search, json_t **match, struct assay_err *err)
{
	json_t *lines = NULL;
	struct assay_buf text;
	enum assay_status status;

	*match = NULL;
	assay_cmd_store_join(&search->operands, &text);
	status = assay_cmd_store_match(&search->store, assay_buf_slice(&text), match, err);
	assay_buf_release(&text);
	if (status == ASSAY_OK && search->stdin_word != NULL)
		status = read_stdin(search, &lines, err);
	if (status == ASSAY_OK)
		*match = join_match(*match, lines);
	return status;
}

/* is_time - may mails be counted by it without being a word? */
static bool is_time(const char *word)
{
	return strcmp(word, "day") == 0 || strcmp(word, "month") == 0 || strcmp(word, "hour") == 0;
}

/* check_word - of --output and --by */
static enum assay_status check_word(const struct search *search, struct assay_err *err)
{
	const struct assay_query_context context = { .vocabulary = assay_host_vocabulary(
							 search->store.host) };

	if (search->word == NULL || (strcmp(search->want, "counts") == 0 && is_time(search->word)))
		return ASSAY_OK;
	return assay_query_word(search->word, &context, err);
}

/* ask - the store; rows are printed as they come */
static enum assay_status ask(struct search *search, struct assay_err *err)
{
	json_t *match = NULL, *query;
	enum assay_status status = check_word(search, err);

	if (status == ASSAY_OK)
		status = read_query(search, &match, err);
	if (status != ASSAY_OK) {
		json_decref(match);
		return status;
	}
	query = json_object();
	assay_json_set(query, "want", assay_json_own(search->want));
	if (match != NULL)
		assay_json_set(query, "match", match);
	if (search->word != NULL)
		assay_json_set(query, "word", assay_json_own(search->word));
	assay_json_set(query, "all", json_boolean(search->all));
	if (search->limit > 0)
		assay_json_set(query, "limit", assay_json_int(search->limit + 1));
	return assay_cmd_store_ask(&search->store, query, take_row, search, err);
}

/* ---- the command line ------------------------------------------------------------------------ */

/* set_want - one of --count, --output, --by */
static enum assay_status set_want(
    struct search *search, const char *want, const char *word, struct assay_err *err)
{
	if (strcmp(search->want, "reports") != 0)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "only one of --count, --output and --by can be given");
	search->want = want;
	search->word = word != NULL && strcmp(word, "mid") == 0 ? "message_id" : word;
	return ASSAY_OK;
}

/* set_limit - --limit N */
static enum assay_status set_limit(struct search *search, const char *text, struct assay_err *err)
{
	uint64_t n;

	if (!assay_slice_u64(assay_slice_str(text), &n) || n >= INT32_MAX)
		return assay_err_set(err, ASSAY_E_USAGE, "--limit %s: a number, 0 for all", text);
	search->limit = (int64_t)n;
	return ASSAY_OK;
}

/* take - one option */
static enum assay_status take(
    struct search *search, int which, const char *value, struct assay_err *err)
{
	switch (which) {
	case COUNT:
		return set_want(search, "count", NULL, err);
	case OUTPUT:
		return set_want(search, "values", value, err);
	case BY:
		return set_want(search, "counts", value, err);
	case LIMIT:
		return set_limit(search, value, err);
	case STDIN:
		search->stdin_word = value;
		break;
	case STORE:
		search->connector = value;
		break;
	default:
		search->json |= which == JSON;
		search->all |= which == ALL;
	}
	return ASSAY_OK;
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(
    struct search *search, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_search, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			assay_words_add(&search->operands, value);
		else if (take(search, which, value, &err) != ASSAY_OK)
			return assay_cmd_fail(&err);
	}
	search->unasked = search->limit < 0;
	if (search->unasked)
		search->limit =
		    strcmp(search->want, "reports") == 0 && !search->json ? LIST_LIMIT : 0;
	return -1;
}

/* search_store - everything behind the command line */
static int search_store(struct search *search, const struct assay_cmd_globals *globals)
{
	struct assay_err err;
	enum assay_status status =
	    assay_cmd_store_open(&search->store, globals, search->connector, &err);

	if (status == ASSAY_OK)
		status = ask(search, &err);
	assay_cmd_store_close(&search->store);
	if (status != ASSAY_OK)
		return assay_cmd_fail(&err);
	if (search->more && search->unasked)
		assay_log(ASSAY_LOG_WARNING, "there are more than these %lld; --limit 0 shows all",
		    (long long)search->limit);
	return search->found > 0 ? 0 : 1;
}

/* run - `assay search ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct search search = { .want = "reports", .limit = -1 };
	int code = read_args(&search, globals, argc, argv);

	if (code < 0)
		code = assay_cmd_close_stdout(search_store(&search, globals));
	assay_words_free(&search.operands);
	return code;
}

const struct assay_cmd assay_cmd_search = {
	.name = "search",
	.synopsis = "[QUERY]",
	.summary = "Finds mails in the store, newest first.",
	.more =
	    "QUERY is WORD:VALUE and plain text, joined with and, or, not and ( ), for example\n"
	    "  assay search 'from:@evil.example (filename:*.docm or path:*.zip/*.exe)'\n"
	    "  assay search 'rcpt:a@example.org since:7d not verdict:accept \"wire transfer\"'\n"
	    "Words: \"assay plugins --facts\"; also verdict, rule, queue_id, scan_id, body, text,\n"
	    "since, until, date:A..B. Exit 1: nothing was found.",
	.args = args_of_search,
	.run = run,
};
