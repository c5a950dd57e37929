/* rooms: core text base */
/*
 * tests/unit/test_listen.c - sockets of providers: bound, kept, exchanged, refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/slice.h"
#include "core/listen.h"

static struct assay_listens listens;
static char dir[64];

static int setup(void **state)
{
	(void)state;
	assay_listens_init(&listens);
	(void)snprintf(dir, sizeof dir, "/tmp/assay-listen-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	char path[120];

	(void)state;
	assay_listens_close(&listens, true);
	(void)snprintf(path, sizeof path, "%s/deeper", dir);
	(void)rmdir(path);
	return rmdir(dir);
}

/* ask - these lines, with the directory for each DIR */
static enum assay_status ask(const char *form, struct assay_err *err)
{
	char lines[600] = "";
	size_t n = 0;

	while (*form != '\0' && n + sizeof dir < sizeof lines)
		if (strncmp(form, "DIR", 3) == 0) {
			n += (size_t)snprintf(lines + n, sizeof lines - n, "%s", dir);
			form += 3;
		} else {
			lines[n++] = *form++;
		}
	return assay_listens_open(&listens, assay_slice(lines, n), err);
}

/* answers - does somebody listen at DIR/NAME? */
static bool answers(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s/%s", dir, name);
	yes = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
	(void)close(fd);
	return yes;
}

static void a_unix_socket_has_its_mode_and_directory(void **state)
{
	int fds[ASSAY_LISTEN_MOST];
	struct assay_err err;
	struct stat st;
	char path[120];
	mode_t mask;

	(void)state;
	mask = umask(027); /* that of the service */
	assert_int_equal(ask("milter unix:DIR/deeper/a.sock mode=0606\n", &err), ASSAY_OK);
	assert_int_equal(umask(mask), 027);
	(void)snprintf(path, sizeof path, "%s/deeper", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	(void)snprintf(path, sizeof path, "%s/deeper/a.sock", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0606);
	assert_true(answers("deeper/a.sock"));
	assert_int_equal(assay_listens_of(&listens, "milter", fds), 1);
	assert_int_equal(assay_listens_of(&listens, "other", fds), 0);
}

static void what_is_named_again_stays_open(void **state)
{
	int before[ASSAY_LISTEN_MOST], after[ASSAY_LISTEN_MOST];
	struct assay_err err;

	(void)state;
	assert_int_equal(ask("m unix:DIR/a\nm unix:DIR/b\n", &err), ASSAY_OK);
	assert_int_equal(assay_listens_of(&listens, "m", before), 2);
	assert_int_equal(ask("m unix:DIR/a\n", &err), ASSAY_OK);
	assert_int_equal(assay_listens_of(&listens, "m", after), 1);
	assert_int_equal(after[0], before[0]);
	/* The old doors may still have it. */
	assert_true(answers("b"));
	assay_listens_prune(&listens);
	assert_false(answers("b"));
	assert_true(answers("a"));
}

static void a_line_that_fails_changes_nothing(void **state)
{
	int fds[ASSAY_LISTEN_MOST];
	struct assay_err err;

	(void)state;
	assert_int_equal(ask("m unix:DIR/a\n", &err), ASSAY_OK);
	assert_int_equal(ask("m unix:DIR/b\nm nonsense:DIR\n", &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "nonsense"));
	assert_int_equal(assay_listens_of(&listens, "m", fds), 1);
	assert_true(answers("a"));
	assert_false(answers("b"));
}

static void an_exchange_can_be_undone(void **state)
{
	int fds[ASSAY_LISTEN_MOST];
	struct assay_err err;

	(void)state;
	assert_int_equal(ask("m unix:DIR/a\n", &err), ASSAY_OK);
	assert_int_equal(ask("m unix:DIR/b\n", &err), ASSAY_OK);
	assay_listens_undo(&listens);
	assert_int_equal(assay_listens_of(&listens, "m", fds), 1);
	assert_true(answers("a"));
	assert_false(answers("b"));
}

static void a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct assay_listens other;
	struct assay_err err;

	(void)state;
	assay_listens_init(&other);
	assert_int_equal(ask("m unix:DIR/a\n", &err), ASSAY_OK);
	other = listens;
	assay_listens_init(&listens);
	assert_int_equal(ask("m unix:DIR/a\n", &err), ASSAY_E_DEAD);
	assay_listens_close(&other, false); /* the path stays: stale */
	assert_int_equal(ask("m unix:DIR/a\n", &err), ASSAY_OK);
	assert_true(answers("a"));
}

