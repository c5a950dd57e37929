/* rooms: core text base */
/*
 * tests/unit/test_giveup.c - mails that were put off, remembered: core/giveup.c. That they are put
 * off no more is in test_policy.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/giveup.h"

static char home[64];

/* test_forgets - the mail not seen for longest, when there are too many */
static void test_forgets(void **state)
{
	struct assay_giveup *giveup = assay_giveup_open(NULL, 1, 1000);
	char key[ASSAY_DIGEST_TEXT];

	(void)state;
	for (unsigned i = 0; i <= ASSAY_GIVEUP_MAILS; i++) {
		(void)snprintf(key, sizeof key, "mail %u", i);
		assay_giveup_note(giveup, key, i);
	}
	assert_false(assay_giveup_due(giveup, "mail 0", 10));
	assert_true(assay_giveup_due(giveup, "mail 1", 10));
	assert_true(assay_giveup_due(giveup, key, 10));
	assay_giveup_close(&giveup);
}

/* test_giveup_file - what one door knew the next one knows; rubbish is nothing */
static void test_giveup_file(void **state)
{
	struct assay_giveup *giveup;
	char path[200];
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/giveup", home);
	giveup = assay_giveup_open(path, 2, 1000000);
	assay_giveup_note(giveup, "first", 5);
	assay_giveup_note(giveup, "first", 7);
	assay_giveup_note(giveup, "second", 9);
	/* Killed: nothing is closed in order. */
	assert_true(assay_giveup_due(giveup, "first", 9));
	assay_giveup_close(&giveup);
	giveup = assay_giveup_open(path, 2, 1000000);
	assert_true(assay_giveup_due(giveup, "first", 9));
	assert_false(assay_giveup_due(giveup, "second", 9));
	assert_true(assay_giveup_due(giveup, "second", 1000009));
	assert_false(assay_giveup_due(giveup, "third", 9));
	assay_giveup_note(giveup, "second", 1); /* the clock ran back */
	assay_giveup_close(&giveup);
	/* A byte of the first mail is another. */
	f = fopen(path, "r+b");
	assert_int_equal(fseek(f, 17, SEEK_SET), 0);
	assert_int_equal(fputc('x', f), 'x');
	assert_int_equal(fclose(f), 0);
	giveup = assay_giveup_open(path, 2, 1000000);
	assert_false(assay_giveup_due(giveup, "first", 9));
	assert_true(assay_giveup_due(giveup, "second", 9));
	assay_giveup_close(&giveup);
	/* Cut, and then something else altogether. */
	assert_int_equal(truncate(path, 150), 0);
	giveup = assay_giveup_open(path, 2, 1000000);
	assert_false(assay_giveup_due(giveup, "second", 9));
	assay_giveup_note(giveup, "fourth", 1);
	assay_giveup_note(giveup, "fourth", 1);
	assay_giveup_close(&giveup);
	giveup = assay_giveup_open(path, 2, 1000000);
	assert_true(assay_giveup_due(giveup, "fourth", 9));
	assay_giveup_close(&giveup);
	f = fopen(path, "wb");
	assert_true(fputs("something else", f) > 0);
	assert_int_equal(fclose(f), 0);
	giveup = assay_giveup_open(path, 1, 1000000);
	assay_giveup_note(giveup, "fifth", 1);
	assay_giveup_close(&giveup);
	giveup = assay_giveup_open(path, 1, 1000000);
	assert_true(assay_giveup_due(giveup, "fifth", 1));
	assay_giveup_close(&giveup);
	/* Nowhere to write to: memory does. */
	giveup = assay_giveup_open("/nonexistent/giveup", 1, 1000000);
	assay_giveup_note(giveup, "sixth", 1);
	assert_true(assay_giveup_due(giveup, "sixth", 1));
	assay_giveup_close(&giveup);
	assert_int_equal(unlink(path), 0);
}

/* setup - an empty folder */
static int setup(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-test-XXXXXX");
	return mkdtemp(home) != NULL ? 0 : -1;
}

/* teardown - and nothing is left in it */
static int teardown(void **state)
{
	(void)state;
	return rmdir(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forgets),
		cmocka_unit_test_setup_teardown(test_giveup_file, setup, teardown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
