/* rooms: plugin_hash fakehost text base */
/*
 * tests of plugins/worker/hash: known digests, switched-off digests
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"

/* member - a string of the result, or NULL */
static const char *member(const struct fake_scan *scan, const char *name)
{
	return json_string_value(json_object_get(scan->result, name));
}

static void gives_the_known_digests(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("abc") };
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_int_equal(scan.status, ASSAY_OK);
	assert_string_equal(member(&scan, "md5"), "900150983cd24fb0d6963f7d28e17f72");
	assert_string_equal(member(&scan, "sha1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_string_equal(member(&scan, "sha256"),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_memory_equal(member(&scan, "sha512"), "ddaf35a193617abacc417349ae204131", 32);
	assert_int_equal(json_object_size(scan.result), 4);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void computes_only_what_is_wanted(void **state)
{
	const char *const opts[] = { "md5=no", "sha1=no", "sha512=no", NULL };
	const char *const none[] = { "md5=no", "sha1=no", "sha512=no", "sha256=no", NULL };
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("") };
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_memory_equal(member(&scan, "sha256"), "e3b0c44298fc1c14", 16);
	assert_int_equal(json_object_size(scan.result), 1);
	fake_scan_free(&scan);
	fake_host_close(&host);
	assert_int_equal(fake_host_open(&assay_plugin, none, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_null(scan.result);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_known_digests),
		cmocka_unit_test(computes_only_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
