/*
 * core/helper_child.h - one program, started and ended
 *
 * A program runs in a session of its own, without privileges to gain, with the limits of its row,
 * an environment of our making, and no descriptor but its three. It ends with all it has started:
 * its process group, and what left that. Where the helper is the first process of a process
 * namespace nothing can escape; elsewhere what it started is found through /proc (the helper is
 * its reaper), which something that forks faster than we look might outrun until it is told of.
 */
#ifndef ASSAY_HELPER_CHILD_H
#define ASSAY_HELPER_CHILD_H

#include <sys/types.h>

#include <assay/plugin.h>

#define ASSAY_HELPER_STRINGS 48u /* of an environment */

struct assay_helper_start {
	const char *path; /* of the executable */
	const struct assay_program *program;
	const char *const *env; /* NAME=VALUE; NULL ends */
	int dir;                /* current directory */
	int in;                 /* its standard input; -1: empty, or with `ask` a pipe */
	uint64_t file_max;      /* bytes of a file it may write */
	bool own_user;          /* the user is not whoever started us: processes are limited, too */
};

/* A program at work. */
struct assay_helper_child {
	pid_t pid;    /* 0: none */
	int pidfd;    /* readable when it has ended */
	int ask;      /* its standard input, when that is a pipe; else -1 */
	int out, err; /* what it says; do not block */
};

/* What may be killed and what not. */
struct assay_helper_family {
	bool init; /* this is the first process of a process namespace */
	/* Programs that stay: not killed as strays; pid 0: none. */
	struct assay_helper_child *kept;
	size_t nkept;
};

void assay_helper_child_init(struct assay_helper_child *child);
/* E_NOENT: the executable is not there (any more). E_IO: anything else. */
ASSAY_MUST_CHECK enum assay_status assay_helper_child_start(struct assay_helper_child *child,
    const struct assay_helper_start *start, struct assay_err *err);
/* Kills it and its group, waits for it (not for ever), closes its pipes. The wait status, or that
 * of a SIGKILL when it cannot be had. */
int assay_helper_child_end(struct assay_helper_child *child);
/* Kills what earlier programs left behind and collects the dead. Programs that are kept stay, as
 * a rule: where strays cannot be told from them they go, too, and their pid becomes 0. False:
 * something is still there. */
bool assay_helper_child_sweep(struct assay_helper_family *family);

#endif
