/*
 * core/metrics.h - the process that answers on metrics.sock ([core] metrics = yes)
 *
 * A Unix socket in the run directory, 0660. Each connection gets the metrics of `assay status
 * --prometheus`, as the answer to an HTTP request (curl --unix-socket, or a proxy for Prometheus),
 * whatever it asked for. One connection at a time, each at most a second. A process of its own:
 * it answers when a disk hangs.
 */
#ifndef ASSAY_METRICS_H
#define ASSAY_METRICS_H

#include "core/role.h"

/* The process, after assay_role_enter. Takes config. Returns the exit code. */
int assay_metrics_run(struct assay_role *role, struct assay_config *config);

#endif
