/* rooms: core text base */
/*
 * test_columns.c - widths on a terminal, and cutting
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "core/columns.h"
#include "text/utf8.h"

/* cut - a text to so many columns */
static void cut(const char *text, size_t most, const char *want)
{
	char room[64];

	(void)snprintf(room, sizeof room, "%s", text);
	assay_columns_cut(room, sizeof room, most);
	assert_string_equal(room, want);
	assert_true(assay_columns_count(room) <= most);
	assert_true(assay_utf8_is_valid(assay_slice_str(room)));
}

/* test_count - one, two, none */
static void test_count(void **state)
{
	(void)state;
	assert_int_equal(assay_columns_count(""), 0);
	assert_int_equal(assay_columns_count("a.pdf"), 5);
	assert_int_equal(assay_columns_count("é–…"), 3);
	assert_int_equal(assay_columns_count("漢字"), 4);
	assert_int_equal(assay_columns_count("e\u0301"), 1);
	assert_int_equal(assay_columns_count("😀"), 2);
}

/* test_cut - never half a character, never wider */
static void test_cut(void **state)
{
	(void)state;
	cut("abcdef", 6, "abcdef");
	cut("abcdef", 5, "abcd…");
	cut("abcdef", 1, "…");
	cut("漢字漢字", 8, "漢字漢字");
	cut("漢字漢字", 7, "漢字漢…");
	cut("漢字漢字", 6, "漢字…");
	cut("äöü", 2, "ä…");
}

/* main - run them */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
