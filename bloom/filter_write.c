/*
 * bloom/filter_write.c - see filter.h: the lock, adding, growing, forgetting months
 *
 * The order of things is what a crash leaves whole: a new layer has its place on the disk before
 * the header names it, and the header is on the disk before the first of its bits is set; a layer
 * that is forgotten is out of the header before its place is given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "bloom/filter_own.h"
#include "bloom/siphash.h"

#define TRY_NS 5000000
#define MONTH_PART 12 /* of the planned values, in the first month */
#define ENTRIES_LEAST 1000
#define ZEROS ((size_t)1 << 20)

/* ---- the lock -------------------------------------------------------------------------------- */

/* wait_for_lock - until it is ours */
static enum assay_status wait_for_lock(struct assay_filter *filter, struct assay_err *err)
{
	const int64_t until = assay_clock_mono_ms() + ASSAY_FILTER_WAIT_MS;
	const struct timespec pause = { 0, TRY_NS };

	while (flock(filter->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return assay_io_fail(err, "cannot lock", filter->path);
		if (assay_clock_mono_ms() >= until)
			return assay_err_set(err, ASSAY_E_TIMEOUT,
			    "%s: another process has been writing to it for %d s; try again later",
			    filter->path, ASSAY_FILTER_WAIT_MS / 1000);
		(void)nanosleep(&pause, NULL);
	}
	return ASSAY_OK;
}

/* is_current - is what we have open still what the name means? */
static bool is_current(const struct assay_filter *filter)
{
	struct stat named, ours;

	return stat(filter->path, &named) == 0 && fstat(filter->fd, &ours) == 0 &&
	    named.st_dev == ours.st_dev && named.st_ino == ours.st_ino;
}

/* month_of - 202609 */
static unsigned month_of(int64_t wall_ms)
{
	char text[ASSAY_TIME_TEXT];
	unsigned month = 0;

	assay_clock_format(wall_ms, text);
	for (unsigned i = 0; i < 7; i++)
		if (assay_ascii_is_digit(text[i]))
			month = month * 10 + (unsigned)(text[i] - '0');
	return month;
}

/* months - since the year 0 */
static unsigned months(unsigned month)
{
	return month / 100 * 12 + month % 100;
}

/* is_old - shall a month be forgotten? */
static bool is_old(const struct assay_filter *filter, unsigned month, unsigned now)
{
	const unsigned keep = filter->options.keep_months;

	return month > 0 && keep > 0 && months(month) + keep < months(now);
}

/* forget - months that are too old; their place becomes free */
static enum assay_status forget(struct assay_filter *filter, struct assay_err *err)
{
	const unsigned now = month_of(assay_clock_wall_ms());
	struct assay_table *t = &filter->table;
	struct assay_table_layer *gone;
	enum assay_status status;
	uint32_t n = 0, kept = 0;

	if (t->monthly == 0 || filter->options.keep_months == 0)
		return ASSAY_OK;
	gone = assay_xcalloc(t->layers + 1, sizeof *gone);
	for (uint32_t i = 0; i < t->layers; i++)
		if (is_old(filter, t->layer[i].month, now))
			gone[n++] = t->layer[i];
		else
			t->layer[kept++] = t->layer[i];
	t->layers = kept;
	status = n > 0 ? assay_filter_publish(filter, err) : ASSAY_OK;
	for (uint32_t i = 0; i < n && status == ASSAY_OK; i++)
		(void)fallocate(filter->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)gone[i].offset, (off_t)(gone[i].bits / 8));
	free(gone);
	return status;
}

/* assay_filter_lock - see filter.h */
enum assay_status assay_filter_lock(struct assay_filter *filter, struct assay_err *err)
{
	enum assay_status status;

	if (!filter->writer || filter->locked)
		ASSAY_BUG("%s: locked by a reader, or twice", filter->path);
	status = filter->fd >= 0 ? wait_for_lock(filter, err) : ASSAY_OK;
	for (int tries = 0; status == ASSAY_OK && !is_current(filter); tries++) {
		if (tries == 3)
			return assay_err_set(err, ASSAY_E_IO,
			    "%s is replaced again and again, or gone: look who does that",
			    filter->path);
		assay_filter_detach(filter);
		status = assay_filter_attach(filter, err);
		if (status == ASSAY_OK)
			status = wait_for_lock(filter, err);
	}
	if (status == ASSAY_OK && assay_table_seq(filter->map) != filter->seq)
		status = assay_filter_reread(filter, err);
	if (status == ASSAY_OK)
		status = forget(filter, err);
	filter->locked = status == ASSAY_OK;
	if (!filter->locked && filter->fd >= 0)
		(void)flock(filter->fd, LOCK_UN);
	return status;
}

