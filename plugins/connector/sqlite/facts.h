/*
 * sqlite/facts.h - words and values of a report into the tables word, value, fact
 *
 * Each text is kept once, in lower-case ASCII, cut at ASSAY_FACTS_VALUE bytes; with its bytes
 * backwards, unless it is a digest (hex of 32 and more), so that endings are found as fast as
 * beginnings; with 16 bytes beside it where it is an address. Integers are kept as such.
 */
#ifndef ASSAY_SQLITE_FACTS_H
#define ASSAY_SQLITE_FACTS_H

#include <jansson.h>

#include "store.h"

#define ASSAY_FACTS_VALUE 2048u

/* All of a facts{} object. */
ASSAY_MUST_CHECK enum assay_status assay_facts_add_all(
    struct assay_store *store, int64_t report, const json_t *facts, struct assay_err *err);
/* One text; nothing when it is empty. */
ASSAY_MUST_CHECK enum assay_status assay_facts_add_one(struct assay_store *store, int64_t report,
    const char *word, struct assay_slice text, struct assay_err *err);

#endif
