/*
 * core/policyopts.h - the options of [policy], as a table
 *
 * What is done when no rule says otherwise: who is exempt, what a failure of ours means, which
 * headers are added. Read by core/policy.
 */
#ifndef ASSAY_POLICYOPTS_H
#define ASSAY_POLICYOPTS_H

#include <assay/plugin.h>

extern const struct assay_opt assay_policy_rows[];

#endif
