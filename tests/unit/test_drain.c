/* rooms: core text base */
/*
 * tests/unit/test_drain.c - a drain over a far side that refuses, is down, or kills the process:
 * nothing is lost, what is acknowledged goes, what is refused is put aside alone.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/drain.h"
#include "core/queue.h"
#include "core/spool.h"
#include "keep_dir.h"

#define NEVER INT64_MAX / 2

/* What the far side does, and what it has got; shared with children. */
struct far_side {
	char refused, deadly; /* ids that begin so; '\0': none */
	enum assay_status down, flush_down;
	unsigned calls, flushes, expires, idles, most;
	uint32_t state; /* on the page, at the last call */
	char got[4000];
};

static struct keep_dir dir;
static struct assay_spool *spool;
static struct assay_queue *queue;
static struct assay_board_slot *page;
static struct far_side *side;
static struct assay_drain *drain;

static void *shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void got(const char *id)
{
	const size_t n = strlen(side->got);

	(void)snprintf(side->got + n, sizeof side->got - n, "%.10s ", id);
}

static enum assay_status save(
    void *arg, const struct assay_record *records, size_t n, struct assay_err *err)
{
	assert_ptr_equal(arg, side);
	side->calls++;
	side->state = page->state;
	side->most = n > side->most ? (unsigned)n : side->most;
	if (side->down != ASSAY_OK)
		return assay_err_set(err, side->down, "the table is not there");
	for (size_t i = 0; i < n; i++)
		if (side->deadly != '\0' && records[i].id[0] == side->deadly)
			_exit(9);
	for (size_t i = 0; i < n; i++)
		if (side->refused != '\0' && records[i].id[0] == side->refused)
			return assay_err_set(err, ASSAY_E_SYNTAX, "no report");
	for (size_t i = 0; i < n; i++)
		got(records[i].id);
	return ASSAY_OK;
}

static enum assay_status flush(void *arg, struct assay_err *err)
{
	(void)arg;
	side->flushes++;
	return side->flush_down != ASSAY_OK ? assay_err_set(err, side->flush_down, "no disk")
					    : ASSAY_OK;
}

static enum assay_status put(
    void *arg, const char *sha256, struct assay_slice bytes, struct assay_err *err)
{
	(void)arg;
	(void)sha256;
	side->calls++;
	if (side->deadly != '\0' && bytes.p[0] == side->deadly)
		_exit(9);
	if (side->refused != '\0' && bytes.p[0] == side->refused)
		return assay_err_set(err, ASSAY_E_LIMIT, "too large");
	if (side->down != ASSAY_OK)
		return assay_err_set(err, side->down, "gone");
	got(bytes.p[0] == 'a' ? "a" : bytes.p[0] == 'b' ? "b" : "c");
	return ASSAY_OK;
}

static enum assay_status expire(void *arg, uint64_t *gone, struct assay_err *err)
{
	(void)arg;
	(void)err;
	*gone = 10;
	return ++side->expires < 3 ? ASSAY_OK : ASSAY_END;
}

static enum assay_status idle(void *arg, struct assay_err *err)
{
	(void)arg;
	side->idles++;
	return side->down != ASSAY_OK ? assay_err_set(err, side->down, "no disk") : ASSAY_OK;
}

static void again(bool payloads, int64_t expire_ms)
{
	const struct assay_drain_far far = { .arg = side,
		.save = payloads ? NULL : save,
		.flush = payloads ? NULL : flush,
		.idle = payloads ? NULL : idle,
		.put = payloads ? put : NULL,
		.expire = expire };

	assay_drain_free(&drain);
	drain = assay_drain_new(&far, queue, page, expire_ms);
}

static void start(bool payloads)
{
	static const char *const here[] = { "far", NULL }, *const none[] = { NULL };
	struct assay_spool_options options = { .connectors = payloads ? none : here,
		.archivers = payloads ? here : none };

	keep_dir_make(&dir);
	options.var = dir.path;
	assert_int_equal(assay_spool_open(&options, &spool, NULL), ASSAY_OK);
	assert_int_equal(
	    assay_queue_open(dir.path, payloads ? "archiver-far" : "connector-far", &queue, NULL),
	    ASSAY_OK);
	page = shared(sizeof *page);
	side = shared(sizeof *side);
	again(payloads, NEVER);
}

static void stop(void)
{
	assay_drain_free(&drain);
	assay_queue_close(&queue);
	assay_spool_close(&spool);
	keep_dir_remove(&dir);
	(void)munmap(page, sizeof *page);
	(void)munmap(side, sizeof *side);
}

/* add - a group of one record or payload per letter */
static void add(const char *letters)
{
	for (; *letters != '\0'; letters++) {
		const char id[] = { *letters, '\0' };
		const struct assay_record record = { "report", id, ASSAY_SLICE_LIT("{}") };
		char hex[ASSAY_DIGEST_TEXT];

		assay_digest_hex(ASSAY_SHA256, assay_slice_str(id), hex);
		assert_int_equal(
		    assay_spool_payload(spool, hex, assay_slice_str(id), NULL), ASSAY_OK);
		assert_int_equal(assay_spool_record(spool, &record, NULL), ASSAY_OK);
	}
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
}

