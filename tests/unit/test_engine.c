/* rooms: enginebench core text base */
/*
 * tests of core/engine: who is called, in which order, how often, and what happens in trouble
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/slice.h"
#include "core/json.h"
#include "engine_bench.h"

/* ---- dispatch -------------------------------------------------------------------------------- */

/* test_nobody - no plugins at all is a report, too */
static void test_nobody(void **state)
{
	struct bench *t = *state;

	(void)bench_scan(t, "abc");
	assert_int_equal(bench_payloads(t), 1);
	assert_string_equal(bench_member(t, 0, "workers"), "{}");
	assert_string_equal(bench_member(t, 0, "size"), "3");
	assert_string_equal(assay_json_get_str(t->report, "status"), "scanned");
	assert_string_equal(t->scan.action, "accept");
	assert_int_equal(bench_errors(t), 0);
}

/* test_always_and_start - order: start, always; only the root starts */
static void test_always_and_start(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "peel, one");
	bench_set(t, "start_dispatch", "two");
	(void)bench_scan(t, "(a)(b)");
	assert_string_equal(bench_called, "two@0 peel@0 one@0 peel@0.1 one@0.1 peel@0.2 one@0.2 ");
	assert_string_equal(bench_member(t, 0, "plugins_run"),
	    "{\"workers\":[\"two\",\"peel\",\"one\"],\"archivers\":[]}");
	assert_string_equal(bench_member(t, 0, "workers"),
	    "{\"two\":{\"said\":\"two\"},\"peel\":null,\"one\":{\"said\":\"one\"}}");
}

/* test_request_lists - the request's lists replace those of [core] */
static void test_request_lists(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "peel, one");
	(void)bench_scan_request(
	    t, "(a)", "{\"always_dispatch\":[\"two\"],\"start_dispatch\":[\"one\"]}");
	assert_string_equal(bench_called, "one@0 two@0 ");
}

/* test_dispatcher - asked once per payload, its words reach the worker, strangers are errors */
static void test_dispatcher(void **state)
{
	struct bench *t = *state;

	bench_set(t, "dispatchers", "chooser");
	bench_set(t, "archivers", "multi");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "chooser@0 ");
	assert_string_equal(bench_member(t, 0, "workers"), "{\"listener\":{\"said\":\"psst\"}}");
	assert_int_equal(bench_errors(t), 1);
	assert_string_equal(bench_error(t, 0), "not_loaded");
	assert_string_equal(
	    bench_text(t,
		json_object_get(
		    json_object_get(bench_payload(t, 0), "payload_meta"), "should_archive")),
	    "false");
	assert_int_equal(t->scan.nkeep, 0);
}

/* test_dispatcher_fails - an error; what it chose before stands */
static void test_dispatcher_fails(void **state)
{
	struct bench *t = *state;

	bench_set(t, "dispatchers", "multi, nobody, one");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "one@0 ");
	assert_int_equal(bench_errors(t), 3);
	assert_string_equal(bench_error(t, 0), "failed");
	assert_string_equal(bench_error(t, 1), "not_loaded");
	assert_string_equal(bench_error(t, 2), "not_loaded");
}

/* test_deep - every_round dispatchers see the results, max_dispatch_passes times */
static void test_deep(void **state)
{
	struct bench *t = *state;

	bench_set(t, "dispatchers", "deep");
	bench_set(t, "always_dispatch", "one");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "deep@0 one@0 deep@0 two@0 ");
	bench_set(t, "max_dispatch_passes", "9");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "deep@0 one@0 deep@0 two@0 deep@0 silent@0 deep@0 ");
	bench_set(t, "max_dispatch_passes", "0");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "deep@0 one@0 ");
}

/* test_from_worker - a worker asks for another */
static void test_from_worker(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "asker, one");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "asker@0 one@0 two@0 ");
}

/* ---- needs ----------------------------------------------------------------------------------- */

/* test_needs - needed workers run before, once, nested */
static void test_needs(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "needier, needy, one");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "one@0 needy@0 needier@0 ");
	assert_int_equal(bench_errors(t), 0);
}

/* test_needs_cycle - is told and costs only those in it */
static void test_needs_cycle(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "snake, eggs, one");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "one@0 ");
	assert_int_equal(bench_errors(t), 3);
	assert_string_equal(bench_error(t, 0), "needs_cycle");
	assert_string_equal(bench_error(t, 1), "needs_failed");
	assert_string_equal(bench_error(t, 2), "needs_failed");
}

/* test_needs_depth - max_required_worker_depth */
static void test_needs_depth(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "needier");
	bench_set(t, "max_required_worker_depth", "1");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "");
	assert_string_equal(bench_error(t, 0), "needs_depth");
	assert_string_equal(bench_error(t, 1), "needs_failed");
}

/* test_needs_failed - missing or failed: those that need it are told and not run */
static void test_needs_failed(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "orphan, cautious, one");
	(void)bench_scan(t, "abc");
	assert_string_equal(bench_called, "fails@0 one@0 ");
	assert_int_equal(bench_errors(t), 4);
	assert_string_equal(bench_error(t, 0), "not_loaded");
	assert_string_equal(bench_error(t, 1), "needs_failed");
	assert_string_equal(bench_error(t, 2), "failed");
	assert_string_equal(bench_error(t, 3), "needs_failed");
	assert_string_equal(bench_member(t, 0, "workers"),
	    "{\"fails\":{\"said\":\"half\"},\"one\":{\"said\":\"one\"}}");
}

