/*
 * sqlite/index.h - a report into the tables, and out of them
 *
 * Facts are the report's facts{}, the verdict's action and rules, the queue id, and what its
 * findings say: their facts{}, rules[], and kind and label as the words "finding" and "label". A
 * report that is there already changes nothing; one that was erased does not come back. The caller
 * holds the transaction of part.h.
 */
#ifndef ASSAY_SQLITE_INDEX_H
#define ASSAY_SQLITE_INDEX_H

#include <jansson.h>

#include "store.h"

/* `json` are the bytes that are kept. */
ASSAY_MUST_CHECK enum assay_status assay_index_report(struct assay_store *store, const char *id,
    const json_t *report, struct assay_slice json, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_index_finding(struct assay_store *store, const char *id,
    const json_t *finding, struct assay_slice json, struct assay_err *err);
/* The row of a scan; 0: there is none. */
ASSAY_MUST_CHECK enum assay_status assay_index_find(
    struct assay_store *store, struct assay_slice scan_id, int64_t *report, struct assay_err *err);
/* All there is of a report, and its findings but for those that say that it was erased. */
ASSAY_MUST_CHECK enum assay_status assay_index_drop(
    struct assay_store *store, int64_t report, struct assay_slice scan_id, struct assay_err *err);

#endif
