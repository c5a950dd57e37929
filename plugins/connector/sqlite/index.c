/*
 * sqlite/index.c - see index.h
 *
 * Members that are missing or of another type give fewer rows, never a failure.
 */
#include <openssl/sha.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "facts.h"
#include "find.h"
#include "index.h"
#include "member.h"
#include "pack.h"
#include "text.h"

#define SHORT 16 /* bytes kept of a digest */

/* ---- the row of the report ------------------------------------------------------------------- */

/* number_at - digits of a time */
static int64_t number_at(struct assay_slice text, size_t at, size_t n)
{
	uint64_t value;

	return assay_slice_u64(assay_slice_head(assay_slice_from(text, at), n), &value)
	    ? (int64_t)value
	    : 0;
}

/* wall_of - a time as reports write it, ms; now, when it is none */
static int64_t wall_of(struct assay_slice t)
{
	if (t.n < 23)
		return assay_clock_wall_ms();
	return assay_clock_days(
		   (int)number_at(t, 0, 4), (int)number_at(t, 5, 2), (int)number_at(t, 8, 2)) *
	    86400000 +
	    number_at(t, 11, 2) * 3600000 + number_at(t, 14, 2) * 60000 +
	    number_at(t, 17, 2) * 1000 + number_at(t, 20, 3);
}

/* time_of - of the message, ms; that of the scan when there is none */
static int64_t time_of(const json_t *report)
{
	const struct assay_slice t =
	    assay_member_text(json_object_get(report, "message_time"), "utc");

	return wall_of(t.n < 23 ? assay_member_text(report, "time") : t);
}

/* fold_of - equal for reports of one mail: same Message-ID, same content */
static void fold_of(
    const json_t *report, struct assay_slice scan_id, unsigned char fold[SHA256_DIGEST_LENGTH])
{
	const struct assay_slice content = assay_member_text(report, "content_sha256");
	const struct assay_slice id = assay_member_first(report, "message_id");
	struct assay_buf buf;

	assay_buf_init(&buf, 1 << 20);
	(void)assay_buf_add_slice(&buf, content.n > 0 ? content : scan_id);
	(void)assay_buf_add_char(&buf, '\0');
	(void)assay_buf_add_slice(&buf, id);
	(void)SHA256((const unsigned char *)buf.p, buf.n, fold);
	assay_buf_release(&buf);
}

