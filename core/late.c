/*
 * core/late.c - see late.h. Memory only.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/slice.h"
#include "core/finding.h"
#include "core/json.h"
#include "core/late.h"
#include "core/report_check.h"
#include "core/request.h"

#define LET_THROUGH "let_through" /* member of such a request: the answer of then */

/* assay_late_request - see late.h */
json_t *assay_late_request(const struct assay_answer *answer, const char *answered)
{
	json_t *request = json_deep_copy(answer->request);
	struct assay_request derived;
	char id[ASSAY_UUID_TEXT];

	assay_request_init(&derived);
	derived.source_id = "rescan";
	assay_request_scan_id(&derived, answer->scan_id, id);
	assay_json_set(request, "scan_id", assay_json_own(id));
	assay_json_set(request, "supersedes", assay_json_own(answer->scan_id));
	(void)json_object_del(request, "skip");
	(void)json_object_del(request, "root_only");
	(void)json_object_del(request, "spent_ms");
	/* It comes through a door now. */
	(void)json_object_del(request, "guest");
	if (answered != NULL)
		assay_json_set(request, LET_THROUGH, assay_json_own(answered));
	return request;
}

/* assay_late_finding - see late.h */
json_t *assay_late_finding(const struct assay_answer *answer)
{
	static const char *const through[] = { "accept", "tag", NULL };
	static const char *const stops[] = { "quarantine", "reject", "discard", NULL };
	const char *then = assay_json_get_str(answer->request, LET_THROUGH), *rule;
	struct assay_finding finding = { .kind = "delivered_bad", .by = "policy" };
	json_t *verdict = NULL, *rules = NULL, *json;
	struct assay_err err;
	char note[120];

	if (then == NULL || !assay_slice_in(assay_slice_str(then), through) ||
	    !assay_slice_in(assay_slice_str(answer->action), stops))
		return NULL;
	if (assay_json_parse(assay_report_verdict(answer->report), &verdict, &err) != ASSAY_OK)
		verdict = NULL;
	rule = assay_json_get_str(verdict, "rule");
	if (rule != NULL) {
		rules = json_array();
		assay_json_append(rules, assay_json_str(rule));
	}
	(void)snprintf(note, sizeof note,
	    "answered %s before the scan was finished; the verdict is %s", then, answer->action);
	finding.scan_id = answer->scan_id;
	finding.time_ms = assay_clock_wall_ms();
	finding.note = note;
	finding.rules = rules;
	json = assay_finding_json(&finding);
	json_decref(rules);
	json_decref(verdict);
	return json;
}
