/*
 * core/role.h - a process of the service: what it is told at its start, when it shall go
 *
 * The parent starts each of its children by fork and exec of the same program with the hidden
 * option `assay serve --as ROLE`: each reads the configuration itself, has no memory of anybody
 * else's, and after an upgrade a reload runs the new program. What it inherits stands in ROLE:
 *
 *	KIND[:NAME],slot=N,generation=N[,life=FD][,board=FD][,inline=FD,bulk=FD][,out=FD][,sock=FD+FD...][,config=SHA256]
 *		[,uid=N,gid=N][,log=syslog]
 *
 * KIND: master, door, connector, archiver, janitor, rescan, metrics, lookup, check. `life` is the
 * read end of a pipe whose other end the parent has: end of file means finish what you have and go.
 * Behind that stands PR_SET_PDEATHSIG: a parent that is killed takes everybody along. A child that
 * finds another configuration than that of config= (assay_config_source_sha256) goes with
 * ASSAY_ROLE_CHANGED: the parent reloads.
 */
#ifndef ASSAY_ROLE_H
#define ASSAY_ROLE_H

#include "core/board.h"
#include "core/config.h"
#include "core/listen.h"

struct assay_arena;

struct assay_role {
	const char *kind;
	const char *name; /* of the plugin; "" */
	unsigned slot;
	uint32_t generation;
	int life;                    /* -1: none */
	int board_fd;                /* -1: none */
	int inline_sock, bulk_sock;  /* listening; -1: none */
	int out_fd;                  /* check: where it writes what doors listen on; -1 */
	int sock[ASSAY_LISTEN_MOST]; /* door, lookup: theirs, listening */
	size_t nsock;
	const char *config_sha256; /* NULL: any */
	bool to_syslog;            /* log there instead of standard error */
	/* What the parent found [core] user to be, so that all are the same one whatever becomes of
	 * the list of users; root: nobody else. false: look it up. */
	bool told_user;
	unsigned uid, gid;
	struct assay_board board;      /* mapped by assay_role_enter */
	struct assay_board_slot *page; /* of this process; NULL without a board */
};

/* E_USAGE: not a role. Strings in the arena. */
ASSAY_MUST_CHECK enum assay_status assay_role_parse(
    struct assay_role *role, struct assay_arena *arena, const char *text, struct assay_err *err);
/* The text for parse. */
const char *assay_role_format(struct assay_arena *arena, const struct assay_role *role);
#define ASSAY_ROLE_CHANGED 76 /* exit code: see above */

/* In the child, first thing: dies with the parent, descriptors close-on-exec, page mapped (takes
 * board_fd: it is board.fd then), state STARTING, log ident "KIND NAME", SIGTERM, SIGINT and SIGHUP
 * ignored (the parent decides), SIGPIPE ignored. E_DEAD: the parent is gone already. */
ASSAY_MUST_CHECK enum assay_status assay_role_enter(struct assay_role *role, struct assay_err *err);
/* What the process shall be in the end: the capability to read everybody's files is kept for
 * NEEDS_FILES alone (of enum assay_needs). From root to the user of doors and drains ([core] user);
 * no_new_privs, no core file, umask 027; without NEEDS_NETWORK an empty network namespace (root
 * only; Unix sockets with a path work). Not root: what of it can be done. A user that does not
 * exist: stays root (the parent has warned). Dies with the parent after it as well. What was done
 * and what is missing, in words, into `text`. */
#define ASSAY_ROLE_TEXT 200
ASSAY_MUST_CHECK enum assay_status assay_role_drop(const struct assay_role *role,
    const struct assay_opts *core, unsigned needs, char text[ASSAY_ROLE_TEXT],
    struct assay_err *err);
/* It can begin: "ready (TEXT)" in the log, state IDLE. */
void assay_role_ready(struct assay_role *role, const char *text);
/* Its last words, in the log and on its page, if it has one. Returns the exit code. */
int assay_role_failed(struct assay_role *role, const struct assay_err *err);
/* True: finish what you have and go. Costs one poll(2). */
bool assay_role_leaving(const struct assay_role *role);

/* The user of doors and drains. */
struct assay_role_user {
	const char *name; /* of the configuration */
	unsigned uid, gid;
	bool change; /* we are root and that user is another one, and exists */
	bool absent; /* we are root and there is no such user */
};
/* E_IO: it cannot be looked up now. */
ASSAY_MUST_CHECK enum assay_status assay_role_user(
    const struct assay_opts *core, struct assay_role_user *user, struct assay_err *err);

/* Names below the run directory. */
#define ASSAY_RUN_INLINE "inline.sock"
#define ASSAY_RUN_BULK "bulk.sock"
#define ASSAY_RUN_LOCK "service.lock"
#define ASSAY_RUN_PID "service.pid"
#define ASSAY_RUN_BOARD "service.board"
#define ASSAY_RUN_BYPASS "bypass"
#define ASSAY_RUN_METRICS "metrics.sock"

#endif
