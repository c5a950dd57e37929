/*
 * core/listen.c - see listen.h. Touches sockets, the paths of Unix sockets and the directory they
 * lie in. Everything that goes wrong is one line with the socket and what to do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/listen.h"

#define BACKLOG 4096
#define SYSTEMD_FIRST 3 /* sd_listen_fds(3) */

/* A SPEC, taken apart. */
struct place {
	struct assay_slice kind, where;
	mode_t mode;
	gid_t group;
	bool has_group;
};

/* failed - errno in words, and the socket */
static enum assay_status failed(struct assay_err *err, const char *what, const char *spec)
{
	int e = errno;

	return assay_err_set(err, ASSAY_E_FULL, "cannot %s %s: %s", what, spec, strerror(e));
}

/* wrong - a line nobody understands */
static enum assay_status wrong(struct assay_err *err, const char *spec, const char *why)
{
	return assay_err_set(err, ASSAY_E_CONF,
	    "socket \"%s\": %s; write unix:/path, inet:port@address, inet6:port@address or "
	    "systemd:name",
	    spec, why);
}

/* read_group - by its name */
static bool read_group(struct assay_slice name, gid_t *gid)
{
	struct group gr, *found = NULL;
	char text[64], room[4096];

	(void)snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
	if (getgrnam_r(text, &gr, room, sizeof room, &found) != 0 || found == NULL)
		return false;
	*gid = found->gr_gid;
	return true;
}

/* read_mode - octal */
static bool read_mode(struct assay_slice text, mode_t *mode)
{
	*mode = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7' || *mode > 0777)
			return false;
		*mode = *mode * 8 + (mode_t)(text.p[i] - '0');
	}
	return text.n > 0 && *mode <= 0777;
}

/* read_where - KIND:WHERE, and what is behind it */
static enum assay_status read_where(
    const char *spec, struct place *place, struct assay_slice *rest, struct assay_err *err)
{
	struct assay_slice word = { NULL, 0 };
	size_t colon;

	*place = (struct place){ .mode = 0660 };
	*rest = assay_slice_str(spec);
	(void)assay_slice_split(rest, ' ', &word);
	colon = assay_slice_find(word, ':');
	if (colon == word.n)
		return wrong(err, spec, "there is no colon");
	place->kind = assay_slice_head(word, colon);
	place->where = assay_slice_from(word, colon + 1);
	return ASSAY_OK;
}

/* read_spec - KIND:WHERE and words */
static enum assay_status read_spec(const char *spec, struct place *place, struct assay_err *err)
{
	struct assay_slice rest, word;
	enum assay_status st = read_where(spec, place, &rest, err);

	if (st != ASSAY_OK)
		return st;
	while (assay_slice_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (assay_slice_starts(word, "mode=") &&
		    read_mode(assay_slice_from(word, 5), &place->mode))
			continue;
		if (!assay_slice_starts(word, "group="))
			return wrong(err, spec, "mode= or group= may follow");
		place->has_group = true;
		if (!read_group(assay_slice_from(word, 6), &place->group))
			return wrong(err, spec, "there is no such group");
	}
	return ASSAY_OK;
}

/* ---- Unix ------------------------------------------------------------------------------------ */

/* is_alive - does somebody listen there? */
static bool is_alive(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 &&
	    (connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 || errno == EAGAIN);

	assay_io_close(&fd);
	return alive;
}

/* make_way - a stale socket goes; anything else at that path does not */
static enum assay_status make_way(
    const struct sockaddr_un *at, const char *spec, struct assay_err *err)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return errno == ENOENT ? ASSAY_OK : failed(err, "look at", spec);
	if (!S_ISSOCK(st.st_mode))
		return wrong(err, spec, "something else lies there");
	if (is_alive(at))
		return assay_err_set(err, ASSAY_E_DEAD,
		    "socket \"%s\": somebody else listens there; stop it or choose another", spec);
	return unlink(at->sun_path) == 0 || errno == ENOENT ? ASSAY_OK
							    : failed(err, "replace", spec);
}

/* make_directory - the last one of the path; the mail server must come through it, so the service's
 * own umask does not count */
static void make_directory(const struct sockaddr_un *at)
{
	char dir[sizeof at->sun_path];
	char *slash;
	mode_t mask;

	memcpy(dir, at->sun_path, sizeof dir);
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return;
	*slash = '\0';
	mask = umask(022);
	(void)mkdir(dir, 0755);
	(void)umask(mask);
}

/* assay_listen_address - see listen.h */
enum assay_status assay_listen_address(
    const char *path, struct sockaddr_un *at, struct assay_err *err)
{
	const size_t n = strlen(path);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof at->sun_path)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%.300s: the path of a socket has at most %zu bytes; choose a shorter --home",
		    path, sizeof at->sun_path - 1);
	memcpy(at->sun_path, path, n);
	return ASSAY_OK;
}

