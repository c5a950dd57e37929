/* rooms: core text base */
/*
 * tests/unit/test_janitor.c - what the janitor (core/janitor.c) measures, what it drops, and when
 * doors are told to hold mail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/slice.h"
#include "core/janitor.h"
#include "core/queue.h"
#include "core/spool.h"
#include "keep_dir.h"

#define SLOT 2u
#define HEAD 18u /* of a record with an id of two letters */

static struct keep_dir dir;
static struct assay_board board;
static struct assay_board_slot *page;
static struct assay_janitor *janitor;

/* look - a janitor that does everything that is due, at once */
static void look(const struct assay_janitor_queue *queue, uint64_t min_free)
{
	struct assay_janitor_options options = {
		.var = dir.path, .min_free = min_free, .queue = queue
	};

	while (queue[options.n].name != NULL)
		options.n++;
	assay_janitor_free(&janitor);
	assert_int_equal(assay_janitor_new(&options, page, &janitor, NULL), ASSAY_OK);
	assert_true(assay_janitor_step(janitor) > assay_clock_mono_ms());
	page->beat_ms = assay_clock_mono_ms();
}

static void start(void)
{
	keep_dir_make(&dir);
	assert_int_equal(assay_board_create(dir.path, &board, NULL), ASSAY_OK);
	page = assay_board_slot(&board, SLOT);
	page->kind = ASSAY_BOARD_JANITOR;
	page->pid = getpid();
}

static void stop(void)
{
	assay_janitor_free(&janitor);
	assay_board_close(&board);
	keep_dir_remove(&dir);
}

/* fill - n files of one record of `size` bytes of json in the queue of connector x */
static void fill(unsigned n, size_t size)
{
	static const char *const here[] = { "x", NULL };
	const struct assay_spool_options options = { dir.path, here, NULL };
	struct assay_spool *spool;
	char *json = calloc(1, size + 1);

	assert_non_null(json);
	memset(json, ' ', size);
	assert_int_equal(assay_spool_open(&options, &spool, NULL), ASSAY_OK);
	for (unsigned i = 0; i < n; i++) {
		const struct assay_record record = { "report", "ab", assay_slice(json, size) };

		assert_int_equal(assay_spool_record(spool, &record, NULL), ASSAY_OK);
		assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	}
	assay_spool_close(&spool);
	free(json);
}

static const struct assay_board_queue *row(const char *name)
{
	for (unsigned i = 0; i < ASSAY_BOARD_QUEUES; i++)
		if (strcmp(page->of.queue[i].name, name) == 0)
			return &page->of.queue[i];
	return NULL;
}

static void measures_what_waits(void **state)
{
	const struct assay_janitor_queue queue[] = { { "connector-x", 1 << 20, false },
		{ "rescan", 1 << 20, false }, { NULL, 0, false } };

	(void)state;
	start();
	fill(3, 100);
	look(queue, 0);
	assert_int_equal(row("connector-x")->files, 3);
	assert_int_equal(row("connector-x")->bytes, 3 * (HEAD + 100));
	assert_true(row("connector-x")->oldest_wall_ms > 0);
	assert_int_equal(row("connector-x")->dropped, 0);
	assert_int_equal(row("rescan")->files, 0);
	assert_true(page->disk_free > 0);
	assert_false(page->disk_low);
	assert_null(assay_janitor_hold(&board));
	stop();
}

static void drops_the_oldest(void **state)
{
	const struct assay_janitor_queue queue[] = { { "connector-x", 10 * (HEAD + 100), false },
		{ NULL, 0, false } };

	(void)state;
	start();
	fill(25, 100);
	look(queue, 0);
	assert_int_equal(row("connector-x")->files, 10);
	assert_int_equal(row("connector-x")->dropped, 15);
	assert_null(assay_janitor_hold(&board));
	fill(2, 100);
	look(queue, 0); /* another process: what was dropped stays counted */
	assert_int_equal(row("connector-x")->files, 10);
	assert_int_equal(row("connector-x")->dropped, 17);
	stop();
}

