/*
 * core/supervise.c - see supervise.h. Forks, execs, waits and kills; writes the pages of its
 * children in the fields that are the starter's. Between fork and exec only what is safe there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/lookup.h"
#include "core/supervise.h"

#define BACK_FIRST_MS 100
#define BACK_MOST_MS 30000
#define GOOD_LIFE_MS 60000
#define LABEL_TEXT 280

/* assay_supervise_init - nobody yet */
void assay_supervise_init(
    struct assay_supervise *sup, const struct assay_supervise_options *options)
{
	memset(sup, 0, sizeof *sup);
	sup->options = *options;
	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++) {
		sup->child[i].slot = i;
		sup->child[i].life = -1;
	}
}

/* label - "door maildir", "master" */
static const char *label(const struct assay_ward *child, char text[LABEL_TEXT])
{
	(void)snprintf(text, LABEL_TEXT, "%s%s%s", child->kind, child->name[0] != '\0' ? " " : "",
	    child->name);
	return text;
}

/* assay_supervise_page - the page of a row */
struct assay_board_slot *assay_supervise_page(
    const struct assay_supervise *sup, const struct assay_ward *child)
{
	return assay_board_slot(sup->options.board, child->slot);
}

/* assay_supervise_up - is it past loading? */
bool assay_supervise_up(const struct assay_supervise *sup, const struct assay_ward *child)
{
	uint32_t state = assay_supervise_page(sup, child)->state;

	return child->pid > 0 && state != ASSAY_BOARD_STARTING && state != ASSAY_BOARD_DOWN;
}

/* assay_supervise_listener - see supervise.h */
const char *assay_supervise_listener(const struct assay_ward *child)
{
	if (strcmp(child->kind, "lookup") == 0)
		return ASSAY_LOOKUP_LISTENER;
	return strcmp(child->kind, "door") == 0 ? child->name : NULL;
}

/* assay_supervise_find - by kind and name */
struct assay_ward *assay_supervise_find(
    struct assay_supervise *sup, const char *kind, const char *name, uint32_t generation)
{
	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++) {
		struct assay_ward *c = &sup->child[i];

		if (strcmp(c->kind, kind) == 0 && strcmp(c->name, name) == 0 &&
		    (generation == 0 || c->generation == generation))
			return c;
	}
	return NULL;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* board_kind - what the scoreboard calls it */
static enum assay_board_kind board_kind(const char *kind)
{
	static const struct {
		const char *name;
		enum assay_board_kind kind;
	} table[] = { { "janitor", ASSAY_BOARD_JANITOR }, { "master", ASSAY_BOARD_MASTER },
		{ "door", ASSAY_BOARD_DOOR }, { "rescan", ASSAY_BOARD_DOOR },
		{ "connector", ASSAY_BOARD_DRAIN }, { "archiver", ASSAY_BOARD_DRAIN },
		{ "metrics", ASSAY_BOARD_METRICS }, { "lookup", ASSAY_BOARD_LOOKUP } };

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(kind, table[i].name) == 0)
			return table[i].kind;
	return ASSAY_BOARD_NONE;
}

/* slot_for - 0: there is none */
static unsigned slot_for(const struct assay_supervise *sup, const char *kind, uint32_t generation)
{
	unsigned first = ASSAY_SLOT_FREE, end = ASSAY_SLOT_CHECK;

	if (strcmp(kind, "janitor") == 0)
		first = ASSAY_SLOT_JANITOR, end = first + 1;
	else if (strcmp(kind, "master") == 0)
		first = ASSAY_SLOT_MASTER + (generation % 2 == 0 ? 1 : 0), end = first + 1;
	else if (strcmp(kind, "check") == 0)
		first = ASSAY_SLOT_CHECK, end = first + 1;
	for (; first < end; first++)
		if (sup->child[first].kind[0] == '\0')
			return first;
	return 0;
}

