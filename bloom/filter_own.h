/*
 * bloom/filter_own.h - the inside of a filter, for its own files
 *
 * filter.c opens, maps and asks; filter_write.c locks, adds and grows; filter_merge.c joins and
 * copies. What is in `table` was checked when it was read.
 */
#ifndef ASSAY_BLOOM_FILTER_OWN_H
#define ASSAY_BLOOM_FILTER_OWN_H

#include "bloom/bits.h"
#include "bloom/filter.h"
#include "bloom/table.h"

struct assay_filter {
	char *path;
	int fd;
	bool writer, locked;
	bool changed; /* table: not written yet */
	bool dirty;   /* added since the last sync */
	bool any;     /* opened without options */
	struct assay_filter_options options;
	char field[ASSAY_FILTER_FIELD + 1];
	unsigned char *map;
	uint64_t mapped, bytes; /* of the address space, of the file when last looked at */
	uint64_t seq;           /* of `table` */
	struct assay_table table;
};

/* Opens the file of that name and reads its header. */
enum assay_status assay_filter_attach(struct assay_filter *filter, struct assay_err *err);
void assay_filter_detach(struct assay_filter *filter);
/* The header anew, when it is another one. */
enum assay_status assay_filter_reread(struct assay_filter *filter, struct assay_err *err);
/* Maps all of the file, when it has grown out of the mapping. */
enum assay_status assay_filter_map(struct assay_filter *filter, struct assay_err *err);
/* The bits of layer i. */
struct assay_bits assay_filter_bits(const struct assay_filter *filter, uint32_t i);
/* A fresh layer of so many bits, its bits 0, in the table; nobody sees it before assay_table_save.
 * Its other members are the caller's to set. E_LIMIT: the table is full. */
enum assay_status assay_filter_layer(struct assay_filter *filter, uint64_t bits,
    struct assay_table_layer **layer, struct assay_err *err);
/* The table as it is, for everybody to see, on the disk. */
enum assay_status assay_filter_publish(struct assay_filter *filter, struct assay_err *err);
/* The rate that is the share's own. */
double assay_filter_share(const struct assay_filter *filter, uint32_t share);

#endif
