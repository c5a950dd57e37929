/*
 * core/helper.c - see helper.h. Reads the tables, looks programs and hosts up, forks helpers. Makes
 * and removes private directories; finds and removes those that killed helpers left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/helper.h"
#include "core/helper_dir.h"
#include "core/helper_serve.h"
#include "core/helper_socket.h"
#include "core/host.h"
#include "core/sandbox.h"

#define ASK_MAX 4096u
#define ROOM ((uint64_t)256 << 20)
#define DIR_PREFIX "assay-programs."
#define LAST_WORDS_S 5 /* for a helper whose parent is gone */

/* ---- the table ------------------------------------------------------------------------------- */

/* is_variable - a name that a program may be told a value by */
static bool is_variable(const char *name)
{
	if (strncmp(name, "ASSAY_", 6) != 0 || strcmp(name, "ASSAY_OUT") == 0)
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!assay_ascii_is_alnum(*p) && *p != '_')
			return false;
	return strlen(name) < 64;
}

/* wrong_in - what its mode needs and it has not; NULL when all is right */
static const char *wrong_in(const struct assay_program *p)
{
	size_t n = 0;

	for (; p->env != NULL && p->env[n] != NULL; n++)
		if (!is_variable(p->env[n]))
			return "a variable whose name is not ASSAY_...";
	if (n > ASSAY_HELPER_VALUES)
		return "too many variables";
	if (p->mode == ASSAY_PROGRAM_SOCKET)
		return NULL;
	if (p->argv == NULL || p->argv[0] == NULL || p->argv[0][0] == '\0')
		return "no program";
	if (p->argv[0][0] != '/' && strchr(p->argv[0], '/') != NULL)
		return "a program whose name is not absolute";
	if (p->mode != ASSAY_PROGRAM_STAY)
		return NULL;
	if (n > 0 || p->ask == NULL || p->marker == NULL || p->marker[0] == '\0' ||
	    strlen(p->ask) + 20 > ASK_MAX)
		return "a program that stays, without a question and the end of its answer";
	return NULL;
}

/* fill_in - the defaults */
static void fill_in(struct assay_program *p)
{
	p->timeout_ms = p->timeout_ms > 0 ? p->timeout_ms : 10000;
	p->memory = p->memory > 0 ? p->memory : (uint64_t)1 << 30;
	p->output_max = p->output_max > 0 ? p->output_max : (uint64_t)1 << 20;
	p->files_bytes = p->files_bytes > 0 ? p->files_bytes : (uint64_t)64 << 20;
	p->file = p->file || p->mode == ASSAY_PROGRAM_STAY;
}

