/*
 * sqlite/erase.c - see erase.h
 *
 * FTS5 notes what is taken out and drops it when it merges; the oldest text is merged last. So
 * parts of which a good deal was removed are merged whole, a few pages at a time.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "erase.h"
#include "index.h"
#include "key.h"
#include "part.h"

#define PIECE_MS 100         /* of a whole call, with its commit */
#define WORK_LEAST_MS 5      /* ... before the commit */
#define WAL_PAGES 2000       /* written back at once meanwhile: some 100 ms */
#define AT_ONCE 16u          /* reports between two looks at the clock */
#define MERGE_PAGES 100      /* the same, of text */
#define TIDY_SHARE 4         /* a part is merged when so much of it is gone */
#define TIDY_NOW (1ll << 40) /* added to `removed`: merge in any case */

/* One report to go. */
struct victim {
	int64_t report;
	char scan_id[ASSAY_KEY_MOST + 1];
};

/* drop - one report, found before */
static enum assay_status drop(
    struct assay_store *store, int64_t report, const char *scan_id, struct assay_err *err)
{
	return assay_index_drop(store, report, assay_slice_str(scan_id), err);
}

/* ---- on demand ------------------------------------------------------------------------------- */

/* tidy_soon - the text of a report's part is to be merged */
static enum assay_status tidy_soon(struct assay_store *store, int64_t report, struct assay_err *err)
{
	const struct assay_part *part = assay_part_of(store, report);
	sqlite3_stmt *stmt;
	enum assay_status status;

	if (part == NULL)
		return ASSAY_OK;
	status = assay_store_prepared(store, ASSAY_STORE_COUNT_REMOVED, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, TIDY_NOW);
	(void)sqlite3_bind_int64(stmt, 2, part->id);
	return assay_store_run(store, stmt, err);
}

/* erase_one - a scan's report, or only its findings where there is none */
static enum assay_status erase_one(
    struct assay_store *store, const char *scan_id, struct assay_err *err)
{
	int64_t report;
	enum assay_status status = assay_index_find(store, assay_slice_str(scan_id), &report, err);

	if (status == ASSAY_OK && report != 0)
		status = tidy_soon(store, report, err);
	return status == ASSAY_OK ? drop(store, report, scan_id, err) : status;
}

/* assay_erase_scans - see erase.h */
enum assay_status assay_erase_scans(
    struct assay_store *store, const char *const *scan_ids, size_t n, struct assay_err *err)
{
	enum assay_status status = assay_store_exec(store, "PRAGMA secure_delete = ON", err);

