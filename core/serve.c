/*
 * core/serve.c - see serve.h: the loop of the parent. Touches its place (core/site.h), its children
 * (core/supervise.h) and signals. What one child does or fails to do holds up nobody else; what
 * cannot be made at the start ends the start with one line.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/health.h"
#include "core/service.h"

#define DESCRIPTORS 65536u
#define BEAT_MS 5000 /* of the parent's page */
#define LOOK_MS 50   /* at pages, while something is waited for */
#define READY_MOST_MS 30000
#define MASTER_TRIES 3u /* before the first time it is up */
#define CHECK_TRIES                                                                                \
	3u /* of a child that dies instead of saying whether the configuration is right */

/* ---- who shall be there ---------------------------------------------------------------------- */

/* add_posts - one for each name of a list, once */
static size_t add_posts(
    struct assay_post posts[ASSAY_POSTS], size_t n, const char *kind, const char *const *names)
{
	size_t first = n;

	for (; *names != NULL && n < ASSAY_POSTS - 2; names++) {
		size_t i = first;

		while (i < n && strcmp(posts[i].name, *names) != 0)
			i++;
		if (i == n)
			posts[n++] = (struct assay_post){ kind, *names };
	}
	return n;
}

/* assay_service_posts - see service.h */
size_t assay_service_posts(const struct assay_opts *core, struct assay_post posts[ASSAY_POSTS])
{
	size_t n = 0;

	posts[n++] = (struct assay_post){ "janitor", "" };
	n = add_posts(posts, n, "connector", assay_opt_list(core, "connectors"));
	n = add_posts(posts, n, "archiver", assay_opt_list(core, "archivers"));
	n = add_posts(posts, n, "door", assay_opt_list(core, "providers"));
	posts[n++] = (struct assay_post){ "rescan", "" };
	if (assay_opt_int(core, "metrics") != 0 && n < ASSAY_POSTS)
		posts[n++] = (struct assay_post){ "metrics", "" };
	if (assay_opt_list(core, "lookup_listen")[0] != NULL && n < ASSAY_POSTS)
		posts[n++] = (struct assay_post){ "lookup", "" };
	return n;
}

/* assay_service_stop_time - what a child has to finish in */
int64_t assay_service_stop_time(const struct assay_service *s)
{
	return s->terms > 1 ? 0 : assay_opt_int(assay_config_core(s->config), "stop_time");
}

/* assay_service_tell_head - see service.h */
void assay_service_tell_head(struct assay_service *s, const char *config_sha256)
{
	const struct assay_opts *core = assay_config_core(s->config);
	struct assay_board_head *head = s->site.board.head;
	int64_t scans = assay_opt_int(core, "scan_processes");
	int64_t bulk = assay_opt_int(core, "bulk_max");

	if (bulk == 0 || bulk > scans)
		bulk = bulk == 0 && scans > 1 ? scans - 1 : scans;
	head->scan_processes = (uint32_t)scans;
	head->bulk_max = (uint32_t)bulk;
	head->sandbox_off = s->options->no_sandbox;
	(void)snprintf(head->config_sha256, sizeof head->config_sha256, "%.64s", config_sha256);
	(void)snprintf(head->source_sha256, sizeof head->source_sha256, "%.64s", s->config_sha256);
}

/* ---- the start ------------------------------------------------------------------------------- */

/* tell_manager - systemd, where it wants to know; without its library: one datagram */
static void tell_manager(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path != NULL ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	assay_io_close(&fd);
}

/* say_start - who, where, as whom */
static void say_start(const struct assay_service *s)
{
	const struct assay_role_user *user = &s->site.user;
	const char *file = assay_config_file(s->config);

	assay_log(ASSAY_LOG_INFO,
	    "assay " ASSAY_VERSION
	    " starts: configuration %s, state %s, sockets %s/%s and %s, user "
	    "%s",
	    file != NULL ? file : "(none)", s->site.var, s->site.run, ASSAY_RUN_INLINE,
	    ASSAY_RUN_BULK,
	    user->change         ? user->name
		: geteuid() == 0 ? "root"
				 : "unchanged");
	if (user->absent)
		assay_log(ASSAY_LOG_WARNING,
		    "there is no user \"%.60s\" ([core] user): watchers and connectors run as "
		    "root; "
		    "create it: useradd --system %.60s",
		    user->name, user->name);
	if (s->options->no_sandbox)
		assay_log(ASSAY_LOG_WARNING,
		    "--no-sandbox: scan processes may do what root or you may do");
}

