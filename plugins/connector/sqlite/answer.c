/*
 * sqlite/answer.c - see answer.h
 */
#include <string.h>

#include "answer.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "find.h"
#include "key.h"
#include "pack.h"
#include "select.h"

#define IDS_MOST ((size_t)1 << 30) /* bytes */

/* One query being answered. */
struct answer {
	struct assay_store *store;
	struct assay_arena *arena;
	struct assay_select *select;
	const struct assay_question *question;
	const char *word; /* of values and counts */
	bool all;
	int64_t limit;        /* < 0: none */
	struct assay_buf ids; /* int64_t each: reports found */
	json_t *rows;         /* found */
	bool enough;          /* the caller says so */
};

/* ---- rows ------------------------------------------------------------------------------------ */

/* hand_out - the rows found so far */
static void hand_out(struct answer *a)
{
	for (size_t i = 0; i < json_array_size(a->rows) && !a->enough; i++)
		a->enough = !a->question->row(a->question->arg, json_array_get(a->rows, i));
	(void)json_array_clear(a->rows);
}

/* keep - one more row, taken; false: that is enough */
static bool keep(struct answer *a, json_t *row)
{
	(void)json_array_append_new(a->rows, row);
	if (json_array_size(a->rows) >= ASSAY_ANSWER_ROWS)
		hand_out(a);
	return !a->enough;
}

/* value_of - a column as a value of a row: digests and ids are bytes */
static json_t *value_of(sqlite3_stmt *stmt, bool is_id)
{
	const unsigned char *bytes;
	char text[ASSAY_KEY_MOST + 1];
	size_t n;

	if (sqlite3_column_type(stmt, 0) == SQLITE_INTEGER)
		return json_integer(sqlite3_column_int64(stmt, 0));
	if (sqlite3_column_type(stmt, 0) != SQLITE_BLOB)
		return json_stringn((const char *)sqlite3_column_text(stmt, 0),
		    (size_t)sqlite3_column_bytes(stmt, 0));
	bytes = sqlite3_column_blob(stmt, 0);
	n = (size_t)sqlite3_column_bytes(stmt, 0);
	if (is_id && n == ASSAY_KEY_UUID)
		assay_key_uuid_text(bytes, text);
	else
		assay_key_hex(assay_slice((const char *)bytes, n), text);
	return json_string(text);
}

/* pair - {"value"} or {"value", "count"}; from columns of a statement */
static json_t *pair(sqlite3_stmt *stmt, bool counted, bool is_id)
{
	json_t *row = json_object(), *value = value_of(stmt, is_id);

	(void)json_object_set_new(row, "value", value != NULL ? value : json_null());
	if (counted)
		(void)json_object_set_new(
		    row, "count", json_integer(sqlite3_column_int64(stmt, 1)));
	return row;
}

/* ---- reports --------------------------------------------------------------------------------- */

/* is_new - is it the first report of its mail? */
static bool is_new(struct assay_map *seen, struct assay_arena *arena, sqlite3_stmt *stmt)
{
	const struct assay_slice fold = { sqlite3_column_blob(stmt, 1),
		(size_t)sqlite3_column_bytes(stmt, 1) };

	return !assay_map_has(seen, fold) &&
	    assay_map_add(seen, assay_arena_slice(arena, fold), arena);
}

/* reports - newest first, one of each mail: `column` of each */
static enum assay_status reports(struct answer *a, const char *column, struct assay_err *err)
{
	const bool ids_only = strcmp(column, "r.id") != 0;
	sqlite3_stmt *stmt = NULL;
	struct assay_map seen;
	int64_t left = a->limit;
	enum assay_status status = assay_select_prepare(a->select,
	    assay_arena_printf(a->arena,
		"SELECT %s, r.fold FROM report r WHERE %s ORDER BY r.time DESC, r.id DESC", column,
		a->select->where),
	    &stmt, err);

