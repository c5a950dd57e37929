/*
 * sqlite/select.h - the tree of a query (core/query.h) as SQL over report r
 *
 * The tree is built, what each comparison finds is counted up to a bound, and then the query is
 * driven either by the few reports of its rarest part or by time, newest first. Bytes of a query
 * or of a mail are bound as ?N, never part of the SQL. All memory belongs to the arena.
 */
#ifndef ASSAY_SQLITE_SELECT_H
#define ASSAY_SQLITE_SELECT_H

#include <jansson.h>

#include "store.h"

struct assay_arena;

#define ASSAY_SELECT_BINDS 2000u
#define ASSAY_SELECT_DEPTH 200u

struct assay_select_bind {
	bool is_blob, is_number;
	struct assay_slice bytes;
	int64_t number;
};

struct assay_select {
	struct assay_store *store;
	struct assay_arena *arena;
	struct assay_select_bind bind[ASSAY_SELECT_BINDS]; /* ?1 is the first */
	unsigned binds;
	int64_t many;      /* reports that are sorted rather than met on the way back in time */
	const char *where; /* a condition; never empty */
};

/* match NULL: every report. `all`: superseded ones too. E_USAGE: a part of the query cannot be
 * answered. */
ASSAY_MUST_CHECK enum assay_status assay_select_compile(
    struct assay_select *select, const json_t *match, bool all, struct assay_err *err);
/* `sql` with all parameters bound; the caller finalizes. */
ASSAY_MUST_CHECK enum assay_status assay_select_prepare(
    struct assay_select *select, const char *sql, sqlite3_stmt **stmt, struct assay_err *err);
/* One more parameter: its number. */
unsigned assay_select_text(struct assay_select *select, struct assay_slice text);
unsigned assay_select_blob(struct assay_select *select, struct assay_slice bytes);
unsigned assay_select_number(struct assay_select *select, int64_t number);

#endif
