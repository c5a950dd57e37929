/* rooms: plugin_maildir fakehost text base */
/*
 * tests of the parts of plugins/provider/maildir: find.c, mailname.c, folder.c, ledger.c, sweep.c,
 * watch.c
 */
#include "maildir/folder.h"
#include "maildir_bench.h"
#include "maildir/sweep.h"
#include "maildir/watch.h"

#define BOB "/mail/bob/Maildir"

/* ---- find ------------------------------------------------------------------------------------ */

/* What a walk found: paths below the bench, each followed by its stars. */
struct seen {
	char text[2000];
	size_t most, n, fixed;
};

static bool see(void *arg, const struct assay_found *found)
{
	struct seen *seen = arg;
	const size_t n = strlen(seen->text), skip = strlen(bench.dir.path);
	struct stat by_fd, by_path;
	int fd;

	(void)snprintf(seen->text + n, sizeof seen->text - n, "%s", found->path + skip);
	for (size_t i = 0; i < found->nstar; i++)
		(void)snprintf(seen->text + strlen(seen->text),
		    sizeof seen->text - strlen(seen->text), " %.*s", (int)found->star[i].n,
		    found->star[i].p);
	memcpy(seen->text + strlen(seen->text), "\n", 2);
	assert_int_equal(fstat(found->fd, &by_fd), 0);
	assert_int_equal(stat(found->path, &by_path), 0);
	assert_int_equal(by_fd.st_ino, by_path.st_ino);
	fd = assay_find_open(found->path, found->fixed);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &by_fd), 0);
	assert_int_equal(by_fd.st_ino, by_path.st_ino);
	assert_int_equal(close(fd), 0);
	seen->fixed = found->fixed;
	return ++seen->n != seen->most;
}

/* find - what a pattern below the bench means */
static enum assay_status find(const char *pattern, struct seen *seen, struct assay_err *err)
{
	const size_t most = seen->most;

	assert_int_equal(assay_find_check(bench_path(&bench, pattern), err), ASSAY_OK);
	memset(seen, 0, sizeof *seen);
	seen->most = most;
	return assay_find_each(bench_path(&bench, pattern), see, seen, err);
}

static void dir(const char *rest)
{
	assert_int_equal(mkdir(bench_path(&bench, rest), 0755), 0);
}

