/* rooms: plugin_decompress fakehost text base */
/*
 * fuzz_extent - where a hostile archive begins and ends: inside its file, and in linear time
 */
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "decompress/extent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice s = assay_slice((const char *)data, size);

	for (int format = ASSAY_UNPACK_NONE; format <= ASSAY_UNPACK_RAW; format++) {
		const struct assay_extent e =
		    assay_extent_find(s, (enum assay_unpack_format)format, size / 2);

		ASSAY_ASSERT(e.begin <= size && e.end <= size);
	}
	ASSAY_ASSERT(assay_extent_zip(s) <= size);
	(void)assay_extent_rar5_encrypted(s);
	(void)assay_extent_head_encrypted(s);
	(void)assay_extent_claims(s);
	return 0;
}
