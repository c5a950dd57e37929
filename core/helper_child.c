/*
 * core/helper_child.c - see helper_child.h. Forks, executes and kills; touches no file but
 * /dev/null and /proc. Between fork and exec the child reports a failure over a pipe that exec
 * closes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/helper_child.h"
#include "core/sandbox.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define REAP_MS 3000 /* for one that was killed: longer only when it hangs in the kernel */
#define ROUNDS 200u  /* of looking for strays */
#define NUMBERS 4096 /* of processes, looked at one by one */
#define OPEN_FILES 256u
#define PROCESSES 1024u /* of the user, all together */

/* assay_helper_child_init - none yet */
void assay_helper_child_init(struct assay_helper_child *child)
{
	*child = (struct assay_helper_child){ .pidfd = -1, .ask = -1, .out = -1, .err = -1 };
}

/* ---- starting -------------------------------------------------------------------------------- */

/* Both ends of the pipes to a program. */
struct pipes {
	int in[2], out[2], err[2], status[2];
};

/* set_limits - in the child */
static bool set_limits(const struct assay_helper_start *start)
{
	const struct assay_program *p = start->program;

	/* A program that stays works for many calls. */
	if (p->mode == ASSAY_PROGRAM_ONCE &&
	    !assay_sandbox_limit(RLIMIT_CPU, p->timeout_ms / 1000 + 2))
		return false;
	if (start->own_user && !assay_sandbox_limit(RLIMIT_NPROC, PROCESSES))
		return false;
	return assay_sandbox_limit(RLIMIT_CORE, 0) &&
	    assay_sandbox_limit(RLIMIT_NOFILE, OPEN_FILES) &&
	    assay_sandbox_limit(RLIMIT_FSIZE, start->file_max) &&
	    assay_sandbox_limit(RLIMIT_AS, p->memory);
}

