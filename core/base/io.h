/*
 * base/io.h - whole reads, whole writes, descriptors
 *
 * All calls retry EINTR and short transfers. Every descriptor made here is close-on-exec.
 * Paths come from the configuration or the command line, never from a mail.
 */
#ifndef ASSAY_BASE_IO_H
#define ASSAY_BASE_IO_H

#include <sys/types.h>

#include <assay/types.h>

struct assay_buf;

/* Bytes of a descriptor, mapped read-only; release with assay_io_unmap. */
struct assay_io_map {
	const char *p;
	size_t n;
};

/* "WHAT NAME: why", from errno; E_NOENT, E_FULL or E_IO after it. */
enum assay_status assay_io_fail(struct assay_err *err, const char *what, const char *name);
/* The whole file into buf (its maximum bounds it: ASSAY_E_LIMIT when there is more). */
ASSAY_MUST_CHECK enum assay_status assay_io_read_file(
    const char *path, struct assay_buf *buf, struct assay_err *err);
/* All that fd still gives, until end of file. */
ASSAY_MUST_CHECK enum assay_status assay_io_read_all(
    int fd, struct assay_buf *buf, struct assay_err *err);
/* Exactly n bytes; ASSAY_END when the file ended before the first, E_DEAD in between. */
ASSAY_MUST_CHECK enum assay_status assay_io_read_full(
    int fd, void *p, size_t n, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_io_write_full(
    int fd, const void *p, size_t n, struct assay_err *err);
/* All that `from` still gives, behind what `to` has; at most `most` bytes: E_LIMIT when there are
 * more, one of which was copied then. */
ASSAY_MUST_CHECK enum assay_status assay_io_copy(
    int from, int to, uint64_t most, uint64_t *copied, struct assay_err *err);
/* Writes path.tmp, fsyncs, renames: the file is there whole or not at all. */
ASSAY_MUST_CHECK enum assay_status assay_io_replace_file(
    const char *path, mode_t mode, const void *p, size_t n, struct assay_err *err);
/* Makes the directories above path that are not there, each with `mode` at most. What cannot be
 * made is an error; what is there already is not looked at. */
ASSAY_MUST_CHECK enum assay_status assay_io_make_parents(
    const char *path, mode_t mode, struct assay_err *err);
/* A descriptor of the directory, which is made, durably and with those above it, when it is not
 * there. */
ASSAY_MUST_CHECK enum assay_status assay_io_open_dir(
    const char *path, mode_t mode, int *fd, struct assay_err *err);
/* An empty memfd that may be sealed later. */
ASSAY_MUST_CHECK enum assay_status assay_io_memfd(const char *name, int *fd, struct assay_err *err);
/* Nobody writes to this memory file or changes its size from here on, but through a mapping that
 * was made before: for the files that their maker has only written to. E_IO. (F_SEAL_WRITE also
 * ends mappings, and looks for readers under way; pages that were written a moment ago pass for
 * such, so it waits, often, until every processor has emptied its list of new pages: milliseconds
 * on a machine that is at work. F_SEAL_FUTURE_WRITE, Linux 5.1, does not.) */
ASSAY_MUST_CHECK enum assay_status assay_io_seal(int fd, struct assay_err *err);
/* Is it a memory file with these seals, or stronger ones? */
bool assay_io_is_sealed(int fd);
/* A second, read-only descriptor of the same file (through /proc/self/fd). */
ASSAY_MUST_CHECK enum assay_status assay_io_reopen_ro(int fd, int *ro, struct assay_err *err);
/* open(2) of an absolute path in which nothing is a symbolic link: what was one when it was looked
 * up may have been put there by somebody else. -1 and errno; ELOOP: there is one. */
int assay_io_open_plain(const char *path, int flags);
/* Bytes of a file that can be sought in, or -1 (errno). Works where fstat(2) is forbidden: glibc
 * spells that as a call that looks at any name. */
off_t assay_io_size(int fd);
/* Maps all of fd read-only. n == 0 gives {"", 0}. `max` bounds the size: ASSAY_E_LIMIT. */
ASSAY_MUST_CHECK enum assay_status assay_io_map(
    int fd, size_t max, struct assay_io_map *map, struct assay_err *err);
void assay_io_unmap(struct assay_io_map *map);
/* Takes O_NONBLOCK off. */
void assay_io_blocking(int fd);
/* close(2) and set to -1; accepts -1. */
void assay_io_close(int *fd);

/* One message over a SOCK_STREAM Unix socket with up to ASSAY_IO_FDS descriptors beside its first
 * byte. send: whole message or failure. recv: up to n bytes, *got of them, and the descriptors
 * that came with them (close-on-exec; surplus or truncated control data is closed and refused as
 * ASSAY_E_SYNTAX). *nfd is the room in fds on entry and the number received on return. */
#define ASSAY_IO_FDS 16
ASSAY_MUST_CHECK enum assay_status assay_io_send_fds(
    int sock, const struct assay_slice bytes, const int *fds, size_t nfd, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_io_recv_fds(
    int sock, struct assay_slice *room_got, int *fds, size_t *nfd, struct assay_err *err);

#endif
