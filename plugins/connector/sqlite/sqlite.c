/*
 * sqlite - the embedded store: every report in one file, and an answer to `assay search`
 *
 * Touches that file and those beside it that SQLite makes (-wal, -shm). Opened at the first record
 * or question, in the process that asks, after any fork. A batch is one transaction: all of it or
 * nothing; a report that is there already changes nothing. Durable after flush.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <assay/plugin.h>

#include "answer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "erase.h"
#include "find.h"
#include "index.h"
#include "migrate.h"
#include "part.h"

#define WAL_MOST ((int64_t)256 << 20)

struct sqlite {
	const char *path;
	gid_t group;
	bool bodies;
	int lock_ms;
	int64_t timeout_ms;
	struct assay_store *writer, *reader;
};

static const struct assay_opt options[] = {
	{ "when_full", ASSAY_OPT_ENUM, "hold_mail", 0, 0, "drop_oldest|hold_mail",
	    "what happens when more than queue_max would wait: an import may outrun the store" },
	{ "path", ASSAY_OPT_STR, "store.db", 0, 0, NULL,
	    "the file; below the directory for state when relative" },
	{ "store_bodies", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "keep the text of bodies, and find it" },
	{ "group", ASSAY_OPT_STR, "", 0, 0, NULL,
	    "whose members may search: the group of the file; empty: that of who makes it" },
	{ "query_timeout", ASSAY_OPT_TIME, "60s", 1, 86400000, NULL,
	    "longest time that a question may take" },
	{ "lock_timeout", ASSAY_OPT_TIME, "20s", 0, 3600000, NULL,
	    "how long others who write are waited for" },
	{ "fields", ASSAY_OPT_ENUM, "content", 0, 0, "technical|personal|content",
	    "the most that is kept: digests and types; names and addresses; bodies as well" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* writer - the store, open for writing and of our schema */
static enum assay_status writer(struct sqlite *s, struct assay_store **store, struct assay_err *err)
{
	const struct assay_store_how how = { s->path, true, s->group, s->lock_ms };
	enum assay_status status = ASSAY_OK;

	if (s->writer == NULL)
		status = assay_store_open(&how, &s->writer, err);
	if (status == ASSAY_OK)
		status = assay_migrate(s->writer, err);
	*store = s->writer;
	return status;
}

/* reader - the store, open for reading; never made, but brought up to date by who may */
static enum assay_status reader(struct sqlite *s, struct assay_store **store, struct assay_err *err)
{
	const struct assay_store_how how = { s->path, false, ASSAY_STORE_NO_GROUP, s->lock_ms };
	enum assay_status status = ASSAY_OK;
	struct assay_store *older;

	if (s->reader == NULL)
		status = assay_store_open(&how, &s->reader, err);
	if (status == ASSAY_E_UNSUP && access(s->path, W_OK) == 0) {
		status = writer(s, &older, err);
		if (status == ASSAY_OK)
			status = assay_store_open(&how, &s->reader, err);
	}
	*store = s->reader;
	return status;
}

/* without_bodies - the report without the text of bodies, as bytes on the heap */
static char *without_bodies(json_t *report)
{
	json_t *results = json_object_get(report, "results");

	for (size_t i = 0; i < json_array_size(results); i++) {
		json_t *workers = json_object_get(json_array_get(results, i), "workers"), *result;
		const char *name;

		json_object_foreach(workers, name, result)
		{
			(void)json_object_del(result, "body");
			(void)json_object_del(result, "body_html");
		}
	}
	return json_dumps(report, JSON_COMPACT);
}

/* save_one - one record, in a transaction */
static enum assay_status save_one(struct sqlite *s, struct assay_store *store,
    const struct assay_record *record, struct assay_err *err)
{
	struct assay_slice bytes = record->json;
	enum assay_status status;
	char *changed = NULL;
	json_t *json;

	json = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "%s %s: is no JSON object", record->kind, record->id);
	}
	if (!s->bodies) {
		changed = without_bodies(json);
		bytes = assay_slice_str(changed);
	}
	if (strcmp(record->kind, "finding") == 0)
		status = assay_index_finding(store, record->id, json, bytes, err);
	else
		status = assay_index_report(store, record->id, json, bytes, err);
	free(changed);
	json_decref(json);
	return status;
}

/* sqlite_save - the batch, all or nothing */
static enum assay_status sqlite_save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	struct sqlite *s = state;
	struct assay_store *store;
	enum assay_status status = writer(s, &store, err);

	if (status == ASSAY_OK)
		status = assay_part_begin(store, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = save_one(s, store, &records[i], err);
	return assay_part_end(store, status, err);
}

