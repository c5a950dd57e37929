/* rooms: core text base */
/*
 * tests/unit/test_spool.c - the spool (core/spool.c): what is committed is in every queue, and what
 * could not be written stays.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "spool_dir.h"

/* The system's, but for the next so many. */
static unsigned failing_syncs;

int fdatasync(int fd)
{
	if (failing_syncs == 0)
		return fsync(fd);
	failing_syncs--;
	errno = EIO;
	return -1;
}

/* ---- groups ------------------------------------------------------------------------------------
 */

/* in_group - records that are not committed yet */
static size_t in_group(void)
{
	struct assay_spool_mark mark;

	assay_spool_mark(spool, &mark);
	return (size_t)mark.n;
}

static void a_group_reaches_every_queue(void **state)
{
	struct assay_container payloads;
	struct assay_queue *queue;
	bool broken;

	(void)state;
	start(connectors, archivers);
	assert_true(assay_spool_due_ms(spool) == INT64_MAX);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_int_equal(keep_dir_files(&dir), 0);
	assert_int_equal(pay(ASSAY_SLICE_LIT("bytes")), ASSAY_OK);
	assert_int_equal(pay(ASSAY_SLICE_LIT("")), ASSAY_OK);
	assert_int_equal(add("one", "{\"a\":1}"), ASSAY_OK);
	assert_int_equal(add("two", "{}"), ASSAY_OK);
	assert_int_equal(in_group(), 2);
	assert_true(assay_spool_due_ms(spool) > 0 && assay_spool_due_ms(spool) < INT64_MAX);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_int_equal(in_group(), 0);
	assert_string_equal(ids("connector-sqlite"), "one two ");
	assert_string_equal(ids("connector-jsonl"), "one two ");
	assert_int_equal(in_tmp(), 0);
	queue = open_queue("archiver-filedir");
	assert_int_equal(
	    assay_queue_map(queue, list(queue)[0], &payloads, &broken, NULL), ASSAY_OK);
	assert_int_equal(payloads.n, 2);
	assert_false(broken);
	assert_true(assay_slice_is(payloads.kept[0].bytes, "bytes"));
	assay_container_close(&payloads);
	assay_queue_close(&queue);
	stop();
}

static void groups_keep_their_order(void **state)
{
	(void)state;
	start(connectors, none);
	assert_int_equal(pay(ASSAY_SLICE_LIT("nobody keeps it")), ASSAY_OK);
	for (const char *id = "abcdefg"; *id != '\0'; id++) {
		const char text[] = { *id, '\0' };

		assert_int_equal(add(text, "{}"), ASSAY_OK);
		assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	}
	assert_string_equal(ids("connector-jsonl"), "a b c d e f g ");
	stop();
}

static void a_large_group_is_due(void **state)
{
	(void)state;
	start(connectors, none);
	for (unsigned i = 0; i < ASSAY_SPOOL_GROUP_RECORDS; i++) {
		assert_true(assay_spool_due_ms(spool) != 0);
		assert_int_equal(add("id", "{}"), ASSAY_OK);
	}
	assert_int_equal(assay_spool_due_ms(spool), 0);
	stop();
}

static void a_part_is_taken_back(void **state)
{
	struct assay_spool_mark mark;
	struct assay_container payloads;
	struct assay_queue *queue;
	bool broken;

	(void)state;
	start(connectors, archivers);
	assay_spool_mark(spool, &mark);
	assert_int_equal(pay(ASSAY_SLICE_LIT("x")), ASSAY_OK);
	assay_spool_back(spool, &mark);
	assert_true(assay_spool_due_ms(spool) == INT64_MAX);
	assert_int_equal(pay(ASSAY_SLICE_LIT("kept")), ASSAY_OK);
	assert_int_equal(add("kept", "{}"), ASSAY_OK);
	assay_spool_mark(spool, &mark);
	assert_int_equal(pay(ASSAY_SLICE_LIT("much longer than the other one")), ASSAY_OK);
	assert_int_equal(add("gone", "{}"), ASSAY_OK);
	assay_spool_back(spool, &mark);
	assert_int_equal(add("then", "{}"), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "kept then ");
	queue = open_queue("archiver-filedir");
	assert_int_equal(
	    assay_queue_map(queue, list(queue)[0], &payloads, &broken, NULL), ASSAY_OK);
	assert_int_equal(payloads.n, 1);
	assert_false(broken);
	assay_container_close(&payloads);
	assay_queue_close(&queue);
	stop();
}

static void what_fits_nowhere_is_refused_alone(void **state)
{
	static char big[200];

	(void)state;
	memset(big, 'x', sizeof big - 1);
	start(connectors, none);
	assert_int_equal(add("", "{}"), ASSAY_E_LIMIT);
	assert_int_equal(add("with space", "{}"), ASSAY_E_LIMIT);
	assert_int_equal(add("fine", "{}"), ASSAY_OK);
	assert_int_equal(in_group(), 1);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "fine ");
	stop();
}

