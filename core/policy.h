/*
 * core/policy.h - the verdict about a report
 *
 * The seam for the policy: today every mail is accepted by default and nothing is enforced.
 */
#ifndef ASSAY_POLICY_H
#define ASSAY_POLICY_H

#include <assay/plugin.h>

/* The verdict{} of RESULT for this report. New reference. */
json_t *assay_policy_judge(const json_t *report);
/* The verdict where no scan could be judged; cause: "default", "on_timeout", ... */
json_t *assay_policy_default(const char *cause);

#endif
