/*
 * mbox/unpack.c - see unpack.h. With plugins/worker/decompress the only place that knows
 * libarchive, and that only behind the fork.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"

#include "unpack.h"

#define PIECE ((size_t)128 * 1024)
#define MEMORY ((uint64_t)512 << 20) /* of an xz or zstd with the largest usual window */
#define RATIO 1000u
#define FREE_BYTES ((uint64_t)1 << 30) /* the ratio is looked at above it */
#define WAIT_MS 60000
enum { SAID_DAMAGED = 1, SAID_UNKNOWN = 2 };

/* ---- in the sealed process ------------------------------------------------------------------- */

/* What the library reads. */
struct packed {
	int fd;
	char piece[PIECE];
};

/* give - the next piece of the file, to the library */
static la_ssize_t give(struct archive *a, void *arg, const void **p)
{
	struct packed *packed = arg;
	ssize_t n;

	do
		n = read(packed->fd, packed->piece, sizeof packed->piece);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		archive_set_error(a, errno, "read");
	*p = packed->piece;
	return n;
}

/* pour - all of it into the pipe; false when it is damaged or nobody listens */
static bool pour(struct archive *a, int out)
{
	struct assay_err err;
	const void *p;
	la_int64_t at;
	size_t n;
	int rc;

	while ((rc = archive_read_data_block(a, &p, &n, &at)) == ARCHIVE_OK)
		if (assay_io_write_full(out, p, n, &err) != ASSAY_OK)
			return false;
	return rc == ARCHIVE_EOF;
}

/* unpack - the work of the sealed process */
static int unpack(void *arg, int in, int out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	struct packed *packed = arg;
	int said = 0, rc;

	packed->fd = in;
	(void)archive_read_support_filter_gzip(a);
	(void)archive_read_support_filter_bzip2(a);
	(void)archive_read_support_filter_xz(a);
	(void)archive_read_support_filter_zstd(a);
	(void)archive_read_support_format_raw(a);
	rc = archive_read_open(a, packed, NULL, give, NULL);
	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(a, &entry);
	if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF)
		said = SAID_UNKNOWN;
	else if (rc == ARCHIVE_OK && !pour(a, out))
		said = SAID_DAMAGED;
	return said;
}

/* ---- in the door ----------------------------------------------------------------------------- */

/* assay_unpacked_open - see unpack.h */
enum assay_status assay_unpacked_open(
    struct assay_unpacked *u, struct assay_door *door, int fd, bool packed, struct assay_err *err)
{
	struct packed *room;
	struct assay_sealed_work work = { .run = unpack, .in = fd, .memory = MEMORY };
	enum assay_status st;
	struct stat about;

	*u = (struct assay_unpacked){ .door = door, .fd = fd };
	if (!packed)
		return ASSAY_OK;
	if (fstat(fd, &about) == 0)
		u->size = (uint64_t)about.st_size;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return assay_io_fail(err, "cannot read", "from its begin");
	room = assay_xmalloc(sizeof *room);
	work.arg = room;
	st = assay_sealed_start(door, &work, &u->child, err);
	free(room);
	return st;
}

/* assay_unpacked_close - nobody listens any more */
void assay_unpacked_close(struct assay_unpacked *u)
{
	int said;

	(void)assay_sealed_end(&u->child, &said, NULL);
	free(u->head);
	u->head = NULL;
}

/* ended - how the sealed process has fared, once */
static enum assay_status ended(struct assay_unpacked *u, struct assay_err *err)
{
	enum assay_status st;
	int said;

	u->ended = true;
	st = assay_sealed_end(&u->child, &said, err);
	if (st == ASSAY_E_DEAD)
		return assay_err_set(err, ASSAY_E_SYNTAX,
		    "unpacking it broke the process that did; it is damaged or made to do so");
	if (st == ASSAY_OK && said != 0)
		return assay_err_set(err, ASSAY_E_SYNTAX,
		    said == SAID_UNKNOWN ? "it cannot be unpacked"
					 : "damaged, or cut short; what came before is taken");
	return st;
}

/* read_packed - from the pipe, when there is something; scans go on meanwhile */
static enum assay_status read_packed(
    struct assay_unpacked *u, char *p, size_t room, size_t *n, struct assay_err *err)
{
	const int out = assay_sealed_out(u->child);
	enum assay_status st = ASSAY_END;
	ssize_t got;

	while (st == ASSAY_END) {
		st = assay_door_wait(u->door, out, WAIT_MS, err);
		if (st == ASSAY_END && assay_door_stopping(u->door))
			return ASSAY_END;
	}
	if (st != ASSAY_OK)
		return st;
	do
		got = read(out, p, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return assay_io_fail(err, "cannot read", "a pipe");
	*n = (size_t)got;
	u->given += *n;
	if (u->given > FREE_BYTES && u->given / RATIO > u->size)
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "it grows more than %u times when it is unpacked: not read any further", RATIO);
	return got == 0 ? ended(u, err) : ASSAY_OK;
}

/* read_plain - the file itself */
static enum assay_status read_plain(
    struct assay_unpacked *u, char *p, size_t room, size_t *n, struct assay_err *err)
{
	ssize_t got;

	do
		got = pread(u->fd, p, room, u->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return assay_err_set(err, ASSAY_E_IO, "%s", strerror(errno));
	u->at += got;
	*n = (size_t)got;
	return ASSAY_OK;
}

/* next - whichever it is */
static enum assay_status next(
    struct assay_unpacked *u, char *p, size_t room, size_t *n, struct assay_err *err)
{
	*n = 0;
	if (u->ended)
		return ASSAY_OK;
	return u->child != NULL ? read_packed(u, p, room, n, err) : read_plain(u, p, room, n, err);
}

/* assay_unpacked_head - see unpack.h */
enum assay_status assay_unpacked_head(
    struct assay_unpacked *u, struct assay_slice *head, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;
	size_t n = 1;

	if (u->head == NULL)
		u->head = assay_xmalloc(ASSAY_KIND_HEAD);
	while (st == ASSAY_OK && n > 0 && u->nhead < ASSAY_KIND_HEAD) {
		st = next(u, u->head + u->nhead, ASSAY_KIND_HEAD - u->nhead, &n, err);
		u->nhead += n;
	}
	*head = assay_slice(u->head, u->nhead);
	return st;
}

/* assay_unpacked_read - see unpack.h */
enum assay_status assay_unpacked_read(
    void *arg, char *p, size_t room, size_t *n, struct assay_err *err)
{
	struct assay_unpacked *u = arg;
	enum assay_status st = ASSAY_OK;

	if (u->head_at < u->nhead) {
		*n = u->nhead - u->head_at < room ? u->nhead - u->head_at : room;
		memcpy(p, u->head + u->head_at, *n);
		u->head_at += *n;
		return ASSAY_OK;
	}
	st = next(u, p, room, n, err);
	assay_door_progress(
	    u->door, (uint64_t)(u->child != NULL ? lseek(u->fd, 0, SEEK_CUR) : u->at));
	return st;
}
