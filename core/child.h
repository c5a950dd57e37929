/*
 * core/child.h - both sides of a fork that is not followed by an exec
 *
 * A child begins as a copy of its parent: with its signal mask, its locks in whatever state they
 * are, and every descriptor it has. Who forks asks assay_child_alone first; the child calls
 * assay_child_begin before anything else.
 */
#ifndef ASSAY_CHILD_H
#define ASSAY_CHILD_H

#include <sys/types.h>

#include <assay/types.h>

#define ASSAY_CHILD_FDS 1024u

/* A set of descriptors below ASSAY_CHILD_FDS: what was open at one moment. */
struct assay_child_fds {
	bool open[ASSAY_CHILD_FDS];
};

/* All, when /proc cannot be read. */
void assay_child_note_fds(struct assay_child_fds *fds);
/* Takes those of `others` out, but never 0 to 2. */
void assay_child_drop_fds(struct assay_child_fds *fds, const struct assay_child_fds *others);
/* Puts one in; accepts -1. */
void assay_child_add_fd(struct assay_child_fds *fds, int fd);

/* E_PLUGIN: this process has more than one thread. */
ASSAY_MUST_CHECK enum assay_status assay_child_alone(struct assay_err *err);
/* Dies with its parent (ends at once when that is gone already), closes all descriptors but `own`,
 * blocks no signal, ignores SIGINT: the parent decides. */
void assay_child_begin(pid_t parent, const struct assay_child_fds *own);

#endif
