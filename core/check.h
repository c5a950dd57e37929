/*
 * core/check.h - does a configuration load?
 *
 * A child of the parent (core/role.h, KIND check) that loads everything a scan master and the
 * drains would load, says in one line what is wrong, and ends: the parent itself loads no plugin.
 */
#ifndef ASSAY_CHECK_H
#define ASSAY_CHECK_H

#include "core/role.h"

struct assay_buf;
struct assay_host;

#define ASSAY_CHECK_LINES ((size_t)64 * 1024)

/* The process, after assay_role_enter. Takes config. Returns the exit code; the sentence stands in
 * the log and as the page's error, the digest of the configuration as its payload_id. */
/* Adds a line "DOOR SPEC" for each socket that the providers want (core/listen.h), and the table
 * for mail servers (core/lookup.h). E_CONF: there can be no such socket, or nothing to answer from.
 */
ASSAY_MUST_CHECK enum assay_status assay_check_sockets(struct assay_config *config,
    const struct assay_host *host, struct assay_buf *lines, struct assay_err *err);
int assay_check_run(struct assay_role *role, struct assay_config *config);

#endif
