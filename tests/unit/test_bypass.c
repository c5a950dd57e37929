/* rooms: core text base */
/*
 * tests/unit/test_bypass.c - the bypass file: what is written is read at the next look, ends by
 * itself, and one that makes no sense is nothing
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "core/bypass.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-bypass-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	struct assay_err err;

	(void)state;
	return assay_bypass_remove(dir, &err) != ASSAY_OK || rmdir(dir) != 0;
}

static void put(const char *text)
{
	char path[128];
	struct assay_err err;

	(void)snprintf(path, sizeof path, "%s/bypass", dir);
	assert_int_equal(assay_io_replace_file(path, 0644, text, strlen(text), &err), ASSAY_OK);
}

static void what_is_written_is_read(void **state)
{
	struct assay_bypass_file *file = assay_bypass_open(dir);
	struct assay_bypass what = { .until_wall_ms = assay_clock_wall_ms() + 3600000 }, now;
	struct assay_err err;
	mode_t mask = umask(077);
	struct stat st;
	char path[128];

	(void)state;
	assert_false(assay_bypass_now(file, &now));
	(void)snprintf(what.worker, sizeof what.worker, "clamav");
	(void)snprintf(what.reason, sizeof what.reason, "clamd \"is\" slow\n");
	assert_int_equal(assay_bypass_write(dir, &what, &err), ASSAY_OK);
	assert_true(assay_bypass_now(file, &now));
	assert_true(assay_bypass_now(file, &now));
	assert_string_equal(now.worker, "clamav");
	assert_string_equal(now.rule, "");
	assert_string_equal(now.reason, "clamd \"is\" slow?");
	assert_int_equal(now.until_wall_ms, what.until_wall_ms);
	(void)snprintf(path, sizeof path, "%s/bypass", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(umask(mask), 077);

	what.worker[0] = '\0';
	assert_int_equal(assay_bypass_write(dir, &what, &err), ASSAY_OK);
	assert_true(assay_bypass_now(file, &now));
	assert_string_equal(now.worker, "");
	assert_int_equal(assay_bypass_remove(dir, &err), ASSAY_OK);
	assert_false(assay_bypass_now(file, &now));
	assert_int_equal(assay_bypass_remove(dir, &err), ASSAY_OK);
	assay_bypass_close(&file);
	assert_null(file);
	assay_bypass_close(&file);
}

static void it_ends_by_itself(void **state)
{
	struct assay_bypass_file *file = assay_bypass_open(dir);
	struct assay_bypass what = { .until_wall_ms = assay_clock_wall_ms() + 200 }, now;
	struct assay_err err;
	int n = 0;

	(void)state;
	assert_int_equal(assay_bypass_write(dir, &what, &err), ASSAY_OK);
	while (assay_bypass_now(file, &now) && n++ < 10000)
		(void)usleep(1000);
	assert_true(assay_clock_wall_ms() >= what.until_wall_ms);
	assert_false(assay_bypass_now(file, &now));
	assay_bypass_close(&file);
}

static void nonsense_is_nothing(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{}", "{\"until_ms\": \"soon\"}",
		"{\"until_ms\": -1}", "{\"until_ms\": 9e99}" };
	struct assay_bypass_file *file = assay_bypass_open(dir);
	struct assay_bypass now;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		put(texts[i]);
		assert_false(assay_bypass_now(file, &now));
		assert_false(assay_bypass_now(file, &now));
	}
	put("{\"until_ms\": 99999999999999, \"reason\": 7, \"worker\": [\"x\"]}");
	assert_true(assay_bypass_now(file, &now));
	assert_string_equal(now.reason, "");
	assert_string_equal(now.worker, "");
	assay_bypass_close(&file);
}

static void a_directory_that_is_not_there_is_an_error(void **state)
{
	struct assay_bypass what = { .until_wall_ms = 1 };
	struct assay_err err;

	(void)state;
	assert_int_not_equal(assay_bypass_write("/tmp/assay-none/x", &what, &err), ASSAY_OK);
	assert_non_null(strstr(err.text, "/tmp/assay-none/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(it_ends_by_itself),
		cmocka_unit_test(nonsense_is_nothing),
		cmocka_unit_test(a_directory_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
