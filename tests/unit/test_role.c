/* rooms: core text base */
/*
 * tests/unit/test_role.c - what a child of the service is told, that it dies with its parent and
 * what rights it keeps. Stand-ins: forked children, pipes.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "core/config.h"
#include "core/role.h"

/* core_of - [core] with this line; *config to be freed */
static const struct assay_opts *core_of(const char *line, struct assay_config **config)
{
	const char *const lines[] = { line, NULL };
	struct assay_config_source source = { .no_files = true, .core_opts = lines };
	struct assay_err err;

	if (assay_config_load(&source, config, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	return assay_config_core(*config);
}

static void what_is_written_is_read(void **state)
{
	static const char sha[] =
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct assay_arena *arena = assay_arena_new();
	struct assay_role role = { .kind = "door", .name = "maildir", .slot = 9, .generation = 3 };
	struct assay_role got;
	struct assay_err err;

	(void)state;
	role.life = 3;
	role.board_fd = 4;
	role.inline_sock = 5;
	role.bulk_sock = -1;
	role.out_fd = -1;
	role.sock[0] = 11;
	role.sock[1] = 12;
	role.nsock = 2;
	role.config_sha256 = sha;
	role.to_syslog = true;
	role.told_user = true;
	role.uid = 17;
	role.gid = 4294967295;
	assert_int_equal(
	    assay_role_parse(&got, arena, assay_role_format(arena, &role), &err), ASSAY_OK);
	assert_string_equal(got.kind, "door");
	assert_int_equal(got.nsock, 2);
	assert_int_equal(got.sock[0], 11);
	assert_int_equal(got.sock[1], 12);
	assert_int_equal(got.out_fd, -1);
	assert_string_equal(got.name, "maildir");
	assert_int_equal(got.slot, 9);
	assert_int_equal(got.generation, 3);
	assert_int_equal(got.life, 3);
	assert_int_equal(got.board_fd, 4);
	assert_int_equal(got.inline_sock, 5);
	assert_int_equal(got.bulk_sock, -1);
	assert_string_equal(got.config_sha256, sha);
	assert_true(got.to_syslog);
	assert_true(got.told_user);
	assert_int_equal(got.uid, 17);
	assert_int_equal(got.gid, 4294967295);

	role = (struct assay_role){ .kind = "check", .name = "", .life = -1, .board_fd = -1 };
	role.inline_sock = role.bulk_sock = role.out_fd = -1;
	assert_string_equal(assay_role_format(arena, &role), "check,slot=0,generation=0");
	assert_int_equal(assay_role_parse(&got, arena, "check", &err), ASSAY_OK);
	assert_int_equal(got.life, -1);
	assert_null(got.config_sha256);
	assay_arena_free(&arena);
}

static void what_is_no_role_is_refused(void **state)
{
	static const char *const texts[] = { "", ",", "doors", "door:x,slot",
		"door:x,slot=", "door:x,slot=64", "door:x,slot=-1", "door:x,life=9999999999",
		"door:x,fd=3", "door:x,config=abc", "door:x,log=file", "master,slot=1,,life=3",
		"master,slot=1x" };
	struct assay_arena *arena = assay_arena_new();
	struct assay_role role;
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(assay_role_parse(&role, arena, texts[i], &err), ASSAY_E_USAGE);
	assay_arena_free(&arena);
}

/* child - runs `act` as a role whose lifeline the test holds; returns the wait status */
static int child(int (*act)(struct assay_role *role), bool hang_up)
{
	int line[2], status;
	pid_t pid;

	assert_int_equal(pipe(line), 0);
	pid = fork();
	if (pid == 0) {
		struct assay_role role = { .kind = "door", .name = "x", .board_fd = -1 };

		role.inline_sock = role.bulk_sock = role.out_fd = -1;
		role.life = line[0];
		(void)close(line[1]);
		_exit(act(&role));
	}
	(void)close(line[0]);
	if (hang_up)
		(void)close(line[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!hang_up)
		(void)close(line[1]);
	return status;
}

static int enters(struct assay_role *role)
{
	struct assay_err err;
	int death = 0;

	if (assay_role_enter(role, &err) != ASSAY_OK || assay_role_leaving(role))
		return 1;
	(void)prctl(PR_GET_PDEATHSIG, &death);
	if (death != SIGKILL || (fcntl(role->life, F_GETFD) & FD_CLOEXEC) == 0)
		return 2;
	(void)raise(SIGTERM);
	(void)raise(SIGHUP);
	return 0;
}

static int waits_for_the_end(struct assay_role *role)
{
	struct assay_err err;

	if (assay_role_enter(role, &err) == ASSAY_E_DEAD)
		return 0;
	while (!assay_role_leaving(role))
		(void)usleep(1000);
	return 0;
}

static void a_child_enters_and_hears_the_end(void **state)
{
	(void)state;
	assert_int_equal(child(enters, false), 0);
	assert_int_equal(child(waits_for_the_end, true), 0);
}

static void a_dead_parent_takes_it_along(void **state)
{
	int line[2], alive[2];
	char byte;
	pid_t middle;

	(void)state;
	assert_int_equal(pipe(line), 0);
	assert_int_equal(pipe(alive), 0);
	middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			struct assay_role role = { .kind = "door", .name = "x", .board_fd = -1 };
			struct assay_err err;

			role.inline_sock = role.bulk_sock = role.out_fd = -1;
			role.life = line[0];
			if (assay_role_enter(&role, &err) != ASSAY_OK ||
			    write(alive[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				(void)pause();
		}
		for (;;)
			(void)pause();
	}
	(void)close(alive[1]);
	assert_int_equal(read(alive[0], &byte, 1), 1);
	assert_int_equal(kill(middle, SIGKILL), 0);
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	/* Both had the other end of this pipe. The lifeline is still ours: it is not that. */
	assert_int_equal(read(alive[0], &byte, 1), 0);
	(void)close(alive[0]);
	(void)close(line[0]);
	(void)close(line[1]);
}

/* drops - with NEEDS_FILES; root becomes `daemon` */
static int drops(struct assay_role *role)
{
	struct assay_config *config;
	const struct assay_opts *core = core_of("user=daemon", &config);
	char text[ASSAY_ROLE_TEXT];
	struct rlimit cores;
	struct assay_err err;
	int death = 0, fd;

	if (assay_role_drop(role, core, ASSAY_NEEDS_FILES, text, &err) != ASSAY_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	(void)prctl(PR_GET_PDEATHSIG, &death);
	(void)getrlimit(RLIMIT_CORE, &cores);
	if (death != SIGKILL || cores.rlim_max != 0 || umask(0) != 027 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || strstr(text, "no_new_privs") == NULL)
		return 2;
	if (strstr(text, "user daemon") == NULL)
		return geteuid() == 0 ? 3 : 0;
	if (geteuid() == 0 || setuid(0) == 0 || setgid(0) == 0)
		return 4;
	if (strstr(text, "missing: CAP") != NULL)
		return 0;
	fd = open("/etc/shadow", O_RDONLY);
	if (fd < 0 && errno != ENOENT)
		return 5;
	return open("/etc/shadow", O_WRONLY) >= 0 ? 6 : 0;
}

/* drops_all - without needs: nobody's files, no network */
static int drops_all(struct assay_role *role)
{
	struct assay_config *config;
	const struct assay_opts *core = core_of("user=daemon", &config);
	char text[ASSAY_ROLE_TEXT];
	struct assay_err err;

	if (assay_role_drop(role, core, 0, text, &err) != ASSAY_OK)
		return 1;
	if (strstr(text, "user daemon") == NULL)
		return 0;
	if (open("/etc/shadow", O_RDONLY) >= 0)
		return 2;
	return strstr(text, "no network") == NULL && strstr(text, "missing: network") == NULL;
}

/* stays_root - where there is no such user */
static int stays_root(struct assay_role *role)
{
	struct assay_config *config;
	const struct assay_opts *core = core_of("user=no-such-user-here", &config);
	char text[ASSAY_ROLE_TEXT];
	struct assay_role_user user;
	struct assay_err err;
	bool root = geteuid() == 0;

	if (assay_role_user(core, &user, &err) != ASSAY_OK)
		return 3;
	if (user.absent != root || user.change)
		return 1;
	if (assay_role_drop(role, core, ASSAY_NEEDS_NETWORK, text, &err) != ASSAY_OK)
		return 2;
	return (strstr(text, "still root") != NULL) != root;
}

/* becomes_whom_it_is_told - whatever the list of users says */
static int becomes_whom_it_is_told(struct assay_role *role)
{
	struct assay_config *config;
	const struct assay_opts *core = core_of("user=no-such-user-here", &config);
	char text[ASSAY_ROLE_TEXT];
	struct assay_err err;

	role->told_user = true;
	role->uid = geteuid() == 0 ? 4711 : geteuid();
	role->gid = geteuid() == 0 ? 4712 : getegid();
	if (assay_role_drop(role, core, ASSAY_NEEDS_NETWORK, text, &err) != ASSAY_OK)
		return 1;
	return geteuid() == role->uid && getegid() == role->gid ? 0 : 2;
}

static void rights_are_given_up(void **state)
{
	(void)state;
	assert_int_equal(child(drops, false), 0);
	assert_int_equal(child(drops_all, false), 0);
	assert_int_equal(child(stays_root, false), 0);
	assert_int_equal(child(becomes_whom_it_is_told, false), 0);
}

/* last_words - of a role, with a page and without */
static int last_words(void)
{
	struct assay_board_slot page = { .state = ASSAY_BOARD_STARTING };
	struct assay_role role = { .page = &page }, bare = { .page = NULL };
	struct assay_err err;

	assay_role_ready(&role, "no network");
	assay_role_ready(&bare, "");
	(void)assay_err_set(&err, ASSAY_E_CONF, "no such rule");
	if (page.state != ASSAY_BOARD_IDLE ||
	    assay_role_failed(&bare, &err) != assay_role_failed(&role, &err) ||
	    strcmp(page.error, "no such rule") != 0)
		return EX_SOFTWARE;
	return assay_role_failed(&role, &err);
}

/* logs - one line as each of the three speakers, read back from standard error */
static void lines_say_who_speaks(void **state)
{
	int line[2], status;
	char text[400] = "", want[100];
	size_t n = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(line), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(line[1], STDERR_FILENO);
		assay_log(ASSAY_LOG_ERROR, "one");
		assay_log_set_name("door maildir");
		assay_log(ASSAY_LOG_ERROR, "two");
		assay_log_set_name("");
		assay_log(ASSAY_LOG_WARNING, "three");
		assay_log_set_name(NULL);
		assay_log(ASSAY_LOG_ERROR, "four");
		_exit(last_words());
	}
	(void)close(line[1]);
	for (ssize_t got = 1; got > 0 && n<sizeof text - 1; n += got> 0 ? (size_t)got : 0)
		got = read(line[0], text + n, sizeof text - 1 - n);
	(void)close(line[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_CONFIG);
	(void)snprintf(want, sizeof want, "assay[%ld] door maildir: error: two\n", (long)pid);
	assert_non_null(strstr(text, want));
	(void)snprintf(want, sizeof want, "assay[%ld]: warning: three\n", (long)pid);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "assay: error: one\n"));
	assert_non_null(strstr(text, "assay: error: four\n"));
	assert_non_null(strstr(text, "assay: error: no such rule\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_role_is_refused),
		cmocka_unit_test(a_child_enters_and_hears_the_end),
		cmocka_unit_test(a_dead_parent_takes_it_along),
		cmocka_unit_test(rights_are_given_up),
		cmocka_unit_test(lines_say_who_speaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
