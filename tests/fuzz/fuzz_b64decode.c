/* rooms: plugin_b64decode fakehost text base */
/*
 * fuzz_b64decode - any bytes; what is said of a child is so
 */
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_host *host;
	struct fake_payload told = { .bytes = assay_slice((const char *)data, size) };
	struct fake_scan scan;
	struct assay_err err;
	const json_t *runs, *run;
	json_int_t end = 0;
	size_t i;

	if (host == NULL)
		ASSAY_ASSERT(fake_host_open(&assay_plugin, NULL, NULL, &host, &err) == ASSAY_OK);
	fake_host_scan(host, &told, &scan);
	ASSAY_ASSERT(scan.status == ASSAY_OK);
	runs = json_object_get(scan.result, "runs");
	ASSAY_ASSERT(json_array_size(runs) == scan.nchild && scan.nchild <= 100);
	json_array_foreach((json_t *)runs, i, run)
	{
		const json_int_t at = json_integer_value(json_object_get(run, "offset"));
		const json_int_t n = json_integer_value(json_object_get(run, "length"));

		ASSAY_ASSERT(at >= end && n > 0 && at + n <= (json_int_t)size);
		ASSAY_ASSERT(scan.child[i].bytes.n <= (size_t)n);
		end = at + n;
	}
	fake_scan_free(&scan);
	return 0;
}
