/*
 * core/queue.h - one queue directory: what waits for one connector or archiver
 *
 * Files come by link(2) from core/spool.h and go by unlink(2) when the far side has acknowledged
 * all of their records. Names sort by time. poison/ holds what was refused again and again: the
 * record (ID.record, the form of a record file) or payload (SHA256.payload) and the reason
 * (same name + .why, one line). Used by drains, the janitor and `assay queue`; each tolerates that
 * a file is gone when it comes to it.
 */
#ifndef ASSAY_QUEUE_H
#define ASSAY_QUEUE_H

#include <assay/plugin.h>

struct assay_arena;
struct assay_buf;
struct assay_queue;

/* `name`: "connector-sqlite"; made when it is not there. */
ASSAY_MUST_CHECK enum assay_status assay_queue_open(
    const char *var, const char *name, struct assay_queue **queue, struct assay_err *err);
void assay_queue_close(struct assay_queue **queue);

struct assay_queue_size {
	uint64_t files, bytes, poison;
	int64_t oldest_wall_ms; /* 0: empty */
};
/* Reads the directory. */
ASSAY_MUST_CHECK enum assay_status assay_queue_measure(
    struct assay_queue *queue, struct assay_queue_size *size, struct assay_err *err);

/* The names of at most `most` files, oldest first, in the arena; NULL ends. */
ASSAY_MUST_CHECK enum assay_status assay_queue_list(struct assay_queue *queue, size_t most,
    struct assay_arena *arena, const char *const **names, struct assay_err *err);
/* The records of one file: read into the arena, at most `most` bytes in all (at least one record is
 * given). `broken`: where it ends in something that is no record. E_NOENT: it is gone. */
struct assay_queue_file {
	const struct assay_record *record;
	size_t n;
	bool broken;
};
ASSAY_MUST_CHECK enum assay_status assay_queue_read(struct assay_queue *queue, const char *name,
    struct assay_arena *arena, struct assay_queue_file *file, struct assay_err *err);
/* A payload file, mapped; see core/container.h. */
struct assay_container;
ASSAY_MUST_CHECK enum assay_status assay_queue_map(struct assay_queue *queue, const char *name,
    struct assay_container *container, struct assay_err *err);
/* Acknowledged. Not there is fine. */
ASSAY_MUST_CHECK enum assay_status assay_queue_remove(
    struct assay_queue *queue, const char *name, struct assay_err *err);
/* The file without the record of this id; E_NOENT: there is none. `assay queue drop`, `forget`. */
ASSAY_MUST_CHECK enum assay_status assay_queue_drop(
    struct assay_queue *queue, const char *name, const char *id, struct assay_err *err);
/* One record or payload aside, with the reason. */
ASSAY_MUST_CHECK enum assay_status assay_queue_poison(struct assay_queue *queue,
    const struct assay_record *record, const char *why, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_queue_poison_payload(struct assay_queue *queue,
    const char *sha256, struct assay_slice bytes, const char *why, struct assay_err *err);
/* All of poison/ (id NULL) or one entry back into the queue; *n: how many. */
ASSAY_MUST_CHECK enum assay_status assay_queue_retry(
    struct assay_queue *queue, const char *id, size_t *n, struct assay_err *err);
/* A descriptor that is readable when something came (inotify), or -1: look every second. */
int assay_queue_watch(struct assay_queue *queue);
void assay_queue_watched(struct assay_queue *queue); /* takes the news off it */

#endif
