/*
 * sqlite/compare.h - one comparison of a query: which reports does it find?
 *
 * See core/query.h for the nodes. A glob with a beginning or an end is a range of an index; the
 * rest looks at each value of the word. "subject" without a wildcard is looked for as a part of the
 * subject, "from_name" as a part of the name. Text of one or two characters is looked for through
 * the trigrams that begin with it.
 */
#ifndef ASSAY_SQLITE_COMPARE_H
#define ASSAY_SQLITE_COMPARE_H

#include "select.h"

struct assay_compare {
	const char *set; /* SQL: ids of reports, each perhaps more than once */
	unsigned few;    /* so many values in a part at most ... */
	unsigned ids;    /* ... and this parameter has them, for assay_pick (part.h); 0: many */
	int64_t count;   /* of `set`, assay_select.many + 1: more */
};

ASSAY_MUST_CHECK enum assay_status assay_compare_compile(struct assay_select *select,
    const json_t *node, struct assay_compare *compare, struct assay_err *err);

#endif
