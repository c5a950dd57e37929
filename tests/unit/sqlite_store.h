/*
 * sqlite_store.h - the sqlite plugin over a fresh directory, for its tests
 *
 * One store at a time: `host` is the plugin, `dir` where it lies. Reports are JSON with a member
 * "n", which is what answers are told by.
 */
#ifndef ASSAY_TEST_SQLITE_STORE_H
#define ASSAY_TEST_SQLITE_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"

#define STORE_FILE "/deep/er/store.db"

static struct keep_dir dir;
static struct fake_host *host;

/* open_store - the plugin over a directory */
static inline void open_store(const char *more)
{
	const char *opts[] = { keep_dir_opt(&dir, "path", STORE_FILE), "lock_timeout=50ms", more,
		NULL };

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
}

static inline void start(void)
{
	keep_dir_make(&dir);
	open_store(NULL);
}

static inline void stop(void)
{
	fake_host_close(&host);
	keep_dir_remove(&dir);
}

/* again - another process could not tell more */
static inline void again(void)
{
	fake_host_close(&host);
	open_store(NULL);
}

/* save - reports by their JSON; ids are "1...", "2..." in order */
static inline enum assay_status save(const char *const *json, size_t n, struct assay_err *err)
{
	static char id[10][8];
	struct assay_record records[10];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(id[i], sizeof id[i], "%zuabcde", i + 1);
		records[i] = (struct assay_record){ "report", id[i], assay_slice_str(json[i]) };
	}
	return assay_plugin.connector->save(fake_host_state(host), records, n, err);
}

/* note - rows as text, one behind the other */
static inline bool note(void *arg, const json_t *row)
{
	char *out = arg;
	const char *n = json_string_value(json_object_get(row, "n"));
	char *text = n != NULL ? NULL : json_dumps(row, JSON_COMPACT);

	(void)snprintf(out + strlen(out), 2000 - strlen(out), "%s ", n != NULL ? n : text);
	free(text);
	return true;
}

/* ask - what a query in JSON finds: the members "n" of the reports, or the rows */
static inline const char *ask(const char *query)
{
	static char out[2000];
	struct assay_err err = { .text = "" };
	json_t *json = json_loads(query, 0, NULL);

	assert_non_null(json);
	out[0] = '\0';
	if (assay_plugin.connector->query(fake_host_state(host), json, note, out, &err) != ASSAY_OK)
		(void)snprintf(out, sizeof out, "%s", err.text);
	json_decref(json);
	return out;
}

/* match - only the comparison differs */
static inline const char *match(const char *node)
{
	char query[1000];

	(void)snprintf(query, sizeof query, "{\"match\":%s}", node);
	return ask(query);
}

/* fetched - the member "n" of a report, or why not */
static inline const char *fetched(const char *id)
{
	static char out[600];
	struct assay_err err;
	json_t *report = NULL;

	if (assay_plugin.connector->fetch(fake_host_state(host), id, &report, &err) == ASSAY_OK)
		(void)snprintf(
		    out, sizeof out, "%s", json_string_value(json_object_get(report, "n")));
	else
		(void)snprintf(out, sizeof out, "%d", (int)err.code);
	json_decref(report);
	return out;
}

/* run - SQL on the file, past the plugin */
static inline void run(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(keep_dir_path(&dir, STORE_FILE), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* number - what SQL on the file gives */
static inline long long number(const char *sql)
{
	sqlite3_stmt *stmt;
	long long value;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(keep_dir_path(&dir, STORE_FILE), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return value;
}

#endif
