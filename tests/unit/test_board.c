/* rooms: core text base */
/*
 * tests/unit/test_board.c - the scoreboard: made anew beside old readers, one page alone, and what
 * a reader gets when somebody who is owned has written all over his page.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "core/board.h"

static char dir[64];
static char path[96];

/* opened - a board that is made anew */
static struct assay_board opened(void)
{
	struct assay_board board;
	struct assay_err err;

	assert_int_equal(assay_board_create(dir, &board, &err), ASSAY_OK);
	return board;
}

/* test_file - mode, size, head; readers of an old file keep it */
static void test_file(void **state)
{
	struct assay_board board = opened(), old, none;
	struct assay_board_head head;
	struct assay_err err;
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(st.st_blocks * 512 >= st.st_size);
	assert_int_equal(assay_board_open(dir, &old, &err), ASSAY_OK);
	assert_false(old.writable);
	board.head->generation = 7;
	assay_board_close(&board);
	board = opened();
	assay_board_read_head(&old, &head);
	assert_int_equal(head.generation, 7);
	assert_int_equal(head.parent, getpid());
	assay_board_close(&old);
	assert_int_equal(assay_board_open(dir, &old, &err), ASSAY_OK);
	assay_board_read_head(&old, &head);
	assert_int_equal(head.generation, 0);
	assay_board_close(&old);
	assay_board_close(&board);
	assert_int_equal(assay_board_open("/nowhere", &none, &err), ASSAY_E_NOENT);
	assert_int_equal(assay_board_create("/nowhere", &none, &err), ASSAY_E_NOENT);
	assay_board_close(&none);
}

/* test_foreign - files that are no board, or another version's */
static void test_foreign(void **state)
{
	struct assay_board board = opened(), none;
	struct assay_err err;
	int fd;

	(void)state;
	board.head->version++;
	assert_int_equal(assay_board_open(dir, &none, &err), ASSAY_E_UNSUP);
	assert_non_null(strstr(err.text, "another version"));
	board.head->version--;
	assert_int_equal(ftruncate(board.fd, 100000), 0);
	assert_int_equal(assay_board_open(dir, &none, &err), ASSAY_E_UNSUP);
	assert_int_equal(ftruncate(board.fd, 100), 0);
	assert_int_equal(assay_board_open(dir, &none, &err), ASSAY_E_SYNTAX);
	fd = dup(board.fd);
	assert_int_equal(assay_board_map(fd, &none, &err), ASSAY_E_SYNTAX);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assay_board_close(&board);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(assay_board_open(dir, &none, &err), ASSAY_E_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(assay_board_open(dir, &none, &err), ASSAY_E_SYNTAX);
	/* Whatever lies there is replaced. */
	board = opened();
	assay_board_close(&board);
}

/* is_kept - true when a child has no mapping but may map one page */
static bool is_kept(const struct assay_board *board)
{
	struct assay_board_slot *page;
	struct assay_err err;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		unsigned char there;

		if (mincore(board->base, 4096, &there) == 0 ||
		    assay_board_map_slot(board->fd, 1, &page, &err) != ASSAY_OK)
			_exit(1);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* test_pages - a page alone is the page of all, and only it */
static void test_pages(void **state)
{
	struct assay_board board = opened(), child;
	struct assay_board_slot *page = NULL, copy;
	unsigned slot = assay_board_scan_slot(1);
	struct assay_err err;

	(void)state;
	assert_int_equal(slot, ASSAY_BOARD_OTHERS);
	assert_int_equal(assay_board_scan_slot(2), ASSAY_BOARD_OTHERS + ASSAY_BOARD_SCANS);
	assert_int_equal(assay_board_scan_slot(3), slot);
	assert_false(assay_board_read(&board, slot, &copy));
	assert_int_equal(assay_board_map_slot(board.fd, slot, &page, &err), ASSAY_OK);
	page->kind = ASSAY_BOARD_SCAN;
	assay_board_set_state(page, ASSAY_BOARD_BUSY);
	assay_board_set_error(page, "died\nat \xc3\xa4 \x1b[1m \xed\xa0\x80");
	assert_true(assay_board_read(&board, slot, &copy));
	assert_int_equal(copy.state, ASSAY_BOARD_BUSY);
	assert_string_equal(copy.error, "died?at \xc3\xa4 ?[1m ???");
	assert_true(copy.error_wall_ms > 0 && copy.since_ms > 0 && copy.beat_ms > 0);
	assay_board_set_error(page, "");
	assert_int_equal(page->error_wall_ms, 0);
	assert_int_equal(assay_board_map(dup(board.fd), &child, &err), ASSAY_OK);
	assay_board_slot(&child, ASSAY_BOARD_SLOTS - 1)->kind = ASSAY_BOARD_SCAN;
	assert_true(assay_board_read(&board, ASSAY_BOARD_SLOTS - 1, &copy));
	assay_board_close(&child);
	assay_board_keep(&board);
	assert_true(is_kept(&board));
	assay_board_close(&board);
	assay_board_set_state(NULL, ASSAY_BOARD_IDLE);
	assay_board_set_error(NULL, "x");
}

/* is_clean - ended, and of harmless characters */
static bool is_clean(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] > 0x7e)
			return false;
	return n < size;
}

