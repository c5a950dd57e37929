/*
 * core/door.h - a door over scan processes of its own, for `assay scan` and the embedding interface
 *
 * Mails go in by assay_door_submit(), answers come out of the callback in the order of submission,
 * whatever the number of processes. A mail that cannot be scanned still gets a report: the door
 * writes a minimal one ("unscanned" or "partial", the reason, an errors[] entry). Single-threaded;
 * what waits is bounded (a few mails per process).
 *
 * Providers reach it by assay_submit() of <assay/plugin.h>.
 */
#ifndef ASSAY_DOOR_H
#define ASSAY_DOOR_H

#include <jansson.h>

#include <assay/engine.h>
#include <assay/plugin.h>

struct assay_engine;
struct assay_opts;
struct assay_pool_fds;
struct assay_sandbox;

struct assay_door_options {
	struct assay_engine *engine;
	const struct assay_opts *core;
	const struct assay_sandbox *sandbox;
	const struct assay_pool_fds *foreign; /* see core/pool.h; or NULL */
	size_t jobs;
	bool bulk;                    /* the longer deadline */
	const json_t *request_common; /* members every request gets; borrowed; or NULL */
	const json_t *extra;          /* added to every request's extra_data; borrowed; or NULL */
	/* Borrowed for the call. False: stop (assay_door_stopping becomes true). */
	bool (*answer)(void *arg, const struct assay_answer *answer);
	void *arg;
};

ASSAY_MUST_CHECK enum assay_status assay_door_open(
    const struct assay_door_options *options, struct assay_door **door, struct assay_err *err);
/* Gives what is still to come, then ends the processes. Accepts NULL, leaves NULL. */
void assay_door_close(struct assay_door **door);
/* Takes fd of the submission. `tag` comes back in the answer. Waits only when too many wait.
 * ASSAY_END when the door is stopping. */
ASSAY_MUST_CHECK enum assay_status assay_door_submit(struct assay_door *door,
    const struct assay_submission *submission, void *tag, struct assay_err *err);
/* Until every answer is given; ASSAY_END when the receiver of answers wanted no more. */
ASSAY_MUST_CHECK enum assay_status assay_door_flush(struct assay_door *door, struct assay_err *err);

#endif
