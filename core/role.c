/*
 * core/role.c - see role.h. Touches descriptors it inherited, signals, rights and namespaces of its
 * own process; looks up one user. Whatever cannot be given up fails; what the kernel lacks (a
 * network namespace in a container) is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/opts.h"
#include "core/role.h"

#define FD_MOST 1048576u

/* ---- the text -------------------------------------------------------------------------------- */

static const char *const kinds[] = { "master", "door", "connector", "archiver", "janitor", "rescan",
	"check", "metrics", "lookup" };

/* A number of the text and where it goes. */
struct number {
	const char *key;
	uint64_t most;
	unsigned *to;
	int *fd; /* or this */
};

/* set_number - true when `key` is one of them and the value fits */
static bool set_number(const struct number *numbers, size_t n, struct assay_slice key, uint64_t v)
{
	for (size_t i = 0; i < n; i++) {
		if (!assay_slice_is(key, numbers[i].key) || v > numbers[i].most)
			continue;
		if (numbers[i].to != NULL)
			*numbers[i].to = (unsigned)v;
		else
			*numbers[i].fd = (int)v;
		return true;
	}
	return false;
}

/* parse_sockets - "5+6" */
static bool parse_sockets(struct assay_role *role, struct assay_slice text)
{
	struct assay_slice field = { NULL, 0 };
	uint64_t fd;

	while (assay_slice_split(&text, '+', &field)) {
		if (role->nsock == ASSAY_LISTEN_MOST || !assay_slice_u64(field, &fd) ||
		    fd > FD_MOST)
			return false;
		role->sock[role->nsock++] = (int)fd;
	}
	return true;
}

/* parse_pair - "key=value" */
static bool parse_pair(struct assay_role *role, struct assay_arena *arena, struct assay_slice pair)
{
	size_t equals = assay_slice_find(pair, '=');
	struct assay_slice key = assay_slice_head(pair, equals);
	struct assay_slice text = assay_slice_from(pair, equals + 1);
	const struct number numbers[] = {
		{ "slot", ASSAY_BOARD_OTHERS - 1, &role->slot, NULL },
		{ "generation", UINT32_MAX, &role->generation, NULL },
		{ "life", FD_MOST, NULL, &role->life },
		{ "board", FD_MOST, NULL, &role->board_fd },
		{ "inline", FD_MOST, NULL, &role->inline_sock },
		{ "bulk", FD_MOST, NULL, &role->bulk_sock },
		{ "out", FD_MOST, NULL, &role->out_fd },
		{ "uid", UINT32_MAX, &role->uid, NULL },
		{ "gid", UINT32_MAX, &role->gid, NULL },
	};
	uint64_t v;

	role->told_user |= assay_slice_is(key, "uid");
	if (assay_slice_is(key, "config") && text.n == 64)
		role->config_sha256 = assay_arena_memdup0(arena, text.p, text.n);
	else if (assay_slice_is(key, "sock"))
		return parse_sockets(role, text);
	else if (assay_slice_is(key, "log") && assay_slice_is(text, "syslog"))
		role->to_syslog = true;
	else
		return assay_slice_u64(text, &v) &&
		    set_number(numbers, sizeof numbers / sizeof numbers[0], key, v);
	return true;
}

/* assay_role_parse - what the parent wrote */
enum assay_status assay_role_parse(
    struct assay_role *role, struct assay_arena *arena, const char *text, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(text), field = { NULL, 0 };
	size_t colon;
	bool known;

	*role = (struct assay_role){ .kind = "",
		.name = "",
		.life = -1,
		.board_fd = -1,
		.inline_sock = -1,
		.bulk_sock = -1,
		.out_fd = -1 };
	role->board.fd = -1;
	(void)assay_slice_split(&rest, ',', &field);
	colon = assay_slice_find(field, ':');
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (assay_slice_is(assay_slice_head(field, colon), kinds[i]))
			role->kind = kinds[i];
	if (colon < field.n)
		role->name = assay_arena_memdup0(arena, field.p + colon + 1, field.n - colon - 1);
	known = role->kind[0] != '\0';
	while (known && assay_slice_split(&rest, ',', &field))
		known = parse_pair(role, arena, field);
	if (!known)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "--as is for the service itself; \"assay serve\" alone starts it");
	return ASSAY_OK;
}

/* add_fd - ",KEY=FD" when there is one */
static void add_fd(struct assay_buf *out, const char *key, int fd)
{
	if (fd >= 0)
		(void)assay_buf_printf(out, ",%s=%d", key, fd);
}

