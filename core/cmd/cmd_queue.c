/*
 * core/cmd/cmd_queue.c - `assay queue`: what waits for connectors and archivers, and what they
 * refused
 *
 * Works on the directories, whether the service runs or not; makes none. Needs root or the user of
 * the service. What is read there is foreign text.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/board.h"
#include "core/cmd/cmd.h"
#include "core/json.h"
#include "core/queue.h"
#include "core/records.h"
#include "text/printable.h"

#define OUT_MAX ((size_t)256 << 20)
#define FLUSH ((size_t)64 << 10)
#define JANITOR 2u /* its slot: core/board.h */

enum { JSON, ALL };

static const struct assay_arg args_of_queue[] = {
	{ 0, "json", NULL, "One line of JSON per queue or entry" },
	{ 0, "all", NULL, "drop: everything in the queues that are named" },
	{ 0, NULL, NULL, NULL },
};

struct asked {
	struct assay_config *config;
	struct assay_arena *arena;
	struct assay_buf out;
	struct assay_board board; /* base NULL: no service */
	const char *what;         /* "list", ... */
	struct assay_words queues, ids;
	bool *found; /* of each id */
	bool json, all;
	uint64_t done; /* retried, dropped */
};

/* One thing that waits or was put aside. */
struct entry {
	struct assay_queue *queue;
	const char *name; /* of the queue */
	const char *id, *kind, *file;
	const char *why, *aside; /* what it is called in poison/; NULL: it waits */
	uint64_t bytes;
	int64_t wall_ms;
	struct assay_slice json; /* of a record; else empty */
};

/* What is done with each of them. */
typedef enum assay_status visit_fn(struct asked *, const struct entry *, struct assay_err *);

/* ---- words -------------------------------------------------------------------------------------
 */

/* flush - what there is, when it is much or the end */
static void flush(struct asked *asked, size_t more_than)
{
	if (asked->out.n <= more_than)
		return;
	assay_cmd_print(assay_buf_slice(&asked->out));
	assay_buf_clear(&asked->out);
}

/* add_json - one line */
static void add_json(struct asked *asked, json_t *line)
{
	(void)assay_json_write(line, ASSAY_JSON_COMPACT, &asked->out);
	(void)assay_buf_add_char(&asked->out, '\n');
	json_decref(line);
}

/* time_of - or null */
static json_t *time_of(int64_t wall_ms)
{
	return wall_ms > 0 ? assay_json_time(wall_ms) : json_null();
}

/* json_of - an entry */
static json_t *json_of(const struct entry *e)
{
	json_t *line = json_object();

	assay_json_set(line, "queue", assay_json_str(e->name));
	assay_json_set(line, "id", assay_json_str(e->id));
	assay_json_set(line, "kind", assay_json_str(e->kind));
	assay_json_set(line, "state", assay_json_own(e->why != NULL ? "aside" : "waits"));
	assay_json_set(line, "since", time_of(e->wall_ms));
	assay_json_set(line, "bytes", assay_json_int((int64_t)e->bytes));
	assay_json_set(line, "why", assay_json_str(e->why));
	return line;
}

/* print_entry - one line of a list */
static enum assay_status print_entry(
    struct asked *asked, const struct entry *e, struct assay_err *err)
{
	char since[ASSAY_TIME_TEXT];

	(void)err;
	if (asked->json) {
		add_json(asked, json_of(e));
	} else {
		assay_clock_format(e->wall_ms, since);
		(void)assay_buf_printf(&asked->out, "%s  %s  %-8s %10" PRIu64 "  ", since,
		    e->why != NULL ? "aside" : "waits", e->kind, e->bytes);
		(void)assay_printable_add(&asked->out, assay_slice_str(e->id), 300);
		(void)assay_buf_add_str(&asked->out, e->why != NULL ? "  " : "");
		if (e->why != NULL)
			(void)assay_printable_add(&asked->out, assay_slice_str(e->why), 600);
		(void)assay_buf_add_char(&asked->out, '\n');
	}
	flush(asked, FLUSH);
	return ASSAY_OK;
}