static void holds_mail_and_lets_go(void **state)
{
	const struct assay_janitor_queue queue[] = { { "connector-x", 1000, true },
		{ NULL, 0, false } };
	const char *why;

	(void)state;
	start();
	fill(3, 1000);
	look(queue, 0);
	assert_int_equal(row("connector-x")->files, 3);
	assert_int_equal(row("connector-x")->dropped, 0);
	why = assay_janitor_hold(&board);
	assert_non_null(why);
	assert_non_null(strstr(why, "connector-x"));
	page->beat_ms = assay_clock_mono_ms() - ASSAY_JANITOR_STALE_MS - 1;
	assert_null(assay_janitor_hold(&board));
	page->beat_ms = assay_clock_mono_ms();
	page->pid = 0;
	assert_null(assay_janitor_hold(&board));
	page->pid = getpid();
	assert_non_null(assay_janitor_hold(&board));
	assay_janitor_free(&janitor);
	keep_dir_remove(&dir);
	assert_int_equal(mkdir(dir.path, 0700), 0);
	look(queue, 0);
	assert_null(assay_janitor_hold(&board));
	stop();
}

static void what_was_put_aside_is_bounded_too(void **state)
{
	const struct assay_janitor_queue queue[] = { { "connector-x", 1000, false },
		{ NULL, 0, false } };
	const struct assay_janitor_queue hold[] = { { "connector-x", 1000, true },
		{ NULL, 0, false } };
	static char json[200];
	struct assay_queue *to;

	(void)state;
	start();
	memset(json, ' ', sizeof json);
	assert_int_equal(assay_queue_open(dir.path, "connector-x", &to, NULL), ASSAY_OK);
	for (char c = 'a'; c < 'k'; c++) {
		const char id[] = { c, '\0' };
		const struct assay_record r = { "report", id, assay_slice(json, sizeof json) };

		assert_int_equal(assay_queue_poison(to, &r, "why", NULL), ASSAY_OK);
	}
	assay_queue_close(&to);
	look(hold, 0);
	assert_int_equal(row("connector-x")->poison, 10);
	assert_non_null(assay_janitor_hold(&board));
	look(queue, 0);
	assert_true(row("connector-x")->poison > 0 && row("connector-x")->poison < 5);
	assert_int_equal(row("connector-x")->poison + row("connector-x")->dropped, 10);
	assert_null(assay_janitor_hold(&board));
	stop();
}

static void a_full_disk_holds_mail(void **state)
{
	const struct assay_janitor_queue none[] = { { NULL, 0, false } };

	(void)state;
	start();
	look(none, (uint64_t)1 << 60);
	assert_true(page->disk_low);
	assert_non_null(strstr(assay_janitor_hold(&board), "spool_min_free"));
	look(none, 0);
	assert_false(page->disk_low);
	assert_null(assay_janitor_hold(&board));
	stop();
}

static void queues_of_yesterday_are_shown_and_left_alone(void **state)
{
	const struct assay_janitor_queue other[] = { { "connector-y", 10, false },
		{ NULL, 0, false } };
	const struct assay_janitor_queue none[] = { { NULL, 0, false } };

	(void)state;
	start();
	fill(3, 100);
	look(other, 0);
	assert_int_equal(row("connector-x")->files, 3);
	assert_int_equal(row("connector-x")->dropped, 0);
	assert_int_equal(row("connector-y")->files, 0);
	assert_int_equal(rmdir(keep_dir_path(&dir, "/queue/connector-y")), 0);
	look(none, 0);
	assert_null(row("connector-y"));
	assert_non_null(row("connector-x"));
	stop();
}

static void more_queues_than_rows(void **state)
{
	struct assay_janitor_queue queue[ASSAY_BOARD_QUEUES + 6] = { { NULL, 0, false } };
	static char name[ASSAY_BOARD_QUEUES + 5][32];

	(void)state;
	start();
	for (unsigned i = 0; i < ASSAY_BOARD_QUEUES + 5; i++) {
		(void)snprintf(name[i], sizeof name[i], "connector-%u", i);
		queue[i] = (struct assay_janitor_queue){ name[i], 100, true };
	}
	look(queue, 0);
	assert_non_null(row("connector-0"));
	assert_null(row("connector-52"));
	stop();
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(measures_what_waits),
		cmocka_unit_test(drops_the_oldest),
		cmocka_unit_test(holds_mail_and_lets_go),
		cmocka_unit_test(what_was_put_aside_is_bounded_too),
		cmocka_unit_test(a_full_disk_holds_mail),
		cmocka_unit_test(queues_of_yesterday_are_shown_and_left_alone),
		cmocka_unit_test(more_queues_than_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
