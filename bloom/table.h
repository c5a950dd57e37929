/*
 * bloom/table.h - the header of a filter file: what it is, and where its layers lie
 *
 * The file begins with the header twice, each in ASSAY_TABLE_SLOT bytes, and the bits of the layers
 * follow from ASSAY_TABLE_DATA on. Written is always the older one, so that whoever is killed while
 * writing leaves the other one whole; the checksum tells which. `seq` of both is what readers look
 * at to see whether something changed. Numbers are those of the machine; `order` tells a file from
 * a machine of the other kind.
 *
 * load touches nothing but the bytes it is given. A header is believed only after load: every layer
 * lies within the file then.
 */
#ifndef ASSAY_BLOOM_TABLE_H
#define ASSAY_BLOOM_TABLE_H

#include <assay/types.h>

#define ASSAY_TABLE_SLOT ((uint64_t)32768)
#define ASSAY_TABLE_DATA (2 * ASSAY_TABLE_SLOT)
#define ASSAY_TABLE_LAYERS 400u
#define ASSAY_TABLE_FIELD 64u
#define ASSAY_TABLE_SEED 16u
#define ASSAY_TABLE_VERSION 1u

enum assay_table_flag {
	ASSAY_TABLE_CLOSED = 1 /* came from another file: nothing is added */
};

/* One array of bits. */
struct assay_table_layer {
	uint64_t offset, bits;
	uint64_t keys;     /* in it, about */
	uint64_t capacity; /* so many it may get */
	int64_t begun_ms;
	uint32_t hashes;
	uint32_t month; /* 202609, or 0: any */
	uint32_t share; /* which part of the rate is its own */
	uint32_t flags; /* of enum assay_table_flag */
	unsigned char seed[ASSAY_TABLE_SEED];
};

struct assay_table {
	char magic[8];
	uint32_t version, order;
	uint64_t seq;
	uint64_t sum; /* over all of it that is used, with 0 here */
	char field[ASSAY_TABLE_FIELD];
	uint64_t rate; /* asked for, in ASSAY_TABLE_RATE */
	uint64_t size; /* planned number of values */
	uint32_t monthly;
	uint32_t layers;
	int64_t made_ms, saved_ms;
	struct assay_table_layer layer[ASSAY_TABLE_LAYERS];
};

#define ASSAY_TABLE_RATE 1e12

void assay_table_init(struct assay_table *table, const char *field);
/* The newer of the two headers at `slots` (ASSAY_TABLE_DATA bytes) of a file of so many bytes.
 * E_SYNTAX: it is no such file, or damaged; E_UNSUP: of a newer version, or another machine. */
ASSAY_MUST_CHECK enum assay_status assay_table_load(
    struct assay_table *table, const void *slots, uint64_t file_bytes, struct assay_err *err);
/* Counts seq up and writes over the older one. */
void assay_table_save(struct assay_table *table, void *slots);
/* Of the newer slot, believed or not. */
uint64_t assay_table_seq(const void *slots);
/* Both slots with this header, for a new file. */
void assay_table_fill(struct assay_table *table, void *slots);

#endif
