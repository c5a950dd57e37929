/*
 * sqlite/text.h - what free text is looked for in: into the trigrams of a part, and out of them
 *
 * Subject; names (of senders, recipients, files); the bodies of all payloads, white space as one
 * space; ASSAY_TEXT_MOST bytes of each at most. FTS5 keeps no copy: what is taken out has to be the
 * very text that was put in, so this is a function of the document and never changes within a
 * version of the schema.
 */
#ifndef ASSAY_SQLITE_TEXT_H
#define ASSAY_SQLITE_TEXT_H

#include <jansson.h>

#include "part.h"

#define ASSAY_TEXT_MOST ((size_t)256 * 1024) /* of one column of one mail, in bytes */

/* Where a report's text is. */
struct assay_text_of {
	struct assay_store *store;
	const struct assay_part *part;
	int64_t report;
	bool drop;
};

ASSAY_MUST_CHECK enum assay_status assay_text_put(
    const struct assay_text_of *of, const json_t *report, struct assay_err *err);

#endif
