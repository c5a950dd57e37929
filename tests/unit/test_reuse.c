/* rooms: enginebench core text base */
/*
 * tests of core/reuse and core/pure: what is kept, for how long, and that no report tells
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "core/json.h"
#include "core/reuse.h"
#include "core/run.h"
#include "engine_bench.h"

/* ---- the store ------------------------------------------------------------------------------- */

/* key_of - the key of a number */
static const char *key_of(unsigned number)
{
	static char key[ASSAY_REUSE_KEY];
	char sha256[65];

	(void)snprintf(sha256, sizeof sha256, "%064x", number);
	assay_reuse_key(sha256, 3, ASSAY_SLICE_NONE, key);
	return key;
}

/* put - {"n": number} under its key */
static void put(struct assay_reuse *reuse, unsigned number)
{
	json_t *value = json_object();

	assay_json_set(value, "n", json_integer(number));
	assay_reuse_put(reuse, key_of(number), value);
	json_decref(value);
}

/* has - is it there, and right? */
static bool has(struct assay_reuse *reuse, unsigned number)
{
	json_t *value = NULL;
	bool found = assay_reuse_get(reuse, key_of(number), &value);

	if (found)
		assert_int_equal(assay_json_get_int(value, "n", -1), number);
	json_decref(value);
	return found;
}

/* keeps_copies - what is handed in and out may be changed */
static void keeps_copies(void **state)
{
	struct assay_reuse *reuse = assay_reuse_new(10, 1 << 20);
	json_t *value = NULL;

	(void)state;
	put(reuse, 1);
	assert_true(assay_reuse_get(reuse, key_of(1), &value));
	assay_json_set(value, "n", json_integer(7));
	json_decref(value);
	assert_true(has(reuse, 1));
	assert_false(has(reuse, 2));
	assay_reuse_put(reuse, key_of(5), NULL);
	value = json_true();
	assert_true(assay_reuse_get(reuse, key_of(5), &value));
	assert_null(value);
	assay_reuse_free(&reuse);
	assert_null(reuse);
	assert_null(assay_reuse_new(0, 100));
	assert_null(assay_reuse_new(100, 0));
}

/* drops_the_oldest - what was not asked for longest */
static void drops_the_oldest(void **state)
{
	struct assay_reuse *reuse = assay_reuse_new(3, 1 << 20);
	struct assay_reuse_stats stats;

	(void)state;
	put(reuse, 1);
	put(reuse, 2);
	put(reuse, 3);
	assert_true(has(reuse, 1));
	put(reuse, 4);
	assert_false(has(reuse, 2));
	assert_true(has(reuse, 1) && has(reuse, 3) && has(reuse, 4));
	assay_reuse_stats(reuse, &stats);
	assert_int_equal(stats.entries, 3);
	assert_int_equal(stats.hits, 4);
	assert_int_equal(stats.misses, 1);
	assay_reuse_free(&reuse);
}

/* is_bounded - in memory, whatever the results; a huge one does not push all others out */
static void is_bounded(void **state)
{
	struct assay_reuse *reuse = assay_reuse_new(1000000, 1 << 16);
	struct assay_reuse_stats stats;
	json_t *huge = json_object(), *list = json_array();

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		put(reuse, i);
		assay_reuse_stats(reuse, &stats);
		assert_true(stats.bytes <= 1 << 16);
	}
	assert_true(stats.entries > 50);
	assert_true(has(reuse, 4999));
	assert_false(has(reuse, 0));
	for (unsigned i = 0; i < 1000; i++)
		assay_json_append(list, json_integer(i));
	assay_json_set(huge, "list", list);
	assay_reuse_put(reuse, key_of(70000), huge);
	assert_false(has(reuse, 70000));
	assert_true(has(reuse, 4999));
	json_decref(huge);
	assay_reuse_free(&reuse);
}

/* keys_differ - by bytes, by worker, by what was asked */
static void keys_differ(void **state)
{
	char a[ASSAY_REUSE_KEY], b[ASSAY_REUSE_KEY];

	(void)state;
	assay_reuse_key("00", 1, ASSAY_SLICE_NONE, a);
	assay_reuse_key("00", 2, ASSAY_SLICE_NONE, b);
	assert_string_not_equal(a, b);
	assay_reuse_key("00", 1, ASSAY_SLICE_LIT("x"), b);
	assert_string_not_equal(a, b);
	assay_reuse_key("01", 1, ASSAY_SLICE_NONE, b);
	assert_string_not_equal(a, b);
}

/* ---- in the engine --------------------------------------------------------------------------- */

/* twice - scans the same bytes twice; how often the worker was called the second time, and that
 * both reports say the same of the root */
static size_t twice(struct bench *t, const char *worker, const char *bytes, const char *request)
{
	char first[4096];
	size_t calls = 0;

	assay_engine_free(&t->engine);
	t->keeps = true;
	bench_set(t, "always_dispatch", worker);
	(void)bench_scan_request(t, bytes, request);
	(void)snprintf(first, sizeof first, "%s", bench_member(t, 0, "workers"));
	(void)bench_scan_request(t, bytes, request);
	assert_string_equal(bench_member(t, 0, "workers"), first);
	assert_non_null(strstr(bench_member(t, 0, "plugins_run"), worker));
	for (const char *p = bench_called; (p = strstr(p, "@0 ")) != NULL; p++)
		calls++;
	return calls;
}

/* says_it_again - a pure worker is not called for bytes it has seen */
static void says_it_again(void **state)
{
	assert_int_equal(twice(*state, "pure", "abc", "{}"), 0);
}

/* asks_the_others - a worker that does not say that it is pure is called each time */
static void asks_the_others(void **state)
{
	assert_int_equal(twice(*state, "one", "abc", "{}"), 1);
}

/* minds_names - what depends on a name is only said again of that name */
static void minds_names(void **state)
{
	struct bench *t = *state;

	assert_int_equal(twice(t, "named", "abc", "{\"filename\":\"a.txt\"}"), 0);
	(void)bench_scan_request(t, "abc", "{\"filename\":\"b.txt\"}");
	assert_string_equal(bench_called, "called@0 ");
	assert_string_equal(bench_member(t, 0, "workers"), "{\"named\":{\"said\":\"b.txt\"}}");
	(void)bench_scan_request(t, "abc", "{\"filename\":\"a.txt\"}");
	assert_string_equal(bench_called, "");
	assert_string_equal(bench_member(t, 0, "workers"), "{\"named\":{\"said\":\"a.txt\"}}");
}

/* keeps_no_more - who asks for the request, fails, has children or meets a limit is called again */
static void keeps_no_more(void **state)
{
	struct bench *t = *state;

	assert_int_equal(twice(t, "nosy", "abc", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "fail", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "child", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "limit", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "error", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "budget", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "wrong", "{}"), 1);
	assert_int_equal(twice(t, "nosy", "nothing", "{}"), 0);
}

/* can_be_off - reuse_results = 0 */
static void can_be_off(void **state)
{
	struct bench *t = *state;

	bench_set(t, "reuse_results", "0");
	assert_int_equal(twice(t, "pure", "abc", "{}"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_copies),
		cmocka_unit_test(drops_the_oldest),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test_setup_teardown(says_it_again, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(asks_the_others, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(minds_names, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(keeps_no_more, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(can_be_off, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
