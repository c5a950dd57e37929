/*
 * sqlite/index.h - a report into the tables
 *
 * Facts are the report's facts{}, the verdict's action and rules, and the queue id. Text is the
 * subject; names (of senders, recipients, files); the bodies of all payloads, white space as one
 * space. A report that is there already changes nothing. The caller holds the transaction.
 */
#ifndef ASSAY_SQLITE_INDEX_H
#define ASSAY_SQLITE_INDEX_H

#include <jansson.h>

#include <assay/plugin.h>

#include "store.h"

#define ASSAY_INDEX_TEXT ((size_t)256 * 1024) /* of one mail, in bytes */

/* `json` are the bytes that are kept. */
ASSAY_MUST_CHECK enum assay_status assay_index_report(struct assay_store *store, const char *id,
    const json_t *report, struct assay_slice json, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_index_finding(struct assay_store *store, const char *id,
    const json_t *finding, struct assay_slice json, struct assay_err *err);

#endif
