/* rooms: plugin_template fakehost text base */
/*
 * tests of template: what it counts, and that its option is heard
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"

/* number - a number of the result */
static int64_t number(const struct fake_scan *scan, const char *name)
{
	return json_integer_value(json_object_get(scan->result, name));
}

static void counts_lines(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("one\nthree\n\nno end") };
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_int_equal(scan.status, ASSAY_OK);
	assert_int_equal(number(&scan, "lines"), 4);
	assert_int_equal(number(&scan, "longest"), 6);
	assert_true(json_is_false(json_object_get(scan.result, "long")));
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void hears_its_option(void **state)
{
	const char *const opts[] = { "long_line=5", NULL };
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("sixsix") };
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_true(json_is_true(json_object_get(scan.result, "long")));
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void an_empty_payload_has_no_line(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("") };
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_int_equal(number(&scan, "lines"), 0);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_lines),
		cmocka_unit_test(hears_its_option),
		cmocka_unit_test(an_empty_payload_has_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
