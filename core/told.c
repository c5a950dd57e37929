/*
 * core/told.c - see told.h. Memory only.
 */
#include <string.h>

#include "base/err.h"
#include "core/json.h"
#include "core/policy_answer.h"
#include "core/report_check.h"
#include "core/told.h"

/* put_off - once more, or enough */
static void put_off(struct assay_told *told, const struct assay_policy *policy,
    const struct assay_giveup *giveup, int64_t now_ms)
{
	const struct assay_answer *answer = &told->answer;

	if (policy == NULL || giveup == NULL || !assay_policy_puts_off(told->verdict))
		return;
	assay_giveup_key(answer->request, answer->bytes, told->key);
	told->puts_off = !assay_giveup_due(giveup, told->key, now_ms);
	if (!told->puts_off)
		assay_policy_give_up(policy, told->verdict, answer->scan_id, answer->status);
}

/* assay_told_open - see told.h */
void assay_told_open(struct assay_told *told, const struct assay_policy *policy,
    const struct assay_giveup *giveup, const struct assay_answer *answer, int64_t now_ms)
{
	struct assay_err err;

	*told = (struct assay_told){ .answer = *answer };
	assay_buf_init(&told->report, ASSAY_REPORT_BYTES);
	if (assay_json_parse(assay_report_verdict(answer->report), &told->verdict, &err) !=
	    ASSAY_OK) {
		told->verdict = NULL;
		return;
	}
	put_off(told, policy, giveup, now_ms);
	assay_policy_answer(told->verdict);
	if (!assay_report_set_verdict(answer->report, told->verdict, &told->report))
		return;
	told->answer.report = assay_buf_slice(&told->report);
	told->answer.action = assay_json_get_str(told->verdict, "action");
}

/* assay_told_note - see told.h */
void assay_told_note(const struct assay_told *told, struct assay_giveup *giveup, int64_t now_ms)
{
	if (told->puts_off)
		assay_giveup_note(giveup, told->key, now_ms);
}

/* assay_told_close - what it held */
void assay_told_close(struct assay_told *told)
{
	json_decref(told->verdict);
	assay_buf_release(&told->report);
	*told = (struct assay_told){ .verdict = NULL };
}

/* assay_told_error - see told.h */
json_t *assay_told_error(const struct assay_policy *policy, const char *scan_id)
{
	json_t *report = json_object(), *verdict;

	assay_json_set(report, "scan_id", assay_json_str(scan_id));
	assay_json_set(report, "status", assay_json_own("unscanned"));
	assay_json_set(report, "status_reason", assay_json_own("error"));
	verdict = assay_policy_judge(policy, &(struct assay_policy_ask){ .report = report });
	assay_policy_answer(verdict);
	json_decref(report);
	return verdict;
}