/* assay_listen_unix - see listen.h */
enum assay_status assay_listen_unix(const char *path, mode_t mode, int *fd, struct assay_err *err)
{
	struct sockaddr_un at;
	enum assay_status st = assay_listen_address(path, &at, err);
	mode_t mask;
	int rc;

	if (st != ASSAY_OK)
		return st;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return failed(err, "make", path);
	mask = umask(~mode & 0777);
	rc = bind(*fd, (const struct sockaddr *)&at, sizeof at);
	(void)umask(mask);
	return rc == 0 && listen(*fd, BACKLOG) == 0 ? ASSAY_OK : failed(err, "listen on", path);
}

/* read_path - as the name of a socket */
static enum assay_status read_path(
    struct assay_slice path, const char *spec, struct sockaddr_un *at, struct assay_err *err)
{
	char text[sizeof at->sun_path];

	if (path.n == 0 || path.p[0] != '/')
		return wrong(err, spec, "the path must be absolute");
	if (path.n >= sizeof text)
		return wrong(err, spec, "the path is too long for a socket (107 bytes)");
	(void)snprintf(text, sizeof text, "%.*s", (int)path.n, path.p);
	return assay_listen_address(text, at, err);
}

/* open_unix - in the place of what an earlier one left */
static enum assay_status open_unix(
    const struct place *place, const char *spec, int *fd, struct assay_err *err)
{
	struct sockaddr_un at;
	enum assay_status st = read_path(place->where, spec, &at, err);

	if (st != ASSAY_OK)
		return st;
	make_directory(&at);
	st = make_way(&at, spec, err);
	if (st == ASSAY_OK)
		st = assay_listen_unix(at.sun_path, place->mode, fd, err);
	if (st == ASSAY_OK && place->has_group && lchown(at.sun_path, (uid_t)-1, place->group) != 0)
		st = failed(err, "give to its group", spec);
	return st;
}

/* ---- Internet -------------------------------------------------------------------------------- */

/* read_address - port@host */
static bool read_address(struct assay_slice where, bool six, struct sockaddr_storage *to)
{
	struct assay_slice host = assay_slice_from(where, assay_slice_find(where, '@') + 1);
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	char text[INET6_ADDRSTRLEN + 1];
	uint64_t port;

	memset(to, 0, sizeof *to);
	if (!assay_slice_u64(assay_slice_head(where, assay_slice_find(where, '@')), &port) ||
	    port == 0 || port > 65535)
		return false;
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = assay_slice(host.p + 1, host.n - 2);
	if (host.n == 0 || assay_slice_is(host, "*"))
		host = assay_slice_str(six ? "::" : "0.0.0.0");
	if (host.n >= sizeof text)
		return false;
	(void)snprintf(text, sizeof text, "%.*s", (int)host.n, host.p);
	if (six) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1;
	}
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, text, &in->sin_addr) == 1;
}

