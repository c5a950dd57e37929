/*
 * sqlite/find.c - see find.h. Each statement sees a state of its own: a report may go between two.
 */
#include <openssl/sha.h>
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "facts.h"
#include "find.h"
#include "key.h"
#include "member.h"
#include "pack.h"

#define FOLD 16
#define PREFIX_LEAST 4u

/* assay_find_document - see find.h */
enum assay_status assay_find_document(
    struct assay_store *store, int64_t report, json_t **json, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status =
	    assay_store_prepared(store, ASSAY_STORE_GET_DOCUMENT, &stmt, err);

	*json = NULL;
	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, report);
	status = assay_store_step(store, stmt, err);
	if (status == ASSAY_OK) {
		const char *bytes = sqlite3_column_blob(stmt, 0);

		status = assay_unpack(
		    assay_slice(bytes, (size_t)sqlite3_column_bytes(stmt, 0)), json, err);
		if (status != ASSAY_OK)
			(void)assay_err_prefix(err, "%s", store->path);
	}
	(void)sqlite3_reset(stmt);
	return status;
}

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

/* Ways to find a report; ?1 and ?2 are the two forms of the text. */
static const char by_scan[] = "SELECT id, fold FROM report WHERE scan_id = ?1";
static const char by_name[] =
    "SELECT r.id, r.fold FROM report r WHERE r.id IN (SELECT f.report FROM fact f"
    " WHERE f.value IN (SELECT v.id FROM part p CROSS JOIN word w CROSS JOIN value v"
    " WHERE w.name IN ('queue_id', 'message_id') AND v.part = p.id AND v.word = w.id"
    " AND v.text IN (?1, assay_key(?1))))"
    " ORDER BY r.superseded, r.time DESC, r.id DESC";
static const char by_uuid_begin[] =
    "SELECT id, fold FROM report WHERE scan_id BETWEEN ?1 AND ?2 LIMIT 100";
static const char by_begin[] =
    "SELECT id, fold FROM report WHERE scan_id >= ?1 AND scan_id < ?1 || '~' LIMIT 100";

/* best - the first report a statement gives, which is finalized; E_USAGE when it gives several
 * mails. *report 0: none */
static enum assay_status best(struct assay_store *store, sqlite3_stmt *stmt, struct assay_slice id,
    int64_t *report, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	char first[FOLD];

	*report = 0;
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

/* find_scan - by the whole id */
static enum assay_status find_scan(
    struct assay_store *store, struct assay_slice id, int64_t *report, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	const enum assay_status status = assay_store_prepare(store, by_scan, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_key_bind_id(stmt, 1, id);
	return best(store, stmt, id, report, err);
}

/* find_text - by a text as it is */
static enum assay_status find_text(struct assay_store *store, const char *sql,
    struct assay_slice id, int64_t *report, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	const enum assay_status status = assay_store_prepare(store, sql, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_store_bind_text(stmt, 1, id);
	return best(store, stmt, id, report, err);
}

/* find_begin - by the beginning of a scan_id */
static enum assay_status find_begin(
    struct assay_store *store, struct assay_slice id, int64_t *report, struct assay_err *err)
{
	unsigned char low[ASSAY_KEY_UUID], high[ASSAY_KEY_UUID];
	enum assay_status status = ASSAY_OK;
	sqlite3_stmt *stmt;

	if (assay_key_uuid_range(id, low, high)) {
		status = assay_store_prepare(store, by_uuid_begin, &stmt, err);
		if (status != ASSAY_OK)
			return status;
		(void)sqlite3_bind_blob(stmt, 1, low, sizeof low, SQLITE_TRANSIENT);
		(void)sqlite3_bind_blob(stmt, 2, high, sizeof high, SQLITE_TRANSIENT);
		status = best(store, stmt, id, report, err);
	}
	if (status == ASSAY_OK && *report == 0)
		status = find_text(store, by_begin, id, report, err);
	return status;
}

/* not_there - nothing of that id; or somebody erased it */
static enum assay_status not_there(
    struct assay_store *store, const char *id, struct assay_slice lowered, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	json_t *finding = NULL;
	struct assay_slice time, by;

	if (assay_store_prepare(store,
		"SELECT json FROM finding WHERE scan_id = ? AND kind = 'erased'", &stmt,
		err) != ASSAY_OK)
		return ASSAY_E_IO;
	assay_key_bind_id(stmt, 1, lowered);
	if (assay_store_step(store, stmt, err) == ASSAY_OK &&
	    assay_unpack(
		assay_slice(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)),
		&finding, NULL) != ASSAY_OK)
		finding = NULL;
	(void)sqlite3_finalize(stmt);
	if (finding == NULL)
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s: no report of that id is in %s", id, store->path);
	time = assay_member_text(finding, "time");
	by = assay_member_text(finding, "by");
	(void)assay_err_set(err, ASSAY_E_NOENT, "%s: was erased by %.*s, %.*s", id, (int)by.n, by.p,
	    (int)time.n, time.p);
	json_decref(finding);
	return ASSAY_E_NOENT;
}

/* assay_find_report - see find.h */
enum assay_status assay_find_report(
    struct assay_store *store, const char *id, json_t **report, struct assay_err *err)
{
	char text[ASSAY_FACTS_VALUE + 1];
	const struct assay_slice wanted = lower(id, text, sizeof text);
	int64_t found = 0;
	enum assay_status status = find_scan(store, wanted, &found, err);

	if (status == ASSAY_OK && found == 0)
		status = find_text(store, by_name, wanted, &found, err);
	if (status == ASSAY_OK && found == 0 && wanted.n >= PREFIX_LEAST &&
	    wanted.n < ASSAY_KEY_UUID_TEXT)
		status = find_begin(store, wanted, &found, err);
	if (status == ASSAY_OK && found == 0)
		return not_there(store, id, wanted, err);
	if (status == ASSAY_OK)
		status = assay_find_document(store, found, report, err);
	if (status == ASSAY_END)
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s: the report %s has just gone", store->path, id);
	return status;
}

/* assay_find_source - see find.h */
bool assay_find_source(struct assay_store *store, const char *source_id)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	sqlite3_stmt *stmt = NULL;
	bool has = false;

	(void)SHA256((const unsigned char *)source_id, strlen(source_id), digest);
	if (assay_store_prepare(store, "SELECT 1 FROM report WHERE source = ?", &stmt, NULL) ==
	    ASSAY_OK) {
		assay_store_bind_blob(stmt, 1, assay_slice((const char *)digest, FOLD));
		has = assay_store_step(store, stmt, NULL) == ASSAY_OK;
	}
	(void)sqlite3_finalize(stmt);
	return has;
}
