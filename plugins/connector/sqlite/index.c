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
#include "index.h"
#include "pack.h"

/* str_at - a text member, or {NULL, 0} */
static struct assay_slice str_at(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : ASSAY_SLICE_NONE;
}

/* first_of - the first value of a word */
static struct assay_slice first_of(const json_t *report, const char *word)
{
	const json_t *values = json_object_get(json_object_get(report, "facts"), word);
	const json_t *value = json_array_get(values, 0);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : ASSAY_SLICE_NONE;
}

/* ---- the row of the report ------------------------------------------------------------------- */

/* number_at - digits of a time */
static int64_t number_at(struct assay_slice text, size_t at, size_t n)
{
	uint64_t value;

	return assay_slice_u64(assay_slice_head(assay_slice_from(text, at), n), &value)
	    ? (int64_t)value
	    : 0;
}

/* time_of - of the message, ms; that of the scan, or now, when there is none */
static int64_t time_of(const json_t *report)
{
	struct assay_slice t = str_at(json_object_get(report, "message_time"), "utc");

	if (t.n < 23)
		t = str_at(report, "time");
	if (t.n < 23)
		return assay_clock_wall_ms();
	return assay_clock_days(
		   (int)number_at(t, 0, 4), (int)number_at(t, 5, 2), (int)number_at(t, 8, 2)) *
	    86400000 +
	    number_at(t, 11, 2) * 3600000 + number_at(t, 14, 2) * 60000 +
	    number_at(t, 17, 2) * 1000 + number_at(t, 20, 3);
}

/* fold_of - equal for reports of one mail: same Message-ID, same content */
static void fold_of(
    const json_t *report, struct assay_slice scan_id, unsigned char fold[SHA256_DIGEST_LENGTH])
{
	const struct assay_slice content = str_at(report, "content_sha256");
	const struct assay_slice id = first_of(report, "message_id");
	struct assay_buf buf;

	assay_buf_init(&buf, 1 << 20);
	(void)assay_buf_add_slice(&buf, content.n > 0 ? content : scan_id);
	(void)assay_buf_add_char(&buf, '\0');
	(void)assay_buf_add_slice(&buf, id);
	(void)SHA256((const unsigned char *)buf.p, buf.n, fold);
	assay_buf_release(&buf);
}

/* is_superseded - has its successor come before it? */
static enum assay_status is_superseded(
    struct assay_store *store, struct assay_slice scan_id, bool *yes, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status =
	    assay_store_prepared(store, ASSAY_STORE_IS_SUPERSEDED, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_store_bind_text(stmt, 1, scan_id);
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
	assay_store_bind_text(stmt, 1, scan_id);
	return assay_store_run(store, stmt, err);
}

/* add_report - *id: its number; 0: it was there */
static enum assay_status add_report(struct assay_store *store, struct assay_slice scan_id,
    const json_t *report, int64_t *id, struct assay_err *err)
{
	const struct assay_slice supersedes = str_at(report, "supersedes");
	unsigned char fold[SHA256_DIGEST_LENGTH];
	bool superseded = false;
	sqlite3_stmt *stmt;
	enum assay_status status = is_superseded(store, scan_id, &superseded, err);

	if (status == ASSAY_OK)
		status = assay_store_prepared(store, ASSAY_STORE_ADD_REPORT, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	fold_of(report, scan_id, fold);
	assay_store_bind_text(stmt, 1, scan_id);
	(void)sqlite3_bind_int64(stmt, 2, time_of(report));
	assay_store_bind_blob(stmt, 3, assay_slice((const char *)fold, 16));
	(void)sqlite3_bind_int(stmt, 4, superseded);
	assay_store_bind_text(stmt, 5, supersedes);
	assay_store_bind_text(
	    stmt, 6, str_at(json_object_get(report, "request_meta"), "source_id"));
	status = assay_store_run(store, stmt, err);
	*id = sqlite3_changes(store->db) > 0 ? sqlite3_last_insert_rowid(store->db) : 0;
	return status == ASSAY_OK && *id != 0 ? supersede(store, supersedes, err) : status;
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

/* ---- text ------------------------------------------------------------------------------------ */

/* add_words - white space as one space; two spaces at the end, so that the last two characters
 * begin a trigram too */
static void add_words(struct assay_buf *out, struct assay_slice text)
{
	bool space = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0' || assay_ascii_is_space(text.p[i])) {
			space = true;
			continue;
		}
		if (space)
			(void)assay_buf_add_char(out, ' ');
		space = false;
		(void)assay_buf_add_char(out, text.p[i]);
	}
	(void)assay_buf_add_str(out, "  ");
}

/* add_values - all texts of a word */
static void add_values(struct assay_buf *out, const json_t *report, const char *word)
{
	const json_t *values = json_object_get(json_object_get(report, "facts"), word);

	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *v = json_array_get(values, i);

		if (json_is_string(v))
			add_words(out, assay_slice(json_string_value(v), json_string_length(v)));
	}
}

