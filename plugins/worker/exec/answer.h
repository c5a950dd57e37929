/*
 * answer - what a program said, as rows
 *
 * Standard output that is a JSON object or list becomes rows {key, value, value_int}: names are
 * values here, "a.b[0].c". A list `tags` of strings at the top becomes tags. Anything else is text
 * and nothing more. The bytes are a stranger's: rows, depth and lengths are bounded.
 */
#ifndef ASSAY_EXEC_ANSWER_H
#define ASSAY_EXEC_ANSWER_H

#include <jansson.h>

#include <assay/types.h>

#define ASSAY_ANSWER_ROWS 1000u
#define ASSAY_ANSWER_DEPTH 16u
#define ASSAY_ANSWER_VALUE 4096u /* bytes of a value */
#define ASSAY_ANSWER_KEY 256u
#define ASSAY_ANSWER_TAGS 100u
#define ASSAY_ANSWER_TAG 100u

struct assay_answer_rows {
	json_t *fields, *tags; /* lists to be added to; borrowed */
	size_t n;              /* rows that were there to be added */
	bool cut;              /* some value, key or tag was shortened, or left out */
};

/* False: it is no JSON object or list, and no row was added. */
bool assay_answer_read(struct assay_slice out, struct assay_answer_rows *rows);

#endif
