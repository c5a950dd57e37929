/*
 * core/master.c - see master.h. Touches its scan processes, their pages of the scoreboard and the
 * listening sockets, which it only hands on. Never reads mail; what a page says was perhaps written
 * by a mail: it decides when that process is killed and what is logged, nothing else, and what must
 * not depend on it goes by the master's own clock.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/child.h"
#include "core/lookout.h"
#include "core/master.h"
#include "core/scanproc.h"
#include "core/setup.h"
#include "core/tally.h"

#define TICK_MS 500
#define BUSY_TICK_MS 20 /* while something is waited for */
#define LATE_MS 5000    /* behind the deadline that the page tells */
#define SLACK_MS 10000  /* behind the longest that any mail may take */
#define WAIT_LEAST_MS 100
#define WAIT_MOST_MS 30000
#define HELPER_MS 1000   /* for a helper that has lost its scan process */
#define SETTLED_MS 60000 /* a process that lived so long was not stillborn */
#define LOOKOUT_MS 2000  /* between looks at what is loaded */
/* Whatever its page says: so long may a process live that a mail perhaps owns. */
#define AGE_MS 3600000

/* One scan process and its place on the board. */
struct scan {
	pid_t pid; /* 0: none */
	int life;  /* our end of its pipe */
	unsigned slot;
	bool bulk;
	unsigned starts, crashes;
	int64_t started_ms;
	int64_t again_ms, wait_ms; /* when it is started again, and after which pause */
	uint64_t mails_before;     /* on the page, when it was started */
	int64_t error_wall_ms;     /* likewise */
	/* By our own clock: since when its page has said the same of a mail in work; 0: idle. */
	int64_t same_ms;
	uint64_t same_mails;
	char same_id[40];
	struct assay_helper_process helper;
	int64_t told_ms;    /* since when it knows that it shall go; 0: it may stay */
	const char *killed; /* why we did; NULL: we did not */
};

struct master {
	struct assay_role *role;
	struct assay_setup setup;
	struct assay_scanproc_options scanproc;
	struct assay_child_fds own; /* what every scan process inherits */
	struct scan *scan;
	unsigned n;
	int signals;
	int64_t begun_ms, longest_ms, leave_ms; /* leave_ms: the end of patience; 0: stay */
	int64_t lookout_ms;                     /* the last look */
	bool ready, told_weaker;
	char told[400]; /* the last complaint: once is enough */
};

/* ---- pages ----------------------------------------------------------------------------------- */

/* page_of - to write to */
static struct assay_board_slot *page_of(const struct master *m, const struct scan *s)
{
	return assay_board_slot(&m->role->board, s->slot);
}

/* put_head - what is ours to say; again and again, since the process can write there as well */
static void put_head(const struct master *m, const struct scan *s)
{
	struct assay_board_slot *page = page_of(m, s);

	page->kind = ASSAY_BOARD_SCAN;
	page->pid = s->pid;
	page->generation = m->role->generation;
	page->starts = s->starts;
	page->crashes = s->crashes;
	page->started_ms = s->started_ms;
	page->again_ms = s->pid == 0 ? s->again_ms : 0;
}

/* complain - in the log and on our page, once per change */
static void complain(struct master *m, const char *text)
{
	if (strncmp(m->told, text, sizeof m->told - 1) == 0)
		return;
	(void)snprintf(m->told, sizeof m->told, "%s", text);
	assay_board_set_error(m->role->page, text);
	assay_log(ASSAY_LOG_ERROR, "%s", text);
}

/* ---- starting -------------------------------------------------------------------------------- */

/* live - the child's side of the fork; does not return */
_Noreturn static void live(
    struct master *m, const struct scan *s, int life, int helper, pid_t parent)
{
	struct assay_scanproc_place place = { .inline_sock = m->role->inline_sock,
		.bulk_sock = s->bulk ? m->role->bulk_sock : -1,
		.life = life };
	struct assay_child_fds own = m->own;
	struct assay_err err;

