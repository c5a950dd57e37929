/* rooms: plugin_maildir fakehost text base */
/*
 * tests of plugins/provider/maildir as a whole: deliveries of each kind, restarts, Maildirs that
 * come and go, what lies there and is no mail, lost events, a door that refuses
 */
#include <dirent.h>
#include <sys/resource.h>

#include "maildir_bench.h"

#define BOB "/mail/bob/Maildir"
#define EVE "/mail/eve/Maildir"

/* ---- delivery -------------------------------------------------------------------------------- */

static void deliver_by_rename_and_link(struct bench *b, size_t number)
{
	if (number == 1)
		bench_deliver(b, BOB "/new/1.renamed", "first");
	if (number == 2) {
		keep_dir_write(&b->dir, BOB "/tmp/2", "second");
		assert_int_equal(
		    link(bench_path(b, BOB "/tmp/2"), bench_path(b, BOB "/new/2.linked,S=6")), 0);
		assert_int_equal(unlink(bench_path(b, BOB "/tmp/2")), 0);
	}
	if (number == 3)
		bench_deliver(b, BOB "/new/3.flagged:2,S", "third");
}

static void takes_what_is_renamed_or_linked_into_new(void **state)
{
	const struct fake_mail *mail;
	struct stat st;

	(void)state;
	bench_maildir(&bench, BOB);
	bench.at_wait = deliver_by_rename_and_link;
	bench_run(&bench, 3);
	assert_string_equal(bench_got(&bench, BOB "/1.renamed"), "first");
	assert_string_equal(bench_got(&bench, BOB "/2.linked,S=6"), "second");
	assert_string_equal(bench_got(&bench, BOB "/3.flagged"), "third");
	mail = fake_door_find(&bench.door, bench_path(&bench, BOB "/3.flagged"));
	assert_string_equal(mail->source, "maildir");
	assert_string_equal(mail->filename, bench_path(&bench, BOB "/new/3.flagged:2,S"));
	assert_string_equal(mail->content_type, "message/rfc822");
	assert_string_equal(mail->message_time_source, "mtime");
	assert_int_equal(stat(mail->filename, &st), 0);
	assert_int_equal(mail->message_time_ms / 1000, st.st_mtim.tv_sec);
	assert_string_equal(bench_mailbox(mail), "bob");
}

/* Without events: the watch stands, but only the rescan may find it. */
static void deliver_as_old(struct bench *b, size_t number)
{
	if (number != 1)
		return;
	bench_deliver(b, BOB "/cur/7.filed:2,FS", "put where it was read already");
}

static void takes_what_is_delivered_into_cur(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench.at_wait = deliver_as_old;
	bench_run(&bench, 1);
	assert_string_equal(bench_got(&bench, BOB "/7.filed"), "put where it was read already");
}

static void deliver_and_read_at_once(struct bench *b, size_t number)
{
	if (number == 1) {
		bench_deliver(b, BOB "/new/1.a", "a");
		bench_move(b, BOB "/new/1.a", BOB "/cur/1.a:2,S");
		bench_deliver(b, BOB "/new/2.b", "b");
		bench_move(b, BOB "/new/2.b", BOB "/cur/2.b:2,DFRST");
		bench_deliver(b, BOB "/new/3.c", "c");
		bench_move(b, BOB "/new/3.c", BOB "/cur/3.c");
		bench_deliver(b, BOB "/new/4.d", "d");
		assert_int_equal(unlink(bench_path(b, BOB "/new/4.d")), 0);
	}
	if (number == 8)
		bench_move(b, BOB "/cur/1.a:2,S", BOB "/cur/1.a:2,RS");
}