	if (status == ASSAY_OK)
		status = assay_part_begin(store, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = erase_one(store, scan_ids[i], err);
	if (status == ASSAY_OK)
		status = assay_part_sweep(store, err);
	status = assay_part_end(store, status, err);
	(void)sqlite3_exec(store->db, "PRAGMA secure_delete = FAST", NULL, NULL, NULL);
	assay_erase_wal(store);
	return status;
}

/* assay_erase_wal - see erase.h */
void assay_erase_wal(struct assay_store *store)
{
	(void)sqlite3_busy_timeout(store->db, 0);
	(void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(store->db, store->lock_ms);
}

/* ---- age and size ---------------------------------------------------------------------------- */

/* One call of assay_erase_old. */
struct piece {
	struct assay_store *store;
	const struct assay_retention *what;
	int64_t deadline_ms;
	uint64_t gone;
};

/* is_over - has it taken long enough? */
static bool is_over(const struct piece *piece)
{
	return assay_clock_mono_ms() >= piece->deadline_ms;
}

/* is_too_big - is more in use than may be? Free pages do not count */
static enum assay_status is_too_big(const struct piece *piece, bool *yes, struct assay_err *err)
{
	int64_t pages, unused, size;
	enum assay_status status;

	*yes = false;
	if (piece->what->most_bytes == 0)
		return ASSAY_OK;
	status = assay_store_number(piece->store, "PRAGMA page_count", &pages, err);
	if (status == ASSAY_OK)
		status = assay_store_number(piece->store, "PRAGMA freelist_count", &unused, err);
	if (status == ASSAY_OK)
		status = assay_store_number(piece->store, "PRAGMA page_size", &size, err);
	*yes = status == ASSAY_OK && (uint64_t)((pages - unused) * size) > piece->what->most_bytes;
	return status;
}

/* untidy_part - one of which a good deal is gone; 0: there is none */
static enum assay_status untidy_part(
    struct assay_store *store, int64_t *part, struct assay_err *err)
{
	char sql[400];
	enum assay_status status;

	(void)snprintf(sql, sizeof sql,
	    "SELECT p.id FROM part p WHERE p.removed >= %lld OR p.removed * %d >"
	    " coalesce((SELECT min(q.first) FROM part q WHERE q.id > p.id),"
	    " (SELECT max(id) + 1 FROM report), p.first) - p.first LIMIT 1",
	    TIDY_NOW, TIDY_SHARE);
	status = assay_store_number(store, sql, part, err);
	*part = *part > 0 ? *part : 0;
	return status;
}

/* find_victims - the oldest reports from before `before_ms` */
static enum assay_status find_victims(struct assay_store *store, int64_t before_ms,
    struct victim victim[AT_ONCE], size_t *n, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_store_prepare(store,
	    "SELECT id, assay_id_text(scan_id) FROM report WHERE scanned < ?"
	    " ORDER BY scanned LIMIT ?",
	    &stmt, err);

	*n = 0;
	if (status == ASSAY_OK) {
		(void)sqlite3_bind_int64(stmt, 1, before_ms);
		(void)sqlite3_bind_int64(stmt, 2, AT_ONCE);
	}
	while (status == ASSAY_OK) {
		status = assay_store_step(store, stmt, err);
		if (status != ASSAY_OK)
			break;
		victim[*n].report = sqlite3_column_int64(stmt, 0);
		(void)snprintf(victim[*n].scan_id, sizeof victim[*n].scan_id, "%s",
		    (const char *)sqlite3_column_text(stmt, 1));
		++*n;
	}
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* drop_some - a few of the oldest; ASSAY_END: none has to go, or text has to be tidied up before we
 * know */
static enum assay_status drop_some(struct piece *piece, struct assay_err *err)
{
	int64_t before = piece->what->before_ms > 0 ? piece->what->before_ms : INT64_MIN;
	struct victim victim[AT_ONCE];
	int64_t untidy = 0;
	bool too_big;
	size_t n = 0;
	enum assay_status status = is_too_big(piece, &too_big, err);

	if (status == ASSAY_OK && too_big) {
		status = untidy_part(piece->store, &untidy, err);
		before = untidy == 0 ? INT64_MAX : before;
	}
	if (status == ASSAY_OK)
		status = find_victims(piece->store, before, victim, &n, err);
	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = drop(piece->store, victim[i].report, victim[i].scan_id, err);
	if (status != ASSAY_OK)
		return status;
	piece->gone += n;
	return n > 0 ? ASSAY_OK : ASSAY_END;
}

/* drop_findings - of reports that never came, or went before */
static enum assay_status drop_findings(const struct piece *piece, struct assay_err *err)
{
	if (piece->what->before_ms <= 0)
		return ASSAY_OK;
	return assay_store_exec_for(piece->store,
	    "DELETE FROM finding WHERE time < %lld AND kind IS NOT 'erased' AND NOT EXISTS"
	    " (SELECT 1 FROM report r WHERE r.scan_id = finding.scan_id)",
	    piece->what->before_ms, err);
}

/* drop_old - in one transaction */
static enum assay_status drop_old(struct piece *piece, struct assay_err *err)
{
	enum assay_status status = assay_part_begin(piece->store, err);

	if (status != ASSAY_OK)
		return status;
	do
		status = drop_some(piece, err);
	while (status == ASSAY_OK && !is_over(piece));
	if (status == ASSAY_END)
		status = drop_findings(piece, err);
	if (status == ASSAY_OK)
		status = assay_part_sweep(piece->store, err);
	status = assay_part_end(piece->store, status, err);
	if (status != ASSAY_OK)
		piece->gone = 0;
	return status;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* merge_some - pages of a part's text; ASSAY_END: there is nothing left to merge. A negative number
 * of pages begins with all there is, even what would not be merged yet */
static enum assay_status merge_some(
    struct assay_store *store, int64_t part, bool begin, struct assay_err *err)
{
	const sqlite3_int64 before = sqlite3_total_changes64(store->db);
	char sql[120];
	enum assay_status status;

	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO text_%lld(text_%lld, rank) VALUES('merge', %d)", (long long)part,
	    (long long)part, begin ? -MERGE_PAGES : MERGE_PAGES);
	status = assay_store_exec(store, sql, err);
	if (status != ASSAY_OK)
		return status;
	/* The command itself is one change. */
	return sqlite3_total_changes64(store->db) - before < 2 ? ASSAY_END : ASSAY_OK;
}

/* merge_part - until it is done or the piece is over; *done: it is */
static enum assay_status merge_part(
    const struct piece *piece, int64_t part, bool *done, struct assay_err *err)
{
	struct assay_store *store = piece->store;
	enum assay_status status;
	bool begin = store->parts->tidied != part;

	do {
		status = merge_some(store, part, begin, err);
		begin = false;
	} while (status == ASSAY_OK && !is_over(piece));
	*done = status == ASSAY_END;
	if (*done)
		status = assay_store_exec_for(
		    store, "UPDATE part SET removed = 0 WHERE id = %lld", part, err);
	store->parts->tidied = *done || status != ASSAY_OK ? 0 : part;
	return status;
}

/* tidy - some of the text of parts of which a good deal is gone; ASSAY_END: there are none */
static enum assay_status tidy(const struct piece *piece, struct assay_err *err)
{
	struct assay_store *store = piece->store;
	enum assay_status status;
	int64_t part = 0;
	bool done = false;

	status = assay_store_exec(store, "PRAGMA secure_delete = ON", err);
	if (status == ASSAY_OK)
		status = assay_part_begin(store, err);
	if (status != ASSAY_OK)
		return status;
	status = untidy_part(store, &part, err);
	if (status == ASSAY_OK && part != 0)
		status = merge_part(piece, part, &done, err);
	status = assay_part_end(store, status, err);
	(void)sqlite3_exec(store->db, "PRAGMA secure_delete = FAST", NULL, NULL, NULL);
	if (done)
		assay_erase_wal(store);
	return status == ASSAY_OK && part == 0 ? ASSAY_END : status;
}

/* work - one piece, and what is behind it: most of the work on text is done by the commit */
static enum assay_status work(struct piece *piece, struct assay_err *err)
{
	/* First what was removed before: until it is merged the file has not become smaller. */
	enum assay_status status = tidy(piece, err);

	if (status != ASSAY_END)
		return status;
	status = drop_old(piece, err);
	return status == ASSAY_OK && piece->gone == 0 ? ASSAY_END : status;
}

/* pace - what the next call may do before its commit, now that this one took so long */
static int64_t pace(int64_t work_ms, int64_t took_ms)
{
	if (took_ms > PIECE_MS)
		work_ms /= 2;
	else if (took_ms < PIECE_MS / 2)
		work_ms *= 2;
	if (work_ms > PIECE_MS)
		return PIECE_MS;
	return work_ms > WORK_LEAST_MS ? work_ms : WORK_LEAST_MS;
}

/* assay_erase_old - see erase.h */
enum assay_status assay_erase_old(struct assay_store *store, const struct assay_retention *what,
    uint64_t *gone, struct assay_err *err)
{
	const int64_t begun_ms = assay_clock_mono_ms();
	struct piece piece = { store, what, begun_ms, 0 };
	enum assay_status status;

	if (store->erase_ms == 0)
		store->erase_ms = PIECE_MS / 4;
	piece.deadline_ms += store->erase_ms;
	(void)sqlite3_wal_autocheckpoint(store->db, WAL_PAGES);
	status = work(&piece, err);
	(void)sqlite3_wal_autocheckpoint(store->db, ASSAY_STORE_WAL_PAGES);
	store->erase_ms = pace(store->erase_ms, assay_clock_mono_ms() - begun_ms);
	*gone = piece.gone;
	return status;
}
