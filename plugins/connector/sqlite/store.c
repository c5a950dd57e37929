/*
 * sqlite/store.c - see store.h
 *
 * Commits are not synced one by one (synchronous = NORMAL): after a power cut the last ones may be
 * missing, never half there; whoever needs to know flushes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "key.h"
#include "part.h"
#include "schema.h"
#include "store.h"

#define FILE_MODE 0640
#define DIR_MODE 0750
#define SQL_MOST 8192
#define STEPS_BETWEEN 20000 /* of SQLite's machine, some milliseconds */

#define VALUE_IS " WHERE part = ? AND word = ? AND text = ?"

static const char *const statements[ASSAY_STORE_STATEMENTS] = {
	[ASSAY_STORE_IS_ERASED] = "SELECT 1 FROM finding WHERE scan_id = ? AND kind = 'erased'",
	[ASSAY_STORE_ADD_REPORT] = "INSERT INTO report(scan_id, time, scanned, fold, superseded,"
				   " supersedes, source) VALUES(?,?,?,?,?,?,?)"
				   " ON CONFLICT(scan_id) DO NOTHING",
	[ASSAY_STORE_IS_SUPERSEDED] = "SELECT 1 FROM report WHERE supersedes = ?",
	[ASSAY_STORE_SUPERSEDE] = "UPDATE report SET superseded = 1 WHERE scan_id = ?",
	[ASSAY_STORE_ADD_DOCUMENT] = "INSERT INTO document(report, json) VALUES(?,?)",
	[ASSAY_STORE_FIND_WORD] = "SELECT id FROM word WHERE name = ?",
	[ASSAY_STORE_ADD_WORD] = "INSERT INTO word(name) VALUES(?)",
	[ASSAY_STORE_FIND_VALUE] = "SELECT id FROM value" VALUE_IS,
	[ASSAY_STORE_ADD_VALUE] = "INSERT INTO value(part, word, text, id) VALUES(?,?,?,?)",
	[ASSAY_STORE_ADD_ENDING] = "INSERT INTO ending(part, word, key, id) VALUES(?,?,?,?)",
	[ASSAY_STORE_ADD_NET] = "INSERT INTO net(part, word, net, id) VALUES(?,?,?,?)",
	[ASSAY_STORE_ADD_FACT] = "INSERT OR IGNORE INTO fact(value, report) VALUES(?,?)",
	[ASSAY_STORE_DROP_FACT] = "DELETE FROM fact WHERE value = ? AND report = ?",
	[ASSAY_STORE_HAS_FACT] = "SELECT 1 FROM fact WHERE value = ? LIMIT 1",
	[ASSAY_STORE_DROP_VALUE] = "DELETE FROM value" VALUE_IS,
	[ASSAY_STORE_DROP_ENDING] = "DELETE FROM ending WHERE part = ? AND word = ? AND key = ?",
	[ASSAY_STORE_DROP_NET] =
	    "DELETE FROM net WHERE part = ? AND word = ? AND net = ? AND id = ?",
	[ASSAY_STORE_ADD_FINDING] =
	    "INSERT INTO finding(id, scan_id, kind, time, json) VALUES(?,?,?,?,?)"
	    " ON CONFLICT(id) DO NOTHING",
	[ASSAY_STORE_FIND_REPORT] = "SELECT id FROM report WHERE scan_id = ?",
	[ASSAY_STORE_FINDINGS_OF] = "SELECT json FROM finding WHERE scan_id = ?",
	[ASSAY_STORE_DROP_FINDINGS] =
	    "DELETE FROM finding WHERE scan_id = ? AND kind IS NOT 'erased'",
	[ASSAY_STORE_DROP_REPORT] = "DELETE FROM report WHERE id = ?",
	[ASSAY_STORE_GET_DOCUMENT] = "SELECT json FROM document WHERE report = ?",
	[ASSAY_STORE_DROP_DOCUMENT] = "DELETE FROM document WHERE report = ?",
	[ASSAY_STORE_COUNT_REMOVED] = "UPDATE part SET removed = removed + ? WHERE id = ?",
};

