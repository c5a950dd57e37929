/* rooms: plugin_filedir fakehost text base */
/*
 * tests of plugins/archiver/filedir: the provider (inbox.c, intake.c, after.c, seen.c), at a door
 * that scans nothing
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "fake_door.h"
#include "fake_host.h"
#include "keep_dir.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define EVE                                                                                        \
	"{\"timestamp\":\"2026-11-24T10:00:00.000000+0000\",\"src_ip\":\"192.0.2.7\","             \
	"\"dest_port\":80,\"http\":{\"hostname\":\"x.example\"},\"event_type\":\"fileinfo\","      \
	"\"fileinfo\":{\"filename\":\"/../etc/invoice.exe\",\"stored\":true,\"gaps\":false}}\n"

static struct keep_dir dir;
static struct fake_host *host;
static struct assay_door door;
static char watch[300];
static const char *more[2]; /* options besides; forgotten with the test */

/* set_up - a fresh directory with w/ in it */
static int set_up(void **state)
{
	(void)state;
	assay_log_set_level(ASSAY_LOG_ERROR);
	keep_dir_make(&dir);
	assert_int_equal(mkdir(keep_dir_path(&dir, "/w"), 0750), 0);
	fake_door_init(&door, NULL, NULL);
	more[0] = more[1] = NULL;
	(void)snprintf(watch, sizeof watch, "watch=%s/w/", dir.path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_door_answer(&door, NULL);
	fake_host_close(&host);
	fake_door_release(&door);
	keep_dir_remove(&dir);
	return 0;
}

/* opened - the plugin, over what is there */
static enum assay_status opened(const char *one, const char *two, struct assay_err *err)
{
	char place[4][300];
	const char *opts[12] = { watch, "settle=0s", "rescan=100ms", place[0], place[1], place[2] };
	size_t n = 6;

	(void)snprintf(place[0], sizeof place[0], "archive_dir=%s/w/a", dir.path);
	(void)snprintf(place[1], sizeof place[1], "results_dir=%s/w/r", dir.path);
	(void)snprintf(place[2], sizeof place[2], "journal=%s/j", dir.path);
	for (int i = 0; i < 2 && more[i] != NULL; i++)
		opts[n++] = more[i];
	opts[n++] = one;
	opts[n] = one != NULL ? two : NULL;
	return fake_host_open(&assay_plugin, opts, NULL, &host, err);
}

/* run - until the door stops */
static enum assay_status run(bool (*turn)(struct assay_door *, void *), struct assay_err *err)
{
	door.turn = turn;
	door.stopping = false;
	door.waits = 0;
	return assay_plugin.provider->run(fake_host_state(host), &door, err);
}

/* again - as after a restart */
static void again(const char *one, const char *two)
{
	fake_host_close(&host);
	fake_door_release(&door);
	assert_int_equal(opened(one, two, NULL), ASSAY_OK);
}

/* some_looks - stops behind the third. A rest counts down; where it is longer again, it is the
 * next.
 */
static bool some_looks(struct assay_door *d, void *arg)
{
	static int64_t left_ms;
	static unsigned looks;

	(void)arg;
	if (d->waits == 1)
		looks = 0;
	looks += d->waits == 1 || d->timeout_ms > left_ms;
	left_ms = d->timeout_ms;
	return looks < 3;
}

static bool is_there(const char *rest)
{
	return access(keep_dir_path(&dir, rest), F_OK) == 0;
}

/* taken - the mail of this file, or NULL */
static const struct fake_mail *taken(const char *rest)
{
	const char *filename = keep_dir_path(&dir, rest);

	for (size_t i = door.n; i > 0; i--)
		if (strcmp(door.mail[i - 1].filename, filename) == 0)
			return &door.mail[i - 1];
	return NULL;
}

/* ---- what is taken -------------------------------------------------------------------------- */

static void files_and_nothing_else(void **state)
{
	const struct timespec times[2] = { { 1700000000, 0 }, { 1700000000, 123456789 } };
	const struct fake_mail *mail;
	char id[300];

	(void)state;
	keep_dir_write(&dir, "/w/a.eml", "one");
	assert_int_equal(utimensat(AT_FDCWD, keep_dir_path(&dir, "/w/a.eml"), times, 0), 0);
	keep_dir_write(&dir, "/w/b", "");
	keep_dir_write(&dir, "/w/.hidden", "x");
	keep_dir_write(&dir, "/w/c.TMP", "x");
	keep_dir_write(&dir, "/outside", "x");
	assert_int_equal(mkdir(keep_dir_path(&dir, "/w/deep"), 0750), 0);
	keep_dir_write(&dir, "/w/deep/d", "x");
	assert_int_equal(mkfifo(keep_dir_path(&dir, "/w/fifo"), 0640), 0);
	assert_int_equal(symlink("/etc/passwd", keep_dir_path(&dir, "/w/link")), 0);
	assert_int_equal(symlink("..", keep_dir_path(&dir, "/w/up")), 0);
	assert_int_equal(opened(NULL, NULL, NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 2);
	mail = taken("/w/a.eml");
	assert_non_null(mail);
	assert_int_equal(mail->n, 3);
	assert_memory_equal(mail->bytes, "one", 3);
	assert_string_equal(mail->source, "filedir");
	assert_string_equal(mail->message_time_source, "mtime");
	assert_true(mail->message_time_ms == INT64_C(1700000000123));
	(void)snprintf(id, sizeof id, "%s/w/a.eml@1700000000.123456789", dir.path);
	assert_string_equal(mail->source_id, id);
	assert_null(mail->content_type);
	assert_int_equal(taken("/w/b")->n, 0);
	assert_true(is_there("/w/a.eml"));
}

static void trees_but_not_our_own(void **state)
{
	static const char *const dirs[] = { "/w/x", "/w/x/y", "/w/x/.git", "/w/a", "/w/r",
		"/w/done", "/outside" };

	(void)state;
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		assert_int_equal(mkdir(keep_dir_path(&dir, dirs[i]), 0750), 0);
	keep_dir_write(&dir, "/w/x/y/1", "1");
	keep_dir_write(&dir, "/w/x/2", "2");
	keep_dir_write(&dir, "/w/x/.git/config", "no");
	keep_dir_write(&dir, "/w/a/payload", "no");
	keep_dir_write(&dir, "/w/r/report.json", "no");
	keep_dir_write(&dir, "/w/done/old", "no");
	keep_dir_write(&dir, "/outside/3", "no");
	assert_int_equal(
	    symlink(keep_dir_path(&dir, "/outside"), keep_dir_path(&dir, "/w/x/link")), 0);
	more[0] = "recursive=yes";
	assert_int_equal(
	    opened("after=move", keep_dir_opt(&dir, "move_to", "/w/done"), NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 2);
	assert_non_null(taken("/w/x/y/1"));
	assert_non_null(taken("/w/x/2"));
	assert_string_equal(keep_dir_read(&dir, "/w/done/x/y/1"), "1");
	assert_string_equal(keep_dir_read(&dir, "/w/done/x/2"), "2");
	assert_false(is_there("/w/x/2"));
	assert_true(is_there("/outside/3"));
}

static void not_before_it_has_settled(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/growing", "x");
	assert_int_equal(opened("settle=1h", NULL, NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 0);
}

/* ---- what is remembered --------------------------------------------------------------------- */

/* one_changes - a file is written anew after the first look */
static bool one_changes(struct assay_door *d, void *arg)
{
	(void)arg;
	if (d->waits == 1) {
		assert_int_equal(d->n, 2);
		keep_dir_write(&dir, "/w/a", "other bytes");
	}
	return d->n < 3;
}

static void each_file_once(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/a", "1");
	keep_dir_write(&dir, "/w/b", "2");
	assert_int_equal(opened(NULL, NULL, NULL), ASSAY_OK);
	assert_int_equal(run(one_changes, NULL), ASSAY_OK);
	assert_int_equal(taken("/w/a")->n, 11);
	fake_door_answer(&door, "accept");
	again(NULL, NULL);
	keep_dir_write(&dir, "/w/c", "3");
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_non_null(taken("/w/c"));
}

static void what_was_not_kept_comes_again(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/a", "1");
	assert_int_equal(opened("after=remove", NULL, NULL), ASSAY_OK);
	door.hold = true;
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	/* Under way: once, however often it was met. */
	assert_int_equal(door.n, 1);
	assert_true(is_there("/w/a"));
	fake_door_answer(&door, NULL);
	assert_true(is_there("/w/a"));
	door.hold = true;
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 2);
	/* An answer after run has returned. */
	fake_door_answer(&door, "reject");
	assert_false(is_there("/w/a"));
}

static void forgets_what_is_gone(void **state)
{
	char name[40];
	struct stat st;
	glob_t found;

	(void)state;
	for (int i = 0; i < 1200; i++) {
		(void)snprintf(name, sizeof name, "/w/%d", i);
		keep_dir_write(&dir, name, "x");
	}
	assert_int_equal(opened(NULL, NULL, NULL), ASSAY_OK);
	door.stop_at = 1200;
	assert_int_equal(run(NULL, NULL), ASSAY_OK);
	fake_door_answer(&door, "accept");
	for (int i = 3; i < 1200; i++) {
		(void)snprintf(name, sizeof name, "/w/%d", i);
		assert_int_equal(unlink(keep_dir_path(&dir, name)), 0);
	}
	again(NULL, NULL);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 0);
	fake_host_close(&host);
	assert_int_equal(glob(keep_dir_path(&dir, "/j/*"), 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_int_equal(stat(found.gl_pathv[0], &st), 0);
	globfree(&found);
	assert_true(st.st_size > 3 * 16 && st.st_size < 1000);
	again(NULL, NULL);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 0);
}

/* ---- what becomes of it --------------------------------------------------------------------- */

/* change_then_answer - while it is under way */
static bool change_then_answer(struct assay_door *d, void *arg)
{
	(void)arg;
	if (d->waits == 1) {
		assert_int_equal(d->n, 2);
		keep_dir_write(&dir, "/w/a", "two words");
		fake_door_answer(d, "accept");
		assert_true(is_there("/w/a"));
		assert_false(is_there("/w/b"));
		d->hold = false;
	}
	return is_there("/w/a");
}

static void only_what_was_read_is_removed(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/a", "1");
	keep_dir_write(&dir, "/w/b", "1");
	assert_int_equal(opened("after=remove", NULL, NULL), ASSAY_OK);
	door.hold = true;
	assert_int_equal(run(change_then_answer, NULL), ASSAY_OK);
	assert_int_equal(door.n, 3);
	assert_int_equal(taken("/w/a")->n, 9);
	assert_false(is_there("/w/a"));
}

static void moves_to_a_free_name(void **state)
{
	(void)state;
	assert_int_equal(mkdir(keep_dir_path(&dir, "/done"), 0750), 0);
	keep_dir_write(&dir, "/done/a", "old");
	keep_dir_write(&dir, "/done/a.1", "older");
	keep_dir_write(&dir, "/w/a", "new");
	assert_int_equal(
	    opened("after=move", keep_dir_opt(&dir, "move_to", "/done"), NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_false(is_there("/w/a"));
	assert_string_equal(keep_dir_read(&dir, "/done/a"), "old");
	assert_string_equal(keep_dir_read(&dir, "/done/a.1"), "older");
	assert_string_equal(keep_dir_read(&dir, "/done/a.2"), "new");
}

/* break_move - nothing can be moved there any more */
static bool break_move(struct assay_door *d, void *arg)
{
	if (d->waits == 1) {
		assert_int_equal(rmdir(keep_dir_path(&dir, "/done")), 0);
		keep_dir_write(&dir, "/done", "a file");
		d->hold = false;
	}
	return some_looks(d, arg);
}

static void what_cannot_be_moved_is_not_taken_twice(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/a", "new");
	assert_int_equal(
	    opened("after=move", keep_dir_opt(&dir, "move_to", "/done"), NULL), ASSAY_OK);
	door.hold = true;
	assert_int_equal(run(break_move, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_true(is_there("/w/a"));
	assert_int_equal(unlink(keep_dir_path(&dir, "/done")), 0);
	again("after=move", keep_dir_opt(&dir, "move_to", "/done"));
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 0);
}

static void what_was_not_scanned_stays(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/large", "x");
	assert_int_equal(opened("after=remove", NULL, NULL), ASSAY_OK);
	door.status = "unscanned";
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_true(is_there("/w/large"));
}

/* ---- what goes wrong ------------------------------------------------------------------------ */

/* comes_late - the directory, then it goes and comes again */
static bool comes_late(struct assay_door *d, void *arg)
{
	(void)arg;
	if (d->waits == 20) {
		assert_int_equal(mkdir(keep_dir_path(&dir, "/w"), 0750), 0);
		keep_dir_write(&dir, "/w/a", "x");
	}
	return d->n < 1;
}

static void waits_for_its_directory(void **state)
{
	(void)state;
	assert_int_equal(rmdir(keep_dir_path(&dir, "/w")), 0);
	assert_int_equal(opened(NULL, NULL, NULL), ASSAY_OK);
	assert_int_equal(run(comes_late, NULL), ASSAY_OK);
	assert_non_null(taken("/w/a"));
}

/* can_again - the door takes mail after some looks */
static bool can_again(struct assay_door *d, void *arg)
{
	(void)arg;
	if (d->waits == 20)
		d->refuse = ASSAY_OK;
	return d->n < 2;
}

static void what_cannot_be_read_is_tried_again(void **state)
{
	struct assay_err err;

	(void)state;
	keep_dir_write(&dir, "/w/a", "x");
	keep_dir_write(&dir, "/w/b", "x");
	assert_int_equal(opened(NULL, NULL, NULL), ASSAY_OK);
	door.refuse = ASSAY_E_FULL;
	assert_int_equal(run(NULL, &err), ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "refuse"));
	door.refuse = ASSAY_E_IO;
	assert_int_equal(run(can_again, NULL), ASSAY_OK);
	assert_int_equal(door.n, 2);
}

static void a_full_disk_costs_only_memory(void **state)
{
	(void)state;
	keep_dir_write(&dir, "/w/a", "x");
	/* A journal cannot be where a file is. */
	keep_dir_write(&dir, "/j", "");
	assert_int_equal(opened(NULL, NULL, NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_int_equal(unlink(keep_dir_path(&dir, "/j")), 0);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	again(NULL, NULL);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 0);
}

static void says_what_is_configured_wrong(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(opened("after=move", NULL, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "move_to"));
	assert_int_equal(opened("watch=", NULL, &err), ASSAY_OK);
	assert_int_equal(run(NULL, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "watch"));
	fake_host_close(&host);
	assert_int_equal(opened(keep_dir_opt(&dir, "results_dir", "/w"), NULL, &err), ASSAY_OK);
	assert_int_equal(run(NULL, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "where filedir writes itself"));
	fake_host_close(&host);
	assert_int_equal(mkdir(keep_dir_path(&dir, "/far"), 0750), 0);
	if (mount("none", keep_dir_path(&dir, "/far"), "tmpfs", 0, "size=64k") != 0)
		return;
	assert_int_equal(
	    opened("after=move", keep_dir_opt(&dir, "move_to", "/far/x"), &err), ASSAY_OK);
	assert_int_equal(run(NULL, &err), ASSAY_E_CONF);
	assert_int_equal(umount2(keep_dir_path(&dir, "/far"), MNT_DETACH), 0);
	assert_non_null(strstr(err.text, "another file system"));
}

static void many_files_and_a_stop(void **state)
{
	char name[40];

	(void)state;
	for (int i = 0; i < 1500; i++) {
		(void)snprintf(name, sizeof name, "/w/%d", i);
		keep_dir_write(&dir, name, "x");
	}
	assert_int_equal(opened("after=remove", NULL, NULL), ASSAY_OK);
	door.hold = true;
	door.stop_at = 700;
	assert_int_equal(run(NULL, NULL), ASSAY_OK);
	assert_int_equal(door.n, 700);
	fake_door_answer(&door, "accept");
	door.stop_at = 1500;
	assert_int_equal(run(NULL, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1500);
	fake_door_answer(&door, "accept");
	assert_false(is_there("/w/0"));
	assert_false(is_there("/w/1499"));
}

/* ---- a file store of Suricata --------------------------------------------------------------- */

/* value_of - of extra_data */
static const char *value_of(const struct fake_mail *mail, const char *key)
{
	json_t *entry;
	size_t i;

	json_array_foreach(mail->extra, i, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "key")), key) == 0)
			return json_string_value(json_object_get(entry, "value"));
	}
	return "";
}

/* store_file - with a record or without */
static void store_file(const char *record)
{
	(void)mkdir(keep_dir_path(&dir, "/w/00"), 0750);
	keep_dir_write(&dir, "/w/00/" SHA, "MZ");
	if (record != NULL)
		keep_dir_write(&dir, "/w/00/" SHA ".1764000000.7.json", record);
}

static void a_stored_file_has_its_records(void **state)
{
	(void)state;
	store_file(EVE);
	keep_dir_write(&dir, "/w/00/" SHA ".1763999999.9.json",
	    "{\"src_ip\":\"192.0.2.8\",\"fileinfo\":{\"filename\":\"other\"}}");
	keep_dir_write(&dir, "/w/00/" SHA ".1763999999.10.json", "{\"src_ip\":\"192.0.2.9\"}");
	keep_dir_write(&dir, "/w/stray", "no");
	assert_int_equal(mkdir(keep_dir_path(&dir, "/w/tmp"), 0750), 0);
	keep_dir_write(&dir, "/w/tmp/file.1", "no");
	assert_int_equal(opened("metadata=suricata", NULL, NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_string_equal(door.mail[0].filename, "/../etc/invoice.exe");
	assert_string_equal(value_of(&door.mail[0], "src_ip"), "192.0.2.7");
	assert_string_equal(value_of(&door.mail[0], "dest_port"), "80");
	assert_string_equal(value_of(&door.mail[0], "http.hostname"), "x.example");
	assert_int_equal(json_array_size(door.mail[0].extra), 8);
	assert_true(is_there("/w/00/" SHA));
}

/* record_comes - half of it first */
static bool record_comes(struct assay_door *d, void *arg)
{
	(void)arg;
	if (d->waits == 15)
		store_file("{\"src_ip\":");
	if (d->waits == 30) {
		assert_int_equal(d->n, 0);
		store_file(EVE);
	}
	return d->n < 1;
}

static void waits_for_the_record(void **state)
{
	(void)state;
	store_file(NULL);
	assert_int_equal(opened("metadata=suricata", "metadata_wait=1h", NULL), ASSAY_OK);
	assert_int_equal(run(record_comes, NULL), ASSAY_OK);
	assert_string_equal(value_of(&door.mail[0], "src_ip"), "192.0.2.7");
}

static void but_not_for_ever(void **state)
{
	(void)state;
	store_file(NULL);
	assert_int_equal(opened("metadata=suricata", "metadata_wait=0s", NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_non_null(taken("/w/00/" SHA));
	assert_int_equal(json_array_size(door.mail[0].extra), 0);
}

static void file_and_records_go_together(void **state)
{
	(void)state;
	store_file(EVE);
	more[0] = "metadata=suricata";
	more[1] = "metadata_wait=0s";
	assert_int_equal(
	    opened("after=move", keep_dir_opt(&dir, "move_to", "/done/here"), NULL), ASSAY_OK);
	assert_int_equal(run(some_looks, NULL), ASSAY_OK);
	assert_int_equal(door.n, 1);
	assert_string_equal(keep_dir_read(&dir, "/done/here/00/" SHA), "MZ");
	assert_string_equal(keep_dir_read(&dir, "/done/here/00/" SHA ".1764000000.7.json"), EVE);
	assert_false(is_there("/w/00/" SHA ".1764000000.7.json"));
}

/* ---- once ----------------------------------------------------------------------------------- */

static void once_takes_what_is_named(void **state)
{
	char a[300], tree[300], none[300], link[300];
	const char *names[] = { a, none, link, tree, NULL };
	struct assay_err err;

	(void)state;
	(void)snprintf(a, sizeof a, "%s/w/.a", dir.path);
	(void)snprintf(none, sizeof none, "%s/w/none", dir.path);
	(void)snprintf(link, sizeof link, "%s/w/link", dir.path);
	(void)snprintf(tree, sizeof tree, "%s/w/tree//", dir.path);
	keep_dir_write(&dir, "/w/.a", "1");
	assert_int_equal(mkdir(tree, 0750), 0);
	keep_dir_write(&dir, "/w/tree/b", "2");
	assert_int_equal(symlink(".a", link), 0);
	assert_int_equal(opened("after=remove", "settle=1h", NULL), ASSAY_OK);
	assert_int_equal(
	    assay_plugin.provider->once(fake_host_state(host), &door, names, &err), ASSAY_E_IO);
	assert_non_null(strstr(err.text, "/w/link is neither"));
	assert_int_equal(door.n, 2);
	assert_string_equal(door.mail[0].filename, a);
	assert_non_null(taken("/w/tree/b"));
	fake_door_answer(&door, "accept");
	assert_true(is_there("/w/.a"));
	assert_true(is_there("/w/tree/b"));
	names[1] = NULL;
	assert_int_equal(
	    assay_plugin.provider->once(fake_host_state(host), &door, names, &err), ASSAY_OK);
	assert_int_equal(door.n, 3);
	assert_string_equal(door.mail[2].source_id, door.mail[0].source_id);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_and_nothing_else),
		TEST(trees_but_not_our_own),
		TEST(not_before_it_has_settled),
		TEST(each_file_once),
		TEST(what_was_not_kept_comes_again),
		TEST(forgets_what_is_gone),
		TEST(only_what_was_read_is_removed),
		TEST(moves_to_a_free_name),
		TEST(what_cannot_be_moved_is_not_taken_twice),
		TEST(what_was_not_scanned_stays),
		TEST(waits_for_its_directory),
		TEST(what_cannot_be_read_is_tried_again),
		TEST(a_full_disk_costs_only_memory),
		TEST(says_what_is_configured_wrong),
		TEST(many_files_and_a_stop),
		TEST(a_stored_file_has_its_records),
		TEST(waits_for_the_record),
		TEST(but_not_for_ever),
		TEST(file_and_records_go_together),
		TEST(once_takes_what_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
