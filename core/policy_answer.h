/*
 * core/policy_answer.h - what the policy has to say at a door
 *
 * Before a scan: is the mail exempt? After it, where somebody waits: what he is told. What the
 * report says of its verdict and what was answered are made one by putting the verdict back.
 */
#ifndef ASSAY_POLICY_ANSWER_H
#define ASSAY_POLICY_ANSWER_H

#include <assay/plugin.h>

#include "core/policy.h"

struct assay_buf;

/* Not to be scanned at all, says [policy]? `request` as in core/request.h. */
bool assay_policy_exempts(const struct assay_policy *policy, const json_t *request, uint64_t size);
/* Is it a tempfail of ours, because something failed? Such end some time: see core/giveup.h. */
bool assay_policy_puts_off(const json_t *verdict);
/* ... by this: action, cause, reply and headers anew. */
void assay_policy_give_up(
    const struct assay_policy *policy, json_t *verdict, const char *scan_id, const char *status);
/* Sets "answered": the action where it is enforced, else accept. */
void assay_policy_answer(json_t *verdict);
/* Appends the report with this verdict instead of its own; false: it has none, or `out` is full. */
bool assay_report_set_verdict(
    struct assay_slice report, const json_t *verdict, struct assay_buf *out);

#endif
