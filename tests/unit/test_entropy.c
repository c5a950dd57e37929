/* rooms: plugin_entropy fakehost text base */
/*
 * tests of plugins/worker/entropy: known values
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"

/* is - the entropy of bytes, -1: none */
static void is(struct assay_slice bytes, double want)
{
	struct fake_payload told = { .bytes = bytes };
	struct fake_host *host;
	struct fake_scan s;
	struct assay_err err;

	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, &err), ASSAY_OK);
	fake_host_scan(host, &told, &s);
	assert_int_equal(s.status, ASSAY_OK);
	if (want < 0)
		assert_null(s.result);
	else {
		assert_float_equal(
		    json_real_value(json_object_get(s.result, "entropy")), want, 0.00001);
		assert_int_equal(json_integer_value(json_object_get(s.result, "tenths")),
		    (json_int_t)(want * 10));
	}
	fake_scan_free(&s);
	fake_host_close(&host);
}

/* known - values that can be computed by hand */
static void known(void **state)
{
	char all[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	is(assay_slice(all, sizeof(all)), 8.0);
	is(assay_slice(all, 255), 7.9944);
	is(ASSAY_SLICE_LIT("aaaaaaa"), 0.0);
	is(ASSAY_SLICE_LIT("ab"), 1.0);
	is(ASSAY_SLICE_LIT("aaab"), 0.8113);
	is(ASSAY_SLICE_LIT("abcdabcdab"), 1.971);
	is(assay_slice("", 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(known) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
