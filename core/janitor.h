/*
 * core/janitor.h - the process that looks after the spool and the queues
 *
 * Once a second (less often where a directory is so large that reading it takes long): measures
 * each queue and the free space for the scoreboard, links what a dead door left in spool/new, and
 * keeps the bounds: over queue_max the oldest files go (when_full = drop_oldest: counted, logged)
 * or the doors are told to hold mail (hold_mail). Also answers on the metrics socket when there is
 * one. A hung disk hangs this process and nobody else.
 */
#ifndef ASSAY_JANITOR_H
#define ASSAY_JANITOR_H

#include "core/role.h"

/* The process, after assay_role_enter. Takes config. Returns the exit code. */
int assay_janitor_run(struct assay_role *role, struct assay_config *config);
/* For doors: must new mail wait, and why? NULL: no. Reads the board only. */
const char *assay_janitor_hold(const struct assay_board *board);

#endif
