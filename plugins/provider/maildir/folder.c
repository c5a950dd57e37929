/*
 * maildir/folder.c - see folder.h. Names that were read from a directory are opened below its
 * descriptor, one component, O_NOFOLLOW, without waiting (a pipe may lie there).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "folder.h"

#define COARSE_MS 3000 /* no file system we know counts in longer steps than two seconds */

/* assay_folder_new - see folder.h */
struct assay_folder *assay_folder_new(const struct assay_found *found, const char *mailbox)
{
	struct assay_folder *folder = assay_xcalloc(1, sizeof *folder);

	folder->path = assay_xstrdup(found->path);
	folder->fixed = found->fixed;
	folder->mailbox = mailbox != NULL ? assay_xstrdup(mailbox) : NULL;
	folder->wd = -1;
	return folder;
}

/* assay_folder_free - see folder.h */
void assay_folder_free(struct assay_folder **folder)
{
	if (*folder == NULL)
		return;
	assay_ledger_release(&(*folder)->ledger);
	free((*folder)->path);
	free((*folder)->mailbox);
	free(*folder);
	*folder = NULL;
}

/* assay_folder_side_name - see folder.h */
const char *assay_folder_side_name(enum assay_folder_side side)
{
	return side == ASSAY_FOLDER_NEW ? "new" : "cur";
}

/* stamp_of - from what fstat said */
static struct assay_folder_stamp stamp_of(const struct stat *st)
{
	return (struct assay_folder_stamp){ st->st_dev, st->st_ino,
		(int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };
}

/* settled - is the last change so long ago that another one will have another time? */
static bool settled(int64_t mtime_ns)
{
	const int64_t age_ms = assay_clock_wall_ms() - mtime_ns / 1000000;

	return age_ms > COARSE_MS;
}

/* assay_folder_stamp_of - see folder.h */
struct assay_folder_stamp assay_folder_stamp_of(int dir, enum assay_folder_side side)
{
	struct stat st;

	if (fstatat(dir, assay_folder_side_name(side), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISDIR(st.st_mode))
		return (struct assay_folder_stamp){ 0 };
	return stamp_of(&st);
}

/* assay_folder_stamp_same - see folder.h */
bool assay_folder_stamp_same(const struct assay_folder_stamp *a, const struct assay_folder_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->mtime_ns == b->mtime_ns;
}

/* open_side - new/ or cur/, as `flags` say, or -1 */
static int open_side(const struct assay_folder *folder, enum assay_folder_side side, int flags)
{
	int dir = assay_find_open(folder->path, folder->fixed), fd, e;

	if (dir < 0)
		return -1;
	fd =
	    openat(dir, assay_folder_side_name(side), flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	e = errno;
	assay_io_close(&dir);
	errno = e;
	return fd;
}

/* fail - why something below the folder cannot be had */
static enum assay_status fail(const struct assay_folder *folder, enum assay_folder_side side,
    const char *name, struct assay_err *err)
{
	const int e = errno;

	return assay_err_set(err, e == ENOENT ? ASSAY_E_NOENT : ASSAY_E_IO, "%s/%s%s%s: %s",
	    folder->path, assay_folder_side_name(side), name[0] != '\0' ? "/" : "", name,
	    strerror(e));
}

/* assay_folder_list - see folder.h */
enum assay_status assay_folder_list(const struct assay_folder *folder, enum assay_folder_side side,
    DIR **names, struct assay_folder_stamp *stamp, struct assay_err *err)
{
	int fd = open_side(folder, side, O_RDONLY);
	struct stat st;

	*names = NULL;
	*stamp = (struct assay_folder_stamp){ 0 };
	if (fd < 0)
		return fail(folder, side, "", err);
	if (fstat(fd, &st) == 0)
		*stamp = stamp_of(&st);
	if (!settled(stamp->mtime_ns))
		stamp->mtime_ns = 0;
	*names = fdopendir(fd);
	if (*names != NULL)
		return ASSAY_OK;
	assay_io_close(&fd);
	return fail(folder, side, "", err);
}

/* assay_folder_next - see folder.h */
const char *assay_folder_next(DIR *names)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(names)) != NULL; errno = 0)
		if ((entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) &&
		    assay_mailname_ok(entry->d_name))
			return entry->d_name;
	return NULL;
}

/* open_name - one name in an open directory */
static enum assay_status open_name(const struct assay_folder *folder, int dir,
    struct assay_folder_mail *mail, struct assay_err *err)
{
	mail->fd =
	    openat(dir, mail->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (mail->fd < 0)
		return errno == ELOOP ? ASSAY_END : fail(folder, mail->side, mail->name, err);
	if (fstat(mail->fd, &mail->about) == 0 && S_ISREG(mail->about.st_mode))
		return ASSAY_OK;
	assay_io_close(&mail->fd);
	return ASSAY_END;
}

/* open_in - the name itself, or where that is gone (or was another directory's) a likely one */
static enum assay_status open_in(const struct assay_folder *folder, const char *name, bool itself,
    struct assay_folder_mail *mail, struct assay_err *err)
{
	enum assay_status st = ASSAY_E_NOENT;
	int dir = open_side(folder, mail->side, O_PATH);

	if (dir < 0)
		return fail(folder, mail->side, "", err);
	if (itself) {
		(void)snprintf(mail->name, sizeof mail->name, "%s", name);
		st = open_name(folder, dir, mail, err);
	}
	for (unsigned n = 0; st == ASSAY_E_NOENT && mail->side == ASSAY_FOLDER_CUR &&
	     assay_mailname_guess(name, n, mail->name);
	     n++)
		st = open_name(folder, dir, mail, err);
	assay_io_close(&dir);
	return st;
}

/* assay_folder_open_mail - see folder.h */
enum assay_status assay_folder_open_mail(const struct assay_folder *folder,
    enum assay_folder_side side, const char *name, struct assay_folder_mail *mail,
    struct assay_err *err)
{
	enum assay_status st;

	*mail = (struct assay_folder_mail){ .fd = -1, .side = side };
	st = open_in(folder, name, true, mail, err);
	if (st != ASSAY_E_NOENT || side == ASSAY_FOLDER_CUR)
		return st;
	mail->side = ASSAY_FOLDER_CUR;
	return open_in(folder, name, false, mail, err);
}
