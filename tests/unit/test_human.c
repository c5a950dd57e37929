/* rooms: core text base */
/*
 * tests/unit/test_human.c - sizes and times for people
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/human.h"

static void sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = { { 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" }, { 1536, "1.5 KiB" },
		{ 10 << 20, "10.0 MiB" }, { (uint64_t)3 << 30, "3.0 GiB" },
		{ UINT64_MAX, "17179869184.0 GiB" } };
	char text[ASSAY_HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(assay_human_size(text, rows[i].bytes), rows[i].text);
}

static void ages(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = { { -5, "0.0 s" }, { 0, "0.0 s" }, { 300, "0.3 s" }, { 9949, "9.9 s" },
		{ 10000, "10 s" }, { 119999, "119 s" }, { 120000, "2 min" }, { 7199999, "119 min" },
		{ 7200000, "2 h 0 min" }, { 172799999, "47 h 59 min" }, { 172800000, "2 d 0 h" },
		{ INT64_MAX, "106751991167 d 7 h" } };
	char text[ASSAY_HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(assay_human_age(text, rows[i].ms), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sizes), cmocka_unit_test(ages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
