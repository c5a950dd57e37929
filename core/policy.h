/*
 * core/policy.h - from a report to one verdict
 *
 * [policy] and the [rule NAME] sections of assay.conf, read once, never changed. Rules are asked in
 * their order; the first that fits and whose action is final (all but tag) decides, `tag` goes on.
 * Where a rule is not enforced (observes), it decides only if no enforced rule fits. Then what the
 * report says of failures (status, limits unseen, workers that failed) may make the action
 * stronger, never weaker: accept < tag < quarantine < tempfail < reject < discard.
 *
 * A message that was not scanned is judged by no rule, one that was scanned in part by no rule with
 * a `not` line: what is missing is not known to be absent. Nothing is answered here: verdict
 * "answered" is null until core/policy_answer. Bounded, deterministic, allocates JSON only.
 */
#ifndef ASSAY_POLICY_H
#define ASSAY_POLICY_H

#include <assay/plugin.h>

#include "core/rule.h"

struct assay_config;
struct assay_host;
struct assay_policy;

/* All sections against the vocabulary of the plugins that are loaded. E_CONF: with file:line. */
ASSAY_MUST_CHECK enum assay_status assay_policy_new(struct assay_config *config,
    const struct assay_host *host, struct assay_policy **policy, struct assay_err *err);
/* Accepts NULL, leaves NULL. */
void assay_policy_free(struct assay_policy **policy);
/* Over everything that can change a verdict: lower-case hex. */
const char *assay_policy_sha256(const struct assay_policy *policy);
/* [policy] enforce, or any rule of its own accord. */
bool assay_policy_enforces(const struct assay_policy *policy);

/* Why a rule does not count, or does. */
enum assay_policy_fit {
	ASSAY_FITS,
	ASSAY_FITS_NOT,     /* `test` says why */
	ASSAY_FITS_BYPASS,  /* switched off for a while */
	ASSAY_FITS_UNKNOWN, /* a `not` line, and not all was looked at */
	ASSAY_FITS_LATE     /* another has decided */
};
struct assay_policy_step {
	const struct assay_rule *rule;
	enum assay_policy_fit fit;
	const struct assay_rule_test *test; /* of FITS_NOT: the line; NULL: no payload has all */
};

struct assay_policy_ask {
	const json_t *report;
	const char *const *skip_rules; /* names, NULL ends; or NULL */
	/* For each rule in order; or NULL. */
	void (*say)(void *arg, const struct assay_policy_step *step);
	void *arg;
};
/* The verdict{} of RESULT. policy NULL: the default. New reference. */
json_t *assay_policy_judge(const struct assay_policy *policy, const struct assay_policy_ask *ask);
/* accept, because of `cause`. New reference. */
json_t *assay_policy_default(const char *cause);

#endif
