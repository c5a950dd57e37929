/* rooms: core text base */
/*
 * tests/unit/test_supervise.c - children are started, started again when they die, and go when they
 * are asked or when their time is over. The children are this program, told by --as what to do.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "core/supervise.h"

static char dir[64];
static struct assay_board board;
static struct assay_supervise sup;
static unsigned deaths;

/* ---- the children ---------------------------------------------------------------------------- */

static int act(struct assay_role *role)
{
	struct assay_err err;

	if (assay_role_enter(role, &err) != ASSAY_OK)
		return 99;
	if (strcmp(role->name, "wrong") == 0) {
		assay_board_set_error(role->page, "assay.conf:7: wrong");
		return 78;
	}
	if (strcmp(role->name, "killed") == 0)
		(void)raise(SIGKILL);
	if (strcmp(role->name, "loading") != 0)
		assay_board_set_state(role->page, ASSAY_BOARD_IDLE);
	while (strcmp(role->name, "deaf") == 0 || !assay_role_leaving(role))
		(void)usleep(2000);
	return role->config_sha256 != NULL ? 3 : 0;
}

static int be_child(const char *text)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_role role;
	struct assay_err err;
	int code = 98;

	if (assay_role_parse(&role, arena, text, &err) == ASSAY_OK)
		code = act(&role);
	assay_arena_free(&arena);
	return code;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void died(void *arg, struct assay_ward *child)
{
	(void)child;
	++*(unsigned *)arg;
}

static int setup(void **state)
{
	struct assay_supervise_options options = { .board = &board, .died = died, .arg = &deaths };
	struct assay_err err;

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-supervise-XXXXXX");
	if (mkdtemp(dir) == NULL || assay_board_create(dir, &board, &err) != ASSAY_OK)
		return -1;
	options.inline_sock = options.bulk_sock = options.check_out = -1;
	deaths = 0;
	assay_supervise_init(&sup, &options);
	return 0;
}

/* run_until - ticks until `done`; fails after a long while */
static void run_until(bool (*done)(const struct assay_ward *child), struct assay_ward *child)
{
	for (int i = 0; i < 6000; i++) {
		(void)assay_supervise_tick(&sup);
		if (done(child))
			return;
		(void)usleep(5000);
	}
	fail_msg("%s %s: pid %d, starts %u, code %d", child->kind, child->name, (int)child->pid,
	    child->starts, child->code);
}

static bool is_up(const struct assay_ward *child)
{
	return assay_supervise_up(&sup, child);
}

static bool is_gone(const struct assay_ward *child)
{
	return child->pid == 0 && child->code >= 0;
}

static bool started_thrice(const struct assay_ward *child)
{
	return child->starts >= 3;
}

static int teardown(void **state)
{
	char path[100];

	(void)state;
	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++)
		if (sup.child[i].pid > 0) {
			assay_supervise_leave(&sup, &sup.child[i], 0);
			run_until(is_gone, &sup.child[i]);
		}
	assay_board_close(&board);
	(void)snprintf(path, sizeof path, "%s/service.board", dir);
	return unlink(path) != 0 || rmdir(dir) != 0;
}

static struct assay_ward *add(const char *kind, const char *name, uint32_t generation)
{
	struct assay_err err;
	struct assay_ward *child = assay_supervise_add(&sup, kind, name, generation, &err);

	if (child == NULL)
		fail_msg("%s", err.text);
	return child;
}

static void one_comes_and_goes_when_asked(void **state)
{
	struct assay_ward *child = add("door", "good", 7);
	struct assay_board_slot page;
	unsigned slot = child->slot;

	(void)state;
	assert_ptr_equal(assay_supervise_find(&sup, "door", "good", 0), child);
	assert_null(assay_supervise_find(&sup, "door", "good", 8));
	assert_null(assay_supervise_find(&sup, "connector", "good", 0));
	run_until(is_up, child);
	assert_true(assay_board_read(&board, slot, &page));
	assert_int_equal(page.pid, child->pid);
	assert_int_equal(page.kind, ASSAY_BOARD_DOOR);
	assert_int_equal(page.generation, 7);
	assert_int_equal(page.starts, 1);
	assert_string_equal(page.name, "good");
	assay_supervise_leave(&sup, child, 60000);
	run_until(is_gone, child);
	assert_int_equal(child->code, 0);
	assert_int_equal(child->crashes, 0);
	assert_int_equal(deaths, 0);
	assert_true(assay_board_read(&board, slot, &page));
	assert_int_equal(page.state, ASSAY_BOARD_DOWN);
	assert_int_equal(page.pid, 0);
	assert_int_equal(assay_supervise_tick(&sup), -1);
	assert_int_equal(child->starts, 1);

	assay_supervise_again(child, 8);
	run_until(is_up, child);
	assert_int_equal(child->starts, 2);
	assay_supervise_leave(&sup, child, 60000);
	run_until(is_gone, child);
	assay_supervise_remove(&sup, child);
	assert_null(assay_supervise_find(&sup, "door", "good", 0));
	assert_false(assay_board_read(&board, slot, &page));
}

static void one_that_is_killed_is_started_again(void **state)
{
	struct assay_ward *child = add("connector", "good", 1);
	pid_t pid;

	(void)state;
	run_until(is_up, child);
	pid = child->pid;
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (child->starts < 2 || !is_up(child)) {
		(void)assay_supervise_tick(&sup);
		(void)usleep(2000);
	}
	assert_int_not_equal(child->pid, pid);
	assert_int_equal(child->crashes, 1);
	assert_int_equal(deaths, 1);
	assert_non_null(strstr(assay_supervise_page(&sup, child)->error, "signal 9"));
}

