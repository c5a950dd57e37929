/*
 * filedir/shelf.h - a file that is there whole or not at all
 *
 * Writes into an unnamed file, syncs it, then gives it its name and syncs the directory: when
 * assay_shelf_put returns ASSAY_OK the bytes survive a power cut. A name that is taken stays as it
 * is, which is what makes both halves of filedir idempotent. Directories are made (0750), files are
 * 0640. Errors: E_FULL (no space), E_NOENT, E_IO, each naming the path. Names come from us: digests
 * and ids that were checked, never from a mail.
 */
#ifndef ASSAY_FILEDIR_SHELF_H
#define ASSAY_FILEDIR_SHELF_H

#include <assay/types.h>

#define ASSAY_SHELF_PATH 4096

/* root/sub/name; sub may be empty or have several steps. Borrowed. */
struct assay_shelf {
	const char *root, *sub, *name;
};

ASSAY_MUST_CHECK enum assay_status assay_shelf_put(
    const struct assay_shelf *shelf, struct assay_slice bytes, struct assay_err *err);
/* The file opened for reading; symbolic links are not followed. E_NOENT: it is not there. */
ASSAY_MUST_CHECK enum assay_status assay_shelf_open(
    const struct assay_shelf *shelf, int *fd, struct assay_err *err);
/* Takes the name away, for good when it returns. E_NOENT: it is not there. */
enum assay_status assay_shelf_remove(const struct assay_shelf *shelf, struct assay_err *err);
/* Until the descriptor is closed no sweep removes what is in the directory; -1: it is not there. */
int assay_shelf_lock(const struct assay_shelf *shelf);

#endif
