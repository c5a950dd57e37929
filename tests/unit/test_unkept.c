/* rooms: enginebench core text base */
/*
 * tests/unit/test_unkept.c - what is said of a mail whose report cannot be kept: core/unkept.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "core/json.h"
#include "core/unkept.h"
#include "engine_bench.h"

#define NAME "11111111-2222-4333-8444-555555555555"

/* a_short_report_says_what_was_told - under the name that the whole one would have had */
static void a_short_report_says_what_was_told(void **state)
{
	struct bench *t = *state;
	json_t *request = json_pack("{s:s, s:s, s:{s:{s:s}}}", "source", "milter", "queue_id", "Q1",
	    "envelope", "sender", "addr", "a@example.org");
	const struct assay_unkept_mail mail = {
		.engine = t->engine, .request = request, .scan_id = NAME, .size = 1234, .took_ms = 5
	};
	struct assay_unkept unkept;
	const struct assay_answer *answer = &unkept.told.answer;
	json_t *report = NULL;
	struct assay_err err;

	assay_unkept_open(&unkept, &mail, 1000);
	assert_string_equal(answer->scan_id, NAME);
	assert_string_equal(answer->status, "unscanned");
	assert_int_equal(answer->bytes.n, 1234);
	assert_int_equal(assay_json_parse(answer->report, &report, &err), ASSAY_OK);
	assert_string_equal(assay_json_get_str(report, "scan_id"), NAME);
	assert_string_equal(assay_json_get_str(report, "status_reason"), "error");
	assert_string_equal(
	    assay_json_get_str(json_object_get(report, "verdict"), "answered"), "accept");
	assert_string_equal(
	    assay_json_get_str(json_object_get(report, "request_meta"), "queue_id"), "Q1");
	assert_true(answer->report.n < 4096);
	/* What was asked is the same as before. */
	assert_null(json_object_get(request, "scan_id"));
	json_decref(report);
	assay_unkept_close(&unkept);
	json_decref(request);
}

/* setup - an engine, by a first scan */
static int setup(void **state)
{
	const int rc = bench_setup(state);

	if (rc == 0)
		(void)bench_scan(*state, "x");
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
	    a_short_report_says_what_was_told, setup, bench_teardown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