/* check_copy - what holds for every copy */
static void check_copy(const struct assay_board_slot *copy)
{
	int64_t now = assay_clock_mono_ms();

	assert_true(copy->state < ASSAY_BOARD_STATES && copy->kind < ASSAY_BOARD_KINDS);
	assert_true(is_clean(copy->name, sizeof copy->name));
	assert_true(is_clean(copy->scan_id, sizeof copy->scan_id));
	assert_true(is_clean(copy->queue_id, sizeof copy->queue_id));
	assert_true(is_clean(copy->payload_id, sizeof copy->payload_id));
	assert_true(is_clean(copy->worker, sizeof copy->worker));
	assert_true(strnlen(copy->error, sizeof copy->error) < sizeof copy->error);
	assert_true(copy->pid >= 0 && copy->mails <= (uint64_t)1 << 53);
	assert_true(copy->since_ms >= 0 && copy->since_ms <= now && copy->beat_ms <= now);
	assert_true(copy->worker_ms >= 0 && copy->worker_ms <= now && copy->started_ms <= now);
	assert_true(copy->deadline_ms >= 0 && copy->deadline_ms <= now + 8LL * 86400000);
	for (size_t i = 0; i < ASSAY_BOARD_WORKERS && copy->kind == ASSAY_BOARD_SCAN; i++) {
		assert_true(is_clean(copy->of.worker[i].name, sizeof copy->of.worker[i].name));
		assert_true(copy->of.worker[i].most_us <= (uint64_t)1 << 53);
	}
	for (size_t i = 0; i < ASSAY_BOARD_QUEUES && copy->kind == ASSAY_BOARD_JANITOR; i++)
		assert_true(is_clean(copy->of.queue[i].name, sizeof copy->of.queue[i].name));
}

/* test_owned - pages full of one byte, and of many */
static void test_owned(void **state)
{
	struct assay_board board = opened();
	struct assay_board_slot copy;
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		unsigned slot = round % 2 == 0 ? 2 : ASSAY_BOARD_OTHERS + round % 3;
		unsigned char *bytes = (unsigned char *)assay_board_slot(&board, slot);

		for (size_t i = 0; i < ASSAY_BOARD_PAGE; i++) {
			seed = seed * 1103515245u + 12345u;
			bytes[i] = (unsigned char)(round < 256 ? round : seed >> 16);
		}
		if (round % 4 == 2)
			assay_board_slot(&board, slot)->kind = ASSAY_BOARD_JANITOR;
		if (!assay_board_read(&board, slot, &copy))
			continue;
		assert_true((slot == 2) == (copy.kind != ASSAY_BOARD_SCAN));
		check_copy(&copy);
	}
	assay_board_close(&board);
}

/* test_names - of every state and kind, and of none */
static void test_names(void **state)
{
	(void)state;
	assert_string_equal(assay_board_state_name(ASSAY_BOARD_BUSY), "busy");
	assert_string_equal(assay_board_state_name(ASSAY_BOARD_LEAVING), "leaving");
	assert_string_equal(assay_board_state_name(99), "unknown");
	assert_string_equal(assay_board_kind_name(ASSAY_BOARD_DRAIN), "drain");
	assert_string_equal(assay_board_kind_name(99), "unknown");
}

/* make_dir - a run directory */
static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-board-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/service.board", dir);
	return 0;
}

/* remove_dir - and nothing but the board is in it */
static int remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_owned),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
