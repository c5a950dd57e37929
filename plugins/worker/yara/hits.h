/*
 * hits.h - scanning one payload, and the rules that matched
 *
 * Runs the sets whose gate is open, one after the other, each with the same time limit. The list
 * is sorted by name space and rule, so that it does not depend on which set a rule is in. Rules
 * live as long as the rule set; the strings of a match are copied during the scan.
 */
#ifndef ASSAY_YARA_HITS_H
#define ASSAY_YARA_HITS_H

#include <assay/plugin.h>

#include "ruleset.h"

#define ASSAY_HITS_MAX 1000     /* rules per payload */
#define ASSAY_HITS_STRINGS 2000 /* strings per payload */

struct assay_hit {
	const YR_RULE *rule;
	json_t *strings; /* [{id, offset, length, data, data_raw?}]; NULL when not asked for */
};

struct assay_hits {
	/* Set by the caller. */
	unsigned timeout_s;
	unsigned strings_limit; /* strings listed per rule; 0: none */
	size_t string_length;   /* bytes of each */
	bool want_strings;
	/* The answer. */
	struct assay_hit *hit;
	size_t n, found, nstring; /* found: counts what was beyond ASSAY_HITS_MAX too */
	bool strings_cut;
	struct assay_slice bytes; /* of the payload */
};

/* E_TIMEOUT or E_PLUGIN: the sets that failed are incomplete, the hits so far stand. */
ASSAY_MUST_CHECK enum assay_status assay_hits_scan(struct assay_ruleset *set,
    const struct assay_payload *payload, struct assay_hits *hits, struct assay_err *err);
void assay_hits_release(struct assay_hits *hits);
/* The text of a meta value; numbers in `space`. *number is set, and true returned in *is_number,
 * when it is one. */
const char *assay_hits_meta(const YR_META *meta, char space[32], bool *is_number);

#endif
