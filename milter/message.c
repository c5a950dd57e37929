/*
 * milter/message.c - see message.h. Touches memory files and files without a name in the store's
 * directory. A full disk or no memory breaks the one message.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "message.h"

/* assay_message_init - nothing yet */
void assay_message_init(struct assay_message *message, struct assay_message_store *store)
{
	*message = (struct assay_message){ .store = store, .fd = -1 };
	assay_buf_init(&message->head, ASSAY_MESSAGE_PIECE);
}

/* drop - what is stored, not what is counted */
static void drop(struct assay_message *message)
{
	assay_io_close(&message->fd);
	assay_buf_release(&message->head);
	atomic_fetch_sub(&message->store->taken, message->taken);
	message->taken = 0;
}

/* assay_message_release - the end; may be used again after init */
void assay_message_release(struct assay_message *message)
{
	drop(message);
}

/* fail - the message is not whole any more */
static void fail(struct assay_message *message)
{
	drop(message);
	message->broken = true;
}

/* open_file - one without a name */
static enum assay_status open_file(const char *dir, int *fd, struct assay_err *err)
{
	*fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return *fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot make a file in", dir);
}

/* to_disk - what is in memory so far */
static enum assay_status to_disk(struct assay_message *message)
{
	uint64_t copied;
	int fd = -1;
	enum assay_status st = open_file(message->store->dir, &fd, &message->why);

	if (st == ASSAY_OK && message->fd >= 0) {
		if (lseek(message->fd, 0, SEEK_SET) < 0)
			st = assay_io_fail(&message->why, "cannot read", "a message");
		else
			st = assay_io_copy(message->fd, fd, UINT64_MAX - 1, &copied, &message->why);
	}
	if (st != ASSAY_OK) {
		assay_io_close(&fd);
		return st;
	}
	assay_io_close(&message->fd);
	atomic_fetch_sub(&message->store->taken, message->taken);
	message->taken = 0;
	message->fd = fd;
	message->on_disk = true;
	return ASSAY_OK;
}

/* fits_memory - may this message grow by n bytes there? */
static bool fits_memory(struct assay_message *message, size_t n)
{
	struct assay_message_store *store = message->store;

	if (message->taken + n > store->alone)
		return false;
	if (atomic_fetch_add(&store->taken, n) + n > store->memory) {
		atomic_fetch_sub(&store->taken, n);
		return false;
	}
	message->taken += n;
	return true;
}

/* prepare - a descriptor for n more bytes */
static enum assay_status prepare(struct assay_message *message, size_t n)
{
	if (!message->on_disk && !fits_memory(message, n))
		return to_disk(message);
	if (message->fd >= 0)
		return ASSAY_OK;
	return assay_io_memfd("assay-milter", &message->fd, &message->why);
}

/* put - behind what is there */
static void put(struct assay_message *message, struct assay_slice bytes)
{
	enum assay_status st = prepare(message, bytes.n);

	if (st == ASSAY_OK)
		st = assay_io_write_full(message->fd, bytes.p, bytes.n, &message->why);
	if (st != ASSAY_OK)
		fail(message);
}

/* flush - what was kept back */
static void flush(struct assay_message *message)
{
	if (message->head.n > 0)
		put(message, assay_buf_slice(&message->head));
	assay_buf_clear(&message->head);
}

/* assay_message_add - small pieces are kept back, so that a small mail is one write */
void assay_message_add(struct assay_message *message, struct assay_slice bytes)
{
	bool fitted = message->size <= message->store->most;

	message->size += bytes.n;
	if (message->broken || !fitted)
		return;
	if (message->size > message->store->most) {
		drop(message);
		return;
	}
	if (bytes.n <= message->head.max - message->head.n) {
		(void)assay_buf_add_slice(&message->head, bytes);
		return;
	}
	flush(message);
	if (!message->broken && bytes.n < ASSAY_MESSAGE_PIECE / 2)
		(void)assay_buf_add_slice(&message->head, bytes);
	else if (!message->broken)
		put(message, bytes);
}

/* assay_message_finish - sealed, or at least read from its beginning */
enum assay_status assay_message_finish(
    struct assay_message *message, int *fd, struct assay_err *err)
{
	*fd = -1;
	if (message->size > message->store->most)
		return assay_err_set(err, ASSAY_E_LIMIT, "larger than message_size");
	if (!message->broken)
		flush(message);
	if (!message->broken && message->fd < 0)
		put(message, ASSAY_SLICE_LIT(""));
	if (!message->broken && lseek(message->fd, 0, SEEK_SET) < 0) {
		(void)assay_io_fail(&message->why, "cannot rewind", "a message");
		fail(message);
	}
	if (!message->broken && !message->on_disk &&
	    assay_io_seal(message->fd, &message->why) != ASSAY_OK)
		fail(message);
	if (message->broken) {
		if (err != NULL)
			*err = message->why;
		return message->why.code;
	}
	assay_buf_release(&message->head);
	*fd = message->fd;
	message->fd = -1;
	return ASSAY_OK;
}
