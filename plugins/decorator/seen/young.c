/*
 * seen/young.c - see young.h
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "seen/values.h"
#include "seen/young.h"

#define HEAD "assay-young 1\n"
#define HEAD_BYTES (sizeof HEAD - 1)
#define RECORD_HEAD (sizeof(int64_t) + sizeof(uint32_t))
#define FILE_MODE 0640

/* assay_young_init - see young.h */
void assay_young_init(struct assay_young *young, const char *path)
{
	*young = (struct assay_young){ .path = assay_xstrdup(path) };
}

/* assay_young_release - see young.h */
void assay_young_release(struct assay_young *young)
{
	free(young->path);
	young->path = NULL;
}

/* next - the record at *at; false at the end, or where a torn one begins */
static bool next(struct assay_slice file, size_t *at, int64_t *when, struct assay_slice *value)
{
	uint32_t n;

	if (file.n - *at < RECORD_HEAD)
		return false;
	memcpy(when, file.p + *at, sizeof *when);
	memcpy(&n, file.p + *at + sizeof *when, sizeof n);
	if (n > ASSAY_VALUES_BYTES || file.n - *at - RECORD_HEAD < n)
		return false;
	*value = assay_slice(file.p + *at + RECORD_HEAD, n);
	*at += RECORD_HEAD + n;
	return true;
}

/* add_record - as it stands in the file */
static void add_record(struct assay_buf *buf, int64_t when, struct assay_slice value)
{
	const uint32_t n = (uint32_t)value.n;

	(void)assay_buf_add(buf, &when, sizeof when);
	(void)assay_buf_add(buf, &n, sizeof n);
	(void)assay_buf_add_slice(buf, value);
}

/* append - behind what is there, which is whole: or none of it */
static enum assay_status append(
    struct assay_young *young, int fd, struct assay_slice bytes, struct assay_err *err)
{
	struct stat st;
	enum assay_status status;

	if (fstat(fd, &st) != 0)
		return assay_io_fail(err, "cannot look at", young->path);
	if ((uint64_t)st.st_size > ASSAY_YOUNG_MOST)
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "%s has more than %llu MB: min_age is too long for so much mail", young->path,
		    (unsigned long long)(ASSAY_YOUNG_MOST >> 20));
	status = st.st_size == 0 ? assay_io_write_full(fd, HEAD, HEAD_BYTES, err) : ASSAY_OK;
	if (status == ASSAY_OK)
		status = assay_io_write_full(fd, bytes.p, bytes.n, err);
	if (status != ASSAY_OK) {
		(void)!ftruncate(fd, st.st_size);
		assay_err_prefix(err, "%s", young->path);
	}
	return status;
}

/* assay_young_add - see young.h */
enum assay_status assay_young_add(
    struct assay_young *young, int64_t when_ms, struct assay_slice value, struct assay_err *err)
{
	int fd = open(young->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	struct assay_buf buf;
	enum assay_status status;

	if (fd < 0)
		return assay_io_fail(err, "cannot append to", young->path);
	assay_buf_init(&buf, RECORD_HEAD + ASSAY_VALUES_BYTES);
	add_record(&buf, when_ms, value);
	status = buf.full ? ASSAY_OK : append(young, fd, assay_buf_slice(&buf), err);
	young->dirty |= status == ASSAY_OK;
	assay_buf_release(&buf);
	assay_io_close(&fd);
	return status;
}

/* none_due - is even the first one too young? Costs one read(2). */
static bool none_due(const struct assay_young *young, int64_t until_ms)
{
	char head[HEAD_BYTES + sizeof(int64_t)];
	int fd = open(young->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int64_t when = INT64_MAX;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT;
	n = pread(fd, head, sizeof head, 0);
	assay_io_close(&fd);
	if (n == (ssize_t)sizeof head)
		memcpy(&when, head + HEAD_BYTES, sizeof when);
	/* What is shorter has no record; what begins otherwise is told by whoever reads it all. */
	return n >= 0 && (n < (ssize_t)sizeof head || when >= until_ms) &&
	    (n < (ssize_t)HEAD_BYTES || memcmp(head, HEAD, HEAD_BYTES) == 0);
}

/* assay_young_grow - see young.h */
enum assay_status assay_young_grow(struct assay_young *young, int64_t until_ms,
    enum assay_status (*grown)(
	void *arg, int64_t when_ms, struct assay_slice value, struct assay_err *err),
    void *arg, struct assay_err *err)
{
	struct assay_buf file, left;
	struct assay_slice value;
	size_t at = HEAD_BYTES;
	enum assay_status status;
	int64_t when;

	if (none_due(young, until_ms))
		return ASSAY_OK;
	assay_buf_init(&file, ASSAY_YOUNG_MOST * 2);
	assay_buf_init(&left, ASSAY_YOUNG_MOST * 2);
	(void)assay_buf_add(&left, HEAD, HEAD_BYTES);
	status = assay_io_read_file(young->path, &file, err);
	if (status == ASSAY_OK && !assay_slice_starts(assay_buf_slice(&file), HEAD))
		status = assay_err_set(err, ASSAY_E_IO,
		    "%s is damaged: move it away (what is not %s yet is forgotten)", young->path,
		    "min_age old");
	while (status == ASSAY_OK && next(assay_buf_slice(&file), &at, &when, &value)) {
		if (when < until_ms)
			status = grown(arg, when, value, err);
		else
			add_record(&left, when, value);
	}
	if (status == ASSAY_OK)
		status = assay_io_replace_file(young->path, FILE_MODE, left.p, left.n, err);
	assay_buf_release(&left);
	assay_buf_release(&file);
	return status;
}

/* assay_young_sync - see young.h */
enum assay_status assay_young_sync(struct assay_young *young, struct assay_err *err)
{
	int fd;
	enum assay_status status = ASSAY_OK;

	if (!young->dirty)
		return ASSAY_OK;
	fd = open(young->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fdatasync(fd) != 0)
		status = assay_io_fail(err, "cannot sync", young->path);
	assay_io_close(&fd);
	young->dirty = status != ASSAY_OK;
	return status;
}
