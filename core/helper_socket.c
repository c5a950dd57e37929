/*
 * core/helper_socket.c - see helper_socket.h. Asks the system's resolver at start, connects later;
 * everything it connects to was named by the configuration.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/helper.h"
#include "core/helper_socket.h"

/* find_unix - a path */
static bool find_unix(struct assay_helper_entry *entry, const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (path[0] != '/' || strlen(path) >= sizeof name.sun_path)
		return false;
	memcpy(name.sun_path, path, strlen(path));
	memcpy(&entry->address, &name, sizeof name);
	entry->address_size = (socklen_t)sizeof name;
	return true;
}

/* find_tcp - HOST:PORT or [HOST]:PORT; the first address counts */
static enum assay_status find_tcp(
    struct assay_helper_entry *entry, const char *text, struct assay_err *err)
{
	struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	const char *colon = strrchr(text, ':');
	bool brackets = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
	char host[256];
	int e, n;

	if (colon == NULL || colon == text || colon[1] == '\0')
		return ASSAY_E_PLUGIN;
	n = snprintf(
	    host, sizeof host, "%.*s", (int)(colon - text) - 2 * brackets, text + brackets);
	if (n <= 0 || (size_t)n >= sizeof host)
		return ASSAY_E_PLUGIN;
	e = getaddrinfo(host, colon + 1, &want, &list);
	if (e != 0)
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s is not found: %s", text, gai_strerror(e));
	memcpy(&entry->address, list->ai_addr, list->ai_addrlen);
	entry->address_size = list->ai_addrlen;
	freeaddrinfo(list);
	return ASSAY_OK;
}

/* assay_helper_socket_find - once, at start */
enum assay_status assay_helper_socket_find(struct assay_helper_entry *entry, struct assay_err *err)
{
	const char *address = entry->program.address;
	enum assay_status st = ASSAY_E_PLUGIN;

	if (address != NULL && strncmp(address, "unix:", 5) == 0)
		st = find_unix(entry, address + 5) ? ASSAY_OK : ASSAY_E_PLUGIN;
	else if (address != NULL && strncmp(address, "tcp:", 4) == 0)
		st = find_tcp(entry, address + 4, err);
	if (st != ASSAY_E_PLUGIN)
		return st;
	return assay_err_set(err, ASSAY_E_PLUGIN, "\"%s\" is neither unix:/path nor tcp:HOST:PORT",
	    address != NULL ? address : "");
}

/* fail - nobody there is another thing than something wrong here */
static enum assay_status fail(const char *address, int *fd, int e, struct assay_err *err)
{
	assay_io_close(fd);
	errno = e == ECONNREFUSED || e == EHOSTUNREACH || e == ENETUNREACH ? ENOENT : e;
	if (errno == e)
		return assay_io_fail(err, "cannot be reached at", address);
	return assay_err_set(
	    err, ASSAY_E_NOENT, "cannot be reached at %s: %s", address, strerror(e));
}

/* assay_helper_socket_open - connected, or the reason */
enum assay_status assay_helper_socket_open(
    const struct assay_helper_entry *entry, int64_t deadline_ms, int *fd, struct assay_err *err)
{
	const struct sockaddr *to = (const struct sockaddr *)&entry->address;
	struct timespec nap = { 0, 5000000 };
	int64_t now_ms;
	int e;

	*fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return assay_io_fail(err, "cannot make a socket", "");
	while ((now_ms = assay_clock_mono_ms()) < deadline_ms) {
		struct pollfd wait = { .fd = *fd, .events = POLLOUT };

		if (connect(*fd, to, entry->address_size) == 0 || errno == EISCONN)
			return ASSAY_OK;
		e = errno;
		/* A Unix socket whose queue is full says so, and cannot be waited for. */
		if (e == EAGAIN)
			(void)nanosleep(&nap, NULL);
		else if (e == EINPROGRESS || e == EALREADY)
			(void)poll(&wait, 1, (int)(deadline_ms - now_ms));
		else if (e != EINTR)
			return fail(entry->program.address, fd, e, err);
	}
	assay_io_close(fd);
	return assay_err_set(err, ASSAY_E_TIMEOUT, "nobody answered in time");
}