/* reset_signals - as a program expects them */
static void reset_signals(void)
{
	sigset_t none;

	/* Handlers go with exec; what is ignored stays so. */
	for (int s = 1; s < 32; s++)
		(void)signal(s, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* settle_fds - 0, 1, 2 and the pipe for a failure, nothing else; *status is where that is now */
static bool settle_fds(
    const struct assay_helper_start *start, const struct pipes *pipes, int *status)
{
	int in = pipes->in[0] >= 0 ? pipes->in[0] : start->in;
	int out, error, report;

	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* Away from where they shall be in the end. */
	report = fcntl(pipes->status[1], F_DUPFD_CLOEXEC, 10);
	if (report < 0)
		return false;
	*status = report;
	in = fcntl(in, F_DUPFD_CLOEXEC, 10);
	out = fcntl(pipes->out[1], F_DUPFD_CLOEXEC, 10);
	error = fcntl(pipes->err[1], F_DUPFD_CLOEXEC, 10);
	if (in < 0 || out < 0 || error < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(error, 2) < 0 || dup3(report, 3, O_CLOEXEC) < 0)
		return false;
	*status = 3;
	return close_range(4, ~0U, 0) == 0;
}

/* become_program - the child's side; does not return */
_Noreturn static void become_program(
    const struct assay_helper_start *start, const struct pipes *pipes, pid_t parent)
{
	int status = pipes->status[1], e;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	reset_signals();
	(void)umask(077);
	if (setsid() >= 0 && fchdir(start->dir) == 0 && settle_fds(start, pipes, &status) &&
	    set_limits(start) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)execve(start->path, (char *const *)(uintptr_t)start->program->argv,
		    (char *const *)(uintptr_t)start->env);
	e = errno;
	(void)!write(status, &e, sizeof e);
	_exit(127);
}

/* close_pair - both ends */
static void close_pair(int pair[2])
{
	assay_io_close(&pair[0]);
	assay_io_close(&pair[1]);
}

/* open_pipes - what the row needs */
static bool open_pipes(struct pipes *pipes, bool asks)
{
	*pipes = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	return (!asks || pipe2(pipes->in, O_CLOEXEC) == 0) && pipe2(pipes->out, O_CLOEXEC) == 0 &&
	    pipe2(pipes->err, O_CLOEXEC) == 0 && pipe2(pipes->status, O_CLOEXEC) == 0 &&
	    fcntl(pipes->out[0], F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(pipes->err[0], F_SETFL, O_NONBLOCK) == 0;
}

/* close_pipes - all that are still open */
static void close_pipes(struct pipes *pipes)
{
	close_pair(pipes->in);
	close_pair(pipes->out);
	close_pair(pipes->err);
	close_pair(pipes->status);
}

/* steal - the descriptor changes its owner */
static int steal(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* began - has it become the program? errno when not */
static int began(struct pipes *pipes)
{
	int e = 0;
	ssize_t n;

	assay_io_close(&pipes->status[1]);
	do {
		n = read(pipes->status[0], &e, sizeof e);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof e ? e : 0;
}

/* assay_helper_child_start - fork, and see that exec worked */
enum assay_status assay_helper_child_start(
    struct assay_helper_child *child, const struct assay_helper_start *start, struct assay_err *err)
{
	bool asks = start->program->mode == ASSAY_PROGRAM_STAY;
	struct pipes pipes;
	pid_t parent = getpid(), pid;
	int e;

	assay_helper_child_init(child);
	pid = open_pipes(&pipes, asks) ? fork() : -1;
	if (pid == 0)
		become_program(start, &pipes, parent);
	e = pid < 0 ? errno : began(&pipes);
	if (pid > 0) {
		child->pid = pid;
		child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		e = e == 0 && child->pidfd < 0 ? errno : e;
	}
	child->ask = steal(&pipes.in[1]);
	child->out = steal(&pipes.out[0]);
	child->err = steal(&pipes.err[0]);
	close_pipes(&pipes);
	if (e == 0)
		return ASSAY_OK;
	(void)assay_helper_child_end(child);
	errno = e;
	return assay_io_fail(err, "cannot be started", "");
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* nap - a millisecond */
static void nap(void)
{
	struct timespec ms = { 0, 1000000 };

	(void)nanosleep(&ms, NULL);
}

/* reap - wait for one that was killed; false when it does not go */
static bool reap(pid_t pid, int *status)
{
	int64_t until_ms = assay_clock_mono_ms() + REAP_MS;
	pid_t got;

	while ((got = waitpid(pid, status, WNOHANG)) != pid) {
		if ((got < 0 && errno != EINTR) || assay_clock_mono_ms() >= until_ms)
			return false;
		nap();
	}
	return true;
}

/* assay_helper_child_end - with its group, which is its own as long as it is not reaped */
int assay_helper_child_end(struct assay_helper_child *child)
{
	int status = SIGKILL;

	if (child->pid > 0) {
		(void)kill(-child->pid, SIGKILL);
		(void)kill(child->pid, SIGKILL);
		if (!reap(child->pid, &status))
			status = SIGKILL;
	}
	assay_io_close(&child->pidfd);
	assay_io_close(&child->ask);
	assay_io_close(&child->out);
	assay_io_close(&child->err);
	child->pid = 0;
	return status;
}

/* ---- strays ---------------------------------------------------------------------------------- */

/* is_kept - a program that stays */
static bool is_kept(const struct assay_helper_family *family, pid_t pid)
{
	for (size_t i = 0; i < family->nkept; i++)
		if (family->kept[i].pid == pid)
			return true;
	return false;
}

/* reap_dead - all that are dead; false when there are no children at all */
static bool reap_dead(struct assay_helper_family *family)
{
	siginfo_t info;

	for (;;) {
		bool ours = false;

		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno != EINTR)
			return false;
		if (info.si_pid == 0)
			return true;
		for (size_t i = 0; i < family->nkept && !ours; i++) {
			ours = family->kept[i].pid == info.si_pid;
			if (ours)
				(void)assay_helper_child_end(&family->kept[i]);
		}
		if (!ours)
			(void)waitpid(info.si_pid, NULL, WNOHANG);
	}
}

/* kill_children - those in /proc that are not kept; false when there is none */
static bool kill_children(const struct assay_helper_family *family)
{
	struct assay_buf buf;
	struct assay_slice rest, word;
	struct assay_err err;
	bool any = false;

	assay_buf_init(&buf, (size_t)1 << 20);
	if (assay_io_read_file("/proc/thread-self/children", &buf, &err) != ASSAY_OK)
		assay_buf_clear(&buf);
	rest = assay_buf_slice(&buf);
	while (assay_slice_split(&rest, ' ', &word)) {
		uint64_t pid;

		if (!assay_slice_u64(word, &pid) || pid <= 1 || pid > INT32_MAX ||
		    is_kept(family, (pid_t)pid))
			continue;
		(void)kill(-(pid_t)pid, SIGKILL);
		any = kill((pid_t)pid, SIGKILL) == 0 || any;
	}
	assay_buf_release(&buf);
	return any;
}

/* newest - the number that a process gets now; 0 when none can be made */
static pid_t newest(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	return pid > 0 ? pid : 0;
}

/* kill_namespace - everybody but us and those that are kept; false when there is nobody. Numbers
 * rise: who is above the last that is kept is a stray. */
static bool kill_namespace(const struct assay_helper_family *family)
{
	pid_t last = 0, next;
	bool any = false;

	for (size_t i = 0; i < family->nkept; i++)
		last = family->kept[i].pid > last ? family->kept[i].pid : last;
	next = last > 0 ? newest() : 0;
	/* Nobody is kept, the numbers began anew, or there are too many to look at each: whoever
	 * was kept goes, too, and is started again when it is needed. */
	if (next <= last || next - last > NUMBERS)
		return kill(-1, SIGKILL) == 0;
	for (pid_t pid = last + 1; pid < next; pid++)
		any = kill(pid, SIGKILL) == 0 || any;
	return any;
}

/* assay_helper_child_sweep - until nobody is left */
bool assay_helper_child_sweep(struct assay_helper_family *family)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (!reap_dead(family))
			return true;
		if (!(family->init ? kill_namespace(family) : kill_children(family)))
			return true;
		if (round > 0)
			nap();
	}
	return false;
}