static void survives_that_mail_is_read_before_it_comes(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_opt(&bench, 2, "rescan", "1h");
	bench.at_wait = deliver_and_read_at_once;
	bench_run(&bench, 3);
	assert_string_equal(bench_got(&bench, BOB "/1.a"), "a");
	assert_string_equal(bench_got(&bench, BOB "/2.b"), "b");
	assert_string_equal(bench_got(&bench, BOB "/3.c"), "c");
	/* Nor is any of them new after a restart, wherever it lies. */
	bench.at_wait = NULL;
	bench_run(&bench, 0);
}

static void link_and_keep(struct bench *b, size_t number)
{
	if (number == 1) {
		keep_dir_write(&b->dir, BOB "/tmp/1.a", "a");
		assert_int_equal(
		    link(bench_path(b, BOB "/tmp/1.a"), bench_path(b, BOB "/new/1.a")), 0);
	}
}

static void a_linked_mail_is_complete(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_opt(&bench, 3, "settle", "1h");
	bench.at_wait = link_and_keep;
	bench_run(&bench, 1);
}

static int slow_fd;

static void write_slowly(struct bench *b, size_t number)
{
	if (number == 1)
		slow_fd = open(bench_path(b, BOB "/new/1.slow"), O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (number == 1 || number == 10)
		assert_int_equal(write(slow_fd, "half ", 5), 5);
	if (number == 20) {
		assert_int_equal(b->door.n, 0);
		assert_int_equal(close(slow_fd), 0);
	}
}

static void waits_for_who_writes_into_new_itself(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_opt(&bench, 3, "settle", "1h");
	bench.at_wait = write_slowly;
	bench_run(&bench, 1);
	assert_string_equal(bench_got(&bench, BOB "/1.slow"), "half half ");
}

static void make_and_leave_open(struct bench *b, size_t number)
{
	if (number == 1) {
		slow_fd = open(bench_path(b, BOB "/new/1.open"), O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_int_equal(write(slow_fd, "all", 3), 3);
	}
}

static void takes_a_file_that_settled_though_nobody_closed_it(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_opt(&bench, 3, "settle", "100ms");
	bench.at_wait = make_and_leave_open;
	bench_run(&bench, 1);
	assert_string_equal(bench_got(&bench, BOB "/1.open"), "all");
	assert_int_equal(close(slow_fd), 0);
}

/* ---- what lies there ------------------------------------------------------------------------- */

/* existing - two mails in new/, one in cur/, all old, and the option */
static void existing(const char *value, size_t want)
{
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench_deliver(&bench, BOB "/new/2.b", "b");
	bench_deliver(&bench, BOB "/cur/3.c:2,S", "c");
	bench_opt(&bench, 4, "existing", value);
	bench_run(&bench, want);
	/* What came while nobody was there is new in any case. */
	bench_deliver(&bench, BOB "/cur/4.d:2,S", "d");
	bench_run(&bench, 1);
	assert_string_equal(bench_got(&bench, BOB "/4.d"), "d");
	bench_run(&bench, 0);
}

static void unread_mails_are_taken_at_first_sight(void **state)
{
	(void)state;
	existing("new", 2);
}

static void all_mails_may_be_taken_at_first_sight(void **state)
{
	(void)state;
	existing("all", 3);
}

static void no_mail_may_be_taken_at_first_sight(void **state)
{
	(void)state;
	existing("none", 0);
}

static void the_oldest_come_first(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1700000009.x", "9");
	bench_deliver(&bench, BOB "/new/1700000001.x", "1");
	bench_deliver(&bench, BOB "/new/1700000005.x", "5");
	bench_run(&bench, 3);
	assert_string_equal(bench.door.mail[0].bytes, "1");
	assert_string_equal(bench.door.mail[1].bytes, "5");
	assert_string_equal(bench.door.mail[2].bytes, "9");
}

static void is_not_led_astray(void **state)
{
	char name[300] = BOB "/new/";

	(void)state;
	bench_maildir(&bench, BOB);
	keep_dir_write(&bench.dir, "/secret", "not for you");
	/* Mails that are none. */
	assert_int_equal(symlink("../../../../secret", bench_path(&bench, BOB "/new/1.link")), 0);
	assert_int_equal(symlink("../../../../secret", bench_path(&bench, BOB "/cur/2.l:2,")), 0);
	assert_int_equal(mkfifo(bench_path(&bench, BOB "/new/3.fifo"), 0644), 0);
	assert_int_equal(mkdir(bench_path(&bench, BOB "/new/4.dir"), 0755), 0);
	keep_dir_write(&bench.dir, BOB "/new/.5.hidden", "x");
	keep_dir_write(&bench.dir, BOB "/new/:2,S", "no unique part");
	/* Maildirs that lead elsewhere. */
	bench_maildir(&bench, "/elsewhere");
	bench_deliver(&bench, "/elsewhere/new/6.x", "x");
	assert_int_equal(mkdir(bench_path(&bench, "/mail/eve"), 0755), 0);
	assert_int_equal(symlink("../../elsewhere", bench_path(&bench, EVE)), 0);
	bench_maildir(&bench, "/mail/joe/Maildir");
	assert_int_equal(rmdir(bench_path(&bench, "/mail/joe/Maildir/new")), 0);
	assert_int_equal(
	    symlink("../../../elsewhere/new", bench_path(&bench, "/mail/joe/Maildir/new")), 0);
	bench_maildir(&bench, "/other/Maildir");
	bench_deliver(&bench, "/other/Maildir/new/7.x", "x");
	assert_int_equal(symlink("../other", bench_path(&bench, "/mail/ann")), 0);
	/* And one that is as long as a name can be. */
	memset(name + strlen(name), 'n', 255);
	keep_dir_write(&bench.dir, name, "long");
	bench_run(&bench, 1);
	assert_string_equal(bench.door.mail[0].bytes, "long");
}

static void ten_thousand_files_at_the_start(void **state)
{
	static bool had[10000];
	char name[64];

	(void)state;
	memset(had, 0, sizeof had);
	bench_maildir(&bench, BOB);
	bench_maildir(&bench, EVE);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof name, "%s/new/%d.x", i % 10 == 0 ? EVE : BOB, i);
		bench_link(&bench, name);
	}
	/* Stopped in the middle it neither loses nor repeats. */
	for (int part = 0; part < 3; part++) {
		bench_start(&bench);
		bench.door.stop_at = part < 2 ? 3000 : 0;
		assert_int_equal(bench_go(&bench, part < 2 ? 3000 : 4000), ASSAY_OK);
		assert_int_equal(bench.door.n, part < 2 ? 3000 : 4000);
		fake_door_answer(&bench.door, "accept");
		for (size_t i = 0; i < bench.door.n; i++) {
			const char *at = strrchr(bench.door.mail[i].source_id, '/') + 1;
			const long number = strtol(at, NULL, 10);

			assert_false(had[number]);
			had[number] = true;
		}
	}
	bench_run(&bench, 0);
}

