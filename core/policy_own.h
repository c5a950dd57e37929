/*
 * core/policy_own.h - what the files of the policy share; private to core/policy*.c
 */
#ifndef ASSAY_POLICY_OWN_H
#define ASSAY_POLICY_OWN_H

#include "core/digest.h"
#include "core/fill.h"
#include "core/policy.h"

/* Lists end with text NULL. */
struct assay_policy_exempt {
	const struct assay_compare *networks, *auth, *daemons, *senders, *rcpts;
	uint64_t size; /* 0: any */
};

struct assay_policy {
	struct assay_arena *arena;
	const struct assay_opts *opts; /* [policy] */
	struct assay_rules rules;
	size_t last_enforced; /* rules behind it all observe; number of it + 1 */
	bool enforce, any_enforced;
	size_t facts_kept; /* a list as long as this may have been cut */
	struct assay_policy_exempt exempt;
	const char *reply_reject, *reply_tempfail;
	char sha256[ASSAY_DIGEST_TEXT];
};

/* What failed, and what is to be done then. */
struct assay_policy_failure {
	enum assay_wire_action action;
	const char *cause;        /* of the verdict; NULL: nothing failed */
	const char *word, *value; /* for reasons[]; value may be NULL */
	const char *payload_id;
	bool settled; /* bypass, exempt: nothing else counts */
};
/* The strongest failure a report tells of. */
void assay_policy_failures(
    const struct assay_policy *policy, const json_t *report, struct assay_policy_failure *failure);
/* An option that is an action. */
enum assay_wire_action assay_policy_action(const struct assay_policy *policy, const char *option);

/* A fact that fitted. */
struct assay_policy_hit {
	const struct assay_rule_test *test;
	const json_t *value;
	const json_t *payload; /* entry of results[]; NULL: of the message */
};
#define ASSAY_POLICY_HITS 16u
struct assay_policy_match {
	const struct assay_policy *policy;
	const json_t *report, *facts, *results;
	const json_t **of; /* by slot: values of the message */
};
void assay_policy_match_open(
    struct assay_policy_match *match, const struct assay_policy *policy, const json_t *report);
void assay_policy_match_close(struct assay_policy_match *match);
/* Does the rule fit? *test: the first line that does not; hits: at most ASSAY_POLICY_HITS, *nhits
 * of them. */
bool assay_policy_match_rule(struct assay_policy_match *match, const struct assay_rule *rule,
    const struct assay_rule_test **test, struct assay_policy_hit *hits, size_t *nhits);

/* Reply and headers for a verdict that has its action and cause, as [policy] says; the headers are
 * begun anew. rule: the one that decided, or NULL. */
void assay_policy_dress(const struct assay_policy *policy, json_t *verdict,
    const struct assay_rule *rule, const struct assay_fill *fill);
/* Adds those of a rule. */
void assay_policy_headers(
    json_t *verdict, const struct assay_rule *rule, const struct assay_fill *fill);

#endif
