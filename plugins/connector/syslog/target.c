/*
 * syslog/target.c - see target.h
 *
 * A stream on which half a line went out is closed: nothing else could be told apart from it.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "target.h"

#define WAIT_S 5

/* copy - a part of the address, or what stands for it when it is left out */
static bool copy(char *to, size_t size, struct assay_slice part, const char *otherwise)
{
	const int n = part.n > 0 ? snprintf(to, size, "%.*s", (int)part.n, part.p)
				 : snprintf(to, size, "%s", otherwise);

	return n > 0 && (size_t)n < size;
}

/* set_host - HOST:PORT, [HOST]:PORT, or parts of it */
static bool set_host(struct assay_target *t, struct assay_slice s)
{
	struct assay_slice host, port = ASSAY_SLICE_LIT("");

	if (assay_slice_starts(s, "[")) {
		s = assay_slice_from(s, 1);
		host = assay_slice_head(s, assay_slice_find(s, ']'));
		s = assay_slice_from(s, host.n + 1);
		if (s.n > 0 && s.p[0] != ':')
			return false;
		port = assay_slice_from(s, 1);
	} else {
		host = assay_slice_head(s, assay_slice_find(s, ':'));
		port = assay_slice_from(s, host.n + 1);
	}
	return copy(t->host, sizeof t->host, host, "127.0.0.1") &&
	    copy(t->port, sizeof t->port, port, "514") &&
	    strspn(t->port, "0123456789") == strlen(t->port);
}

/* assay_target_init - see target.h */
enum assay_status assay_target_init(
    struct assay_target *target, const char *address, struct assay_err *err)
{
	struct assay_slice s = assay_slice_str(address);
	const struct assay_slice kind = assay_slice_head(s, assay_slice_find(s, ':'));
	bool good = false;

	memset(target, 0, sizeof *target);
	target->address = address;
	target->fd = -1;
	s = assay_slice_from(s, kind.n + 1);
	if (assay_slice_is(kind, "unix")) {
		target->kind = ASSAY_TARGET_UNIX;
		good = s.n > 0 && s.p[0] == '/' && copy(target->host, 108, s, "");
	} else if (assay_slice_is(kind, "udp") || assay_slice_is(kind, "tcp")) {
		target->kind = kind.p[0] == 'u' ? ASSAY_TARGET_UDP : ASSAY_TARGET_TCP;
		good = set_host(target, s);
	}
	if (good)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF,
	    "address = %s is none of unix:/path, udp:HOST:PORT, tcp:HOST:PORT", address);
}

/* assay_target_close - may be opened again */
void assay_target_close(struct assay_target *target)
{
	assay_io_close(&target->fd);
}

/* fail - closes, and says what did not work */
static enum assay_status fail(struct assay_target *t, const char *what, struct assay_err *err)
{
	const int e = errno;
	const bool late = e == EAGAIN || e == EWOULDBLOCK || e == EINPROGRESS;

	assay_target_close(t);
	errno = e;
	if (late)
		return assay_err_set(err, ASSAY_E_TIMEOUT, "%s %s: nobody answered in %d s", what,
		    t->address, WAIT_S);
	return assay_io_fail(err, what, t->address);
}

/* open_socket - with a time limit on everything that could wait */
static int open_socket(int family, int type)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	return fd;
}

/* connect_unix - a datagram socket, or a stream where one listens */
static enum assay_status connect_unix(struct assay_target *t, struct assay_err *err)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%.107s", t->host);
	for (int i = 0; i < 2; i++) {
		t->stream = types[i] == SOCK_STREAM;
		t->fd = open_socket(AF_UNIX, types[i]);
		if (t->fd >= 0 && connect(t->fd, (const struct sockaddr *)&name, sizeof name) == 0)
			return ASSAY_OK;
		if (errno != EPROTOTYPE)
			break;
		assay_target_close(t);
	}
	return fail(t, "cannot reach", err);
}

/* connect_net - the first address of the host that takes us */
static enum assay_status connect_net(struct assay_target *t, struct assay_err *err)
{
	struct addrinfo want = { .ai_family = AF_UNSPEC }, *list = NULL;
	int e;

	t->stream = t->kind == ASSAY_TARGET_TCP;
	want.ai_socktype = t->stream ? SOCK_STREAM : SOCK_DGRAM;
	e = getaddrinfo(t->host, t->port, &want, &list);
	if (e != 0)
		return assay_err_set(
		    err, ASSAY_E_IO, "cannot find %s: %s", t->address, gai_strerror(e));
	for (const struct addrinfo *a = list; a != NULL && t->fd < 0; a = a->ai_next) {
		t->fd = open_socket(a->ai_family, a->ai_socktype);
		if (t->fd >= 0 && connect(t->fd, a->ai_addr, a->ai_addrlen) != 0) {
			e = errno;
			assay_target_close(t);
			errno = e;
		}
	}
	e = errno;
	freeaddrinfo(list);
	errno = e;
	return t->fd >= 0 ? ASSAY_OK : fail(t, "cannot reach", err);
}

/* try_send - one line over an open socket; 0, or errno */
static int try_send(const struct assay_target *t, struct assay_slice line)
{
	char count[32] = "";
	struct iovec part[3] = { { count, 0 }, { (char *)line.p, line.n }, { "\n", 0 } };
	struct msghdr msg = { .msg_iov = part, .msg_iovlen = 3 };
	size_t all;
	ssize_t n;

	if (t->kind == ASSAY_TARGET_TCP)
		part[0].iov_len = (size_t)snprintf(count, sizeof count, "%zu ", line.n);
	else if (t->stream)
		part[2].iov_len = 1;
	all = part[0].iov_len + part[1].iov_len + part[2].iov_len;
	do {
		n = sendmsg(t->fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	return (size_t)n == all ? 0 : EAGAIN;
}

/* assay_target_send - a second try over a fresh socket where the old one broke */
enum assay_status assay_target_send(
    struct assay_target *target, struct assay_slice line, struct assay_err *err)
{
	const bool fresh = target->fd < 0;

	for (int tries = fresh ? 1 : 0; tries < 2; tries++) {
		enum assay_status status = ASSAY_OK;

		if (target->fd < 0)
			status = target->kind == ASSAY_TARGET_UNIX ? connect_unix(target, err)
								   : connect_net(target, err);
		if (status != ASSAY_OK)
			return status;
		errno = try_send(target, line);
		if (errno == 0)
			return ASSAY_OK;
		if (errno == EMSGSIZE)
			return assay_err_set(err, ASSAY_E_LIMIT, "%s takes no line of %zu bytes",
			    target->address, line.n);
		status = fail(target, "cannot send to", err);
		if (tries == 1 || status == ASSAY_E_TIMEOUT)
			return status;
	}
	return ASSAY_OK;
}
