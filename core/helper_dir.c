/*
 * core/helper_dir.c - see helper_dir.h. Touches what lies below the descriptors it is given. Other
 * processes may change everything meanwhile: what is no longer there is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/helper_dir.h"
#include "core/helper_wire.h"

#define NAMES_MAX ((size_t)20000) /* of one directory that are looked at */
#define USAGE_DEPTH 32u
#define TAKE_DEPTH 16u
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define BLOCK 512u
/* Somebody who makes files faster than we remove them shall not keep us for ever. */
#define REMOVED_MAX 2000000u

/* ---- listing --------------------------------------------------------------------------------- */

/* open_list - a stream of its own; NULL when it is not, or no longer, a directory */
static DIR *open_list(int at, const char *name)
{
	int fd = openat(at, name, DIR_FLAGS);
	DIR *list;

	/* Not as root: the name may have become a link to anything. */
	if (fd < 0 && errno == EACCES && geteuid() != 0 && fchmodat(at, name, 0700, 0) == 0)
		fd = openat(at, name, DIR_FLAGS);
	list = fd >= 0 ? fdopendir(fd) : NULL;
	if (list == NULL)
		assay_io_close(&fd);
	return list;
}

/* next_name - without . and ..; NULL at the end */
static const char *next_name(DIR *list)
{
	const struct dirent *entry;

	while ((entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
}

/* assay_helper_dir_make - and its descriptor */
int assay_helper_dir_make(int at, const char *name)
{
	return mkdirat(at, name, 0700) == 0 ? openat(at, name, DIR_FLAGS) : -1;
}

/* ---- removing -------------------------------------------------------------------------------- */

/* empty_one - removes the files of one directory and moves the directories in it up to `top`, so
 * that no depth can be too deep */
static void empty_one(int top, const char *name, unsigned *done)
{
	DIR *list = open_list(top, name);
	const char *inner;
	char other[32];

	while (list != NULL && ++*done < REMOVED_MAX && (inner = next_name(list)) != NULL) {
		if (unlinkat(dirfd(list), inner, 0) == 0 || errno == ENOENT)
			continue;
		(void)snprintf(other, sizeof other, ".moved.%u", *done);
		if (renameat(dirfd(list), inner, top, other) == 0 || geteuid() == 0)
			continue;
		/* A directory that does not allow to be written to cannot be moved. */
		if (fchmodat(dirfd(list), inner, 0700, 0) == 0)
			(void)renameat(dirfd(list), inner, top, other);
	}
	if (list != NULL)
		(void)closedir(list);
}

/* assay_helper_dir_empty - pass by pass, until one finds nothing that it can remove */
void assay_helper_dir_empty(int dir)
{
	unsigned done = 0;
	bool again = true;

	while (again) {
		DIR *list = open_list(dir, ".");
		const char *name;

		again = false;
		while (list != NULL && ++done < REMOVED_MAX && (name = next_name(list)) != NULL) {
			if (unlinkat(dir, name, 0) == 0) {
				again = true;
				continue;
			}
			empty_one(dir, name, &done);
			again = unlinkat(dir, name, AT_REMOVEDIR) == 0 || again;
		}
		if (list != NULL)
			(void)closedir(list);
	}
}

/* assay_helper_dir_remove - with all that is in it */
void assay_helper_dir_remove(int at, const char *name)
{
	int dir = openat(at, name, DIR_FLAGS);

	if (dir >= 0)
		assay_helper_dir_empty(dir);
	assay_io_close(&dir);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

/* ---- counting -------------------------------------------------------------------------------- */

/* count - one directory and those below. Recursion: USAGE_DEPTH */
static bool count(int at, const char *name, struct assay_helper_usage *left, unsigned depth)
{
	DIR *list = open_list(at, name);
	const char *inner;
	bool fits = true;

	if (list == NULL)
		return true;
	while (fits && (inner = next_name(list)) != NULL) {
		struct stat st;
		uint64_t bytes;

		if (fstatat(dirfd(list), inner, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		bytes = (uint64_t)st.st_blocks * BLOCK;
		fits = left->entries > 0 && bytes <= left->bytes;
		left->entries -= fits;
		left->bytes -= fits ? bytes : 0;
		if (fits && S_ISDIR(st.st_mode))
			fits = depth < USAGE_DEPTH && count(dirfd(list), inner, left, depth + 1);
	}
	(void)closedir(list);
	return fits;
}

/* assay_helper_dir_usage - is it within the bounds? */
bool assay_helper_dir_usage(int dir, const struct assay_helper_usage *most)
{
	struct assay_helper_usage left = *most;

	return count(dir, ".", &left, 0);
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* assay_helper_dir_copy - without passing through our memory */
enum assay_status assay_helper_dir_copy(int from, int to, uint64_t size, struct assay_err *err)
{
	off_t at = 0;

	while ((uint64_t)at < size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - (uint64_t)at));

		if (n < 0 && errno != EINTR)
			return assay_io_fail(err, "cannot copy", "");
		if (n == 0)
			return assay_err_set(err, ASSAY_E_DEAD, "a file became shorter");
	}
	return ASSAY_OK;
}

/* list_names - sorted, so that the same files give the same answer; free each and the list */
static char **list_names(DIR *list, size_t *n, uint32_t *left_out)
{
	char **names = assay_xcalloc(NAMES_MAX, sizeof *names);
	const char *name;

	*n = 0;
	while ((name = next_name(list)) != NULL) {
		if (*n < NAMES_MAX)
			names[(*n)++] = assay_xstrdup(name);
		else
			(*left_out)++;
	}
	if (*n > 0)
		qsort(names, *n, sizeof *names, assay_slice_by_text);
	return names;
}

/* open_plain - a plain file, or -1; a fifo does not make us wait */
static int open_plain(int at, const char *name, struct stat *st)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd;

	if (fstatat(at, name, st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st->st_mode))
		return -1;
	fd = openat(at, name, flags);
	if (fd < 0 && errno == EACCES && geteuid() != 0 && fchmodat(at, name, 0600, 0) == 0)
		fd = openat(at, name, flags);
	if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)))
		assay_io_close(&fd);
	return fd;
}