/* show_entry - and the record itself */
static enum assay_status show_entry(
    struct asked *asked, const struct entry *e, struct assay_err *err)
{
	json_t *record = NULL, *line;

	if (e->json.n > 0) {
		enum assay_status st = assay_json_parse(e->json, &record, err);

		if (st != ASSAY_OK) {
			assay_err_prefix(err, "%s in %s", e->id, e->name);
			return st;
		}
	}
	line = json_of(e);
	assay_json_set(line, "record", record != NULL ? record : json_null());
	(void)assay_json_write(
	    line, asked->json ? ASSAY_JSON_COMPACT : ASSAY_JSON_INDENTED, &asked->out);
	(void)assay_buf_add_char(&asked->out, '\n');
	json_decref(line);
	flush(asked, 0);
	return ASSAY_OK;
}

/* ---- entries -----------------------------------------------------------------------------------
 */

/* wanted - is it one of the ids? */
static bool wanted(struct asked *asked, const char *id)
{
	bool any = asked->ids.n == 0;

	for (size_t i = 0; i < asked->ids.n; i++)
		if (strcmp(asked->ids.word[i], id) == 0)
			any = asked->found[i] = true;
	return any;
}

/* visit_damaged - a file that is not what it should be, by its name */
static enum assay_status visit_damaged(
    struct asked *asked, struct entry *e, uint64_t bytes, visit_fn *visit, struct assay_err *err)
{
	e->id = e->file;
	e->kind = "damaged";
	e->bytes = bytes;
	e->json = ASSAY_SLICE_NONE;
	return wanted(asked, e->id) ? visit(asked, e, err) : ASSAY_OK;
}

/* visit_records - of one file */
static enum assay_status visit_records(struct asked *asked, struct entry *e,
    const struct assay_queue_file *file, visit_fn *visit, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (size_t i = 0; i < file->n && st == ASSAY_OK; i++) {
		e->id = file->record[i].id;
		e->kind = file->record[i].kind;
		e->bytes = file->record[i].json.n;
		e->json = file->record[i].json;
		if (wanted(asked, e->id))
			st = visit(asked, e, err);
	}
	return st;
}

/* visit_payloads - likewise */
static enum assay_status visit_payloads(
    struct asked *asked, struct entry *e, visit_fn *visit, struct assay_err *err)
{
	struct assay_container all;
	bool broken;
	enum assay_status st = assay_queue_map(e->queue, e->file, &all, &broken, err);

	for (size_t i = 0; i < all.n && st == ASSAY_OK; i++) {
		e->id = all.kept[i].sha256;
		e->kind = "payload";
		e->bytes = all.kept[i].bytes.n;
		if (wanted(asked, e->id))
			st = visit(asked, e, err);
	}
	if (st == ASSAY_OK && broken)
		st = visit_damaged(asked, e, all.map.n, visit, err);
	assay_container_close(&all);
	return st;
}

/* visit_rescan - a message that is to be scanned again, by the name of its file */
static enum assay_status visit_rescan(
    struct asked *asked, struct entry *e, visit_fn *visit, struct assay_err *err)
{
	struct assay_queue_message message;
	enum assay_status st = ASSAY_OK;

	e->id = e->file;
	e->kind = "request";
	if (!wanted(asked, e->id))
		return ASSAY_OK;
	st = assay_queue_message(e->queue, e->file, &message, err);
	e->bytes = message.message.n;
	if (st == ASSAY_OK)
		st = visit(asked, e, err);
	assay_queue_message_release(&message);
	return st;
}

/* visit_file - one that waits; that it is gone by now is fine */
static enum assay_status visit_file(
    struct asked *asked, struct entry *e, visit_fn *visit, struct assay_err *err)
{
	const struct assay_slice name = assay_slice_str(e->file);
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_file file;
	enum assay_status st;

