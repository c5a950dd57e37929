/* rooms: base */
/*
 * tests of core/base/journal: torn ends, other names, other versions, a full disk
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/journal.h"
#include "base/keyset.h"
#include "keep_dir.h"

#define NAME "/srv/bob/Maildir"
#define HEAD "assay-journal 1 " NAME "\n"

static struct keep_dir dir;
static struct assay_keyset known;
static size_t records;

static struct assay_key key(unsigned i)
{
	struct assay_key k = { { 0 } };

	k.b[0] = (unsigned char)i;
	k.b[1] = (unsigned char)(i >> 8);
	k.b[9] = 1;
	return k;
}

static const char *path(void)
{
	return keep_dir_path(&dir, "/state/maildir/j");
}

static enum assay_status load(void)
{
	assay_keyset_release(&known);
	return assay_journal_load(path(), NAME, &known, &records, NULL);
}

static enum assay_status append(unsigned first, unsigned n)
{
	struct assay_key keys[300];

	assert_in_range(n, 0, 300);
	for (unsigned i = 0; i < n; i++)
		keys[i] = key(first + i);
	return assay_journal_append(path(), NAME, keys, n, NULL);
}

static off_t size(void)
{
	struct stat st;

	return stat(path(), &st) == 0 ? st.st_size : -1;
}

static int setup(void **state)
{
	(void)state;
	keep_dir_make(&dir);
	assay_keyset_init(&known, 1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assay_keyset_release(&known);
	keep_dir_remove(&dir);
	return 0;
}

static void gives_back_what_was_written(void **state)
{
	(void)state;
	assert_int_equal(load(), ASSAY_E_NOENT);
	assert_int_equal(append(0, 1), ASSAY_E_NOENT);
	for (unsigned i = 0; i < 10; i++)
		assert_true(assay_keyset_add(&known, key(i)));
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	assert_int_equal(append(5, 300), ASSAY_OK);
	assert_int_equal(load(), ASSAY_OK);
	assert_int_equal(records, 310);
	assert_int_equal(known.n, 305);
	assert_true(assay_keyset_has(&known, key(304)));
	assert_false(assay_keyset_has(&known, key(305)));
	assert_int_equal(size(), (off_t)strlen(HEAD) + 310 * 16);
	/* Written anew it has each once. */
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	assert_int_equal(size(), (off_t)strlen(HEAD) + 305 * 16);
	assert_int_equal(load(), ASSAY_OK);
	assert_int_equal(known.n, 305);
}

static void nobody_else_may_read_it(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	assert_int_equal(stat(path(), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(keep_dir_path(&dir, "/state/maildir"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_torn_end_is_passed_over_and_cut_off(void **state)
{
	(void)state;
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	for (int torn = 1; torn < 16; torn++) {
		const unsigned had = (unsigned)torn - 1;

		assert_int_equal(append(had, 2), ASSAY_OK);
		assert_int_equal(truncate(path(), size() - 16 + torn), 0);
		assert_int_equal(load(), ASSAY_OK);
		assert_int_equal(known.n, had + 1);
		assert_false(assay_keyset_has(&known, key(had + 1)));
		assert_int_equal(append(had + 1, 0), ASSAY_OK);
		assert_int_equal(size(), (off_t)strlen(HEAD) + 16 * (torn));
	}
}

static void what_is_no_journal_of_this_is_refused(void **state)
{
	static const char *const bad[] = { "", "assay-journal 1 /srv/bob/Maildi",
		"assay-journal 1 /srv/bob/Maildir2\n0123456789abcdef",
		"assay-journal 1 /srv/eve/Maildir\n0123456789abcdef", "assay-journal 0 " NAME "\n",
		"SQLite format 3", "\0\0\0\0" };
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		keep_dir_write(&dir, "/state/maildir/j", bad[i]);
		assert_int_equal(load(), ASSAY_E_SYNTAX);
		assert_int_equal(known.n, 0);
	}
	assert_int_equal(truncate(path(), 5), 0);
	assert_int_equal(append(0, 1), ASSAY_E_SYNTAX);
	keep_dir_write(&dir, "/state/maildir/j", "assay-journal 2 " NAME "\n");
	assert_int_equal(assay_journal_load(path(), NAME, &known, NULL, &err), ASSAY_E_UNSUP);
	assert_non_null(strstr(err.text, "newer version"));
	assert_non_null(strstr(err.text, path()));
	/* A link leads elsewhere. */
	assert_int_equal(unlink(path()), 0);
	assert_int_equal(symlink("/etc/passwd", path()), 0);
	assert_int_equal(load(), ASSAY_E_IO);
	assert_int_equal(append(0, 1), ASSAY_E_IO);
}

static void more_than_the_set_may_have_is_said(void **state)
{
	struct assay_keyset small;
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	assert_int_equal(append(0, 20), ASSAY_OK);
	assert_int_equal(append(0, 20), ASSAY_OK);
	assay_keyset_init(&small, 20);
	assert_int_equal(assay_journal_load(path(), NAME, &small, NULL, &err), ASSAY_OK);
	assert_int_equal(append(20, 1), ASSAY_OK);
	assert_int_equal(assay_journal_load(path(), NAME, &small, NULL, &err), ASSAY_E_LIMIT);
	assert_non_null(strstr(err.text, path()));
	assay_keyset_release(&small);
}

static void a_full_disk_takes_all_or_nothing(void **state)
{
	enum assay_status st = ASSAY_OK;
	off_t before = 0;
	unsigned n = 0;

	(void)state;
	if (!keep_dir_small(&dir))
		skip();
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_OK);
	while (st == ASSAY_OK) {
		before = size();
		st = append(n, 300);
		n += 300;
		assert_in_range(n, 1, 10000);
	}
	assert_int_equal(st, ASSAY_E_FULL);
	assert_int_equal(size(), before);
	assay_keyset_init(&known, 10000);
	assert_int_equal(load(), ASSAY_OK);
	assert_int_equal(known.n, n - 300);
	/* Nor does writing it anew lose what is there. */
	assert_int_equal(assay_journal_write(path(), NAME, &known, NULL), ASSAY_E_FULL);
	assert_int_equal(size(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_back_what_was_written, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_else_may_read_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_torn_end_is_passed_over_and_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_no_journal_of_this_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    more_than_the_set_may_have_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_takes_all_or_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
