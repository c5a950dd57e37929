/* rooms: plugin_macho fakehost text base */
/*
 * fuzz_macho - a hostile Mach-O file through the whole worker
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

	if (host == NULL)
		ASSAY_ASSERT(fake_host_open(&assay_plugin, NULL, NULL, &host, &err) == ASSAY_OK);
	fake_host_scan(host, &told, &scan);
	ASSAY_ASSERT(scan.status == ASSAY_OK && scan.nchild == 0);
	ASSAY_ASSERT(json_array_size(json_object_get(scan.result, "archs")) <= 32);
	fake_scan_free(&scan);
	return 0;
}
