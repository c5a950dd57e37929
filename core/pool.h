/*
 * core/pool.h - N scan processes and the lines to them
 *
 * Forks on first use, forks again when one died or was recycled. The forking process must be
 * single-threaded (checked before each fork) and must never have read a mail: each child begins as
 * a copy of it. Children die with their parent. Where plugins have programs each scan process has
 * a helper (core/helper.h) that comes and goes with it. The only place that forks scan processes.
 */
#ifndef ASSAY_POOL_H
#define ASSAY_POOL_H

#include <sys/types.h>

#include <assay/types.h>

#include "core/helper.h"
#include "core/child.h"
#include "core/line.h"

/* What a child does: takes sock, returns its exit code. All other lines are closed already. */
typedef int assay_pool_child(void *arg, int sock);

struct assay_pool_slot {
	struct assay_line line; /* first: a line is its slot. The page is made with the process */
	pid_t pid;              /* 0: not running */
	struct assay_helper_process helper; /* beside it; pid 0: none */
	unsigned mails;                     /* given to this process so far */
	unsigned starts;
	bool busy;
};

struct assay_pool {
	assay_pool_child *child;
	void *arg;
	struct assay_child_fds own; /* descriptors that children keep */
	struct assay_pool_slot *slot;
	size_t n;
	struct assay_helper *plan; /* of helpers; NULL: none are needed */
	unsigned recycle; /* a process gets no more mails than this; 0: any number. It leaves by
			     itself, unless a mail owns it: then it is killed */
};

/* Children keep standard input, output and error and the descriptors opened since `foreign` was
 * noted and before this call (those of plugins), nothing else; NULL: all open now. */
void assay_pool_init(struct assay_pool *pool, size_t n, assay_pool_child *child, void *arg,
    const struct assay_child_fds *foreign);
/* Hangs up on all and waits for them; kills what does not go. */
void assay_pool_release(struct assay_pool *pool);
/* A free slot with a running process, marked busy; NULL when all are busy (err untouched) or when
 * it cannot be started (err set). */
struct assay_pool_slot *assay_pool_take(struct assay_pool *pool, struct assay_err *err);
/* The conversation is over; the process lives on. */
void assay_pool_give(struct assay_pool *pool, struct assay_pool_slot *slot);
/* The process is dead, or is to be: kills, reaps, closes; the slot is free and starts anew when it
 * is taken next. Returns the wait status. */
int assay_pool_bury(struct assay_pool *pool, struct assay_pool_slot *slot);

/* The same as a source of lines, on the heap; `init` as above, plan and recycle as in the struct.
 */
struct assay_pool_setup {
	size_t n;
	assay_pool_child *child;
	void *arg;
	const struct assay_child_fds *foreign;
	struct assay_helper *plan;
	unsigned recycle;
	void (*free_arg)(void *arg); /* when the lines are closed; or NULL */
};
struct assay_lines *assay_pool_lines(const struct assay_pool_setup *setup);

#endif