/* assay_role_format - what the child will read */
const char *assay_role_format(struct assay_arena *arena, const struct assay_role *role)
{
	struct assay_buf out;
	const char *text;

	assay_buf_init(&out, 4096);
	(void)assay_buf_printf(&out, "%s%s%s,slot=%u,generation=%u", role->kind,
	    role->name[0] != '\0' ? ":" : "", role->name, role->slot, role->generation);
	add_fd(&out, "life", role->life);
	add_fd(&out, "board", role->board_fd);
	add_fd(&out, "inline", role->inline_sock);
	add_fd(&out, "bulk", role->bulk_sock);
	add_fd(&out, "out", role->out_fd);
	for (size_t i = 0; i < role->nsock; i++)
		(void)assay_buf_printf(&out, "%s%d", i == 0 ? ",sock=" : "+", role->sock[i]);
	if (role->config_sha256 != NULL)
		(void)assay_buf_printf(&out, ",config=%s", role->config_sha256);
	if (role->told_user)
		(void)assay_buf_printf(&out, ",uid=%u,gid=%u", role->uid, role->gid);
	if (role->to_syslog)
		(void)assay_buf_add_str(&out, ",log=syslog");
	text = assay_arena_strdup(arena, out.p);
	assay_buf_release(&out);
	return text;
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* failed - errno in words */
static enum assay_status failed(struct assay_err *err, const char *what)
{
	int e = errno;

	return assay_err_set(err, ASSAY_E_IO, "%s: %s", what, strerror(e));
}

/* set_signals - the parent says when it is over; a terminal or `kill` does not */
static void set_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* close_on_exec - whatever we start gets none of it */
static enum assay_status close_on_exec(const struct assay_role *role, struct assay_err *err)
{
	const int fds[] = { role->life, role->board_fd, role->inline_sock, role->bulk_sock,
		role->out_fd };
	bool open = true;

	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		open &= fds[i] < 0 || fcntl(fds[i], F_SETFD, FD_CLOEXEC) == 0;
	for (size_t i = 0; i < role->nsock; i++)
		open &= fcntl(role->sock[i], F_SETFD, FD_CLOEXEC) == 0;
	return open ? ASSAY_OK : failed(err, "--as: a descriptor is not open");
}

/* note_bug - the scoreboard has our last words */
static void note_bug(void *arg, const char *text)
{
	assay_board_set_error(arg, text);
}

/* assay_role_enter - from here on one of the service's */
enum assay_status assay_role_enter(struct assay_role *role, struct assay_err *err)
{
	enum assay_status st = close_on_exec(role, err);
	char name[80];

	set_signals();
	(void)snprintf(
	    name, sizeof name, "%s%s%s", role->kind, role->name[0] != '\0' ? " " : "", role->name);
	assay_log_set_name(name);
	assay_log_to_syslog(role->to_syslog);
	if (st == ASSAY_OK && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		st = failed(err, "prctl");
	/* It may have died before that call. */
	if (st == ASSAY_OK && assay_role_leaving(role))
		st = assay_err_set(err, ASSAY_E_DEAD, "the parent is gone");
	if (st != ASSAY_OK || role->board_fd < 0)
		return st;
	st = assay_board_map(role->board_fd, &role->board, err);
	role->board_fd = role->board.fd;
	if (st == ASSAY_OK && role->slot > 0) {
		role->page = assay_board_slot(&role->board, role->slot);
		assay_board_set_state(role->page, ASSAY_BOARD_STARTING);
		assay_err_set_bug_hook(note_bug, role->page);
	}
	return st;
}

/* assay_role_leaving - has the parent let go? */
bool assay_role_leaving(const struct assay_role *role)
{
	struct pollfd life = { .fd = role->life, .events = POLLIN };

	return role->life >= 0 && poll(&life, 1, 0) > 0;
}

/* assay_role_ready - to people and to the parent */
void assay_role_ready(struct assay_role *role, const char *text)
{
	assay_log(ASSAY_LOG_INFO, "ready (%s)", text);
	assay_board_set_state(role->page, ASSAY_BOARD_IDLE);
}

/* assay_role_failed - why, where it is looked for */
int assay_role_failed(struct assay_role *role, const struct assay_err *err)
{
	assay_log(ASSAY_LOG_ERROR, "%s", err->text);
	assay_board_set_error(role->page, err->text);
	return assay_status_exit(err->code);
}

/* ---- giving up rights ------------------------------------------------------------------------ */

/* assay_role_user - looked up where it matters */
enum assay_status assay_role_user(
    const struct assay_opts *core, struct assay_role_user *user, struct assay_err *err)
{
	struct passwd pw, *found = NULL;
	char room[16384];
	int e;

	*user = (struct assay_role_user){ .name = assay_opt_str(core, "user") };
	user->uid = geteuid();
	user->gid = getegid();
	if (user->uid != 0)
		return ASSAY_OK;
	e = getpwnam_r(user->name, &pw, room, sizeof room, &found);
	/* Other numbers are ways to say that there is none (getpwnam(3)). To take trouble for that
	 * would be to stay root. */
	if (e == EIO || e == EMFILE || e == ENFILE || e == ENOMEM || e == ERANGE || e == EINTR ||
	    e == EAGAIN)
		return assay_err_set(err, ASSAY_E_IO,
		    "the user \"%.60s\" ([core] user) cannot be looked up: %s", user->name,
		    strerror(e));
	user->absent = found == NULL;
	if (found == NULL)
		return ASSAY_OK;
	user->uid = found->pw_uid;
	user->gid = found->pw_gid;
	user->change = found->pw_uid != 0;
	return ASSAY_OK;
}

/* find_user - as the parent said, or as it is found now */
static enum assay_status find_user(const struct assay_role *role, const struct assay_opts *core,
    struct assay_role_user *user, struct assay_err *err)
{
	if (!role->told_user)
		return assay_role_user(core, user, err);
	*user = (struct assay_role_user){ .name = assay_opt_str(core, "user") };
	user->uid = role->uid;
	user->gid = role->gid;
	user->change = geteuid() == 0 && role->uid != 0;
	return ASSAY_OK;
}

/* say - one more word of what was done */
static void say(char text[ASSAY_ROLE_TEXT], const char *word)
{
	size_t n = strlen(text);

	(void)snprintf(text + n, ASSAY_ROLE_TEXT - n, "%s%s", n > 0 ? ", " : "", word);
}

/* keep_capabilities - those of `mask` and no others */
static bool keep_capabilities(uint32_t mask)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { .effective = mask, .permitted = mask } };

	return syscall(SYS_capset, &head, data) == 0;
}

