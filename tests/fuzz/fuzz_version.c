/* rooms: plugin_pe fakehost text base */
/*
 * fuzz_version - a hostile version resource of a Windows program
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "binary/version.h"
#include "fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read so far: never more than there is. */
struct sum {
	size_t bytes, strings;
};

/* on_string - counts */
static bool on_string(void *user, struct assay_slice key, struct assay_slice value)
{
	struct sum *sum = user;
	struct assay_buf out;

	sum->bytes += 6 + key.n + value.n;
	assay_buf_init(&out, 64);
	assay_version_text(value, &out);
	ASSAY_ASSERT(out.n <= 64);
	assay_buf_release(&out);
	return ++sum->strings < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum sum = { 0, 0 };

	assay_version_read(assay_slice((const char *)data, size), on_string, &sum);
	ASSAY_ASSERT(sum.bytes <= size && sum.strings <= 1000);
	return 0;
}