/* assay_supervise_add - one more row */
struct assay_ward *assay_supervise_add(struct assay_supervise *sup, const char *kind,
    const char *name, uint32_t generation, struct assay_err *err)
{
	unsigned slot = slot_for(sup, kind, generation);
	struct assay_board_slot *page;
	struct assay_ward *c;

	if (slot == 0) {
		(void)assay_err_set(err, ASSAY_E_CONF,
		    "%s %s: too many providers, connectors and archivers; %u can run", kind, name,
		    ASSAY_SLOT_CHECK - ASSAY_SLOT_FREE - 1);
		return NULL;
	}
	c = &sup->child[slot];
	*c = (struct assay_ward){ .slot = slot, .generation = generation, .wanted = true };
	(void)snprintf(c->kind, sizeof c->kind, "%s", kind);
	(void)snprintf(c->name, sizeof c->name, "%s", name);
	c->life = c->code = -1;
	c->back_ms = BACK_FIRST_MS;
	page = assay_supervise_page(sup, c);
	memset(page, 0, sizeof *page);
	(void)snprintf(
	    page->name, sizeof page->name, "%s", strcmp(kind, "rescan") == 0 ? "rescan" : c->name);
	page->kind = board_kind(kind);
	return c;
}

/* assay_supervise_remove - as if it had never been */
void assay_supervise_remove(struct assay_supervise *sup, struct assay_ward *child)
{
	struct assay_board_slot *page = assay_supervise_page(sup, child);

	ASSAY_ASSERT(child->pid == 0);
	assay_io_close(&child->life);
	memset(page, 0, sizeof *page);
	*child = (struct assay_ward){ .slot = child->slot, .life = -1 };
}

/* assay_supervise_again - wanted once more */
void assay_supervise_again(struct assay_ward *child, uint32_t generation)
{
	ASSAY_ASSERT(child->pid == 0);
	child->generation = generation;
	child->wanted = true;
	child->leaving = false;
	child->again_ms = 0;
	child->back_ms = BACK_FIRST_MS;
	child->code = -1;
}

/* assay_supervise_leave - it hears that through its lifeline */
void assay_supervise_leave(struct assay_supervise *sup, struct assay_ward *child, int64_t within_ms)
{
	int64_t kill_ms = assay_clock_mono_ms() + within_ms;

	(void)sup;
	child->wanted = false;
	if (!child->leaving || kill_ms < child->kill_ms)
		child->kill_ms = kill_ms;
	child->leaving = true;
	assay_io_close(&child->life);
}

/* ---- starting -------------------------------------------------------------------------------- */

/* become_child - between fork and exec; never returns */
static _Noreturn void become_child(const char *program, char **argv, const struct assay_role *role)
{
	const int inherited[] = { role->life, role->board_fd, role->inline_sock, role->bulk_sock,
		role->out_fd };
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A terminal's interrupt goes to all of us; only the parent heeds it. */
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++)
		if (inherited[i] >= 0)
			(void)fcntl(inherited[i], F_SETFD, 0);
	for (size_t i = 0; i < role->nsock; i++)
		(void)fcntl(role->sock[i], F_SETFD, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv(program, argv);
	_exit(EX_OSERR);
}

/* own_program - where this program lies, so that after an upgrade the new one is run; the old one
 * as long as there is none */
static const char *own_program(void)
{
	static char path[PATH_MAX];
	ssize_t n;

	if (path[0] == '\0') {
		n = readlink("/proc/self/exe", path, sizeof path - 1);
		path[n > 0 ? n : 0] = '\0';
	}
	return path[0] != '\0' && access(path, X_OK) == 0 ? path : "/proc/self/exe";
}

/* fill_args - the command line of a child */
static char **fill_args(
    struct assay_arena *arena, const struct assay_supervise_options *options, const char *role)
{
	const char *const *globals = options->child_args;
	size_t room = 6, n = 0;
	char **argv;

	while (globals != NULL && globals[room - 6] != NULL)
		room++;
	argv = assay_arena_calloc(arena, room, sizeof *argv);

	/* The role first: that is what ps(1) shows. */
	argv[n++] = assay_arena_strdup(arena, "assay");
	argv[n++] = assay_arena_strdup(arena, "serve");
	argv[n++] = assay_arena_strdup(arena, "--as");
	argv[n++] = assay_arena_strdup(arena, role);
	if (options->no_sandbox)
		argv[n++] = assay_arena_strdup(arena, "--no-sandbox");
	for (; globals != NULL && *globals != NULL; globals++)
		argv[n++] = assay_arena_strdup(arena, *globals);
	return argv;
}

