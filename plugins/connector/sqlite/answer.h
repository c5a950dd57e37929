/*
 * sqlite/answer.h - what a query or an id finds
 *
 * See core/query.h for queries and rows. Newest first, by the time of the message. Reports of one
 * mail (same Message-ID and content) count once, the newest that was found standing for all,
 * unless the query says "all".
 */
#ifndef ASSAY_SQLITE_ANSWER_H
#define ASSAY_SQLITE_ANSWER_H

#include <jansson.h>

#include "store.h"

/* Calls row until there are no more or it returns false. */
ASSAY_MUST_CHECK enum assay_status assay_answer_query(struct assay_store *store,
    const json_t *query, bool (*row)(void *arg, const json_t *row), void *arg,
    struct assay_err *err);
/* By scan_id, queue id, Message-ID, or the beginning (4 and more) of a scan_id. E_NOENT, or
 * E_USAGE: several mails have it. New reference. */
ASSAY_MUST_CHECK enum assay_status assay_answer_fetch(
    struct assay_store *store, const char *id, json_t **report, struct assay_err *err);
/* Is there a report of that source_id? */
bool assay_answer_has(struct assay_store *store, const char *source_id);

#endif
