/*
 * core/drain.h - a drain: the process that empties one queue into one connector or archiver
 *
 * Takes the oldest files, hands up to 500 records (or one file of payloads) to the plugin, and
 * removes files only after save and flush (put) were acknowledged. What the far side answers
 * decides:
 *
 *	E_IO E_TIMEOUT E_FULL E_DEAD	the far side: nothing is lost, all wait, again after 1 s,
 *			doubled up to 5 minutes; told when it begins and when it is over
 *	anything else	one of the records: each alone then; the one that is refused goes to poison/
 *
 * A record at which the process died before (the page of the scoreboard says which) is tried alone,
 * and after the third death goes to poison/. Between batches, once an hour and in short pieces, the
 * plugin is asked to forget what need not be kept ([core] keep_reports, keep_archive, ...).
 */
#ifndef ASSAY_DRAIN_H
#define ASSAY_DRAIN_H

#include "core/role.h"

/* The process, after assay_role_enter. Takes config. Returns the exit code. */
int assay_drain_run(struct assay_role *role, struct assay_config *config);

#endif