static void a_queue_that_was_taken_away_is_made_again(void **state)
{
	(void)state;
	start(connectors, none);
	assert_int_equal(rmdir(keep_dir_path(&dir, "/queue/connector-jsonl")), 0);
	assert_int_equal(add("a", "{}"), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_string_equal(ids("connector-jsonl"), "a ");
	stop();
}

static void bad_names_make_no_directory(void **state)
{
	static const char *const bad[] = { "../evil", NULL };
	struct assay_spool_options options = { NULL, bad, none };
	struct assay_queue *queue;

	(void)state;
	keep_dir_make(&dir);
	options.var = dir.path;
	assert_int_equal(assay_spool_open(&options, &spool, NULL), ASSAY_E_CONF);
	assert_null(spool);
	assert_int_equal(assay_queue_open(dir.path, "connector-../x", &queue, NULL), ASSAY_E_USAGE);
	assert_int_equal(assay_queue_open(dir.path, "other", &queue, NULL), ASSAY_E_USAGE);
	keep_dir_remove(&dir);
}

/* ---- failure -----------------------------------------------------------------------------------
 */

/* fill - all but `leave` bytes of the small file system */
static void fill(size_t leave)
{
	const int fd = open(keep_dir_path(&dir, "/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static char page[4096];
	size_t n = 0;

	assert_true(fd >= 0);
	while (write(fd, page, sizeof page) == (ssize_t)sizeof page)
		n += sizeof page;
	assert_true(n > leave);
	assert_int_equal(ftruncate(fd, (off_t)(n - leave)), 0);
	(void)close(fd);
}

static void a_full_disk_loses_nothing(void **state)
{
	static char json[12000];
	struct assay_err err;

	(void)state;
	keep_dir_make(&dir);
	if (!keep_dir_small(&dir)) {
		keep_dir_remove(&dir);
		skip();
	}
	start_in_place(connectors, archivers);
	memset(json, ' ', sizeof json - 1);
	assert_int_equal(add("large", json), ASSAY_OK);
	assert_int_equal(pay(ASSAY_SLICE_LIT("small")), ASSAY_OK);
	fill(4096);
	assert_int_equal(pay(assay_slice(json, sizeof json)), ASSAY_E_FULL);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(assay_spool_commit(spool, &err), ASSAY_E_FULL);
		assert_int_equal(in_group(), 1);
	}
	assert_int_equal(add("later", "{}"), ASSAY_OK);
	assert_int_equal(unlink(keep_dir_path(&dir, "/filler")), 0);
	assert_int_equal(assay_spool_commit(spool, &err), ASSAY_OK);
	assert_string_equal(ids("connector-jsonl"), "large later ");
	assert_int_equal(in_tmp(), 0);
	stop();
}

static void a_link_that_fails_in_mid_commit_is_made_up_for(void **state)
{
	struct assay_spool_mark mark;
	struct assay_err err;

	(void)state;
	start(connectors, archivers);
	assert_int_equal(add("one", "{}"), ASSAY_OK);
	assay_spool_mark(spool, &mark);
	/* A file where the second queue should be: the first gets its link, the second cannot. */
	assert_int_equal(rmdir(keep_dir_path(&dir, "/queue/connector-jsonl")), 0);
	keep_dir_write(&dir, "/queue/connector-jsonl", "in the way");
	assert_true(assay_spool_commit(spool, &err) != ASSAY_OK);
	assert_int_equal(in_group(), 1);
	assert_string_equal(ids("connector-sqlite"), "one ");
	assert_int_equal(add("two", "{}"), ASSAY_E_FULL);
	assert_int_equal(pay(ASSAY_SLICE_LIT("x")), ASSAY_E_FULL);
	assay_spool_back(spool, &mark);
	assert_int_equal(assay_spool_due_ms(spool), 0);
	assert_int_equal(unlink(keep_dir_path(&dir, "/queue/connector-jsonl")), 0);
	assert_int_equal(assay_spool_commit(spool, &err), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "one ");
	assert_string_equal(ids("connector-jsonl"), "one ");
	assert_int_equal(add("two", "{}"), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, &err), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "one two ");
	assert_string_equal(ids("connector-jsonl"), "one two ");
	stop();
}

static void a_first_link_that_fails_leaves_the_group_open(void **state)
{
	(void)state;
	start(connectors, none);
	assert_int_equal(add("one", "{}"), ASSAY_OK);
	assert_int_equal(rmdir(keep_dir_path(&dir, "/queue/connector-sqlite")), 0);
	keep_dir_write(&dir, "/queue/connector-sqlite", "in the way");
	assert_true(assay_spool_commit(spool, NULL) != ASSAY_OK);
	assert_int_equal(add("two", "{}"), ASSAY_OK);
	assert_int_equal(unlink(keep_dir_path(&dir, "/queue/connector-sqlite")), 0);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "one two ");
	assert_string_equal(ids("connector-jsonl"), "one two ");
	stop();
}