	assay_child_add_fd(&own, place.inline_sock);
	assay_child_add_fd(&own, place.bulk_sock);
	assay_child_add_fd(&own, life);
	assay_child_add_fd(&own, helper);
	assay_child_add_fd(&own, m->role->board.fd);
	assay_child_begin(parent, &own);
	(void)signal(SIGCHLD, SIG_DFL);
	if (assay_board_map_slot(m->role->board.fd, s->slot, &place.page, &err) != ASSAY_OK)
		_exit(EX_SOFTWARE);
	/* Who is ready has a number: the master may come later. */
	place.page->pid = getpid();
	/* The mapping of all pages is not here: what lies at its address is another's. */
	assay_io_close(&m->role->board.fd);
	if (helper >= 0)
		assay_helper_attach(m->setup.helper, helper);
	_exit(assay_scanproc_serve(&m->scanproc, &place));
}

/* start_helper - the scan process' end of a line to a new helper. Without one the programs' results
 * are missing, and each report says so: that is no reason not to scan. */
static int start_helper(struct master *m, struct scan *s)
{
	struct assay_err err;
	int sock = -1;

	if (m->setup.helper != NULL &&
	    assay_helper_start(m->setup.helper, &s->helper, &sock, &err) != ASSAY_OK) {
		assay_err_prefix(&err, "programs cannot be run");
		complain(m, err.text);
	}
	return sock;
}

/* fork_scan - a process, its helper and the pipe to it */
static enum assay_status fork_scan(struct master *m, struct scan *s, struct assay_err *err)
{
	enum assay_status st = assay_child_alone(err);
	pid_t parent = getpid();
	int life[2], helper;

	if (st != ASSAY_OK)
		return st;
	if (pipe2(life, O_CLOEXEC) != 0)
		return assay_io_fail(err, "cannot make a pipe", "");
	helper = start_helper(m, s);
	s->pid = fork();
	if (s->pid == 0)
		live(m, s, life[0], helper, parent);
	if (s->pid < 0)
		st = assay_io_fail(err, "cannot fork a scan process", "");
	assay_io_close(&helper);
	assay_io_close(&life[0]);
	if (st != ASSAY_OK) {
		s->pid = 0;
		assay_io_close(&life[1]);
		assay_helper_end(&s->helper, HELPER_MS);
	}
	s->life = life[1];
	return st;
}

/* back_off - 100 ms, 200 ms ... 30 s */
static void back_off(struct master *m, struct scan *s)
{
	s->wait_ms = s->wait_ms == 0 ? WAIT_LEAST_MS : s->wait_ms * 2;
	if (s->wait_ms > WAIT_MOST_MS)
		s->wait_ms = WAIT_MOST_MS;
	s->again_ms = assay_clock_mono_ms() + s->wait_ms;
	put_head(m, s);
}

/* start - one scan process, or a later try */
static void start(struct master *m, struct scan *s)
{
	struct assay_board_slot *page = page_of(m, s);
	struct assay_err err;

	s->started_ms = assay_clock_mono_ms();
	s->mails_before = page->mails;
	s->error_wall_ms = page->error_wall_ms;
	s->same_ms = s->told_ms = 0;
	s->killed = NULL;
	s->starts++;
	assay_board_set_state(page, ASSAY_BOARD_STARTING);
	put_head(m, s);
	if (fork_scan(m, s, &err) == ASSAY_OK) {
		put_head(m, s);
		return;
	}
	assay_board_set_state(page, ASSAY_BOARD_DOWN);
	assay_board_set_error(page, err.text);
	complain(m, err.text);
	back_off(m, s);
}

/* start_due - those whose time has come */
static void start_due(struct master *m)
{
	int64_t now_ms = assay_clock_mono_ms();

	for (unsigned i = 0; i < m->n && m->leave_ms == 0; i++)
		if (m->scan[i].pid == 0 && m->scan[i].again_ms <= now_ms)
			start(m, &m->scan[i]);
}

/* ---- being ready --------------------------------------------------------------------------- */

