/*
 * sqlite/answer.c - see answer.h
 */
#include <string.h>

#include "answer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "pack.h"
#include "select.h"

#define FOLD 16
#define PREFIX_LEAST 4u
#define UUID 36u

/* One query being answered. */
struct answer {
	struct assay_store *store;
	struct assay_arena *arena;
	struct assay_select *select;
	const char *word; /* of values and counts */
	bool all;
	int64_t limit; /* < 0: none */
	bool (*row)(void *arg, const json_t *row);
	void *arg;
};

/* pair - {"value"} or {"value", "count"}; from columns of a statement */
static json_t *pair(sqlite3_stmt *stmt, bool counted)
{
	json_t *row = json_object(), *value;

	if (sqlite3_column_type(stmt, 0) == SQLITE_INTEGER)
		value = json_integer(sqlite3_column_int64(stmt, 0));
	else
		value = json_stringn((const char *)sqlite3_column_text(stmt, 0),
		    (size_t)sqlite3_column_bytes(stmt, 0));
	(void)json_object_set_new(row, "value", value != NULL ? value : json_null());
	if (counted)
		(void)json_object_set_new(
		    row, "count", json_integer(sqlite3_column_int64(stmt, 1)));
	return row;
}

/* ---- reports --------------------------------------------------------------------------------- */

/* document - the report of a row */
static enum assay_status document(
    struct assay_store *store, int64_t id, json_t **report, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status =
	    assay_store_prepare(store, "SELECT json FROM document WHERE report = ?", &stmt, err);

	if (status == ASSAY_OK) {
		(void)sqlite3_bind_int64(stmt, 1, id);
		status = assay_store_step(store, stmt, err);
	}
	if (status == ASSAY_END)
		status = assay_err_set(err, ASSAY_E_NOENT, "%s: the report is gone", store->path);
	if (status == ASSAY_OK) {
		const char *bytes = sqlite3_column_blob(stmt, 0);

		status = assay_unpack(
		    assay_slice(bytes, (size_t)sqlite3_column_bytes(stmt, 0)), report, err);
		if (status != ASSAY_OK)
			(void)assay_err_prefix(err, "%s", store->path);
	}
	(void)sqlite3_finalize(stmt);
	return status;
}

/* is_new - is it the first report of its mail? */
static bool is_new(struct assay_map *seen, struct assay_arena *arena, sqlite3_stmt *stmt)
{
	const struct assay_slice fold = { sqlite3_column_blob(stmt, 1),
		(size_t)sqlite3_column_bytes(stmt, 1) };

	return !assay_map_has(seen, fold) &&
	    assay_map_add(seen, assay_arena_slice(arena, fold), arena);
}

/* show - one report to the caller; ASSAY_END when he has enough */
static enum assay_status show(
    const struct answer *a, sqlite3_stmt *stmt, bool ids_only, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	json_t *row = NULL;

	if (ids_only) {
		row = json_object();
		(void)json_object_set_new(
		    row, "value", json_string((const char *)sqlite3_column_text(stmt, 2)));
	} else {
		status = document(a->store, sqlite3_column_int64(stmt, 0), &row, err);
	}
	if (status == ASSAY_OK && !a->row(a->arg, row))
		status = ASSAY_END;
	json_decref(row);
	return status;
}

