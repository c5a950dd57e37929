/*
 * filedir/intake.h - one file on its way through the door
 *
 * A file is taken when it is a regular one, has settled and was not dealt with; what becomes of it
 * is decided when the door says that its report is kept. Until then it is "under way" and is not
 * taken again. A file that cannot be read is told and tried again at the next look. `err` is never
 * NULL here.
 */
#ifndef ASSAY_FILEDIR_INTAKE_H
#define ASSAY_FILEDIR_INTAKE_H

#include <assay/plugin.h>

#include "after.h"
#include "seen.h"
#include "settle.h"
#include "told.h"

struct assay_intake_item;

struct assay_intake {
	/* To be set once. */
	struct assay_after after;
	int64_t settle_ms;
	/* To be set before a walk. */
	struct assay_door *door;
	/* Counted during a walk: files that must be looked at soon again; time. */
	unsigned unsettled;
	int64_t waited_ms; /* for the door */
	struct assay_settle settle;
	struct assay_told told;
	struct assay_intake_item *items; /* under way */
};

/* A file that was met. Borrowed for the call. */
struct assay_intake_file {
	const char *root, *path, *name; /* name: the end of path; path: below root */
	int dir;                        /* that holds name */
	struct assay_seen *seen;        /* NULL: take it as it is, and leave it */
	struct stat st;                 /* by assay_intake_wants */
	struct assay_key key;
};

/* Looks at it. False: it is dealt with, under way, not a file, or (counted) not settled yet. */
bool assay_intake_wants(struct assay_intake *intake, struct assay_intake_file *file);
/* Has it been like that for so long? If not it is counted. */
bool assay_intake_settled(
    struct assay_intake *intake, const struct assay_intake_file *file, int64_t least_ms);
/* To the door. extra: taken; filename: of the report, NULL: its path. ASSAY_END: the door takes no
 * more. What concerns this file only is told, and E_IO or E_NOENT; anything else is the door's. */
ASSAY_MUST_CHECK enum assay_status assay_intake_submit(struct assay_intake *intake,
    const struct assay_intake_file *file, json_t *extra, const char *filename,
    struct assay_err *err);
/* Forgets what is still under way: nobody will be told of it. */
void assay_intake_release(struct assay_intake *intake);

#endif
