/* rooms: core text base */
/*
 * tests/unit/test_janitor.c - when doors must hold mail
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/janitor.h"
#include "core/role.h"

static struct assay_board board;
static char dir[64];

static int setup(void **state)
{
	struct assay_err err;

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-janitor-XXXXXX");
	return mkdtemp(dir) == NULL || assay_board_create(dir, &board, &err) != ASSAY_OK;
}

static int teardown(void **state)
{
	char path[120];

	(void)state;
	assay_board_close(&board);
	(void)snprintf(path, sizeof path, "%s/" ASSAY_RUN_BOARD, dir);
	return unlink(path) != 0 || rmdir(dir) != 0;
}

/* janitor - its page, alive a moment ago */
static struct assay_board_slot *janitor(void)
{
	struct assay_board_slot *page = assay_board_slot(&board, 2);

	page->kind = ASSAY_BOARD_JANITOR;
	page->pid = getpid();
	page->beat_ms = assay_clock_mono_ms();
	return page;
}

static void nobody_measures_nobody_holds(void **state)
{
	(void)state;
	assert_null(assay_janitor_hold(&board));
	assay_board_slot(&board, 2)->disk_low = true;
	assert_null(assay_janitor_hold(&board));
}

static void a_full_disk_holds(void **state)
{
	(void)state;
	janitor()->disk_low = true;
	assert_non_null(strstr(assay_janitor_hold(&board), "spool_min_free"));
	janitor()->disk_low = false;
	assert_null(assay_janitor_hold(&board));
}

static void a_full_queue_holds(void **state)
{
	(void)state;
	janitor()->of.queue[7].full = true;
	assert_non_null(strstr(assay_janitor_hold(&board), "queue"));
}

static void old_figures_do_not_hold(void **state)
{
	(void)state;
	janitor()->disk_low = true;
	assay_board_slot(&board, 2)->beat_ms = assay_clock_mono_ms() - 31000;
	assert_null(assay_janitor_hold(&board));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_measures_nobody_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(old_figures_do_not_hold, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