/* tell_weaker - once, when the kernel has refused a part of the sandbox that was planned */
static void tell_weaker(struct master *m, unsigned active)
{
	struct assay_sandbox now = m->setup.sandbox;
	char text[ASSAY_SANDBOX_TEXT];

	if (m->told_weaker || (now.planned & ~active) == 0)
		return;
	m->told_weaker = true;
	now.planned &= active;
	assay_sandbox_describe(&now, text);
	assay_log(ASSAY_LOG_WARNING, "the sandbox has fewer layers than usual here: %s", text);
}

/* is_up - has that process closed its sandbox and come to its loop? */
static bool is_up(const struct assay_board_slot *page)
{
	return page->state == ASSAY_BOARD_IDLE || page->state == ASSAY_BOARD_BUSY;
}

/* tell_ready - the first is up: to the parent by our state, to people by a line */
static void tell_ready(struct master *m)
{
	const struct assay_sandbox *sandbox = &m->setup.sandbox;
	char text[ASSAY_SANDBOX_TEXT];
	unsigned bulk = 0;

	if (m->ready)
		return;
	for (unsigned i = 0; i < m->n; i++)
		bulk += m->scan[i].bulk;
	assay_sandbox_describe(sandbox, text);
	m->ready = true;
	m->role->page->sandbox = sandbox->planned;
	assay_log(sandbox->options.off ? ASSAY_LOG_WARNING : ASSAY_LOG_INFO,
	    "ready in %lld ms: generation %u, %u scan processes, %u for bulk mail; sandbox: %s",
	    (long long)(assay_clock_mono_ms() - m->begun_ms), m->role->generation, m->n, bulk,
	    text);
}

/* ---- dying ----------------------------------------------------------------------------------- */

/* how_ended - a wait status in words */
static void how_ended(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		(void)snprintf(text, size, "was ended by signal %d (%s)", WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? "overstayed its time"
						: strsignal(WTERMSIG(status)));
	else
		(void)snprintf(text, size, "ended with exit code %d", WEXITSTATUS(status));
}

/* what_at - what it was doing, as its page says */
static void what_at(const struct assay_board_slot *page, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	if (page->worker[0] != '\0')
		n = (size_t)snprintf(
		    text, size, " at %s on payload %s", page->worker, page->payload_id);
	if (page->scan_id[0] != '\0' && n < size)
		n += (size_t)snprintf(text + n, size - n, " of scan_id=%s", page->scan_id);
	if (page->queue_id[0] != '\0' && n < size)
		(void)snprintf(text + n, size - n, " queue_id=%s", page->queue_id);
}

/* tell_death - who, how, at what, and its own last words: on its page and in the log. One that had
 * nothing to do yet is everybody's trouble, told once */
static void tell_death(struct master *m, const struct scan *s, int status,
    const struct assay_board_slot *page, bool stillborn)
{
	bool words = page->error[0] != '\0' && page->error_wall_ms != s->error_wall_ms;
	char how[80], what[300], text[800];

	how_ended(status, how, sizeof how);
	what_at(page, what, sizeof what);
	(void)snprintf(text, sizeof text, "a scan process %s%s%s%s%s",
	    s->killed != NULL ? s->killed : how, what, stillborn ? " before it had a mail" : "",
	    words ? ": " : "", words ? page->error : "");
	assay_board_set_error(page_of(m, s), text);
	if (stillborn)
		complain(m, text);
	else
		assay_log(ASSAY_LOG_WARNING, "%s (number %u, pid %d)", text,
		    (unsigned)(s - m->scan), (int)s->pid);
}

/* was_stillborn - did it end before it had anything to do? Not a mail's doing, then: the next one
 * will fare no better */
static bool was_stillborn(
    const struct master *m, const struct scan *s, const struct assay_board_slot *page)
{
	return m->leave_ms == 0 && page->mails <= s->mails_before &&
	    page->state != ASSAY_BOARD_BUSY && s->told_ms == 0 &&
	    assay_clock_mono_ms() - s->started_ms < SETTLED_MS;
}

