/*
 * core/drain.h - a drain: the process that empties one queue into one connector or archiver
 *
 * Takes the oldest files, hands up to 500 records or 64 MB (or one file of payloads) to the
 * plugin, and removes files only after save and flush (put) were acknowledged. What the far side
 * answers decides:
 *
 *	E_SYNTAX E_LIMIT E_UNSUP E_PLUGIN E_USAGE	one of the records: halves of the batch,
 *down to the one that is refused, which goes to poison/ anything else	the far side: nothing is
 *lost, all wait, again after 1 s, doubled up to 5 minutes; told when it begins and when it is over
 *
 * The page of the scoreboard says what is at work (payload_id: the file, scan_id: the record when
 * it is alone, or the payload). A process that died there is followed by one that takes records one
 * by one; the one at which it dies three times in a row goes to poison/. Between batches, once an
 *hour and in short pieces, the plugin is asked to forget what need not be kept ([core]
 *keep_reports, ...).
 *
 * The drain itself (assay_drain_new ...) knows a queue and a struct of functions; the process
 * around it is core/drain_run.c.
 */
#ifndef ASSAY_DRAIN_H
#define ASSAY_DRAIN_H

#include "core/queue.h"
#include "core/role.h"

#define ASSAY_DRAIN_RECORDS 500u
#define ASSAY_DRAIN_BYTES ((uint64_t)64 << 20)
#define ASSAY_DRAIN_DEATHS 3u

/* The process, after assay_role_enter. Takes config. Returns the exit code. */
int assay_drain_run(struct assay_role *role, struct assay_config *config);

/* Where it goes; all as in <assay/plugin.h>. Either save or put. */
struct assay_drain_far {
	void *arg;
	enum assay_status (*save)(
	    void *arg, const struct assay_record *records, size_t n, struct assay_err *err);
	enum assay_status (*flush)(void *arg, struct assay_err *err);
	enum assay_status (*put)(
	    void *arg, const char *sha256, struct assay_slice bytes, struct assay_err *err);
	/* While nothing comes; NULL: nothing to do then. */
	enum assay_status (*idle)(void *arg, struct assay_err *err);
	/* What is old or too much; NULL: it cannot. */
	enum assay_status (*expire)(void *arg, uint64_t *gone, struct assay_err *err);
};

struct assay_drain;

/* Borrows all three; page may be NULL. expire_ms: CLOCK_MONOTONIC, when `expire` is first asked. */
struct assay_drain *assay_drain_new(const struct assay_drain_far *far, struct assay_queue *queue,
    struct assay_board_slot *page, int64_t expire_ms);
void assay_drain_free(struct assay_drain **drain);
/* One batch, or one piece of forgetting. ASSAY_OK: done, there may be more. ASSAY_END: nothing
 * waits. Else the far side (or our own disk) failed: call it again at assay_drain_again_ms. Logs
 * what people should know, once. */
ASSAY_MUST_CHECK enum assay_status assay_drain_step(
    struct assay_drain *drain, struct assay_err *err);
/* CLOCK_MONOTONIC ms; 0: at once. */
int64_t assay_drain_again_ms(const struct assay_drain *drain);

#endif
