/*
 * filedir/after.c - see after.h
 *
 * Names lead from descriptor to descriptor: who may write to a watched directory can put links in
 * the way, but not have us remove or move anything elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "after.h"
#include "base/err.h"
#include "base/io.h"

#define DIR_MODE 0750
#define TRIES 1000 /* names in move_to */

/* open_holder - the directory below root that holds path; *name is the end of path. Made on the
 * way where `make` says so. -1 and errno. */
static int open_holder(const char *root, const char *path, bool make, const char **name)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;
	char part[NAME_MAX + 1];

	for (; fd >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
		const int up = fd;

		if ((size_t)(slash - path) >= sizeof part) {
			errno = ENAMETOOLONG;
			fd = -1;
		} else {
			memcpy(part, path, (size_t)(slash - path));
			part[slash - path] = '\0';
			if (make)
				(void)mkdirat(up, part, DIR_MODE);
			fd = openat(up, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
		/* close(2) may change errno only when it fails, which it does not here. */
		(void)close(up);
	}
	*name = path;
	return fd;
}

/* rename_new - to a name that is free; EEXIST when it is not */
static int rename_new(int from, const char *name, int to, const char *as)
{
	if (renameat2(from, name, to, as, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(from, name, to, as, 0) != 0)
		return -1;
	return unlinkat(from, name, 0);
}

/* move - to the first name that is free */
static enum assay_status move(const struct assay_after *after, const struct assay_after_file *file,
    int from, const char *name, struct assay_err *err)
{
	const char *same;
	const int to = open_holder(after->move_to, file->path, true, &same);
	char as[NAME_MAX + 8];
	int done = -1;

	if (to < 0)
		/* Not E_NOENT: the file itself is there. */
		return assay_err_set(err, ASSAY_E_IO, "cannot open its directory below %s: %s",
		    after->move_to, strerror(errno));
	(void)snprintf(as, sizeof as, "%s", same);
	for (int i = 1; i <= TRIES; i++) {
		done = rename_new(from, name, to, as);
		if (done == 0 || errno != EEXIST)
			break;
		(void)snprintf(as, sizeof as, "%s.%d", same, i);
	}
	if (done != 0) {
		const int e = errno;

		(void)close(to);
		errno = e;
		return assay_io_fail(err, "cannot move it to", after->move_to);
	}
	(void)close(to);
	return ASSAY_OK;
}

/* assay_after_same - see after.h */
bool assay_after_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* assay_after_do - see after.h */
enum assay_status assay_after_do(
    const struct assay_after *after, const struct assay_after_file *file, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	const char *name;
	struct stat st;
	int dir;

	if (after->what == ASSAY_AFTER_LEAVE)
		return ASSAY_OK;
	dir = open_holder(file->root, file->path, false, &name);
	if (dir < 0)
		return assay_io_fail(err, "cannot open the directory of", file->path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		status = assay_io_fail(err, "cannot look at", file->path);
	else if (!assay_after_same(&st, file->was))
		status = assay_err_set(err, ASSAY_E_NOENT, "%s has changed", file->path);
	else if (after->what == ASSAY_AFTER_MOVE)
		status = move(after, file, dir, name, err);
	else if (unlinkat(dir, name, 0) != 0)
		status = assay_io_fail(err, "cannot remove it", "");
	assay_io_close(&dir);
	return status;
}

/* assay_after_check - see after.h */
enum assay_status assay_after_check(
    const struct assay_after *after, const char *root, struct assay_err *err)
{
	struct stat from, to;
	enum assay_status status;

	if (after->what != ASSAY_AFTER_MOVE)
		return ASSAY_OK;
	status = assay_io_make_parents(after->move_to, DIR_MODE, err);
	if (status != ASSAY_OK)
		return status;
	if ((mkdir(after->move_to, DIR_MODE) != 0 && errno != EEXIST) ||
	    stat(after->move_to, &to) != 0)
		return assay_io_fail(err, "cannot make the directory", after->move_to);
	if (stat(root, &from) == 0 && from.st_dev != to.st_dev)
		return assay_err_set(err, ASSAY_E_CONF,
		    "[filedir] move_to: %s is on another file system than %s; files can only be "
		    "moved within one",
		    after->move_to, root);
	return ASSAY_OK;
}
