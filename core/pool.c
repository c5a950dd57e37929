/*
 * core/pool.c - see pool.h. Touches processes of its own making and the sockets to them. A process
 * that cannot be started is an error; one that dies is news for whoever holds its slot.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/pool.h"

#define GRACE_MS 5000 /* for a process that was hung up on */
#define SEND_SECONDS 5
/* A line that poll(2) called readable and that has nothing is tampered with. */
#define RECEIVE_MS 100

/* assay_pool_init - slots, no process yet */
void assay_pool_init(struct assay_pool *pool, size_t n, assay_pool_child *child, void *arg,
    const struct assay_child_fds *foreign)
{
	*pool = (struct assay_pool){ .child = child, .arg = arg, .n = n };
	assay_child_note_fds(&pool->own);
	if (foreign != NULL)
		assay_child_drop_fds(&pool->own, foreign);
	pool->slot = assay_xcalloc(n, sizeof *pool->slot);
	for (size_t i = 0; i < n; i++) {
		assay_wire_init(&pool->slot[i].line.wire, -1);
		pool->slot[i].line.page.fd = -1;
	}
}

/* reap - wait until it is gone */
static int reap(struct assay_pool_slot *slot)
{
	int status = 0;

	while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR)
		;
	slot->pid = 0;
	slot->busy = false;
	return status;
}

/* assay_pool_bury - kill, reap, close */
int assay_pool_bury(struct assay_pool *pool, struct assay_pool_slot *slot)
{
	int status = 0;

	(void)pool;
	/* Killed before it is hung up on, so that it does not go in good order meanwhile. */
	if (slot->pid > 0) {
		(void)kill(slot->pid, SIGKILL);
		status = reap(slot);
	}
	assay_wire_release(&slot->line.wire);
	assay_wire_init(&slot->line.wire, -1);
	assay_helper_end(&slot->helper, GRACE_MS);
	return status;
}

/* leave - a process that was hung up on goes by itself; one that does not is killed */
static void leave(struct assay_pool *pool, struct assay_pool_slot *slot, int64_t until_ms)
{
	struct timespec nap = { 0, 1000000 };

	while (slot->pid > 0 && assay_clock_mono_ms() < until_ms) {
		int status = 0;
		pid_t pid = waitpid(slot->pid, &status, WNOHANG);

		if (pid == slot->pid || (pid < 0 && errno != EINTR))
			slot->pid = 0;
		else
			(void)nanosleep(&nap, NULL);
		if (slot->pid == 0 && status != 0)
			assay_log(ASSAY_LOG_WARNING, "a scan process ended with status %#x",
			    (unsigned)status);
	}
	(void)assay_pool_bury(pool, slot);
}

/* assay_pool_release - hang up on all, wait, kill the rest */
void assay_pool_release(struct assay_pool *pool)
{
	int64_t until_ms = assay_clock_mono_ms() + GRACE_MS;

	for (size_t i = 0; i < pool->n; i++) {
		if (pool->slot[i].busy)
			(void)assay_pool_bury(pool, &pool->slot[i]);
		assay_wire_release(&pool->slot[i].line.wire);
	}
	for (size_t i = 0; i < pool->n; i++) {
		leave(pool, &pool->slot[i], until_ms);
		assay_progress_close(&pool->slot[i].line.page);
	}
	free(pool->slot);
	pool->slot = NULL;
	pool->n = 0;
}

/* live - the child's side of the fork; does not return */
_Noreturn static void live(struct assay_pool *pool, int sock, int helper, pid_t parent)
{
	struct assay_child_fds own = pool->own;

	for (size_t i = 0; i < pool->n; i++)
		assay_wire_release(&pool->slot[i].line.wire);
	assay_child_add_fd(&own, sock);
	assay_child_add_fd(&own, helper);
	assay_child_begin(parent, &own);
	if (helper >= 0)
		assay_helper_attach(pool->plan, helper);
	_exit(pool->child(pool->arg, sock));
}

/* start_helper - the scan process' end of a line to a new helper. Without one the programs' results
 * are missing, and each report says so: that is no reason not to scan. */
static int start_helper(struct assay_pool *pool, struct assay_pool_slot *slot)
{
	struct assay_err err;
	int sock = -1;

	if (pool->plan != NULL &&
	    assay_helper_start(pool->plan, &slot->helper, &sock, &err) != ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "programs cannot be run: %s", err.text);
	return sock;
}

