/* rooms: core text base */
/*
 * tests/unit/test_spool.c - spool and queues (core/spool.c, core/queue.c, core/queue_poison.c,
 * core/records.c): what is committed is in every queue, what could not be written stays, what is
 * damaged is told, and nothing is lost on the way through poison/.
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

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/queue.h"
#include "core/records.h"
#include "core/spool.h"
#include "keep_dir.h"

static const char *const connectors[] = { "sqlite", "jsonl", NULL };
static const char *const archivers[] = { "filedir", NULL };
static const char *const none[] = { NULL };

static struct keep_dir dir;
static struct assay_spool *spool;
static struct assay_arena *arena;

static void start_in_place(const char *const *con, const char *const *arc)
{
	const struct assay_spool_options options = { dir.path, con, arc };
	struct assay_err err = { .text = "" };

	if (assay_spool_open(&options, &spool, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	arena = assay_arena_new();
}

static void start(const char *const *con, const char *const *arc)
{
	keep_dir_make(&dir);
	start_in_place(con, arc);
}

static void stop(void)
{
	assay_arena_free(&arena);
	assay_spool_close(&spool);
	keep_dir_remove(&dir);
}

static enum assay_status add(const char *id, const char *json)
{
	const struct assay_record record = { "report", id, assay_slice_str(json) };

	return assay_spool_record(spool, &record, NULL);
}

static enum assay_status pay(struct assay_slice bytes)
{
	char hex[ASSAY_DIGEST_TEXT];

	assay_digest_hex(ASSAY_SHA256, bytes, hex);
	return assay_spool_payload(spool, hex, bytes, NULL);
}

static struct assay_queue *open_queue(const char *name)
{
	struct assay_queue *queue;

	assert_int_equal(assay_queue_open(dir.path, name, &queue, NULL), ASSAY_OK);
	return queue;
}

static const char *const *list(struct assay_queue *queue)
{
	const char *const *names;

	assert_int_equal(assay_queue_list(queue, 1000, arena, &names, NULL), ASSAY_OK);
	return names;
}

static size_t count(struct assay_queue *queue)
{
	size_t n = 0;

	for (const char *const *name = list(queue); *name != NULL; name++)
		n++;
	return n;
}

/* ids - of all records of a queue, oldest first, with spaces behind */
static const char *ids(const char *name)
{
	struct assay_queue *queue = open_queue(name);
	static char text[2000];

	text[0] = '\0';
	for (const char *const *file = list(queue); *file != NULL; file++) {
		struct assay_queue_file records;

		assert_int_equal(assay_queue_read(queue, *file, arena, &records, NULL), ASSAY_OK);
		assert_false(records.broken);
		for (size_t i = 0; i < records.n; i++)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
			    records.record[i].id);
	}
	assay_queue_close(&queue);
	return text;
}

static size_t in_tmp(void)
{
	struct keep_dir tmp;

	(void)snprintf(tmp.path, sizeof tmp.path, "%.180s/spool/tmp", dir.path);
	return keep_dir_files(&tmp);
}

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
	assert_int_equal(assay_spool_pending(spool), 2);
	assert_true(assay_spool_due_ms(spool) > 0 && assay_spool_due_ms(spool) < INT64_MAX);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_int_equal(assay_spool_pending(spool), 0);
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
	assert_int_equal(assay_spool_pending(spool), 1);
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
		assert_int_equal(assay_spool_pending(spool), 1);
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
	assert_int_equal(assay_spool_pending(spool), 1);
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
	assert_int_equal(assay_spool_clean(spool, NULL), ASSAY_OK);
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

/* ---- queues ------------------------------------------------------------------------------------
 */

