/*
 * filedir/after.h - what becomes of a file whose report is kept
 *
 * It is removed, or moved to another directory of the same file system, below which its place is
 * the same as before; a name that is taken there gets ".1", ".2" ... behind it. Only the very file
 * that was read goes: same device, number, size and time. No symbolic link below either directory
 * is followed. Between the last look and the removal lie some microseconds in which another file
 * may take the name.
 */
#ifndef ASSAY_FILEDIR_AFTER_H
#define ASSAY_FILEDIR_AFTER_H

#include <sys/stat.h>

#include <assay/types.h>

enum assay_after_what { ASSAY_AFTER_LEAVE, ASSAY_AFTER_REMOVE, ASSAY_AFTER_MOVE };

struct assay_after {
	enum assay_after_what what;
	const char *move_to; /* MOVE: a directory */
};

/* A file below a root. */
struct assay_after_file {
	const char *root, *path;
	const struct stat *was; /* when it was read */
};

/* Makes move_to when it is missing. E_CONF: it is on another file system than root. */
ASSAY_MUST_CHECK enum assay_status assay_after_check(
    const struct assay_after *after, const char *root, struct assay_err *err);
/* E_NOENT: it is no longer there, or another one is; else the file is there still. */
ASSAY_MUST_CHECK enum assay_status assay_after_do(
    const struct assay_after *after, const struct assay_after_file *file, struct assay_err *err);
/* Is it the same file, unchanged? */
bool assay_after_same(const struct stat *a, const struct stat *b);

#endif