static enum assay_status step(void)
{
	struct assay_err err = { .text = "" };

	return assay_drain_step(drain, &err);
}

static struct assay_queue_size size(void)
{
	struct assay_queue_size s;

	assert_int_equal(assay_queue_measure(queue, &s, NULL), ASSAY_OK);
	return s;
}

/* ---- records -----------------------------------------------------------------------------------
 */

static void many_files_are_one_batch(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(step(), ASSAY_END);
	assert_int_equal(page->state, ASSAY_BOARD_IDLE);
	add("ab");
	add("c");
	add("def");
	assert_int_equal(step(), ASSAY_OK);
	assert_string_equal(side->got, "a b c d e f ");
	assert_int_equal(side->calls, 1);
	assert_int_equal(side->flushes, 1);
	assert_int_equal(size().files, 0);
	assert_int_equal(page->records, 6);
	assert_string_equal(page->payload_id, "");
	assert_int_equal(step(), ASSAY_END);
	stop();
}

static void a_batch_has_a_bound(void **state)
{
	(void)state;
	start(false);
	for (unsigned i = 0; i < 12; i++)
		add("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff");
	while (step() == ASSAY_OK)
		;
	assert_int_equal(side->most, 480);
	assert_int_equal(page->records, 720);
	assert_int_equal(size().files, 0);
	stop();
}

static void a_far_side_that_is_down_loses_nothing(void **state)
{
	(void)state;
	start(false);
	add("a");
	add("b");
	side->down = ASSAY_E_IO;
	for (int64_t back = 1000; back <= 4000; back *= 2) {
		const int64_t now = assay_clock_mono_ms();

		assert_int_equal(step(), ASSAY_E_IO);
		assert_true(assay_drain_again_ms(drain) >= now + back);
		assert_true(page->again_ms == assay_drain_again_ms(drain));
		assert_int_equal(page->state, ASSAY_BOARD_WAITING);
		assert_string_equal(page->error, "the table is not there");
		assert_string_equal(page->payload_id, "");
	}
	for (unsigned i = 0; i < 20; i++) {
		(void)step();
		assert_int_equal(side->state, ASSAY_BOARD_WAITING);
	}
	assert_true(assay_drain_again_ms(drain) <= assay_clock_mono_ms() + 330000);
	assert_int_equal(page->retries, 23);
	assert_int_equal(size().files, 2);
	assert_int_equal(size().poison, 0);
	add("c");
	side->down = ASSAY_OK;
	assert_int_equal(step(), ASSAY_OK);
	assert_string_equal(side->got, "a b c ");
	assert_int_equal(assay_drain_again_ms(drain), 0);
	assert_int_equal(page->again_ms, 0);
	add("d");
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(side->state, ASSAY_BOARD_BUSY);
	stop();
}

static void what_is_not_flushed_stays(void **state)
{
	(void)state;
	start(false);
	add("a");
	side->flush_down = ASSAY_E_SYNTAX; /* whatever it says: it is no record */
	assert_int_equal(step(), ASSAY_E_SYNTAX);
	assert_int_equal(size().files, 1);
	side->flush_down = ASSAY_OK;
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(size().files, 0);
	assert_string_equal(side->got, "a a ");
	stop();
}

static void the_one_that_is_refused_goes_aside_alone(void **state)
{
	const struct assay_queue_poisoned *list;
	struct assay_arena *arena = assay_arena_new();

	(void)state;
	start(false);
	add("abcdef");
	add("gxhi");
	add("x");
	side->refused = 'x';
	assert_int_equal(step(), ASSAY_OK);
	assert_string_equal(side->got, "a b c d e f g h i ");
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 1); /* both have one id */
	assert_int_equal(assay_queue_poisons(queue, arena, &list, NULL), ASSAY_OK);
	assert_string_equal(list[0].id, "x");
	assert_string_equal(list[0].why, "no report");
	assay_arena_free(&arena);
	stop();
}

static void down_in_the_middle_keeps_what_was_not_done(void **state)
{
	(void)state;
	start(false);
	add("ab");
	add("x");
	side->refused = 'x';
	/* Poison cannot be written: the files wait, those that are through go. */
	keep_dir_write(&dir, "/queue/connector-far/poison", "in the way");
	assert_true(step() != ASSAY_OK);
	assert_string_equal(side->got, "a b ");
	assert_int_equal(size().files, 1);
	assert_int_equal(unlink(keep_dir_path(&dir, "/queue/connector-far/poison")), 0);
	assert_int_equal(step(), ASSAY_OK);
	assert_string_equal(side->got, "a b ");
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 1);
	stop();
}

