/*
 * sqlite/store.c - see store.h
 *
 * Commits are not synced one by one (synchronous = NORMAL): after a power cut the last ones may be
 * missing, never half there; whoever needs to know flushes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "glob.h"
#include "schema.h"
#include "store.h"

#define FILE_MODE 0640
#define DIR_MODE 0750
#define LOCK_MS 20000

static const char *const statements[ASSAY_STORE_STATEMENTS] = {
	[ASSAY_STORE_ADD_REPORT] =
	    "INSERT INTO report(scan_id, time, fold, superseded, supersedes, source_id)"
	    " VALUES(?,?,?,?,?,?) ON CONFLICT(scan_id) DO NOTHING",
	[ASSAY_STORE_IS_SUPERSEDED] = "SELECT 1 FROM report WHERE supersedes = ?",
	[ASSAY_STORE_SUPERSEDE] = "UPDATE report SET superseded = 1 WHERE scan_id = ?",
	[ASSAY_STORE_ADD_DOCUMENT] = "INSERT INTO document(report, json) VALUES(?,?)",
	[ASSAY_STORE_FIND_WORD] = "SELECT id FROM word WHERE name = ?",
	[ASSAY_STORE_ADD_WORD] = "INSERT INTO word(name) VALUES(?)",
	[ASSAY_STORE_FIND_VALUE] = "SELECT id FROM value WHERE word = ? AND text = ?",
	[ASSAY_STORE_ADD_VALUE] =
	    "INSERT INTO value(word, text, shown, key, net) VALUES(?,?,?,?,?)",
	[ASSAY_STORE_ADD_FACT] = "INSERT OR IGNORE INTO fact(value, report) VALUES(?,?)",
	[ASSAY_STORE_ADD_TEXT] =
	    "INSERT INTO fulltext(rowid, subject, names, body) VALUES(?,?,?,?)",
	[ASSAY_STORE_ADD_FINDING] = "INSERT INTO finding(id, scan_id, kind, json) VALUES(?,?,?,?)"
				    " ON CONFLICT(id) DO NOTHING",
};

/* assay_store_fail - see store.h */
enum assay_status assay_store_fail(struct assay_store *store, struct assay_err *err)
{
	const char *why = sqlite3_errmsg(store->db);

	switch (sqlite3_errcode(store->db)) {
	case SQLITE_FULL:
		return assay_err_set(
		    err, ASSAY_E_FULL, "%s: no space left; make room", store->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return assay_err_set(err, ASSAY_E_TIMEOUT,
		    "%s: another process has it locked; try again", store->path);
	case SQLITE_NOTADB:
		return assay_err_set(err, ASSAY_E_IO,
		    "%s: is no store of assay; choose another file or move this one away",
		    store->path);
	case SQLITE_CORRUPT:
		return assay_err_set(err, ASSAY_E_IO,
		    "%s: the store is damaged (%s); move it away and put a copy back", store->path,
		    why);
	default:
		return assay_err_set(err, ASSAY_E_IO, "%s: %s", store->path, why);
	}
}

/* ---- statements ------------------------------------------------------------------------------ */

/* assay_store_prepare - see store.h */
enum assay_status assay_store_prepare(
    struct assay_store *store, const char *sql, sqlite3_stmt **stmt, struct assay_err *err)
{
	if (sqlite3_prepare_v2(store->db, sql, -1, stmt, NULL) != SQLITE_OK)
		return assay_store_fail(store, err);
	return ASSAY_OK;
}

/* assay_store_prepared - see store.h */
enum assay_status assay_store_prepared(struct assay_store *store, enum assay_store_statement which,
    sqlite3_stmt **stmt, struct assay_err *err)
{
	if (store->kept[which] == NULL &&
	    sqlite3_prepare_v3(store->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
		&store->kept[which], NULL) != SQLITE_OK)
		return assay_store_fail(store, err);
	*stmt = store->kept[which];
	(void)sqlite3_reset(*stmt);
	(void)sqlite3_clear_bindings(*stmt);
	return ASSAY_OK;
}

/* assay_store_step - see store.h */
enum assay_status assay_store_step(
    struct assay_store *store, sqlite3_stmt *stmt, struct assay_err *err)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return ASSAY_OK;
	case SQLITE_DONE:
		return ASSAY_END;
	default:
		return assay_store_fail(store, err);
	}
}

/* assay_store_run - see store.h */
enum assay_status assay_store_run(
    struct assay_store *store, sqlite3_stmt *stmt, struct assay_err *err)
{
	enum assay_status status;

