/* rooms: core text base */
/*
 * tests/unit/test_site.c - the place of a service: made, held against a second one, left clean
 */
#include <fcntl.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "core/site.h"

static char home[300];
static struct assay_config *config;
static struct assay_err err;

/* configure - this home, this line of [core] */
static void configure(const char *where, const char *line)
{
	const char *const lines[] = { line, NULL };
	struct assay_config_source source = { .home = where, .no_files = true, .core_opts = lines };

	assay_config_free(&config);
	if (assay_config_load(&source, &config, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-site-XXXXXX");
	if (mkdtemp(home) == NULL)
		return -1;
	configure(home, "user=no-such-user-here");
	return 0;
}

/* path - below the home */
static const char *path(const char *name)
{
	static char text[400];

	(void)snprintf(text, sizeof text, "%s/%s", home, name);
	return text;
}

static int teardown(void **state)
{
	(void)state;
	assay_config_free(&config);
	(void)unlink(path("run/service.lock"));
	(void)unlink(path("service.lock"));
	(void)rmdir(path("run"));
	/* Whatever else was left behind makes this fail. */
	return rmdir(home);
}

/* in_child - what `act` returns in another process */
static int in_child(int (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(act());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int open_second(void)
{
	struct assay_site site;

	if (assay_site_open(&site, config, &err) != ASSAY_E_DEAD)
		return 1;
	/* The first one's things are still there. */
	return access(path("run/inline.sock"), F_OK) == 0 ? 0 : 2;
}

static int ask_holder(void)
{
	return assay_site_holder(path("run"), &err) == getppid() ? 0 : 1;
}

static int ask_nobody(void)
{
	return assay_site_holder(path("run"), &err) == 0 ? 0 : 1;
}

static int connect_to(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%.80s/run/bulk.sock", home);
	return connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? 0 : 1;
}

static void it_is_made_held_and_left(void **state)
{
	struct assay_site site;
	struct stat st;

	(void)state;
	assert_int_equal(in_child(ask_nobody), 0);
	assert_int_equal(assay_site_open(&site, config, &err), ASSAY_OK);
	assert_int_equal(stat(path("run/inline.sock"), &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(stat(path("run"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(in_child(connect_to), 0);
	assert_int_equal(in_child(open_second), 0);
	assert_int_equal(in_child(ask_holder), 0);
	assay_site_close(&site, true);
	assert_int_equal(in_child(ask_nobody), 0);
}

static int die_with_it(void)
{
	struct assay_site site;

	return assay_site_open(&site, config, &err) == ASSAY_OK ? 0 : 1;
}

static void what_a_killed_one_left_is_no_hindrance(void **state)
{
	struct assay_site site;

	(void)state;
	assert_int_equal(in_child(die_with_it), 0);
	assert_int_equal(access(path("run/inline.sock"), F_OK), 0);
	assert_int_equal(in_child(ask_nobody), 0);
	assert_int_equal(in_child(connect_to), 1);
	if (assay_site_open(&site, config, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(in_child(connect_to), 0);
	assay_site_close(&site, true);
}

static void a_long_path_is_told(void **state)
{
	struct assay_site site;
	size_t n = strlen(home);

	(void)state;
	memset(home + n, 'x', 100);
	home[n] = '/';
	home[n + 100] = '\0';
	configure(home, "user=no-such-user-here");
	assert_int_equal(assay_site_open(&site, config, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "--home"));
	(void)unlink(path("run/service.lock"));
	(void)unlink(path("service.lock"));
	(void)rmdir(path("run"));
	assert_int_equal(rmdir(home), 0);
	home[n] = '\0';
}

static void what_is_in_the_way_is_told(void **state)
{
	struct assay_site site;

	(void)state;
	assert_int_equal(assay_io_replace_file(path("run"), 0600, "x", 1, &err), ASSAY_OK);
	assert_int_equal(assay_site_open(&site, config, &err), ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "/run is no directory"));
	assert_int_equal(unlink(path("run")), 0);
	configure("/proc/none", "user=no-such-user-here");
	assert_int_equal(assay_site_open(&site, config, &err), ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "/proc/none"));
}

static void a_link_in_its_place_is_not_followed(void **state)
{
	struct assay_site site;
	char target[400];

	(void)state;
	(void)snprintf(target, sizeof target, "%s/elsewhere", home);
	assert_int_equal(mkdir(path("run"), 0755), 0);
	assert_int_equal(symlink(target, path("run/service.lock")), 0);
	assert_int_equal(assay_site_open(&site, config, &err), ASSAY_E_FULL);
	assert_int_equal(access(target, F_OK), -1);
}

static void the_user_gets_what_is_made(void **state)
{
	struct assay_site site;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	configure(home, "user=daemon");
	assert_int_equal(assay_site_open(&site, config, &err), ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "\"daemon\""));
	assert_int_equal(chmod(home, 0777), 0);
	if (assay_site_open(&site, config, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	assert_true(site.user.change);
	assert_int_equal(stat(path("run"), &st), 0);
	assert_int_equal(st.st_uid, site.user.uid);
	assert_int_equal(stat(path("run/inline.sock"), &st), 0);
	assert_int_equal(st.st_uid, site.user.uid);
	assert_int_equal(stat(path("run/service.board"), &st), 0);
	assert_int_equal(st.st_gid, site.user.gid);
	assert_int_equal(st.st_mode & 0777, 0640);
	assay_site_close(&site, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_made_held_and_left),
		TEST(what_a_killed_one_left_is_no_hindrance),
		TEST(a_long_path_is_told),
		TEST(what_is_in_the_way_is_told),
		TEST(a_link_in_its_place_is_not_followed),
		TEST(the_user_gets_what_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