static void who_has_many_mails_does_not_hold_up_others(void **state)
{
	size_t last = 0;

	(void)state;
	bench_maildir(&bench, BOB);
	bench_maildir(&bench, EVE);
	bench_many(&bench, BOB "/new", 9000);
	bench_many(&bench, EVE "/new", 10);
	bench_opt(&bench, 2, "rescan", "1h");
	bench_run(&bench, 9010);
	for (size_t i = 0; i < bench.door.n; i++)
		if (strstr(bench.door.mail[i].source_id, EVE) != NULL)
			last = i;
	assert_in_range(last, 10, 5000);
	bench_run(&bench, 0);
}

/* ---- restarts -------------------------------------------------------------------------------- */

/* journal - the first journal's path below the bench */
static const char *journal(const struct bench *b)
{
	static char rest[200];
	DIR *names = opendir(bench_path(b, "/state/maildir"));
	const struct dirent *entry;

	rest[0] = '\0';
	assert_non_null(names);
	while ((entry = readdir(names)) != NULL)
		if (assay_slice_ends(assay_slice_str(entry->d_name), ".journal"))
			(void)snprintf(rest, sizeof rest, "/state/maildir/%s", entry->d_name);
	(void)closedir(names);
	return rest;
}

static void what_was_not_kept_is_handed_over_again(void **state)
{
	struct stat st;

	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench_deliver(&bench, BOB "/new/2.b", "b");
	bench_start(&bench);
	bench.door.hold = true;
	assert_int_equal(bench_go(&bench, 2), ASSAY_OK);
	assert_int_equal(bench.door.n, 2);
	/* One answer comes after the end, the other one is that there is none. */
	bench.door.mail[0].done(bench.door.mail[0].done_arg, "accept");
	bench.door.mail[0].done = NULL;
	fake_door_answer(&bench.door, NULL);
	/* It is written down at once: who knows whether anything else comes. */
	assert_int_equal(stat(bench_path(&bench, journal(&bench)), &st), 0);
	assert_int_equal(st.st_size % 16, (16 + strlen(bench_path(&bench, BOB "\n"))) % 16);
	assert_true((size_t)st.st_size > 16 + strlen(bench_path(&bench, BOB "\n")));
	bench_run(&bench, 1);
	assert_string_equal(bench.door.mail[0].bytes, "b");
	bench_run(&bench, 0);
}

