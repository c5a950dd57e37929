/* rooms: core text base */
/*
 * tests/fuzz/fuzz_records.c - files of the spool after a disk or somebody else had them: records
 * are inside the bytes and written again they are the bytes; names and containers are read without
 * harm.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/container.h"
#include "core/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* LLVMFuzzerTestOneInput - read, write, compare */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice all = assay_slice((const char *)data, size);
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice rest = all;
	struct assay_container container;
	struct assay_record record;
	struct assay_buf again;
	struct assay_err err;
	int64_t wall_ms = 0;

	assay_buf_init(&again, size + 1);
	while (assay_records_next(&rest, arena, &record, &err) == ASSAY_OK)
		ASSAY_ASSERT(assay_records_put(&again, &record, &err) == ASSAY_OK);
	ASSAY_ASSERT(again.n + rest.n == size);
	ASSAY_ASSERT(again.n == 0 || memcmp(again.p, data, again.n) == 0);
	assay_buf_release(&again);
	assay_container_all(&container, all);
	for (size_t i = 0; i < container.n; i++)
		ASSAY_ASSERT(container.kept[i].bytes.p >= all.p &&
		    container.kept[i].bytes.p + container.kept[i].bytes.n <= all.p + all.n);
	assay_container_close(&container);
	if (assay_records_name_read(assay_arena_memdup0(arena, all.p, all.n), &wall_ms, NULL))
		ASSAY_ASSERT(wall_ms >= 0);
	assay_arena_free(&arena);
	return 0;
}
