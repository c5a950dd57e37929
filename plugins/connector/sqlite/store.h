/*
 * sqlite/store.h - the file: opened, of our schema, statements, transactions
 *
 * One connection of one process, opened after any fork. The file is made (0640) by the first
 * writer; it is in WAL mode, so readers and one writer do not wait for each other. A file of
 * another program, a damaged one and one of a newer version are refused in one line and not
 * touched.
 */
#ifndef ASSAY_SQLITE_STORE_H
#define ASSAY_SQLITE_STORE_H

#include <sqlite3.h>
#include <sys/types.h>

#include <assay/types.h>

struct assay_parts; /* part.h */

#define ASSAY_STORE_NO_GROUP ((gid_t)-1)

struct assay_store_how {
	const char *path;
	bool writable; /* makes what is missing */
	gid_t group;   /* of what is made, or ASSAY_STORE_NO_GROUP */
	int lock_ms;   /* others are waited for so long */
};

enum assay_store_statement {
	ASSAY_STORE_IS_ERASED,
	ASSAY_STORE_ADD_REPORT,
	ASSAY_STORE_IS_SUPERSEDED,
	ASSAY_STORE_SUPERSEDE,
	ASSAY_STORE_ADD_DOCUMENT,
	ASSAY_STORE_FIND_WORD,
	ASSAY_STORE_ADD_WORD,
	ASSAY_STORE_FIND_VALUE,
	ASSAY_STORE_ADD_VALUE,
	ASSAY_STORE_ADD_ENDING,
	ASSAY_STORE_ADD_NET,
	ASSAY_STORE_ADD_FACT,
	ASSAY_STORE_DROP_FACT,
	ASSAY_STORE_HAS_FACT,
	ASSAY_STORE_DROP_VALUE,
	ASSAY_STORE_DROP_ENDING,
	ASSAY_STORE_DROP_NET,
	ASSAY_STORE_ADD_FINDING,
	ASSAY_STORE_FIND_REPORT,
	ASSAY_STORE_FINDINGS_OF,
	ASSAY_STORE_DROP_FINDINGS,
	ASSAY_STORE_DROP_REPORT,
	ASSAY_STORE_GET_DOCUMENT,
	ASSAY_STORE_DROP_DOCUMENT,
	ASSAY_STORE_COUNT_REMOVED,
	ASSAY_STORE_STATEMENTS
};

#define ASSAY_STORE_WAL_PAGES 16000 /* in the WAL before they are written back */

struct assay_store {
	sqlite3 *db;
	char *path;
	bool writable;
	int lock_ms;
	int version; /* of its schema; older ones are for migrate.c */
	struct assay_parts *parts;
	int64_t deadline_ms; /* of the question under way, monotonic; 0: none */
	int64_t erase_ms;    /* erase.c: work of one call before its commit; 0: not known yet */
	sqlite3_stmt *kept[ASSAY_STORE_STATEMENTS];
};

/* E_NOENT when there is no store yet and it is not to be made; E_UNSUP when it is of an older
 * version and not writable. */
ASSAY_MUST_CHECK enum assay_status assay_store_open(
    const struct assay_store_how *how, struct assay_store **store, struct assay_err *err);
/* Accepts NULL, leaves NULL. */
void assay_store_close(struct assay_store **store);

/* "PATH: why" of the last failure; E_FULL, E_TIMEOUT (locked, or too long a question), E_IO. */
enum assay_status assay_store_fail(struct assay_store *store, struct assay_err *err);
/* A statement kept for the next time, ready to be bound. */
ASSAY_MUST_CHECK enum assay_status assay_store_prepared(struct assay_store *store,
    enum assay_store_statement which, sqlite3_stmt **stmt, struct assay_err *err);
/* A new one; the caller finalizes. */
ASSAY_MUST_CHECK enum assay_status assay_store_prepare(
    struct assay_store *store, const char *sql, sqlite3_stmt **stmt, struct assay_err *err);
/* Up to its end, rows ignored; reset. */
ASSAY_MUST_CHECK enum assay_status assay_store_run(
    struct assay_store *store, sqlite3_stmt *stmt, struct assay_err *err);
/* ASSAY_OK: a row; ASSAY_END: none left. */
ASSAY_MUST_CHECK enum assay_status assay_store_step(
    struct assay_store *store, sqlite3_stmt *stmt, struct assay_err *err);
/* Several statements without results. */
ASSAY_MUST_CHECK enum assay_status assay_store_exec(
    struct assay_store *store, const char *sql, struct assay_err *err);
/* The same with a number in the place of each %lld. */
ASSAY_MUST_CHECK enum assay_status assay_store_exec_for(
    struct assay_store *store, const char *sql, int64_t number, struct assay_err *err);
/* The one number a query gives; -1: it gives none. */
ASSAY_MUST_CHECK enum assay_status assay_store_number(
    struct assay_store *store, const char *sql, int64_t *number, struct assay_err *err);
/* Bytes of the WAL. */
int64_t assay_store_wal(const struct assay_store *store);
/* The bytes are borrowed until the statement is reset; {NULL, 0} is NULL. */
void assay_store_bind_text(sqlite3_stmt *stmt, int at, struct assay_slice text);
void assay_store_bind_blob(sqlite3_stmt *stmt, int at, struct assay_slice bytes);

#endif
