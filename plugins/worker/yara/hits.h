/*
 * hits.h - scanning one payload, and the rules that matched
 *
 * Runs the sets whose gate is open, one after the other, each with the same time limit. The list
 * is sorted by name space and rule and then cut, so that it does not depend on which set a rule is
 * in. Rules live as long as the rule set; where strings matched is noted during the scan, their
 * bytes are read from the payload when the result is written.
 */
#ifndef ASSAY_YARA_HITS_H
#define ASSAY_YARA_HITS_H

#include <assay/plugin.h>

#include "ruleset.h"

#define ASSAY_HITS_MAX 1000     /* rules per payload */
#define ASSAY_HITS_STRINGS 2000 /* strings per payload in the result */
#define ASSAY_HITS_NOTED 100000 /* strings per payload noted during the scan */
#define ASSAY_HITS_RULES 100000 /* rules per payload noted during the scan */

struct assay_hit_string {
	const char *id;
	size_t offset, length;
};

struct assay_hit {
	const YR_RULE *rule;
	size_t first, n; /* its strings: [first, first + n) of the list */
};

struct assay_hits {
	/* Set by the caller. */
	unsigned timeout_s;
	unsigned strings_limit; /* strings listed per rule; 0: none */
	/* The answer. */
	struct assay_hit *hit;
	struct assay_hit_string *string;
	size_t n, nstring;
	size_t found; /* rules; more than n when the list was cut */
	bool strings_cut;
	struct assay_slice bytes; /* of the payload */
};

/* E_TIMEOUT or E_PLUGIN: the sets that failed are incomplete, the hits so far stand. */
ASSAY_MUST_CHECK enum assay_status assay_hits_scan(struct assay_ruleset *set,
    const struct assay_payload *payload, struct assay_hits *hits, struct assay_err *err);
void assay_hits_release(struct assay_hits *hits);
/* The text of a meta value; a number is written into `space`, and *is_number says that it is one.
 */
const char *assay_hits_meta(const YR_META *meta, char space[32], bool *is_number);

#endif
