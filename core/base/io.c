/*
 * base/io.c - see io.h. Touches descriptors and the paths it is given; every failure names both
 * what was tried and the system's reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"

#define CHUNK ((size_t)64 * 1024)

/* from_errno - the status a system failure becomes */
static enum assay_status from_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
		return ASSAY_E_NOENT;
	case ENOSPC:
	case EDQUOT:
	case ETOOMANYREFS: /* descriptors on their way to others */
		return ASSAY_E_FULL;
	case EPIPE:
	case ECONNRESET:
		return ASSAY_E_DEAD;
	default:
		return ASSAY_E_IO;
	}
}

/* assay_io_fail - errno in words, with what was tried */
enum assay_status assay_io_fail(struct assay_err *err, const char *what, const char *name)
{
	int e = errno;

	return assay_err_set(
	    err, from_errno(e), "%s%s%s: %s", what, name[0] != '\0' ? " " : "", name, strerror(e));
}

/* assay_io_blocking - O_NONBLOCK off */
void assay_io_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/* assay_io_close - close and forget */
void assay_io_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* assay_io_read_all - until end of file, or the buffer's maximum */
enum assay_status assay_io_read_all(int fd, struct assay_buf *buf, struct assay_err *err)
{
	char chunk[CHUNK];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return assay_io_fail(err, "cannot read", "");
		if (n == 0)
			return ASSAY_OK;
		if (!assay_buf_add(buf, chunk, (size_t)n))
			return assay_err_set(err, ASSAY_E_LIMIT, "larger than %zu bytes", buf->max);
	}
}

/* assay_io_read_file - a whole file */
enum assay_status assay_io_read_file(const char *path, struct assay_buf *buf, struct assay_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum assay_status st;

	if (fd < 0)
		return assay_io_fail(err, "cannot open", path);
	st = assay_io_read_all(fd, buf, err);
	(void)close(fd);
	if (st != ASSAY_OK)
		assay_err_prefix(err, "%s", path);
	return st;
}

/* assay_io_read_full - exactly n bytes */
enum assay_status assay_io_read_full(int fd, void *p, size_t n, struct assay_err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, (char *)p + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return assay_io_fail(err, "cannot read", "");
		if (r == 0 && got == 0)
			return ASSAY_END;
		if (r == 0)
			return assay_err_set(
			    err, ASSAY_E_DEAD, "the other side ended in mid-record");
		got += (size_t)r;
	}
	return ASSAY_OK;
}

/* assay_io_write_full - all of it, or the reason */
enum assay_status assay_io_write_full(int fd, const void *p, size_t n, struct assay_err *err)
{
	size_t put = 0;

	while (put < n) {
		ssize_t r = write(fd, (const char *)p + put, n - put);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return assay_io_fail(err, "cannot write", "");
		put += (size_t)r;
	}
	return ASSAY_OK;
}

/* copy_piece - up to n bytes; a pipe or a terminal through memory */
static ssize_t copy_piece(int from, int to, size_t n, struct assay_err *err)
{
	char room[CHUNK];
	ssize_t done = sendfile(to, from, NULL, n);

	if (done >= 0 || (errno != EINVAL && errno != ENOSYS))
		return done;
	done = read(from, room, n < sizeof room ? n : sizeof room);
	if (done > 0 && assay_io_write_full(to, room, (size_t)done, err) != ASSAY_OK)
		return -1;
	return done;
}

/* assay_io_copy - until end of file, or one byte more than `most` */
enum assay_status assay_io_copy(
    int from, int to, uint64_t most, uint64_t *copied, struct assay_err *err)
{
	*copied = 0;
	while (*copied <= most) {
		ssize_t n = copy_piece(from, to, (size_t)(most + 1 - *copied), err);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return assay_io_fail(err, "cannot copy", "a file");
		if (n == 0)
			return ASSAY_OK;
		*copied += (uint64_t)n;
	}
	return assay_err_set(err, ASSAY_E_LIMIT, "more than %" PRIu64 " bytes", most);
}

/* write_synced - make the file and see it on the disk */
static enum assay_status write_synced(
    const char *path, mode_t mode, const void *p, size_t n, struct assay_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	enum assay_status st;

	if (fd < 0)
		return assay_io_fail(err, "cannot create", path);
	st = assay_io_write_full(fd, p, n, err);
	if (st == ASSAY_OK && fsync(fd) != 0)
		st = assay_io_fail(err, "cannot sync", path);
	if (close(fd) != 0 && st == ASSAY_OK)
		st = assay_io_fail(err, "cannot write", path);
	return st;
}

/* assay_io_replace_file - whole or not at all */
enum assay_status assay_io_replace_file(
    const char *path, mode_t mode, const void *p, size_t n, struct assay_err *err)
{
	enum assay_status st;
	char *tmp;

	if (asprintf(&tmp, "%s.%ld.tmp", path, (long)getpid()) < 0)
		ASSAY_BUG("out of memory");
	st = write_synced(tmp, mode, p, n, err);
	if (st == ASSAY_OK && rename(tmp, path) != 0)
		st = assay_io_fail(err, "cannot rename to", path);
	if (st != ASSAY_OK)
		(void)unlink(tmp);
	free(tmp);
	return st;
}

/* assay_io_make_parents - from the top down */
enum assay_status assay_io_make_parents(const char *path, mode_t mode, struct assay_err *err)
{
	char *copy = assay_xstrdup(path);
	enum assay_status st = ASSAY_OK;

	for (char *p = copy + (copy[0] != '\0'); st == ASSAY_OK && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			st = assay_io_fail(err, "cannot make the directory", copy);
		*p = '/';
	}
	free(copy);
	return st;
}