	(void)assay_records_name_read(e->file, &e->wall_ms, NULL);
	if (assay_slice_ends(name, ASSAY_RECORDS_PAYLOADS)) {
		st = visit_payloads(asked, e, visit, err);
	} else if (assay_slice_ends(name, ASSAY_RECORDS_RESCAN)) {
		st = visit_rescan(asked, e, visit, err);
	} else {
		st = assay_queue_read(e->queue, e->file, arena, &file, err);
		if (st == ASSAY_OK)
			st = visit_records(asked, e, &file, visit, err);
		if (st == ASSAY_OK && file.broken)
			st = visit_damaged(asked, e, file.bytes, visit, err);
	}
	assay_arena_free(&arena);
	return st == ASSAY_E_NOENT ? ASSAY_OK : st;
}

/* visit_aside - one that was put aside */
static enum assay_status visit_aside(struct asked *asked, struct entry *e,
    const struct assay_queue_poisoned *p, visit_fn *visit, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_file file;
	enum assay_status st = ASSAY_OK;

	e->id = e->aside = p->id;
	e->why = p->why;
	e->wall_ms = p->wall_ms;
	e->bytes = p->bytes;
	e->kind = strcmp(p->id, p->name) == 0 ? "file" : "payload";
	e->json = ASSAY_SLICE_NONE;
	if (assay_slice_ends(assay_slice_str(p->name), ".record") &&
	    assay_queue_read_poison(e->queue, p->name, arena, &file, err) == ASSAY_OK &&
	    file.n == 1) {
		e->id = file.record[0].id;
		e->kind = file.record[0].kind;
		e->json = file.record[0].json;
	}
	/* Goes by its own id, or by the name under which it lies. */
	if (wanted(asked, e->id) || wanted(asked, p->id))
		st = visit(asked, e, err);
	assay_arena_free(&arena);
	return st;
}

/* retry_entry - what was put aside comes back */
static enum assay_status retry_entry(
    struct asked *asked, const struct entry *e, struct assay_err *err)
{
	size_t n;
	const enum assay_status st = assay_queue_retry(e->queue, e->aside, &n, err);

	asked->done += n;
	return st == ASSAY_E_NOENT ? ASSAY_OK : st;
}

/* visit_queue - all that waits, the oldest first, then all that was put aside */
static enum assay_status visit_queue(struct asked *asked, struct assay_queue *queue,
    const char *name, visit_fn *visit, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const struct assay_queue_poisoned *aside = NULL;
	const char *const *file = NULL;
	enum assay_status st = ASSAY_OK;

	/* What waits is tried anyway. */
	if (visit != retry_entry)
		st = assay_queue_list(queue, ASSAY_QUEUE_LIST_MOST, arena, &file, err);
	for (; st == ASSAY_OK && file != NULL && *file != NULL; file++)
		st = visit_file(asked,
		    &(struct entry){ .queue = queue, .name = name, .file = *file }, visit, err);
	if (st == ASSAY_OK)
		st = assay_queue_poisons(queue, arena, &aside, err);
	for (; st == ASSAY_OK && aside->id != NULL; aside++)
		st = visit_aside(
		    asked, &(struct entry){ .queue = queue, .name = name }, aside, visit, err);
	assay_arena_free(&arena);
	return st;
}

/* ---- actions -----------------------------------------------------------------------------------
 */

/* drop_entry - for good */
static enum assay_status drop_entry(
    struct asked *asked, const struct entry *e, struct assay_err *err)
{
	enum assay_status st;

	if (e->why != NULL)
		st = assay_queue_forget(e->queue, e->aside, err);
	else if (strcmp(e->id, e->file) == 0)
		st = assay_queue_remove(e->queue, e->file, err);
	else
		st = assay_queue_drop(e->queue, e->file, e->id, err);
	asked->done += st == ASSAY_OK;
	return st == ASSAY_E_NOENT ? ASSAY_OK : st;
}

