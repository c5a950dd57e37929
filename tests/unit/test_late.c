/* rooms: core text base */
/*
 * tests/unit/test_late.c - a mail that was let through, and what is found too late
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/finding.h"
#include "core/json.h"
#include "core/late.h"
#include "core/request.h"

#define OLD "11111111-1111-4111-8111-111111111111"

static const char report[] =
    "{\"schema\":\"assay/1\",\"verdict\":{\"action\":\"reject\",\"rule\":\"macros\"}}";

/* late - the request of a scan in quiet after this answer */
static json_t *late(const char *answered)
{
	json_t *asked =
	    json_pack("{s:s,s:s,s:[],s:b}", "scan_id", OLD, "queue_id", "4X", "skip", "guest", 1);
	const struct assay_answer answer = { .request = asked, .scan_id = OLD };
	json_t *request = assay_late_request(&answer, answered);

	json_decref(asked);
	return request;
}

static void the_request_has_a_name_of_its_own(void **state)
{
	json_t *request = late("accept"), *twin = late(NULL);

	(void)state;
	assert_string_equal(
	    assay_json_get_str(request, "scan_id"), assay_json_get_str(twin, "scan_id"));
	json_decref(twin);
	assert_string_equal(assay_json_get_str(request, "supersedes"), OLD);
	assert_string_not_equal(assay_json_get_str(request, "scan_id"), OLD);
	assert_true(assay_request_is_uuid(assay_json_get_str(request, "scan_id")));
	assert_string_equal(assay_json_get_str(request, "queue_id"), "4X");
	assert_null(json_object_get(request, "skip"));
	/* Or it would be counted twice: now it is a door's. */
	assert_null(json_object_get(request, "guest"));
	json_decref(request);
}

/* found - the finding for what was answered and what is decided now */
static json_t *found(const char *answered, const char *action)
{
	json_t *request = late(answered);
	const struct assay_answer answer = { .request = request,
		.scan_id = "22222222-2222-4222-8222-222222222222",
		.action = action,
		.report = assay_slice_str(report) };
	json_t *finding = assay_late_finding(&answer);

	json_decref(request);
	return finding;
}

static void what_should_have_been_stopped_is_found(void **state)
{
	json_t *finding = found("accept", "reject");
	struct assay_err err;

	(void)state;
	assert_non_null(finding);
	assert_int_equal(assay_finding_check(finding, &err), ASSAY_OK);
	assert_string_equal(assay_json_get_str(finding, "kind"), "delivered_bad");
	assert_string_equal(
	    assay_json_get_str(finding, "scan_id"), "22222222-2222-4222-8222-222222222222");
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(finding, "rules"), 0)), "macros");
	json_decref(finding);
	finding = found("tag", "quarantine");
	assert_non_null(finding);
	json_decref(finding);
}

static void what_is_well_or_was_stopped_is_not(void **state)
{
	(void)state;
	assert_null(found("accept", "accept"));
	assert_null(found("accept", "tag"));
	assert_null(found("tempfail", "reject"));
	assert_null(found("quarantine", "reject"));
	assert_null(found(NULL, "reject"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_has_a_name_of_its_own),
		cmocka_unit_test(what_should_have_been_stopped_is_found),
		cmocka_unit_test(what_is_well_or_was_stopped_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
