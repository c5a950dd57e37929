/* rooms: plugin_ssdeep fakehost text base */
/*
 * tests of plugins/worker/ssdeep: similar payloads have similar digests, small ones none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fuzzy.h>

#include "base/slice.h"
#include "fake_host.h"

/* digest - of bytes, "": none */
static void digest(struct assay_slice bytes, const char *const *opts, char text[FUZZY_MAX_RESULT])
{
	struct fake_payload told = { .bytes = bytes };
	struct fake_host *host;
	struct fake_scan s;
	struct assay_err err;
	const char *said;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_scan(host, &told, &s);
	assert_int_equal(s.status, ASSAY_OK);
	said = json_string_value(json_object_get(s.result, "ssdeep"));
	text[0] = 0;
	if (said != NULL)
		memcpy(text, said, strlen(said) + 1);
	fake_scan_free(&s);
	fake_host_close(&host);
}

/* similar - one byte more, something else, too small */
static void similar(void **state)
{
	static const char *const any[] = { "min_size=0B", NULL };
	char one[FUZZY_MAX_RESULT], two[FUZZY_MAX_RESULT], other[FUZZY_MAX_RESULT], text[20001];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = (char)('a' + (seed >> 24) % 26);
	}
	digest(assay_slice(text, 10000), NULL, one);
	digest(assay_slice(text, 10001), NULL, two);
	digest(assay_slice(text + 10001, 10000), NULL, other);
	assert_true(fuzzy_compare(one, two) > 90);
	assert_true(fuzzy_compare(one, other) < 30);
	digest(assay_slice(text, 511), NULL, one);
	assert_string_equal(one, "");
	digest(assay_slice(text, 511), any, one);
	assert_string_not_equal(one, "");
	digest(assay_slice("", 0), any, one);
	assert_string_equal(one, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(similar) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
