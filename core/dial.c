/*
 * core/dial.c - see dial.h. Touches one socket path and pages of memory; a service that is not
 * there is E_DEAD and the caller's to wait for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/dial.h"
#include "core/listen.h"

#define SEND_SECONDS 5
/* A line that poll(2) called readable and that has nothing is tampered with. */
#define RECEIVE_MS 100

/* One conversation, or room for one. */
struct dialled {
	struct assay_line line; /* first: a line is its slot */
	bool busy;
};

struct dial {
	struct assay_lines lines;
	struct sockaddr_un to;
	struct dialled *slot;
	bool short_of; /* descriptors or memory; it was told */
};

/* call - a connected socket. ASSAY_END: the queue of the other side is full; E_DEAD: nobody is
 * there; E_FULL: we are short of descriptors or memory */
static enum assay_status call(const struct sockaddr_un *to, int *sock, struct assay_err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), e;

	if (fd < 0)
		return assay_err_set(
		    err, ASSAY_E_FULL, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0) {
		*sock = fd;
		return ASSAY_OK;
	}
	e = errno;
	assay_io_close(&fd);
	if (e == EAGAIN)
		return ASSAY_END;
	if (e == ECONNREFUSED || e == ENOENT)
		return assay_err_set(err, ASSAY_E_DEAD, "%s: nobody listens there", to->sun_path);
	return assay_err_set(err, ASSAY_E_IO, "%s: %s", to->sun_path, strerror(e));
}

/* hang_up - the page stays until the slot is used again */
static void hang_up(struct assay_lines *self, struct assay_line *line)
{
	(void)self;
	assay_wire_release(&line->wire);
	assay_wire_init(&line->wire, -1);
	((struct dialled *)line)->busy = false;
}

/* begin - a fresh page and the socket, made blocking with bounds */
static enum assay_status begin(struct dialled *slot, int sock, struct assay_err *err)
{
	struct timeval patience = { .tv_sec = SEND_SECONDS };
	struct timeval moment = { .tv_usec = RECEIVE_MS * 1000 };
	enum assay_status st;

	(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
	assay_io_blocking(sock);
	assay_progress_close(&slot->line.page);
	st = assay_progress_open(&slot->line.page, err);
	assay_wire_release(&slot->line.wire);
	if (st != ASSAY_OK) { /* short of them, too */
		assay_io_close(&sock);
		err->code = ASSAY_E_FULL;
		return ASSAY_E_FULL;
	}
	assay_wire_init(&slot->line.wire, sock);
	slot->line.fresh = false;
	slot->line.queued = true;
	slot->busy = true;
	return ASSAY_OK;
}

/* connect_slot - a new connection; who answers it and when is seen later */
static struct assay_line *connect_slot(
    const struct dial *dial, struct dialled *slot, struct assay_err *err)
{
	int sock;
	enum assay_status st = call(&dial->to, &sock, err);

	if (st == ASSAY_END) /* no conversation of ours needs to end before there is room */
		(void)assay_err_set(err, ASSAY_E_DEAD, "%s: its queue is full", dial->to.sun_path);
	return st == ASSAY_OK && begin(slot, sock, err) == ASSAY_OK ? &slot->line : NULL;
}

/* take - by a slot that is free */
static struct assay_line *take(struct assay_lines *self, struct assay_err *err)
{
	struct dial *dial = (struct dial *)self;
	struct assay_line *line;
	size_t i = 0;

	while (i < self->most && dial->slot[i].busy)
		i++;
	if (i == self->most)
		return NULL;
	dial->slot[i].line.early = i < ASSAY_DIAL_EARLY;
	line = connect_slot(dial, &dial->slot[i], err);
	if (line == NULL && err->code == ASSAY_E_FULL && !dial->short_of)
		assay_log(ASSAY_LOG_ERROR, "mail waits to be scanned: %s", err->text);
	dial->short_of = line == NULL && err->code == ASSAY_E_FULL;
	return line;
}

/* close_dial - hang up on all */
static void close_dial(struct assay_lines *self)
{
	struct dial *dial = (struct dial *)self;

	for (size_t i = 0; i < self->most; i++) {
		assay_wire_release(&dial->slot[i].line.wire);
		assay_progress_close(&dial->slot[i].line.page);
	}
	free(dial->slot);
	free(dial);
}

/* assay_dial_new - see dial.h */
enum assay_status assay_dial_new(
    const char *path, size_t most, struct assay_lines **lines, struct assay_err *err)
{
	struct dial *dial = assay_xcalloc(1, sizeof *dial);
	enum assay_status st = assay_listen_address(path, &dial->to, err);

	*lines = NULL;
	if (st != ASSAY_OK) {
		free(dial);
		return st;
	}
	dial->lines = (struct assay_lines){
		.take = take, .give = hang_up, .bury = hang_up, .close = close_dial, .most = most
	};
	dial->slot = assay_xcalloc(most, sizeof *dial->slot);
	for (size_t i = 0; i < most; i++) {
		assay_wire_init(&dial->slot[i].line.wire, -1);
		dial->slot[i].line.page.fd = -1;
	}
	*lines = &dial->lines;
	return ASSAY_OK;
}

/* assay_dial_check - see dial.h */
enum assay_status assay_dial_check(const char *path, struct assay_err *err)
{
	struct sockaddr_un to;
	enum assay_status st = assay_listen_address(path, &to, err);
	int sock = -1;

	if (st == ASSAY_OK)
		st = call(&to, &sock, err);
	assay_io_close(&sock);
	return st == ASSAY_END ? ASSAY_OK : st;
}
