/*
 * sqlite/answer.h - what a query finds
 *
 * See core/query.h for queries and rows. Newest first, by the time of the message. Reports of one
 * mail (same Message-ID and content) count once, the newest that was found standing for all,
 * unless the query says "all".
 *
 * Rows are handed out after the transaction that found them: somebody who reads them slowly does
 * not keep the WAL from being emptied. Only of values that are more than ASSAY_ANSWER_ROWS some are
 * handed out before. A report that went in between is left out.
 */
#ifndef ASSAY_SQLITE_ANSWER_H
#define ASSAY_SQLITE_ANSWER_H

#include <jansson.h>

#include "store.h"

#define ASSAY_ANSWER_ROWS 200000u

/* Calls row until there are no more or it returns false. E_TIMEOUT: timeout_ms have passed before
 * all was found; 0: any time will do. */
struct assay_question {
	const json_t *query;
	bool (*row)(void *arg, const json_t *row);
	void *arg;
	int64_t timeout_ms;
};
ASSAY_MUST_CHECK enum assay_status assay_answer_query(
    struct assay_store *store, const struct assay_question *question, struct assay_err *err);

#endif
