/*
 * jsonl - every report as one line at the end of one file
 *
 * Touches that file only; made (0640) when the first record comes. Several processes may write to
 * it: each batch is one write under a lock. When the file was renamed or removed (logrotate) the
 * next batch goes to a new one. A batch that did not fit on the disk is taken back; half a line
 * that a crash left is closed with a line feed, so that the next line is whole. Durable after
 * flush. A batch told again after a crash is there twice: lines have their scan_id.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"

#define FILE_MODE 0640
#define DIR_MODE 0750

struct jsonl {
	const char *path;
	int fd;
	bool dirty; /* written since the last flush */
};

static const struct assay_opt options[] = {
	{ "file", ASSAY_OPT_STR, "reports.jsonl", 0, 0, NULL,
	    "where reports are appended; below the directory for state when relative" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* open_file - for appending; read as well, to see how it ends */
static enum assay_status open_file(struct jsonl *j, struct assay_err *err)
{
	const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;

	j->fd = open(j->path, flags, FILE_MODE);
	if (j->fd < 0 && errno == ENOENT) {
		const enum assay_status status = assay_io_make_parents(j->path, DIR_MODE, err);

		if (status != ASSAY_OK)
			return status;
		j->fd = open(j->path, flags, FILE_MODE);
	}
	return j->fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot append to", j->path);
}

/* is_current - is what we have open still what the name means? */
static bool is_current(const struct jsonl *j)
{
	struct stat named, ours;

	return stat(j->path, &named) == 0 && fstat(j->fd, &ours) == 0 &&
	    named.st_dev == ours.st_dev && named.st_ino == ours.st_ino;
}

/* let_go - closes the file that was renamed away, with what is in it on the disk */
static enum assay_status let_go(struct jsonl *j, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	if (j->dirty && fsync(j->fd) != 0)
		status = assay_io_fail(err, "cannot sync", j->path);
	j->dirty = false;
	assay_io_close(&j->fd);
	return status;
}

/* lock - the file that has the name now, ours alone. Twice renamed in between is bad luck: then the
 * batch goes to the file before. */
static enum assay_status lock(struct jsonl *j, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (int tries = 0; tries < 3; tries++) {
		if (j->fd < 0)
			status = open_file(j, err);
		if (status != ASSAY_OK)
			return status;
		while (flock(j->fd, LOCK_EX) != 0)
			if (errno != EINTR)
				return assay_io_fail(err, "cannot lock", j->path);
		if (tries == 2 || is_current(j))
			return ASSAY_OK;
		status = let_go(j, err);
		if (status != ASSAY_OK)
			return status;
	}
	return status;
}

/* ends_in_half_a_line - did somebody die while writing? */
static bool ends_in_half_a_line(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* add_line - a record; line feeds are white space in JSON, and would end the line too early */
static void add_line(struct assay_buf *buf, struct assay_slice json)
{
	const size_t at = buf->n;

	(void)assay_buf_add_slice(buf, json);
	for (size_t i = at; i < buf->n; i++)
		if (buf->p[i] == '\n' || buf->p[i] == '\r')
			buf->p[i] = ' ';
	(void)assay_buf_add_char(buf, '\n');
}

/* append - one write; what went only half is taken back, we hold the lock */
static enum assay_status append(
    struct jsonl *j, struct assay_slice bytes, off_t size, struct assay_err *err)
{
	const enum assay_status status = assay_io_write_full(j->fd, bytes.p, bytes.n, err);

	if (status == ASSAY_OK) {
		j->dirty = true;
		return status;
	}
	if (size >= 0)
		(void)!ftruncate(j->fd, size);
	assay_err_prefix(err, "%s", j->path);
	return status;
}

/* jsonl_save - the whole batch */
static enum assay_status jsonl_save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	struct jsonl *j = state;
	size_t room = 16;
	enum assay_status status;
	struct assay_buf buf;
	struct stat st;
	off_t size;

	status = lock(j, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < n; i++)
		room += records[i].json.n + 1;
	/* A pipe or a device has no end to look at. */
	size = fstat(j->fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
	assay_buf_init(&buf, room);
	if (ends_in_half_a_line(j->fd, size))
		(void)assay_buf_add_char(&buf, '\n');
	for (size_t i = 0; i < n; i++)
		add_line(&buf, records[i].json);
	status = append(j, assay_buf_slice(&buf), size, err);
	assay_buf_release(&buf);
	(void)flock(j->fd, LOCK_UN);
	return status;
}

/* jsonl_flush - onto the disk; a pipe has none */
static enum assay_status jsonl_flush(void *state, struct assay_err *err)
{
	struct jsonl *j = state;

	if (j->fd < 0 || !j->dirty)
		return ASSAY_OK;
	if (fsync(j->fd) != 0 && errno != EINVAL && errno != EROFS)
		return assay_io_fail(err, "cannot sync", j->path);
	j->dirty = false;
	return ASSAY_OK;
}

/* jsonl_open - notes where; nothing is made yet */
static enum assay_status jsonl_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct jsonl *j = assay_xcalloc(1, sizeof *j);

	(void)err;
	j->path = assay_opt_state_path(opts, "file");
	j->fd = -1;
	*state = j;
	return ASSAY_OK;
}

/* jsonl_close - the file and the state */
static void jsonl_close(void *state)
{
	struct jsonl *j = state;

	assay_io_close(&j->fd);
	free(j);
}

static const struct assay_connector connector = { .save = jsonl_save, .flush = jsonl_flush };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "jsonl",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "reports at the end of one file, one per line",
	.options = options,
	.needs = ASSAY_NEEDS_FILES,
	.open = jsonl_open,
	.close = jsonl_close,
	.connector = &connector,
};