/* spawn - fork and exec with this lifeline; 0 when that fails */
static pid_t spawn(struct assay_supervise *sup, const struct assay_ward *child, int life)
{
	const struct assay_supervise_options *o = &sup->options;
	bool master = strcmp(child->kind, "master") == 0;
	struct assay_arena *arena = assay_arena_new();
	struct assay_role role = { .kind = child->kind, .name = child->name, .slot = child->slot };
	char **argv;
	pid_t pid;

	role.generation = child->generation;
	role.life = life;
	role.board_fd = o->board->fd;
	role.inline_sock = master ? o->inline_sock : -1;
	role.bulk_sock = master ? o->bulk_sock : -1;
	role.out_fd = strcmp(child->kind, "check") == 0 ? o->check_out : -1;
	if (assay_supervise_listener(child) != NULL && o->listens != NULL)
		role.nsock =
		    assay_listens_of(o->listens, assay_supervise_listener(child), role.sock);
	role.config_sha256 = sup->config_sha256;
	role.to_syslog = o->to_syslog;
	role.told_user = o->user != NULL;
	role.uid = o->user != NULL ? o->user->uid : 0;
	role.gid = o->user != NULL ? o->user->gid : 0;
	argv = fill_args(arena, o, assay_role_format(arena, &role));
	pid = fork();
	if (pid == 0)
		become_child(o->program != NULL ? o->program : own_program(), argv, &role);
	assay_arena_free(&arena);
	return pid > 0 ? pid : 0;
}

/* back_off - the next start, later each time */
static void back_off(struct assay_ward *child, int64_t now)
{
	if (child->started_ms > 0 && now - child->started_ms >= GOOD_LIFE_MS)
		child->back_ms = BACK_FIRST_MS;
	child->again_ms = now + child->back_ms;
	child->back_ms = child->back_ms * 2 < BACK_MOST_MS ? child->back_ms * 2 : BACK_MOST_MS;
}

/* start - a process for this row */
static void start(struct assay_supervise *sup, struct assay_ward *child, int64_t now)
{
	struct assay_board_slot *page = assay_supervise_page(sup, child);
	int line[2] = { -1, -1 };
	char text[160], who[LABEL_TEXT];

	child->starts++;
	child->started_ms = now;
	child->code = -1;
	page->generation = child->generation;
	page->starts = child->starts;
	page->started_ms = now;
	page->again_ms = 0;
	assay_board_set_state(page, ASSAY_BOARD_STARTING);
	if (pipe2(line, O_CLOEXEC) == 0)
		child->pid = spawn(sup, child, line[0]);
	if (child->pid == 0) {
		(void)snprintf(text, sizeof text, "cannot be started: %s", strerror(errno));
		assay_log(ASSAY_LOG_ERROR, "%s %s", label(child, who), text);
		assay_board_set_error(page, text);
		assay_board_set_state(page, ASSAY_BOARD_DOWN);
		assay_io_close(&line[1]);
		child->code = EX_OSERR;
		back_off(child, now);
		page->again_ms = child->again_ms;
	}
	page->pid = child->pid;
	child->wanted = strcmp(child->kind, "check") != 0;
	child->life = line[1];
	assay_io_close(&line[0]);
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* clear_scans - the scan processes of a master died with it */
static void clear_scans(struct assay_supervise *sup, uint32_t generation)
{
	unsigned first = assay_board_scan_slot(generation);

	for (unsigned i = first; i < first + ASSAY_BOARD_SCANS; i++) {
		struct assay_board_slot *page = assay_board_slot(sup->options.board, i);

		if (page->kind == ASSAY_BOARD_NONE)
			continue;
		page->pid = 0;
		page->deadline_ms = page->worker_ms = 0;
		assay_board_set_state(page, ASSAY_BOARD_DOWN);
	}
}

/* describe_end - "was killed by signal 9 (Killed)" */
static void describe_end(int code, char *text, size_t size)
{
	if (code > 128)
		(void)snprintf(
		    text, size, "was killed by signal %d (%s)", code - 128, strsignal(code - 128));
	else
		(void)snprintf(text, size, "ended with exit code %d", code);
}

/* note_crash - of one that nobody had asked to go */
static void note_crash(struct assay_supervise *sup, struct assay_ward *child, int64_t now)
{
	struct assay_board_slot *page = assay_supervise_page(sup, child);
	int64_t lived = now - child->started_ms;
	char text[160], who[LABEL_TEXT];

	child->crashes++;
	describe_end(child->code, text, sizeof text);
	/* What it said itself before it went is better. */
	if (child->code > 128 || page->error[0] == '\0' ||
	    page->error_wall_ms + lived + 1000 < assay_clock_wall_ms())
		assay_board_set_error(page, text);
	page->crashes = child->crashes;
	back_off(child, now);
	if (sup->options.died != NULL)
		sup->options.died(sup->options.arg, child);
	page->again_ms = child->wanted ? child->again_ms : 0;
	if (child->code != ASSAY_ROLE_CHANGED && child->wanted && !sup->over)
		assay_log(ASSAY_LOG_ERROR, "%s %s; again in %lld ms", label(child, who), text,
		    (long long)(child->again_ms - now));
}

/* bury - a process that was waited for */
static void bury(struct assay_supervise *sup, pid_t pid, int status, int64_t now)
{
	struct assay_board_slot *page;
	struct assay_ward *c = NULL;

	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++)
		if (sup->child[i].pid == pid)
			c = &sup->child[i];
	if (c == NULL)
		return;
	page = assay_supervise_page(sup, c);
	c->pid = 0;
	c->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	assay_io_close(&c->life);
	page->pid = 0;
	assay_board_set_state(page, ASSAY_BOARD_DOWN);
	if (strcmp(c->kind, "master") == 0)
		clear_scans(sup, c->generation);
	if (c->wanted)
		note_crash(sup, c, now);
}