/* clean - whoever comes next on this page goes on with counts that make sense */
static void clean(struct assay_board_slot *shared, const struct assay_board_slot *page)
{
	memcpy(shared, page, sizeof *page);
	shared->worker[0] = shared->scan_id[0] = shared->queue_id[0] = shared->payload_id[0] = '\0';
	shared->deadline_ms = shared->worker_ms = 0;
	assay_board_set_state(shared, ASSAY_BOARD_DOWN);
}

/* bury - what is to be done when it is dead */
static void bury(struct master *m, struct scan *s, int status)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0, stillborn;
	struct assay_board_slot page;

	put_head(m, s);
	(void)assay_board_read(&m->role->board, s->slot, &page);
	if (is_up(&page))
		tell_ready(m);
	stillborn = was_stillborn(m, s, &page);
	clean(page_of(m, s), &page);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM && page.worker[0] != '\0')
		assay_tally_timeout(page_of(m, s), page.worker);
	if (!well && (m->leave_ms == 0 || s->killed != NULL)) {
		s->crashes++;
		tell_death(m, s, status, &page, stillborn);
	}
	assay_io_close(&s->life);
	assay_helper_end(&s->helper, HELPER_MS);
	s->pid = 0;
	s->again_ms = 0;
	if (stillborn)
		back_off(m, s);
	else
		s->wait_ms = 0;
	put_head(m, s);
}

/* reap - all that have ended */
static void reap(struct master *m)
{
	int status;

	/* Helpers are waited for with their scan process, not here. */
	for (unsigned i = 0; i < m->n; i++)
		if (m->scan[i].pid > 0 &&
		    waitpid(m->scan[i].pid, &status, WNOHANG) == m->scan[i].pid)
			bury(m, &m->scan[i], status);
}

/* ---- watching -------------------------------------------------------------------------------- */

/* end - SIGKILL, once */
static void end(struct scan *s, const char *why)
{
	if (s->pid > 0 && s->killed == NULL) {
		s->killed = why;
		(void)kill(s->pid, SIGKILL);
	}
}

/* watch_own - how long its page has said the same; believes nothing but that it changes */
static void watch_own(
    const struct master *m, struct scan *s, const struct assay_board_slot *page, int64_t now_ms)
{
	bool same = s->same_ms != 0 && page->mails == s->same_mails &&
	    strcmp(page->scan_id, s->same_id) == 0;

	if (page->state == ASSAY_BOARD_IDLE) {
		s->same_ms = 0;
	} else if (!same) {
		s->same_ms = now_ms;
		s->same_mails = page->mails;
		memcpy(s->same_id, page->scan_id, sizeof s->same_id);
	} else if (now_ms - s->same_ms > m->longest_ms + SLACK_MS) {
		end(s, "worked longer than any mail may, and was killed");
	}
	if (s->told_ms != 0 && now_ms - s->told_ms > m->longest_ms + SLACK_MS)
		end(s, "did not go when it was told to, and was killed");
}

/* watch - one process */
static void watch(struct master *m, struct scan *s, int64_t now_ms)
{
	struct assay_board_slot page;

	if (s->pid == 0)
		return;
	put_head(m, s);
	if (!assay_board_read(&m->role->board, s->slot, &page))
		return;
	if (page.state == ASSAY_BOARD_BUSY && page.deadline_ms > 0 &&
	    now_ms > page.deadline_ms + LATE_MS)
		end(s, "was over its mail's deadline, and was killed");
	watch_own(m, s, &page, now_ms);
	if (s->told_ms == 0 && now_ms - s->started_ms > AGE_MS) {
		assay_io_close(&s->life);
		s->told_ms = now_ms;
	}
	if (is_up(&page)) {
		tell_weaker(m, page.sandbox);
		tell_ready(m);
	}
}