/* drop_all - everything of one queue */
static enum assay_status drop_all(
    struct asked *asked, struct assay_queue *queue, struct assay_err *err)
{
	struct assay_queue_dropped files, aside = { 0, 0 };
	enum assay_status st =
	    assay_queue_trim(queue, UINT64_MAX, ASSAY_QUEUE_LIST_MOST, &files, err);

	if (st == ASSAY_OK)
		st = assay_queue_trim_poison(queue, UINT64_MAX, &aside, err);
	asked->done += files.n + aside.n;
	return st;
}

/* ---- queues ------------------------------------------------------------------------------------
 */

/* is_configured - is anything put into it? */
static bool is_configured(const struct asked *asked, const char *name)
{
	static const struct {
		const char *prefix, *option;
	} kinds[] = { { "connector-", "connectors" }, { "archiver-", "archivers" } };

	for (size_t i = 0; i < 2; i++) {
		const size_t n = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, n) == 0)
			return assay_slice_in(assay_slice_str(name + n),
			    assay_opt_list(assay_config_core(asked->config), kinds[i].option));
	}
	return strcmp(name, "rescan") == 0;
}

/* dropped_of - what the janitor had to drop, if a service says so */
static uint64_t dropped_of(const struct asked *asked, const char *name)
{
	struct assay_board_slot page;

	if (asked->board.base == NULL || !assay_board_read(&asked->board, JANITOR, &page) ||
	    page.kind != ASSAY_BOARD_JANITOR)
		return 0;
	for (size_t i = 0; i < ASSAY_BOARD_QUEUES; i++)
		if (strcmp(page.of.queue[i].name, name) == 0)
			return page.of.queue[i].dropped;
	return 0;
}

/* print_queue - one line of the overview */
static enum assay_status print_queue(
    struct asked *asked, struct assay_queue *queue, const char *name, struct assay_err *err)
{
	const bool configured = is_configured(asked, name);
	const uint64_t dropped = dropped_of(asked, name);
	struct assay_queue_size size;
	char oldest[ASSAY_TIME_TEXT] = "-";
	enum assay_status st = assay_queue_measure(queue, &size, err);
	json_t *line;

	if (st != ASSAY_OK)
		return st;
	if (!asked->json) {
		if (size.oldest_wall_ms > 0)
			assay_clock_format(size.oldest_wall_ms, oldest);
		(void)assay_buf_printf(&asked->out,
		    "%-28s %8" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s%s\n", name,
		    size.files, size.bytes, size.poison, dropped, oldest,
		    configured ? "" : "  not configured");
		return ASSAY_OK;
	}
	line = json_object();
	assay_json_set(line, "queue", assay_json_str(name));
	assay_json_set(line, "configured", json_boolean(configured));
	assay_json_set(line, "files", assay_json_int((int64_t)size.files));
	assay_json_set(line, "bytes", assay_json_int((int64_t)size.bytes));
	assay_json_set(line, "aside", assay_json_int((int64_t)size.poison));
	assay_json_set(line, "dropped", assay_json_int((int64_t)dropped));
	assay_json_set(line, "oldest", time_of(size.oldest_wall_ms));
	add_json(asked, line);
	return ASSAY_OK;
}

/* do_queue - what is asked, for one queue */
static enum assay_status do_queue(
    struct asked *asked, struct assay_queue *queue, const char *name, struct assay_err *err)
{
	if (strcmp(asked->what, "show") == 0)
		return visit_queue(asked, queue, name, show_entry, err);
	if (strcmp(asked->what, "retry") == 0)
		return visit_queue(asked, queue, name, retry_entry, err);
	if (strcmp(asked->what, "drop") == 0)
		return asked->all ? drop_all(asked, queue, err)
				  : visit_queue(asked, queue, name, drop_entry, err);
	if (asked->queues.n == 0 && asked->ids.n == 0)
		return print_queue(asked, queue, name, err);
	return visit_queue(asked, queue, name, print_entry, err);
}

