/* rooms: core text base */
/*
 * tests/unit/test_report_check.c - the door's check: what is a report of schema assay/1, and what
 * is not JSON, not UTF-8, too deep or too large. Compared with jansson where both have a view.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "core/report_check.h"

#define HEAD "{\"schema\":\"assay/1\""

/* check - HEAD, the rest, fine or not? */
static void check(const char *rest, bool fine)
{
	char text[400];
	struct assay_err err;
	int n = snprintf(text, sizeof text, HEAD "%s", rest);
	enum assay_status st = assay_report_check(assay_slice(text, (size_t)n), &err);

	if ((st == ASSAY_OK) != fine)
		fail_msg("%s: %s", text, st == ASSAY_OK ? "taken" : err.text);
}

/* test_fine - what JSON allows */
static void test_fine(void **state)
{
	(void)state;
	check("}", true);
	check(" , \"a\" : [ ] , \"b\":{}}\n", true);
	check(",\"a\":[1,-0,0.5,1e9,-1.25E-3,true,false,null,\"\",[],{}]}", true);
	check(",\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \xc3\xa9\"}", true);
	check(",\"a\":{\"b\":{\"c\":[[[]]]}}}", true);
}

/* test_broken - what it does not */
static void test_broken(void **state)
{
	static const char *const rest[] = { "", ",}", ",\"a\"}", ",\"a\":}", ",\"a\":1,}", "}}",
		"} x", ",\"a\":[1,]}", ",\"a\":[,1]}", ",\"a\":[1 2]}", ",\"a\":[1}", ",\"a\":{]}",
		",\"a\":01}", ",\"a\":+1}", ",\"a\":1.}", ",\"a\":.5}", ",\"a\":1e}", ",\"a\":-}",
		",\"a\":nul}", ",\"a\":True}", ",\"a\":\"\\x\"}", ",\"a\":\"\\u12\"}",
		",\"a\":\"\\u0000\"}", ",\"a\":\"\\ud800\"}", ",\"a\":\"\\ud800\\u0041\"}",
		",\"a\":\"\\udc00\"}", ",\"a\":\"\n\"}", ",\"a\":\"\xff\"}", ",\"a\":\"\xc0\x80\"}",
		",\"a\":\"\xed\xa0\x80\"}", ",\"a\":\"", ",a:1}", ",\"a\" 1}", ",\"a\":[", "[",
		"]" };

	(void)state;
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
		check(rest[i], false);
}

/* test_head - the schema comes first */
static void test_head(void **state)
{
	static const char *const text[] = { "", "{}", "[]", "{\"schema\":\"assay/2\"}",
		"{\"time\":1,\"schema\":\"assay/1\"}", " " HEAD "}" };
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
		assert_int_equal(
		    assay_report_check(assay_slice_str(text[i]), &err), ASSAY_E_SYNTAX);
}

/* nested - HEAD and `depth` lists more */
static enum assay_status nested(size_t depth)
{
	struct assay_buf buf;
	struct assay_err err;
	enum assay_status st;

	assay_buf_init(&buf, 1 << 20);
	(void)assay_buf_add_str(&buf, HEAD ",\"a\":");
	for (size_t i = 0; i < depth; i++)
		(void)assay_buf_add_char(&buf, '[');
	for (size_t i = 0; i < depth; i++)
		(void)assay_buf_add_char(&buf, ']');
	(void)assay_buf_add_char(&buf, '}');
	st = assay_report_check(assay_buf_slice(&buf), &err);
	assay_buf_release(&buf);
	return st;
}

/* test_bounds - depth and size */
static void test_bounds(void **state)
{
	char *large = malloc(ASSAY_REPORT_BYTES + 1);
	struct assay_err err;

	(void)state;
	assert_int_equal(nested(ASSAY_REPORT_DEPTH - 1), ASSAY_OK);
	assert_int_equal(nested(ASSAY_REPORT_DEPTH), ASSAY_E_SYNTAX);
	assert_int_equal(nested(100000), ASSAY_E_SYNTAX);
	assert_non_null(large);
	memset(large, ' ', ASSAY_REPORT_BYTES + 1);
	memcpy(large, HEAD "}", sizeof HEAD);
	assert_int_equal(
	    assay_report_check(assay_slice(large, ASSAY_REPORT_BYTES), &err), ASSAY_OK);
	assert_int_equal(
	    assay_report_check(assay_slice(large, ASSAY_REPORT_BYTES + 1), &err), ASSAY_E_SYNTAX);
	free(large);
}

/* check_value - the head, one more member, the end */
static enum assay_status check_value(const char *value)
{
	char text[200];
	struct assay_err err;
	int n = snprintf(text, sizeof text, HEAD ",\"x\":%s}", value);

	return assay_report_check(assay_slice(text, (size_t)n), &err);
}

/* test_stranger - what JSON allows and readers or terminals stumble over */
static void test_stranger(void **state)
{
	static const char *const fine[] = { "9223372036854775807", "-9223372036854775807", "1.5",
		"-0.25e-9", "\"\\u009b31m\"", "\"\xc2\xa0\xc3\x9b\"" };
	static const char *const bad[] = { "9223372036854775808", "-99999999999999999999", "1e999",
		"1.0E+400", "\"\xc2\x9b\"", "\"\x7f\"", "\"\xc2\x80 more than eight\"" };

	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		assert_int_equal(check_value(fine[i]), ASSAY_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(check_value(bad[i]), ASSAY_E_SYNTAX);
}

/* test_verdict - the last member, whatever strings say */
static void test_verdict(void **state)
{
	const char *text = "{\"a\":\",\\\"verdict\\\":1\",\"verdict\":{\"action\":\"tag\"}}";
	struct assay_slice v = assay_report_verdict(assay_slice_str(text));

	(void)state;
	assert_int_equal(v.n, 16);
	assert_memory_equal(v.p, "{\"action\":\"tag\"}", v.n);
	assert_int_equal(assay_report_verdict(assay_slice_str("{\"a\":1}")).n, 0);
	assert_int_equal(assay_report_verdict(assay_slice_str("")).n, 0);
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
