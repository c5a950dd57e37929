/*
 * core/door.h - mails in, scans under way side by side, answers out
 *
 * Works over lines to scan processes, whosever they are (core/line.h). Mails go in by
 * assay_door_submit(), answers come out of the callback: in the order of submission, or, when
 * nobody reads them in order, as they are done. A mail that cannot be scanned still gets a report:
 * the door writes a minimal one ("unscanned" or "partial", the reason, an errors[] entry).
 * Single-threaded; what waits is bounded (a few mails per scan process, and 32 MB).
 *
 * Providers reach it by assay_submit() and assay_door_wait() of <assay/plugin.h>.
 */
#ifndef ASSAY_DOOR_H
#define ASSAY_DOOR_H

#include <jansson.h>

#include <assay/engine.h>
#include <assay/plugin.h>

struct assay_engine;
struct assay_lines;
struct assay_opts;
struct assay_sandbox;

/* Whom to tell when a mail is kept: `done` of the submission. fn may be NULL. */
struct assay_door_done {
	void (*fn)(void *arg, const char *action);
	void (*verdict)(
	    void *arg, const struct assay_verdict *verdict); /* before it; may be NULL */
	void *arg;
};

enum assay_door_reply {
	ASSAY_DOOR_TAKEN, /* the receiver calls `done`, some time */
	ASSAY_DOOR_AGAIN, /* cannot be kept now: comes again in a second, no other meanwhile */
	ASSAY_DOOR_STOP   /* as TAKEN, and no more is wanted: assay_door_stopping becomes true */
};

struct assay_door_options {
	struct assay_engine *engine; /* for the reports the door writes itself */
	const struct assay_opts *core;
	struct assay_lines *lines;           /* taken */
	const struct assay_sandbox *sandbox; /* to tell when less of it is in force; or NULL */
	bool bulk, unordered;
	bool keeps; /* assay_door_keeps */
	/* Of one mail; 0: bulk_timeout or message_timeout of core. Where nobody waits (bulk) it
	 * runs from the begin of the scan, else from the submission. */
	int64_t timeout_ms;
	int64_t wait_ms; /* for a free scan process; then it is "overload". 0: any time */
	const json_t *request_common; /* members every request gets; borrowed; or NULL */
	const json_t *extra;          /* added to every request's extra_data; borrowed; or NULL */
	const int *sockets;           /* of the provider, listening; borrowed */
	size_t nsockets;
	int stop_fd; /* readable: the provider shall end; -1: none */
	/* All borrowed for the call. */
	enum assay_door_reply (*answer)(
	    void *arg, const struct assay_answer *answer, const struct assay_door_done *done);
	/* Each may be NULL. Before a mail waits for its scan: may add to the request; NULL, or a
	 * word why it shall not be scanned; "": it is not wanted at all, and dropped as if the door
	 * were closed. */
	const char *(*admit)(void *arg, json_t *request, uint64_t size);
	/* In each turn of the loop, with how many mails are not answered yet; when it wants to be
	 * called again at the latest (CLOCK_MONOTONIC ms). */
	int64_t (*tick)(void *arg, size_t open);
	void (*progress)(void *arg, uint64_t bytes); /* assay_door_progress */
	/* What a source_id or a filename of a submission is in the request; good until the next
	 * call. */
	const char *(*rename)(void *arg, const char *name);
	void *arg;
};

ASSAY_MUST_CHECK enum assay_status assay_door_open(
    const struct assay_door_options *options, struct assay_door **door, struct assay_err *err);
/* Mails without an answer are dropped, their `done` is called with NULL. Accepts NULL, leaves NULL.
 */
void assay_door_close(struct assay_door **door);
/* Takes fd of the submission. `tag` comes back in the answer. Waits only when too many wait.
 * ASSAY_END when the door is stopping. */
ASSAY_MUST_CHECK enum assay_status assay_door_submit(struct assay_door *door,
    const struct assay_submission *submission, void *tag, struct assay_err *err);
/* The same with a request of one's own (members of core/request.h, taken); of the submission only
 * bytes, fd, done and done_arg count. */
ASSAY_MUST_CHECK enum assay_status assay_door_ask(struct assay_door *door, json_t *request,
    const struct assay_submission *submission, struct assay_err *err);
/* Until every answer is given. ASSAY_END: the receiver wanted no more. E_FULL: the door shall end
 * and the receiver cannot keep what there is. */
ASSAY_MUST_CHECK enum assay_status assay_door_flush(struct assay_door *door, struct assay_err *err);
/* Scan processes cannot be had: every call answers this error from now on. */
void assay_door_fail(struct assay_door *door, const struct assay_err *why);
/* [core]. */
const struct assay_opts *assay_door_core(const struct assay_door *door);

/* Lines to scan processes of our own (core/pool.h, core/scanproc.h): for `assay scan --local` and
 * the embedding interface. All borrowed until the lines are closed. */
struct assay_child_fds;
struct assay_local_lines {
	struct assay_engine *engine;
	const struct assay_opts *core;
	const struct assay_sandbox *sandbox;
	const struct assay_child_fds *foreign; /* see core/pool.h; or NULL */
	size_t jobs;
};
ASSAY_MUST_CHECK enum assay_status assay_local_lines(
    const struct assay_local_lines *options, struct assay_lines **lines, struct assay_err *err);

#endif
