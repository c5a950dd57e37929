/*
 * maildir/find.h - from a pattern to the directories it means, without being led astray
 *
 * A pattern is an absolute path whose components may have one `*` each, which stands for any bytes
 * but a leading dot. Symbolic links are followed only before the first component with a `*`, never
 * in the last one, and only where they belong to root or to us: behind them begins what users may
 * change. Nothing is resolved but component by component on descriptors, so that nobody can change
 * a path under our feet.
 */
#ifndef ASSAY_MAILDIR_FIND_H
#define ASSAY_MAILDIR_FIND_H

#include <assay/types.h>

#define ASSAY_FIND_PATH 3072 /* a path with its NUL; leaves room for names below it */
#define ASSAY_FIND_STARS 4   /* in one pattern; a caller may add one */

struct assay_found {
	int fd;           /* of the directory, O_PATH */
	const char *path; /* no doubled and no trailing slash */
	size_t fixed;     /* links were followed in its first bytes only; for assay_find_open */
	struct assay_slice star[ASSAY_FIND_STARS + 1]; /* what the stars stand for */
	size_t nstar;
};

/* E_CONF: no pattern, and why. */
ASSAY_MUST_CHECK enum assay_status assay_find_check(const char *pattern, struct assay_err *err);
/* Calls `each` for every directory there is; it returns false to end the walk. What is not there is
 * no error; what cannot be looked at is passed over: E_IO, with the first such place in err. `each`
 * borrows for the call. The pattern was checked. */
ASSAY_MUST_CHECK enum assay_status assay_find_each(const char *pattern,
    bool (*each)(void *arg, const struct assay_found *found), void *arg, struct assay_err *err);
/* A descriptor (O_PATH) of a directory that was found, or -1 and errno: ELOOP where a link is. */
int assay_find_open(const char *path, size_t fixed);
/* One component further; the same. `links`: one that may be trusted is followed. */
int assay_find_step(int dir, const char *name, bool links);

#endif
