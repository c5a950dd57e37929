/*
 * core/line.h - lines to scan processes, and where they come from
 *
 * A line is a connection over which one mail is asked (core/ask.h). `assay scan` makes its own scan
 * processes and has a line to each (core/pool.h); doors of the service, and `assay scan` beside a
 * running service, connect to its sockets (core/dial.h), one connection per mail. core/door.h works
 * with either.
 */
#ifndef ASSAY_LINE_H
#define ASSAY_LINE_H

#include <assay/types.h>

#include "core/progress.h"
#include "core/wire.h"

struct assay_line {
	struct assay_wire wire;
	/* Of this process (pool) or conversation (dial) alone: what owns it cannot write into
	 * another's. Read after its death. */
	struct assay_progress_page page;
	bool fresh;  /* the process never got a mail: if it dies, that is nobody's doing */
	bool queued; /* it is READY when its turn comes, which may take any time */
	bool early;  /* the request may be sent before it is */
};

/* Where lines come from; embedded in the one who makes them. */
struct assay_lines {
	/* A line, or NULL: none is free now (err untouched), or none can be had (err set; E_DEAD,
	 * E_FULL: for a moment). */
	struct assay_line *(*take)(struct assay_lines *self, struct assay_err *err);
	/* These two end the conversation; the line's page can be read until the next take. */
	/* It is over in good order. */
	void (*give)(struct assay_lines *self, struct assay_line *line);
	/* The process is dead, owned, or overstays. */
	void (*bury)(struct assay_lines *self, struct assay_line *line);
	void (*close)(struct assay_lines *self);
	size_t most; /* conversations side by side that make sense */
};

#endif
