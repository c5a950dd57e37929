/*
 * core/backlog.c - see backlog.h. Touches one netlink socket; whatever goes wrong is "not known".
 */
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/slice.h"
#include "core/backlog.h"

#define LISTENING 10u /* TCP_LISTEN, which all families share */
#define ATTR_HEAD sizeof(struct nlattr)
#define SECONDS 1

/* One listening socket. */
struct listener {
	struct assay_slice name;
	int64_t waiting; /* -1: not said */
};

/* aligned - to where the next message or attribute begins */
static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* read_listener - the attributes of one answer */
static struct listener read_listener(const struct nlmsghdr *msg)
{
	struct listener l = { { NULL, 0 }, -1 };
	const char *p = (const char *)(msg + 1);
	size_t n = msg->nlmsg_len - sizeof *msg;
	size_t at = aligned(sizeof(struct unix_diag_msg));

	while (at + sizeof(struct nlattr) <= n) {
		struct unix_diag_rqlen queue;
		struct nlattr attr;

		memcpy(&attr, p + at, sizeof attr);
		if (attr.nla_len < ATTR_HEAD || at + attr.nla_len > n)
			break;
		if (attr.nla_type == UNIX_DIAG_NAME)
			l.name = assay_slice(p + at + ATTR_HEAD, attr.nla_len - ATTR_HEAD);
		if (attr.nla_type == UNIX_DIAG_RQLEN && attr.nla_len >= ATTR_HEAD + sizeof queue) {
			memcpy(&queue, p + at + ATTR_HEAD, sizeof queue);
			l.waiting = queue.udiag_rqueue;
		}
		at += aligned(attr.nla_len);
	}
	return l;
}

/* is_path - names may or may not end with a NUL */
static bool is_path(struct assay_slice name, const char *path)
{
	return name.p != NULL &&
	    assay_slice_is(assay_slice_head(name, strnlen(name.p, name.n)), path);
}

/* look_through - one packet of answers; false: that was the last */
static bool look_through(const char *packet, size_t n, const char *path, int64_t *waiting)
{
	size_t at = 0;

	while (at + sizeof(struct nlmsghdr) <= n) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)(const void *)(packet + at);

		if (msg->nlmsg_len < sizeof *msg + sizeof(struct unix_diag_msg) ||
		    at + msg->nlmsg_len > n || msg->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return false;
		struct listener l = read_listener(msg);

		if (is_path(l.name, path) && l.waiting >= 0)
			*waiting = l.waiting;
		at += aligned(msg->nlmsg_len);
	}
	return n > 0;
}

/* ask - for all listening sockets */
static bool ask(int fd)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} q = { .head = { .nlmsg_len = sizeof q,
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.req = { .sdiag_family = AF_UNIX,
		    .udiag_states = 1u << LISTENING,
		    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN } };
	struct timeval patience = { .tv_sec = SECONDS };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
	    send(fd, &q, sizeof q, 0) == (ssize_t)sizeof q;
}

/* assay_backlog_count - see backlog.h */
int64_t assay_backlog_count(const char *path)
{
	_Alignas(struct nlmsghdr) char packet[32768];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	bool more = fd >= 0 && ask(fd);
	int64_t waiting = -1;

	while (more) {
		ssize_t n = recv(fd, packet, sizeof packet, 0);

		more = n > 0 && look_through(packet, (size_t)n, path, &waiting);
	}
	assay_io_close(&fd);
	return waiting;
}
