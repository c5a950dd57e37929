/*
 * sqlite/facts.h - words and values of a report into the tables word, value, ending, net, fact,
 * and out of them
 *
 * Each text is kept once in a part, cut at ASSAY_FACTS_VALUE bytes; with its bytes backwards in
 * lower-case ASCII, so that endings are found as fast as beginnings, unless it is a digest (key.h);
 * with 16 bytes beside it where it is an address. Integers are kept as such. What no report of the
 * part has any longer goes.
 */
#ifndef ASSAY_SQLITE_FACTS_H
#define ASSAY_SQLITE_FACTS_H

#include <jansson.h>

#include "key.h"
#include "store.h"

#define ASSAY_FACTS_VALUE ASSAY_KEY_MOST

/* Whose facts, and what shall become of them. */
struct assay_facts_of {
	struct assay_store *store;
	int64_t part, report;
	bool drop;
};

/* All of a facts{} object. */
ASSAY_MUST_CHECK enum assay_status assay_facts_all(
    const struct assay_facts_of *of, const json_t *facts, struct assay_err *err);
/* One text; nothing when it is empty. */
ASSAY_MUST_CHECK enum assay_status assay_facts_one(const struct assay_facts_of *of,
    const char *word, struct assay_slice text, struct assay_err *err);

#endif
