/*
 * filedir/sweep.h - removing what is old, or too much, in short pieces
 *
 * A file's age is the time since it was last written (mtime), its size what it takes on the disk.
 * A sweep walks the tree once: what is too old goes, of the rest sizes are added up by age, in
 * hours, beyond 170 days in days. Only when that is too much it walks a second time and removes the
 * oldest; within the last hour (or day) of these it takes what it meets. Linear in the number of
 * files; memory is 80 KB while a sweep is under way, none between two.
 */
#ifndef ASSAY_FILEDIR_SWEEP_H
#define ASSAY_FILEDIR_SWEEP_H

#include <assay/plugin.h>

struct assay_tree;

enum assay_sweep_kind {
	ASSAY_SWEEP_FOREIGN, /* not ours: never touched */
	ASSAY_SWEEP_OURS,
	ASSAY_SWEEP_LEFTOVER /* what a crash has left half-written; goes after a day */
};

struct assay_sweep {
	const char *root;
	unsigned levels; /* of directories, the root one of them */
	bool prune;      /* directories that were emptied go, too */
	/* path: below the root; name: its end. */
	enum assay_sweep_kind (*kind)(const char *path, const char *name);
	struct assay_sweep_run *run; /* NULL: none is under way */
};

/* As assay_connector.expire. E_IO, at the end of the walk: something could not be removed or read;
 * everything else was. */
ASSAY_MUST_CHECK enum assay_status assay_sweep_step(struct assay_sweep *sweep,
    const struct assay_retention *what, uint64_t *gone, struct assay_err *err);
/* Ends the sweep that is under way, if any. */
void assay_sweep_stop(struct assay_sweep *sweep);

#endif