static void in_flight(struct bench *b, size_t number)
{
	if (number == 1)
		bench_deliver(b, BOB "/new/1.a", "a");
	if (number == 10) {
		assert_int_equal(b->door.n, 1);
		bench_move(b, BOB "/new/1.a", BOB "/cur/1.a:2,");
	}
	if (number == 20) {
		assert_int_equal(b->door.n, 1);
		fake_door_answer(&b->door, NULL);
	}
}

static void a_mail_is_never_in_flight_twice(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_start(&bench);
	bench.at_wait = in_flight;
	bench.door.hold = true;
	assert_int_equal(bench_go(&bench, 2), ASSAY_OK);
	assert_int_equal(bench.door.n, 2);
	assert_string_equal(bench.door.mail[0].source_id, bench.door.mail[1].source_id);
	fake_door_answer(&bench.door, "accept");
	bench.at_wait = NULL;
	bench_run(&bench, 0);
}

static void a_torn_journal_costs_a_repeat(void **state)
{
	struct stat st;

	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench_run(&bench, 1);
	assert_int_equal(stat(bench_path(&bench, journal(&bench)), &st), 0);
	assert_int_equal(truncate(bench_path(&bench, journal(&bench)), st.st_size - 7), 0);
	bench_run(&bench, 1);
	bench_run(&bench, 0);
}

static void a_damaged_journal_is_put_aside(void **state)
{
	char rest[220];

	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench_deliver(&bench, BOB "/cur/2.b:2,S", "b");
	bench_age(&bench, BOB "/cur/2.b:2,S", 86400);
	bench_run(&bench, 1);
	bench_deliver(&bench, BOB "/cur/3.c:2,S", "came since");
	(void)snprintf(rest, sizeof rest, "%s", journal(&bench));
	keep_dir_write(&bench.dir, rest, "What is this?");
	bench_run(&bench, 2);
	assert_string_equal(bench_got(&bench, BOB "/1.a"), "a");
	assert_string_equal(bench_got(&bench, BOB "/3.c"), "came since");
	memcpy(rest + strlen(rest), ".bad", 5);
	assert_string_equal(keep_dir_read(&bench.dir, rest), "What is this?");
	bench_run(&bench, 0);
}

static void the_journal_of_a_newer_version_is_left_alone(void **state)
{
	static char text[300];

	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench_run(&bench, 1);
	(void)snprintf(text, sizeof text, "assay-journal 2 %s%s\nmore", bench.dir.path, BOB);
	keep_dir_write(&bench.dir, journal(&bench), text);
	bench_maildir(&bench, EVE);
	bench_deliver(&bench, EVE "/new/2.b", "b");
	bench_run(&bench, 1);
	assert_string_equal(bench_got(&bench, EVE "/2.b"), "b");
	fake_door_release(&bench.door);
	/* Eve's is there as well by now; bob's is the one that was not touched. */
	assert_int_equal(keep_dir_files(&bench.dir), 2 + 3);
}