static void a_damaged_file_is_told_as_far_as_it_goes(void **state)
{
	(void)state;
	start(false);
	keep_dir_write(&dir, "/queue/connector-far/1-1-1.records", "no record at all");
	add("a");
	assert_int_equal(step(), ASSAY_OK);
	assert_string_equal(side->got, "a ");
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 1);
	stop();
}

/* lives - runs drains, one process each, until one finds nothing; how many there were */
static unsigned lives(bool payloads)
{
	for (unsigned i = 1;; i++) {
		const pid_t pid = fork();
		int status;

		assert_true(i < 20);
		if (pid == 0) {
			enum assay_status st;

			again(payloads, NEVER);
			do
				st = step();
			while (st == ASSAY_OK);
			_exit(st == ASSAY_END ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) != 9) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return i;
		}
	}
}

static void a_record_that_kills_goes_aside(void **state)
{
	(void)state;
	start(false);
	add("ab");
	add("cxd");
	add("ef");
	side->deadly = 'x';
	/* One as a batch, three alone, and the one that goes on. */
	assert_int_equal(lives(false), 5);
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 1);
	assert_int_equal(page->deaths, 0);
	assert_non_null(strstr(side->got, "d e f "));
	stop();
}

static void two_records_that_kill(void **state)
{
	(void)state;
	start(false);
	add("axb");
	add("cyd");
	side->deadly = 'x';
	assert_int_equal(lives(false), 5);
	assert_int_equal(size().poison, 1);
	add("xab");
	side->deadly = 'a';
	assert_int_equal(lives(false), 5);
	assert_int_equal(size().poison, 2);
	assert_int_equal(size().files, 0);
	stop();
}

/* ---- payloads ----------------------------------------------------------------------------------
 */

static void payloads_are_put(void **state)
{
	(void)state;
	start(true);
	add("abc");
	side->down = ASSAY_E_FULL;
	assert_int_equal(step(), ASSAY_E_FULL);
	side->down = ASSAY_OK;
	side->refused = 'b';
	assert_int_equal(step(), ASSAY_OK);
	assert_string_equal(side->got, "a c ");
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 1);
	keep_dir_write(&dir, "/queue/archiver-far/1-1-1.payloads", "nothing of ours");
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 2);
	assert_int_equal(step(), ASSAY_END);
	stop();
}

static void a_payload_that_kills_goes_aside(void **state)
{
	(void)state;
	start(true);
	add("acb");
	side->deadly = 'c';
	assert_int_equal(lives(true), 4);
	assert_int_equal(size().files, 0);
	assert_int_equal(size().poison, 1);
	assert_int_equal(page->records, 5); /* a four times, b once */
	stop();
}

/* ---- forgetting --------------------------------------------------------------------------------
 */

static void forgets_in_pieces_when_nothing_waits(void **state)
{
	(void)state;
	start(false);
	again(false, assay_clock_mono_ms());
	add("a");
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(side->expires, 0);
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(side->expires, 2);
	add("b");
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(side->expires, 2);
	assert_int_equal(step(), ASSAY_END);
	assert_int_equal(step(), ASSAY_END);
	assert_int_equal(side->expires, 3);
	side->expires = 0;
	again(false, assay_clock_mono_ms() - 3600001); /* long due: even while something waits */
	add("a");
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(side->expires, 1);
	stop();
}

static void does_what_is_due_while_nothing_comes(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(step(), ASSAY_END);
	assert_int_equal(step(), ASSAY_END);
	assert_int_equal(side->idles, 2);
	add("a");
	assert_int_equal(step(), ASSAY_OK);
	assert_int_equal(side->idles, 2);
	/* What fails then is tried again later, as everything else. */
	side->down = ASSAY_E_FULL;
	assert_int_equal(step(), ASSAY_E_FULL);
	assert_true(assay_drain_again_ms(drain) > assay_clock_mono_ms());
	side->down = ASSAY_OK;
	assert_int_equal(step(), ASSAY_END);
	assert_int_equal(assay_drain_again_ms(drain), 0);
	stop();
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_files_are_one_batch),
		cmocka_unit_test(a_batch_has_a_bound),
		cmocka_unit_test(a_far_side_that_is_down_loses_nothing),
		cmocka_unit_test(what_is_not_flushed_stays),
		cmocka_unit_test(the_one_that_is_refused_goes_aside_alone),
		cmocka_unit_test(down_in_the_middle_keeps_what_was_not_done),
		cmocka_unit_test(a_damaged_file_is_told_as_far_as_it_goes),
		cmocka_unit_test(a_record_that_kills_goes_aside),
		cmocka_unit_test(two_records_that_kill),
		cmocka_unit_test(payloads_are_put),
		cmocka_unit_test(a_payload_that_kills_goes_aside),
		cmocka_unit_test(forgets_in_pieces_when_nothing_waits),
		cmocka_unit_test(does_what_is_due_while_nothing_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