	do
		status = assay_store_step(store, stmt, err);
	while (status == ASSAY_OK);
	(void)sqlite3_reset(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* assay_store_exec - see store.h */
enum assay_status assay_store_exec(
    struct assay_store *store, const char *sql, struct assay_err *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return assay_store_fail(store, err);
	return ASSAY_OK;
}

/* assay_store_bind_text - see store.h */
void assay_store_bind_text(sqlite3_stmt *stmt, int at, struct assay_slice text)
{
	if (text.p != NULL)
		(void)sqlite3_bind_text64(stmt, at, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
}

/* assay_store_bind_blob - see store.h */
void assay_store_bind_blob(sqlite3_stmt *stmt, int at, struct assay_slice bytes)
{
	if (bytes.p != NULL)
		(void)sqlite3_bind_blob64(stmt, at, bytes.p, bytes.n, SQLITE_STATIC);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* make_file - with our mode, in directories that are made; sqlite would ask the umask only */
static enum assay_status make_file(const char *path, struct assay_err *err)
{
	char *copy = assay_xstrdup(path);
	int fd;

	for (char *p = copy + (copy[0] != '\0'); *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(copy, DIR_MODE);
		*p = '/';
	}
	free(copy);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	if (fd < 0)
		return assay_io_fail(err, "cannot make the store", path);
	assay_io_close(&fd);
	return ASSAY_OK;
}

/* number_of - the one number a query gives; -1: it gives none */
static enum assay_status number_of(
    struct assay_store *store, const char *sql, int64_t *number, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_store_prepare(store, sql, &stmt, err);

	*number = -1;
	if (status == ASSAY_OK)
		status = assay_store_step(store, stmt, err);
	if (status == ASSAY_OK)
		*number = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* make_schema - in an empty file; another process may have been faster */
static enum assay_status make_schema(struct assay_store *store, struct assay_err *err)
{
	enum assay_status status = assay_store_exec(store, "BEGIN IMMEDIATE", err);
	int64_t tables;

	if (status != ASSAY_OK)
		return status;
	status = number_of(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (status == ASSAY_OK && tables == 0)
		status = assay_store_exec(store, assay_schema_sql, err);
	if (status == ASSAY_OK)
		status = assay_store_exec(store, "COMMIT", err);
	if (status != ASSAY_OK)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

/* check_schema - is it a store, and of a version we know? */
static enum assay_status check_schema(struct assay_store *store, struct assay_err *err)
{
	int64_t tables, ours, version;
	enum assay_status status =
	    number_of(store, "SELECT count(*) FROM sqlite_schema", &tables, err);

	if (status == ASSAY_OK && tables == 0 && store->writable)
		status = make_schema(store, err);
	else if (status == ASSAY_OK && tables == 0)
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s: nothing is in the store yet", store->path);
	if (status == ASSAY_OK)
		status = number_of(store, "PRAGMA application_id", &ours, err);
	if (status == ASSAY_OK && ours != ASSAY_SCHEMA_APPLICATION)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: is a database of another program; choose another file", store->path);
	if (status == ASSAY_OK)
		status = number_of(
		    store, "SELECT value FROM about WHERE name = 'schema'", &version, err);
	if (status == ASSAY_OK && (version < 1 || version > ASSAY_SCHEMA_VERSION))
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: made by a newer version of assay (schema %lld, this one knows %d); "
		    "install that version",
		    store->path, (long long)version, ASSAY_SCHEMA_VERSION);
	return status;
}

/* set_up - the connection */
static enum assay_status set_up(struct assay_store *store, struct assay_err *err)
{
	int persist = 1;

	(void)sqlite3_busy_timeout(store->db, LOCK_MS);
	(void)sqlite3_extended_result_codes(store->db, 0);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (assay_glob_register(store->db) != SQLITE_OK)
		return assay_store_fail(store, err);
	if (!store->writable)
		return assay_store_exec(
		    store, "PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824", err);
	/* Members of the group who may not write the directory could not make these files. */
	(void)sqlite3_file_control(store->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	return assay_store_exec(store,
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;"
	    "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 16000",
	    err);
}

/* assay_store_open - see store.h */
enum assay_status assay_store_open(
    const char *path, bool writable, struct assay_store **store, struct assay_err *err)
{
	const int flags =
	    SQLITE_OPEN_NOMUTEX | (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	struct assay_store *s;
	enum assay_status status = ASSAY_OK;

	if (writable)
		status = make_file(path, err);
	else if (access(path, F_OK) != 0 && errno == ENOENT)
		status = assay_err_set(err, ASSAY_E_NOENT,
		    "%s: there is no store yet; `assay scan -C sqlite` makes one", path);
	if (status != ASSAY_OK)
		return status;
	s = assay_xcalloc(1, sizeof *s);
	s->path = assay_xstrdup(path);
	s->writable = writable;
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		status = assay_store_fail(s, err);
	if (status == ASSAY_OK)
		status = set_up(s, err);
	if (status == ASSAY_OK)
		status = check_schema(s, err);
	if (status != ASSAY_OK)
		assay_store_close(&s);
	*store = s;
	return status;
}

/* assay_store_close - see store.h */
void assay_store_close(struct assay_store **store)
{
	if (*store == NULL)
		return;
	for (size_t i = 0; i < ASSAY_STORE_STATEMENTS; i++)
		(void)sqlite3_finalize((*store)->kept[i]);
	(void)sqlite3_close((*store)->db);
	free((*store)->path);
	free(*store);
	*store = NULL;
}
