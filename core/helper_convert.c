/*
 * core/helper_convert.c - see helper_convert.h. Touches its private directory; the process that
 * watches the program is a fork of the caller and becomes another user first.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "core/child.h"
#include "core/helper_child.h"
#include "core/helper_convert.h"
#include "core/helper_dir.h"
#include "core/sandbox.h"

#define INPUT "input"
#define TIMEOUT_MS (6u * 3600 * 1000)
#define MEMORY ((uint64_t)2 << 30)
#define FILE_MOST ((uint64_t)64 << 30)
#define ROOM_LEAST ((uint64_t)256 << 20) /* bytes that are left to others on the disk */
#define LOOK_MS 500

/* What the watcher tells: how the program ended, and its last words. */
struct told {
	int status;
	char words[200];
};

/* ---- who watches the program ----------------------------------------------------------------- */

/* lower - another user, no network, nothing to gain */
static bool lower(const struct assay_sandbox *sandbox)
{
	struct assay_err err;

	if (sandbox->user_used != NULL)
		(void)unshare(CLONE_NEWNET | CLONE_NEWIPC);
	return assay_sandbox_become(sandbox, &err) == ASSAY_OK && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

/* hear - what the program says; the last of it counts */
static void hear(int fd, struct told *told)
{
	char piece[sizeof told->words];
	ssize_t n = read(fd, piece, sizeof piece - 1);

	if (n <= 0)
		return;
	piece[n] = '\0';
	while (n > 0 && piece[n - 1] == '\n')
		piece[--n] = '\0';
	if (n > 0)
		memcpy(told->words, piece, (size_t)n + 1);
}

/* watch - until the program has ended, or the caller is gone */
static void watch(struct assay_helper_child *child, int line, struct told *told)
{
	struct pollfd at[] = { { child->pidfd, POLLIN, 0 }, { line, POLLIN, 0 },
		{ child->err, POLLIN, 0 }, { child->out, POLLIN, 0 } };

	while (at[0].revents == 0 && at[1].revents == 0) {
		if (poll(at, 4, LOOK_MS) < 0 && errno != EINTR)
			break;
		for (int i = 2; i < 4; i++) {
			if ((at[i].revents & POLLIN) != 0)
				hear(at[i].fd, told);
			else if (at[i].revents != 0)
				at[i].fd = -1;
		}
	}
	hear(child->err, told);
	told->status = assay_helper_child_end(child);
}

/* work - the program, then what it left until the caller lets go */
static int work(const struct assay_helper_conversion *what, int dir, int line)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC",
		"HOME=.", NULL };
	const struct assay_program program = { .name = "convert",
		.mode = ASSAY_PROGRAM_ONCE,
		.argv = what->argv,
		.timeout_ms = TIMEOUT_MS,
		.memory = MEMORY };
	const struct assay_helper_start start = { .path = what->path,
		.program = &program,
		.env = env,
		.dir = dir,
		.in = -1,
		.file_max = FILE_MOST,
		.own_user = what->sandbox->user_used != NULL };
	struct assay_helper_family family = { .init = getpid() == 1 };
	struct assay_helper_child child;
	struct told told = { .status = -1 };
	struct assay_err err;
	char byte;

	assay_helper_child_init(&child);
	if (assay_helper_child_start(&child, &start, &err) == ASSAY_OK)
		watch(&child, line, &told);
	else
		(void)snprintf(told.words, sizeof told.words, "%.190s", err.text);
	(void)assay_helper_child_sweep(&family);
	(void)unlinkat(dir, INPUT, 0);
	/* A caller that is gone does not hear it, nor does it listen below. */
	if (assay_io_write_full(line, &told, sizeof told, &err) != ASSAY_OK)
		told.status = -1;
	while (read(line, &byte, 1) < 0 && errno == EINTR)
		continue;
	assay_helper_dir_empty(dir);
	return 0;
}

