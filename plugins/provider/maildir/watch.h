/*
 * maildir/watch.h - what the kernel says about directories (inotify)
 *
 * One watch per directory; its owner is whatever the caller says. Events may be lost (LOST): then
 * look at all directories. A directory that is moved or removed is no longer watched (GONE).
 * Both descriptors and watches are few on some systems: the caller must do without, by looking.
 */
#ifndef ASSAY_MAILDIR_WATCH_H
#define ASSAY_MAILDIR_WATCH_H

#include <assay/types.h>

#define ASSAY_WATCH_BUFFER 16384

struct assay_watch_dir {
	int wd;
	void *owner;
};

struct assay_watch {
	int fd;                      /* readable when there are events; -1: not open */
	struct assay_watch_dir *dir; /* by wd */
	size_t n, room;
	size_t at, got; /* in bytes */
	_Alignas(16) char bytes[ASSAY_WATCH_BUFFER];
};

enum assay_watch_what {
	ASSAY_WATCH_WHOLE, /* a file came under its name, or was written and closed */
	ASSAY_WATCH_MADE,  /* a name came, by link(2) or by making a file: perhaps still written */
	ASSAY_WATCH_GONE,  /* the directory: no longer watched */
	ASSAY_WATCH_LOST   /* events were lost, of anybody */
};

struct assay_watch_event {
	enum assay_watch_what what;
	void *owner;      /* NULL when LOST */
	const char *name; /* until the next call; NULL when GONE or LOST */
};

ASSAY_MUST_CHECK enum assay_status assay_watch_open(
    struct assay_watch *watch, struct assay_err *err);
void assay_watch_close(struct assay_watch *watch);
/* Watches the open directory `fd`, which may be closed after it, and gives the number of the watch;
 * -1 and errno when it cannot (ENOSPC: fs.inotify.max_user_watches). *other is who watches the same
 * directory already, else NULL; then it stays with that one, and the number is -1. */
int assay_watch_add(struct assay_watch *watch, int fd, void *owner, void **other);
/* Accepts -1 and numbers that are no longer watched; sets it to -1. */
void assay_watch_remove(struct assay_watch *watch, int *wd);
/* The next event; false: none now. Never waits. Events of removed directories are passed over. */
bool assay_watch_next(struct assay_watch *watch, struct assay_watch_event *event);

#endif