/* become - another user, perhaps with the one capability */
static enum assay_status become(const struct assay_role_user *user, unsigned needs,
    char text[ASSAY_ROLE_TEXT], struct assay_err *err)
{
	bool files = (needs & ASSAY_NEEDS_FILES) != 0;
	char who[64];

	if (prctl(PR_SET_KEEPCAPS, files ? 1 : 0, 0, 0, 0) != 0 ||
	    initgroups(user->name, user->gid) != 0 ||
	    setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0)
		return failed(err, "cannot change the user");
	(void)snprintf(who, sizeof who, "user %s", user->name);
	say(text, who);
	if (files)
		say(text,
		    keep_capabilities(UINT32_C(1) << CAP_DAC_READ_SEARCH)
			? "CAP_DAC_READ_SEARCH"
			: "missing: CAP_DAC_READ_SEARCH");
	(void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (setuid(0) == 0)
		return assay_err_set(err, ASSAY_E_IO, "still root after the change of user");
	return ASSAY_OK;
}

/* end_rights - what any user can give up */
static enum assay_status end_rights(struct assay_err *err)
{
	struct rlimit none = { 0, 0 };

	/* A change of user has undone the first. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(err, "prctl");
#ifdef ASSAY_SANITIZED /* leaks are looked for by a tracing child */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#else
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return failed(err, "cannot forbid core files");
	(void)umask(027);
	return ASSAY_OK;
}

/* assay_role_drop - from root to somebody with less */
enum assay_status assay_role_drop(const struct assay_role *role, const struct assay_opts *core,
    unsigned needs, char text[ASSAY_ROLE_TEXT], struct assay_err *err)
{
	bool network = (needs & ASSAY_NEEDS_NETWORK) != 0, root = geteuid() == 0;
	struct assay_role_user user;
	enum assay_status st;

	text[0] = '\0';
	st = find_user(role, core, &user, err);
	if (st != ASSAY_OK)
		return st;
	if (root && !network)
		say(text, unshare(CLONE_NEWNET) == 0 ? "no network" : "missing: network namespace");
	if (user.change)
		st = become(&user, needs, text, err);
	else if (root)
		say(text, "still root");
	if (st == ASSAY_OK)
		st = end_rights(err);
	if (st != ASSAY_OK)
		return st;
	say(text, "no_new_privs");
	/* It may have died while nothing held us to it. */
	return assay_role_leaving(role) ? assay_err_set(err, ASSAY_E_DEAD, "the parent is gone")
					: ASSAY_OK;
}
