/*
 * milter/native.c - the milter protocol over sockets, in one loop; see engine.h
 *
 * One epoll set holds the listening sockets and all connections; the door waits for it as for one
 * descriptor, so that scans go on beside. What one connection may hold is bounded, and so is their
 * number (max_sessions). Touches the door's sockets, their
 * connections and the store of messages. A connection that breaks costs its own message, whose
 * report is made all the same; no descriptors left: nobody is taken in for a second.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "engine.h"
#include "intake.h"
#include "peer.h"
#include "reply.h"

#define EVENTS 64
#define ACCEPTS 16       /* connections taken in one turn */
#define PAUSE_MS 1000    /* without accept(2), when descriptors are short */
#define QUIET_MS 60000   /* between two log lines of one kind */
#define WRITE_MS 60000   /* for the other side to read an answer */
#define ANSWER_MS 480000 /* then its SMTP client has given up: RFC 5321, 10 minutes */
#define DOZE_MS 3600000

struct conn {
	struct conn *prev, *next; /* all connections */
	struct native *native;
	int fd;
	bool inet, whole; /* whole: a message waits for its verdict */
	uint32_t events;  /* watched for */
	struct assay_peer peer;
	int64_t moved_ms;              /* last read or write */
	int64_t whole_ms, progress_ms; /* whole: since when; next sign of life */
	struct assay_intake_mail mail; /* whole: the message */
};

/* Kinds of log lines that an outsider could cause again and again. */
enum quiet { QUIET_ACCEPT, QUIET_FULL, QUIET_PROTOCOL, QUIET_REPLY, QUIET_STORE, QUIETS };

struct native {
	const struct assay_engine_options *options;
	struct assay_door *door;
	struct assay_message_store store;
	int set, kick; /* epoll; an eventfd in it that ends a wait */
	struct conn *conns;
	size_t n;
	struct assay_intake intake;
	bool listening;
	int64_t pause_ms; /* no accept(2) before */
	int64_t next_ms;  /* something is due */
	int64_t drain_ms; /* the door stops: when idle servers are hung up on; 0: it does not */
	int64_t quiet_ms[QUIETS];
	char room[ASSAY_PEER_FEED];
};

/* sooner - the loop wakes then at the latest */
static void sooner(struct native *native, int64_t ms)
{
	if (ms < native->next_ms)
		native->next_ms = ms;
}

/* quiet - may a line of this kind be logged now? */
static bool quiet(struct native *native, enum quiet kind)
{
	int64_t now_ms = assay_clock_mono_ms();

	if (native->quiet_ms[kind] > now_ms)
		return true;
	native->quiet_ms[kind] = now_ms + QUIET_MS;
	return false;
}

/* ---- connections ----------------------------------------------------------------------------- */

/* hang_up - the end of a connection; its mail, if the door has it, goes on */
static void hang_up(struct conn *conn)
{
	struct native *native = conn->native;

	assay_intake_drop(&native->intake, &conn->mail);
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		native->conns = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	native->n--;
	assay_io_close(&conn->fd);
	assay_peer_release(&conn->peer);
	free(conn);
}

/* watch - answers first: who does not read them shall not go on sending */
static void watch(struct conn *conn)
{
	struct epoll_event event = { .data.ptr = conn };

	/* While a message waits nothing comes, as a rule, and its end must be seen. */
	event.events = conn->peer.out.n > 0 ? EPOLLOUT : EPOLLIN;
	if (event.events == conn->events)
		return;
	(void)epoll_ctl(
	    conn->native->set, conn->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, conn->fd, &event);
	conn->events = event.events;
}

