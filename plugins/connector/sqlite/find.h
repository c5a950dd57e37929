/*
 * sqlite/find.h - one report, by what it is called
 */
#ifndef ASSAY_SQLITE_FIND_H
#define ASSAY_SQLITE_FIND_H

#include <jansson.h>

#include "store.h"

/* The document of a row, ASSAY_END: it is gone. New reference. */
ASSAY_MUST_CHECK enum assay_status assay_find_document(
    struct assay_store *store, int64_t report, json_t **json, struct assay_err *err);
/* By scan_id, queue id, Message-ID, or the beginning (4 and more) of a scan_id. E_NOENT (with who
 * erased it, where somebody did), or E_USAGE: several mails have it. New reference. */
ASSAY_MUST_CHECK enum assay_status assay_find_report(
    struct assay_store *store, const char *id, json_t **report, struct assay_err *err);
/* Is there a report of that source_id? */
bool assay_find_source(struct assay_store *store, const char *source_id);

#endif
