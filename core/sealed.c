/*
 * core/sealed.c - see assay_sealed_start in <assay/plugin.h>: work on foreign bytes in a process
 * that can do nothing but that work
 *
 * Forks (the door has one thread), seals the child, runs the work. The child has no descriptor but
 * its two and the standard ones. Whatever becomes of it is seen at the end of its pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "core/child.h"
#include "core/door.h"
#include "core/opts.h"
#include "core/sandbox.h"

#define PIPE_BYTES (1 << 20)
#define GRACE_MS 2000
#define NOT_SEALED 120 /* exit code: above what work may return */

struct assay_sealed {
	pid_t pid;
	int out;
};

/* live - the child's side of the fork */
_Noreturn static void live(const struct assay_sandbox *sandbox,
    const struct assay_sealed_work *work, int out, pid_t parent)
{
	struct assay_child_fds own = { .open = { true, true, true } };
	struct assay_err err;
	unsigned active;

	assay_child_add_fd(&own, work->in);
	assay_child_add_fd(&own, out);
	assay_child_begin(parent, &own);
	if (assay_sandbox_enter(sandbox, &active, &err) != ASSAY_OK)
		_exit(NOT_SEALED);
	_exit(work->run(work->arg, work->in, out) & 63);
}

/* start - with its sandbox prepared */
static enum assay_status start(const struct assay_sandbox *sandbox,
    const struct assay_sealed_work *work, struct assay_sealed *child, struct assay_err *err)
{
	enum assay_status st = assay_child_alone(err);
	pid_t parent = getpid();
	int ends[2];

	if (st != ASSAY_OK)
		return st;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return assay_err_set(err, ASSAY_E_IO, "cannot make a pipe: %s", strerror(errno));
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
	child->pid = fork();
	if (child->pid == 0)
		live(sandbox, work, ends[1], parent);
	st = child->pid > 0 ? ASSAY_OK : assay_io_fail(err, "cannot fork", "a sealed process");
	(void)close(ends[1]);
	child->out = ends[0];
	return st;
}

/* assay_sealed_start - see plugin.h */
enum assay_status assay_sealed_start(struct assay_door *door, const struct assay_sealed_work *work,
    struct assay_sealed **child, struct assay_err *err)
{
	const struct assay_sandbox_options options = {
		.user = assay_opt_str(assay_door_core(door), "scan_user"), .memory = work->memory
	};
	struct assay_sealed *c = assay_xcalloc(1, sizeof *c);
	struct assay_sandbox sandbox;
	enum assay_status st;

	c->out = -1;
	*child = c;
	st = assay_sandbox_prepare(&sandbox, &options, err);
	if (st == ASSAY_OK) {
		st = start(&sandbox, work, c, err);
		assay_sandbox_release(&sandbox);
	}
	if (st != ASSAY_OK) {
		assay_io_close(&c->out);
		free(c);
		*child = NULL;
	}
	return st;
}

/* assay_sealed_out - see plugin.h */
int assay_sealed_out(const struct assay_sealed *child)
{
	return child->out;
}

/* reap - it goes by itself, or is killed */
static pid_t reap(pid_t child, int *status)
{
	const struct timespec nap = { 0, 2000000 };
	const int64_t until_ms = assay_clock_mono_ms() + GRACE_MS;
	pid_t pid;

	while ((pid = waitpid(child, status, WNOHANG)) == 0 || (pid < 0 && errno == EINTR)) {
		if (assay_clock_mono_ms() > until_ms)
			(void)kill(child, SIGKILL);
		(void)nanosleep(&nap, NULL);
	}
	return pid;
}

/* assay_sealed_end - see plugin.h */
enum assay_status assay_sealed_end(struct assay_sealed **child, int *said, struct assay_err *err)
{
	struct assay_sealed *c = *child;
	int status = 0;
	pid_t pid;

	*said = 0;
	if (c == NULL)
		return ASSAY_OK;
	*child = NULL;
	/* At the end of its pipe it has nothing left to do but to exit; else nobody listens. */
	assay_io_close(&c->out);
	pid = reap(c->pid, &status);
	free(c);
	if (pid < 0 || WIFSIGNALED(status))
		return assay_err_set(err, ASSAY_E_DEAD, "the process that read it died (signal %d)",
		    pid < 0 ? 0 : WTERMSIG(status));
	*said = WEXITSTATUS(status);
	if (*said == NOT_SEALED)
		return assay_err_set(err, ASSAY_E_IO, "its process could not be closed in");
	return ASSAY_OK;
}