static void names_that_are_gone_leave_the_journal(void **state)
{
	const unsigned many = 6000;
	struct stat before, after;
	char name[64];

	(void)state;
	bench_maildir(&bench, BOB);
	bench_many(&bench, BOB "/new", many);
	bench_run(&bench, many);
	assert_int_equal(stat(bench_path(&bench, journal(&bench)), &before), 0);
	for (unsigned i = 10; i < many; i++) {
		(void)snprintf(name, sizeof name, BOB "/new/%u.x", i);
		assert_int_equal(unlink(bench_path(&bench, name)), 0);
	}
	/* Only what has not changed for some seconds is sure. */
	bench_age(&bench, BOB "/new", 100);
	bench_age(&bench, BOB "/cur", 100);
	bench_run(&bench, 0);
	assert_int_equal(stat(bench_path(&bench, journal(&bench)), &after), 0);
	assert_int_equal(before.st_size - after.st_size, 16 * (off_t)(many - 10));
	bench_run(&bench, 0);
}

/* ---- Maildirs -------------------------------------------------------------------------------- */

static void make_later(struct bench *b, size_t number)
{
	if (number == 3) {
		bench_maildir(b, BOB);
		bench_deliver(b, BOB "/new/1.a", "a");
		/* Came and was read before anybody saw the Maildir; the other one was moved here.
		 */
		bench_deliver(b, BOB "/cur/2.b:2,S", "b");
		bench_deliver(b, BOB "/cur/3.c:2,S", "c");
		bench_age(b, BOB "/cur/3.c:2,S", 86400);
	}
	if (number == 10)
		bench_deliver(b, BOB "/new/4.d", "d");
}

static void a_maildir_may_appear_later(void **state)
{
	(void)state;
	bench.at_wait = make_later;
	bench_run(&bench, 3);
	assert_string_equal(bench_got(&bench, BOB "/1.a"), "a");
	assert_string_equal(bench_got(&bench, BOB "/2.b"), "b");
	assert_string_equal(bench_got(&bench, BOB "/4.d"), "d");
}

static void take_away_and_bring_back(struct bench *b, size_t number)
{
	if (number == 2)
		bench_move(b, "/mail/bob", "/away");
	if (number == 10)
		bench_deliver(b, "/away/Maildir/new/2.b", "b");
	if (number == 20) {
		assert_int_equal(b->door.n, 1);
		bench_move(b, "/away", "/mail/bob");
	}
	if (number == 30)
		bench_deliver(b, BOB "/new/3.c", "c");
}

static void a_maildir_may_go_and_come_back(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench.at_wait = take_away_and_bring_back;
	bench_run(&bench, 3);
	assert_string_equal(bench_got(&bench, BOB "/2.b"), "b");
	assert_string_equal(bench_got(&bench, BOB "/3.c"), "c");
}

static void replace_new(struct bench *b, size_t number)
{
	if (number == 2) {
		assert_int_equal(rmdir(bench_path(b, BOB "/new")), 0);
		assert_int_equal(mkdir(bench_path(b, BOB "/new"), 0755), 0);
		bench_deliver(b, BOB "/new/1.a", "a");
	}
	if (b->door.n == 1 && access(bench_path(b, BOB "/new/2.b"), F_OK) != 0)
		bench_deliver(b, BOB "/new/2.b", "b");
}

static void new_may_be_made_anew(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_opt(&bench, 2, "rescan", "1h");
	bench.at_wait = replace_new;
	bench_run(&bench, 2);
}

