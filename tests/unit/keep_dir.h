/*
 * keep_dir.h - a directory for one test of a plugin that keeps things, and looks into it
 *
 * Everything is below a fresh directory in $TMPDIR or /tmp, taken away by keep_dir_remove.
 * keep_dir_small mounts a tiny file system over it; false where we may not.
 */
#ifndef ASSAY_KEEP_DIR_H
#define ASSAY_KEEP_DIR_H

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

struct keep_dir {
	char path[200];
	bool mounted;
};

static inline int keep_dir_drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* keep_dir_make - a fresh one */
static inline void keep_dir_make(struct keep_dir *dir)
{
	const char *tmp = getenv("TMPDIR");

	dir->mounted = false;
	(void)snprintf(
	    dir->path, sizeof dir->path, "%s/assay-keep-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir->path) == NULL)
		abort();
}

/* keep_dir_small - a file system of 64 KiB over it */
static inline bool keep_dir_small(struct keep_dir *dir)
{
	dir->mounted = mount("none", dir->path, "tmpfs", 0, "size=64k,mode=0700") == 0;
	return dir->mounted;
}

/* keep_dir_remove - and all that is in it */
static inline void keep_dir_remove(struct keep_dir *dir)
{
	if (dir->mounted)
		(void)umount2(dir->path, MNT_DETACH);
	(void)nftw(dir->path, keep_dir_drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* keep_dir_opt - "name=DIR/rest" in one of a few static places */
static inline const char *keep_dir_opt(
    const struct keep_dir *dir, const char *name, const char *rest)
{
	static char text[4][300];
	static unsigned at;
	char *t = text[at++ % 4];

	(void)snprintf(t, sizeof text[0], "%s=%s%s", name, dir->path, rest);
	return t;
}

/* keep_dir_path - DIR/rest */
static inline const char *keep_dir_path(const struct keep_dir *dir, const char *rest)
{
	return keep_dir_opt(dir, "", rest) + 1;
}

/* keep_dir_read - a whole file; "" when it is not there */
static inline const char *keep_dir_read(const struct keep_dir *dir, const char *rest)
{
	static char text[1 << 16];
	const int fd = open(keep_dir_path(dir, rest), O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return text;
}

/* keep_dir_write - a whole file */
static inline void keep_dir_write(const struct keep_dir *dir, const char *rest, const char *text)
{
	const int fd =
	    open(keep_dir_path(dir, rest), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	(void)close(fd);
}

/* keep_dir_files - how many files are below it */
static size_t keep_dir_counted;

static inline int keep_dir_count(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	keep_dir_counted += kind == FTW_F;
	return 0;
}

static inline size_t keep_dir_files(const struct keep_dir *dir)
{
	keep_dir_counted = 0;
	(void)nftw(dir->path, keep_dir_count, 16, FTW_PHYS);
	return keep_dir_counted;
}

#endif
