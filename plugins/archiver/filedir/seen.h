/*
 * filedir/seen.h - which files of a directory were dealt with, across restarts
 *
 * A file is known by a digest of its place, size and time: one that was written anew is another.
 * What is done is kept in memory and in a journal (base/journal.h), what was submitted and is not
 * done yet in memory only. After a walk that met all files those that are gone are forgotten, now
 * and then. A journal that cannot be written costs repeats after the next start, nothing now; it is
 * told, once.
 */
#ifndef ASSAY_FILEDIR_SEEN_H
#define ASSAY_FILEDIR_SEEN_H

#include <sys/stat.h>

#include "base/keyset.h"
#include "told.h"

#define ASSAY_SEEN_MOST ((size_t)1 << 24) /* files of one directory */
#define ASSAY_SEEN_BATCH 256

struct assay_seen {
	const char *root; /* what it is about */
	char *path;       /* of the journal */
	struct assay_told *told;
	struct assay_keyset done, busy;
	struct assay_keyset met; /* in this walk, when `collect` */
	size_t hits;             /* done ones met in this walk */
	bool collect, writable;  /* writable: the journal was, when it was tried last */
	struct assay_key batch[ASSAY_SEEN_BATCH]; /* not yet in the journal */
	size_t nbatch;
};

/* path: of the file, below root. */
struct assay_key assay_seen_key(const char *path, const struct stat *st);
/* root and told are borrowed for as long as it lives. dir: where journals are. E_CONF: a newer
 * version wrote the journal, or root cannot be named in one. */
ASSAY_MUST_CHECK enum assay_status assay_seen_open(struct assay_seen *seen, const char *root,
    const char *dir, struct assay_told *told, struct assay_err *err);
/* Writes what is left to write. Accepts what is zero. */
void assay_seen_close(struct assay_seen *seen);

void assay_seen_walk(struct assay_seen *seen);
/* The walk is over; whole: it has met every file there is. */
void assay_seen_walked(struct assay_seen *seen, bool whole);
/* Was it submitted, or dealt with? To be asked for every file of a walk. */
bool assay_seen_has(struct assay_seen *seen, struct assay_key key);
/* False: no more can be remembered. */
bool assay_seen_begin(struct assay_seen *seen, struct assay_key key);
/* No longer under way; done: nor to be taken again. */
void assay_seen_end(struct assay_seen *seen, struct assay_key key, bool done);
/* What is not yet in the journal, into it. */
void assay_seen_flush(struct assay_seen *seen);

#endif