/* is_there - does a kept query find anything of that id? */
static enum assay_status is_there(struct assay_store *store, enum assay_store_statement which,
    struct assay_slice scan_id, bool *yes, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status = assay_store_prepared(store, which, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_key_bind_id(stmt, 1, scan_id);
	status = assay_store_step(store, stmt, err);
	*yes = status == ASSAY_OK;
	(void)sqlite3_reset(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* supersede - the earlier report of this one */
static enum assay_status supersede(
    struct assay_store *store, struct assay_slice scan_id, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status;

	if (scan_id.p == NULL)
		return ASSAY_OK;
	status = assay_store_prepared(store, ASSAY_STORE_SUPERSEDE, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	assay_key_bind_id(stmt, 1, scan_id);
	return assay_store_run(store, stmt, err);
}

/* bind_source - a digest of source_id, or NULL */
static void bind_source(sqlite3_stmt *stmt, int at, struct assay_slice source_id)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (source_id.p == NULL)
		return;
	(void)SHA256((const unsigned char *)source_id.p, source_id.n, digest);
	(void)sqlite3_bind_blob(stmt, at, digest, SHORT, SQLITE_TRANSIENT);
}

/* bind_report - its row */
static void bind_report(sqlite3_stmt *stmt, struct assay_slice scan_id, const json_t *report)
{
	unsigned char fold[SHA256_DIGEST_LENGTH];

	fold_of(report, scan_id, fold);
	assay_key_bind_id(stmt, 1, scan_id);
	(void)sqlite3_bind_int64(stmt, 2, time_of(report));
	(void)sqlite3_bind_int64(stmt, 3, wall_of(assay_member_text(report, "time")));
	(void)sqlite3_bind_blob(stmt, 4, fold, SHORT, SQLITE_TRANSIENT);
	assay_key_bind_id(stmt, 6, assay_member_text(report, "supersedes"));
	bind_source(
	    stmt, 7, assay_member_text(json_object_get(report, "request_meta"), "source_id"));
}

/* add_report - *id: its number; 0: it was there, or was erased */
static enum assay_status add_report(struct assay_store *store, struct assay_slice scan_id,
    const json_t *report, int64_t *id, struct assay_err *err)
{
	bool superseded = false, erased = false;
	sqlite3_stmt *stmt;
	enum assay_status status = is_there(store, ASSAY_STORE_IS_ERASED, scan_id, &erased, err);

	*id = 0;
	if (status == ASSAY_OK && !erased)
		status = is_there(store, ASSAY_STORE_IS_SUPERSEDED, scan_id, &superseded, err);
	if (status == ASSAY_OK && !erased)
		status = assay_store_prepared(store, ASSAY_STORE_ADD_REPORT, &stmt, err);
	if (status != ASSAY_OK || erased)
		return status;
	bind_report(stmt, scan_id, report);
	(void)sqlite3_bind_int(stmt, 5, superseded);
	status = assay_store_run(store, stmt, err);
	if (status != ASSAY_OK || sqlite3_changes(store->db) == 0)
		return status;
	*id = sqlite3_last_insert_rowid(store->db);
	return supersede(store, assay_member_text(report, "supersedes"), err);
}

/* add_document - the bytes, compressed */
static enum assay_status add_document(
    struct assay_store *store, int64_t id, struct assay_slice json, struct assay_err *err)
{
	struct assay_buf packed;
	sqlite3_stmt *stmt;
	enum assay_status status;

	assay_buf_init(&packed, ASSAY_PACK_MAX);
	status = assay_pack(json, &packed, err);
	if (status == ASSAY_OK)
		status = assay_store_prepared(store, ASSAY_STORE_ADD_DOCUMENT, &stmt, err);
	if (status == ASSAY_OK) {
		(void)sqlite3_bind_int64(stmt, 1, id);
		assay_store_bind_blob(stmt, 2, assay_buf_slice(&packed));
		status = assay_store_run(store, stmt, err);
	}
	assay_buf_release(&packed);
	return status;
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* put_facts - those of the report, and words that are none of it, but of the store */
static enum assay_status put_facts(
    const struct assay_facts_of *of, const json_t *report, struct assay_err *err)
{
	const json_t *verdict = json_object_get(report, "verdict");
	const json_t *matched = json_object_get(verdict, "matched");
	const json_t *meta = json_object_get(report, "request_meta");
	enum assay_status status = assay_facts_all(of, json_object_get(report, "facts"), err);

	if (status == ASSAY_OK)
		status = assay_facts_one(of, "verdict", assay_member_text(verdict, "action"), err);
	if (status == ASSAY_OK)
		status = assay_facts_one(of, "rule", assay_member_text(verdict, "rule"), err);
	for (size_t i = 0; i < json_array_size(matched) && status == ASSAY_OK; i++)
		status = assay_facts_one(
		    of, "rule", assay_member_text(json_array_get(matched, i), "rule"), err);
	if (status == ASSAY_OK)
		status = assay_facts_one(of, "queue_id", assay_member_text(meta, "queue_id"), err);
	return status;
}

/* put_finding - what a finding says of its report, as facts of the report */
static enum assay_status put_finding(
    const struct assay_facts_of *of, const json_t *finding, struct assay_err *err)
{
	const json_t *rules = json_object_get(finding, "rules");
	enum assay_status status = assay_facts_all(of, json_object_get(finding, "facts"), err);

	if (status == ASSAY_OK)
		status = assay_facts_one(of, "finding", assay_member_text(finding, "kind"), err);
	if (status == ASSAY_OK)
		status = assay_facts_one(of, "label", assay_member_text(finding, "label"), err);
	for (size_t i = 0; i < json_array_size(rules) && status == ASSAY_OK; i++) {
		const json_t *rule = json_array_get(rules, i);

		if (json_is_string(rule))
			status = assay_facts_one(of, "rule",
			    assay_slice(json_string_value(rule), json_string_length(rule)), err);
	}
	return status;
}

/* put_findings - of all that came for the report */
static enum assay_status put_findings(
    const struct assay_facts_of *of, struct assay_slice scan_id, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status =
	    assay_store_prepared(of->store, ASSAY_STORE_FINDINGS_OF, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_key_bind_id(stmt, 1, scan_id);
	while (status == ASSAY_OK) {
		json_t *finding = NULL;

		status = assay_store_step(of->store, stmt, err);
		if (status == ASSAY_OK)
			status = assay_unpack(assay_slice(sqlite3_column_blob(stmt, 0),
						  (size_t)sqlite3_column_bytes(stmt, 0)),
			    &finding, err);
		if (status == ASSAY_OK)
			status = put_finding(of, finding, err);
		json_decref(finding);
	}
	(void)sqlite3_reset(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* put_all - facts and text of a report */
static enum assay_status put_all(const struct assay_text_of *of, struct assay_slice scan_id,
    const json_t *report, struct assay_err *err)
{
	const struct assay_facts_of facts = { of->store, of->part->id, of->report, of->drop };
	enum assay_status status = put_facts(&facts, report, err);

	if (status == ASSAY_OK)
		status = put_findings(&facts, scan_id, err);
	return status == ASSAY_OK ? assay_text_put(of, report, err) : status;
}

/* ---- in -------------------------------------------------------------------------------------- */

/* assay_index_report - see index.h */
enum assay_status assay_index_report(struct assay_store *store, const char *id,
    const json_t *report, struct assay_slice json, struct assay_err *err)
{
	struct assay_text_of of = { .store = store };
	enum assay_status status = add_report(store, assay_slice_str(id), report, &of.report, err);

	if (status != ASSAY_OK || of.report == 0)
		return status;
	status = assay_part_for(store, of.report, &of.part, err);
	if (status == ASSAY_OK)
		status = add_document(store, of.report, json, err);
	return status == ASSAY_OK ? put_all(&of, assay_slice_str(id), report, err) : status;
}

/* index_finding - its facts, where its report is there already */
static enum assay_status index_finding(
    struct assay_store *store, const json_t *finding, struct assay_err *err)
{
	struct assay_facts_of of = { .store = store };
	enum assay_status status =
	    assay_index_find(store, assay_member_text(finding, "scan_id"), &of.report, err);

	if (status != ASSAY_OK || of.report == 0)
		return status;
	of.part = assay_part_of(store, of.report)->id;
	return put_finding(&of, finding, err);
}

/* assay_index_finding - see index.h */
enum assay_status assay_index_finding(struct assay_store *store, const char *id,
    const json_t *finding, struct assay_slice json, struct assay_err *err)
{
	struct assay_buf packed;
	sqlite3_stmt *stmt;
	enum assay_status status;
	bool is_new = false;

	assay_buf_init(&packed, ASSAY_PACK_MAX);
	status = assay_pack(json, &packed, err);
	if (status == ASSAY_OK)
		status = assay_store_prepared(store, ASSAY_STORE_ADD_FINDING, &stmt, err);
	if (status == ASSAY_OK) {
		assay_key_bind_id(stmt, 1, assay_slice_str(id));
		assay_key_bind_id(stmt, 2, assay_member_text(finding, "scan_id"));
		assay_store_bind_text(stmt, 3, assay_member_text(finding, "kind"));
		(void)sqlite3_bind_int64(stmt, 4, wall_of(assay_member_text(finding, "time")));
		assay_store_bind_blob(stmt, 5, assay_buf_slice(&packed));
		status = assay_store_run(store, stmt, err);
		is_new = sqlite3_changes(store->db) > 0;
	}
	assay_buf_release(&packed);
	return status == ASSAY_OK && is_new ? index_finding(store, finding, err) : status;
}

/* ---- out ------------------------------------------------------------------------------------- */

/* assay_index_find - see index.h */
enum assay_status assay_index_find(
    struct assay_store *store, struct assay_slice scan_id, int64_t *report, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status = assay_store_prepared(store, ASSAY_STORE_FIND_REPORT, &stmt, err);

	*report = 0;
	if (status != ASSAY_OK || scan_id.p == NULL)
		return status;
	assay_key_bind_id(stmt, 1, scan_id);
	status = assay_store_step(store, stmt, err);
	if (status == ASSAY_OK)
		*report = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* drop_rows - those of one report in one table, by a kept statement */
static enum assay_status drop_rows(struct assay_store *store, enum assay_store_statement which,
    int64_t report, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	const enum assay_status status = assay_store_prepared(store, which, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, report);
	return assay_store_run(store, stmt, err);
}

/* count_removed - its part has trigrams of one more that is gone */
static enum assay_status count_removed(
    struct assay_store *store, const struct assay_part *part, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	const enum assay_status status =
	    assay_store_prepared(store, ASSAY_STORE_COUNT_REMOVED, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, 1);
	(void)sqlite3_bind_int64(stmt, 2, part->id);
	return assay_store_run(store, stmt, err);
}

/* assay_index_drop - see index.h. The facts of a document that is damaged are left behind; nobody
 * finds them without the row of the report */
enum assay_status assay_index_drop(
    struct assay_store *store, int64_t report, struct assay_slice scan_id, struct assay_err *err)
{
	const struct assay_text_of of = { store, assay_part_of(store, report), report, true };
	json_t *document = NULL;
	sqlite3_stmt *stmt;
	enum assay_status status = assay_find_document(store, report, &document, err);

	if (status == ASSAY_END || status == ASSAY_E_IO)
		status = ASSAY_OK;
	if (status == ASSAY_OK && document != NULL && of.part != NULL)
		status = put_all(&of, scan_id, document, err);
	json_decref(document);
	if (status == ASSAY_OK && of.part != NULL)
		status = count_removed(store, of.part, err);
	if (status == ASSAY_OK)
		status = drop_rows(store, ASSAY_STORE_DROP_DOCUMENT, report, err);
	if (status == ASSAY_OK)
		status = drop_rows(store, ASSAY_STORE_DROP_REPORT, report, err);
	if (status == ASSAY_OK)
		status = assay_store_prepared(store, ASSAY_STORE_DROP_FINDINGS, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	assay_key_bind_id(stmt, 1, scan_id);
	return assay_store_run(store, stmt, err);
}
