/*
 * sqlite - the embedded store: every report in one file, and an answer to `assay search`
 *
 * Touches that file and those beside it that SQLite makes (-wal, -shm). Opened at the first record
 * or question, in the process that asks, after any fork. A batch is one transaction: all of it or
 * nothing; a report that is there already changes nothing. Durable after flush.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "answer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "index.h"
#include "store.h"

struct sqlite {
	const char *path;
	bool bodies;
	struct assay_store *writer, *reader;
};

static const struct assay_opt options[] = {
	{ "path", ASSAY_OPT_STR, "store.db", 0, 0, NULL,
	    "the file; below the directory for state when relative" },
	{ "store_bodies", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "keep the text of bodies, and find it" },
	{ "fields", ASSAY_OPT_ENUM, "content", 0, 0, "technical|personal|content",
	    "the most that is kept: digests and types; names and addresses; bodies as well" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* writer - the store, open for writing */
static enum assay_status writer(struct sqlite *s, struct assay_store **store, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	if (s->writer == NULL)
		status = assay_store_open(s->path, true, &s->writer, err);
	*store = s->writer;
	return status;
}

/* reader - the store, open for reading; never made */
static enum assay_status reader(struct sqlite *s, struct assay_store **store, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	if (s->reader == NULL)
		status = assay_store_open(s->path, false, &s->reader, err);
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
		status = assay_store_exec(store, "BEGIN IMMEDIATE", err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = save_one(s, store, &records[i], err);
	if (status == ASSAY_OK)
		status = assay_store_exec(store, "COMMIT", err);
	if (status != ASSAY_OK)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

/* sqlite_flush - a synced commit syncs all before it */
static enum assay_status sqlite_flush(void *state, struct assay_err *err)
{
	struct sqlite *s = state;

	if (s->writer == NULL)
		return ASSAY_OK;
	return assay_store_exec(s->writer,
	    "PRAGMA synchronous = FULL;"
	    "UPDATE about SET value = value + 1 WHERE name = 'flushed';"
	    "PRAGMA synchronous = NORMAL",
	    err);
}

/* sqlite_query - see plugin.h */
static enum assay_status sqlite_query(void *state, const json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_status status = reader(state, &store, err);

	return status == ASSAY_OK ? assay_answer_query(store, query, row, arg, err) : status;
}

/* sqlite_fetch - see plugin.h */
static enum assay_status sqlite_fetch(
    void *state, const char *id, json_t **report, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_status status = reader(state, &store, err);

	return status == ASSAY_OK ? assay_answer_fetch(store, id, report, err) : status;
}

/* sqlite_has - see plugin.h */
static bool sqlite_has(void *state, const char *source_id)
{
	struct assay_store *store;

	return reader(state, &store, NULL) == ASSAY_OK && assay_answer_has(store, source_id);
}

/* sqlite_open - notes where; nothing is made yet */
static enum assay_status sqlite_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct sqlite *s = assay_xcalloc(1, sizeof *s);

	(void)err;
	s->path = assay_opt_state_path(opts, "path");
	s->bodies = assay_opt_int(opts, "store_bodies") != 0;
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
	.has = sqlite_has };

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
