/*
 * sqlite/part.c - see part.h. The parts are read anew in each transaction: another process may have
 * written in between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "part.h"

#define SHARE 64
#define FIRST_ROOM 32u

/* A part's text: merged by eights. What a transaction adds is flushed by the megabyte (FTS5's own
 * `hashsize`): FTS5's hash has some 13 bits for a trigram of ASCII, and in more memory its chains
 * grow until they take half of the time. */
static const char make_text[] =
    "CREATE VIRTUAL TABLE text_%lld USING fts5(subject, names, body, content='', columnsize=0,"
    " tokenize='trigram');"
    "INSERT INTO text_%lld(text_%lld, rank) VALUES('automerge', 8);"
    "CREATE VIRTUAL TABLE terms_%lld USING fts5vocab(text_%lld, row)";
static const char drop_part[] =
    "DROP TABLE terms_%lld; DROP TABLE text_%lld; DELETE FROM part WHERE id = %lld";

/* parts_of - the parts of a store, made at the first call */
static struct assay_parts *parts_of(struct assay_store *store)
{
	if (store->parts == NULL)
		store->parts = assay_xcalloc(1, sizeof *store->parts);
	return store->parts;
}

/* add - one more in memory */
static struct assay_part *add(struct assay_parts *parts)
{
	if (parts->n == parts->room) {
		parts->room = parts->room == 0 ? FIRST_ROOM : 2 * parts->room;
		parts->part = assay_xrealloc(parts->part, parts->room * sizeof *parts->part);
	}
	return &parts->part[parts->n++];
}

/* assay_part_load - see part.h */
enum assay_status assay_part_load(struct assay_store *store, struct assay_err *err)
{
	struct assay_parts *parts = parts_of(store);
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_store_prepare(
	    store, "SELECT id, first, first_value FROM part ORDER BY id", &stmt, err);

	parts->n = 0;
	while (status == ASSAY_OK) {
		status = assay_store_step(store, stmt, err);
		if (status == ASSAY_OK)
			*add(parts) = (struct assay_part){ sqlite3_column_int64(stmt, 0),
				sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2) };
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* assay_part_ready - see part.h */
enum assay_status assay_part_ready(struct assay_store *store, struct assay_err *err)
{
	struct assay_parts *parts = parts_of(store);
	enum assay_status status = assay_part_load(store, err);

	if (status == ASSAY_OK)
		status = assay_store_number(store,
		    "SELECT value FROM about WHERE name = 'next_value'", &parts->next_value, err);
	parts->kept_value = parts->next_value;
	if (status == ASSAY_OK)
		status = assay_store_number(store,
		    "SELECT value FROM about WHERE name = 'part_reports'", &parts->reports, err);
	return status;
}

/* assay_part_begin - see part.h */
enum assay_status assay_part_begin(struct assay_store *store, struct assay_err *err)
{
	enum assay_status status = assay_store_exec(store, "BEGIN IMMEDIATE", err);

	if (status != ASSAY_OK)
		return status;
	status = assay_part_ready(store, err);
	return status == ASSAY_OK ? status : assay_part_end(store, status, err);
}

/* assay_part_end - see part.h */
enum assay_status assay_part_end(
    struct assay_store *store, enum assay_status status, struct assay_err *err)
{
	const struct assay_parts *parts = store->parts;

