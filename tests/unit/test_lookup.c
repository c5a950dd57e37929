/* rooms: core text base */
/*
 * tests/unit/test_lookup.c - the two protocols of the table for mail servers: requests, and what is
 * none; answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "core/lookup_wire.h"

static char room[ASSAY_LOOKUP_BYTES];

/* next - of a text */
static enum assay_status next(const char *text, size_t *used, struct assay_lookup_request *request)
{
	return assay_lookup_next(assay_slice_str(text), room, used, request);
}

/* test_socketmap - one, two, half of one */
static void test_socketmap(void **state)
{
	const char *text = "12:from a@b.c d,5:x y z,";
	struct assay_slice in = assay_slice_str(text);
	struct assay_lookup_request request;
	size_t used;

	(void)state;
	assert_int_equal(assay_lookup_next(in, room, &used, &request), ASSAY_OK);
	assert_false(request.tcp);
	assert_int_equal(request.verb, ASSAY_LOOKUP_GET);
	assert_true(assay_slice_is(request.map, "from"));
	assert_true(assay_slice_is(request.key, "a@b.c d"));
	assert_int_equal(used, 16);
	assert_int_equal(next("6:from ,.", &used, &request), ASSAY_E_SYNTAX);
	assert_int_equal(next("5:from ,", &used, &request), ASSAY_OK);
	assert_int_equal(request.key.n, 0);
	for (size_t n = 0; n < 16; n++)
		assert_int_equal(
		    assay_lookup_next(assay_slice(text, n), room, &used, &request), ASSAY_END);
}

/* test_bytes - a key may have any */
static void test_bytes(void **state)
{
	struct assay_lookup_request request;
	size_t used;

	(void)state;
	assert_int_equal(
	    assay_lookup_next(assay_slice("5:x y\0z,", 8), room, &used, &request), ASSAY_OK);
	assert_int_equal(request.key.n, 3);
	assert_memory_equal(request.key.p, "y\0z", 3);
}

/* test_nonsense - it is found out as soon as it can be */
static void test_nonsense(void **state)
{
	static const char *const bad[] = { ":", "-1:,", " 3:a b,", "4097:", "100000", "03:a b,",
		"00:,", "0:,", "3:abc,", "4: abc,", "3:a bX", "3 :a b,", "\n" };
	char long_line[ASSAY_LOOKUP_BYTES + 2];
	struct assay_lookup_request request;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(next(bad[i], &used, &request), ASSAY_E_SYNTAX);
	memset(long_line, 'g', sizeof long_line);
	long_line[sizeof long_line - 1] = '\0';
	assert_int_equal(next(long_line, &used, &request), ASSAY_E_SYNTAX);
	long_line[ASSAY_LOOKUP_BYTES - 1] = '\0';
	assert_int_equal(next(long_line, &used, &request), ASSAY_END);
}

/* test_tcp - a line each */
static void test_tcp(void **state)
{
	struct assay_lookup_request request;
	size_t used;

	(void)state;
	assert_int_equal(next("get a%40b%2ec%20%zz%4\r\nget", &used, &request), ASSAY_OK);
	assert_true(request.tcp);
	assert_int_equal(request.verb, ASSAY_LOOKUP_GET);
	assert_true(assay_slice_is(request.key, "a@b.c %zz%4"));
	assert_int_equal(used, 23);
	assert_int_equal(next("put a b\n", &used, &request), ASSAY_OK);
	assert_int_equal(request.verb, ASSAY_LOOKUP_OTHER);
	assert_int_equal(next("get\n", &used, &request), ASSAY_OK);
	assert_int_equal(request.verb, ASSAY_LOOKUP_OTHER);
	assert_int_equal(next("get ", &used, &request), ASSAY_END);
}

/* told - an answer, as text */
static const char *told(bool tcp, enum assay_lookup_answer answer, const char *text)
{
	static char copy[200];
	struct assay_buf out;

	assay_buf_init(&out, 1000);
	assay_lookup_add(&out, tcp, answer, text);
	assert_true(out.n < sizeof copy);
	memcpy(copy, out.p, out.n);
	copy[out.n] = '\0';
	assay_buf_release(&out);
	return copy;
}

/* test_answers - of both */
static void test_answers(void **state)
{
	(void)state;
	assert_string_equal(told(false, ASSAY_LOOKUP_FOUND, "DUNNO"), "8:OK DUNNO,");
	assert_string_equal(told(false, ASSAY_LOOKUP_NOTFOUND, "x"), "9:NOTFOUND ,");
	assert_string_equal(told(false, ASSAY_LOOKUP_TEMP, "why"), "8:TEMP why,");
	assert_string_equal(told(false, ASSAY_LOOKUP_PERM, "why"), "8:PERM why,");
	assert_string_equal(told(true, ASSAY_LOOKUP_FOUND, "a b%"), "200 a%20b%25\n");
	assert_string_equal(told(true, ASSAY_LOOKUP_NOTFOUND, "x"), "500 not%20found\n");
	assert_string_equal(told(true, ASSAY_LOOKUP_TEMP, "why"), "400 why\n");
	assert_string_equal(told(true, ASSAY_LOOKUP_PERM, "why"), "400 why\n");
}

/* main - all of them */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socketmap),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
