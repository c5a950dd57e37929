/* rooms: core text base */
/*
 * tests of core/json and core/digest: what is written is valid whatever went in
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/json.h"

/* written - a value as text; takes it */
static char *written(json_t *value, enum assay_json_style style)
{
	struct assay_buf buf;
	size_t size = assay_json_size(value);

	assay_buf_init(&buf, 1 << 20);
	assert_true(assay_json_write(value, style, &buf));
	if (style == ASSAY_JSON_COMPACT)
		assert_true(buf.n <= size);
	json_decref(value);
	return assay_buf_steal(&buf, NULL);
}

/* check - a value gives this text */
static void check(json_t *value, const char *expected)
{
	char *text = written(value, ASSAY_JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
}

/* test_scalars - numbers, words, odd reals */
static void test_scalars(void **state)
{
	(void)state;
	check(json_null(), "null");
	check(json_true(), "true");
	check(json_false(), "false");
	check(json_integer(0), "0");
	check(json_integer(-1), "-1");
	check(json_integer(INT64_MAX), "9223372036854775807");
	check(json_integer(INT64_MIN), "-9223372036854775808");
	check(json_real(1.0), "1.0");
	check(json_real(-0.5), "-0.5");
	check(json_real(1e300), "1.0000000000000001e+300");
}

/* test_strings - escapes, at every position of the eight-byte steps */
static void test_strings(void **state)
{
	char in[40], out[80];

	(void)state;
	check(json_string(""), "\"\"");
	check(json_string("a\"b\\c/~"), "\"a\\\"b\\\\c/~\"");
	check(json_string("a\x7f\xc2\x9b\xc2\xa0\xc2\x80"), "\"a\\u007f\\u009b\xc2\xa0\\u0080\"");
	check(json_string("\b\f\n\r\t\x01\x0b\x1f"), "\"\\b\\f\\n\\r\\t\\u0001\\u000b\\u001f\"");
	check(json_string("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
	for (size_t i = 0; i < 32; i++) {
		memset(in, 'x', 32);
		in[32] = '\0';
		in[i] = '\n';
		memset(out, 'x', sizeof out);
		out[0] = '"';
		memcpy(out + 1 + i, "\\n", 2);
		memcpy(out + 34, "\"", 2);
		check(json_string(in), out);
	}
}

/* test_invalid - bytes that are no UTF-8 become U+FFFD, NUL as well */
static void test_invalid(void **state)
{
	(void)state;
	check(json_stringn_nocheck("a\xff", 2), "\"a\xef\xbf\xbd\"");
	check(json_stringn_nocheck("\xc3\"", 2), "\"\xef\xbf\xbd\\\"\"");
	check(json_stringn_nocheck("\xed\xa0\x80", 3), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	check(json_stringn_nocheck("a\0b", 3),
	    "\"a\xef\xbf\xbd"
	    "b\"");
	check(assay_json_text("a\0\xff", 3), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	check(assay_json_text(NULL, 0), "\"\"");
	check(assay_json_str(NULL), "null");
}

/* test_structure - order of members is that of setting; indented form */
static void test_structure(void **state)
{
	json_t *o = json_object(), *list = json_array();
	char *text;

	(void)state;
	assay_json_set(o, "z", json_integer(1));
	assay_json_set(o, "a", list);
	assay_json_append(list, json_object());
	assay_json_append(list, json_array());
	assay_json_append(list, json_string("x"));
	assay_json_set(o, "z", json_integer(2));
	json_incref(o);
	check(o, "{\"z\":2,\"a\":[{},[],\"x\"]}");
	text = written(o, ASSAY_JSON_INDENTED);
	assert_string_equal(
	    text, "{\n  \"z\": 2,\n  \"a\": [\n    {},\n    [],\n    \"x\"\n  ]\n}");
	free(text);
}

/* test_deep - what is too deep becomes null, without a deep stack */
static void test_deep(void **state)
{
	json_t *value = json_string("bottom");
	struct assay_buf buf;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		json_t *list = json_array();

		assay_json_append(list, value);
		value = list;
	}
	assay_buf_init(&buf, 4096);
	assert_true(assay_json_write(value, ASSAY_JSON_COMPACT, &buf));
	assert_non_null(strstr(buf.p, "[null]"));
	assay_buf_release(&buf);
	json_decref(value);
}

/* test_full - a buffer that is too small is said to be */
static void test_full(void **state)
{
	json_t *value = json_string("0123456789");
	struct assay_buf buf;

	(void)state;
	assay_buf_init(&buf, 8);
	assert_false(assay_json_write(value, ASSAY_JSON_COMPACT, &buf));
	assert_int_equal(buf.n, 8);
	assay_buf_release(&buf);
	json_decref(value);
}

/* test_makers - time and base64 */
static void test_makers(void **state)
{
	(void)state;
	check(assay_json_time(0), "\"1970-01-01T00:00:00.000Z\"");
	check(assay_json_base64("\x00\xff!", 3), "\"AP8h\"");
	check(assay_json_base64(NULL, 0), "\"\"");
}

/* test_value - of any type, as text */
static void test_value(void **state)
{
	static const struct {
		const char *json, *row;
		bool whole;
	} cases[] = {
		{ "[12]", "{\"value_int\":12,\"value\":\"12\"}", true },
		{ "[0.1]", "{\"value\":\"0.1\"}", true },
		{ "[1e300]", "{\"value\":\"1e+300\"}", true },
		{ "[0.30000000000000004]", "{\"value\":\"0.30000000000000004\"}", true },
		{ "[true]", "{\"value\":\"true\"}", true },
		{ "[null]", "{\"value\":null}", true },
		{ "[[1]]", "{\"value\":null}", true },
		{ "[\"0123456789abcdef0123\"]", "{\"value\":\"0123456789abcdef0123\"}", true },
		{ "[\"0123456789abcdef012\u20ac\"]", "{\"value\":\"0123456789abcdef012\"}", false },
	};
	struct assay_err err;
	json_t *list, *row;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
		    assay_json_parse(assay_slice_str(cases[i].json), &list, &err), ASSAY_OK);
		row = json_object();
		assert_int_equal(
		    assay_json_value(row, json_array_get(list, 0), 20), cases[i].whole);
		check(row, cases[i].row);
		json_decref(list);
	}
}

/* test_parse - strict */
static void test_parse(void **state)
{
	struct assay_err err;
	json_t *value;

	(void)state;
	assert_int_equal(
	    assay_json_parse(ASSAY_SLICE_LIT("{\"a\":1,\"a\":2}"), &value, &err), ASSAY_E_SYNTAX);
	assert_int_equal(
	    assay_json_parse(ASSAY_SLICE_LIT("[\"\xff\"]"), &value, &err), ASSAY_E_SYNTAX);
	assert_int_equal(assay_json_parse(ASSAY_SLICE_NONE, &value, &err), ASSAY_E_SYNTAX);
	assert_int_equal(assay_json_parse(ASSAY_SLICE_LIT(" [1] "), &value, &err), ASSAY_OK);
	check(value, "[1]");
}

/* test_digest - known values of stoQ's test sentence */
static void test_digest(void **state)
{
	static const char *const known[] = { "a2004f37730b9445670a738fa0fc9ee5",
		"c519c1a06cdbeb2bc499e22137fb48683858b345",
		"5cac4f980fedc3d3f1f99b4be3472c9b30d56523e632d151237ec9309048bda9" };
	char text[ASSAY_DIGEST_TEXT];

	(void)state;
	for (enum assay_digest d = ASSAY_MD5; d <= ASSAY_SHA256; d++) {
		assay_digest_hex(d, ASSAY_SLICE_LIT("The quick brown fox"), text);
		assert_string_equal(text, known[d]);
	}
	assay_digest_hex(ASSAY_SHA512, ASSAY_SLICE_NONE, text);
	assert_int_equal(strlen(text), 128);
	assert_memory_equal(text, "cf83e1357eefb8bd", 16);
	assert_string_equal(assay_digest_name(ASSAY_SHA1), "sha1");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_structure), cmocka_unit_test(test_deep),
		cmocka_unit_test(test_full), cmocka_unit_test(test_makers),
		cmocka_unit_test(test_value), cmocka_unit_test(test_parse),
		cmocka_unit_test(test_digest) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
