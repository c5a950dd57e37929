/*
 * core/check.h - does a configuration load?
 *
 * A child of the parent (core/role.h, KIND check) that loads everything a scan master and the
 * drains would load, says in one line what is wrong, and ends: the parent itself loads no plugin.
 */
#ifndef ASSAY_CHECK_H
#define ASSAY_CHECK_H

#include "core/role.h"

/* The process, after assay_role_enter. Takes config. Returns the exit code; the sentence stands in
 * the log and as the page's error, the digest of the configuration as its payload_id. */
int assay_check_run(struct assay_role *role, struct assay_config *config);

#endif