/* open_inet - either family */
static enum assay_status open_inet(
    const struct place *place, const char *spec, int *fd, struct assay_err *err)
{
	bool six = assay_slice_is(place->kind, "inet6");
	socklen_t size = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	struct sockaddr_storage at;
	int yes = 1;

	if (!read_address(place->where, six, &at))
		return wrong(err, spec, "this is no port and address");
	*fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return failed(err, "make", spec);
	(void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (six)
		(void)setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
	if (bind(*fd, (const struct sockaddr *)&at, size) != 0 || listen(*fd, BACKLOG) != 0)
		return failed(err, "listen on", spec);
	return ASSAY_OK;
}

/* ---- systemd --------------------------------------------------------------------------------- */

/* count_passed - descriptors that are meant for us, not for who has started us */
static uint64_t count_passed(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t n = 0, whose = 0;

	if (count == NULL || pid == NULL || !assay_slice_u64(assay_slice_str(pid), &whose) ||
	    whose != (uint64_t)getpid() || !assay_slice_u64(assay_slice_str(count), &n))
		return 0;
	return n;
}

/* is_listening - a socket that connections come to? */
static bool is_listening(int fd)
{
	socklen_t size = sizeof(int);
	int type = 0, yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes != 0;
}

/* not_passed - what the service manager should have done */
static enum assay_status not_passed(struct assay_err *err, const char *spec, const char *why)
{
	return assay_err_set(
	    err, ASSAY_E_CONF, "socket \"%s\": the service manager has passed %s", spec, why);
}

/* open_passed - the descriptor of that name that we were started with */
static enum assay_status open_passed(
    const struct place *place, const char *spec, int *fd, struct assay_err *err)
{
	const char *names = getenv("LISTEN_FDNAMES");
	struct assay_slice rest = assay_slice_str(names != NULL ? names : ""), name = { NULL, 0 };
	const uint64_t n = count_passed();

	if (n == 0)
		return not_passed(err, spec,
		    "no sockets; start assay.service, not the "
		    "program, or name a socket of our own");
	for (int i = 0; (uint64_t)i < n && assay_slice_split(&rest, ':', &name); i++) {
		if (!assay_slice_eq(name, place->where))
			continue;
		if (*fd >= 0)
			return not_passed(err, spec,
			    "two sockets of that name: one "
			    "ListenStream per unit, each with a FileDescriptorName of its own");
		if (!is_listening(SYSTEMD_FIRST + i))
			return not_passed(err, spec, "one that does not listen");
		*fd = fcntl(SYSTEMD_FIRST + i, F_DUPFD_CLOEXEC, SYSTEMD_FIRST);
		if (*fd < 0 || fcntl(*fd, F_SETFL, O_NONBLOCK) != 0)
			return failed(err, "take", spec);
	}
	return *fd >= 0 ? ASSAY_OK
			: not_passed(err, spec, "no socket of that name (FileDescriptorName)");
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* read_any - a SPEC of whatever kind; whether it can be had is not asked */
static enum assay_status read_any(const char *spec, struct place *place, struct assay_err *err)
{
	struct sockaddr_storage inet;
	struct sockaddr_un path;
	enum assay_status st = read_spec(spec, place, err);
	bool six;

	if (st != ASSAY_OK)
		return st;
	if (assay_slice_is(place->kind, "unix"))
		return read_path(place->where, spec, &path, err);
	if (assay_slice_is(place->kind, "systemd"))
		return place->where.n > 0 ? ASSAY_OK : wrong(err, spec, "there is no name");
	six = assay_slice_is(place->kind, "inet6");
	if (!six && !assay_slice_is(place->kind, "inet"))
		return wrong(err, spec, "there is no such kind");
	return read_address(place->where, six, &inet)
	    ? ASSAY_OK
	    : wrong(err, spec, "this is no port and address");
}

/* assay_listen_check - see listen.h */
enum assay_status assay_listen_check(const char *spec, struct assay_err *err)
{
	struct place place;

	if (strlen(spec) >= ASSAY_LISTEN_SPEC)
		return wrong(err, spec, "it is too long");
	return read_any(spec, &place, err);
}

/* open_one - by its kind */
static enum assay_status open_one(struct assay_listen *at, struct assay_err *err)
{
	struct place place;
	enum assay_status st = read_any(at->spec, &place, err);

	at->fd = -1;
	if (st == ASSAY_OK && assay_slice_is(place.kind, "unix"))
		st = open_unix(&place, at->spec, &at->fd, err);
	else if (st == ASSAY_OK && assay_slice_is(place.kind, "systemd"))
		st = open_passed(&place, at->spec, &at->fd, err);
	else if (st == ASSAY_OK)
		st = open_inet(&place, at->spec, &at->fd, err);
	if (st != ASSAY_OK)
		assay_io_close(&at->fd);
	return st;
}

/* forget - close one; a path goes with it */
static void forget(struct assay_listen *at, bool tidy)
{
	struct assay_err err;
	struct place place;
	char path[ASSAY_LISTEN_SPEC];

	assay_io_close(&at->fd);
	if (tidy && read_spec(at->spec, &place, &err) == ASSAY_OK &&
	    assay_slice_is(place.kind, "unix")) {
		(void)snprintf(path, sizeof path, "%.*s", (int)place.where.n, place.where.p);
		(void)unlink(path);
	}
	*at = (struct assay_listen){ .fd = -1 };
}

/* assay_listens_init - none */
void assay_listens_init(struct assay_listens *listens)
{
	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++)
		listens->at[i] = (struct assay_listen){ .fd = -1 };
}

/* assay_listens_close - all of them */
void assay_listens_close(struct assay_listens *listens, bool tidy)
{
	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++)
		if (listens->at[i].door[0] != '\0')
			forget(&listens->at[i], tidy);
}

/* place_of - the one that is open already, or a free one; NULL: too many */
static struct assay_listen *place_of(
    struct assay_listens *listens, struct assay_slice door, struct assay_slice spec)
{
	struct assay_listen *vacant = NULL;

	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++) {
		struct assay_listen *at = &listens->at[i];

		if (at->door[0] == '\0') {
			vacant = vacant == NULL ? at : vacant;
			continue;
		}
		if (assay_slice_is(door, at->door) && assay_slice_is(spec, at->spec))
			return at;
	}
	return vacant;
}

/* open_line - "DOOR SPEC" */
static enum assay_status open_line(
    struct assay_listens *listens, struct assay_slice line, struct assay_err *err)
{
	struct assay_slice door = assay_slice_head(line, assay_slice_find(line, ' '));
	struct assay_slice spec = assay_slice_from(line, door.n + 1);
	struct assay_listen *at = place_of(listens, door, spec);
	enum assay_status st = ASSAY_OK;

