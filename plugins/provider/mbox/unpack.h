/*
 * mbox/unpack.h - the bytes of a file that may be packed (gzip, bzip2, xz, zstd), one behind the
 * other
 *
 * A packed file is read in a sealed process (assay_sealed_start), which has nothing but the file
 * and a pipe: libraries that unpack are parsers of foreign bytes. Bounded memory, any size; what
 * grows more than a thousandfold is refused (E_LIMIT). Damage is told at the end, E_SYNTAX, when
 * all that came out has been read.
 */
#ifndef ASSAY_MBOX_UNPACK_H
#define ASSAY_MBOX_UNPACK_H

#include <sys/types.h>

#include <assay/plugin.h>

#include "kind.h"

struct assay_unpacked {
	struct assay_door *door;
	int fd;                     /* of the file, borrowed */
	off_t at;                   /* plain: read so far */
	struct assay_sealed *child; /* packed */
	uint64_t given, size;       /* bytes given; of the file */
	char *head;                 /* read ahead, to see what it is */
	size_t nhead, head_at;
	bool ended;
};

/* A file as it is, or (packed) what it holds. */
ASSAY_MUST_CHECK enum assay_status assay_unpacked_open(
    struct assay_unpacked *u, struct assay_door *door, int fd, bool packed, struct assay_err *err);
void assay_unpacked_close(struct assay_unpacked *u);
/* Its first bytes, at most ASSAY_KIND_HEAD; they are read once more after it. */
ASSAY_MUST_CHECK enum assay_status assay_unpacked_head(
    struct assay_unpacked *u, struct assay_slice *head, struct assay_err *err);
/* For struct assay_mbox_source: arg is the struct. ASSAY_END: the door stops. */
enum assay_status assay_unpacked_read(
    void *arg, char *p, size_t room, size_t *n, struct assay_err *err);

#endif
