/*
 * core/helper_talk.h - the helper listens to a program or a service until something ends it
 *
 * One loop over poll(2): what comes is kept up to its bound, the deadline is kept to the
 * millisecond, and the line to the scan process is watched, whose death ends everything.
 */
#ifndef ASSAY_HELPER_TALK_H
#define ASSAY_HELPER_TALK_H

#include "base/buf.h"
#include "core/helper_dir.h"
#include "core/helper_wire.h"

struct assay_helper_talk {
	int line;     /* to the scan process */
	int out, err; /* what is listened to; err may be -1 */
	int pidfd;    /* the program; -1: there is none */
	int send;     /* written to `out`, a socket, from its beginning; or -1 */
	uint64_t send_size;
	int64_t deadline_ms; /* CLOCK_MONOTONIC */
	const char *marker;  /* at the end of an answer; or NULL */
	int dir;             /* watched; or -1 */
	struct assay_helper_usage dir_most;
	struct assay_buf output, errors; /* their maxima are the bounds */
	uint64_t sent;
	bool marked; /* the marker came */
	bool died;   /* the program has ended */
	bool orphan; /* the scan process is gone: nobody wants to know */
};

/* Fills output and errors. ENDED: marker, end of the program or of the connection. */
enum assay_helper_outcome assay_helper_talk(struct assay_helper_talk *talk);

#endif
