/*
 * maildir/watch.c - see watch.h. Opens directories through /proc/self/fd: the descriptor says which
 * directory it is, a name could mean another one by now.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "watch.h"

#define NAMES (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE)
#define SELF (IN_DELETE_SELF | IN_MOVE_SELF)
#define GONE (SELF | IN_IGNORED | IN_UNMOUNT)

/* assay_watch_open - see watch.h */
enum assay_status assay_watch_open(struct assay_watch *watch, struct assay_err *err)
{
	*watch = (struct assay_watch){ .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
	return watch->fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot use inotify", "");
}

/* assay_watch_close - see watch.h */
void assay_watch_close(struct assay_watch *watch)
{
	assay_io_close(&watch->fd);
	free(watch->dir);
	watch->dir = NULL;
	watch->n = watch->room = 0;
	watch->at = watch->got = 0;
}

/* place - where this number stands, or would stand */
static size_t place(const struct assay_watch *watch, int wd)
{
	size_t low = 0, high = watch->n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (watch->dir[mid].wd < wd)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* find - the watched directory of this number, or NULL */
static struct assay_watch_dir *find(const struct assay_watch *watch, int wd)
{
	const size_t i = place(watch, wd);

	return i < watch->n && watch->dir[i].wd == wd ? &watch->dir[i] : NULL;
}

/* insert - numbers grow as a rule: it goes to the end */
static void insert(struct assay_watch *watch, int wd, void *owner)
{
	const size_t i = place(watch, wd);

	if (watch->n == watch->room) {
		watch->room = watch->room > 0 ? watch->room * 2 : 16;
		watch->dir = assay_xrealloc(watch->dir, watch->room * sizeof *watch->dir);
	}
	memmove(watch->dir + i + 1, watch->dir + i, (watch->n - i) * sizeof *watch->dir);
	watch->dir[i] = (struct assay_watch_dir){ wd, owner };
	watch->n++;
}

/* drop - out of the table */
static void drop(struct assay_watch *watch, const struct assay_watch_dir *dir)
{
	const size_t i = (size_t)(dir - watch->dir);

	watch->n--;
	memmove(watch->dir + i, watch->dir + i + 1, (watch->n - i) * sizeof *watch->dir);
}

/* assay_watch_add - see watch.h */
int assay_watch_add(struct assay_watch *watch, int fd, void *owner, void **other)
{
	const struct assay_watch_dir *had;
	char path[64];
	int wd;

	*other = NULL;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(watch->fd, path, NAMES | SELF | IN_ONLYDIR | IN_EXCL_UNLINK);
	if (wd < 0)
		return -1;
	had = find(watch, wd);
	if (had == NULL)
		insert(watch, wd, owner);
	else if (had->owner != owner)
		*other = had->owner;
	return *other == NULL ? wd : -1;
}

/* assay_watch_remove - what the kernel still has to say of it is passed over */
void assay_watch_remove(struct assay_watch *watch, int *wd)
{
	const struct assay_watch_dir *dir = *wd >= 0 ? find(watch, *wd) : NULL;

	if (dir != NULL) {
		(void)inotify_rm_watch(watch->fd, *wd);
		drop(watch, dir);
	}
	*wd = -1;
}

/* fill - as much as there is; false: nothing */
static bool fill(struct assay_watch *watch)
{
	ssize_t n;

	watch->at = watch->got = 0;
	if (watch->fd < 0)
		return false;
	do
		n = read(watch->fd, watch->bytes, sizeof watch->bytes);
	while (n < 0 && errno == EINTR);
	watch->got = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* understand - what the kernel's words mean here; false: nothing */
static bool understand(
    struct assay_watch *watch, const struct inotify_event *heard, struct assay_watch_event *event)
{
	struct assay_watch_dir *dir;
	int wd = heard->wd;

	*event = (struct assay_watch_event){ .what = ASSAY_WATCH_LOST };
	if (heard->mask & IN_Q_OVERFLOW)
		return true;
	dir = find(watch, wd);
	if (dir == NULL)
		return false;
	event->owner = dir->owner;
	if (heard->mask & GONE) {
		event->what = ASSAY_WATCH_GONE;
		assay_watch_remove(watch, &wd);
		return true;
	}
	if (heard->len == 0 || (heard->mask & IN_ISDIR))
		return false;
	event->what = heard->mask & IN_CREATE ? ASSAY_WATCH_MADE : ASSAY_WATCH_WHOLE;
	event->name = heard->name;
	return true;
}

/* assay_watch_next - see watch.h. The kernel gives whole events, aligned, with NUL in the name. */
bool assay_watch_next(struct assay_watch *watch, struct assay_watch_event *event)
{
	while (watch->at < watch->got || fill(watch)) {
		const struct inotify_event *heard =
		    (const struct inotify_event *)(const void *)(watch->bytes + watch->at);

		watch->at += sizeof *heard + heard->len;
		if (understand(watch, heard, event))
			return true;
	}
	return false;
}
