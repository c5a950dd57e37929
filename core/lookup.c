/*
 * core/lookup.c - see lookup.h: the loop. Whatever a client does costs that client's connection;
 * what is wrong with the filters is told to who asks (TEMP, PERM) and, now and then, to the log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/host.h"
#include "core/lookup.h"
#include "core/lookup_table.h"
#include "core/opts.h"

#define BEAT_MS 1000
#define IDLE_MS 300000
#define TELL_MS 60000 /* between two lines in the log about failures */
#define ROUND 64      /* events at once */
#define OUT_MAX 65536u
#define SPARE_FDS 64u /* beside those of clients */

struct client {
	int fd; /* -1: free */
	bool sending;
	int64_t heard_ms; /* its last whole request */
	uint64_t turn;    /* likewise, in order */
	size_t have;      /* bytes in `in` */
	char in[ASSAY_LOOKUP_BYTES + 16];
	struct assay_buf out;
	size_t sent; /* of `out` */
};

struct lookup {
	struct assay_role *role;
	struct assay_config *config;
	struct assay_host *host;
	struct assay_lookup_table table;
	struct assay_board_lookup *count;
	int epoll;
	struct client **client; /* made when first needed */
	size_t most;
	uint64_t turn;
	int64_t now_ms, swept_ms, told_ms;
};

/* What an event is of: a client's number, or one of these behind them. */
#define EVENT_LIFE(l) ((uint64_t)(l)->most)
#define EVENT_SOCKET(l, i) ((uint64_t)(l)->most + 1 + (i))

/* ---- clients ----------------------------------------------------------------------------------
 */

/* watch - for these events, from now on */
static bool watch(const struct lookup *l, int op, int fd, uint32_t events, uint64_t what)
{
	struct epoll_event event = { .events = events, .data = { .u64 = what } };

	return epoll_ctl(l->epoll, op, fd, &event) == 0;
}

/* hang_up - the place is free */
static void hang_up(struct lookup *l, struct client *c)
{
	assay_io_close(&c->fd);
	assay_buf_release(&c->out);
	l->count->clients--;
}

/* place - for a new one; the one that was silent longest makes room */
static size_t place(struct lookup *l)
{
	size_t oldest = 0;

	for (size_t i = 0; i < l->most; i++) {
		if (l->client[i] == NULL || l->client[i]->fd < 0)
			return i;
		if (l->client[i]->turn < l->client[oldest]->turn)
			oldest = i;
	}
	hang_up(l, l->client[oldest]);
	return oldest;
}

/* take - whoever waits at this socket */
static void take(struct lookup *l, int sock)
{
	int fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;
	size_t i;

	if (fd < 0)
		return;
	i = place(l);
	if (l->client[i] == NULL)
		l->client[i] = assay_xcalloc(1, sizeof *c);
	c = l->client[i];
	*c = (struct client){ .fd = fd, .heard_ms = l->now_ms, .turn = ++l->turn };
	assay_buf_init(&c->out, OUT_MAX);
	l->count->clients++;
	if (!watch(l, EPOLL_CTL_ADD, fd, EPOLLIN, i))
		hang_up(l, c);
}

/* sweep - those that were silent too long */
static void sweep(struct lookup *l)
{
	if (l->now_ms - l->swept_ms < BEAT_MS)
		return;
	l->swept_ms = l->now_ms;
	for (size_t i = 0; i < l->most; i++)
		if (l->client[i] != NULL && l->client[i]->fd >= 0 &&
		    l->now_ms - l->client[i]->heard_ms > IDLE_MS)
			hang_up(l, l->client[i]);
}

/* ---- questions --------------------------------------------------------------------------------
 */

/* complain - in the log, not each time */
static void complain(struct lookup *l, const struct assay_lookup_said *said)
{
	l->count->failed++;
	assay_board_set_error(l->role->page, said->text);
	if (l->told_ms > 0 && l->now_ms - l->told_ms < TELL_MS)
		return;
	l->told_ms = l->now_ms;
	assay_log(ASSAY_LOG_WARNING, "a question cannot be answered: %s", said->text);
}

/* answer - one request */
static void answer(struct lookup *l, struct client *c, const struct assay_lookup_request *request)
{
	struct assay_lookup_said said;

	assay_lookup_table_ask(&l->table, request, &said);
	l->role->page->records++;
	l->count->known += said.is == ASSAY_LOOKUP_KNOWN;
	l->count->unknown += said.is == ASSAY_LOOKUP_NEW;
	if (said.answer == ASSAY_LOOKUP_TEMP || said.answer == ASSAY_LOOKUP_PERM)
		complain(l, &said);
	assay_lookup_add(&c->out, request->tcp, said.answer, said.text);
	c->heard_ms = l->now_ms;
	c->turn = ++l->turn;
}

/* answer_all - the whole requests there are; false: nonsense. Room for an answer is kept free. */
static bool answer_all(struct lookup *l, struct client *c)
{
	struct assay_lookup_request request;
	char room[ASSAY_LOOKUP_BYTES];
	enum assay_status status = ASSAY_OK;
	size_t at = 0, used;

	while (c->out.n < OUT_MAX / 2) {
		const struct assay_slice in = { c->in + at, c->have - at };

		status = assay_lookup_next(in, room, &used, &request);
		if (status != ASSAY_OK)
			break;
		answer(l, c, &request);
		at += used;
	}
	memmove(c->in, c->in + at, c->have - at);
	c->have -= at;
	l->count->refused += status == ASSAY_E_SYNTAX;
	return status != ASSAY_E_SYNTAX;
}

