/*
 * core/scanproc.h - the loop of one scan process
 *
 * Runs in the child after the fork: closes the sandbox, says READY, scans one message at a time,
 * answers, until the door hangs up or `recycle` mails are done. Before each call of a plugin it
 * notes who is at work (core/progress.h) and arms an interval timer whose default action kills the
 * process, at the latest a moment behind the mail's deadline. It opens nothing and trusts nobody's
 * descriptor to be of any size.
 *
 * Of `assay scan` it has one line to its door. Of the service it takes connections from two
 * listening sockets, inline first, for one mail each: READY at once, the request within
 * ASSAY_SCANPROC_PATIENCE_MS, the answer, the end. Who is silent, talks nonsense, has hung up or
 * comes behind the mail's deadline is hung up on unscanned; siblings serve the same sockets.
 */
#ifndef ASSAY_SCANPROC_H
#define ASSAY_SCANPROC_H

#include <assay/types.h>

struct assay_board_slot;
struct assay_engine;
struct assay_sandbox;

struct assay_scanproc_options {
	struct assay_engine *engine;
	const struct assay_sandbox *sandbox;
	uint64_t message_max; /* bytes; larger messages are refused */
	unsigned recycle;     /* mails; 0: never */
};

/* Takes sock. Returns the exit code of the process: 0, or 70 after one line in the log. */
int assay_scanproc_run(const struct assay_scanproc_options *options, int sock);

#define ASSAY_SCANPROC_PATIENCE_MS 5000

struct assay_scanproc_place {
	/* Listening and O_NONBLOCK, named in the sandbox's `accept`; -1: not served. */
	int inline_sock, bulk_sock;
	int life;                      /* end of file: finish what you have and go; -1: none */
	int64_t patience_ms;           /* with a connection; 0: ASSAY_SCANPROC_PATIENCE_MS */
	struct assay_board_slot *page; /* its own and no other; NULL: none */
};

/* The service's mode. Returns 0 at the end of `life`, after `recycle` mails and when its helper was
 * lost; 70 with the reason in the page's error. */
int assay_scanproc_serve(
    const struct assay_scanproc_options *options, const struct assay_scanproc_place *place);

#endif
