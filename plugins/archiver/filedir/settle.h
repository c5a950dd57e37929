/*
 * filedir/settle.h - is somebody still writing to a file?
 *
 * It has settled when it has not changed for a time: by its ctime, which every write and every new
 * name renews, and where that lies in the future (a clock was set back, or is another machine's)
 * by having looked twice. What is remembered for that is bounded; what is pushed out of it waits
 * longer. Nothing here fails.
 */
#ifndef ASSAY_FILEDIR_SETTLE_H
#define ASSAY_FILEDIR_SETTLE_H

#include <sys/stat.h>

#include <assay/types.h>

#define ASSAY_SETTLE_SLOTS 1024

struct assay_settle_slot {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec ctim;
	int64_t since_ms; /* monotonic */
};

/* Zero: nothing is remembered. */
struct assay_settle {
	struct assay_settle_slot slot[ASSAY_SETTLE_SLOTS];
};

/* wall_ms, mono_ms: now. */
struct assay_settle_now {
	int64_t wall_ms, mono_ms;
};

bool assay_settle_is(struct assay_settle *settle, const struct stat *st, int64_t least_ms,
    struct assay_settle_now now);

#endif
