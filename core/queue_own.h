/*
 * core/queue_own.h - what core/queue.c and core/queue_poison.c share and nobody else includes
 *
 * New files are written under NAME.tmp in their directory, which no reader takes for one of ours,
 * and get their name when they are on the disk.
 */
#ifndef ASSAY_QUEUE_OWN_H
#define ASSAY_QUEUE_OWN_H

#include "core/queue.h"

#define ASSAY_QUEUE_DIR_MODE 0700
/* A larger file of records is none of ours: core/spool.c commits before. */
#define ASSAY_QUEUE_FILE_MAX ((size_t)128 << 20)

struct assay_queue {
	char *name, *path;
	int dir;
	int poison; /* -1: not needed so far */
	int watch;  /* -1: none */
	unsigned names;
};

/* A new file NAME in a directory of the queue: written to fd, then on the disk, then under its name
 * (`flags` of renameat2(2); with RENAME_EXCHANGE it takes the place of one that must be there). It
 * belongs to whom the directory belongs: root may do this for the service. */
#define ASSAY_QUEUE_NAME_ROOM 320 /* of an entry of poison/ with its suffixes */
struct assay_queue_fresh {
	int dir, fd;
	char name[ASSAY_QUEUE_NAME_ROOM], tmp[ASSAY_QUEUE_NAME_ROOM + 8];
};
ASSAY_MUST_CHECK enum assay_status assay_queue_fresh_begin(
    struct assay_queue_fresh *fresh, int dir, const char *name, struct assay_err *err);
/* `st` is what came of writing it; not ASSAY_OK: it goes, and so does an fd of -1. */
ASSAY_MUST_CHECK enum assay_status assay_queue_fresh_end(
    struct assay_queue_fresh *fresh, unsigned flags, enum assay_status st, struct assay_err *err);
/* What was renamed or removed in a directory of the queue is so on the disk. */
ASSAY_MUST_CHECK enum assay_status assay_queue_sync(
    const struct assay_queue *queue, int dir, struct assay_err *err);
/* The records of an open file, which is closed. */
ASSAY_MUST_CHECK enum assay_status assay_queue_read_fd(
    int fd, struct assay_arena *arena, struct assay_queue_file *file, struct assay_err *err);
/* One more name in a list in an arena; a name NULL is the end, and is not counted. */
struct assay_queue_names {
	const char **name;
	size_t n, cap;
};
void assay_queue_names_add(
    struct assay_queue_names *names, struct assay_arena *arena, const char *name);
/* A file of one of our suffixes, under a name of ours. */
bool assay_queue_is_file(const char *name);
/* Calls with each name in the directory but . and ..; E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_queue_walk(const struct assay_queue *queue, int dir,
    void (*each)(void *arg, const char *name), void *arg, struct assay_err *err);

#endif
