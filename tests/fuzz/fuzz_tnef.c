/* rooms: plugin_tnef fakehost text base */
/*
 * fuzz_tnef - a hostile winmail.dat through the whole worker
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "fake_host.h"
#include "tnef/rtf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_host *host;
	const struct assay_slice s = assay_slice((const char *)data, size);
	struct fake_payload told = { .bytes = s };
	struct fake_scan scan;
	struct assay_buf out;
	struct assay_err err;

	if (host == NULL)
		ASSAY_ASSERT(fake_host_open(&assay_plugin, NULL, NULL, &host, &err) == ASSAY_OK);
	fake_host_scan(host, &told, &scan);
	ASSAY_ASSERT(scan.status == ASSAY_OK);
	ASSAY_ASSERT(json_array_size(json_object_get(scan.result, "members")) <= 1000);
	fake_scan_free(&scan);
	assay_buf_init(&out, 1000);
	(void)!assay_rtf_unpack(s, &out, &err);
	ASSAY_ASSERT(out.n <= 1000);
	assay_buf_release(&out);
	return 0;
}
