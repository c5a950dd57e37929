/*
 * core/scanproc.h - the loop of one scan process
 *
 * Runs in the child after the fork: closes the sandbox, says READY, scans one message at a time,
 * answers, until the door hangs up or `recycle` mails are done. Before each call of a plugin it
 * notes who is at work (core/progress.h) and arms an interval timer whose default action kills the
 * process. It opens nothing and trusts nobody's descriptor to be of any size.
 */
#ifndef ASSAY_SCANPROC_H
#define ASSAY_SCANPROC_H

#include <assay/types.h>

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

#endif
