/* rooms: plugin_iocextract fakehost text base */
/*
 * fuzz_token - indicators of any bytes: none is longer than its kind, all of them are clean
 */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "fake_host.h"
#include "iocextract/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check - an indicator */
static void check(void *user, enum assay_found_kind kind, struct assay_slice value)
{
	static const size_t most[] = { 15, 45, 0, 0, 0, 32, 40, 64, 128, 17 };

	(void)user;
	ASSAY_ASSERT(value.n > 1 && value.n <= most[kind]);
	ASSAY_ASSERT(assay_slice_is_plain(value, ".:"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_host *host;
	const struct assay_slice s = assay_slice((const char *)data, size);
	struct fake_payload told = { .bytes = s };
	struct fake_scan scan;
	struct assay_err err;

	if (host == NULL)
		ASSAY_ASSERT(fake_host_open(&assay_plugin, NULL, NULL, &host, &err) == ASSAY_OK);
	assay_token_scan(s, check, NULL);
	fake_host_scan(host, &told, &scan);
	ASSAY_ASSERT(scan.status == ASSAY_OK);
	fake_scan_free(&scan);
	return 0;
}