/* one_queue - opened, done, closed */
static enum assay_status one_queue(struct asked *asked, const char *name, struct assay_err *err)
{
	const char *var = assay_config_path(asked->config, ASSAY_DIR_VAR);
	struct assay_queue *queue = NULL;
	enum assay_status st = assay_queue_open(var, name, &queue, err);

	if (st == ASSAY_OK)
		st = do_queue(asked, queue, name, err);
	assay_queue_close(&queue);
	return st;
}

/* is_named - is this queue asked for? */
static bool is_named(const struct asked *asked, const char *name)
{
	for (size_t i = 0; i < asked->queues.n; i++)
		if (strcmp(asked->queues.word[i], name) == 0)
			return true;
	return asked->queues.n == 0;
}

/* check_names - of queues that are not there */
static enum assay_status check_names(
    const struct asked *asked, const char *const *names, struct assay_err *err)
{
	for (size_t i = 0; i < asked->queues.n; i++)
		if (!assay_slice_in(assay_slice_str(asked->queues.word[i]), names))
			return assay_err_set(err, ASSAY_E_NOENT,
			    "there is no queue \"%.80s\"; \"assay queue list\" names those that "
			    "are",
			    asked->queues.word[i]);
	return ASSAY_OK;
}

/* all_names - of the directories that are there */
static enum assay_status all_names(
    struct asked *asked, const char *const **names, struct assay_err *err)
{
	const char *var = assay_config_path(asked->config, ASSAY_DIR_VAR);
	enum assay_status st = assay_queue_names(var, asked->arena, names, err);
	const char **all;
	size_t n = 0;

	if (access(assay_arena_printf(asked->arena, "%s/queue", var), R_OK | W_OK | X_OK) != 0 &&
	    errno == EACCES)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s/queue belongs to the user of the service; run this as root or as that user",
		    var);
	if (st != ASSAY_OK)
		return st;
	while ((*names)[n] != NULL)
		n++;
	all = assay_arena_calloc(asked->arena, n + 2, sizeof *all);
	memcpy(all, *names, n * sizeof *all);
	if (access(assay_arena_printf(asked->arena, "%s/spool/rescan", var), F_OK) == 0)
		all[n] = "rescan";
	*names = all;
	return ASSAY_OK;
}

/* do_queues - all that are asked for */
static enum assay_status do_queues(struct asked *asked, struct assay_err *err)
{
	const char *const *name = NULL;
	enum assay_status st = all_names(asked, &name, err);
	const bool overview = strcmp(asked->what, "list") == 0 && asked->queues.n == 0 &&
	    asked->ids.n == 0 && !asked->json;

	if (st == ASSAY_OK)
		st = check_names(asked, name, err);
	if (st == ASSAY_OK && overview && *name != NULL)
		(void)assay_buf_printf(&asked->out, "%-28s %8s %12s %8s %8s  %s\n", "queue",
		    "files", "bytes", "aside", "dropped", "oldest");
	for (; st == ASSAY_OK && *name != NULL; name++)
		if (is_named(asked, *name))
			st = one_queue(asked, *name, err);
	if (st == ASSAY_OK &&
	    (strcmp(asked->what, "retry") == 0 || strcmp(asked->what, "drop") == 0))
		(void)assay_buf_printf(&asked->out, "%" PRIu64 " %s\n", asked->done,
		    asked->what[0] == 'r' ? "put back" : "dropped");
	flush(asked, 0);
	return st;
}

/* missing - ids that were nowhere, one line each */
static int missing(const struct asked *asked)
{
	struct assay_err err;
	int code = 0;

	for (size_t i = 0; i < asked->ids.n; i++) {
		if (asked->found[i])
			continue;
		(void)assay_err_set(&err, ASSAY_E_NOENT, "%.100s %s", asked->ids.word[i],
		    strcmp(asked->what, "retry") == 0 ? "was not put aside" : "is in no queue");
		code = assay_cmd_fail(&err);
	}
	return code;
}

