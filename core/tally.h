/*
 * core/tally.h - what a scan process writes on its page of the scoreboard
 *
 * Which mail and which worker it is at, what it has done so far, and how long each worker's calls
 * took. The page may have been written by a process that a mail owned: counts go on from whatever
 * stands there, nothing else is believed. All calls do nothing without a page (`assay scan`).
 */
#ifndef ASSAY_TALLY_H
#define ASSAY_TALLY_H

#include "core/board.h"
#include "core/request.h"

struct assay_tally {
	struct assay_board_slot *page; /* NULL: none */
	int64_t call_us;               /* since when a worker is at it */
	struct assay_board_worker *at; /* that worker's row; NULL: none is at work, or no room */
	bool guest;                    /* the mail at work is one */
};

/* A connection was accepted; then: its request. */
void assay_tally_begin(struct assay_tally *tally);
void assay_tally_mail(struct assay_tally *tally, const struct assay_request *request);
/* Before and after each call of a plugin. */
void assay_tally_call(struct assay_tally *tally, const char *worker, const char *payload_id);
void assay_tally_return(struct assay_tally *tally);
/* A mail of that size is scanned; `status` as in the report. */
void assay_tally_scanned(struct assay_tally *tally, uint64_t size, const char *status);
/* Not by the scan process, but by whoever finds it dead: that worker has overstayed its time. */
void assay_tally_timeout(struct assay_board_slot *page, const char *worker);
/* Nothing to do. */
void assay_tally_idle(struct assay_tally *tally);

#endif
