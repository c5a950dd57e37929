/*
 * maildir/sweep.h - all mails of a folder that nobody has taken yet
 *
 * Lists new/, and cur/ when asked to, in batches that are sorted by name, which is by the time of
 * delivery as a rule. Memory is bounded by the batch, whatever lies there. Between two batches the
 * sweep may be left, so that others have their turn.
 */
#ifndef ASSAY_MAILDIR_SWEEP_H
#define ASSAY_MAILDIR_SWEEP_H

#include "folder.h"

#define ASSAY_SWEEP_BATCH 4096

struct assay_arena;

struct assay_sweep {
	struct assay_folder *folder; /* NULL: no sweep */
	enum assay_folder_side side; /* that is being listed */
	bool cur;                    /* after new/ */
	bool ended;                  /* nothing more is to be listed */
	bool failed;                 /* something could not be: err */
	struct assay_err err;
	DIR *names;
	struct assay_folder_stamp stamp[ASSAY_FOLDER_SIDES];
	struct assay_arena *arena;
	const char *name[ASSAY_SWEEP_BATCH];
	size_t n, at;
};

/* The folder's ledger is loaded. E_NOENT: the folder is gone; E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_sweep_begin(
    struct assay_sweep *sweep, struct assay_folder *folder, bool cur, struct assay_err *err);
/* The next name, and where it was; false: no more. The name is good until the next call. */
bool assay_sweep_next(struct assay_sweep *sweep, const char **name, enum assay_folder_side *side);
/* Is a batch used up, and perhaps not the last one? */
bool assay_sweep_pausing(const struct assay_sweep *sweep);
/* True when all was listed; then the folder's stamps say so. What could not be listed is in err. */
bool assay_sweep_end(struct assay_sweep *sweep);

#endif