/* watch_all - kills what overstays; our own state follows from theirs */
static void watch_all(struct master *m)
{
	int64_t now_ms = assay_clock_mono_ms();
	unsigned alive = 0;

	for (unsigned i = 0; i < m->n; i++) {
		watch(m, &m->scan[i], now_ms);
		alive += m->scan[i].pid != 0;
	}
	if (m->leave_ms != 0)
		assay_board_set_state(m->role->page, ASSAY_BOARD_LEAVING);
	else if (m->ready)
		assay_board_set_state(
		    m->role->page, alive > 0 ? ASSAY_BOARD_IDLE : ASSAY_BOARD_WAITING);
	else
		assay_board_set_state(m->role->page, ASSAY_BOARD_STARTING);
}

/* look_out - is what we have loaded still right? The parent reads it on our page */
static void look_out(struct master *m)
{
	struct assay_board_concern *concern = &m->role->page->of.concern;
	int64_t now_ms = assay_clock_mono_ms();
	struct assay_lookout seen;
	const char *worry = seen.worry.text;

	if (m->leave_ms != 0 || now_ms - m->lookout_ms < LOOKOUT_MS)
		return;
	m->lookout_ms = now_ms;
	assay_lookout(m->setup.host, &seen);
	if (seen.changed)
		concern->outdated = true;
	(void)snprintf(concern->loaded, sizeof concern->loaded, "%s", seen.loaded);
	if (strncmp(concern->text, worry, sizeof concern->text - 1) == 0)
		return;
	(void)snprintf(concern->text, sizeof concern->text, "%.399s", worry);
	if (worry[0] != '\0')
		assay_log(ASSAY_LOG_WARNING, "%s", worry);
	else
		assay_log(ASSAY_LOG_INFO, "what was complained of is well again");
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* running - how many there are */
static unsigned running(const struct master *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->scan[i].pid != 0;
	return n;
}

/* leave - no more connections from us, and everybody is told */
static void leave(struct master *m)
{
	m->leave_ms =
	    assay_clock_mono_ms() + assay_opt_int(assay_config_core(m->setup.config), "stop_time");
	assay_io_close(&m->role->inline_sock);
	assay_io_close(&m->role->bulk_sock);
	for (unsigned i = 0; i < m->n; i++)
		assay_io_close(&m->scan[i].life);
	assay_log(ASSAY_LOG_INFO, "leaving: %u scan processes finish what they have", running(m));
}

/* hurry - those that take longer than there is time for */
static void hurry(struct master *m)
{
	if (m->leave_ms == 0 || assay_clock_mono_ms() < m->leave_ms)
		return;
	for (unsigned i = 0; i < m->n; i++)
		end(&m->scan[i], "did not finish within stop_time, and was killed");
}

/* doze - until a child ends, we are told to leave, or it is time to look again */
static void doze(struct master *m)
{
	struct pollfd fds[] = { { .fd = m->signals, .events = POLLIN },
		{ .fd = m->leave_ms == 0 ? m->role->life : -1, .events = POLLIN } };
	int64_t now_ms = assay_clock_mono_ms();
	int64_t until_ms = now_ms + (m->ready && m->leave_ms == 0 ? TICK_MS : BUSY_TICK_MS);
	struct signalfd_siginfo info;

	for (unsigned i = 0; i < m->n && m->leave_ms == 0; i++)
		if (m->scan[i].pid == 0 && m->scan[i].again_ms < until_ms)
			until_ms = m->scan[i].again_ms;
	(void)poll(fds, 2, until_ms > now_ms ? (int)(until_ms - now_ms) : 0);
	while (read(m->signals, &info, sizeof info) > 0)
		;
	if (fds[1].revents != 0)
		leave(m);
}

/* has_failed - has each ended at once, and none ever been ready? Then a reload must hear of it */
static bool has_failed(const struct master *m)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->scan[i].wait_ms == 0)
			return false;
	return !m->ready;
}