	assay_map_init(&seen, a->arena);
	while (status == ASSAY_OK && left != 0) {
		status = assay_store_step(a->store, stmt, err);
		if (status != ASSAY_OK || (!a->all && !is_new(&seen, a->arena, stmt)))
			continue;
		left--;
		if (!ids_only) {
			const int64_t id = sqlite3_column_int64(stmt, 0);

			if (!assay_buf_add(&a->ids, &id, sizeof id))
				status = assay_err_set(err, ASSAY_E_LIMIT,
				    "query: it finds too many; narrow it with since: and until:");
		} else if (!keep(a, pair(stmt, false, true))) {
			break;
		}
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* hand_out_reports - those found; each is read by itself */
static enum assay_status hand_out_reports(struct answer *a, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t at = 0; at < a->ids.n && status == ASSAY_OK && !a->enough;
	     at += sizeof(int64_t)) {
		json_t *report;
		int64_t id;

		memcpy(&id, a->ids.p + at, sizeof id);
		status = assay_find_document(a->store, id, &report, err);
		if (status == ASSAY_OK)
			a->enough = !a->question->row(a->question->arg, report);
		else if (status == ASSAY_END)
			status = ASSAY_OK;
		json_decref(report);
	}
	return status;
}

/* findings - of the reports, the first first */
static enum assay_status findings(struct answer *a, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(a->select,
	    assay_arena_printf(a->arena,
		"SELECT f.json FROM finding f WHERE f.scan_id IN (SELECT r.scan_id FROM report r"
		" WHERE %s) ORDER BY f.time, f.id LIMIT ?%u",
		a->select->where, assay_select_number(a->select, a->limit)),
	    &stmt, err);

	while (status == ASSAY_OK) {
		json_t *finding;

		status = assay_store_step(a->store, stmt, err);
		if (status != ASSAY_OK)
			break;
		status = assay_unpack(assay_slice(sqlite3_column_blob(stmt, 0),
					  (size_t)sqlite3_column_bytes(stmt, 0)),
		    &finding, err);
		if (status == ASSAY_OK && !keep(a, finding))
			break;
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* ---- values and counts ----------------------------------------------------------------------- */

/* run - rows of one statement */
static enum assay_status run(struct answer *a, const char *sql, bool counted, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(a->select, sql, &stmt, err);

	while (status == ASSAY_OK) {
		status = assay_store_step(a->store, stmt, err);
		if (status == ASSAY_OK && !keep(a, pair(stmt, counted, false)))
			break;
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
static enum assay_status values(struct answer *a, struct assay_err *err)
{
	if (strcmp(a->word, "scan_id") == 0)
		return reports(a, "r.scan_id", err);
	return run(a,
	    assay_arena_printf(a->arena,
		"SELECT v.text FROM part p CROSS JOIN value v ON v.part = p.id AND v.word ="
		" (SELECT id FROM word WHERE name = ?%u) WHERE EXISTS (SELECT 1 FROM fact f"
		" CROSS JOIN report r ON r.id = f.report WHERE f.value = v.id AND (%s))"
		" GROUP BY v.text ORDER BY v.text LIMIT ?%u",
		assay_select_text(a->select, assay_slice_str(a->word)), a->select->where,
		assay_select_number(a->select, a->limit)),
	    false, err);
}

/* count_times - per day, month or hour, the latest first */
static enum assay_status count_times(struct answer *a, const char *format, struct assay_err *err)
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
static enum assay_status counts(struct answer *a, struct assay_err *err)
{
	if (strcmp(a->word, "day") == 0)
		return count_times(a, "%Y-%m-%d", err);
	if (strcmp(a->word, "month") == 0)
		return count_times(a, "%Y-%m", err);
	if (strcmp(a->word, "hour") == 0)
		return count_times(a, "%Y-%m-%dT%H", err);
	return run(a,
	    assay_arena_printf(a->arena,
		"SELECT v.text, %s n FROM part p CROSS JOIN value v ON v.part = p.id AND v.word ="
		" (SELECT id FROM word WHERE name = ?%u) CROSS JOIN fact f ON f.value = v.id"
		" CROSS JOIN report r ON r.id = f.report WHERE (%s)"
		" GROUP BY v.text ORDER BY n DESC, v.text LIMIT ?%u",
		distinct(a), assay_select_text(a->select, assay_slice_str(a->word)),
		a->select->where, assay_select_number(a->select, a->limit)),
	    true, err);
}

/* total - how many mails */
static enum assay_status total(struct answer *a, struct assay_err *err)
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
		(void)keep(a, row);
	}
	(void)sqlite3_finalize(stmt);
	return status;
}

/* answer - what is wanted */
static enum assay_status answer(struct answer *a, const char *want, struct assay_err *err)
{
	if (want == NULL || strcmp(want, "reports") == 0)
		return reports(a, "r.id", err);
	if (strcmp(want, "findings") == 0)
		return findings(a, err);
	if (strcmp(want, "count") == 0)
		return total(a, err);
	if (strcmp(want, "values") == 0 && a->word != NULL)
		return values(a, err);
	if (strcmp(want, "counts") == 0 && a->word != NULL)
		return counts(a, err);
	return assay_err_set(err, ASSAY_E_USAGE, "query: this store cannot answer \"%s\"", want);
}

/* answer_at_once - from one state of the store, in time */
static enum assay_status answer_at_once(
    struct answer *a, const json_t *query, struct assay_err *err)
{
	const int64_t timeout = a->question->timeout_ms;
	enum assay_status status = assay_store_exec(a->store, "BEGIN", err);

	if (status != ASSAY_OK)
		return status;
	a->store->deadline_ms = timeout > 0 ? assay_clock_mono_ms() + timeout : 0;
	status = assay_select_compile(a->select, json_object_get(query, "match"), a->all, err);
	if (status == ASSAY_OK)
		status = answer(a, json_string_value(json_object_get(query, "want")), err);
	a->store->deadline_ms = 0;
	(void)sqlite3_exec(a->store->db, "COMMIT", NULL, NULL, NULL);
	return status;
}

/* assay_answer_query - see answer.h */
enum assay_status assay_answer_query(
    struct assay_store *store, const struct assay_question *question, struct assay_err *err)
{
	const json_t *query = question->query, *limit = json_object_get(query, "limit");
	struct answer a = { .store = store, .question = question };
	enum assay_status status;

	a.arena = assay_arena_new();
	a.select = assay_arena_zalloc(a.arena, sizeof *a.select);
	a.select->store = store;
	a.select->arena = a.arena;
	a.word = json_string_value(json_object_get(query, "word"));
	a.all = json_is_true(json_object_get(query, "all"));
	a.limit = json_is_integer(limit) ? json_integer_value(limit) : -1;
	a.rows = json_array();
	assay_buf_init(&a.ids, IDS_MOST);
	status = answer_at_once(&a, query, err);
	if (status == ASSAY_OK) {
		hand_out(&a);
		status = hand_out_reports(&a, err);
	}
	json_decref(a.rows);
	assay_buf_release(&a.ids);
	assay_arena_free(&a.arena);
	return status;
}