static void folders_are_looked_at_when_asked_for(void **state)
{
	const struct fake_mail *mail;

	(void)state;
	bench_maildir(&bench, BOB);
	bench_maildir(&bench, BOB "/.Lists.dev");
	bench_maildir(&bench, BOB "/not.a.folder");
	bench_deliver(&bench, BOB "/new/1.a", "a");
	bench_deliver(&bench, BOB "/.Lists.dev/new/2.b", "b");
	bench_deliver(&bench, BOB "/not.a.folder/new/3.c", "c");
	bench_run(&bench, 1);
	bench_opt(&bench, 4, "folders", "yes");
	bench_run(&bench, 1);
	mail = fake_door_find(&bench.door, bench_path(&bench, BOB "/.Lists.dev/2.b"));
	assert_non_null(mail);
	assert_string_equal(bench_mailbox(mail), "bob");
	/* The name of a folder is nobody's mailbox. */
	bench_deliver(&bench, BOB "/.Lists.dev/new/4.d", "d");
	bench_opt(&bench, 0, "maildirs", BOB);
	bench_run(&bench, 1);
	assert_string_equal(bench_mailbox(&bench.door.mail[0]), "");
}

static void the_mailbox_is_made_of_the_stars(void **state)
{
	(void)state;
	bench_maildir(&bench, "/mail/example.org/users-of/bob/Maildir");
	bench_deliver(&bench, "/mail/example.org/users-of/bob/Maildir/new/1.a", "a");
	bench_opt(&bench, 0, "maildirs", "/mail/*/users-*/*/Maildir");
	bench_opt(&bench, 4, "mailbox", "%3@%1 (%2%%4)");
	bench_run(&bench, 1);
	assert_string_equal(bench_mailbox(&bench.door.mail[0]), "bob@example.org (of%%4)");
}

static void the_same_maildir_twice_is_one(void **state)
{
	static char list[900];

	(void)state;
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	assert_int_equal(symlink("mail", bench_path(&bench, "/link")), 0);
	(void)snprintf(list, sizeof list,
	    "maildirs=%s" BOB ", %s/mail/*/Maildir,%s/link/bob/Maildir", bench.dir.path,
	    bench.dir.path, bench.dir.path);
	bench.opts[0] = list;
	bench_run(&bench, 1);
	assert_string_equal(bench_mailbox(&bench.door.mail[0]), "");
}

/* ---- trouble --------------------------------------------------------------------------------- */

/* queue_limit - how many events the kernel keeps */
static unsigned queue_limit(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	unsigned n = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%u", &n) != 1)
		n = 0;
	(void)fclose(file);
	return n;
}

static void flood(struct bench *b, size_t number)
{
	if (number != 2)
		return;
	bench_many(b, BOB "/new", queue_limit() + 500);
	/* And in another one, of which no event will speak. */
	bench_deliver(b, EVE "/new/1.a", "a");
}

static void lost_events_are_made_up_for(void **state)
{
	(void)state;
	if (queue_limit() == 0 || queue_limit() > 50000)
		skip();
	bench_maildir(&bench, BOB);
	bench_maildir(&bench, EVE);
	bench_opt(&bench, 2, "rescan", "1h");
	bench.at_wait = flood;
	bench_run(&bench, queue_limit() + 501);
	assert_string_equal(bench_got(&bench, EVE "/1.a"), "a");
}

static void refuse_for_a_while(struct bench *b, size_t number)
{
	if (number < 20)
		assert_int_equal(b->door.n, 0);
	b->door.refuse = number < 20 ? ASSAY_E_FULL : ASSAY_OK;
}

static void a_door_that_refuses_gets_them_later(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_many(&bench, BOB "/new", 10);
	bench_start(&bench);
	bench.at_wait = refuse_for_a_while;
	bench.door.refuse = ASSAY_E_FULL;
	assert_int_equal(bench_go(&bench, 10), ASSAY_OK);
	assert_int_equal(bench.door.n, 10);
}

static rlim_t descriptors;

