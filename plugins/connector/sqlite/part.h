/*
 * sqlite/part.h - parts of the store (schema.h), and transactions, which know of them
 *
 * A report belongs to the part with the greatest `first` not above its id, a value to that with the
 * greatest `first_value`. A part is full with part_reports reports (65536), or with a 64th of all
 * where that is more, so that there are never more than some hundred parts. A part without reports
 * goes, unless it is the newest.
 */
#ifndef ASSAY_SQLITE_PART_H
#define ASSAY_SQLITE_PART_H

#include "store.h"

struct assay_part {
	int64_t id, first, first_value;
};

struct assay_parts {
	struct assay_part *part;
	size_t n, room;
	int64_t next_value, kept_value; /* of the values; what the file says */
	int64_t reports;                /* part_reports */
	int64_t text_part;              /* whose the statements are */
	int64_t tidied;                 /* by erase.c: whose text is being merged; 0: none */
	sqlite3_stmt *add_text, *drop_text;
};

/* A transaction that writes; the parts are known in it. Everything or, after rollback, nothing. */
ASSAY_MUST_CHECK enum assay_status assay_part_begin(
    struct assay_store *store, struct assay_err *err);
/* The same in a transaction that has been begun. */
ASSAY_MUST_CHECK enum assay_status assay_part_ready(
    struct assay_store *store, struct assay_err *err);
/* Of `status`: commits when it is ASSAY_OK, else rolls back; returns it, or what went wrong. */
ASSAY_MUST_CHECK enum assay_status assay_part_end(
    struct assay_store *store, enum assay_status status, struct assay_err *err);
/* The parts, in a transaction that reads. */
ASSAY_MUST_CHECK enum assay_status assay_part_load(
    struct assay_store *store, struct assay_err *err);

/* That of a report; NULL: there is none. */
const struct assay_part *assay_part_of(const struct assay_store *store, int64_t report);
/* That of a new report, the newest of all: makes one where the last is full. */
ASSAY_MUST_CHECK enum assay_status assay_part_for(struct assay_store *store, int64_t report,
    const struct assay_part **part, struct assay_err *err);
/* The statement that adds text to a part, or takes it out: ?1 report, ?2 subject, ?3 names,
 * ?4 body. */
ASSAY_MUST_CHECK enum assay_status assay_part_text(struct assay_store *store,
    const struct assay_part *part, bool drop, sqlite3_stmt **stmt, struct assay_err *err);
/* Takes away the parts that have no reports. */
ASSAY_MUST_CHECK enum assay_status assay_part_sweep(
    struct assay_store *store, struct assay_err *err);
/* Registers assay_pick(REPORT, IDS, K): of the values IDS (8 bytes each as they are in memory,
 * ascending), the K-th in the part of the report; NULL: it has none. */
int assay_part_register(struct assay_store *store);
/* Accepts NULL, leaves NULL. */
void assay_part_free(struct assay_parts **parts);

#endif
