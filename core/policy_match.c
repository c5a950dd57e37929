/*
 * core/policy_match.c - does a rule fit the facts of a report? See rule.h for what that means.
 *
 * The message's values of all words are looked up once. facts{} of the message holds those of all
 * payloads, so that a line that fits none of them fits no payload, unless the list was cut.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "core/policy_own.h"

/* assay_policy_match_open - the values of the message */
void assay_policy_match_open(
    struct assay_policy_match *match, const struct assay_policy *policy, const json_t *report)
{
	const struct assay_rules *rules = &policy->rules;

	*match = (struct assay_policy_match){ .policy = policy,
		.report = report,
		.facts = json_object_get(report, "facts"),
		.results = json_object_get(report, "results") };
	match->of = assay_xcalloc(rules->nword + 1, sizeof *match->of);
	for (size_t i = 0; i < rules->nword; i++)
		match->of[i] = json_object_get(match->facts, rules->word[i]);
}

/* assay_policy_match_close - what it held */
void assay_policy_match_close(struct assay_policy_match *match)
{
	free(match->of);
}

/* find - the first value that fits one of the alternatives; NULL: none does */
static const json_t *find(const struct assay_rule_test *test, const json_t *values)
{
	const size_t n = json_array_size(values);

	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(values, i);

		for (size_t k = 0; k < test->n; k++)
			if (assay_compare_fits(&test->any[k], value))
				return value;
	}
	return NULL;
}

/* add_hit - for reasons[] */
static void add_hit(
    struct assay_policy_hit *hits, size_t *nhits, const struct assay_policy_hit *hit)
{
	if (*nhits < ASSAY_POLICY_HITS && hit->value != NULL)
		hits[(*nhits)++] = *hit;
}

/* fits_message - a line about the message, or `not` about every payload */
static bool fits_message(const struct assay_policy_match *match, const struct assay_rule_test *test,
    struct assay_policy_hit *hits, size_t *nhits)
{
	const json_t *value = find(test, match->of[test->slot]);

	if (test->negated)
		return value == NULL;
	add_hit(hits, nhits, &(struct assay_policy_hit){ test, value, NULL });
	return value != NULL;
}

/* is_cut - may payloads have values that the message's list has not? */
static bool is_cut(const struct assay_policy_match *match, const struct assay_rule_test *test)
{
	return json_array_size(match->of[test->slot]) >= match->policy->facts_kept;
}

/* denied - `not` about every payload where the message's list was cut */
static bool denied(const struct assay_policy_match *match, const struct assay_rule_test *test)
{
	size_t n = json_array_size(match->results);

	if (!is_cut(match, test))
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *facts = json_object_get(json_array_get(match->results, i), "facts");

		if (find(test, json_object_get(facts, test->word->word)) != NULL)
			return true;
	}
	return false;
}

/* fits_payload - all lines about payloads, on this one */
static bool fits_payload(const struct assay_rule *rule, const json_t *payload,
    struct assay_policy_hit *hits, size_t *nhits)
{
	const json_t *facts = json_object_get(payload, "facts");

	for (size_t i = 0; i < rule->ntest; i++) {
		const struct assay_rule_test *test = &rule->test[i];
		const json_t *value;

		if (test->word->level != ASSAY_FACT_PAYLOAD)
			continue;
		value = find(test, json_object_get(facts, test->word->word));
		if ((value != NULL) == test->negated)
			return false;
		add_hit(hits, nhits, &(struct assay_policy_hit){ test, value, payload });
	}
	return true;
}

/* assay_policy_match_rule - lines about the message first: they are cheap */
bool assay_policy_match_rule(struct assay_policy_match *match, const struct assay_rule *rule,
    const struct assay_rule_test **test, struct assay_policy_hit *hits, size_t *nhits)
{
	const size_t n = json_array_size(match->results);
	size_t before;

	*nhits = 0;
	for (size_t i = 0; i < rule->ntest; i++) {
		*test = &rule->test[i];
		if ((*test)->word->level == ASSAY_FACT_PAYLOAD && rule->payloads) {
			if (!(*test)->negated && !is_cut(match, *test) &&
			    find(*test, match->of[(*test)->slot]) == NULL)
				return false;
		} else if (!fits_message(match, *test, hits, nhits) ||
		    ((*test)->negated && denied(match, *test))) {
			return false;
		}
	}
	*test = NULL;
	if (!rule->payloads)
		return true;
	before = *nhits;
	for (size_t i = 0; i < n; i++) {
		*nhits = before;
		if (fits_payload(rule, json_array_get(match->results, i), hits, nhits))
			return true;
	}
	return false;
}
