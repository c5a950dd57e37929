/*
 * core/queue.h - one queue directory: what waits for one connector or archiver
 *
 * Files come by link(2) from core/spool.h and go by unlink(2) when the far side has acknowledged
 * all of their records. Names sort by time. poison/ holds what was refused again and again: the
 * record (ID.record, the form of a record file) or payload (SHA256.payload), a file that ends in
 * something that is no record (its own name), and each one's reason (same name + .why, one line).
 * Used by drains, the janitor and `assay queue`; each tolerates that a file is gone when it comes
 * to it.
 */
#ifndef ASSAY_QUEUE_H
#define ASSAY_QUEUE_H

#include <jansson.h>

#include <assay/plugin.h>

#include "core/container.h"

struct assay_arena;
struct assay_queue;

/* Names of the queues that are there, sorted; NULL ends; in the arena. "rescan" is not among them.
 */
ASSAY_MUST_CHECK enum assay_status assay_queue_names(
    const char *var, struct assay_arena *arena, const char *const **names, struct assay_err *err);
/* `name`: "connector-sqlite", "archiver-filedir", or "rescan" (VAR/spool/rescan); made when it is
 * not there. */
ASSAY_MUST_CHECK enum assay_status assay_queue_open(
    const char *var, const char *name, struct assay_queue **queue, struct assay_err *err);
/* Accepts NULL, leaves NULL. */
void assay_queue_close(struct assay_queue **queue);

struct assay_queue_size {
	uint64_t files, bytes, poison, poison_bytes;
	int64_t oldest_wall_ms; /* 0: empty */
};
/* Reads the directory. */
ASSAY_MUST_CHECK enum assay_status assay_queue_measure(
    struct assay_queue *queue, struct assay_queue_size *size, struct assay_err *err);

#define ASSAY_QUEUE_LIST_MOST ((size_t)1 << 20)
/* The names of at most `most` files, oldest first, in the arena; NULL ends. */
ASSAY_MUST_CHECK enum assay_status assay_queue_list(struct assay_queue *queue, size_t most,
    struct assay_arena *arena, const char *const **names, struct assay_err *err);
/* The records of one file, read into the arena. `broken`: behind them is something that is no
 * record. E_NOENT: it is gone. E_LIMIT: it is too large to be ours. */
struct assay_queue_file {
	const struct assay_record *record;
	size_t n;
	uint64_t bytes;
	bool broken;
};
ASSAY_MUST_CHECK enum assay_status assay_queue_read(struct assay_queue *queue, const char *name,
    struct assay_arena *arena, struct assay_queue_file *file, struct assay_err *err);
/* The payloads of one file, mapped; `broken` as above. To be closed. E_NOENT: it is gone. */
ASSAY_MUST_CHECK enum assay_status assay_queue_map(struct assay_queue *queue, const char *name,
    struct assay_container *container, bool *broken, struct assay_err *err);
/* A file of the queue "rescan". E_NOENT: it is gone. E_SYNTAX: it is none. Release it in any case.
 */
struct assay_queue_message {
	json_t *request;
	struct assay_slice message;
	struct assay_io_map map;
};
ASSAY_MUST_CHECK enum assay_status assay_queue_message(struct assay_queue *queue, const char *name,
    struct assay_queue_message *message, struct assay_err *err);
void assay_queue_message_release(struct assay_queue_message *message);

/* Acknowledged. Not there is fine. */
ASSAY_MUST_CHECK enum assay_status assay_queue_remove(
    struct assay_queue *queue, const char *name, struct assay_err *err);
/* The file without the record of this id, or the payload of this sha256; E_NOENT: there is none.
 * `assay queue drop`. */
ASSAY_MUST_CHECK enum assay_status assay_queue_drop(
    struct assay_queue *queue, const char *name, const char *id, struct assay_err *err);

/* One record or payload aside, with the reason. */
ASSAY_MUST_CHECK enum assay_status assay_queue_poison(struct assay_queue *queue,
    const struct assay_record *record, const char *why, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_queue_poison_payload(struct assay_queue *queue,
    const char *sha256, struct assay_slice bytes, const char *why, struct assay_err *err);
/* A whole file aside, out of the queue. Gone is fine. */
ASSAY_MUST_CHECK enum assay_status assay_queue_poison_file(
    struct assay_queue *queue, const char *name, const char *why, struct assay_err *err);
/* What is in poison/, sorted by name; a NULL id ends; in the arena. */
struct assay_queue_poisoned {
	const char *id;   /* ID, SHA256, or the name of a whole file */
	const char *name; /* of the file */
	const char *why;
	uint64_t bytes;
	int64_t wall_ms; /* when it was put aside */
};
ASSAY_MUST_CHECK enum assay_status assay_queue_poisons(struct assay_queue *queue,
    struct assay_arena *arena, const struct assay_queue_poisoned **list, struct assay_err *err);
/* The record of one entry (`name` of it), or the records of a whole file. E_NOENT: it is gone.
 * E_USAGE: it holds a payload. */
ASSAY_MUST_CHECK enum assay_status assay_queue_read_poison(struct assay_queue *queue,
    const char *name, struct assay_arena *arena, struct assay_queue_file *file,
    struct assay_err *err);
/* All of poison/ (id NULL) or one entry back into the queue; *n: how many. E_NOENT: no such one. */
ASSAY_MUST_CHECK enum assay_status assay_queue_retry(
    struct assay_queue *queue, const char *id, size_t *n, struct assay_err *err);
/* One entry of poison/ away for good. E_NOENT: no such one. */
ASSAY_MUST_CHECK enum assay_status assay_queue_forget(
    struct assay_queue *queue, const char *id, struct assay_err *err);

/* The oldest files away until `bytes` bytes are gone, or `most` files. */
struct assay_queue_dropped {
	uint64_t n, bytes;
};
ASSAY_MUST_CHECK enum assay_status assay_queue_trim(struct assay_queue *queue, uint64_t bytes,
    size_t most, struct assay_queue_dropped *dropped, struct assay_err *err);
/* Of what was put aside, likewise. */
ASSAY_MUST_CHECK enum assay_status assay_queue_trim_poison(struct assay_queue *queue,
    uint64_t bytes, struct assay_queue_dropped *dropped, struct assay_err *err);

/* Out of all queues, what waits and what was put aside: records of these ids, findings about them,
 * messages to be scanned again because of them, payloads of these digests. *gone: how many. What a
 * drain has in hand at that moment is still told: erase here first, then over there. `assay
 * forget`.
 */
ASSAY_MUST_CHECK enum assay_status assay_queue_erase(
    const char *var, const char *const *ids, size_t n, uint64_t *gone, struct assay_err *err);

/* A descriptor that is readable when something came (inotify), or -1: look every second. */
int assay_queue_watch(struct assay_queue *queue);
void assay_queue_watched(struct assay_queue *queue); /* takes the news off it */

#endif
