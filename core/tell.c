/*
 * core/tell.c - see tell.h
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/host.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/privacy.h"
#include "core/report_check.h"
#include "core/tell.h"

#define ROWS_MAX 64u

const struct assay_opt assay_tell_rows[] = {
	{ "fields", ASSAY_OPT_ENUM, "personal", 0, 0, "technical|personal|content",
	    "the most that is told: digests and types; names and addresses; bodies as well" },
	{ "exclude", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "places of the report that are not told, e.g. results[].workers.smtp.subject" },
	{ "pseudonymise", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "words of facts{} whose values get other names, e.g. rcpt" },
	{ "pseudonymise_key", ASSAY_OPT_STR, "", 0, 0, NULL,
	    "file with the secret that the other names are made with, at least 16 bytes" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* Of what waits for a connector or an archiver. */
static const struct assay_opt queue_rows[] = {
	{ "queue_max", ASSAY_OPT_SIZE, "1G", 1 << 20, INT64_MAX, NULL,
	    "size of what may wait in the service" },
	{ "when_full", ASSAY_OPT_ENUM, "drop_oldest", 0, 0, "drop_oldest|hold_mail",
	    "what happens when more would wait" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* Of those that can forget. */
static const struct assay_opt report_rows[] = {
	{ "keep_reports", ASSAY_OPT_TIME, "90d", 0, INT64_MAX, NULL,
	    "how long reports are kept; 0s: for ever" },
	{ "reports_max", ASSAY_OPT_SIZE, "0B", 0, INT64_MAX, NULL,
	    "size above which the oldest reports are forgotten; 0B: any size" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

static const struct assay_opt archive_rows[] = {
	{ "keep_archive", ASSAY_OPT_TIME, "30d", 0, INT64_MAX, NULL,
	    "how long payloads are kept; 0s: for ever" },
	{ "archive_max", ASSAY_OPT_SIZE, "0B", 0, INT64_MAX, NULL,
	    "size above which the oldest payloads are forgotten; 0B: any size" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

struct assay_tell {
	struct assay_arena *arena;
	const struct assay_loaded *to;
	struct assay_privacy_filter *filter;
};

/* has_row - does the plugin say it otherwise? */
static bool has_row(const struct assay_opt *rows, const char *name)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return true;
	return false;
}

/* add_rows - those that are not there yet */
static void add_rows(struct assay_opt *all, size_t *n, const struct assay_opt *rows)
{
	for (const struct assay_opt *row = rows; row != NULL && row->name != NULL; row++) {
		if (has_row(all, row->name))
			continue;
		ASSAY_ASSERT(*n + 1 < ROWS_MAX);
		all[(*n)++] = *row;
	}
}

/* assay_tell_rows_of - see tell.h */
const struct assay_opt *assay_tell_rows_of(
    struct assay_arena *arena, const struct assay_plugin *plugin)
{
	const bool reports = plugin->connector != NULL, payloads = plugin->archiver != NULL;
	struct assay_opt *all;
	size_t n = 0;

	if (!reports && !payloads)
		return plugin->options;
	all = assay_arena_calloc(arena, ROWS_MAX, sizeof *all);
	add_rows(all, &n, plugin->options);
	if (reports)
		add_rows(all, &n, assay_tell_rows);
	add_rows(all, &n, queue_rows);
	if (reports && plugin->connector->expire != NULL)
		add_rows(all, &n, report_rows);
	if (payloads && plugin->archiver->expire != NULL)
		add_rows(all, &n, archive_rows);
	return all;
}

/* assay_tell_open - see tell.h */
enum assay_status assay_tell_open(const struct assay_host *host, const char *name,
    struct assay_tell **tell, struct assay_err *err)
{
	const struct assay_loaded *to = assay_host_find(host, name);
	struct assay_tell *t = assay_xcalloc(1, sizeof *t);
	struct assay_privacy_options options;
	enum assay_status status;

	if (to == NULL || to->plugin->connector == NULL)
		ASSAY_BUG("%s is no loaded connector", name);
	options.fields = (enum assay_privacy)assay_opts_enum(to->opts, "fields");
	options.exclude = assay_opt_list(to->opts, "exclude");
	options.pseudonymise = assay_opt_list(to->opts, "pseudonymise");
	options.key_file = assay_opt_path(to->opts, "pseudonymise_key");
	t->arena = assay_arena_new();
	t->to = to;
	status = assay_privacy_new(t->arena, host, &options, &t->filter, err);
	if (status != ASSAY_OK) {
		assay_err_prefix(err, "connector %s", name);
		assay_tell_close(&t);
	}
	*tell = t;
	return status;
}

/* assay_tell_check - see tell.h */
enum assay_status assay_tell_check(
    const struct assay_host *host, const char *const *names, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	struct assay_tell *tell;

	for (; status == ASSAY_OK && *names != NULL; names++) {
		status = assay_tell_open(host, *names, &tell, err);
		assay_tell_close(&tell);
	}
	return status;
}

/* filtered - the record as this connector may see it */
static enum assay_status filtered(const struct assay_tell *tell, const struct assay_record *record,
    struct assay_record *out, struct assay_arena *arena, struct assay_err *err)
{
	json_t *json = NULL;
	struct assay_buf buf;
	enum assay_status status = assay_json_parse(record->json, &json, err);

	if (status != ASSAY_OK) {
		assay_err_prefix(err, "%s %s", record->kind, record->id);
		return status;
	}
	assay_privacy_apply(tell->filter, json);
	*out = *record;
	assay_buf_init(&buf, ASSAY_REPORT_BYTES * 2);
	if (!assay_json_write(json, ASSAY_JSON_COMPACT, &buf))
		status = assay_err_set(
		    err, ASSAY_E_LIMIT, "%s %s is too large", record->kind, record->id);
	out->json = assay_arena_slice(arena, assay_buf_slice(&buf));
	assay_buf_release(&buf);
	json_decref(json);
	return status;
}

/* assay_tell_save - see tell.h */
enum assay_status assay_tell_save(
    struct assay_tell *tell, const struct assay_record *records, size_t n, struct assay_err *err)
{
	const struct assay_connector *connector = tell->to->plugin->connector;
	enum assay_status status = ASSAY_OK;
	struct assay_record *told;
	struct assay_arena *arena;

	if (assay_privacy_is_open(tell->filter))
		return connector->save(tell->to->state, records, n, err);
	arena = assay_arena_new();
	told = assay_arena_calloc(arena, n, sizeof *told);
	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = filtered(tell, &records[i], &told[i], arena, err);
	if (status == ASSAY_OK)
		status = connector->save(tell->to->state, told, n, err);
	assay_arena_free(&arena);
	return status;
}

/* assay_tell_flush - see tell.h */
enum assay_status assay_tell_flush(struct assay_tell *tell, struct assay_err *err)
{
	const struct assay_connector *connector = tell->to->plugin->connector;

	return connector->flush != NULL ? connector->flush(tell->to->state, err) : ASSAY_OK;
}

/* assay_tell_name - see tell.h */
const char *assay_tell_name(const struct assay_tell *tell)
{
	return tell->to->name;
}

/* assay_tell_close - see tell.h */
void assay_tell_close(struct assay_tell **tell)
{
	if (*tell == NULL)
		return;
	assay_arena_free(&(*tell)->arena);
	free(*tell);
	*tell = NULL;
}
