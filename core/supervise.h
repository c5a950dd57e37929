/*
 * core/supervise.h - the children of the service's parent: one row each, started again when they
 * die
 *
 * A row is a slot of the scoreboard (core/board.h): its number is that of the page. Children are
 * the same program with `serve --as ROLE` (core/role.h). One that ends without having been asked is
 * started again after 100 ms, doubled up to 30 s; a minute of life makes it 100 ms again. One that
 * was asked to leave is killed when it overstays. Nothing here waits: who calls, polls.
 *
 * The only place that forks and execs in the parent. Fails: a child that cannot be started counts
 * as one that died.
 */
#ifndef ASSAY_SUPERVISE_H
#define ASSAY_SUPERVISE_H

#include <sys/types.h>

#include "core/role.h"

/* Slots with a meaning of their own; the others are given out in order. */
#define ASSAY_SLOT_PARENT 1u
#define ASSAY_SLOT_JANITOR 2u
#define ASSAY_SLOT_MASTER 3u /* and the next */
#define ASSAY_SLOT_FREE 5u
#define ASSAY_SLOT_CHECK (ASSAY_BOARD_OTHERS - 1)

struct assay_ward {
	char kind[16], name[256]; /* kind "": a free row */
	unsigned slot;
	uint32_t generation;
	bool wanted;  /* is started when it is not running; a "check" once */
	bool leaving; /* was asked to go */
	pid_t pid;    /* 0: not running */
	int life;     /* the writing end; -1 */
	unsigned starts, crashes;
	int64_t started_ms, again_ms;
	int64_t back_ms; /* the pause before the next start */
	int64_t kill_ms; /* leaving: its time is over then */
	int code;        /* how it ended: exit code, or 128 + signal; -1: it has not */
};

struct assay_supervise_options {
	const char *program;           /* absolute; NULL: this one (for tests) */
	const char *const *child_args; /* globals of the command line; NULL ends */
	bool no_sandbox, to_syslog;
	const struct assay_role_user *user; /* whom children become; NULL: they look it up */
	struct assay_board *board;
	int inline_sock, bulk_sock;          /* for masters */
	int check_out;                       /* a file for `check` to write to */
	const struct assay_listens *listens; /* of doors; NULL: none */
	/* Called when a child that was not asked to go has ended, before it is started again. */
	void (*died)(void *arg, struct assay_ward *child);
	void *arg;
};

struct assay_supervise {
	struct assay_supervise_options options;
	struct assay_ward child[ASSAY_BOARD_OTHERS];
	const char *config_sha256; /* children are told; NULL: any configuration will do */
	bool over;                 /* nobody is started any more */
};

void assay_supervise_init(
    struct assay_supervise *sup, const struct assay_supervise_options *options);
/* A row, wanted, to be started by the next tick. NULL (err: E_CONF): there is no slot left. */
struct assay_ward *assay_supervise_add(struct assay_supervise *sup, const char *kind,
    const char *name, uint32_t generation, struct assay_err *err);
/* NULL: there is none. name may be "". Of masters, that of the generation; 0: any. */
struct assay_ward *assay_supervise_find(
    struct assay_supervise *sup, const char *kind, const char *name, uint32_t generation);
/* Finish and go, at most `within_ms` from now (0: is killed now); is not started again. */
void assay_supervise_leave(
    struct assay_supervise *sup, struct assay_ward *child, int64_t within_ms);
/* Again, with another generation: a row that has ended. */
void assay_supervise_again(struct assay_ward *child, uint32_t generation);
/* The row of one that has ended is free; its page is cleared. */
void assay_supervise_remove(struct assay_supervise *sup, struct assay_ward *child);
/* Buries who died, starts who is due, kills who overstays. Milliseconds until something is due; -1:
 * nothing is. */
int64_t assay_supervise_tick(struct assay_supervise *sup);
/* Its page, as the process has written it. */
struct assay_board_slot *assay_supervise_page(
    const struct assay_supervise *sup, const struct assay_ward *child);
/* Under which name sockets are listened on for it (core/listen.h); NULL: it gets none. */
const char *assay_supervise_listener(const struct assay_ward *child);
/* Runs, and is done with loading. */
bool assay_supervise_up(const struct assay_supervise *sup, const struct assay_ward *child);

/* Into the background: returns twice. In the caller's process *code is the exit code once the other
 * has said it through *tell (an int) or died; in the other (a session of its own) *code is -1 and
 * *tell is to be written to once. */
ASSAY_MUST_CHECK enum assay_status assay_supervise_detach(
    int *code, int *tell, struct assay_err *err);

#endif