/* start - fork the process of one slot */
static enum assay_status start(
    struct assay_pool *pool, struct assay_pool_slot *slot, struct assay_err *err)
{
	struct timeval patience = { .tv_sec = SEND_SECONDS };
	struct timeval moment = { .tv_usec = RECEIVE_MS * 1000 };
	pid_t parent = getpid(), pid;
	enum assay_status st = assay_child_alone(err);
	int pair[2], helper;

	if (st != ASSAY_OK)
		return st;
	assay_progress_close(&slot->line.page);
	st = assay_progress_open(&slot->line.page, err);
	if (st != ASSAY_OK)
		return st;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return assay_err_set(err, ASSAY_E_IO, "cannot make a socket: %s", strerror(errno));
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
	helper = start_helper(pool, slot);
	pid = fork();
	if (pid == 0) {
		assay_io_close(&pair[0]);
		live(pool, pair[1], helper, parent);
	}
	assay_io_close(&pair[1]);
	assay_io_close(&helper);
	if (pid < 0) {
		int e = errno;

		assay_io_close(&pair[0]);
		assay_helper_end(&slot->helper, GRACE_MS);
		return assay_err_set(
		    err, ASSAY_E_IO, "cannot fork a scan process: %s", strerror(e));
	}
	assay_wire_release(&slot->line.wire);
	assay_wire_init(&slot->line.wire, pair[0]);
	slot->pid = pid;
	slot->starts++;
	slot->mails = 0;
	return ASSAY_OK;
}

/* assay_pool_take - a free process: one that runs before one that must be started */
struct assay_pool_slot *assay_pool_take(struct assay_pool *pool, struct assay_err *err)
{
	struct assay_pool_slot *found = NULL;

	for (size_t i = 0; i < pool->n; i++) {
		struct assay_pool_slot *slot = &pool->slot[i];

		if (!slot->busy && (found == NULL || (found->pid == 0 && slot->pid != 0)))
			found = slot;
	}
	if (found == NULL)
		return NULL;
	if (found->pid != 0 && pool->recycle > 0 && found->mails >= pool->recycle)
		(void)assay_pool_bury(pool, found);
	if (found->pid == 0 && start(pool, found, err) != ASSAY_OK)
		return NULL;
	found->busy = true;
	found->line.fresh = found->mails == 0;
	return found;
}

/* assay_pool_give - free again */
void assay_pool_give(struct assay_pool *pool, struct assay_pool_slot *slot)
{
	(void)pool;
	slot->mails++;
	slot->busy = false;
}

/* ---- as lines -------------------------------------------------------------------------------- */

struct pool_lines {
	struct assay_lines lines;
	struct assay_pool pool;
	void (*free_arg)(void *arg);
};

/* of - the pool behind the lines */
static struct assay_pool *of(struct assay_lines *self)
{
	return &((struct pool_lines *)self)->pool;
}

/* take_line - a slot is its line */
static struct assay_line *take_line(struct assay_lines *self, struct assay_err *err)
{
	struct assay_pool_slot *slot = assay_pool_take(of(self), err);

	return slot != NULL ? &slot->line : NULL;
}

/* give_line - the process lives on */
static void give_line(struct assay_lines *self, struct assay_line *line)
{
	assay_pool_give(of(self), (struct assay_pool_slot *)line);
}

/* bury_line - the process does not */
static void bury_line(struct assay_lines *self, struct assay_line *line)
{
	(void)assay_pool_bury(of(self), (struct assay_pool_slot *)line);
}

/* close_lines - the end of all processes */
static void close_lines(struct assay_lines *self)
{
	struct pool_lines *lines = (struct pool_lines *)self;

	assay_pool_release(&lines->pool);
	if (lines->free_arg != NULL)
		lines->free_arg(lines->pool.arg);
	free(lines);
}

/* assay_pool_lines - see pool.h */
struct assay_lines *assay_pool_lines(const struct assay_pool_setup *setup)
{
	struct pool_lines *lines = assay_xcalloc(1, sizeof *lines);

	lines->lines = (struct assay_lines){ .take = take_line,
		.give = give_line,
		.bury = bury_line,
		.close = close_lines,
		.most = setup->n };
	assay_pool_init(&lines->pool, setup->n, setup->child, setup->arg, setup->foreign);
	lines->pool.plan = setup->plan;
	lines->pool.recycle = setup->recycle;
	lines->free_arg = setup->free_arg;
	return &lines->lines;
}
