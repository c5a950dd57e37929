/*
 * core/term.h - one WORD:VALUE of a query, as a node of its tree
 *
 * See query.h for words and nodes. Values are checked and brought into the form stores compare:
 * lower-case ASCII, 16 bytes of an address, bounds of a size or a time.
 */
#ifndef ASSAY_TERM_H
#define ASSAY_TERM_H

#include <jansson.h>

#include <assay/types.h>

#include "core/query.h"

struct assay_term {
	struct assay_slice word;  /* p NULL: free text */
	struct assay_slice value; /* not empty when there is a word */
};

/* New reference. E_USAGE: no such word (with the nearest), or no value for it. */
ASSAY_MUST_CHECK enum assay_status assay_term_node(const struct assay_term *term,
    const struct assay_query_context *context, json_t **node, struct assay_err *err);
/* E_USAGE when it is neither of the vocabulary nor of the store. */
ASSAY_MUST_CHECK enum assay_status assay_term_known(
    struct assay_slice word, const struct assay_query_context *context, struct assay_err *err);
/* As stores compare it: ASCII in lower case. */
json_t *assay_term_text(struct assay_slice value);

#endif