static void it_comes_again_later_and_later(void **state)
{
	struct assay_ward *child = add("archiver", "killed", 1);
	int64_t began = assay_clock_mono_ms();

	(void)state;
	run_until(started_thrice, child);
	/* 100 and 200 ms between them. */
	assert_true(assay_clock_mono_ms() - began >= 300);
	child->back_ms = 29000;
	run_until(is_gone, child);
	assert_true(child->back_ms <= 30000);
	assert_true(child->again_ms >= assay_clock_mono_ms() + 20000);
	assert_true(assay_supervise_tick(&sup) > 10000);
	assert_int_equal(assay_supervise_page(&sup, child)->again_ms, child->again_ms);
	assert_false(is_up(child));
	/* A minute of life, and the pause is short again. */
	assay_supervise_again(child, 1);
	assert_int_equal(child->back_ms, 100);
	sup.over = true;
	(void)assay_supervise_tick(&sup);
	assert_int_equal(child->pid, 0);
}

static void its_own_words_stay(void **state)
{
	struct assay_ward *child = add("door", "wrong", 1);

	(void)state;
	run_until(is_gone, child);
	assert_int_equal(child->code, 78);
	assert_string_equal(assay_supervise_page(&sup, child)->error, "assay.conf:7: wrong");
}

static void one_that_does_not_go_is_killed(void **state)
{
	struct assay_ward *child = add("door", "deaf", 1);

	(void)state;
	run_until(is_up, child);
	assay_supervise_leave(&sup, child, 100);
	assert_true(assay_supervise_tick(&sup) <= 100);
	run_until(is_gone, child);
	assert_int_equal(child->code, 128 + SIGKILL);
	assert_int_equal(child->crashes, 0);
}

static void a_check_runs_once(void **state)
{
	struct assay_ward *child = add("check", "wrong", 1);

	(void)state;
	assert_int_equal(child->slot, ASSAY_SLOT_CHECK);
	run_until(is_gone, child);
	assert_int_equal(child->code, 78);
	for (int i = 0; i < 60; i++) {
		(void)assay_supervise_tick(&sup);
		(void)usleep(5000);
	}
	assert_int_equal(child->starts, 1);
	assert_int_equal(deaths, 0);
}

static void a_dead_master_takes_its_scan_processes_off_the_board(void **state)
{
	struct assay_ward *odd = add("master", "", 1), *even = add("master", "", 2);
	struct assay_board_slot *mine, *others;

	(void)state;
	assert_int_equal(odd->slot, ASSAY_SLOT_MASTER);
	assert_int_equal(even->slot, ASSAY_SLOT_MASTER + 1);
	run_until(is_up, odd);
	run_until(is_up, even);
	mine = assay_board_slot(&board, assay_board_scan_slot(1));
	others = assay_board_slot(&board, assay_board_scan_slot(2));
	mine->kind = others->kind = ASSAY_BOARD_SCAN;
	mine->pid = others->pid = 12345;
	assay_board_set_state(mine, ASSAY_BOARD_BUSY);
	assay_board_set_state(others, ASSAY_BOARD_BUSY);
	assay_supervise_leave(&sup, odd, 60000);
	run_until(is_gone, odd);
	assert_int_equal(mine->pid, 0);
	assert_int_equal(mine->state, ASSAY_BOARD_DOWN);
	assert_int_equal(others->pid, 12345);
	assert_int_equal(others->state, ASSAY_BOARD_BUSY);
}

static void loading_is_not_up(void **state)
{
	struct assay_ward *child = add("door", "loading", 1);

	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)assay_supervise_tick(&sup);
		assert_false(is_up(child));
		(void)usleep(2000);
	}
	assert_true(child->pid > 0);
}

static void they_are_told_the_configuration(void **state)
{
	char sha[65];
	struct assay_ward *child;

	(void)state;
	memset(sha, 'a', 64);
	sha[64] = '\0';
	sup.config_sha256 = sha;
	child = add("door", "good", 1);
	run_until(is_up, child);
	assay_supervise_leave(&sup, child, 60000);
	run_until(is_gone, child);
	assert_int_equal(child->code, 3);
}

static void there_is_an_end_to_it(void **state)
{
	struct assay_err err = { .code = ASSAY_OK };
	unsigned n = 0;
	char name[20];

	(void)state;
	for (; err.code == ASSAY_OK && n < 100; n++) {
		(void)snprintf(name, sizeof name, "d%u", n);
		(void)assay_supervise_add(&sup, "door", name, 1, &err);
	}
	assert_int_equal(err.code, ASSAY_E_CONF);
	assert_int_equal(n - 1, ASSAY_SLOT_CHECK - ASSAY_SLOT_FREE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(one_comes_and_goes_when_asked),
		TEST(one_that_is_killed_is_started_again),
		TEST(it_comes_again_later_and_later),
		TEST(its_own_words_stay),
		TEST(one_that_does_not_go_is_killed),
		TEST(a_check_runs_once),
		TEST(a_dead_master_takes_its_scan_processes_off_the_board),
		TEST(loading_is_not_up),
		TEST(they_are_told_the_configuration),
		TEST(there_is_an_end_to_it),
	};

	if (argc > 3 && strcmp(argv[2], "--as") == 0)
		return be_child(argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