	if (status == ASSAY_OK && parts->next_value != parts->kept_value)
		status = assay_store_exec_for(store,
		    "UPDATE about SET value = %lld WHERE name = 'next_value'", parts->next_value,
		    err);
	if (status == ASSAY_OK)
		status = assay_store_exec(store, "COMMIT", err);
	if (status != ASSAY_OK)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

/* ---- which part ------------------------------------------------------------------------------ */

/* assay_part_of - see part.h */
const struct assay_part *assay_part_of(const struct assay_store *store, int64_t report)
{
	const struct assay_parts *parts = store->parts;
	size_t low = 0, high = parts->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (parts->part[middle].first <= report)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &parts->part[low - 1] : NULL;
}

/* is_full - may the newest part not take this report? */
static bool is_full(const struct assay_parts *parts, int64_t report)
{
	const struct assay_part *last = &parts->part[parts->n - 1];
	const int64_t share = (report - parts->part[0].first) / SHARE;

	return report - last->first >= (share > parts->reports ? share : parts->reports);
}

/* assay_part_for - see part.h */
enum assay_status assay_part_for(struct assay_store *store, int64_t report,
    const struct assay_part **part, struct assay_err *err)
{
	struct assay_parts *parts = store->parts;
	enum assay_status status;
	struct assay_part new;
	sqlite3_stmt *stmt;

	*part = parts->n > 0 ? &parts->part[parts->n - 1] : NULL;
	if (*part != NULL && !is_full(parts, report))
		return ASSAY_OK;
	new = (struct assay_part){ parts->n > 0 ? (*part)->id + 1 : 1, report, parts->next_value };
	status = assay_store_prepare(
	    store, "INSERT INTO part(id, first, first_value, removed) VALUES(?,?,?,0)", &stmt, err);
	if (status == ASSAY_OK) {
		(void)sqlite3_bind_int64(stmt, 1, new.id);
		(void)sqlite3_bind_int64(stmt, 2, new.first);
		(void)sqlite3_bind_int64(stmt, 3, new.first_value);
		status = assay_store_run(store, stmt, err);
	}
	(void)sqlite3_finalize(stmt);
	if (status == ASSAY_OK)
		status = assay_store_exec_for(store, make_text, new.id, err);
	if (status != ASSAY_OK)
		return status;
	*add(parts) = new;
	*part = &parts->part[parts->n - 1];
	return ASSAY_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* forget_text - the statements of a part */
static void forget_text(struct assay_parts *parts)
{
	(void)sqlite3_finalize(parts->add_text);
	(void)sqlite3_finalize(parts->drop_text);
	parts->add_text = parts->drop_text = NULL;
	parts->text_part = 0;
}

/* assay_part_text - see part.h */
enum assay_status assay_part_text(struct assay_store *store, const struct assay_part *part,
    bool drop, sqlite3_stmt **stmt, struct assay_err *err)
{
	struct assay_parts *parts = store->parts;
	sqlite3_stmt **kept = drop ? &parts->drop_text : &parts->add_text;
	enum assay_status status = ASSAY_OK;
	char sql[200];

	if (parts->text_part != part->id)
		forget_text(parts);
	parts->text_part = part->id;
	if (*kept == NULL) {
		const long long id = (long long)part->id;

		if (drop)
			(void)snprintf(sql, sizeof sql,
			    "INSERT INTO text_%lld(text_%lld, rowid, subject, names, body)"
			    " VALUES('delete', ?1, ?2, ?3, ?4)",
			    id, id);
		else
			(void)snprintf(sql, sizeof sql,
			    "INSERT INTO text_%lld(rowid, subject, names, body)"
			    " VALUES(?1, ?2, ?3, ?4)",
			    id);
		status = assay_store_prepare(store, sql, kept, err);
	}
	*stmt = *kept;
	if (status == ASSAY_OK) {
		(void)sqlite3_reset(*stmt);
		(void)sqlite3_clear_bindings(*stmt);
	}
	return status;
}

/* assay_part_sweep - see part.h */
enum assay_status assay_part_sweep(struct assay_store *store, struct assay_err *err)
{
	struct assay_parts *parts = store->parts;
	enum assay_status status = ASSAY_OK;
	size_t left = 0;

	for (size_t i = 0; i < parts->n && status == ASSAY_OK; i++) {
		const struct assay_part part = parts->part[i];
		char sql[100];
		int64_t any = 1;

		if (i + 1 < parts->n) {
			(void)snprintf(sql, sizeof sql,
			    "SELECT count(*) FROM (SELECT 1 FROM report WHERE id >= %lld"
			    " AND id < %lld LIMIT 1)",
			    (long long)part.first, (long long)parts->part[i + 1].first);
			status = assay_store_number(store, sql, &any, err);
		}
		if (status == ASSAY_OK && any == 0) {
			forget_text(parts);
			status = assay_store_exec_for(store, drop_part, part.id, err);
		} else {
			parts->part[left++] = part;
		}
	}
	if (status == ASSAY_OK)
		parts->n = left;
	return status;
}

/* ---- in SQL ---------------------------------------------------------------------------------- */

/* id_at - one of a list; the list may lie anywhere */
static int64_t id_at(const char *list, size_t i)
{
	int64_t id;

	memcpy(&id, list + i * sizeof id, sizeof id);
	return id;
}

/* from - the place of the first id that is not below `least` */
static size_t from(const char *list, size_t n, int64_t least)
{
	size_t low = 0;

	while (low < n) {
		const size_t middle = low + (n - low) / 2;

		if (id_at(list, middle) < least)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* pick - assay_pick(report, ids, k) */
static void pick(sqlite3_context *context, int count, sqlite3_value **value)
{
	const struct assay_store *store = sqlite3_user_data(context);
	const struct assay_part *part = assay_part_of(store, sqlite3_value_int64(value[0]));
	const char *list = sqlite3_value_blob(value[1]);
	const size_t n = (size_t)sqlite3_value_bytes(value[1]) / sizeof(int64_t);
	const struct assay_parts *parts = store->parts;
	size_t at;

	(void)count;
	if (part == NULL || list == NULL)
		return;
	at = from(list, n, part->first_value) + (size_t)sqlite3_value_int64(value[2]);
	if (at < n && (part + 1 == parts->part + parts->n || id_at(list, at) < part[1].first_value))
		sqlite3_result_int64(context, id_at(list, at));
}

/* assay_part_register - see part.h */
int assay_part_register(struct assay_store *store)
{
	(void)parts_of(store);
	return sqlite3_create_function_v2(store->db, "assay_pick", 3,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, store, pick, NULL, NULL, NULL);
}

/* assay_part_free - see part.h */
void assay_part_free(struct assay_parts **parts)
{
	if (*parts == NULL)
		return;
	forget_text(*parts);
	free((*parts)->part);
	free(*parts);
	*parts = NULL;
}