/* do_all - everything behind the command line */
static int do_all(struct asked *asked, const struct assay_cmd_globals *globals)
{
	struct assay_err err;
	enum assay_status st = assay_cmd_config_load(globals, NULL, &asked->config, &err);
	int code = 0;

	asked->arena = assay_arena_new();
	asked->found = assay_arena_calloc(asked->arena, asked->ids.n + 1, sizeof *asked->found);
	assay_buf_init(&asked->out, OUT_MAX);
	/* No service, or none we may look at: nothing was dropped then, as far as we know. */
	if (st == ASSAY_OK &&
	    assay_board_open(
		assay_config_path(asked->config, ASSAY_DIR_RUN), &asked->board, &err) != ASSAY_OK)
		asked->board.base = NULL;
	if (st == ASSAY_OK)
		st = do_queues(asked, &err);
	code = st == ASSAY_OK ? missing(asked) : assay_cmd_fail(&err);
	if (asked->board.base != NULL)
		assay_board_close(&asked->board);
	assay_buf_release(&asked->out);
	assay_arena_free(&asked->arena);
	assay_config_free(&asked->config);
	return code;
}

/* ---- the command line --------------------------------------------------------------------------
 */

/* is_queue - or an id? */
static bool is_queue(const char *word)
{
	return strncmp(word, "connector-", 10) == 0 || strncmp(word, "archiver-", 9) == 0 ||
	    strcmp(word, "rescan") == 0;
}

/* check - does what is said make sense? */
static enum assay_status check(const struct asked *asked, struct assay_err *err)
{
	static const char *const known[] = { "list", "show", "retry", "drop", NULL };
	size_t i = 0;

	if (asked->what == NULL)
		return assay_err_set(err, ASSAY_E_USAGE, "list, show, retry or drop?");
	while (known[i] != NULL && strcmp(known[i], asked->what) != 0)
		i++;
	if (known[i] == NULL)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "\"%.40s\": there are list, show, retry and drop", asked->what);
	if (asked->all && (i != 3 || asked->queues.n == 0 || asked->ids.n > 0))
		return assay_err_set(err, ASSAY_E_USAGE,
		    "--all goes with drop and the names of queues: it empties them");
	if ((i == 1 || (i == 3 && !asked->all)) && asked->ids.n == 0)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "%s what? \"assay queue list QUEUE\" has ids", asked->what);
	return ASSAY_OK;
}

/* take - one operand */
static void take(struct asked *asked, const char *word)
{
	if (asked->what == NULL)
		asked->what = word;
	else if (is_queue(word))
		assay_words_add(&asked->queues, word);
	else
		assay_words_add(&asked->ids, word);
}

/* run - `assay queue ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct asked asked = { .what = NULL };
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which, code = -1;

	assay_args_init(&args, &assay_cmd_queue, globals, argc, argv);
	while (code < 0 && (which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			code = args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			take(&asked, value);
		asked.json |= which == JSON;
		asked.all |= which == ALL;
	}
	if (code < 0 && check(&asked, &err) != ASSAY_OK)
		code = assay_cmd_fail(&err);
	if (code < 0)
		code = assay_cmd_close_stdout(do_all(&asked, globals));
	assay_words_free(&asked.queues);
	assay_words_free(&asked.ids);
	return code;
}

const struct assay_cmd assay_cmd_queue = {
	.name = "queue",
	.synopsis = "list|show|retry|drop [QUEUE...] [ID...]",
	.summary = "What waits for connectors and archivers, and what they refused.",
	.more = "list             a line per queue\n"
		"list QUEUE...    a line per report or payload that waits or was put aside\n"
		"show ID...       the report itself, as JSON\n"
		"retry [ID...]    what was put aside goes back into its queue\n"
		"drop ID...       is never told; drop --all QUEUE... empties these",
	.args = args_of_queue,
	.run = run,
};
