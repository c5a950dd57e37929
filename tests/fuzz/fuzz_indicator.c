/* rooms: core text base */
/*
 * tests/fuzz/fuzz_indicator.c - a line of somebody's list: whatever it is, its value is of its
 * kind, and read again it is the same. The first byte says which list.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/indicator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* LLVMFuzzerTestOneInput - as above */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena;
	struct assay_slice value, again;
	enum assay_indicator is;
	enum assay_indicator_of of;
	char *copy;

	if (size == 0)
		return 0;
	arena = assay_arena_new();
	copy = malloc(size);
	ASSAY_ASSERT(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	of = (enum assay_indicator_of)(data[0] % 3);
	is = assay_indicator_read(arena, of, assay_slice(copy, size - 1), &value);
	ASSAY_ASSERT(is < ASSAY_INDICATORS);
	ASSAY_ASSERT((value.n > 0) == (is > ASSAY_INDICATOR_BAD));
	if (is > ASSAY_INDICATOR_BAD && is != ASSAY_INDICATOR_URL &&
	    is != ASSAY_INDICATOR_ADDRESS) {
		ASSAY_ASSERT(assay_indicator_read(arena, of, value, &again) == is);
		ASSAY_ASSERT(is != ASSAY_INDICATOR_HOST || assay_slice_eq(value, again));
	}
	assay_arena_free(&arena);
	free(copy);
	return 0;
}