/* assay_store_fail - see store.h */
enum assay_status assay_store_fail(struct assay_store *store, struct assay_err *err)
{
	const char *why = sqlite3_errmsg(store->db);
	const int code = sqlite3_errcode(store->db);
	const int detail = sqlite3_extended_errcode(store->db);

	if (code == SQLITE_FULL)
		return assay_err_set(
		    err, ASSAY_E_FULL, "%s: no space left; make room", store->path);
	/* A quota, and the index of the WAL that cannot grow, are I/O errors to sqlite. */
	if (detail == SQLITE_IOERR_WRITE || detail == SQLITE_IOERR_SHMSIZE)
		return assay_err_set(err, ASSAY_E_FULL,
		    "%s: cannot be written to; make room, raise the quota, or look at the disk",
		    store->path);
	switch (code) {
	case SQLITE_INTERRUPT:
		return assay_err_set(err, ASSAY_E_TIMEOUT,
		    "%s: the question takes too long; narrow it, for example with since:30d",
		    store->path);
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

/* assay_store_exec_for - see store.h */
enum assay_status assay_store_exec_for(
    struct assay_store *store, const char *sql, int64_t number, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(sql);
	enum assay_status status;
	struct assay_buf text;

	assay_buf_init(&text, SQL_MOST);
	while (rest.n > 0) {
		const size_t at = assay_slice_search(rest, ASSAY_SLICE_LIT("%lld"));

		(void)assay_buf_add_slice(&text, assay_slice_head(rest, at));
		if (at < rest.n)
			(void)assay_buf_printf(&text, "%" PRId64, number);
		rest = assay_slice_from(rest, at + 4);
	}
	status = assay_store_exec(store, text.p, err);
	assay_buf_release(&text);
	return status;
}

/* assay_store_number - see store.h */
enum assay_status assay_store_number(
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

/* give - to the group; what is there already too */
static enum assay_status give(const char *path, gid_t group, struct assay_err *err)
{
	struct stat st;

	if (group == ASSAY_STORE_NO_GROUP || stat(path, &st) != 0 || st.st_gid == group ||
	    chown(path, (uid_t)-1, group) == 0)
		return ASSAY_OK;
	return assay_io_fail(err, "cannot give to the group (option group of sqlite)", path);
}

/* make_dirs - those on the way to the file that are missing */
static enum assay_status make_dirs(const struct assay_store_how *how, struct assay_err *err)
{
	char *copy = assay_xstrdup(how->path);
	enum assay_status status = ASSAY_OK;

	for (char *p = copy + (copy[0] != '\0'); *p != '\0' && status == ASSAY_OK; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, DIR_MODE) == 0)
			status = give(copy, how->group, err);
		*p = '/';
	}
	free(copy);
	return status;
}

/* make_file - with our mode, in directories that are made; sqlite would ask the umask only */
static enum assay_status make_file(const struct assay_store_how *how, struct assay_err *err)
{
	enum assay_status status = make_dirs(how, err);
	int fd;

	if (status != ASSAY_OK)
		return status;
	fd = open(how->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	if (fd < 0)
		return assay_io_fail(err, "cannot make the store", how->path);
	assay_io_close(&fd);
	return give(how->path, how->group, err);
}

/* beside - the name of a file that sqlite has beside the store, on the heap */
static char *beside(const char *path, const char *end)
{
	struct assay_buf name;

	assay_buf_init(&name, PATH_MAX + 8);
	(void)assay_buf_printf(&name, "%s%s", path, end);
	return assay_buf_steal(&name, NULL);
}

/* assay_store_wal - see store.h */
int64_t assay_store_wal(const struct assay_store *store)
{
	char *name = beside(store->path, "-wal");
	struct stat st;
	const int64_t size = stat(name, &st) == 0 ? (int64_t)st.st_size : 0;

	free(name);
	return size;
}

/* give_rest - the files sqlite made beside it: it asks the owner, and the group only as root */
static enum assay_status give_rest(const struct assay_store_how *how, struct assay_err *err)
{
	static const char *const ends[] = { "-wal", "-shm" };
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < 2 && status == ASSAY_OK; i++) {
		char *name = beside(how->path, ends[i]);

		status = give(name, how->group, err);
		free(name);
	}
	return status;
}

/* make_schema - in an empty file; another process may have been faster */
static enum assay_status make_schema(struct assay_store *store, struct assay_err *err)
{
	enum assay_status status = assay_store_exec(store, "BEGIN IMMEDIATE", err);
	int64_t tables;

