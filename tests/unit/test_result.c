/* rooms: enginebench core text base */
/*
 * tests of core/payload, core/result and core/report: the tree of payloads, its bounds, and what
 * becomes of what workers say
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"
#include "engine_bench.h"

/* ---- payloads -------------------------------------------------------------------------------- */

/* test_tree - ids, paths, names, breadth first */
static void test_tree(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "peel");
	(void)bench_scan_request(t, "((a)(b))(c)", "{\"filename\":\"/tmp/x/m.EML\"}");
	assert_string_equal(bench_called, "peel@0 peel@0.1 peel@0.2 peel@0.1.1 peel@0.1.2 ");
	assert_string_equal(bench_member(t, 0, "filename"), "\"m.EML\"");
	assert_string_equal(bench_member(t, 0, "extension"), "\"eml\"");
	assert_string_equal(bench_member(t, 0, "path"), "\"\"");
	assert_string_equal(bench_member(t, 1, "path"), "\"(a)(b).TXT\"");
	assert_string_equal(bench_member(t, 3, "path"), "\"(a)(b).TXT/a.TXT\"");
	assert_string_equal(bench_member(t, 3, "payload_id"), "\"0.1.1\"");
	assert_string_equal(bench_member(t, 3, "parent"), "\"0.1\"");
	assert_string_equal(bench_member(t, 3, "depth"), "2");
	assert_string_equal(bench_member(t, 3, "content_type"), "\"text/plain\"");
	assert_string_equal(bench_member(t, 3, "extracted_by"), "[\"peel\"]");
}

/* test_dedup - equal bytes are one payload with several places */
static void test_dedup(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "peel, one");
	(void)bench_scan(t, "(a)((a))(a)");
	assert_int_equal(bench_payloads(t), 3);
	assert_string_equal(bench_called, "peel@0 one@0 peel@0.1 one@0.1 peel@0.2 one@0.2 ");
	assert_int_equal(json_array_size(json_object_get(bench_payload(t, 1), "occurrences")), 3);
	assert_string_equal(bench_member(t, 1, "extracted_from"), "[\"0\",\"0.2\"]");
	assert_string_equal(bench_member(t, 1, "facts"),
	    "{\"extension\":[\"txt\"],\"filename\":[\"a.TXT\"],\"path\":[\"(a).TXT/a.TXT\","
	    "\"a.TXT\"],\"sha256\":"
	    "[\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"],\"size\":[1],"
	    "\"type_declared\":[\"text/plain\"]}");
}

/* test_late - a later place brings workers, a name for the dispatchers, and lifts no_scan */
static void test_late(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "late");
	bench_set(t, "dispatchers", "ask");
	bench_set(t, "archivers", "multi");
	bench_flood = 0;
	(void)bench_scan(t, "abc");
	assert_string_equal(
	    bench_called, "ask@0 late@0 ask@0.1 late@0.1 ask@0.2 late@0.2 ask@0.1 two@0.1 ");
	assert_int_equal(t->scan.nkeep, 3);
	bench_flood = 1;
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called,
	    "ask@0 late@0 ask@0.1 late@0.1 ask@0.2 late@0.2 "
	    "ask@0.3 late@0.3 ask@0.1 two@0.1 ");
	assert_int_equal(t->scan.nkeep, 4);
	assert_string_equal(bench_member(t, 1, "plugins_run"),
	    "{\"workers\":[\"late\",\"two\"],\"archivers\":[\"multi\"]}");
}

/* test_self - nobody is its own parent */
static void test_self(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "mirror");
	(void)bench_scan(t, "abc");
	assert_int_equal(bench_payloads(t), 1);
	assert_string_equal(bench_member(t, 0, "extracted_from"), "[]");
	assert_int_equal(json_array_size(json_object_get(bench_payload(t, 0), "occurrences")), 1);
}

/* test_recursion - deeper payloads are listed, not scanned, and that is said */
static void test_recursion(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "grow");
	bench_set(t, "max_recursion", "3");
	(void)bench_scan(t, "abc");
	assert_int_equal(bench_payloads(t), 5);
	assert_string_equal(bench_member(t, 4, "payload_id"), "\"0.1.1.1.1\"");
	assert_string_equal(bench_member(t, 4, "workers"), "{}");
	assert_int_equal(json_array_size(json_object_get(t->report, "limits")), 1);
	assert_string_equal(bench_limit(t, 0), "max_recursion");
	(void)bench_scan_request(t, "abc", "{\"max_recursion\":0}");
	assert_int_equal(bench_payloads(t), 2);
}

/* test_flood - children are bounded, told once, and all counted */
static void test_flood(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "flood");
	bench_flood = 5000;
	(void)bench_scan(t, "abc");
	assert_int_equal(bench_payloads(t), 1001);
	assert_string_equal(bench_text(t, json_object_get(t->report, "limits")),
	    "[{\"limit\":\"max_children\",\"value\":5000,\"allowed\":1000,\"effect\":\"unseen\","
	    "\"payload_id\":\"0\",\"plugin_name\":\"flood\"}]");
	bench_set(t, "max_children_message", "10");
	(void)bench_scan(t, "abc");
	assert_int_equal(bench_payloads(t), 11);
}

