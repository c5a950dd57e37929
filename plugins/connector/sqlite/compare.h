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

#define ASSAY_COMPARE_MANY 2000 /* counted no further */

struct assay_compare {
	const char *set;    /* SQL: ids of reports, each perhaps more than once */
	const char *values; /* numbers of the values, when there are few; or NULL */
	int64_t count;      /* of `set`, ASSAY_COMPARE_MANY + 1: more */
};

ASSAY_MUST_CHECK enum assay_status assay_compare_compile(struct assay_select *select,
    const json_t *node, struct assay_compare *compare, struct assay_err *err);

#endif