/* write_out - as much as the other side takes; false: it is gone */
static bool write_out(struct conn *conn)
{
	struct assay_buf *out = &conn->peer.out;
	size_t done = 0;

	while (done < out->n) {
		ssize_t n = send(conn->fd, out->p + done, out->n - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			return false;
		done += (size_t)n;
		conn->moved_ms = assay_clock_mono_ms();
	}
	if (done == out->n) {
		assay_buf_release(out);
		return true;
	}
	memmove(out->p, out->p + done, out->n - done);
	out->n -= done;
	sooner(conn->native, conn->moved_ms + WRITE_MS);
	return true;
}

static void on_told(struct assay_intake_mail *mail, const struct assay_verdict *verdict);

/* begin - a message is whole: on its way to the door */
static void begin(struct conn *conn)
{
	struct native *native = conn->native;
	struct assay_session *session = &conn->peer.session;
	struct assay_submission *submission = &conn->mail.submission;
	struct assay_err why;

	conn->whole = true;
	conn->whole_ms = assay_clock_mono_ms();
	conn->progress_ms = conn->whole_ms + native->options->progress_ms;
	sooner(native, conn->progress_ms);
	if (!assay_session_end(session, submission, &why))
		ASSAY_BUG("a message that is whole and none");
	if (submission->unscanned != NULL && strcmp(submission->unscanned, "error") == 0 &&
	    !quiet(native, QUIET_STORE))
		assay_log(ASSAY_LOG_ERROR, "a message could not be stored: %s", why.text);
	conn->mail.size = session->message.size;
	conn->mail.told = on_told;
	assay_intake_add(&native->intake, &conn->mail);
}

/* proceed - whatever a connection's new state asks for; it may be gone afterwards */
static void proceed(struct conn *conn)
{
	struct assay_peer *peer = &conn->peer;

	if (peer->state == ASSAY_PEER_WHOLE && !conn->whole)
		begin(conn);
	if (conn->native->drain_ms > 0)
		sooner(conn->native, conn->native->drain_ms);
	if (!write_out(conn) || (peer->state == ASSAY_PEER_ENDS && peer->out.n == 0)) {
		if (peer->why.code != ASSAY_OK && !quiet(conn->native, QUIET_PROTOCOL))
			assay_log(ASSAY_LOG_WARNING,
			    "a mail server was hung up on, it does not speak the protocol: %s",
			    peer->why.text);
		hang_up(conn);
		return;
	}
	watch(conn);
}

/* wake - the wait ends, as more can be handed in */
static void wake(struct native *native)
{
	uint64_t one = 1;

	if (native->intake.first != NULL && write(native->kick, &one, sizeof one) < 0)
		sooner(native, 0);
}

/* on_told - the server hears of it at once; without a verdict it has to help itself */
static void on_told(struct assay_intake_mail *mail, const struct assay_verdict *verdict)
{
	struct conn *conn = (struct conn *)((char *)mail - offsetof(struct conn, mail));
	struct native *native = conn->native;
	struct assay_peer *peer = &conn->peer;
	struct assay_reply reply;

	wake(native);
	if (verdict == NULL) {
		hang_up(conn);
		return;
	}
	assay_reply_init(&reply, verdict,
	    &(struct assay_reply_to){ .names = assay_buf_slice(&peer->session.names),
		.names_cut = peer->session.names.full,
		.actions = peer->actions,
		.leading_space = peer->session.leading_space });
	if (reply.trouble != NULL && !quiet(native, QUIET_REPLY))
		assay_log(ASSAY_LOG_WARNING, "scan %s: %s", verdict->scan_id, reply.trouble);
	conn->whole = false;
	conn->moved_ms = assay_clock_mono_ms();
	sooner(native, conn->moved_ms + native->options->idle_ms);
	assay_peer_answer(peer, &reply);
	assay_reply_release(&reply);
	proceed(conn);
}

/* read_in - one piece, so that nobody waits for one that sends much */
static void read_in(struct conn *conn)
{
	struct native *native = conn->native;
	ssize_t n = recv(conn->fd, native->room, sizeof native->room, 0);
	int one = 1;

	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		hang_up(conn);
		return;
	}
	/* With nothing to answer, a delayed ACK holds the server up for 40 ms. */
	if (conn->inet)
		(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
	conn->moved_ms = assay_clock_mono_ms();
	assay_peer_feed(&conn->peer, assay_slice(native->room, (size_t)n));
	proceed(conn);
}

/* on_event - of one connection */
static void on_event(struct conn *conn, uint32_t events)
{
	if ((events & EPOLLIN) != 0)
		read_in(conn);
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		hang_up(conn);
	else
		proceed(conn);
}

/* ---- listening ------------------------------------------------------------------------------- */

/* listen_or_not - take in more, when there is room; EPOLLEXCLUSIVE: one process wakes for one */
static void listen_or_not(struct native *native)
{
	bool want = native->drain_ms == 0 && native->n < native->options->max_sessions &&
	    native->pause_ms <= assay_clock_mono_ms();
	int fd;

	if (native->pause_ms > 0 && native->pause_ms <= assay_clock_mono_ms())
		native->pause_ms = 0;
	if (native->pause_ms > 0)
		sooner(native, native->pause_ms);
	if (want == native->listening)
		return;
	native->listening = want;
	for (size_t i = 0; (fd = assay_door_socket(native->door, i)) >= 0; i++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE,
			.data.u64 = 2 * (uint64_t)fd + 1 }; /* odd: no pointer */

		(void)epoll_ctl(native->set, want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event);
	}
}

/* welcome - one more connection; takes fd */
static void welcome(struct native *native, int fd)
{
	struct conn *conn = assay_xcalloc(1, sizeof *conn);
	struct sockaddr_storage name;
	socklen_t n = sizeof name;
	int one = 1;

	conn->native = native;
	conn->fd = fd;
	conn->inet = getsockname(fd, (struct sockaddr *)&name, &n) == 0 &&
	    (name.ss_family == AF_INET || name.ss_family == AF_INET6);
	if (conn->inet) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	}
	assay_peer_init(&conn->peer, &native->store);
	conn->moved_ms = assay_clock_mono_ms();
	sooner(native, conn->moved_ms + native->options->idle_ms);
	conn->next = native->conns;
	if (conn->next != NULL)
		conn->next->prev = conn;
	native->conns = conn;
	native->n++;
	watch(conn);
	if (native->n == native->options->max_sessions && !quiet(native, QUIET_FULL))
		assay_log(ASSAY_LOG_WARNING,
		    "%zu mail servers are connected, max_sessions; others wait", native->n);
}