	if (status != ASSAY_OK)
		return status;
	status = assay_store_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
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
	int64_t tables, ours, version = 0;
	enum assay_status status =
	    assay_store_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);

	if (status == ASSAY_OK && tables == 0 && store->writable)
		status = make_schema(store, err);
	else if (status == ASSAY_OK && tables == 0)
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s: nothing is in the store yet", store->path);
	if (status == ASSAY_OK)
		status = assay_store_number(store, "PRAGMA application_id", &ours, err);
	if (status == ASSAY_OK && ours != ASSAY_SCHEMA_APPLICATION)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: is a database of another program; choose another file", store->path);
	if (status == ASSAY_OK)
		status = assay_store_number(
		    store, "SELECT value FROM about WHERE name = 'schema'", &version, err);
	if (status == ASSAY_OK && (version < 1 || version > ASSAY_SCHEMA_VERSION))
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: made by a newer version of assay (schema %lld, this one knows %d); "
		    "install that version",
		    store->path, (long long)version, ASSAY_SCHEMA_VERSION);
	store->version = (int)version;
	if (status == ASSAY_OK && version < ASSAY_SCHEMA_VERSION && !store->writable)
		return assay_err_set(err, ASSAY_E_UNSUP,
		    "%s: made by an older version of assay (schema %lld); whoever may write it "
		    "brings it up to date: start the service, or call assay search as its owner",
		    store->path, (long long)version);
	return status;
}

/* is_late - is the time of the question over? */
static int is_late(void *arg)
{
	const struct assay_store *store = arg;

	return store->deadline_ms != 0 && assay_clock_mono_ms() > store->deadline_ms;
}

/* set_up - the connection */
static enum assay_status set_up(struct assay_store *store, struct assay_err *err)
{
	int persist = 1;

	(void)sqlite3_busy_timeout(store->db, store->lock_ms);
	(void)sqlite3_extended_result_codes(store->db, 0);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_progress_handler(store->db, STEPS_BETWEEN, is_late, store);
	if (assay_key_register(store->db) != SQLITE_OK || assay_part_register(store) != SQLITE_OK)
		return assay_store_fail(store, err);
	/* Members of the group who may not write the directory could not make these files. */
	(void)sqlite3_file_control(store->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	if (!store->writable)
		return assay_store_exec(
		    store, "PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824", err);
	(void)sqlite3_wal_autocheckpoint(store->db, ASSAY_STORE_WAL_PAGES);
	return assay_store_exec(store,
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;"
	    "PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = FAST",
	    err);
}

/* assay_store_open - see store.h */
enum assay_status assay_store_open(
    const struct assay_store_how *how, struct assay_store **store, struct assay_err *err)
{
	const int flags =
	    SQLITE_OPEN_NOMUTEX | (how->writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	struct assay_store *s;
	enum assay_status status = ASSAY_OK;

	if (how->writable)
		status = make_file(how, err);
	else if (access(how->path, F_OK) != 0 && errno == ENOENT)
		status = assay_err_set(err, ASSAY_E_NOENT,
		    "%s: there is no store yet; `assay scan -C sqlite` makes one", how->path);
	if (status != ASSAY_OK)
		return status;
	s = assay_xcalloc(1, sizeof *s);
	s->path = assay_xstrdup(how->path);
	s->writable = how->writable;
	s->lock_ms = how->lock_ms;
	if (sqlite3_open_v2(how->path, &s->db, flags, NULL) != SQLITE_OK)
		status = assay_store_fail(s, err);
	if (status == ASSAY_OK)
		status = set_up(s, err);
	if (status == ASSAY_OK)
		status = check_schema(s, err);
	if (status == ASSAY_OK && how->writable)
		status = give_rest(how, err);
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
	assay_part_free(&(*store)->parts);
	(void)sqlite3_close((*store)->db);
	free((*store)->path);
	free(*store);
	*store = NULL;
}