	if (at == NULL || door.n >= sizeof at->door || spec.n >= sizeof at->spec)
		return assay_err_set(err, ASSAY_E_CONF,
		    "more than %u sockets, or one with more than %u bytes: %.*s", ASSAY_LISTEN_MOST,
		    ASSAY_LISTEN_SPEC - 1, (int)(line.n < 80 ? line.n : 80), line.p);
	if (at->door[0] == '\0') {
		(void)snprintf(at->spec, sizeof at->spec, "%.*s", (int)spec.n, spec.p);
		st = open_one(at, err);
		at->fresh = st == ASSAY_OK;
		if (st == ASSAY_OK)
			(void)snprintf(at->door, sizeof at->door, "%.*s", (int)door.n, door.p);
	}
	at->wanted = st == ASSAY_OK;
	return st;
}

/* assay_listens_open - see listen.h */
enum assay_status assay_listens_open(
    struct assay_listens *listens, struct assay_slice lines, struct assay_err *err)
{
	struct assay_slice line = { NULL, 0 };
	enum assay_status st = ASSAY_OK;

	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++)
		listens->at[i].wanted = listens->at[i].fresh = false;
	while (st == ASSAY_OK && assay_slice_split(&lines, '\n', &line))
		if (line.n > 0)
			st = open_line(listens, line, err);
	if (st != ASSAY_OK)
		assay_listens_undo(listens);
	return st;
}

/* assay_listens_undo - see listen.h */
void assay_listens_undo(struct assay_listens *listens)
{
	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++) {
		struct assay_listen *at = &listens->at[i];

		if (at->door[0] != '\0' && at->fresh)
			forget(at, true);
		at->wanted = at->door[0] != '\0';
	}
}

/* assay_listens_prune - see listen.h */
void assay_listens_prune(struct assay_listens *listens)
{
	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++)
		if (listens->at[i].door[0] != '\0' && !listens->at[i].wanted)
			forget(&listens->at[i], true);
}

/* assay_listens_of - see listen.h */
size_t assay_listens_of(
    const struct assay_listens *listens, const char *door, int fds[ASSAY_LISTEN_MOST])
{
	size_t n = 0;

	for (size_t i = 0; i < ASSAY_LISTEN_MOST; i++)
		if (listens->at[i].wanted && strcmp(listens->at[i].door, door) == 0)
			fds[n++] = listens->at[i].fd;
	return n;
}

/* ---- the other side -------------------------------------------------------------------------- */

/* loopback - where one who listens on any address is found */
static void loopback(struct sockaddr_storage *at)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)at;
	struct sockaddr_in *in = (struct sockaddr_in *)at;

	if (at->ss_family == AF_INET && in->sin_addr.s_addr == htonl(INADDR_ANY))
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (at->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		in6->sin6_addr = in6addr_loopback;
}

/* read_peer - the address to connect to */
static enum assay_status read_peer(
    const char *spec, struct sockaddr_storage *at, socklen_t *size, struct assay_err *err)
{
	struct assay_slice rest;
	struct place place;
	enum assay_status st;
	bool six;

	memset(at, 0, sizeof *at);
	*size = sizeof(struct sockaddr_un);
	if (spec[0] == '/')
		return read_path(assay_slice_str(spec), spec, (struct sockaddr_un *)at, err);
	st = read_where(spec, &place, &rest, err);
	if (st != ASSAY_OK)
		return st;
	if (assay_slice_is(place.kind, "unix") || assay_slice_is(place.kind, "local"))
		return read_path(place.where, spec, (struct sockaddr_un *)at, err);
	if (assay_slice_is(place.kind, "systemd"))
		return assay_err_set(err, ASSAY_E_CONF,
		    "socket \"%s\": the service manager knows where that is; name its path or "
		    "address",
		    spec);
	six = assay_slice_is(place.kind, "inet6");
	*size = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if ((!six && !assay_slice_is(place.kind, "inet")) || !read_address(place.where, six, at))
		return wrong(err, spec, "this is nothing one can connect to");
	loopback(at);
	return ASSAY_OK;
}

/* assay_listen_dial - see listen.h */
enum assay_status assay_listen_dial(const char *spec, int *fd, struct assay_err *err)
{
	struct sockaddr_storage at;
	socklen_t size;
	enum assay_status st = read_peer(spec, &at, &size, err);

	*fd = -1;
	if (st != ASSAY_OK)
		return st;
	*fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && connect(*fd, (const struct sockaddr *)&at, size) == 0)
		return ASSAY_OK;
	if (errno == ECONNREFUSED)
		st = assay_err_set(err, ASSAY_E_DEAD, "%s: nobody listens there", spec);
	else
		st = assay_io_fail(err, "cannot connect to", spec);
	assay_io_close(fd);
	return st;
}