/* save - the table into the mapping */
static void save(struct assay_filter *filter)
{
	filter->table.saved_ms = assay_clock_wall_ms();
	assay_table_save(&filter->table, filter->map);
	filter->seq = filter->table.seq;
	filter->changed = false;
	filter->dirty = true;
}

/* assay_filter_unlock - see filter.h */
void assay_filter_unlock(struct assay_filter *filter)
{
	if (filter->changed)
		save(filter);
	(void)flock(filter->fd, LOCK_UN);
	filter->locked = false;
}

/* assay_filter_sync - see filter.h */
enum assay_status assay_filter_sync(struct assay_filter *filter, struct assay_err *err)
{
	if (!filter->dirty || filter->fd < 0)
		return ASSAY_OK;
	if (fdatasync(filter->fd) != 0)
		return assay_io_fail(err, "cannot sync", filter->path);
	filter->dirty = false;
	return ASSAY_OK;
}

/* assay_filter_publish - see filter_own.h */
enum assay_status assay_filter_publish(struct assay_filter *filter, struct assay_err *err)
{
	save(filter);
	return assay_filter_sync(filter, err);
}

/* ---- growing --------------------------------------------------------------------------------- */

/* overlaps - does a layer lie in [at, at + n)? The end of the one that does */
static uint64_t overlaps(const struct assay_table *t, uint64_t at, uint64_t n)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < t->layers; i++) {
		const struct assay_table_layer *l = &t->layer[i];

		if (l->offset < at + n && at < l->offset + l->bits / 8 &&
		    l->offset + l->bits / 8 > end)
			end = l->offset + l->bits / 8;
	}
	return end;
}

/* place - the first gap of n bytes; the end at the latest */
static uint64_t place(const struct assay_table *t, uint64_t n)
{
	uint64_t at = ASSAY_TABLE_DATA, end;

	while ((end = overlaps(t, at, n)) > 0)
		at = end;
	return at;
}

/* write_zeros - where no hole can be made */
static enum assay_status write_zeros(
    struct assay_filter *filter, uint64_t at, uint64_t n, struct assay_err *err)
{
	char *zeros = assay_xcalloc(1, ZEROS);
	enum assay_status status = ASSAY_OK;

	while (n > 0 && status == ASSAY_OK) {
		const size_t part = n < ZEROS ? (size_t)n : ZEROS;
		const ssize_t wrote = pwrite(filter->fd, zeros, part, (off_t)at);

		if (wrote <= 0 && errno != EINTR)
			status = assay_io_fail(err, "cannot write to", filter->path);
		at += wrote > 0 ? (uint64_t)wrote : 0;
		n -= wrote > 0 ? (uint64_t)wrote : 0;
	}
	free(zeros);
	return status;
}

/* reserve - n bytes of 0 at `at`, with their place on the disk: a disk that is full is found now
 * and not by a signal when a bit is set */
static enum assay_status reserve(
    struct assay_filter *filter, uint64_t at, uint64_t n, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	if (at < filter->bytes &&
	    fallocate(
		filter->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)n) != 0)
		status = write_zeros(filter, at, n, err);
	if (status == ASSAY_OK) {
		errno = posix_fallocate(filter->fd, (off_t)at, (off_t)n);
		if (errno != 0)
			status = assay_io_fail(err, "no room to grow:", filter->path);
	}
	if (status == ASSAY_OK && fsync(filter->fd) != 0)
		status = assay_io_fail(err, "cannot sync", filter->path);
	return status == ASSAY_OK ? assay_filter_map(filter, err) : status;
}

/* free_share - the smallest that no layer has */
static uint32_t free_share(const struct assay_table *t)
{
	for (uint32_t share = 0;; share++) {
		uint32_t i = 0;

		while (i < t->layers && t->layer[i].share != share)
			i++;
		if (i == t->layers)
			return share;
	}
}

/* assay_filter_layer - see filter_own.h */
enum assay_status assay_filter_layer(struct assay_filter *filter, uint64_t bits,
    struct assay_table_layer **layer, struct assay_err *err)
{
	struct assay_table *t = &filter->table;
	const uint64_t at = place(t, bits / 8);
	enum assay_status status;

	if (t->layers == ASSAY_TABLE_LAYERS)
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "%s has %u layers: make it again with `assay seen --rebuild` and a larger "
		    "bloom_size",
		    filter->path, t->layers);
	status = reserve(filter, at, bits / 8, err);
	if (status != ASSAY_OK)
		return status;
	*layer = &t->layer[t->layers];
	**layer = (struct assay_table_layer){ .offset = at,
		.bits = bits,
		.share = free_share(t),
		.begun_ms = assay_clock_wall_ms() };
	t->layers++;
	return ASSAY_OK;
}