/* ---- trouble --------------------------------------------------------------------------------- */

/* test_skip - what killed a process before is not bench_called again, and that is said */
static void test_skip(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "peel, one, needy");
	(void)bench_scan_request(t, "(a)",
	    "{\"skip\":[{\"worker\":\"one\",\"kind\":\"crashed\",\"sha256\":"
	    "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"}]}");
	assert_string_equal(bench_called, "peel@0 one@0 needy@0 peel@0.1 ");
	assert_string_equal(bench_error(t, 0), "crashed");
	assert_string_equal(bench_error(t, 1), "needs_failed");
	(void)bench_scan_request(
	    t, "(a)", "{\"skip\":[{\"worker\":\"one\",\"kind\":\"timeout\",\"sha256\":\"*\"}]}");
	assert_string_equal(bench_called, "peel@0 peel@0.1 ");
	assert_string_equal(bench_error(t, 0), "timeout");
}

/* test_root_only - the last try: nothing but the root */
static void test_root_only(void **state)
{
	struct bench *t = *state;

	bench_set(t, "always_dispatch", "one");
	bench_set(t, "start_dispatch", "peel");
	(void)bench_scan_request(t, "(a)", "{\"root_only\":true}");
	assert_string_equal(bench_called, "peel@0 ");
	assert_int_equal(bench_payloads(t), 2);
	assert_string_equal(t->scan.status, "partial");
}

/* test_spent - the time of earlier tries is the mail's */
static void test_spent(void **state)
{
	struct bench *t = *state;

	(void)bench_scan_request(t, "(a)", "{\"spent_ms\":1234}");
	assert_true(assay_json_get_int(t->report, "duration_ms", 0) >= 1234);
}

/* test_deadline - what comes too late is not looked at */
static void test_deadline(void **state)
{
	struct bench *t = *state;
	struct assay_request r;
	struct assay_err err = { .code = ASSAY_OK };

	bench_set(t, "always_dispatch", "peel, one");
	assay_request_init(&r);
	r.deadline_ms = assay_clock_mono_ms() - 5;
	assert_int_equal(assay_engine_new(t->host, t->core, NULL, &t->engine, &err), ASSAY_OK);
	assay_engine_scan(t->engine, &r, assay_slice_str("(a)"), NULL, &t->scan);
	t->report = t->scan.report;
	assert_string_equal(bench_called, "");
	assert_string_equal(t->scan.status, "partial");
	assert_string_equal(assay_json_get_str(t->report, "status_reason"), "timeout");
	assert_string_equal(bench_limit(t, 0), "message_timeout");
}

/* test_unscanned - a report without a scan */
static void test_unscanned(void **state)
{
	struct bench *t = *state;
	struct assay_request r;
	struct assay_err err = { .code = ASSAY_OK };
	const struct assay_unscanned what = { .status = "unscanned",
		.why = "message_size",
		.error = "too large",
		.cause = "on_error",
		.size = 99 };

	assay_request_init(&r);
	assert_int_equal(assay_engine_new(t->host, t->core, NULL, &t->engine, &err), ASSAY_OK);
	assay_engine_unscanned(t->engine, &r, ASSAY_SLICE_NONE, &what, &t->scan);
	t->report = t->scan.report;
	assert_string_equal(t->scan.status, "unscanned");
	assert_string_equal(bench_member(t, 0, "size"), "99");
	assert_string_equal(bench_member(t, 0, "sha256"), "null");
	assert_string_equal(bench_error(t, 0), "message_size");
	assert_string_equal(
	    assay_json_get_str(json_object_get(t->report, "verdict"), "cause"), "on_error");
}

/* blank - the members that differ between two runs */
static void blank(json_t *report)
{
	assay_json_set(report, "scan_id", json_null());
	assay_json_set(report, "time", json_null());
	assay_json_set(report, "message_time", json_null());
	assay_json_set(report, "duration_ms", json_null());
}

/* test_same - the same input gives the same bytes; members in RESULT's order */
static void test_same(void **state)
{
	static const char *const order[] = { "schema", "scan_id", "time", "duration_ms",
		"supersedes", "parent_scan_id", "status", "status_reason", "message_time",
		"direction", "tenant", "recipients", "content_sha256", "engine", "request_meta",
		"facts", "results", "decorators", "limits", "errors", "verdict" };
	struct bench *t = *state;
	json_t *first, *second;
	const char *key;
	json_t *value;
	size_t i = 0;

	bench_set(t, "always_dispatch", "peel, one, multi, fails");
	bench_set(t, "decorators", "multi");
	first = json_deep_copy(bench_scan(t, "((a)(b)(c))(d)(a)"));
	second = json_deep_copy(bench_scan(t, "((a)(b)(c))(d)(a)"));
	json_object_foreach(first, key, value) assert_string_equal(key, order[i++]);
	assert_int_equal(i, sizeof order / sizeof order[0]);
	blank(first);
	blank(second);
	assert_string_equal(bench_text(t, first), bench_text(t, second));
	json_decref(first);
	json_decref(second);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = { T(test_nobody), T(test_always_and_start),
		T(test_request_lists), T(test_dispatcher), T(test_dispatcher_fails), T(test_deep),
		T(test_from_worker), T(test_needs), T(test_needs_cycle), T(test_needs_depth),
		T(test_needs_failed), T(test_skip), T(test_root_only), T(test_spent),
		T(test_deadline), T(test_unscanned), T(test_same) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
