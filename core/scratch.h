/*
 * core/scratch.h - a private directory, and nothing else, for libraries that need files
 *
 * Some libraries cannot look at anything without temporary files (ASSAY_NEEDS_TMP). Their scan
 * process gets a root of its own: an empty file system in memory, which is also its current
 * directory. Names of the real one mean nothing there, so open(2) may be allowed; what is left in
 * it is gone with the process, however that ends.
 */
#ifndef ASSAY_SCRATCH_H
#define ASSAY_SCRATCH_H

#include <sys/types.h>

#include <assay/types.h>

/* As root, or else in a user namespace where the system lets us make one. It is `uid`'s and
 * `gid`'s, holds at most `bytes` and some ten thousand files. False: it cannot be had, and the
 * process sees what it saw before; it may be in namespaces of its own. */
bool assay_scratch_enter(uint64_t bytes, uid_t uid, gid_t gid);
/* Gives up what a user namespace gave: after that the process can mount nothing any more. */
bool assay_scratch_drop(void);

#endif
