/*
 * core/container.h - payloads on their way out of a scan process
 *
 * One memory file with the payloads that shall be archived: per payload the digest (64 hex digits),
 * the size (u64 little-endian) and the bytes. For the message itself only the head is written: the
 * door keeps its own copy, and never the scan process' one. The reader believes nothing: payloads
 * whose bytes are not of their digest, and all behind them, are left out. The message is there
 * once, so that reading is linear in the file and the message.
 */
#ifndef ASSAY_CONTAINER_H
#define ASSAY_CONTAINER_H

#include <assay/engine.h>

#include "base/io.h"

#define ASSAY_CONTAINER_HEAD 72u
/* As size: the message itself. */
#define ASSAY_CONTAINER_MESSAGE UINT64_MAX
/* Payloads of one mail that are believed: more than max_children_message can be set to. */
#define ASSAY_CONTAINER_MOST 1000100u

/* Appends one payload; `message`: only its head. */
ASSAY_MUST_CHECK enum assay_status assay_container_put(
    int fd, const char *sha256, struct assay_slice bytes, bool message, struct assay_err *err);

struct assay_container {
	struct assay_kept *kept;
	size_t n;
	struct assay_io_map map;
};

/* Reads a sealed file of at most `count` payloads (-1: an empty container). The message must stay
 * until close. */
void assay_container_open(
    struct assay_container *container, int fd, uint32_t count, struct assay_slice message);
/* As open, from memory that stays until close; for tests. */
void assay_container_read(struct assay_container *container, struct assay_slice bytes,
    uint32_t count, struct assay_slice message);
/* Of a file in the spool: all payloads at the front that have their bytes in `bytes`, which stay
 * until close. */
void assay_container_all(struct assay_container *container, struct assay_slice bytes);
void assay_container_close(struct assay_container *container);

#endif