static void finds_by_stars(void **state)
{
	struct seen seen = { .most = 0 };

	(void)state;
	dir("/mail/bob");
	dir("/mail/bob/Maildir");
	dir("/mail/Bobby");
	dir("/mail/.hidden");
	dir("/mail/x-1-y");
	dir("/mail/xy");
	keep_dir_write(&bench.dir, "/mail/bobfile", "");
	assert_int_equal(find("/mail//bob/", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/mail/bob\n");
	assert_int_equal(find("/mail/b*", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/mail/bob ob\n");
	assert_int_equal(find("/mail/x*y", &seen, NULL), ASSAY_OK);
	assert_int_equal(seen.n, 2);
	assert_non_null(strstr(seen.text, "/mail/xy \n"));
	assert_non_null(strstr(seen.text, "/mail/x-1-y -1-\n"));
	/* The tail may not lie over the head. */
	assert_int_equal(find("/mail/xy*y", &seen, NULL), ASSAY_OK);
	assert_int_equal(seen.n, 0);
	assert_int_equal(find("/mail/.*", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/mail/.hidden hidden\n");
	assert_int_equal(find("/*/*/Mail*", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/mail/bob/Maildir mail bob dir\n");
	assert_int_equal(find("/mail/*", &seen, NULL), ASSAY_OK);
	assert_int_equal(seen.n, 4);
	seen.most = 2;
	assert_int_equal(find("/mail/*", &seen, NULL), ASSAY_OK);
	assert_int_equal(seen.n, 2);
	seen.most = 0;
	assert_int_equal(find("/mail/nobody/Maildir", &seen, NULL), ASSAY_OK);
	assert_int_equal(find("/mail/bobfile/Maildir", &seen, NULL), ASSAY_OK);
	assert_int_equal(seen.n, 0);
}

static void follows_links_of_the_administrator_only(void **state)
{
	struct seen seen = { .most = 0 };
	struct assay_err err;
	const bool root = geteuid() == 0;

	(void)state;
	dir("/real");
	dir("/real/bob");
	dir("/real/bob/Maildir");
	assert_int_equal(symlink("real", bench_path(&bench, "/link")), 0);
	/* Before the first star, and not in the last place. */
	assert_int_equal(find("/link/bob/Maildir", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/link/bob/Maildir\n");
	assert_int_equal(seen.fixed, strlen(bench_path(&bench, "/link/bob")));
	assert_int_equal(find("/link/*/Maildir", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/link/bob/Maildir bob\n");
	assert_int_equal(seen.fixed, strlen(bench_path(&bench, "/link")));
	assert_int_equal(find("/link", &seen, &err), ASSAY_E_IO);
	assert_non_null(strstr(err.text, "/link: is a symbolic link"));
	assert_int_equal(seen.n, 0);
	assert_int_equal(find("/*/bob/Maildir", &seen, &err), ASSAY_E_IO);
	assert_string_equal(seen.text, "/real/bob/Maildir real\n");
	assert_int_equal(symlink("real/bob", bench_path(&bench, "/mail/bob")), 0);
	assert_int_equal(find("/mail/*/Maildir", &seen, &err), ASSAY_E_IO);
	assert_int_equal(seen.n, 0);
	/* Nor one that somebody else has made. */
	if (root) {
		assert_int_equal(lchown(bench_path(&bench, "/link"), 65534, 65534), 0);
		assert_int_equal(find("/link/bob/Maildir", &seen, &err), ASSAY_E_IO);
		assert_int_equal(seen.n, 0);
		assert_int_equal(assay_find_open(bench_path(&bench, "/link/bob"), 500), -1);
		assert_int_equal(errno, ELOOP);
	}
	assert_int_equal(assay_find_open(bench_path(&bench, "/link/bob"), 0), -1);
	assert_int_equal(errno, ELOOP);
}

static void names_that_no_line_can_hold_are_passed_over(void **state)
{
	struct seen seen = { .most = 0 };
	char deep[4000] = "";

	(void)state;
	dir("/mail/a\nb");
	dir("/mail/c d\xff");
	assert_int_equal(find("/mail/*", &seen, NULL), ASSAY_OK);
	assert_string_equal(seen.text, "/mail/c d\xff c d\xff\n");
	for (size_t i = 0; i < 3500; i += 2)
		memcpy(deep + i, "/a", 3);
	assert_int_equal(assay_find_check(deep, NULL), ASSAY_E_CONF);
	deep[70] = '\0';
	assert_int_equal(assay_find_check(deep, NULL), ASSAY_E_CONF);
	deep[60] = '\0';
	assert_int_equal(assay_find_check(deep, NULL), ASSAY_OK);
	assert_int_equal(assay_find_open(deep, 0), -1);
}

/* ---- mailname -------------------------------------------------------------------------------- */

static void the_unique_part_names_a_mail(void **state)
{
	static const char *const same[] = { "17.M5P6.host", "17.M5P6.host:2,", "17.M5P6.host:2,FRS",
		"17.M5P6.host:1,x", "17.M5P6.host:" };
	char longest[300], guess[ASSAY_MAILNAME_MAX];
	const struct assay_key key = assay_mailname_key("17.M5P6.host");
	struct assay_key other;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(assay_mailname_ok(same[i]));
		other = assay_mailname_key(same[i]);
		assert_memory_equal(other.b, key.b, sizeof key.b);
	}
	other = assay_mailname_key("17.M5P6.host,S=5");
	assert_memory_not_equal(other.b, key.b, sizeof key.b);
	/* echo -n abc | sha256sum */
	other = assay_mailname_key("abc:2,S");
	assert_memory_equal(
	    other.b, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23", 16);
	assert_false(assay_mailname_ok(""));
	assert_false(assay_mailname_ok(".17"));
	assert_false(assay_mailname_ok(":2,S"));
	assert_false(assay_mailname_ok("../17"));
	assert_false(assay_mailname_ok("17/18"));
	memset(longest, 'x', sizeof longest);
	longest[256] = '\0';
	assert_false(assay_mailname_ok(longest));
	longest[255] = '\0';
	assert_true(assay_mailname_ok(longest));
	/* There is no room for flags behind it. */
	assert_false(assay_mailname_guess(longest, 0, guess));
	assert_true(assay_mailname_guess("17.x:2,F", 0, guess));
	assert_string_equal(guess, "17.x:2,");
	assert_true(assay_mailname_guess("17.x", 1, guess));
	assert_string_equal(guess, "17.x:2,S");
	assert_true(assay_mailname_guess("17.x", 2, guess));
	assert_string_equal(guess, "17.x");
	assert_false(assay_mailname_guess("17.x", 3, guess));
}

/* ---- folder ---------------------------------------------------------------------------------- */

/* bob - his Maildir as a folder without a journal */
static struct assay_folder *bob(void)
{
	const char *path = bench_path(&bench, BOB);
	const struct assay_found found = { .path = path, .fixed = strlen(bench.dir.path) };
	struct assay_folder *folder = assay_folder_new(&found, "bob");

	assay_ledger_init(&folder->ledger, NULL, folder->path, 100000);
	return folder;
}

/* opened - how opening a mail ends; under which name it was found */
static enum assay_status opened(const struct assay_folder *folder, enum assay_folder_side side,
    const char *name, char found[300])
{
	struct assay_folder_mail mail;
	const enum assay_status st = assay_folder_open_mail(folder, side, name, &mail, NULL);

	found[0] = '\0';
	if (st != ASSAY_OK) {
		assert_int_equal(mail.fd, -1);
		return st;
	}
	assert_int_equal(write(mail.fd, "x", 1), -1);
	(void)snprintf(found, 300, "%s/%s", assay_folder_side_name(mail.side), mail.name);
	assert_int_equal(close(mail.fd), 0);
	return st;
}

static void a_mail_is_found_where_it_was_moved_to(void **state)
{
	struct assay_folder *folder;
	char found[300];

	(void)state;
	bench_maildir(&bench, BOB);
	folder = bob();
	keep_dir_write(&bench.dir, BOB "/new/1.a", "a");
	assert_int_equal(opened(folder, ASSAY_FOLDER_NEW, "1.a", found), ASSAY_OK);
	assert_string_equal(found, "new/1.a");
	bench_move(&bench, BOB "/new/1.a", BOB "/cur/1.a:2,");
	assert_int_equal(opened(folder, ASSAY_FOLDER_NEW, "1.a", found), ASSAY_OK);
	assert_string_equal(found, "cur/1.a:2,");
	bench_move(&bench, BOB "/cur/1.a:2,", BOB "/cur/1.a:2,S");
	assert_int_equal(opened(folder, ASSAY_FOLDER_NEW, "1.a", found), ASSAY_OK);
	assert_int_equal(opened(folder, ASSAY_FOLDER_CUR, "1.a:2,", found), ASSAY_OK);
	assert_string_equal(found, "cur/1.a:2,S");
	bench_move(&bench, BOB "/cur/1.a:2,S", BOB "/cur/1.a:2,RS");
	assert_int_equal(opened(folder, ASSAY_FOLDER_NEW, "1.a", found), ASSAY_E_NOENT);
	assert_int_equal(opened(folder, ASSAY_FOLDER_CUR, "1.a:2,RS", found), ASSAY_OK);
	assert_string_equal(found, "cur/1.a:2,RS");
	assert_int_equal(symlink("1.a:2,RS", bench_path(&bench, BOB "/cur/2.l")), 0);
	assert_int_equal(opened(folder, ASSAY_FOLDER_CUR, "2.l", found), ASSAY_END);
	assert_int_equal(mkfifo(bench_path(&bench, BOB "/new/3.f"), 0600), 0);
	assert_int_equal(opened(folder, ASSAY_FOLDER_NEW, "3.f", found), ASSAY_END);
	/* Who makes cur/ a link leads nobody anywhere. */
	bench_move(&bench, BOB "/cur", "/mail/cur");
	assert_int_equal(symlink("../../cur", bench_path(&bench, BOB "/cur")), 0);
	assert_int_equal(opened(folder, ASSAY_FOLDER_CUR, "1.a:2,RS", found), ASSAY_E_IO);
	assay_folder_free(&folder);
}

static void a_stamp_is_sure_when_it_is_old(void **state)
{
	struct assay_folder_stamp stamp, now;
	struct assay_folder *folder;
	DIR *names;
	int fd;

	(void)state;
	bench_maildir(&bench, BOB);
	folder = bob();
	fd = assay_find_open(folder->path, folder->fixed);
	assert_true(fd >= 0);
	assert_int_equal(
	    assay_folder_list(folder, ASSAY_FOLDER_NEW, &names, &stamp, NULL), ASSAY_OK);
	assert_int_equal(closedir(names), 0);
	assert_int_equal(stamp.mtime_ns, 0);
	bench_age(&bench, BOB "/new", 100);
	assert_int_equal(
	    assay_folder_list(folder, ASSAY_FOLDER_NEW, &names, &stamp, NULL), ASSAY_OK);
	assert_int_equal(closedir(names), 0);
	now = assay_folder_stamp_of(fd, ASSAY_FOLDER_NEW);
	assert_true(assay_folder_stamp_same(&stamp, &now));
	bench_age(&bench, BOB "/new", 99);
	now = assay_folder_stamp_of(fd, ASSAY_FOLDER_NEW);
	assert_false(assay_folder_stamp_same(&stamp, &now));
	/* What is not there has no stamp, and the clock may be wrong. */
	bench_age(&bench, BOB "/new", -5000);
	assert_int_equal(
	    assay_folder_list(folder, ASSAY_FOLDER_NEW, &names, &stamp, NULL), ASSAY_OK);
	assert_int_equal(closedir(names), 0);
	assert_int_equal(stamp.mtime_ns, 0);
	assert_int_equal(rmdir(bench_path(&bench, BOB "/cur")), 0);
	assert_int_equal(assay_folder_stamp_of(fd, ASSAY_FOLDER_CUR).ino, 0);
	assert_int_equal(
	    assay_folder_list(folder, ASSAY_FOLDER_CUR, &names, &stamp, NULL), ASSAY_E_NOENT);
	assert_int_equal(close(fd), 0);
	assay_folder_free(&folder);
}

/* ---- sweep ----------------------------------------------------------------------------------- */

static void lists_in_batches_what_nobody_took(void **state)
{
	static struct assay_sweep sweep;
	const int many = 3 * ASSAY_SWEEP_BATCH / 2;
	enum assay_folder_side side;
	struct assay_folder *folder;
	const char *name, *last = "";
	int n[2] = { 0 };
	char text[64];

	(void)state;
	bench_maildir(&bench, BOB);
	for (int i = 0; i < many; i++) {
		(void)snprintf(text, sizeof text, BOB "/new/%d", i);
		bench_link(&bench, text);
	}
	bench_link(&bench, BOB "/cur/1:2,S");
	bench_link(&bench, BOB "/cur/x:2,S");
	folder = bob();
	assert_true(assay_ledger_take(&folder->ledger, assay_mailname_key("7")));
	assert_int_equal(assay_sweep_begin(&sweep, folder, true, NULL), ASSAY_OK);
	assert_false(assay_sweep_pausing(&sweep));
	while (assay_sweep_next(&sweep, &name, &side)) {
		if (side == ASSAY_FOLDER_NEW && n[0] != ASSAY_SWEEP_BATCH) {
			assert_true(strcmp(last, name) < 0);
			last = name;
		}
		last = n[0] == ASSAY_SWEEP_BATCH ? name : last;
		n[side]++;
		/* What is taken meanwhile is not given twice. */
		assert_true(assay_ledger_take(&folder->ledger, assay_mailname_key(name)));
		assert_int_equal(
		    assay_sweep_pausing(&sweep), n[0] == ASSAY_SWEEP_BATCH || n[0] == many - 1);
	}
	assert_int_equal(n[0], many - 1);
	assert_int_equal(n[1], 1);
	assert_true(assay_sweep_end(&sweep));
	/* Left early, nothing is said of what it saw. */
	memset(folder->stamp, 0, sizeof folder->stamp);
	bench_age(&bench, BOB "/new", 100);
	bench_link(&bench, BOB "/cur/y:2,S");
	assert_int_equal(assay_sweep_begin(&sweep, folder, true, NULL), ASSAY_OK);
	assert_true(assay_sweep_next(&sweep, &name, &side));
	assert_string_equal(name, "y:2,S");
	assert_false(assay_sweep_end(&sweep));
	assert_int_equal(folder->stamp[ASSAY_FOLDER_NEW].mtime_ns, 0);
	assay_folder_free(&folder);
}

/* ---- ledger ---------------------------------------------------------------------------------- */

static void a_ledger_writes_what_is_done(void **state)
{
	const struct assay_key a = assay_mailname_key("a"), b = assay_mailname_key("b");
	struct assay_ledger ledger;
	struct assay_keyset none;
	char *file;

	(void)state;
	dir("/state");
	file = strdup(bench_path(&bench, "/state/j"));
	assay_ledger_init(&ledger, file, "a name", 10);
	assay_keyset_init(&none, 1);
	assert_false(assay_ledger_exists(&ledger));
	assert_int_equal(assay_ledger_load(&ledger, NULL), ASSAY_E_NOENT);
	assert_int_equal(assay_ledger_write(&ledger, &none, NULL), ASSAY_OK);
	assert_true(assay_ledger_take(&ledger, a));
	assert_false(assay_ledger_take(&ledger, a));
	assert_true(assay_ledger_take(&ledger, b));
	assert_false(assay_ledger_unload(&ledger));
	assay_ledger_done(&ledger, a);
	assay_ledger_give_back(&ledger, b);
	assert_false(assay_ledger_unload(&ledger));
	assert_int_equal(assay_ledger_flush(&ledger, NULL), ASSAY_OK);
	assert_true(assay_ledger_unload(&ledger));
	assert_int_equal(ledger.known.n, 0);
	assert_int_equal(assay_ledger_load(&ledger, NULL), ASSAY_OK);
	assert_int_equal(ledger.records, 1);
	assert_false(assay_ledger_take(&ledger, a));
	assert_true(assay_ledger_take(&ledger, b));
	/* Somebody takes the file away: it is made anew, but not with what is in flight. */
	assert_int_equal(unlink(ledger.file), 0);
	assert_true(assay_ledger_take(&ledger, assay_mailname_key("c")));
	assay_ledger_done(&ledger, b);
	assert_int_equal(assay_ledger_flush(&ledger, NULL), ASSAY_E_NOENT);
	assay_ledger_give_back(&ledger, assay_mailname_key("c"));
	assert_int_equal(assay_ledger_flush(&ledger, NULL), ASSAY_OK);
	assert_true(assay_ledger_unload(&ledger));
	assert_int_equal(assay_ledger_load(&ledger, NULL), ASSAY_OK);
	assert_true(assay_keyset_has(&ledger.known, a));
	assert_true(assay_keyset_has(&ledger.known, b));
	assert_int_equal(ledger.known.n, 2);
	assay_ledger_release(&ledger);
}

/* ---- watch ----------------------------------------------------------------------------------- */

/* watched - a directory below the bench; its number */
static int watched(struct assay_watch *watch, const char *rest, void *owner, void **other)
{
	const int fd = open(bench_path(&bench, rest), O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int wd = assay_watch_add(watch, fd, owner, other);

	assert_int_equal(close(fd), 0);
	return wd;
}

static void expect(
    struct assay_watch *watch, enum assay_watch_what what, const void *owner, const char *name)
{
	struct assay_watch_event event;

	assert_true(assay_watch_next(watch, &event));
	assert_int_equal(event.what, what);
	assert_ptr_equal(event.owner, owner);
	if (name != NULL)
		assert_string_equal(event.name, name);
	else
		assert_null(event.name);
}

static void hears_what_happens(void **state)
{
	static struct assay_watch watch;
	struct assay_watch_event event;
	int one = 1, two = 2, wd1, wd2;
	void *other;

	(void)state;
	dir("/1");
	dir("/2");
	assert_int_equal(assay_watch_open(&watch, NULL), ASSAY_OK);
	wd1 = watched(&watch, "/1", &one, &other);
	assert_true(wd1 >= 0);
	wd2 = watched(&watch, "/2", &two, &other);
	assert_true(wd2 >= 0 && other == NULL);
	assert_int_equal(watched(&watch, "/1", &two, &other), -1);
	assert_ptr_equal(other, &one);
	assert_int_equal(watched(&watch, "/1", &one, &other), wd1);
	assert_false(assay_watch_next(&watch, &event));
	keep_dir_write(&bench.dir, "/1/a", "a");
	bench_move(&bench, "/1/a", "/2/b");
	assert_int_equal(link(bench_path(&bench, "/2/b"), bench_path(&bench, "/1/c")), 0);
	dir("/1/d");
	expect(&watch, ASSAY_WATCH_MADE, &one, "a");
	expect(&watch, ASSAY_WATCH_WHOLE, &one, "a");
	expect(&watch, ASSAY_WATCH_WHOLE, &two, "b");
	expect(&watch, ASSAY_WATCH_MADE, &one, "c");
	assert_false(assay_watch_next(&watch, &event));
	/* Moved away, removed, taken out by us. */
	bench_move(&bench, "/1", "/3");
	expect(&watch, ASSAY_WATCH_GONE, &one, NULL);
	keep_dir_write(&bench.dir, "/3/e", "e");
	assert_false(assay_watch_next(&watch, &event));
	keep_dir_write(&bench.dir, "/2/f", "f");
	assay_watch_remove(&watch, &wd2);
	assert_int_equal(wd2, -1);
	assert_false(assay_watch_next(&watch, &event));
	dir("/4");
	assert_true(watched(&watch, "/4", &two, &other) >= 0);
	assert_int_equal(rmdir(bench_path(&bench, "/4")), 0);
	expect(&watch, ASSAY_WATCH_GONE, &two, NULL);
	assert_false(assay_watch_next(&watch, &event));
	assay_watch_close(&watch);
	assert_false(assay_watch_next(&watch, &event));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(finds_by_stars),
		BENCH_TEST(follows_links_of_the_administrator_only),
		BENCH_TEST(names_that_no_line_can_hold_are_passed_over),
		BENCH_TEST(the_unique_part_names_a_mail),
		BENCH_TEST(a_mail_is_found_where_it_was_moved_to),
		BENCH_TEST(a_stamp_is_sure_when_it_is_old),
		BENCH_TEST(lists_in_batches_what_nobody_took),
		BENCH_TEST(a_ledger_writes_what_is_done),
		BENCH_TEST(hears_what_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