/* first_bits - of a month's (or the file's) first layer */
static uint64_t first_bits(const struct assay_filter *filter)
{
	const struct assay_table *t = &filter->table;
	uint64_t entries = filter->options.size > 0 ? filter->options.size : t->size, month = 0;
	unsigned newest = 0;

	if (t->monthly != 0)
		entries /= MONTH_PART;
	for (uint32_t i = 0; i < t->layers; i++)
		if (t->layer[i].month > newest)
			newest = t->layer[i].month;
	for (uint32_t i = 0; i < t->layers; i++)
		if (newest > 0 && t->layer[i].month == newest)
			month += t->layer[i].keys;
	/* A month that is over says more than a plan. */
	if (month > ENTRIES_LEAST)
		entries = month + month / 4;
	if (entries < ENTRIES_LEAST)
		entries = ENTRIES_LEAST;
	return assay_bits_for(entries, assay_filter_share(filter, free_share(t)));
}

/* grow - one more layer for this month (0: any); `full` is the one that is, or NULL */
static enum assay_status grow(struct assay_filter *filter, unsigned month,
    const struct assay_table_layer *full, struct assay_err *err)
{
	uint64_t bits = full != NULL ? full->bits * 2 : first_bits(filter);
	struct assay_table_layer *layer;
	enum assay_status status;

	if (bits > ASSAY_BITS_MOST)
		bits = ASSAY_BITS_MOST;
	status = assay_filter_layer(filter, bits, &layer, err);
	if (status != ASSAY_OK)
		return status;
	layer->month = month;
	assay_bits_plan(
	    bits, assay_filter_share(filter, layer->share), &layer->hashes, &layer->capacity);
	if (getrandom(layer->seed, sizeof layer->seed, 0) != (ssize_t)sizeof layer->seed) {
		filter->table.layers--;
		return assay_io_fail(err, "no random bytes for", filter->path);
	}
	return assay_filter_publish(filter, err);
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* open_layer - the newest of this month that takes keys, full or not; its number, or `layers` */
static uint32_t open_layer(const struct assay_table *t, unsigned month)
{
	for (uint32_t i = t->layers; i-- > 0;)
		if (t->layer[i].month == month && (t->layer[i].flags & ASSAY_TABLE_CLOSED) == 0)
			return i;
	return t->layers;
}

/* has_in - is it in a layer of this month already? */
static bool has_in(const struct assay_filter *filter, unsigned month, struct assay_slice value)
{
	unsigned char key[ASSAY_SIPHASH_BYTES];

	for (uint32_t i = filter->table.layers; i-- > 0;) {
		const struct assay_bits bits = assay_filter_bits(filter, i);

		if (filter->table.layer[i].month != month)
			continue;
		assay_siphash(filter->table.layer[i].seed, value, key);
		if (assay_bits_has(&bits, key))
			return true;
	}
	return false;
}

/* room_for - the layer that takes the next key of this month */
static enum assay_status room_for(
    struct assay_filter *filter, unsigned month, uint32_t *layer, struct assay_err *err)
{
	struct assay_table *t = &filter->table;
	const uint32_t last = open_layer(t, month);
	enum assay_status status;

	*layer = last;
	if (last < t->layers && t->layer[last].keys < t->layer[last].capacity)
		return ASSAY_OK;
	/* With a full table the rate grows, and nothing is forgotten. */
	if (t->layers == ASSAY_TABLE_LAYERS && last < t->layers)
		return ASSAY_OK;
	status = grow(filter, month, last < t->layers ? &t->layer[last] : NULL, err);
	*layer = t->layers - 1;
	return status;
}

/* assay_filter_add - see filter.h */
enum assay_status assay_filter_add(struct assay_filter *filter, struct assay_slice value,
    int64_t when_ms, bool *isnew, struct assay_err *err)
{
	const unsigned now = month_of(assay_clock_wall_ms());
	unsigned month = filter->table.monthly != 0 ? month_of(when_ms) : 0;
	unsigned char key[ASSAY_SIPHASH_BYTES];
	enum assay_status status;
	struct assay_bits bits;
	uint32_t layer;

	if (!filter->locked)
		ASSAY_BUG("%s: added to without its lock", filter->path);
	if (month > now)
		month = now;
	if (isnew != NULL)
		*isnew = !assay_filter_ask(filter, value).seen;
	if (is_old(filter, month, now) || has_in(filter, month, value))
		return ASSAY_OK;
	status = room_for(filter, month, &layer, err);
	if (status != ASSAY_OK)
		return status;
	bits = assay_filter_bits(filter, layer);
	assay_siphash(filter->table.layer[layer].seed, value, key);
	if (assay_bits_add(&bits, key)) {
		filter->table.layer[layer].keys++;
		filter->changed = filter->dirty = true;
	}
	return ASSAY_OK;
}