/* reports - newest first, one of each mail */
static enum assay_status reports(const struct answer *a, bool ids_only, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	struct assay_map seen;
	int64_t left = a->limit;
	enum assay_status status = assay_select_prepare(a->select,
	    assay_arena_printf(a->arena,
		"SELECT r.id, r.fold, r.scan_id FROM report r WHERE %s"
		" ORDER BY r.time DESC, r.id DESC",
		a->select->where),
	    &stmt, err);

	assay_map_init(&seen, a->arena);
	while (status == ASSAY_OK && left != 0) {
		status = assay_store_step(a->store, stmt, err);
		if (status != ASSAY_OK || (!a->all && !is_new(&seen, a->arena, stmt)))
			continue;
		status = show(a, stmt, ids_only, err);
		left--;
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* ---- values and counts ----------------------------------------------------------------------- */

/* run - rows of one statement to the caller */
static enum assay_status run(
    const struct answer *a, const char *sql, bool counted, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(a->select, sql, &stmt, err);

	while (status == ASSAY_OK) {
		json_t *row;

		status = assay_store_step(a->store, stmt, err);
		if (status != ASSAY_OK)
			break;
		row = pair(stmt, counted);
		if (!a->row(a->arg, row))
			status = ASSAY_END;
		json_decref(row);
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* distinct - what is counted */
static const char *distinct(const struct answer *a)
{
	return a->all ? "count(*)" : "count(DISTINCT r.fold)";
}

/* values - of a word, each once */
static enum assay_status values(const struct answer *a, struct assay_err *err)
{
	if (strcmp(a->word, "scan_id") == 0)
		return reports(a, true, err);
	return run(a,
	    assay_arena_printf(a->arena,
		"SELECT coalesce(v.shown, v.text) FROM value v WHERE v.word ="
		" (SELECT id FROM word WHERE name = ?%u) AND EXISTS (SELECT 1 FROM fact f"
		" CROSS JOIN report r ON r.id = f.report WHERE f.value = v.id AND (%s))"
		" ORDER BY v.text LIMIT ?%u",
		assay_select_text(a->select, assay_slice_str(a->word)), a->select->where,
		assay_select_number(a->select, a->limit)),
	    false, err);
}

/* count_times - per day, month or hour, the latest first */
static enum assay_status count_times(
    const struct answer *a, const char *format, struct assay_err *err)
{
	return run(a,
	    assay_arena_printf(a->arena,
		"SELECT strftime(?%u, r.time / 1000, 'unixepoch') t, %s FROM report r WHERE %s"
		" GROUP BY t ORDER BY t DESC LIMIT ?%u",
		assay_select_text(a->select, assay_slice_str(format)), distinct(a),
		a->select->where, assay_select_number(a->select, a->limit)),
	    true, err);
}

/* counts - mails per value of a word, most first */
static enum assay_status counts(const struct answer *a, struct assay_err *err)
{
	if (strcmp(a->word, "day") == 0)
		return count_times(a, "%Y-%m-%d", err);
	if (strcmp(a->word, "month") == 0)
		return count_times(a, "%Y-%m", err);
	if (strcmp(a->word, "hour") == 0)
		return count_times(a, "%Y-%m-%dT%H", err);
	return run(a,
	    assay_arena_printf(a->arena,
		"SELECT coalesce(v.shown, v.text), %s n FROM value v CROSS JOIN fact f"
		" ON f.value = v.id CROSS JOIN report r ON r.id = f.report WHERE v.word ="
		" (SELECT id FROM word WHERE name = ?%u) AND (%s)"
		" GROUP BY v.id ORDER BY n DESC, v.text LIMIT ?%u",
		distinct(a), assay_select_text(a->select, assay_slice_str(a->word)),
		a->select->where, assay_select_number(a->select, a->limit)),
	    true, err);
}

/* total - how many mails */
static enum assay_status total(const struct answer *a, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(a->select,
	    assay_arena_printf(
		a->arena, "SELECT %s FROM report r WHERE %s", distinct(a), a->select->where),
	    &stmt, err);

	if (status == ASSAY_OK)
		status = assay_store_step(a->store, stmt, err);
	if (status == ASSAY_OK) {
		json_t *row = json_object();

		(void)json_object_set_new(
		    row, "count", json_integer(sqlite3_column_int64(stmt, 0)));
		(void)a->row(a->arg, row);
		json_decref(row);
	}
	(void)sqlite3_finalize(stmt);
	return status;
}

/* answer - what is wanted */
static enum assay_status answer(const struct answer *a, const char *want, struct assay_err *err)
{
	if (want == NULL || strcmp(want, "reports") == 0)
		return reports(a, false, err);
	if (strcmp(want, "count") == 0)
		return total(a, err);
	if (strcmp(want, "values") == 0 && a->word != NULL)
		return values(a, err);
	if (strcmp(want, "counts") == 0 && a->word != NULL)
		return counts(a, err);
	return assay_err_set(err, ASSAY_E_USAGE, "query: this store cannot answer \"%s\"", want);
}

/* assay_answer_query - see answer.h */
enum assay_status assay_answer_query(struct assay_store *store, const json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	struct answer a = { .store = store, .row = row, .arg = arg };
	const json_t *limit = json_object_get(query, "limit");
	enum assay_status status;

	a.arena = assay_arena_new();
	a.select = assay_arena_zalloc(a.arena, sizeof *a.select);
	a.select->store = store;
	a.select->arena = a.arena;
	a.word = json_string_value(json_object_get(query, "word"));
	a.all = json_is_true(json_object_get(query, "all"));
	a.limit = json_is_integer(limit) ? json_integer_value(limit) : -1;
	/* One state of the store for all statements. */
	status = assay_store_exec(store, "BEGIN", err);
	if (status == ASSAY_OK) {
		status =
		    assay_select_compile(a.select, json_object_get(query, "match"), a.all, err);
		if (status == ASSAY_OK)
			status = answer(&a, json_string_value(json_object_get(query, "want")), err);
		(void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	}
	assay_arena_free(&a.arena);
	return status;
}

/* ---- one report ------------------------------------------------------------------------------ */

/* lower - the id as the store compares it, without angle brackets */
static struct assay_slice lower(const char *id, char *text, size_t size)
{
	struct assay_slice s = assay_slice_trim(assay_slice_str(id));

	if (s.n > 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = assay_slice(s.p + 1, s.n - 2);
	s = assay_slice_head(s, size - 1);
	for (size_t i = 0; i < s.n; i++)
		text[i] = (char)assay_ascii_lower(s.p[i]);
	text[s.n] = '\0';
	return assay_slice(text, s.n);
}

/* find - the best report a query of one text gives; E_USAGE when it gives several mails */
static enum assay_status find(struct assay_store *store, const char *sql, struct assay_slice id,
    int64_t *report, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_store_prepare(store, sql, &stmt, err);
	char first[FOLD];

	*report = 0;
	if (status == ASSAY_OK)
		assay_store_bind_text(stmt, 1, id);
	while (status == ASSAY_OK) {
		status = assay_store_step(store, stmt, err);
		if (status != ASSAY_OK || sqlite3_column_bytes(stmt, 1) != FOLD)
			break;
		if (*report == 0) {
			*report = sqlite3_column_int64(stmt, 0);
			memcpy(first, sqlite3_column_blob(stmt, 1), FOLD);
		} else if (memcmp(first, sqlite3_column_blob(stmt, 1), FOLD) != 0) {
			status = assay_err_set(err, ASSAY_E_USAGE,
			    "%.*s: several mails have that id; say more of it, or use assay search",
			    (int)id.n, id.p);
		}
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* assay_answer_fetch - see answer.h */
enum assay_status assay_answer_fetch(
    struct assay_store *store, const char *id, json_t **report, struct assay_err *err)
{
	static const char *const ways[] = {
		"SELECT id, fold FROM report WHERE scan_id = ?",
		"SELECT r.id, r.fold FROM report r WHERE r.id IN (SELECT f.report FROM fact f"
		" WHERE f.value IN (SELECT v.id FROM value v WHERE v.word IN (SELECT w.id FROM "
		"word w"
		" WHERE w.name IN ('queue_id', 'message_id')) AND v.text = ?1))"
		" ORDER BY r.superseded, r.time DESC, r.id DESC",
		"SELECT id, fold FROM report WHERE scan_id >= ?1 AND scan_id < ?1 || '~' LIMIT 100",
	};
	char text[2049];
	const struct assay_slice wanted = lower(id, text, sizeof text);
	enum assay_status status = ASSAY_OK;
	int64_t found = 0;

	for (size_t i = 0; i < 3 && status == ASSAY_OK && found == 0; i++)
		if (i < 2 || (wanted.n >= PREFIX_LEAST && wanted.n < UUID))
			status = find(store, ways[i], wanted, &found, err);
	if (status == ASSAY_OK && found == 0)
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s: no report of that id is in %s", id, store->path);
	return status == ASSAY_OK ? document(store, found, report, err) : status;
}

/* assay_answer_has - see answer.h */
bool assay_answer_has(struct assay_store *store, const char *source_id)
{
	sqlite3_stmt *stmt = NULL;
	bool has = false;

	if (assay_store_prepare(store, "SELECT 1 FROM report WHERE source_id = ?", &stmt, NULL) ==
	    ASSAY_OK) {
		assay_store_bind_text(stmt, 1, assay_slice_str(source_id));
		has = assay_store_step(store, stmt, NULL) == ASSAY_OK;
	}
	(void)sqlite3_finalize(stmt);
	return has;
}