/* take_file - one file, when it is plain and fits; an error: `to` cannot take it */
static enum assay_status take_file(
    int at, const char *name, const char *path, struct assay_helper_taken *t, struct assay_err *err)
{
	off_t before = lseek(t->to, 0, SEEK_CUR);
	enum assay_status st = ASSAY_OK;
	struct stat info;
	int fd = open_plain(at, name, &info);
	uint64_t size = fd >= 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
	bool fits = fd >= 0 && t->nfiles < t->files_max && size <= t->bytes_max - t->bytes;

	if (fits)
		st = assay_helper_dir_copy(fd, t->to, size, err);
	assay_io_close(&fd);
	fits = fits && st == ASSAY_OK && assay_helper_put_file(t->table, size, path);
	if (fits) {
		t->nfiles++;
		t->bytes += size;
		return ASSAY_OK;
	}
	t->left_out++;
	if (st != ASSAY_OK && st != ASSAY_E_DEAD)
		return st;
	/* What was begun of it is taken back. */
	if (ftruncate(t->to, before) == 0 && lseek(t->to, before, SEEK_SET) == before)
		return ASSAY_OK;
	return assay_io_fail(err, "cannot cut", "");
}

/* take_dir - one directory and those below. Recursion: TAKE_DEPTH */
static enum assay_status take_dir(DIR *list, const char *path, unsigned depth,
    struct assay_helper_taken *t, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;
	char **names, *below;
	size_t n;

	names = list_names(list, &n, &t->left_out);
	for (size_t i = 0; i < n; i++) {
		DIR *inner = NULL;
		struct stat info;

		if (asprintf(&below, "%s%s", path, names[i]) < 0)
			ASSAY_BUG("out of memory");
		if (st == ASSAY_OK &&
		    fstatat(dirfd(list), names[i], &info, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(info.st_mode) && depth < TAKE_DEPTH)
			inner = open_list(dirfd(list), names[i]);
		if (inner != NULL) {
			free(below);
			if (asprintf(&below, "%s%s/", path, names[i]) < 0)
				ASSAY_BUG("out of memory");
			st = take_dir(inner, below, depth + 1, t, err);
			(void)closedir(inner);
		} else if (st == ASSAY_OK) {
			st = take_file(dirfd(list), names[i], below, t, err);
		}
		free(below);
		free(names[i]);
	}
	free(names);
	return st;
}

/* assay_helper_dir_take - all of it */
enum assay_status assay_helper_dir_take(
    int dir, struct assay_helper_taken *taken, struct assay_err *err)
{
	DIR *list = open_list(dir, ".");
	enum assay_status st;

	if (list == NULL)
		return ASSAY_OK;
	st = take_dir(list, "", 0, taken, err);
	(void)closedir(list);
	return st;
}