static void what_is_no_socket_is_refused(void **state)
{
	static const char *const bad[] = { "m unix:relative\n", "m inet:0@127.0.0.1\n",
		"m inet:99999@127.0.0.1\n", "m inet:25@host.example\n", "m inet6:25@1.2.3.4\n",
		"m systemd:nothing\n", "m nocolon\n", "m unix:/tmp/x mode=999\n",
		"m unix:/tmp/x group=no-such-group-here\n", "m unix:/tmp/x else\n",
		"m unix:/tmp\n" };
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (assay_listens_open(&listens, assay_slice_str(bad[i]), &err) != ASSAY_E_CONF)
			fail_msg("taken: %s", bad[i]);
	/* Without opening anything; what lies there, and what is passed, is found out later. */
	for (size_t i = 0; i < sizeof bad / sizeof bad[0] - 1; i++) {
		char spec[60];

		(void)snprintf(spec, sizeof spec, "%.*s", (int)strlen(bad[i]) - 3, bad[i] + 2);
		if (strcmp(spec, "systemd:nothing") != 0 &&
		    assay_listen_check(spec, &err) != ASSAY_E_CONF)
			fail_msg("taken: %s", spec);
	}
	assert_int_equal(assay_listen_check("systemd:", &err), ASSAY_E_CONF);
	assert_int_equal(assay_listen_check("systemd:milter", &err), ASSAY_OK);
	assert_int_equal(assay_listen_check("unix:/a/b mode=0660", &err), ASSAY_OK);
	assert_int_equal(assay_listen_check("inet6:25@[::1]", &err), ASSAY_OK);
}

static void inet_and_inet6(void **state)
{
	int fds[ASSAY_LISTEN_MOST];
	struct assay_err err;
	enum assay_status st =
	    assay_listens_open(&listens, assay_slice_str("m inet:41873@127.0.0.1\n"), &err);

	(void)state;
	if (st == ASSAY_E_FULL)
		skip(); /* the port is taken here */
	assert_int_equal(st, ASSAY_OK);
	assert_int_equal(assay_listens_of(&listens, "m", fds), 1);
}

static void one_can_connect_to_what_is_listened_on(void **state)
{
	static const char *const bad[] = { "", "x", "unix:", "unix:relative", "inet:0@::1",
		"systemd:x", "http:80@127.0.0.1" };
	char line[200], spec[100];
	struct assay_err err;
	int fd;

	(void)state;
	(void)snprintf(spec, sizeof spec, "unix:%s/dial mode=0600", dir);
	(void)snprintf(line, sizeof line, "m %s\n", spec);
	assert_int_equal(assay_listen_dial(spec, &fd, &err), ASSAY_E_NOENT);
	assert_int_equal(assay_listens_open(&listens, assay_slice_str(line), &err), ASSAY_OK);
	assert_int_equal(assay_listen_dial(spec, &fd, &err), ASSAY_OK);
	(void)close(fd);
	(void)snprintf(spec, sizeof spec, "%s/dial", dir);
	assert_int_equal(assay_listen_dial(spec, &fd, &err), ASSAY_OK);
	(void)close(fd);
	assert_int_equal(assay_listen_dial("systemd:x", &fd, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "name its path"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(assay_listen_dial(bad[i], &fd, &err), ASSAY_E_CONF);
		assert_int_equal(fd, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_unix_socket_has_its_mode_and_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_named_again_stays_open, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_that_fails_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(an_exchange_can_be_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_stale_socket_is_replaced_and_a_live_one_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_socket_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(inet_and_inet6, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    one_can_connect_to_what_is_listened_on, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