static void measures_and_lists_the_oldest(void **state)
{
	struct assay_queue_size size;
	const char *const *names;
	struct assay_queue *queue;
	int64_t now = assay_clock_wall_ms();

	(void)state;
	start(connectors, none);
	queue = open_queue("connector-sqlite");
	assert_int_equal(assay_queue_measure(queue, &size, NULL), ASSAY_OK);
	assert_true(size.files == 0 && size.bytes == 0 && size.oldest_wall_ms == 0);
	for (unsigned i = 0; i < 9; i++) {
		char id[2] = { (char)('a' + i), '\0' };

		assert_int_equal(add(id, "{}"), ASSAY_OK);
		assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	}
	keep_dir_write(&dir, "/queue/connector-sqlite/README", "not ours");
	assert_int_equal(assay_queue_measure(queue, &size, NULL), ASSAY_OK);
	assert_int_equal(size.files, 9);
	assert_int_equal(size.bytes, 9 * (ASSAY_RECORDS_HEAD + 3));
	assert_true(size.oldest_wall_ms >= now);
	assert_int_equal(assay_queue_list(queue, 3, arena, &names, NULL), ASSAY_OK);
	assert_non_null(names[2]);
	assert_null(names[3]);
	assert_true(strcmp(names[0], names[1]) < 0 && strcmp(names[1], names[2]) < 0);
	assert_string_equal(names[0], list(queue)[0]);
	assert_int_equal(assay_queue_remove(queue, names[0], NULL), ASSAY_OK);
	assert_int_equal(assay_queue_remove(queue, names[0], NULL), ASSAY_OK);
	assert_int_equal(count(queue), 8);
	assay_queue_close(&queue);
	assert_int_equal(assay_queue_names(dir.path, arena, &names, NULL), ASSAY_OK);
	assert_string_equal(names[0], "connector-jsonl");
	assert_string_equal(names[1], "connector-sqlite");
	assert_null(names[2]);
	assert_int_equal(assay_queue_names("/nowhere/at/all", arena, &names, NULL), ASSAY_OK);
	assert_null(names[0]);
	stop();
}