/* open_signals - none is lost from here on */
static enum assay_status open_signals(struct assay_service *s, struct assay_err *err)
{
	static const int heard[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof heard / sizeof heard[0]; i++)
		(void)sigaddset(&set, heard[i]);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot make", "a signalfd");
}

/* stop - from now on everybody goes, in order; the first reason counts */
static void stop(struct assay_service *s, int code)
{
	if (s->stop_group >= 0)
		return;
	s->stop_group = 0;
	s->stop_ms = assay_clock_mono_ms();
	s->code = code;
	s->sup.over = true;
	s->site.board.head->stopping = true;
	assay_board_set_state(s->page, ASSAY_BOARD_LEAVING);
	tell_manager("STOPPING=1");
}

/* died - somebody who was not asked to */
static void died(void *arg, struct assay_ward *child)
{
	struct assay_service *s = arg;
	bool master = strcmp(child->kind, "master") == 0;

	if (child->code == ASSAY_ROLE_CHANGED && !s->hup) {
		assay_log(ASSAY_LOG_WARNING,
		    "%s %s finds other configuration files than the service was started with: "
		    "reload",
		    child->kind, child->name);
		s->hup = true;
	}
	/* The new one of a reload had its chance. */
	if (master && s->reload.step == ASSAY_RELOAD_MASTER &&
	    child->generation == s->reload.generation &&
	    assay_supervise_find(&s->sup, "master", "", s->generation) != NULL)
		child->wanted = false;
	if (!master || s->ready)
		return;
	if (child->code == EX_CONFIG || child->crashes >= MASTER_TRIES) {
		assay_log(ASSAY_LOG_ERROR, "the scan master does not start: the service ends");
		stop(s, child->code == EX_CONFIG ? EX_CONFIG : EX_SOFTWARE);
	}
}

/* assay_service_check - see service.h */
struct assay_ward *assay_service_check(
    struct assay_service *s, uint32_t generation, struct assay_err *err)
{
	if (ftruncate(s->listen_lines, 0) != 0 || lseek(s->listen_lines, 0, SEEK_SET) != 0) {
		(void)assay_io_fail(err, "cannot empty", "a memory file");
		return NULL;
	}
	return assay_supervise_add(&s->sup, "check", "", generation, err);
}

/* assay_service_listen - see service.h */
enum assay_status assay_service_listen(struct assay_service *s, struct assay_err *err)
{
	struct assay_buf lines;
	enum assay_status st;

	assay_buf_init(&lines, (size_t)64 * 1024);
	st = lseek(s->listen_lines, 0, SEEK_SET) == 0
	    ? assay_io_read_all(s->listen_lines, &lines, err)
	    : assay_io_fail(err, "cannot read", "a memory file");
	if (st == ASSAY_OK)
		st = assay_listens_open(&s->listens, assay_buf_slice(&lines), err);
	assay_buf_release(&lines);
	return st;
}

/* raise_descriptors - as many as the system lets us have: by hand it is started with 1024, and each
 * of 500 mail servers that wait needs four */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* open_all - the place, signals, the parent's page */
static enum assay_status open_all(struct assay_service *s, struct assay_err *err)
{
	enum assay_status st = assay_site_open(&s->site, s->config, err);
	struct assay_supervise_options options = { .child_args = s->options->child_args,
		.no_sandbox = s->options->no_sandbox,
		.to_syslog = s->options->to_syslog,
		.died = died,
		.arg = s };

