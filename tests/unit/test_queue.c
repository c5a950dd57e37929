/* rooms: core text base */
/*
 * tests/unit/test_queue.c - queues (core/queue.c, core/queue_poison.c, core/queue_erase.c,
 * core/records.c): what waits is listed and read, what is damaged is told, nothing is lost on the
 * way through poison/, and what is dropped or erased is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/json.h"
#include "spool_dir.h"

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

static void what_is_erased_is_nowhere(void **state)
{
	const struct assay_record about = { "finding", "f1",
		ASSAY_SLICE_LIT("{\"scan_id\":\"b\"}") };
	const struct assay_record other = { "finding", "f2",
		ASSAY_SLICE_LIT("{\"scan_id\":\"z\"}") };
	const struct assay_record aside = { "report", "b", ASSAY_SLICE_LIT("{}") };
	json_t *request = json_object();
	char hex[ASSAY_DIGEST_TEXT];
	const char *all[] = { "b", hex, "nobody" };
	struct assay_queue *queue;
	uint64_t gone;

	(void)state;
	start(connectors, archivers);
	assay_digest_hex(ASSAY_SHA256, ASSAY_SLICE_LIT("bytes"), hex);
	assert_int_equal(pay(ASSAY_SLICE_LIT("bytes")), ASSAY_OK);
	assert_int_equal(add("a", "{}"), ASSAY_OK);
	assert_int_equal(add("b", "{}"), ASSAY_OK);
	assert_int_equal(assay_spool_record(spool, &about, NULL), ASSAY_OK);
	assert_int_equal(assay_spool_record(spool, &other, NULL), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, NULL), ASSAY_OK);
	assay_json_set(request, "supersedes", assay_json_own("b"));
	assert_int_equal(
	    assay_spool_rescan(spool, request, ASSAY_SLICE_LIT("message"), NULL), ASSAY_OK);
	assay_json_set(request, "supersedes", assay_json_own("z"));
	assert_int_equal(
	    assay_spool_rescan(spool, request, ASSAY_SLICE_LIT("message"), NULL), ASSAY_OK);
	json_decref(request);
	queue = open_queue("connector-sqlite");
	assert_int_equal(assay_queue_poison(queue, &aside, "why", NULL), ASSAY_OK);
	assay_queue_close(&queue);
	/* b and f1 twice, b aside, the payload, the message. */
	assert_int_equal(assay_queue_erase(dir.path, all, 3, &gone, NULL), ASSAY_OK);
	assert_int_equal(gone, 7);
	assert_string_equal(ids("connector-sqlite"), "a f2 ");
	assert_string_equal(ids("connector-jsonl"), "a f2 ");
	queue = open_queue("archiver-filedir");
	assert_int_equal(count(queue), 0);
	assay_queue_close(&queue);
	queue = open_queue("rescan");
	assert_int_equal(count(queue), 1);
	assay_queue_close(&queue);
	assert_int_equal(keep_dir_files(&dir), 3);
	assert_int_equal(assay_queue_erase(dir.path, all, 3, &gone, NULL), ASSAY_OK);
	assert_int_equal(gone, 0);
	assert_int_equal(assay_queue_erase("/nowhere/at/all", all, 3, &gone, NULL), ASSAY_OK);
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
		cmocka_unit_test(measures_and_lists_the_oldest),
		cmocka_unit_test(news_are_told),
		cmocka_unit_test(a_damaged_file_gives_what_is_whole),
		cmocka_unit_test(poison_goes_aside_and_comes_back),
		cmocka_unit_test(a_payload_goes_aside_and_comes_back),
		cmocka_unit_test(one_record_is_dropped_from_one_queue),
		cmocka_unit_test(what_is_erased_is_nowhere),
		cmocka_unit_test(a_message_waits_for_its_rescan),
		cmocka_unit_test(names_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