/* watch_over - all scan processes, until the end. Returns the exit code */
static int watch_over(struct master *m)
{
	do {
		start_due(m);
		doze(m);
		reap(m);
		hurry(m);
		watch_all(m);
		look_out(m);
		if (m->leave_ms == 0 && has_failed(m))
			return EX_CONFIG;
	} while (m->leave_ms == 0 || running(m) > 0);
	return 0;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* bulk_most - the number of scan processes that serve bulk mail */
static unsigned bulk_most(const struct assay_opts *core, unsigned n)
{
	unsigned most = (unsigned)assay_opt_int(core, "bulk_max");

	if (most == 0)
		most = n > 1 ? n - 1 : 1;
	return most < n ? most : n;
}

/* empty_pages - those of two generations ago are still there; what they did for guests, no other
 * page says: it stays */
static void empty_pages(const struct assay_board *board, unsigned first)
{
	uint64_t guests = 0;

	for (unsigned i = 0; i < ASSAY_BOARD_SCANS; i++) {
		struct assay_board_slot page;

		if (assay_board_read(board, first + i, &page))
			guests += page.guests;
		memset(assay_board_slot(board, first + i), 0, sizeof page);
	}
	assay_board_slot(board, first)->guests = guests;
}

/* make_scans - the table and its pages */
static void make_scans(struct master *m)
{
	const struct assay_opts *core = assay_config_core(m->setup.config);
	unsigned first = assay_board_scan_slot(m->role->generation), bulk;

	bulk = bulk_most(core, m->n);
	m->scan = assay_xcalloc(m->n, sizeof *m->scan);
	empty_pages(&m->role->board, first);
	for (unsigned i = 0; i < m->n; i++) {
		m->scan[i] = (struct scan){ .life = -1, .slot = first + i, .bulk = i < bulk };
		put_head(m, &m->scan[i]);
	}
}

/* longest - what any mail may take, in ms */
static int64_t longest(const struct assay_opts *core)
{
	static const char *const names[] = { "message_timeout", "bulk_timeout", "rescan_timeout" };
	int64_t most = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (assay_opt_int(core, names[i]) > most)
			most = assay_opt_int(core, names[i]);
	return most;
}

/* listen_to_signals - a child's end as something to poll for */
static enum assay_status listen_to_signals(struct master *m, struct assay_err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return m->signals >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot make a signalfd", "");
}

/* open_all - configuration, plugins, rules, sandbox: what can be wrong is found here. Takes config.
 */
static enum assay_status open_all(
    struct master *m, struct assay_config *config, bool no_sandbox, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(config);
	struct assay_setup_options options = { .no_sandbox = no_sandbox,
		.scan_only = true,
		.processes = (unsigned)assay_opt_int(core, "scan_processes"),
		.accept = { m->role->inline_sock, m->role->bulk_sock },
		.naccept = 2 };
	enum assay_status st;

	m->n = options.processes;
	m->longest_ms = longest(core);
	m->scanproc = (struct assay_scanproc_options){ .sandbox = &m->setup.sandbox,
		.message_max = (uint64_t)assay_opt_int(core, "message_size"),
		.recycle = (unsigned)assay_opt_int(core, "recycle_after") };
	st = assay_setup_open(&m->setup, config, &options, err);
	assay_child_note_fds(&m->own);
	assay_child_drop_fds(&m->own, &m->setup.foreign);
	m->scanproc.engine = m->setup.engine;
	return st;
}

/* assay_master_run - see master.h */
int assay_master_run(struct assay_role *role, struct assay_config *config, bool no_sandbox)
{
	struct master m = { .role = role, .signals = -1, .begun_ms = assay_clock_mono_ms() };
	enum assay_status st;
	struct assay_err err;
	int code;

	if (role->page == NULL || role->inline_sock < 0 || role->bulk_sock < 0) {
		assay_config_free(&config);
		(void)assay_err_set(
		    &err, ASSAY_E_CONF, "a scan master needs a board and two sockets");
		return assay_role_failed(role, &err);
	}
	st = open_all(&m, config, no_sandbox, &err);
	if (st == ASSAY_OK)
		st = listen_to_signals(&m, &err);
	if (st != ASSAY_OK)
		return assay_role_failed(role, &err);
	assay_board_keep(&role->board);
	make_scans(&m);
	code = watch_over(&m);
	assay_io_close(&m.signals);
	free(m.scan);
	assay_setup_close(&m.setup);
	return code;
}