/* sqlite_flush - a synced commit syncs all before it */
static enum assay_status sqlite_flush(void *state, struct assay_err *err)
{
	struct sqlite *s = state;
	enum assay_status status;

	if (s->writer == NULL)
		return ASSAY_OK;
	status = assay_store_exec(s->writer,
	    "PRAGMA synchronous = FULL;"
	    "UPDATE about SET value = value + 1 WHERE name = 'flushed';"
	    "PRAGMA synchronous = NORMAL",
	    err);
	if (status == ASSAY_OK && assay_store_wal(s->writer) > WAL_MOST)
		assay_erase_wal(s->writer);
	return status;
}

/* sqlite_query - see plugin.h */
static enum assay_status sqlite_query(void *state, const json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	const struct sqlite *s = state;
	const struct assay_question question = { query, row, arg, s->timeout_ms };
	struct assay_store *store;
	enum assay_status status = reader(state, &store, err);

	return status == ASSAY_OK ? assay_answer_query(store, &question, err) : status;
}

/* sqlite_fetch - see plugin.h */
static enum assay_status sqlite_fetch(
    void *state, const char *id, json_t **report, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_status status = reader(state, &store, err);

	return status == ASSAY_OK ? assay_find_report(store, id, report, err) : status;
}

/* sqlite_has - see plugin.h */
static bool sqlite_has(void *state, const char *source_id)
{
	struct assay_store *store;

	return reader(state, &store, NULL) == ASSAY_OK && assay_find_source(store, source_id);
}

/* there - the store for taking something out; *store NULL: nothing was ever kept */
static enum assay_status there(struct sqlite *s, struct assay_store **store, struct assay_err *err)
{
	*store = NULL;
	if (s->writer == NULL && access(s->path, F_OK) != 0 && errno == ENOENT)
		return ASSAY_OK;
	return writer(s, store, err);
}

/* sqlite_erase - see plugin.h */
static enum assay_status sqlite_erase(
    void *state, const char *const *scan_ids, size_t n, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_status status = there(state, &store, err);

	if (status != ASSAY_OK || store == NULL)
		return status;
	return assay_erase_scans(store, scan_ids, n, err);
}

/* sqlite_expire - see plugin.h */
static enum assay_status sqlite_expire(
    void *state, const struct assay_retention *what, uint64_t *gone, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_status status = there(state, &store, err);

	*gone = 0;
	if (status != ASSAY_OK || store == NULL)
		return status == ASSAY_OK ? ASSAY_END : status;
	return assay_erase_old(store, what, gone, err);
}

/* find_group - by its name or number */
static enum assay_status find_group(const char *name, gid_t *group, struct assay_err *err)
{
	char room[4096];
	struct group entry, *found = NULL;
	uint64_t number;

	*group = ASSAY_STORE_NO_GROUP;
	if (name[0] == '\0')
		return ASSAY_OK;
	if (assay_slice_u64(assay_slice_str(name), &number) && number < UINT32_MAX) {
		*group = (gid_t)number;
		return ASSAY_OK;
	}
	(void)getgrnam_r(name, &entry, room, sizeof room, &found);
	if (found == NULL)
		return assay_err_set(
		    err, ASSAY_E_CONF, "group: there is no group \"%s\" on this machine", name);
	*group = entry.gr_gid;
	return ASSAY_OK;
}

/* sqlite_open - notes where; nothing is made yet */
static enum assay_status sqlite_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct sqlite *s = assay_xcalloc(1, sizeof *s);
	const enum assay_status status = find_group(assay_opt_str(opts, "group"), &s->group, err);

	if (status != ASSAY_OK) {
		free(s);
		return status;
	}
	s->path = assay_opt_state_path(opts, "path");
	s->bodies = assay_opt_int(opts, "store_bodies") != 0;
	s->lock_ms = (int)assay_opt_int(opts, "lock_timeout");
	s->timeout_ms = assay_opt_int(opts, "query_timeout");
	*state = s;
	return ASSAY_OK;
}

/* sqlite_close - the file and the state */
static void sqlite_close(void *state)
{
	struct sqlite *s = state;

	assay_store_close(&s->reader);
	assay_store_close(&s->writer);
	free(s);
}

static const struct assay_connector connector = { .save = sqlite_save,
	.flush = sqlite_flush,
	.query = sqlite_query,
	.fetch = sqlite_fetch,
	.has = sqlite_has,
	.erase = sqlite_erase,
	.expire = sqlite_expire };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "sqlite",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "all reports in one file, to be searched",
	.options = options,
	.needs = ASSAY_NEEDS_FILES,
	.open = sqlite_open,
	.close = sqlite_close,
	.connector = &connector,
};
