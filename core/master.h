/*
 * core/master.h - the scan master: plugins and rules loaded once, scan processes forked from it
 *
 * Single-threaded (asserted before each fork), never reads mail. Loads and warms everything, fills
 * in the pages of the scoreboard, forks `scan_processes` scan processes and says that it is ready
 * (state IDLE). Each scan process takes connections from the inline socket and, the first bulk_max
 * of them, from the bulk socket (inline first), one mail each. The master forks anew what died (at
 * once; with back-off when it dies before its first mail) or has done recycle_after mails, kills
 * what is 5 s over the deadline its page tells, and what works longer than any mail may by the
 * master's own clock. When `life` ends, scan processes finish their mail and leave.
 */
#ifndef ASSAY_MASTER_H
#define ASSAY_MASTER_H

#include "core/role.h"

/* The process, after assay_role_enter. Takes config. Returns the exit code. 78: configuration or
 * rules are wrong; the sentence stands in the page's error and in the log. */
int assay_master_run(struct assay_role *role, struct assay_config *config, bool no_sandbox);

#endif
