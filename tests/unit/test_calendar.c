/* rooms: core text base */
/*
 * tests/unit/test_calendar.c - a clock that jumps makes nothing old, until it has said so for a day
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/calendar.h"

#define HOUR ((int64_t)3600000)
#define DAY (24 * HOUR)
#define NOW ((int64_t)1764000000000)

static char dir[] = "/tmp/assay-calendar-XXXXXX";
static char file[sizeof dir + 10];
static struct assay_calendar *calendar;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(file, sizeof file, "%s/clock", dir);
	(void)unlink(file);
	calendar = assay_calendar_new(file);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assay_calendar_free(&calendar);
	assert_null(calendar);
	assay_calendar_free(&calendar);
	return 0;
}

/* Another process, or a day later: what is known is in the file. */
static void restart(void)
{
	assay_calendar_free(&calendar);
	calendar = assay_calendar_new(file);
}

static int64_t kept(void)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return (int64_t)st.st_mtim.tv_sec * 1000;
}

static void goes_on(void **state)
{
	(void)state;
	assert_true(assay_calendar_believes(calendar, NOW, 0));
	assert_int_equal(kept(), NOW);
	assert_true(assay_calendar_believes(calendar, NOW + HOUR / 2, HOUR / 2));
	assert_int_equal(kept(), NOW);
	assert_true(assay_calendar_believes(calendar, NOW + 29 * DAY, 29 * DAY));
	assert_int_equal(kept(), NOW + 29 * DAY);
	restart();
	assert_true(assay_calendar_believes(calendar, NOW + 58 * DAY, 5));
	assert_int_equal(kept(), NOW + 58 * DAY);
}

static void jumps_ahead(void **state)
{
	const int64_t then = NOW + 3650 * DAY;

	(void)state;
	assert_true(assay_calendar_believes(calendar, NOW, 0));
	assert_false(assay_calendar_believes(calendar, then, HOUR));
	assert_false(assay_calendar_believes(calendar, then + 23 * HOUR, 24 * HOUR));
	assert_int_equal(kept(), NOW);
	/* Somebody has set it: as if nothing had been. */
	assert_true(assay_calendar_believes(calendar, NOW + DAY, 24 * HOUR + 1));
	assert_false(assay_calendar_believes(calendar, then, 25 * HOUR));
	assert_false(assay_calendar_believes(calendar, then + 23 * HOUR, 48 * HOUR));
	assert_true(assay_calendar_believes(calendar, then + 24 * HOUR, 49 * HOUR));
	assert_int_equal(kept(), then + 24 * HOUR);
}

static void jumps_twice(void **state)
{
	(void)state;
	assert_true(assay_calendar_believes(calendar, NOW, 0));
	assert_false(assay_calendar_believes(calendar, NOW + 1000 * DAY, HOUR));
	assert_false(assay_calendar_believes(calendar, NOW + 2000 * DAY, 24 * HOUR));
	assert_false(assay_calendar_believes(calendar, NOW + 2001 * DAY - 1, 48 * HOUR - 1));
	assert_true(assay_calendar_believes(calendar, NOW + 2001 * DAY, 48 * HOUR));
}

static void restarts_doubt(void **state)
{
	(void)state;
	assert_true(assay_calendar_believes(calendar, NOW, 0));
	assert_false(assay_calendar_believes(calendar, NOW + 31 * DAY, 0));
	restart();
	assert_false(assay_calendar_believes(calendar, NOW + 32 * DAY, 2 * DAY));
	assert_true(assay_calendar_believes(calendar, NOW + 33 * DAY, 3 * DAY));
}

static void jumps_back(void **state)
{
	(void)state;
	assert_true(assay_calendar_believes(calendar, NOW, 0));
	/* 1970, as of a machine without a battery, and then the right time: no doubt. */
	assert_true(assay_calendar_believes(calendar, 1000, 0));
	assert_int_equal(kept(), NOW);
	assert_true(assay_calendar_believes(calendar, NOW + HOUR, 60000));
	assert_true(assay_calendar_believes(calendar, NOW - 99 * DAY, HOUR));
	assert_true(assay_calendar_believes(calendar, NOW - 98 * DAY, 25 * HOUR));
	assert_int_equal(kept(), NOW - 98 * DAY);
}

static void has_no_file(void **state)
{
	(void)state;
	assay_calendar_free(&calendar);
	calendar = assay_calendar_new("/nonexistent/clock");
	assert_true(assay_calendar_believes(calendar, NOW, 0));
	assert_true(assay_calendar_believes(calendar, NOW + 999 * DAY, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(jumps_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(jumps_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(restarts_doubt, setup, teardown),
		cmocka_unit_test_setup_teardown(jumps_back, setup, teardown),
		cmocka_unit_test_setup_teardown(has_no_file, setup, teardown),
	};
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(file);
	(void)rmdir(dir);
	return failed;
}
