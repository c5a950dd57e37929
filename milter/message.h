/*
 * milter/message.h - the bytes of one message while they come in
 *
 * What is added ends in a descriptor that the door can take: a memory file, sealed, or, when the
 * message is large or those of all sessions together take too much memory, a file without a name
 * in the store's directory. Nothing is added to a message that is too large or that could not be
 * stored; its size is counted on. No byte is changed.
 */
#ifndef ASSAY_MILTER_MESSAGE_H
#define ASSAY_MILTER_MESSAGE_H

#include <stdatomic.h>

#include <assay/types.h>

#include "base/buf.h"

#define ASSAY_MESSAGE_PIECE ((size_t)64 * 1024) /* written at once */

/* Shared by the messages of one process, and set up by whoever owns them. */
struct assay_message_store {
	const char *dir;        /* of the files; must be there */
	uint64_t most;          /* bytes of one message */
	uint64_t alone;         /* a longer one goes to a file */
	uint64_t memory;        /* all memory files together; beyond it they go to files, too */
	_Atomic uint64_t taken; /* of it; 0 at the beginning */
};

struct assay_message {
	struct assay_message_store *store;
	struct assay_buf head; /* not written yet */
	uint64_t size;         /* of all that was added */
	uint64_t taken;        /* of store->taken */
	int fd;                /* -1: not needed yet */
	bool on_disk, broken;
	struct assay_err why; /* broken: could not be stored */
};

/* Borrows the store. */
void assay_message_init(struct assay_message *message, struct assay_message_store *store);
void assay_message_add(struct assay_message *message, struct assay_slice bytes);
/* The whole message, to be read from the descriptor's beginning, which is the caller's. E_LIMIT: it
 * is larger than store->most; otherwise, what kept it from being stored. Its memory counts until
 * release. */
ASSAY_MUST_CHECK enum assay_status assay_message_finish(
    struct assay_message *message, int *fd, struct assay_err *err);
void assay_message_release(struct assay_message *message);

#endif