/* sync_above - the entry of a new directory is on the disk */
static enum assay_status sync_above(int dir, const char *path, struct assay_err *err)
{
	int up = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum assay_status st = ASSAY_OK;

	if (up < 0 || fsync(up) != 0)
		st = assay_io_fail(err, "cannot sync above", path);
	assay_io_close(&up);
	return st;
}

/* assay_io_open_dir - and made when it is not there */
enum assay_status assay_io_open_dir(const char *path, mode_t mode, int *fd, struct assay_err *err)
{
	enum assay_status st;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return ASSAY_OK;
	if (errno != ENOENT)
		return assay_io_fail(err, "cannot open directory", path);
	st = assay_io_make_parents(path, mode, err);
	if (st == ASSAY_OK && mkdir(path, mode) != 0 && errno != EEXIST)
		st = assay_io_fail(err, "cannot make the directory", path);
	if (st != ASSAY_OK)
		return st;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return assay_io_fail(err, "cannot open directory", path);
	return sync_above(*fd, path, err);
}

/* assay_io_memfd - bytes without a name */
enum assay_status assay_io_memfd(const char *name, int *fd, struct assay_err *err)
{
	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return *fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot make a memory file for", name);
}

/* assay_io_seal - as it is now */
enum assay_status assay_io_seal(int fd, struct assay_err *err)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) == 0)
		return ASSAY_OK;
	return assay_io_fail(err, "cannot seal", "a memory file");
}

/* assay_io_is_sealed - its size and its bytes */
bool assay_io_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && (seals & F_SEAL_GROW) != 0 &&
	    (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0;
}

/* assay_io_open_plain - one system call; where the kernel has none, the last name at least */
int assay_io_open_plain(const char *path, int flags)
{
	const struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

	return fd >= 0 || errno != ENOSYS ? fd : open(path, flags | O_CLOEXEC | O_NOFOLLOW);
}

/* assay_io_reopen_ro - the same file, without the right to write */
enum assay_status assay_io_reopen_ro(int fd, int *ro, struct assay_err *err)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	*ro = open(path, O_RDONLY | O_CLOEXEC);
	return *ro >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot reopen read-only", path);
}

/* assay_io_size - by seeking to the end and back */
off_t assay_io_size(int fd)
{
	off_t at = lseek(fd, 0, SEEK_CUR), size;

	if (at < 0)
		return -1;
	size = lseek(fd, 0, SEEK_END);
	return lseek(fd, at, SEEK_SET) == at ? size : -1;
}

/* assay_io_map - all bytes of a descriptor, read-only */
enum assay_status assay_io_map(int fd, size_t max, struct assay_io_map *map, struct assay_err *err)
{
	off_t size = assay_io_size(fd);
	void *p;

	*map = (struct assay_io_map){ "", 0 };
	if (size < 0)
		return assay_io_fail(err, "cannot find the size", "");
	if ((uintmax_t)size > max)
		return assay_err_set(err, ASSAY_E_LIMIT, "larger than %zu bytes", max);
	if (size == 0)
		return ASSAY_OK;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return assay_io_fail(err, "cannot map", "");
	*map = (struct assay_io_map){ p, (size_t)size };
	return ASSAY_OK;
}

/* assay_io_unmap - the end of a map */
void assay_io_unmap(struct assay_io_map *map)
{
	if (map->n > 0)
		(void)munmap((void *)(uintptr_t)map->p, map->n);
	*map = (struct assay_io_map){ "", 0 };
}

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(ASSAY_IO_FDS * sizeof(int))];
};

/* assay_io_send_fds - bytes, and descriptors beside the first of them */
enum assay_status assay_io_send_fds(
    int sock, const struct assay_slice bytes, const int *fds, size_t nfd, struct assay_err *err)
{
	union control control;
	struct iovec iov = { (void *)(uintptr_t)bytes.p, bytes.n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	ASSAY_ASSERT(bytes.n > 0 && nfd <= ASSAY_IO_FDS);
	if (nfd > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof control);
		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(nfd * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfd * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfd * sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return assay_io_fail(err, "cannot send", "");
	if ((size_t)n == bytes.n)
		return ASSAY_OK;
	for (size_t put = (size_t)n; put < bytes.n; put += (size_t)n) {
		n = send(sock, bytes.p + put, bytes.n - put, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return assay_io_fail(err, "cannot send", "");
	}
	return ASSAY_OK;
}

/* take_fds - the descriptors of one message; false when some are too many */
static bool take_fds(struct msghdr *msg, int *fds, size_t *nfd)
{
	size_t room = *nfd;
	bool fine = (msg->msg_flags & MSG_CTRUNC) == 0;

	*nfd = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*nfd < room) {
				fds[(*nfd)++] = fd;
			} else {
				(void)close(fd);
				fine = false;
			}
		}
	}
	return fine;
}

/* assay_io_recv_fds - some bytes, and the descriptors that came with them */
enum assay_status assay_io_recv_fds(
    int sock, struct assay_slice *room_got, int *fds, size_t *nfd, struct assay_err *err)
{
	union control control;
	struct iovec iov = { (void *)(uintptr_t)room_got->p, room_got->n };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room };
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		*nfd = 0;
		return assay_io_fail(err, "cannot receive", "");
	}
	if (!take_fds(&msg, fds, nfd)) {
		for (size_t i = 0; i < *nfd; i++)
			assay_io_close(&fds[i]);
		*nfd = 0;
		return assay_err_set(err, ASSAY_E_SYNTAX, "more descriptors than allowed");
	}
	room_got->n = (size_t)n;
	return n > 0 ? ASSAY_OK : ASSAY_END;
}