/* test_bomb - what comes out is bounded by what went in */
static void test_bomb(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "bomb");
	(void)bench_scan(t, "abc");
	assert_int_equal(bench_payloads(t), 1);
	assert_string_equal(bench_limit(t, 0), "max_ratio");
	assert_string_equal(bench_limit(t, 1), "max_mime_parts");
	assert_string_equal(bench_error(t, 0), "failed");
	assert_string_equal(
	    bench_text(t, json_object_get(json_object_get(t->report, "facts"), "limit")),
	    "[\"max_mime_parts\",\"max_ratio\"]");
}

/* ---- results --------------------------------------------------------------------------------- */

/* test_bad_result - what does not fit is dropped and told, the rest stays */
static void test_bad_result(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "bad");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_member(t, 0, "workers"), "{\"bad\":{\"said\":\"kept\"}}");
	assert_int_equal(bench_errors(t), 1);
	assert_string_equal(bench_error(t, 0), "bad_result");
}

/* test_big_result - content is cut first */
static void test_big_result(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "big");
	(void)bench_scan(t, "abc");
	assert_true(t->scan.json.n < 1100000);
	assert_string_equal(bench_limit(t, 0), "result_max");
	assert_string_equal(
	    assay_json_get_str(
		json_object_get(json_object_get(bench_payload(t, 0), "workers"), "big"), "said"),
	    "kept");
}

/* test_big_report - many children with big results fit as well */
static void test_big_report(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "flood, big");
	bench_set(t, "report_max", "1M");
	bench_flood = 30;
	(void)bench_scan(t, "abc");
	assert_true(t->scan.json.n <= 1 << 20);
	assert_int_equal(bench_payloads(t), 31);
	bench_flood = 900;
	(void)bench_scan(t, "abc");
	assert_true(t->scan.json.n <= 1 << 20);
	assert_string_equal(assay_json_get_str(t->report, "schema"), "assay/1");
}

/* test_frame - the root's worker fills the frame; nonsense is told */
static void test_frame(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "frame");
	(void)bench_scan_request(t, "abc",
	    "{\"envelope\":{\"sender\":{\"addr\":\"s@example.net\"},\"odd\":1},\"source\":"
	    "\"milter\"}");
	assert_string_equal(bench_text(t, json_object_get(t->report, "recipients")),
	    "[{\"addr\":\"a@example.org\",\"domain\":\"example.org\"}]");
	assert_string_equal(assay_json_get_str(t->report, "direction"), "in");
	assert_true(json_is_null(json_object_get(t->report, "content_sha256")));
	assert_int_equal(bench_errors(t), 3);
	assert_string_equal(bench_error(t, 0), "bad_request");
	assert_string_equal(bench_error(t, 1), "bad_result");
	assert_string_equal(bench_error(t, 2), "bad_result");
	assert_string_equal(bench_text(t, json_object_get(t->report, "facts")),
	    "{\"direction\":[\"in\"],\"error\":[\"bad_request\",\"bad_result\"],\"mailfrom\":"
	    "[\"s@example.net\"],\"rcpt\":[\"a@example.org\"],\"rcpt_domain\":[\"example.org\"],"
	    "\"sha256\":[\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"],"
	    "\"size\":[3],\"source\":[\"milter\"],\"status\":[\"scanned\"]}");
}

/* test_null_sender - it has a fact, so that it can be asked for */
static void test_null_sender(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "");
	(void)bench_scan_request(
	    t, "abc", "{\"envelope\":{\"sender\":{\"addr\":null,\"null\":true}}}");
	assert_string_equal(
	    bench_text(t, json_object_get(json_object_get(t->report, "facts"), "mailfrom")),
	    "[\"<>\"]");
	(void)bench_scan_request(
	    t, "abc", "{\"envelope\":{\"sender\":{\"addr\":null,\"null\":false}}}");
	assert_null(json_object_get(json_object_get(t->report, "facts"), "mailfrom"));
}

/* test_multi - one plugin, four classes */
static void test_multi(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "multi, peel");
	bench_set(t, "archivers", "multi");
	bench_set(t, "decorators", "multi, failing, nobody");
	(void)bench_scan(t, "(a)");
	assert_string_equal(bench_text(t, json_object_get(t->report, "decorators")),
	    "{\"multi\":{\"said\":\"decorated\"}}");
	assert_string_equal(
	    bench_member(t, 1, "archivers"), "{\"multi\":{\"ref\":\"multi:ca978112\"}}");
	assert_int_equal(t->scan.nkeep, 2);
	assert_int_equal(bench_errors(t), 3);
	assert_string_equal(bench_error(t, 0), "bad_result");
	assert_string_equal(bench_error(t, 1), "failed");
	assert_string_equal(bench_error(t, 2), "not_loaded");
	assert_string_equal(
	    bench_text(t, json_object_get(json_object_get(t->report, "facts"), "title")),
	    "[\"decorated\",\"multi\"]");
	(void)bench_scan_request(t, "(a)", "{\"archive_payloads\":false}");
	assert_int_equal(t->scan.nkeep, 0);
	assert_string_equal(bench_member(t, 1, "archivers"), "{}");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = { T(test_tree), T(test_dedup), T(test_late), T(test_self),
		T(test_recursion), T(test_flood), T(test_bomb), T(test_bad_result),
		T(test_big_result), T(test_big_report), T(test_frame), T(test_null_sender),
		T(test_multi) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