/* hear - what it sent; false: it is gone */
static bool hear(struct client *c)
{
	const ssize_t n = recv(c->fd, c->in + c->have, sizeof c->in - c->have, 0);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->have += (size_t)n;
	return true;
}

/* say - as much of the answers as it takes; false: it is gone */
static bool say(struct client *c)
{
	while (c->sent < c->out.n) {
		const ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
	}
	assay_buf_clear(&c->out);
	c->sent = 0;
	return true;
}

/* serve - one client that sent something, or takes more */
static bool serve(struct lookup *l, struct client *c, size_t i)
{
	bool sending;

	if (!c->sending && !hear(c))
		return false;
	/* Requests that came in one piece may be more than one piece of answers. */
	do {
		if (!say(c))
			return false;
		sending = c->out.n > 0;
		if (!sending && !answer_all(l, c))
			return false;
	} while (!sending && c->out.n > 0);
	if (sending != c->sending &&
	    !watch(l, EPOLL_CTL_MOD, c->fd, sending ? EPOLLOUT : EPOLLIN, i))
		return false;
	c->sending = sending;
	return true;
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

/* step - what happened; false: go */
static bool step(struct lookup *l)
{
	struct epoll_event event[ROUND];
	const int n = epoll_wait(l->epoll, event, ROUND, BEAT_MS);
	bool stay = true;

	l->now_ms = assay_clock_mono_ms();
	l->role->page->beat_ms = l->now_ms;
	for (int i = 0; i < n; i++) {
		const uint64_t what = event[i].data.u64;

		if (what == EVENT_LIFE(l))
			stay = !assay_role_leaving(l->role);
		else if (what > l->most)
			take(l, l->role->sock[what - EVENT_SOCKET(l, 0)]);
		else if (l->client[what]->fd >= 0 && !serve(l, l->client[what], (size_t)what))
			hang_up(l, l->client[what]);
	}
	sweep(l);
	return stay;
}

/* room_for - descriptors of so many clients; fewer where the system allows fewer */
static size_t room_for(size_t clients)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return clients;
	if (limit.rlim_cur < clients + SPARE_FDS) {
		limit.rlim_cur =
		    limit.rlim_max < clients + SPARE_FDS ? limit.rlim_max : clients + SPARE_FDS;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= clients + SPARE_FDS)
		return clients;
	return limit.rlim_cur > 2 * SPARE_FDS ? (size_t)limit.rlim_cur - SPARE_FDS : SPARE_FDS;
}

/* open_loop - sockets and the lifeline */
static enum assay_status open_loop(struct lookup *l, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(l->config);
	bool fine;

	l->most = room_for((size_t)assay_opt_int(core, "lookup_clients"));
	l->client = assay_xcalloc(l->most, sizeof(struct client *));
	l->now_ms = assay_clock_mono_ms();
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	fine = l->epoll >= 0 &&
	    (l->role->life < 0 || watch(l, EPOLL_CTL_ADD, l->role->life, EPOLLIN, EVENT_LIFE(l)));
	/* Where an older process has the sockets as well, one of the two is woken. */
	for (size_t i = 0; fine && i < l->role->nsock; i++)
		fine = watch(l, EPOLL_CTL_ADD, l->role->sock[i], EPOLLIN | EPOLLEXCLUSIVE,
		    EVENT_SOCKET(l, i));
	return fine ? ASSAY_OK : assay_io_fail(err, "cannot watch", "the sockets");
}

/* open_table - the plugin, without rights */
static enum assay_status open_table(
    struct lookup *l, char text[ASSAY_ROLE_TEXT], struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(l->config);
	enum assay_status st = assay_host_describe(l->config, &l->host, err);

	if (st == ASSAY_OK)
		st = assay_host_load(l->host, l->config, ASSAY_LOOKUP_PLUGIN, err);
	if (st == ASSAY_OK)
		st = assay_config_finish(l->config, err);
	if (st == ASSAY_OK)
		st = assay_role_drop(l->role, core, 0, text, err);
	if (st == ASSAY_OK)
		st = assay_host_use(l->host, ASSAY_LOOKUP_PLUGIN, err);
	return st == ASSAY_OK ? assay_lookup_table_open(&l->table, l->host, core, err) : st;
}

/* close_all - what was heard is answered */
static void close_all(struct lookup *l)
{
	for (size_t i = 0; l->client != NULL && i < l->most; i++) {
		if (l->client[i] != NULL && l->client[i]->fd >= 0) {
			(void)!serve(l, l->client[i], i);
			hang_up(l, l->client[i]);
		}
		free(l->client[i]);
	}
	free(l->client);
	assay_io_close(&l->epoll);
	assay_host_close(&l->host);
	assay_config_free(&l->config);
}

/* assay_lookup_run - see lookup.h */
int assay_lookup_run(struct assay_role *role, struct assay_config *config)
{
	struct lookup l = { .role = role, .config = config, .epoll = -1 };
	char text[ASSAY_ROLE_TEXT] = "";
	struct assay_board_slot unseen = { .kind = ASSAY_BOARD_LOOKUP };
	struct assay_err err;
	enum assay_status st;
	int code = 0;

	if (role->page == NULL)
		role->page = &unseen;
	l.count = &role->page->of.lookup;
	l.count->clients = 0;
	st = open_table(&l, text, &err);
	if (st == ASSAY_OK)
		st = open_loop(&l, &err);
	if (st == ASSAY_OK) {
		assay_role_ready(role, text);
		while (step(&l))
			;
		assay_board_set_state(role->page, ASSAY_BOARD_LEAVING);
	} else {
		code = assay_role_failed(role, &err);
	}
	close_all(&l);
	if (role->page == &unseen)
		role->page = NULL;
	return code;
}