/* live - the watcher's side of the fork; does not return */
_Noreturn static void live(const struct assay_helper_conversion *what,
    const struct assay_helper_converted *made, int dir, int line)
{
	/* Whoever stops the caller tells it, not us: we see that it is gone, and clean up. */
	static const int deaf[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGPIPE };
	const int low = line < dir ? line : dir, high = line < dir ? dir : line;
	int code = 70;

	for (size_t i = 0; i < sizeof deaf / sizeof deaf[0]; i++)
		(void)signal(deaf[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)close_range(3, (unsigned)low - 1, 0);
	if (high > low + 1)
		(void)close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	(void)close_range((unsigned)high + 1, ~0U, 0);
	if (lower(what->sandbox))
		code = work(what, dir, line);
	(void)rmdir(made->dir);
	_exit(code);
}

/* ---- the caller ------------------------------------------------------------------------------ */

/* has_room - for others, on the disk of the directory */
static bool has_room(int dir)
{
	struct statvfs disk;

	return fstatvfs(dir, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_LEAST;
}

/* make_dir - private, with the file in it, of the other user */
static enum assay_status make_dir(const struct assay_helper_conversion *what,
    struct assay_helper_converted *made, int *dir, struct assay_err *err)
{
	const struct assay_sandbox *sandbox = what->sandbox;
	enum assay_status st;
	uint64_t n;
	int input;

	if (asprintf(&made->dir, "%s/assay-import.XXXXXX", what->base) < 0)
		ASSAY_BUG("out of memory");
	if (mkdtemp(made->dir) == NULL)
		return assay_io_fail(err, "cannot make a directory in", what->base);
	*dir = open(made->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	input = *dir < 0 ? -1 : openat(*dir, INPUT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (input < 0)
		return assay_io_fail(err, "cannot write into", made->dir);
	st = lseek(what->file, 0, SEEK_SET) == 0
	    ? assay_io_copy(what->file, input, FILE_MOST, &n, err)
	    : assay_io_fail(err, "cannot read", "the file");
	if (st == ASSAY_OK && sandbox->user_used != NULL &&
	    (fchown(input, sandbox->uid, sandbox->gid) != 0 ||
		fchown(*dir, sandbox->uid, sandbox->gid) != 0))
		st = assay_io_fail(err, "cannot give away", made->dir);
	assay_io_close(&input);
	return st;
}

/* split - fork, into a process namespace of its own where we may make one */
static pid_t split(const struct assay_sandbox *sandbox)
{
	pid_t pid = -1;

	if (sandbox->user_used != NULL)
		pid = (pid_t)syscall(
		    SYS_clone, (unsigned long)(CLONE_NEWPID | SIGCHLD), NULL, NULL, NULL, NULL);
	return pid >= 0 ? pid : fork();
}

/* start - the watcher */
static enum assay_status start(const struct assay_helper_conversion *what,
    struct assay_helper_converted *made, int dir, struct assay_err *err)
{
	enum assay_status st = assay_child_alone(err);
	int pair[2];

	if (st != ASSAY_OK)
		return st;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return assay_io_fail(err, "cannot make", "a socket");
	made->pid = split(what->sandbox);
	if (made->pid == 0) {
		(void)close(pair[0]);
		live(what, made, dir, pair[1]);
	}
	(void)close(pair[1]);
	made->line = pair[0];
	return made->pid > 0 ? ASSAY_OK : assay_io_fail(err, "cannot fork for", what->path);
}

/* await - how the program ended */
static enum assay_status await(const struct assay_helper_conversion *what,
    const struct assay_helper_converted *made, int dir, struct assay_err *err)
{
	struct pollfd at[] = { { made->line, POLLIN, 0 }, { what->stop_fd, POLLIN, 0 } };
	struct told told = { .status = -1 };

	while (at[0].revents == 0) {
		if (poll(at, 2, LOOK_MS) < 0 && errno != EINTR)
			break;
		if (at[1].revents != 0)
			return ASSAY_END;
		if (!has_room(dir))
			return assay_err_set(err, ASSAY_E_FULL,
			    "too little room is left in %s; make room, or set TMPDIR", what->base);
	}
	if (assay_io_read_full(made->line, &told, sizeof told, err) != ASSAY_OK)
		return assay_err_set(err, ASSAY_E_DEAD, "%s could not be run", what->path);
	told.words[sizeof told.words - 1] = '\0';
	if (WIFEXITED(told.status) && WEXITSTATUS(told.status) == 0)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_SYNTAX, "%s cannot read it (%s %d)%s%s", what->path,
	    WIFSIGNALED(told.status) ? "signal" : "exit code",
	    WIFSIGNALED(told.status) ? WTERMSIG(told.status) : WEXITSTATUS(told.status),
	    told.words[0] != '\0' ? ": " : "", told.words);
}

/* assay_helper_convert - see helper_convert.h */
enum assay_status assay_helper_convert(const struct assay_helper_conversion *what,
    struct assay_helper_converted *made, struct assay_err *err)
{
	enum assay_status st;
	int dir = -1;

	*made = (struct assay_helper_converted){ .line = -1 };
	st = make_dir(what, made, &dir, err);
	if (st == ASSAY_OK)
		st = start(what, made, dir, err);
	if (st == ASSAY_OK)
		st = await(what, made, dir, err);
	else if (dir >= 0)
		assay_helper_dir_empty(dir);
	if (st != ASSAY_OK)
		assay_helper_converted_release(made);
	assay_io_close(&dir);
	return st;
}

/* assay_helper_converted_release - see helper_convert.h */
void assay_helper_converted_release(struct assay_helper_converted *made)
{
	assay_io_close(&made->line);
	if (made->pid > 0)
		while (waitpid(made->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	/* There still where the other user may not change the directory above it. */
	if (made->dir != NULL)
		(void)rmdir(made->dir);
	free(made->dir);
	*made = (struct assay_helper_converted){ .line = -1 };
}
