/*
 * sqlite/migrate.c - see migrate.h
 *
 * Version 1 had one table of values and one of trigrams for all reports, and no time of the scan.
 * What is damaged in it is left out and counted.
 */
#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "index.h"
#include "migrate.h"
#include "pack.h"
#include "part.h"
#include "schema.h"

static const char aside[] =
    "DROP TABLE fulltext_terms; DROP TABLE fulltext; DROP TABLE fact; DROP TABLE value;"
    "DROP TABLE word; DROP TABLE about; DROP INDEX report_time; DROP INDEX report_supersedes;"
    "DROP INDEX report_source; DROP INDEX finding_scan;"
    "ALTER TABLE report RENAME TO report_1; ALTER TABLE document RENAME TO document_1;"
    "ALTER TABLE finding RENAME TO finding_1";
static const char reports[] = "SELECT r.scan_id, d.json FROM report_1 r"
			      " JOIN document_1 d ON d.report = r.id ORDER BY r.id";
static const char findings[] = "SELECT id, json FROM finding_1";
static const char away[] = "DROP TABLE report_1; DROP TABLE document_1; DROP TABLE finding_1";

/* move_one - a report or finding; *damaged grows when it cannot be read */
static enum assay_status move_one(struct assay_store *store, sqlite3_stmt *row, bool is_finding,
    int64_t *damaged, struct assay_err *err)
{
	const char *id = (const char *)sqlite3_column_text(row, 0);
	const struct assay_slice packed = { sqlite3_column_blob(row, 1),
		(size_t)sqlite3_column_bytes(row, 1) };
	enum assay_status status = ASSAY_OK;
	struct assay_buf text;
	json_t *json = NULL;

	assay_buf_init(&text, ASSAY_PACK_MAX);
	if (id != NULL && assay_unpack_text(packed, &text, NULL) == ASSAY_OK)
		json = json_loadb(text.p, text.n, 0, NULL);
	if (json == NULL)
		++*damaged;
	else if (is_finding)
		status = assay_index_finding(store, id, json, assay_buf_slice(&text), err);
	else
		status = assay_index_report(store, id, json, assay_buf_slice(&text), err);
	json_decref(json);
	assay_buf_release(&text);
	return status;
}

/* move_all - of one of the old tables */
static enum assay_status move_all(struct assay_store *store, const char *sql, bool is_finding,
    int64_t *damaged, struct assay_err *err)
{
	sqlite3_stmt *row = NULL;
	enum assay_status status = assay_store_prepare(store, sql, &row, err);

	while (status == ASSAY_OK) {
		status = assay_store_step(store, row, err);
		if (status == ASSAY_OK)
			status = move_one(store, row, is_finding, damaged, err);
	}
	(void)sqlite3_finalize(row);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* from_1 - all of it, in the transaction */
static enum assay_status from_1(struct assay_store *store, struct assay_err *err)
{
	int64_t damaged = 0;
	enum assay_status status = assay_store_exec(store, aside, err);

	if (status == ASSAY_OK)
		status = assay_store_exec(store, assay_schema_sql, err);
	if (status == ASSAY_OK)
		status = assay_part_ready(store, err);
	if (status == ASSAY_OK)
		status = move_all(store, reports, false, &damaged, err);
	if (status == ASSAY_OK)
		status = move_all(store, findings, true, &damaged, err);
	if (status == ASSAY_OK)
		status = assay_store_exec(store, away, err);
	if (status == ASSAY_OK && damaged > 0)
		assay_log(ASSAY_LOG_WARNING,
		    "%s: %" PRId64 " reports were damaged and are left out", store->path, damaged);
	return status;
}

/* assay_migrate - see migrate.h */
enum assay_status assay_migrate(struct assay_store *store, struct assay_err *err)
{
	int64_t version, count = 0;
	enum assay_status status;

	if (store->version == ASSAY_SCHEMA_VERSION)
		return ASSAY_OK;
	status = assay_store_exec(store, "BEGIN IMMEDIATE", err);
	if (status != ASSAY_OK)
		return status;
	/* Another process may have been faster. */
	status = assay_store_number(
	    store, "SELECT value FROM about WHERE name = 'schema'", &version, err);
	if (status == ASSAY_OK && version == ASSAY_SCHEMA_VERSION) {
		status = assay_part_ready(store, err);
	} else if (status == ASSAY_OK) {
		status = assay_store_number(store, "SELECT count(*) FROM report", &count, err);
		assay_log(ASSAY_LOG_WARNING,
		    "%s: brought up to date (schema %" PRId64 " to %d), %" PRId64
		    " reports; this takes a while",
		    store->path, version, ASSAY_SCHEMA_VERSION, count);
		if (status == ASSAY_OK)
			status = from_1(store, err);
	}
	status = assay_part_end(store, status, err);
	if (status == ASSAY_OK)
		store->version = ASSAY_SCHEMA_VERSION;
	return status;
}