static void news_are_told(void **state)
{
	struct assay_queue *queue;
	char byte[4096];
	int fd;

	(void)state;
	start(connectors, none);
	queue = open_queue("connector-sqlite");
	fd = assay_queue_watch(queue);
	assert_true(fd >= 0 && fd == assay_queue_watch(queue));
	assert_true(read(fd, byte, sizeof byte) < 0);
	assert_int_equal(add("a", "{}"), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assert_true(read(fd, byte, sizeof byte) > 0);
	assert_int_equal(add("b", "{}"), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assay_queue_watched(queue);
	assert_true(read(fd, byte, sizeof byte) < 0);
	assay_queue_close(&queue);
	stop();
}

static void a_damaged_file_gives_what_is_whole(void **state)
{
	struct assay_queue_file file;
	struct assay_queue *queue;
	const char *name;
	char path[300];

	(void)state;
	start(connectors, none);
	assert_int_equal(add("one", "{\"a\":1}"), ASSAY_OK);
	assert_int_equal(add("two", "{\"b\":1}"), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	queue = open_queue("connector-sqlite");
	name = list(queue)[0];
	(void)snprintf(path, sizeof path, "%s/queue/connector-sqlite/%s", dir.path, name);
	for (off_t n = 2 * (ASSAY_RECORDS_HEAD + 10) - 1; n >= 0; n--) {
		assert_int_equal(truncate(path, n), 0);
		assert_int_equal(assay_queue_read(queue, name, arena, &file, NULL), ASSAY_OK);
		assert_int_equal(file.n, n >= (off_t)ASSAY_RECORDS_HEAD + 10 ? 1 : 0);
		assert_int_equal(file.broken, n != (off_t)ASSAY_RECORDS_HEAD + 10);
	}
	assert_int_equal(assay_queue_poison_file(queue, name, "it\nis broken", NULL), ASSAY_OK);
	assert_int_equal(assay_queue_poison_file(queue, name, "gone", NULL), ASSAY_OK);
	assert_int_equal(count(queue), 0);
	assert_int_equal(assay_queue_read(queue, name, arena, &file, NULL), ASSAY_E_NOENT);
	assert_int_equal(truncate(path, 0), -1);
	assay_queue_close(&queue);
	stop();
}

static void poison_goes_aside_and_comes_back(void **state)
{
	const struct assay_record bad = { "report", "bad/../id", ASSAY_SLICE_LIT("{}") };
	const struct assay_record worse = { "finding", "worse", ASSAY_SLICE_LIT("{\"x\":2}") };
	const struct assay_queue_poisoned *list_of;
	struct assay_queue_size size;
	struct assay_queue_file file;
	struct assay_queue *queue;
	size_t n;

	(void)state;
	start(connectors, none);
	queue = open_queue("connector-sqlite");
	assert_int_equal(assay_queue_retry(queue, NULL, &n, NULL), ASSAY_OK);
	assert_int_equal(n, 0);
	assert_int_equal(assay_queue_poison(queue, &bad, "no such\ntable \033[1m", NULL), ASSAY_OK);
	assert_int_equal(assay_queue_poison(queue, &worse, "why", NULL), ASSAY_OK);
	assert_int_equal(assay_queue_measure(queue, &size, NULL), ASSAY_OK);
	assert_true(size.poison == 2 && size.files == 0);
	assert_int_equal(assay_queue_poisons(queue, arena, &list_of, NULL), ASSAY_OK);
	assert_int_equal(strlen(list_of[0].id), 64);
	assert_string_equal(list_of[0].why, "no such?table ?[1m");
	assert_string_equal(list_of[1].id, "worse");
	assert_null(list_of[2].id);
	assert_int_equal(assay_queue_retry(queue, "nobody", &n, NULL), ASSAY_E_NOENT);
	assert_int_equal(assay_queue_retry(queue, "worse", &n, NULL), ASSAY_OK);
	assert_int_equal(n, 1);
	assert_int_equal(assay_queue_read(queue, list(queue)[0], arena, &file, NULL), ASSAY_OK);
	assert_string_equal(file.record[0].kind, "finding");
	assert_string_equal(file.record[0].id, "worse");
	assert_true(assay_slice_is(file.record[0].json, "{\"x\":2}"));
	assert_int_equal(assay_queue_retry(queue, NULL, &n, NULL), ASSAY_OK);
	assert_int_equal(n, 1);
	assert_int_equal(count(queue), 2);
	assert_int_equal(assay_queue_poison(queue, &worse, "again", NULL), ASSAY_OK);
	assert_int_equal(assay_queue_forget(queue, "worse", NULL), ASSAY_OK);
	assert_int_equal(assay_queue_forget(queue, "worse", NULL), ASSAY_E_NOENT);
	assert_int_equal(assay_queue_measure(queue, &size, NULL), ASSAY_OK);
	assert_int_equal(size.poison, 0);
	assay_queue_close(&queue);
	stop();
}

static void a_payload_goes_aside_and_comes_back(void **state)
{
	struct assay_container payloads;
	struct assay_queue *queue;
	char hex[ASSAY_DIGEST_TEXT];
	bool broken;
	size_t n;

	(void)state;
	start(none, archivers);
	queue = open_queue("archiver-filedir");
	assay_digest_hex(ASSAY_SHA256, ASSAY_SLICE_LIT("bytes"), hex);
	assert_int_equal(
	    assay_queue_poison_payload(queue, hex, ASSAY_SLICE_LIT("bytes"), "too large", NULL),
	    ASSAY_OK);
	assert_int_equal(assay_queue_retry(queue, hex, &n, NULL), ASSAY_OK);
	assert_int_equal(
	    assay_queue_map(queue, list(queue)[0], &payloads, &broken, NULL), ASSAY_OK);
	assert_true(payloads.n == 1 && !broken);
	assert_string_equal(payloads.kept[0].sha256, hex);
	assay_container_close(&payloads);
	assay_queue_close(&queue);
	stop();
}

static void one_record_is_dropped_from_one_queue(void **state)
{
	struct assay_queue *queue;
	const char *name;

	(void)state;
	start(connectors, archivers);
	assert_int_equal(pay(ASSAY_SLICE_LIT("bytes")), ASSAY_OK);
	assert_int_equal(pay(ASSAY_SLICE_LIT("other")), ASSAY_OK);
	for (const char *id = "abc"; *id != '\0'; id++) {
		const char text[] = { *id, '\0' };

		assert_int_equal(add(text, "{}"), ASSAY_OK);
	}
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	queue = open_queue("connector-sqlite");
	name = list(queue)[0];
	assert_int_equal(assay_queue_drop(queue, name, "x", NULL), ASSAY_E_NOENT);
	assert_int_equal(assay_queue_drop(queue, name, "b", NULL), ASSAY_OK);
	assert_string_equal(ids("connector-sqlite"), "a c ");
	assert_string_equal(ids("connector-jsonl"), "a b c ");
	assert_int_equal(assay_queue_drop(queue, name, "a", NULL), ASSAY_OK);
	assert_int_equal(assay_queue_drop(queue, name, "c", NULL), ASSAY_OK);
	assert_int_equal(count(queue), 0);
	assert_int_equal(assay_queue_drop(queue, name, "c", NULL), ASSAY_E_NOENT);
	assay_queue_close(&queue);
	queue = open_queue("archiver-filedir");
	name = list(queue)[0];
	{
		char hex[ASSAY_DIGEST_TEXT];
		struct assay_container payloads;
		bool broken;

		assay_digest_hex(ASSAY_SHA256, ASSAY_SLICE_LIT("bytes"), hex);
		assert_int_equal(assay_queue_drop(queue, name, hex, NULL), ASSAY_OK);
		assert_int_equal(assay_queue_map(queue, name, &payloads, &broken, NULL), ASSAY_OK);
		assert_true(payloads.n == 1 && assay_slice_is(payloads.kept[0].bytes, "other"));
		assay_container_close(&payloads);
	}
	assay_queue_close(&queue);
	/* Nothing half written is left over: two queues, one file each. */
	assert_int_equal(keep_dir_files(&dir), 2);
	stop();
}

static void a_message_waits_for_its_rescan(void **state)
{
	struct assay_queue_message message;
	json_t *request = json_object();
	struct assay_queue *queue;

	(void)state;
	start(connectors, none);
	assay_json_set(request, "supersedes", assay_json_own("1234"));
	assert_int_equal(
	    assay_spool_rescan(spool, request, ASSAY_SLICE_LIT("Subject: x\n\n\0y"), NULL),
	    ASSAY_OK);
	assert_int_equal(assay_spool_rescan(spool, request, ASSAY_SLICE_LIT(""), NULL), ASSAY_OK);
	json_decref(request);
	assert_int_equal(in_tmp(), 0);
	queue = open_queue("rescan");
	assert_int_equal(count(queue), 2);
	assert_int_equal(assay_queue_message(queue, list(queue)[0], &message, NULL), ASSAY_OK);
	assert_string_equal(assay_json_get_str(message.request, "supersedes"), "1234");
	assert_true(assay_slice_eq(message.message, ASSAY_SLICE_LIT("Subject: x\n\n\0y")));
	assay_queue_message_release(&message);
	assert_int_equal(assay_queue_message(queue, list(queue)[1], &message, NULL), ASSAY_OK);
	assert_int_equal(message.message.n, 0);
	assay_queue_message_release(&message);
	keep_dir_write(&dir, "/spool/rescan/1-1-1.rescan", "junk");
	assert_int_equal(
	    assay_queue_message(queue, "1-1-1.rescan", &message, NULL), ASSAY_E_SYNTAX);
	assay_queue_message_release(&message);
	assert_int_equal(assay_queue_message(queue, "1-1-2.rescan", &message, NULL), ASSAY_E_NOENT);
	assay_queue_message_release(&message);
	assay_queue_close(&queue);
	stop();
}

static void names_are_read_strictly(void **state)
{
	char name[ASSAY_RECORDS_NAME];
	unsigned n = 7;
	int64_t ms;
	pid_t pid;

	(void)state;
	assay_records_name(name, &n, ASSAY_RECORDS_SUFFIX);
	assert_int_equal(n, 8);
	assert_true(assay_records_name_read(name, &ms, &pid));
	assert_int_equal(pid, getpid());
	assert_true(ms <= assay_clock_wall_ms());
	assert_false(assay_records_name_read("", NULL, NULL));
	assert_false(assay_records_name_read("1-2", NULL, NULL));
	assert_false(assay_records_name_read("1-2-3", NULL, NULL));
	assert_false(assay_records_name_read("1-x-3.records", NULL, NULL));
	assert_false(assay_records_name_read("1-99999999999-3.records", NULL, NULL));
	assert_false(assay_records_name_read("../../etc.records", NULL, NULL));
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
		cmocka_unit_test(measures_and_lists_the_oldest),
		cmocka_unit_test(news_are_told),
		cmocka_unit_test(a_damaged_file_gives_what_is_whole),
		cmocka_unit_test(poison_goes_aside_and_comes_back),
		cmocka_unit_test(a_payload_goes_aside_and_comes_back),
		cmocka_unit_test(one_record_is_dropped_from_one_queue),
		cmocka_unit_test(a_message_waits_for_its_rescan),
		cmocka_unit_test(names_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
