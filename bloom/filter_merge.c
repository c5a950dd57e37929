/*
 * bloom/filter_merge.c - see filter.h: two files into one, and one into another place
 *
 * Where both have grown out of the same file (an export) their layers have the same secret and are
 * joined bit by bit. What only the other one has is copied and stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "bloom/filter_own.h"

/* find_same - our layer with the same secret and shape; NULL */
static struct assay_table_layer *find_same(
    struct assay_table *t, const struct assay_table_layer *l, uint32_t *at)
{
	for (*at = 0; *at < t->layers; ++*at) {
		struct assay_table_layer *ours = &t->layer[*at];

		if (ours->bits == l->bits && ours->hashes == l->hashes && ours->month == l->month &&
		    memcmp(ours->seed, l->seed, sizeof l->seed) == 0)
			return ours;
	}
	return NULL;
}

/* join - all bits of theirs into ours */
static void join(const struct assay_bits *ours, const struct assay_bits *theirs)
{
	for (uint64_t at = 0; at < ours->bits / 8; at++)
		if ((theirs->p[at] & ~ours->p[at]) != 0)
			ours->p[at] |= theirs->p[at];
}

/* take_layer - one of theirs that we do not have */
static enum assay_status take_layer(struct assay_filter *filter,
    const struct assay_table_layer *theirs, struct assay_bits from, struct assay_err *err)
{
	struct assay_table_layer *layer;
	struct assay_bits bits;
	enum assay_status status = assay_filter_layer(filter, theirs->bits, &layer, err);

	if (status != ASSAY_OK)
		return status;
	layer->hashes = theirs->hashes;
	layer->month = theirs->month;
	layer->keys = theirs->keys;
	layer->capacity = theirs->capacity;
	layer->begun_ms = theirs->begun_ms;
	layer->flags = ASSAY_TABLE_CLOSED;
	memcpy(layer->seed, theirs->seed, sizeof layer->seed);
	bits = assay_filter_bits(filter, filter->table.layers - 1);
	memcpy(bits.p, from.p, theirs->bits / 8);
	filter->dirty = filter->changed = true;
	return ASSAY_OK;
}

/* assay_filter_merge - see filter.h */
enum assay_status assay_filter_merge(
    struct assay_filter *filter, struct assay_filter *from, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	uint32_t at;

	if (!filter->locked)
		ASSAY_BUG("%s: merged into without its lock", filter->path);
	if (strcmp(filter->table.field, from->table.field) != 0)
		return assay_err_set(err, ASSAY_E_USAGE, "%s is a filter of \"%s\", not of \"%s\"",
		    from->path, from->table.field, filter->table.field);
	if (filter->table.monthly != from->table.monthly)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s and %s: one knows months and the other does not (bloom_months)",
		    filter->path, from->path);
	for (uint32_t i = 0; i < from->table.layers && status == ASSAY_OK; i++) {
		const struct assay_table_layer *theirs = &from->table.layer[i];
		const struct assay_bits bits = assay_filter_bits(from, i);
		struct assay_table_layer *ours = find_same(&filter->table, theirs, &at);

		if (ours == NULL) {
			status = take_layer(filter, theirs, bits, err);
		} else {
			const struct assay_bits mine = assay_filter_bits(filter, at);

			join(&mine, &bits);
			ours->keys =
			    assay_bits_keys(mine.bits, mine.hashes, assay_bits_count(&mine));
			filter->dirty = filter->changed = true;
		}
	}
	if (status != ASSAY_OK)
		return status;
	return filter->changed ? assay_filter_publish(filter, err) : ASSAY_OK;
}

/* write_copy - the header, then each layer where it says */
static enum assay_status write_copy(struct assay_filter *filter, int fd, struct assay_err *err)
{
	struct assay_table *t = assay_xcalloc(1, sizeof *t);
	char *slots = assay_xcalloc(1, ASSAY_TABLE_DATA);
	uint64_t at = ASSAY_TABLE_DATA;
	enum assay_status status;

	*t = filter->table;
	for (uint32_t i = 0; i < t->layers; i++) {
		t->layer[i].offset = at;
		at += t->layer[i].bits / 8;
	}
	assay_table_fill(t, slots);
	status = assay_io_write_full(fd, slots, ASSAY_TABLE_DATA, err);
	for (uint32_t i = 0; i < t->layers && status == ASSAY_OK; i++) {
		const struct assay_bits bits = assay_filter_bits(filter, i);

		status = assay_io_write_full(fd, bits.p, bits.bits / 8, err);
	}
	free(slots);
	free(t);
	return status;
}

/* assay_filter_export - see filter.h */
enum assay_status assay_filter_export(
    struct assay_filter *filter, const char *path, struct assay_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	enum assay_status status;

	if (fd < 0 && errno == EEXIST)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "%s is there already: name a new file", path);
	if (fd < 0)
		return assay_io_fail(err, "cannot make", path);
	status = write_copy(filter, fd, err);
	if (status == ASSAY_OK && fsync(fd) != 0)
		status = assay_io_fail(err, "cannot sync", path);
	if (status != ASSAY_OK) {
		assay_err_prefix(err, "%s", path);
		(void)unlink(path);
	}
	assay_io_close(&fd);
	return status;
}
