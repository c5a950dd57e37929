/* rooms: bloom base */
/*
 * fuzz_table.c - any bytes as the header of a filter file
 *
 * They are taken as the contents of the first slot, with a checksum that is right (nobody would
 * find one by trying) or as it is. What is accepted must be what table.h promises: every layer
 * within the file. What is accepted can be written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bloom/bits.h"
#include "bloom/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check - the promise */
static void check(const struct assay_table *t, uint64_t file_bytes)
{
	ASSAY_ASSERT(t->layers <= ASSAY_TABLE_LAYERS && t->rate > 0);
	ASSAY_ASSERT(memchr(t->field, '\0', sizeof t->field) != NULL);
	for (uint32_t i = 0; i < t->layers; i++) {
		const struct assay_table_layer *l = &t->layer[i];

		ASSAY_ASSERT(l->bits <= ASSAY_BITS_MOST && l->bits >= ASSAY_BITS_LEAST);
		ASSAY_ASSERT(l->offset >= ASSAY_TABLE_DATA && l->offset <= file_bytes);
		ASSAY_ASSERT(l->offset + l->bits / 8 <= file_bytes);
		ASSAY_ASSERT(l->hashes >= 1 && l->hashes <= ASSAY_BITS_HASHES);
	}
}

/* LLVMFuzzerTestOneInput - one file */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t file_bytes = ASSAY_TABLE_DATA + ((uint64_t)1 << 20);
	struct assay_table *t = calloc(1, sizeof *t), *again = calloc(1, sizeof *again);
	char *slots = calloc(1, ASSAY_TABLE_DATA);
	struct assay_err err;

	ASSAY_ASSERT(t != NULL && again != NULL && slots != NULL);
	memcpy(slots, data, size < ASSAY_TABLE_DATA ? size : ASSAY_TABLE_DATA);
	if (assay_table_load(t, slots, file_bytes, &err) == ASSAY_OK)
		check(t, file_bytes);
	assay_table_init(t, "from");
	if (size > offsetof(struct assay_table, seq)) {
		const size_t from = offsetof(struct assay_table, seq);

		memcpy((char *)t + from, data + from, (size < sizeof *t ? size : sizeof *t) - from);
		t->layers %= ASSAY_TABLE_LAYERS + 1;
		t->seq &= UINT32_MAX;
		assay_table_fill(t, slots);
	}
	if (assay_table_load(t, slots, file_bytes, &err) == ASSAY_OK) {
		check(t, file_bytes);
		assay_table_save(t, slots);
		ASSAY_ASSERT(assay_table_load(again, slots, file_bytes, &err) == ASSAY_OK);
		ASSAY_ASSERT(again->seq == t->seq && again->layers == t->layers);
	}
	free(slots);
	free(again);
	free(t);
	return 0;
}