static void few_descriptors(struct bench *b, size_t number)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (number == 1) {
		descriptors = limit.rlim_cur;
		bench_deliver(b, BOB "/new/1.a", "a");
		limit.rlim_cur = 3;
	}
	if (number == 15) {
		assert_int_equal(b->door.n, 0);
		limit.rlim_cur = descriptors;
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void descriptors_may_run_out(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench.at_wait = few_descriptors;
	bench_run(&bench, 1);
}

static void more_mails_than_account_is_kept_of_are_left(void **state)
{
	(void)state;
	bench_maildir(&bench, BOB);
	bench_many(&bench, BOB "/new", 10);
	bench_opt(&bench, 4, "max_mails", "7");
	bench_run(&bench, 7);
}

static void the_journal_may_not_be_written_for_a_while(void **state)
{
	struct keep_dir full;
	char option[300];

	(void)state;
	keep_dir_make(&full);
	if (!keep_dir_small(&full)) {
		keep_dir_remove(&full);
		skip();
	}
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/new/1.a", "a");
	(void)snprintf(option, sizeof option, "journal=%s/maildir", full.path);
	bench.opts[1] = option;
	bench_run(&bench, 1);
	/* Full to the last byte: what is scanned now is not noted. */
	for (size_t n = 4096; n > 0; n /= 16) {
		static const char zeros[4096];
		const int fd = open(
		    keep_dir_path(&full, "/fill"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		while (write(fd, zeros, n) == (ssize_t)n)
			continue;
		(void)close(fd);
	}
	bench_maildir(&bench, EVE);
	bench_deliver(&bench, EVE "/new/2.b", "b");
	/* A folder without a journal waits for one. */
	bench_run(&bench, 0);
	assert_int_equal(unlink(keep_dir_path(&full, "/fill")), 0);
	bench_run(&bench, 1);
	bench_run(&bench, 0);
	keep_dir_remove(&full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(takes_what_is_renamed_or_linked_into_new),
		BENCH_TEST(takes_what_is_delivered_into_cur),
		BENCH_TEST(survives_that_mail_is_read_before_it_comes),
		BENCH_TEST(a_linked_mail_is_complete),
		BENCH_TEST(waits_for_who_writes_into_new_itself),
		BENCH_TEST(takes_a_file_that_settled_though_nobody_closed_it),
		BENCH_TEST(unread_mails_are_taken_at_first_sight),
		BENCH_TEST(all_mails_may_be_taken_at_first_sight),
		BENCH_TEST(no_mail_may_be_taken_at_first_sight),
		BENCH_TEST(the_oldest_come_first),
		BENCH_TEST(is_not_led_astray),
		BENCH_TEST(ten_thousand_files_at_the_start),
		BENCH_TEST(who_has_many_mails_does_not_hold_up_others),
		BENCH_TEST(what_was_not_kept_is_handed_over_again),
		BENCH_TEST(a_mail_is_never_in_flight_twice),
		BENCH_TEST(a_torn_journal_costs_a_repeat),
		BENCH_TEST(a_damaged_journal_is_put_aside),
		BENCH_TEST(the_journal_of_a_newer_version_is_left_alone),
		BENCH_TEST(names_that_are_gone_leave_the_journal),
		BENCH_TEST(a_maildir_may_appear_later),
		BENCH_TEST(a_maildir_may_go_and_come_back),
		BENCH_TEST(new_may_be_made_anew),
		BENCH_TEST(folders_are_looked_at_when_asked_for),
		BENCH_TEST(the_mailbox_is_made_of_the_stars),
		BENCH_TEST(the_same_maildir_twice_is_one),
		BENCH_TEST(lost_events_are_made_up_for),
		BENCH_TEST(a_door_that_refuses_gets_them_later),
		BENCH_TEST(descriptors_may_run_out),
		BENCH_TEST(more_mails_than_account_is_kept_of_are_left),
		BENCH_TEST(the_journal_may_not_be_written_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
