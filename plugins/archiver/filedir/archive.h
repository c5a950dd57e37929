/*
 * filedir/archive.h - payloads by their sha256, in a tree of two levels
 *
 * ROOT/ab/cd/SHA256, with .zst behind it when it is compressed. What is asked for may be a bare
 * sha256 or a reference "filedir:SHA256"; 64 hexadecimal digits and nothing else ever become a
 * path. What is given back was read to the end and has the digest that was asked for.
 */
#ifndef ASSAY_FILEDIR_ARCHIVE_H
#define ASSAY_FILEDIR_ARCHIVE_H

#include <assay/types.h>

#include "sweep.h"

/* Directories on the way to a payload, the root one of them. */
#define ASSAY_ARCHIVE_LEVELS 3

struct assay_archive {
	const char *root;
	bool compress;
	uint64_t max_size; /* of what assay_archive_get gives, bytes */
};

/* Pure. At most `size` bytes with NUL. */
void assay_archive_ref(const char *sha256, char *ref, size_t size);
/* ASSAY_OK also when it is there already: then its time is renewed. E_FULL, E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_archive_put(const struct assay_archive *archive,
    const char *sha256, struct assay_slice bytes, struct assay_err *err);
/* *fd: read-only, at its start. E_USAGE: no reference; E_NOENT: not there; E_SYNTAX: damaged. */
ASSAY_MUST_CHECK enum assay_status assay_archive_get(
    const struct assay_archive *archive, const char *ref, int *fd, struct assay_err *err);
/* Removes one. E_USAGE: no reference; E_NOENT: not there; E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_archive_erase(
    const struct assay_archive *archive, const char *ref, struct assay_err *err);
/* Of a path in the archive: is it a payload of ours? */
enum assay_sweep_kind assay_archive_kind(const char *path, const char *name);

#endif
