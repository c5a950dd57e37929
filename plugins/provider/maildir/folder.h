/*
 * maildir/folder.h - one folder of mail: a Maildir, or a Maildir++ folder in one
 *
 * Opens its directories and its mails, never through a symbolic link, and never changes anything.
 * A mail that left new/ for cur/ in the meantime is found there under its likely names.
 */
#ifndef ASSAY_MAILDIR_FOLDER_H
#define ASSAY_MAILDIR_FOLDER_H

#include <dirent.h>
#include <sys/stat.h>

#include "find.h"
#include "ledger.h"
#include "mailname.h"
#include "notice.h"

/* Which of its two directories. */
enum assay_folder_side { ASSAY_FOLDER_NEW, ASSAY_FOLDER_CUR, ASSAY_FOLDER_SIDES };

/* What is told of a directory by its state: if it is the same, the same names are in it. */
struct assay_folder_stamp {
	dev_t dev;
	ino_t ino;
	int64_t mtime_ns; /* 0: not known, look */
};

struct assay_folder {
	char *path;
	size_t fixed;  /* for assay_find_open */
	char *mailbox; /* who is said to have got its mails; or NULL */
	struct assay_ledger ledger;
	struct assay_folder_stamp stamp[ASSAY_FOLDER_SIDES]; /* when all names had been looked at */
	int wd;                                              /* of new/; -1: not watched */
	dev_t watched_dev;
	ino_t watched_ino;
	bool look[ASSAY_FOLDER_SIDES]; /* to be listed */
	bool other;       /* the same directory as another folder's: left to that one */
	int64_t again_ms; /* CLOCK_MONOTONIC: to be listed then, changed or not; 0: no */
	unsigned chased;  /* how often in a row a mail was gone when we came */
	unsigned round;   /* when it was last found */
	size_t tidy;      /* records in the ledger's file from which on it is worth a look */
	struct assay_notice notice;
};

/* Copies what was found. mailbox may be NULL. */
struct assay_folder *assay_folder_new(const struct assay_found *found, const char *mailbox);
/* The ledger is released, unwritten. Accepts NULL, leaves NULL. */
void assay_folder_free(struct assay_folder **folder);
const char *assay_folder_side_name(enum assay_folder_side side);

/* One of its directories, for listing, with its state before the first name was read. A stamp that
 * the next change may not alter (the clock of files is coarse) has mtime_ns 0. E_NOENT, E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_folder_list(const struct assay_folder *folder,
    enum assay_folder_side side, DIR **names, struct assay_folder_stamp *stamp,
    struct assay_err *err);
/* The next name that may be a mail; NULL: no more, and errno is 0 but for a failure. */
const char *assay_folder_next(DIR *names);
/* The state of a directory below `dir`, the folder's own descriptor; all zero: it is not there. */
struct assay_folder_stamp assay_folder_stamp_of(int dir, enum assay_folder_side side);
bool assay_folder_stamp_same(
    const struct assay_folder_stamp *a, const struct assay_folder_stamp *b);

/* An open mail. */
struct assay_folder_mail {
	int fd;
	struct stat about;
	enum assay_folder_side side; /* where it was found */
	char name[ASSAY_MAILNAME_MAX];
};

/* Opens a mail that had this name there a moment ago. E_NOENT: it is gone; ASSAY_END: it is no
 * file; E_IO: it cannot be read. */
ASSAY_MUST_CHECK enum assay_status assay_folder_open_mail(const struct assay_folder *folder,
    enum assay_folder_side side, const char *name, struct assay_folder_mail *mail,
    struct assay_err *err);

#endif
