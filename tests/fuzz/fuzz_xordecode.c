/* rooms: plugin_xordecode fakehost text base */
/*
 * fuzz_xordecode - any bytes; each child is the payload behind the key that is told. The first byte
 * hides the rest, so that what is known is found in the clear of the seeds.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "decode/key.h"
#include "fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check - one child */
static void check(struct assay_slice bytes, const json_t *row, const struct fake_child *child)
{
	const char *hex = json_string_value(json_object_get(row, "key"));
	const size_t start = (size_t)json_integer_value(json_object_get(row, "offset"));
	char written[2 * ASSAY_KEY_MAX + 3] = "0x";
	struct assay_key key;
	char *decoded;

	memcpy(written + 2, hex, strlen(hex) + 1);
	ASSAY_ASSERT(assay_key_read(assay_slice_str(written), &key));
	ASSAY_ASSERT(start < bytes.n && child->bytes.n == bytes.n - start);
	decoded = assay_key_apply(&key, bytes, start);
	ASSAY_ASSERT(memcmp(decoded, child->bytes.p, child->bytes.n) == 0);
	free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_host *host;
	struct assay_slice bytes;
	struct fake_payload told = { 0 };
	struct fake_scan scan;
	struct assay_key key;
	struct assay_err err;
	char *hidden;

	if (size < 2)
		return 0;
	if (host == NULL)
		ASSAY_ASSERT(fake_host_open(&assay_plugin, NULL, NULL, &host, &err) == ASSAY_OK);
	(void)assay_key_read(assay_slice((const char *)data, size < 20 ? size : 20), &key);
	key = (struct assay_key){ .byte = { data[0] }, .n = 1 };
	bytes = assay_slice((const char *)data + 1, size - 1);
	hidden = assay_key_apply(&key, bytes, 0);
	told.bytes = assay_slice(hidden, bytes.n);
	fake_host_scan(host, &told, &scan);
	ASSAY_ASSERT(scan.status == ASSAY_OK && scan.nchild <= 16);
	for (size_t i = 0; i < scan.nchild; i++)
		check(told.bytes, json_array_get(json_object_get(scan.result, "keys"), i),
		    &scan.child[i]);
	fake_scan_free(&scan);
	free(hidden);
	return 0;
}