/* take_in - a few of those who wait */
static void take_in(struct native *native, int listener)
{
	for (int i = 0; i < ACCEPTS && native->n < native->options->max_sessions; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(native, fd);
			continue;
		}
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
			return;
		if (!quiet(native, QUIET_ACCEPT))
			assay_log(ASSAY_LOG_ERROR,
			    "cannot take in mail servers: %s; again in a second", strerror(errno));
		native->pause_ms = assay_clock_mono_ms() + PAUSE_MS;
		return;
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

/* overdue - has it been silent for too long? Otherwise the loop wakes when it will have been */
static bool overdue(struct conn *conn, int64_t now_ms)
{
	struct native *native = conn->native;
	int64_t due_ms = conn->moved_ms + native->options->idle_ms;

	if (conn->whole)
		due_ms = conn->whole_ms + ANSWER_MS;
	else if (conn->peer.out.n > 0)
		due_ms = conn->moved_ms + WRITE_MS;
	else if (native->drain_ms > 0 && assay_peer_is_idle(&conn->peer) &&
	    native->drain_ms < due_ms)
		due_ms = native->drain_ms;
	if (due_ms <= now_ms)
		return true;
	sooner(native, due_ms);
	return false;
}

/* sweep - all connections: who is overdue, who needs a sign of life */
static void sweep(struct native *native)
{
	int64_t now_ms = assay_clock_mono_ms();
	struct conn *conn, *next;

	if (native->next_ms > now_ms)
		return;
	native->next_ms = now_ms + DOZE_MS;
	for (conn = native->conns; conn != NULL; conn = next) {
		next = conn->next;
		if (overdue(conn, now_ms)) {
			hang_up(conn);
			continue;
		}
		if (!conn->whole)
			continue;
		if (conn->progress_ms <= now_ms) {
			conn->progress_ms = now_ms + native->options->progress_ms;
			assay_peer_progress(&conn->peer);
		}
		sooner(native, conn->progress_ms);
		if (conn->peer.out.n > 0)
			proceed(conn);
	}
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* events - what came, one turn of it */
static void events(struct native *native)
{
	struct epoll_event event[EVENTS];
	int n = epoll_wait(native->set, event, EVENTS, 0);
	uint64_t kicks;

	for (int i = 0; i < n; i++) {
		if (event[i].data.ptr == native) {
			if (read(native->kick, &kicks, sizeof kicks) < 0)
				continue;
		} else if ((event[i].data.u64 & 1) != 0) {
			take_in(native, (int)(event[i].data.u64 / 2));
		} else {
			on_event(event[i].data.ptr, event[i].events);
		}
	}
}

/* turn - wait, then whatever came of it */
static enum assay_status turn(struct native *native, struct assay_err *err)
{
	int64_t now_ms = assay_clock_mono_ms();
	enum assay_status st = assay_door_wait(native->door, native->set,
	    native->next_ms > now_ms ? native->next_ms - now_ms : 0, err);

	if (st != ASSAY_OK && st != ASSAY_END)
		return st;
	if (st == ASSAY_OK)
		events(native);
	if (native->drain_ms == 0 && assay_door_stopping(native->door)) {
		native->drain_ms = assay_clock_mono_ms() + native->options->drain_ms;
		native->next_ms = 0;
	}
	sweep(native);
	listen_or_not(native);
	return assay_intake_pump(&native->intake, &native->next_ms, err);
}

/* open_native - the epoll set; nobody is connected */
static enum assay_status open_native(struct native *native, struct assay_err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = native };

	assay_intake_init(&native->intake, native->door);
	native->set = epoll_create1(EPOLL_CLOEXEC);
	native->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (native->set < 0 || native->kick < 0 ||
	    epoll_ctl(native->set, EPOLL_CTL_ADD, native->kick, &event) != 0)
		return assay_io_fail(err, "cannot wait for", "mail servers");
	if (assay_door_socket(native->door, 0) < 0)
		return assay_err_set(err, ASSAY_E_CONF, "[milter] listen names no socket");
	listen_or_not(native);
	return ASSAY_OK;
}

/* assay_native_run - see engine.h */
enum assay_status assay_native_run(
    const struct assay_engine_options *options, struct assay_door *door, struct assay_err *err)
{
	struct native *native = assay_xcalloc(1, sizeof *native);
	enum assay_status st;

	*native = (struct native){ .options = options, .door = door, .set = -1, .kick = -1 };
	native->store.dir = options->tmp_dir;
	native->store.most = (uint64_t)assay_door_option(door, "message_size");
	native->store.memory = options->memory;
	native->store.alone = options->memory / 4;
	native->next_ms = assay_clock_mono_ms() + DOZE_MS;
	st = open_native(native, err);
	while (st == ASSAY_OK && (native->drain_ms == 0 || native->n > 0))
		st = turn(native, err);
	while (native->conns != NULL)
		hang_up(native->conns);
	assay_io_close(&native->set);
	assay_io_close(&native->kick);
	free(native);
	return st;
}
