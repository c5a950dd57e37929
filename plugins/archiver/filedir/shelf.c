/*
 * filedir/shelf.c - see shelf.h
 *
 * O_TMPFILE and linkat leave nothing behind after a crash. Where the file system knows no O_TMPFILE
 * a hidden name with our process id is written and renamed; a stale one is replaced at the next
 * try.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "shelf.h"

#define DIR_MODE 0750
#define FILE_MODE 0640

/* sync_dir_of - a new name in the directory that holds path[0..n) survives a power cut */
static void sync_dir_of(const char *path, size_t n)
{
	char dir[ASSAY_SHELF_PATH];
	int fd;

	while (n > 0 && path[n - 1] != '/')
		n--;
	(void)snprintf(dir, sizeof dir, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
	assay_io_close(&fd);
}

/* make_dirs - mkdir -p; what is there already is fine */
static enum assay_status make_dirs(char *path, struct assay_err *err)
{
	const size_t n = strlen(path);

	for (size_t i = 1; i <= n; i++) {
		const char was = path[i];

		if (was != '/' && was != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, DIR_MODE) == 0)
			sync_dir_of(path, i);
		else if (errno != EEXIST)
			return assay_io_fail(err, "cannot make the directory", path);
		path[i] = was;
	}
	return ASSAY_OK;
}

/* open_dir - root/sub, made when it is not there */
static enum assay_status open_dir(
    const struct assay_shelf *shelf, char path[ASSAY_SHELF_PATH], int *fd, struct assay_err *err)
{
	enum assay_status status;
	const int n = snprintf(path, ASSAY_SHELF_PATH, "%s%s%s", shelf->root,
	    shelf->sub[0] != '\0' ? "/" : "", shelf->sub);

	*fd = -1;
	if (n < 0 || n >= ASSAY_SHELF_PATH)
		return assay_err_set(err, ASSAY_E_CONF, "the path is too long: %s", shelf->root);
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return ASSAY_OK;
	if (errno != ENOENT)
		return assay_io_fail(err, "cannot open the directory", path);
	status = make_dirs(path, err);
	if (status != ASSAY_OK)
		return status;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot open the directory", path);
}

/* fill - the bytes, on the disk */
static enum assay_status fill(
    int fd, struct assay_slice bytes, const char *path, struct assay_err *err)
{
	enum assay_status status = assay_io_write_full(fd, bytes.p, bytes.n, err);

	if (status == ASSAY_OK && (fchmod(fd, FILE_MODE) != 0 || fsync(fd) != 0))
		return assay_io_fail(err, "cannot write to", path);
	if (status != ASSAY_OK)
		assay_err_prefix(err, "%s", path);
	return status;
}

/* put_named - by a hidden name, for file systems without unnamed files */
static enum assay_status put_named(int dir, const struct assay_shelf *shelf,
    struct assay_slice bytes, const char *path, struct assay_err *err)
{
	enum assay_status status;
	char tmp[320];
	int fd;

	(void)snprintf(tmp, sizeof tmp, ".%.255s.%ld.tmp", shelf->name, (long)getpid());
	(void)unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return assay_io_fail(err, "cannot write to", path);
	status = fill(fd, bytes, path, err);
	assay_io_close(&fd);
	if (status == ASSAY_OK && renameat(dir, tmp, dir, shelf->name) != 0)
		status = assay_io_fail(err, "cannot name a file in", path);
	if (status != ASSAY_OK)
		(void)unlinkat(dir, tmp, 0);
	return status;
}

/* put_unnamed - *able is false where the file system cannot do it */
static enum assay_status put_unnamed(int dir, const struct assay_shelf *shelf,
    struct assay_slice bytes, bool *able, struct assay_err *err)
{
	enum assay_status status;
	char self[64];
	int fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, FILE_MODE);

	*able = fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT);
	if (fd < 0)
		return assay_io_fail(err, "cannot write to", shelf->root);
	status = fill(fd, bytes, shelf->root, err);
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if (status == ASSAY_OK &&
	    linkat(AT_FDCWD, self, dir, shelf->name, AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST) {
		*able = errno != ENOENT; /* no /proc here */
		status = assay_io_fail(err, "cannot name a file in", shelf->root);
	}
	assay_io_close(&fd);
	return status;
}

/* put_once - E_NOENT also when the directory went meanwhile */
static enum assay_status put_once(
    const struct assay_shelf *shelf, struct assay_slice bytes, struct assay_err *err)
{
	char path[ASSAY_SHELF_PATH];
	struct stat st;
	enum assay_status status;
	bool able;
	int dir;

	status = open_dir(shelf, path, &dir, err);
	if (status != ASSAY_OK)
		return status;
	if (fstatat(dir, shelf->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		status = put_unnamed(dir, shelf, bytes, &able, err);
		if (!able)
			status = put_named(dir, shelf, bytes, path, err);
	}
	if (status == ASSAY_OK && fsync(dir) != 0)
		status = assay_io_fail(err, "cannot sync", path);
	assay_io_close(&dir);
	return status;
}

/* assay_shelf_put - again when a sweep took the directory, which had become empty */
enum assay_status assay_shelf_put(
    const struct assay_shelf *shelf, struct assay_slice bytes, struct assay_err *err)
{
	enum assay_status status = ASSAY_E_NOENT;

	for (int i = 0; i < 2 && status == ASSAY_E_NOENT; i++)
		status = put_once(shelf, bytes, err);
	return status;
}

/* path_of - the whole name */
static enum assay_status path_of(
    const struct assay_shelf *shelf, char path[ASSAY_SHELF_PATH], struct assay_err *err)
{
	const int n =
	    snprintf(path, ASSAY_SHELF_PATH, "%s/%s/%s", shelf->root, shelf->sub, shelf->name);

	if (n < 0 || n >= ASSAY_SHELF_PATH)
		return assay_err_set(err, ASSAY_E_CONF, "the path is too long: %s", shelf->root);
	return ASSAY_OK;
}

/* assay_shelf_open - see shelf.h */
enum assay_status assay_shelf_open(const struct assay_shelf *shelf, int *fd, struct assay_err *err)
{
	char path[ASSAY_SHELF_PATH];
	struct stat st;
	enum assay_status status = path_of(shelf, path, err);

	*fd = -1;
	if (status != ASSAY_OK)
		return status;
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return assay_io_fail(err, "cannot open", path);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return ASSAY_OK;
	assay_io_close(fd);
	return assay_err_set(err, ASSAY_E_IO, "%s is no file", path);
}

/* assay_shelf_remove - see shelf.h */
enum assay_status assay_shelf_remove(const struct assay_shelf *shelf, struct assay_err *err)
{
	char path[ASSAY_SHELF_PATH];
	enum assay_status status = path_of(shelf, path, err);

	if (status != ASSAY_OK)
		return status;
	if (unlink(path) != 0)
		return assay_io_fail(err, "cannot remove", path);
	sync_dir_of(path, strlen(path));
	return ASSAY_OK;
}

/* assay_shelf_lock - see shelf.h */
int assay_shelf_lock(const struct assay_shelf *shelf)
{
	char path[ASSAY_SHELF_PATH];
	const int n = snprintf(path, sizeof path, "%s/%s", shelf->root, shelf->sub);
	int fd = -1;

	if (n > 0 && n < ASSAY_SHELF_PATH)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)flock(fd, LOCK_SH);
	return fd;
}