/* add_bodies - of all payloads */
static void add_bodies(struct assay_buf *out, const json_t *report)
{
	const json_t *results = json_object_get(report, "results");

	for (size_t i = 0; i < json_array_size(results); i++) {
		json_t *workers = json_object_get(json_array_get(results, i), "workers");
		const char *name;
		json_t *result;

		json_object_foreach(workers, name, result)
		{
			struct assay_slice body = str_at(result, "body");

			if (body.n == 0)
				body = str_at(result, "body_html");
			if (body.n > 0)
				add_words(out, body);
		}
	}
}

/* add_text - what free text is looked for in */
static enum assay_status add_text(
    struct assay_store *store, int64_t id, const json_t *report, struct assay_err *err)
{
	static const char *const names[] = { "from", "from_name", "mailfrom", "rcpt", "attachment",
		"filename", "path" };
	struct assay_buf text[3];
	sqlite3_stmt *stmt;
	enum assay_status status = assay_store_prepared(store, ASSAY_STORE_ADD_TEXT, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < 3; i++)
		assay_buf_init(&text[i], ASSAY_INDEX_TEXT);
	add_values(&text[0], report, "subject");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		add_values(&text[1], report, names[i]);
	add_bodies(&text[2], report);
	(void)sqlite3_bind_int64(stmt, 1, id);
	for (int i = 0; i < 3; i++)
		assay_store_bind_text(stmt, i + 2, assay_buf_slice(&text[i]));
	status = assay_store_run(store, stmt, err);
	for (size_t i = 0; i < 3; i++)
		assay_buf_release(&text[i]);
	return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* add_verdict - words that are no facts of the report, but of the store */
static enum assay_status add_verdict(
    struct assay_store *store, int64_t id, const json_t *report, struct assay_err *err)
{
	const json_t *verdict = json_object_get(report, "verdict");
	const json_t *matched = json_object_get(verdict, "matched");
	const json_t *meta = json_object_get(report, "request_meta");
	enum assay_status status =
	    assay_facts_add_one(store, id, "verdict", str_at(verdict, "action"), err);

	if (status == ASSAY_OK)
		status = assay_facts_add_one(store, id, "rule", str_at(verdict, "rule"), err);
	for (size_t i = 0; i < json_array_size(matched) && status == ASSAY_OK; i++)
		status = assay_facts_add_one(
		    store, id, "rule", str_at(json_array_get(matched, i), "rule"), err);
	if (status == ASSAY_OK)
		status = assay_facts_add_one(store, id, "queue_id", str_at(meta, "queue_id"), err);
	return status;
}

/* assay_index_report - see index.h */
enum assay_status assay_index_report(struct assay_store *store, const char *id,
    const json_t *report, struct assay_slice json, struct assay_err *err)
{
	int64_t row = 0;
	enum assay_status status = add_report(store, assay_slice_str(id), report, &row, err);

	if (status != ASSAY_OK || row == 0)
		return status;
	status = add_document(store, row, json, err);
	if (status == ASSAY_OK)
		status = assay_facts_add_all(store, row, json_object_get(report, "facts"), err);
	if (status == ASSAY_OK)
		status = add_verdict(store, row, report, err);
	if (status == ASSAY_OK)
		status = add_text(store, row, report, err);
	return status;
}

/* assay_index_finding - see index.h */
enum assay_status assay_index_finding(struct assay_store *store, const char *id,
    const json_t *finding, struct assay_slice json, struct assay_err *err)
{
	struct assay_buf packed;
	sqlite3_stmt *stmt;
	enum assay_status status;

	assay_buf_init(&packed, ASSAY_PACK_MAX);
	status = assay_pack(json, &packed, err);
	if (status == ASSAY_OK)
		status = assay_store_prepared(store, ASSAY_STORE_ADD_FINDING, &stmt, err);
	if (status == ASSAY_OK) {
		assay_store_bind_text(stmt, 1, assay_slice_str(id));
		assay_store_bind_text(stmt, 2, str_at(finding, "scan_id"));
		assay_store_bind_text(stmt, 3, str_at(finding, "kind"));
		assay_store_bind_blob(stmt, 4, assay_buf_slice(&packed));
		status = assay_store_run(store, stmt, err);
	}
	assay_buf_release(&packed);
	return status;
}
