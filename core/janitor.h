/*
 * core/janitor.h - the process that looks after the spool and the queues
 *
 * Once a second (less often where a directory is so large that reading it takes long): measures
 * each queue and the free space for the scoreboard, and keeps the bounds: over queue_max the oldest
 * files go (when_full = drop_oldest: counted, logged) or the doors are told to hold mail
 * (hold_mail). What was put aside has the same bound. Removes what dead doors left in spool/tmp.
 * Queues that are not configured any more are measured and left alone. A hung disk hangs this
 * process and nobody else: its figures are old then, and after half a minute nobody heeds them any
 * more.
 *
 * The janitor itself (assay_janitor_new ...) knows directories and a page; the process around it is
 * core/janitor_run.c.
 */
#ifndef ASSAY_JANITOR_H
#define ASSAY_JANITOR_H

#include "core/role.h"

/* The process, after assay_role_enter. Takes config. Returns the exit code. */
int assay_janitor_run(struct assay_role *role, struct assay_config *config);
/* For doors: must new mail wait, and why? NULL: no. Reads the board only; a text of this process'
 * own, until the next call. The janitor's word is good for ASSAY_JANITOR_STALE_MS: without one
 * mail goes on, and a disk that is full is found when a group cannot be written. */
#define ASSAY_JANITOR_STALE_MS 30000
const char *assay_janitor_hold(const struct assay_board *board);

/* A queue that is configured, with its bound. */
struct assay_janitor_queue {
	const char *name; /* "connector-sqlite", "rescan" */
	uint64_t max;
	bool hold; /* when_full = hold_mail */
};

struct assay_janitor_options {
	const char *var;
	uint64_t min_free;
	const struct assay_janitor_queue *queue;
	size_t n;
};

struct assay_janitor;

/* Copies the options. The page is borrowed; NULL: none. */
ASSAY_MUST_CHECK enum assay_status assay_janitor_new(const struct assay_janitor_options *options,
    struct assay_board_slot *page, struct assay_janitor **janitor, struct assay_err *err);
void assay_janitor_free(struct assay_janitor **janitor);
/* All that is due; returns when to call again (CLOCK_MONOTONIC ms). What fails is told, once, in
 * the log and on the page. */
int64_t assay_janitor_step(struct assay_janitor *janitor);

#endif