	if (st == ASSAY_OK)
		st = open_signals(s, err);
	if (st == ASSAY_OK)
		st = assay_io_memfd("assay-listen", &s->listen_lines, err);
	if (st != ASSAY_OK)
		return st;
	options.check_out = s->listen_lines;
	options.listens = &s->listens;
	options.user = &s->site.user;
	options.board = &s->site.board;
	options.inline_sock = s->site.inline_sock;
	options.bulk_sock = s->site.bulk_sock;
	assay_supervise_init(&s->sup, &options);
	s->sup.config_sha256 = s->config_sha256;
	s->page = assay_board_slot(&s->site.board, ASSAY_SLOT_PARENT);
	s->page->kind = ASSAY_BOARD_PARENT;
	s->page->pid = getpid();
	s->page->starts = 1;
	s->page->started_ms = s->began_ms;
	assay_board_set_state(s->page, ASSAY_BOARD_STARTING);
	return ASSAY_OK;
}

/* start_all - the configuration is right: everybody at once, mail waits in the sockets meanwhile */
static bool start_all(struct assay_service *s, struct assay_err *err)
{
	struct assay_post posts[ASSAY_POSTS];
	size_t n = assay_service_posts(assay_config_core(s->config), posts);
	bool ok;

	s->site.board.head->generation = s->generation;
	ok = assay_supervise_add(&s->sup, "master", "", s->generation, err) != NULL;
	for (size_t i = 0; i < n && ok; i++)
		ok = assay_supervise_add(
			 &s->sup, posts[i].kind, posts[i].name, s->generation, err) != NULL;
	return ok;
}

/* check_again - the child was killed, or a plugin took it down: once more, a few times */
static bool check_again(struct assay_service *s, struct assay_ward *check)
{
	bool again = check->code > 128 && ++s->check_tries < CHECK_TRIES;
	struct assay_err err;

	if (check->code > 128)
		assay_log(ASSAY_LOG_ERROR,
		    "the check of the configuration was killed by signal %d: %s", check->code - 128,
		    again ? "again" : "the service ends (assay config -t)");
	if (!again)
		return false;
	assay_supervise_remove(&s->sup, check);
	return assay_service_check(s, s->generation, &err) != NULL;
}

/* check_start - has the child tried the configuration? */
static void check_start(struct assay_service *s)
{
	struct assay_ward *check = assay_supervise_find(&s->sup, "check", "", 0);
	char sha[65];
	struct assay_err err;

	if (check->pid > 0 || check->code < 0)
		return;
	if (check->code != 0) {
		if (!check_again(s, check))
			stop(s, check->code < 128 ? check->code : EX_SOFTWARE);
		return;
	}
	(void)snprintf(sha, sizeof sha, "%.64s", assay_supervise_page(&s->sup, check)->payload_id);
	assay_supervise_remove(&s->sup, check);
	assay_service_tell_head(s, sha);
	s->checked = true;
	if (assay_service_listen(s, &err) != ASSAY_OK || !start_all(s, &err)) {
		assay_log(ASSAY_LOG_ERROR, "%s", err.text);
		stop(s, assay_status_exit(err.code));
	}
}

/* all_up - the master, and everybody else who can be */
static bool all_up(const struct assay_service *s)
{
	bool late = assay_clock_mono_ms() - s->began_ms > READY_MOST_MS;

	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++) {
		const struct assay_ward *c = &s->sup.child[i];
		bool master = strcmp(c->kind, "master") == 0;

		if (c->kind[0] != '\0' && !assay_supervise_up(&s->sup, c) &&
		    (master || (c->crashes == 0 && !late)))
			return false;
	}
	return true;
}

