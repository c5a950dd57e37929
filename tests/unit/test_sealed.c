/* rooms: core text base */
/*
 * tests/unit/test_sealed.c - work on foreign bytes in a process that can do nothing else
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/io.h"
#include "core/config.h"
#include "core/door.h"
#include "core/line.h"

static struct assay_config *config;
static struct assay_door *door;

/* no_close - lines that are never asked for */
static void no_close(struct assay_lines *self)
{
	(void)self;
}

static struct assay_lines lines = { .close = no_close, .most = 1 };

static int set_up(void **state)
{
	const char *const core[] = { "plugins=", "dispatchers=", "always_dispatch=", NULL };
	const struct assay_config_source source = { .no_files = true, .core_opts = core };
	struct assay_door_options options = { .lines = &lines, .bulk = true, .stop_fd = -1 };
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_config_load(&source, &config, &err), ASSAY_OK);
	options.core = assay_config_core(config);
	assert_int_equal(assay_door_open(&options, &door, &err), ASSAY_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assay_door_close(&door);
	assay_config_free(&config);
	return 0;
}

/* double_it - the work: each byte twice */
static int double_it(void *arg, int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1)
		for (int i = 0; i < *(int *)arg; i++)
			if (write(out, &c, 1) != 1)
				return 9;
	return 7;
}

/* reach_out - the work: what must not work */
static int reach_out(void *arg, int in, int out)
{
	int failed = 0;

	(void)arg;
	(void)in;
	failed += open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES;
	failed += fork() < 0;
	failed += kill(getppid(), SIGCONT) < 0;
	failed += write(out, "x", 1) == 1;
	return failed;
}

/* fall - the work: a library with a bug */
static int fall(void *arg, int in, int out)
{
	(void)arg;
	(void)in;
	(void)out;
	(void)signal(SIGSEGV, SIG_DFL);
	abort();
}

/* did - runs it over a text; what came out, and what was said */
static enum assay_status did(
    int (*run)(void *arg, int in, int out), const char *text, char got[100], int *said)
{
	int twice = 2;
	struct assay_sealed_work work = { .run = run, .arg = &twice, .memory = 64 << 20 };
	struct assay_sealed *child;
	struct assay_err err;
	enum assay_status st;
	ssize_t n;
	size_t all = 0;

	assert_int_equal(assay_io_memfd("test", &work.in, &err), ASSAY_OK);
	assert_int_equal(pwrite(work.in, text, strlen(text), 0), strlen(text));
	assert_int_equal(assay_sealed_start(door, &work, &child, &err), ASSAY_OK);
	while ((n = read(assay_sealed_out(child), got + all, 99 - all)) > 0)
		all += (size_t)n;
	got[all] = '\0';
	st = assay_sealed_end(&child, said, &err);
	assert_null(child);
	(void)close(work.in);
	return st;
}

static void works(void **state)
{
	char got[100];
	int said;

	(void)state;
	assert_int_equal(did(double_it, "hello", got, &said), ASSAY_OK);
	assert_string_equal(got, "hheelllloo");
	assert_int_equal(said, 7);
}

static void can_do_nothing_else(void **state)
{
	char got[100];
	int said;

	(void)state;
	assert_int_equal(did(reach_out, "", got, &said), ASSAY_OK);
	assert_int_equal(said, 4);
}

static void a_crash_is_told(void **state)
{
	char got[100];
	int said;

	(void)state;
	assert_int_equal(did(fall, "", got, &said), ASSAY_E_DEAD);
	assert_string_equal(got, "");
}

/* Who does not listen any more has it ended. */
static void is_ended_when_nobody_listens(void **state)
{
	int many = 100000, said;
	struct assay_sealed_work work = { .run = double_it, .arg = &many, .memory = 64 << 20 };
	struct assay_sealed *child;
	struct assay_err err;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	work.in = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(assay_sealed_start(door, &work, &child, &err), ASSAY_OK);
	(void)assay_sealed_end(&child, &said, &err);
	assert_null(child);
	assert_int_equal(assay_sealed_end(&child, &said, &err), ASSAY_OK);
	(void)close(work.in);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(works),
		cmocka_unit_test(can_do_nothing_else), cmocka_unit_test(a_crash_is_told),
		cmocka_unit_test(is_ended_when_nobody_listens) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