/* is_program - a file that may be executed */
static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* assay_helper_look_up - see helper.h */
const char *assay_helper_look_up(struct assay_arena *arena, const char *name)
{
	const char *path = getenv("PATH");
	struct assay_slice rest, dir;

	if (name[0] == '/')
		return is_program(name) ? name : NULL;
	rest = assay_slice_str(path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
	while (assay_slice_split(&rest, ':', &dir)) {
		const char *file = assay_arena_printf(arena, "%.*s/%s", (int)dir.n, dir.p, name);

		if (file[0] == '/' && is_program(file))
			return file;
	}
	return NULL;
}

/* find - the program or service of a row; one that is not there is told and kept as such */
static enum assay_status find(
    struct assay_helper *helper, struct assay_helper_entry *entry, struct assay_err *err)
{
	const struct assay_program *p = &entry->program;
	enum assay_status st;

	if (p->mode == ASSAY_PROGRAM_SOCKET) {
		st = assay_helper_socket_find(entry, err);
		if (st == ASSAY_E_NOENT)
			assay_log(ASSAY_LOG_WARNING, "%s: %s; its results will be missing",
			    entry->loaded->name, err->text);
		return st == ASSAY_E_NOENT ? ASSAY_OK : st;
	}
	entry->path = assay_helper_look_up(helper->arena, p->argv[0]);
	if (entry->path == NULL)
		assay_log(ASSAY_LOG_WARNING,
		    "%s: the program %s is not there; its results will be missing until it is "
		    "installed and assay started anew",
		    entry->loaded->name, p->argv[0]);
	return ASSAY_OK;
}

/* add - a row of a plugin's table */
static enum assay_status add(struct assay_helper *helper, const struct assay_loaded *loaded,
    const struct assay_program *program, struct assay_err *err)
{
	struct assay_helper_entry *entry = &helper->entry[helper->n];
	const char *wrong = wrong_in(program);
	enum assay_status st;

	if (helper->n == ASSAY_HELPER_PROGRAMS)
		return assay_err_set(err, ASSAY_E_CONF, "more than %u programs; load fewer plugins",
		    ASSAY_HELPER_PROGRAMS);
	if (wrong != NULL)
		return assay_err_set(err, ASSAY_E_PLUGIN,
		    "plugin %s: its program \"%s\" has %s; the plugin must be mended", loaded->name,
		    program->name, wrong);
	*entry = (struct assay_helper_entry){ .loaded = loaded, .program = *program };
	fill_in(&entry->program);
	helper->network = helper->network || program->network;
	st = find(helper, entry, err);
	if (st != ASSAY_OK) {
		assay_err_prefix(err, "plugin %s: program \"%s\"", loaded->name, program->name);
		return st;
	}
	/* A Unix socket is reached without a network. */
	helper->network =
	    helper->network || (entry->address_size > 0 && entry->address.ss_family != AF_UNIX);
	helper->n++;
	return ASSAY_OK;
}

/* ---- where private directories are ----------------------------------------------------------- */

/* reaches - may another user go there: each directory on the way lets everybody pass */
static bool reaches(struct assay_arena *arena, const char *dir)
{
	char *path = assay_arena_strdup(arena, dir);

	for (char *p = path + strlen(path); p > path; p--) {
		struct stat st;

		if (*p != '/' && *p != '\0')
			continue;
		*p = '\0';
		if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || (st.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

/* has_room - for a few payloads and what is made of them */
static bool has_room(const char *dir)
{
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= ROOM;
}

/* choose_base - the first that will do, in memory where that is large enough; NULL: none */
static const char *choose_base(
    struct assay_arena *arena, const struct assay_sandbox *sandbox, const char *run_dir)
{
	const char *const dirs[] = { getenv("TMPDIR"), run_dir, "/dev/shm", "/tmp", "/var/tmp" };
	const char *found = NULL;

	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		if (dirs[i] == NULL || dirs[i][0] != '/' || access(dirs[i], W_OK | X_OK) != 0 ||
		    (sandbox->user_used != NULL && !reaches(arena, dirs[i])))
			continue;
		if (found == NULL || has_room(dirs[i]))
			found = dirs[i];
		if (has_room(dirs[i]))
			break;
	}
	return found != NULL ? assay_arena_strdup(arena, found) : NULL;
}

/* remove_stale - a directory of ours whose helper was killed: nobody holds its lock */
static void remove_stale(int base, const char *name, uid_t owner)
{
	int dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir >= 0 && fstat(dir, &st) == 0 && st.st_uid == owner &&
	    flock(dir, LOCK_EX | LOCK_NB) == 0)
		assay_helper_dir_remove(base, name);
	assay_io_close(&dir);
}

/* tidy - what killed helpers left; once, at start */
static void tidy(const struct assay_helper *helper)
{
	const struct assay_sandbox *sandbox = helper->sandbox;
	DIR *list = helper->base != NULL ? opendir(helper->base) : NULL;
	const struct dirent *entry;

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (strncmp(entry->d_name, DIR_PREFIX, strlen(DIR_PREFIX)) == 0)
			remove_stale(dirfd(list), entry->d_name,
			    sandbox->user_used != NULL ? sandbox->uid : geteuid());
	if (list != NULL)
		(void)closedir(list);
}

/* ---- the helper, before it is forked --------------------------------------------------------- */

/* tell - what may be run, and as whom */
static void tell(const struct assay_helper *helper)
{
	const char *user = helper->sandbox->user_used;
	struct assay_buf text;

	assay_buf_init(&text, 800);
	for (size_t i = 0; i < helper->n; i++) {
		const struct assay_helper_entry *entry = &helper->entry[i];
		const char *what = entry->path;

		if (entry->program.mode == ASSAY_PROGRAM_SOCKET)
			what = entry->program.address;
		if (what != NULL)
			(void)assay_buf_printf(
			    &text, "%s%s: %s", text.n > 0 ? ", " : "", entry->loaded->name, what);
	}
	if (text.n > 0)
		assay_log(ASSAY_LOG_INFO, "programs: %s; as %s, %s, in %s", text.p,
		    user != NULL ? user : "whoever started assay",
		    user != NULL && !helper->network ? "without a network" : "with the network",
		    helper->base != NULL ? helper->base : "no directory");
	assay_buf_release(&text);
}

/* assay_helper_new - all tables */
enum assay_status assay_helper_new(const struct assay_host *host,
    const struct assay_sandbox *sandbox, const char *run_dir, struct assay_helper **helper,
    struct assay_err *err)
{
	struct assay_helper *h = assay_xcalloc(1, sizeof *h);
	const struct assay_loaded *loaded;
	enum assay_status st = ASSAY_OK;

	*helper = NULL;
	h->arena = assay_arena_new();
	h->sandbox = sandbox;
	assay_wire_init(&h->line, -1);
	for (size_t i = 0; st == ASSAY_OK && (loaded = assay_host_at(host, i)) != NULL; i++) {
		const struct assay_program *p = NULL;

		if (loaded->plugin->programs != NULL)
			p = loaded->plugin->programs(loaded->state);
		for (; p != NULL && p->name != NULL && st == ASSAY_OK; p++)
			st = add(h, loaded, p, err);
	}
	if (st == ASSAY_OK && h->n > 0) {
		h->base = choose_base(h->arena, sandbox, run_dir);
		tidy(h);
		tell(h);
		*helper = h;
		return ASSAY_OK;
	}
	assay_helper_free(&h);
	return st;
}

/* assay_helper_free - hangs up, too */
void assay_helper_free(struct assay_helper **helper)
{
	if (*helper == NULL)
		return;
	assay_wire_release(&(*helper)->line);
	assay_arena_free(&(*helper)->arena);
	free(*helper);
	*helper = NULL;
}

/* make_dir - private, and locked for as long as the helper lives */
static enum assay_status make_dir(
    const struct assay_helper *helper, char **path, int *dir, struct assay_err *err)
{
	const struct assay_sandbox *sandbox = helper->sandbox;
	char *made = NULL;

	*path = NULL;
	*dir = -1;
	if (helper->base == NULL)
		return assay_err_set(err, ASSAY_E_IO,
		    "there is no directory that programs could work in; make /tmp writable");
	if (asprintf(&made, "%s/" DIR_PREFIX "XXXXXX", helper->base) < 0)
		ASSAY_BUG("out of memory");
	if (mkdtemp(made) == NULL) {
		(void)assay_io_fail(err, "cannot make a directory in", helper->base);
		free(made);
		return err->code;
	}
	*path = made;
	*dir = open(made, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*dir < 0 || flock(*dir, LOCK_EX | LOCK_NB) != 0 ||
	    (sandbox->user_used != NULL && fchown(*dir, sandbox->uid, sandbox->gid) != 0))
		return assay_io_fail(err, "cannot use the directory", made);
	return ASSAY_OK;
}

/* drop_dir - what make_dir made */
static void drop_dir(char **path)
{
	char *slash = *path != NULL ? strrchr(*path, '/') : NULL;
	int base;

	if (slash == NULL)
		return;
	*slash = '\0';
	base = open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0)
		assay_helper_dir_remove(base, slash + 1);
	assay_io_close(&base);
	free(*path);
	*path = NULL;
}

/* ---- the helper's own process ---------------------------------------------------------------- */

/* leave_soon - the parent is gone, so the scan process is, and we leave; if not, then so */
static void leave_soon(int number)
{
	if (number == SIGALRM)
		_exit(70);
	(void)alarm(LAST_WORDS_S);
}

/* settle - signals, and no descriptor but two and standard error */
static void settle(int line, int dir)
{
	static const int deaf[] = { SIGINT, SIGQUIT, SIGHUP, SIGPIPE };
	int low = line < dir ? line : dir, high = line < dir ? dir : line;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	(void)dup2(null, 0);
	(void)dup2(null, 1);
	if (low > 3)
		(void)close_range(3, (unsigned)low - 1, 0);
	if (high > low + 1)
		(void)close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	(void)close_range((unsigned)high + 1, ~0U, 0);
	/* The parent decides; programs have sessions of their own. */
	for (size_t i = 0; i < sizeof deaf / sizeof deaf[0]; i++)
		(void)signal(deaf[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGTERM, leave_soon);
	(void)signal(SIGALRM, leave_soon);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* lower - another user, an empty network, nothing to gain; false when that cannot be had */
static bool lower(const struct assay_helper *helper)
{
	struct assay_err err;

	if (!helper->network && helper->sandbox->user_used != NULL && unshare(CLONE_NEWNET) != 0)
		assay_log(ASSAY_LOG_INFO, "programs can reach the network: %s", strerror(errno));
	(void)unshare(CLONE_NEWIPC);
	if (assay_sandbox_become(helper->sandbox, &err) != ASSAY_OK) {
		assay_log(ASSAY_LOG_ERROR, "programs: %s", err.text);
		return false;
	}
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 &&
	    assay_sandbox_limit(RLIMIT_CORE, 0);
}

/* live - the child's side of the fork */
_Noreturn static void live(const struct assay_helper_place *place)
{
	settle(place->line, place->dir);
	(void)prctl(PR_SET_NAME, "assay-helper");
	_exit(lower(place->helper) ? assay_helper_serve(place) : 70);
}

/* split - fork, into a process namespace of its own where we may make one */
static pid_t split(const struct assay_helper *helper, bool *init)
{
	pid_t pid = -1;

	*init = helper->sandbox->user_used != NULL;
	if (*init)
		pid = (pid_t)syscall(
		    SYS_clone, (unsigned long)(CLONE_NEWPID | SIGCHLD), NULL, NULL, NULL, NULL);
	if (pid >= 0)
		return pid;
	*init = false;
	return fork();
}

/* assay_helper_start - a directory, a line, a process */
enum assay_status assay_helper_start(struct assay_helper *helper,
    struct assay_helper_process *process, int *sock, struct assay_err *err)
{
	struct assay_helper_place place = { .helper = helper, .dir = -1 };
	int pair[2] = { -1, -1 };
	enum assay_status st;

	*sock = -1;
	process->pid = 0;
	st = make_dir(helper, &process->dir, &place.dir, err);
	if (st == ASSAY_OK && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		st = assay_io_fail(err, "cannot make a socket", "");
	if (st == ASSAY_OK) {
		place.line = pair[1];
		place.path = process->dir;
		process->pid = split(helper, &place.init);
		if (process->pid == 0) {
			assay_io_close(&pair[0]);
			live(&place);
		}
		if (process->pid < 0)
			st = assay_io_fail(err, "cannot fork a helper", "");
	}
	assay_io_close(&place.dir);
	assay_io_close(&pair[1]);
	*sock = pair[0];
	if (st != ASSAY_OK) {
		assay_io_close(sock);
		process->pid = 0;
		drop_dir(&process->dir);
	}
	return st;
}

/* assay_helper_attach - the scan process' end */
void assay_helper_attach(struct assay_helper *helper, int sock)
{
	assay_wire_release(&helper->line);
	assay_wire_init(&helper->line, sock);
	helper->lost = false;
}

/* assay_helper_end - it leaves by itself, or is killed */
void assay_helper_end(struct assay_helper_process *process, int64_t patience_ms)
{
	int64_t until_ms = assay_clock_mono_ms() + patience_ms;
	struct timespec nap = { 0, 1000000 };

	while (process->pid > 0) {
		pid_t got = waitpid(process->pid, NULL, WNOHANG);

		if (got == process->pid || (got < 0 && errno != EINTR)) {
			process->pid = 0;
		} else if (assay_clock_mono_ms() >= until_ms) {
			(void)kill(process->pid, SIGKILL);
			until_ms = INT64_MAX;
		} else {
			(void)nanosleep(&nap, NULL);
		}
	}
	drop_dir(&process->dir);
}