/* end_by_force - once; one that sleeps in the kernel goes when it wakes */
static void end_by_force(struct assay_ward *child)
{
	char who[LABEL_TEXT];

	assay_log(ASSAY_LOG_WARNING, "%s does not end in its time: killed", label(child, who));
	(void)kill(child->pid, SIGKILL);
	child->kill_ms = INT64_MAX;
}

/* due - the nearer of two times */
static int64_t due(int64_t wait, int64_t at, int64_t now)
{
	int64_t left = at > now ? at - now : 0;

	return wait < 0 || left < wait ? left : wait;
}

/* assay_supervise_tick - one round */
int64_t assay_supervise_tick(struct assay_supervise *sup)
{
	int64_t now = assay_clock_mono_ms(), wait = -1;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		bury(sup, pid, status, now);
	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++) {
		struct assay_ward *c = &sup->child[i];

		if (c->kind[0] == '\0')
			continue;
		if (c->wanted && c->pid == 0 && !sup->over && c->again_ms <= now)
			start(sup, c, now);
		if (c->wanted && c->pid == 0 && !sup->over)
			wait = due(wait, c->again_ms, now);
		if (c->leaving && c->pid > 0 && c->kill_ms <= now)
			end_by_force(c);
		if (c->leaving && c->pid > 0 && c->kill_ms < INT64_MAX)
			wait = due(wait, c->kill_ms, now);
	}
	return wait;
}

/* ---- the background -------------------------------------------------------------------------- */

/* hear - what the other says of its start; it may also just die */
static int hear(int fd, pid_t pid)
{
	struct assay_err err;
	int code, status;

	if (assay_io_read_full(fd, &code, sizeof code, &err) == ASSAY_OK)
		return code;
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	return EX_SOFTWARE;
}

/* assay_supervise_detach - two processes, of which one waits for the other's start */
enum assay_status assay_supervise_detach(int *code, int *tell, struct assay_err *err)
{
	int line[2];
	pid_t pid;

	if (pipe2(line, O_CLOEXEC) != 0)
		return assay_io_fail(err, "cannot make", "a pipe");
	pid = fork();
	if (pid < 0)
		return assay_io_fail(err, "cannot make", "a process");
	if (pid > 0) {
		assay_io_close(&line[1]);
		*code = hear(line[0], pid);
		assay_io_close(&line[0]);
		return ASSAY_OK;
	}
	assay_io_close(&line[0]);
	(void)setsid();
	*tell = line[1];
	*code = -1;
	return ASSAY_OK;
}