static void what_could_not_be_synced_is_written_again(void **state)
{
	struct assay_container payloads;
	struct assay_queue *queue;
	bool broken;

	(void)state;
	start(connectors, archivers);
	assert_int_equal(pay(ASSAY_SLICE_LIT("bytes")), ASSAY_OK);
	assert_int_equal(add("one", "{}"), ASSAY_OK);
	for (unsigned i = 1; i <= 3; i++) {
		failing_syncs = i;
		assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_E_IO);
		failing_syncs = 0;
		assert_string_equal(ids("connector-sqlite"), "");
	}
	assert_int_equal(pay(ASSAY_SLICE_LIT("more")), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "one ");
	assert_int_equal(in_tmp(), 0);
	queue = open_queue("archiver-filedir");
	assert_int_equal(
	    assay_queue_map(queue, list(queue)[0], &payloads, &broken, NULL), ASSAY_OK);
	assert_true(payloads.n == 2 && !broken);
	assay_container_close(&payloads);
	assay_queue_close(&queue);
	stop();
}

static int damage(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return kind == FTW_F ? truncate(path, 3) : 0;
}

static void what_the_disk_has_lost_is_never_acknowledged(void **state)
{
	struct assay_err err;

	(void)state;
	start(connectors, archivers);
	assert_int_equal(pay(ASSAY_SLICE_LIT("bytes")), ASSAY_OK);
	assert_int_equal(add("one", "{}"), ASSAY_OK);
	failing_syncs = 1;
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_E_IO);
	assert_int_equal(nftw(keep_dir_path(&dir, "/spool"), damage, 8, FTW_PHYS), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(assay_spool_commit(spool, &err), ASSAY_E_IO);
		assert_non_null(strstr(err.text, "lost"));
	}
	assert_string_equal(ids("connector-sqlite"), "");
	assert_int_equal(in_tmp(), 1);
	stop();
}

/* dead_door - a process that ends with an uncommitted group */
static void dead_door(void)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)!pay(ASSAY_SLICE_LIT("never told"));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void leavings_of_the_dead_go(void **state)
{
	size_t n;

	(void)state;
	start(connectors, archivers);
	dead_door();
	assert_int_equal(pay(ASSAY_SLICE_LIT("ours")), ASSAY_OK);
	assert_int_equal(in_tmp(), 2);
	assert_int_equal(assay_spool_sweep(spool, 3600000, &n, NULL), ASSAY_OK);
	assert_int_equal(n, 0);
	assert_int_equal(assay_spool_sweep(spool, -3600000, &n, NULL), ASSAY_OK);
	assert_int_equal(n, 1);
	assert_int_equal(in_tmp(), 1);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	dead_door();
	assert_int_equal(assay_spool_sweep(spool, -3600000, &n, NULL), ASSAY_OK);
	assert_int_equal(n, 1);
	assert_int_equal(in_tmp(), 0);
	stop();
}

static void killed_at_any_moment_only_whole_files_are_there(void **state)
{
	static char json[100000];

	(void)state;
	memset(json, ' ', sizeof json - 1);
	start(connectors, none);
	for (unsigned i = 0; i < 20; i++) {
		const struct timespec wait = { 0, (long)i * 300000 };
		const pid_t pid = fork();

		if (pid == 0) {
			for (;;)
				if (add("x", json) != ASSAY_OK ||
				    assay_spool_commit(spool, NULL) != ASSAY_OK)
					_exit(1);
		}
		(void)nanosleep(&wait, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	(void)ids("connector-sqlite"); /* says when one is broken */
	(void)ids("connector-jsonl");
	stop();
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_reaches_every_queue),
		cmocka_unit_test(groups_keep_their_order),
		cmocka_unit_test(a_large_group_is_due),
		cmocka_unit_test(a_part_is_taken_back),
		cmocka_unit_test(what_fits_nowhere_is_refused_alone),
		cmocka_unit_test(a_queue_that_was_taken_away_is_made_again),
		cmocka_unit_test(bad_names_make_no_directory),
		cmocka_unit_test(a_full_disk_loses_nothing),
		cmocka_unit_test(a_link_that_fails_in_mid_commit_is_made_up_for),
		cmocka_unit_test(a_first_link_that_fails_leaves_the_group_open),
		cmocka_unit_test(what_could_not_be_synced_is_written_again),
		cmocka_unit_test(what_the_disk_has_lost_is_never_acknowledged),
		cmocka_unit_test(leavings_of_the_dead_go),
		cmocka_unit_test(killed_at_any_moment_only_whole_files_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
