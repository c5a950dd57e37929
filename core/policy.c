/*
 * core/policy.c - see policy.h. No rules yet: nothing is judged, nothing is enforced.
 */
#include "core/json.h"
#include "core/policy.h"

/* assay_policy_default - accept, because of `cause` */
json_t *assay_policy_default(const char *cause)
{
	json_t *verdict = json_object();

	assay_json_set(verdict, "action", assay_json_own("accept"));
	assay_json_set(verdict, "answered", json_null());
	assay_json_set(verdict, "enforced", json_false());
	assay_json_set(verdict, "cause", assay_json_own(cause));
	assay_json_set(verdict, "rule", json_null());
	assay_json_set(verdict, "reply", json_null());
	assay_json_set(verdict, "headers", json_array());
	assay_json_set(verdict, "recipients", json_array());
	assay_json_set(verdict, "matched", json_array());
	assay_json_set(verdict, "reasons", json_array());
	return verdict;
}

/* assay_policy_judge - the verdict about a report */
json_t *assay_policy_judge(const json_t *report)
{
	(void)report;
	return assay_policy_default("default");
}