/* watch_start - is that the moment? */
static void watch_start(struct assay_service *s)
{
	if (!s->checked)
		check_start(s);
	else if (all_up(s)) {
		s->ready = true;
		assay_board_set_state(s->page, ASSAY_BOARD_IDLE);
		assay_log(ASSAY_LOG_INFO, "ready in %lld ms",
		    (long long)(assay_clock_mono_ms() - s->began_ms));
		tell_manager("READY=1");
		if (s->options->up != NULL)
			s->options->up(s->options->arg);
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

/* group_of - who goes when: who takes mail in first, who looks after the rest last */
static int group_of(const struct assay_ward *child)
{
	if (strcmp(child->kind, "master") == 0)
		return 1;
	if (strcmp(child->kind, "connector") == 0 || strcmp(child->kind, "archiver") == 0)
		return 2;
	return strcmp(child->kind, "janitor") == 0 ? 3 : 0;
}

/* step_stop - ask the group whose turn it is; the next when it is gone */
static void step_stop(struct assay_service *s)
{
	bool gone = true;

	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++) {
		struct assay_ward *c = &s->sup.child[i];

		if (c->kind[0] == '\0' || group_of(c) != s->stop_group)
			continue;
		if (c->kill_ms < INT64_MAX)
			assay_supervise_leave(&s->sup, c, assay_service_stop_time(s));
		gone &= c->pid == 0;
	}
	s->stop_group += gone ? 1 : 0;
	s->over = s->stop_group > 3;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* hear_signals - what has come */
static void hear_signals(struct assay_service *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			s->hup = true;
		if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT)
			continue;
		s->terms++;
		assay_log(ASSAY_LOG_INFO, "signal %u from process %u: %s", info.ssi_signo,
		    info.ssi_pid, s->terms > 1 ? "at once" : "the service stops");
		stop(s, 0);
	}
}

/* wait_time - until there is something to do */
static int wait_time(const struct assay_service *s, int64_t due)
{
	bool looks =
	    !s->ready || s->stop_group >= 0 || s->hup || s->reload.step != ASSAY_RELOAD_NONE;
	int64_t most = looks ? LOOK_MS : BEAT_MS;

	return (int)(due >= 0 && due < most ? due : most);
}

/* beat - a sign of life, and how many mails there were */
static void beat(struct assay_service *s)
{
	s->page->beat_ms = assay_clock_mono_ms();
	if (s->sample_ms > s->page->beat_ms)
		return;
	s->sample_ms = s->page->beat_ms + BEAT_MS;
	assay_health_sample(&s->site.board, s->page);
}

/* run - until all are gone */
static void run(struct assay_service *s)
{
	struct pollfd fd = { .fd = s->signals, .events = POLLIN };
	int64_t due;

	while (!s->over) {
		due = assay_supervise_tick(&s->sup);
		if (s->stop_group >= 0)
			step_stop(s);
		else if (!s->ready)
			watch_start(s);
		else
			assay_reload_step(s);
		beat(s);
		if (!s->over)
			(void)poll(&fd, 1, wait_time(s, due));
		hear_signals(s);
	}
	assay_log(ASSAY_LOG_INFO, "stopped after %lld ms",
	    (long long)(assay_clock_mono_ms() - s->stop_ms));
}

/* close_all - and everything it had made */
static void close_all(struct assay_service *s)
{
	assay_reload_release(s);
	assay_io_close(&s->signals);
	assay_io_close(&s->listen_lines);
	assay_listens_close(&s->listens, true);
	if (s->site.run != NULL)
		assay_site_close(&s->site, true);
	assay_config_free(&s->config);
}

/* assay_serve_run - see serve.h */
int assay_serve_run(const struct assay_serve_options *options, struct assay_config *config)
{
	struct assay_service *s = assay_xcalloc(1, sizeof *s);
	struct assay_err err;
	enum assay_status st;
	int code;

	s->options = options;
	s->config = config;
	s->began_ms = assay_clock_mono_ms();
	s->signals = s->stop_group = s->listen_lines = -1;
	assay_listens_init(&s->listens);
	s->generation = 1;
	(void)umask(027);
	raise_descriptors();
	(void)snprintf(
	    s->config_sha256, sizeof s->config_sha256, "%s", assay_config_source_sha256(config));
	st = open_all(s, &err);
	if (st == ASSAY_OK) {
		assay_log_set_name("");
		say_start(s);
		if (assay_service_check(s, s->generation, &err) == NULL)
			st = err.code;
	}
	if (st == ASSAY_OK)
		run(s);
	else
		assay_log(ASSAY_LOG_ERROR, "%s", err.text);
	code = st == ASSAY_OK ? s->code : assay_status_exit(st);
	close_all(s);
	free(s);
	return code;
}
