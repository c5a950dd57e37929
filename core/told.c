/*
 * core/told.c - see told.h. Memory only.
 */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/policy_answer.h"
#include "core/report_check.h"
#include "core/told.h"
#include "text/printable.h"

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

/* add_field - " name=text", foreign text made printable */
static void add_field(struct assay_buf *line, const char *name, const char *text)
{
	if (text == NULL)
		return;
	(void)assay_buf_printf(line, " %s=", name);
	(void)assay_printable_add(line, assay_slice_str(text), 200);
}

/* assay_told_line - see told.h */
void assay_told_line(const struct assay_told *told, struct assay_buf *line)
{
	const struct assay_answer *answer = &told->answer;
	const char *queue_id = assay_json_get_str(answer->request, "queue_id");

	(void)assay_printable_add(
	    line, assay_slice_str(queue_id != NULL ? queue_id : answer->scan_id), 40);
	(void)assay_buf_printf(line, ": %s", answer->status);
	add_field(line, "reason", answer->why);
	(void)assay_buf_printf(line, " verdict=%s scan_id=%s size=%zu ms=%" PRId64, answer->action,
	    answer->scan_id, answer->bytes.n, answer->took_ms);
	if (answer->tries > 1)
		(void)assay_buf_printf(line, " tries=%u", answer->tries);
	add_field(line, "answered", assay_json_get_str(told->verdict, "answered"));
	add_field(line, "cause", assay_json_get_str(told->verdict, "cause"));
	add_field(line, "rule", assay_json_get_str(told->verdict, "rule"));
	add_field(line, "source", assay_json_get_str(answer->request, "source"));
	add_field(line, "supersedes", assay_json_get_str(answer->request, "supersedes"));
	add_field(line, "file", assay_json_get_str(answer->request, "filename"));
}
