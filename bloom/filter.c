/*
 * bloom/filter.c - see filter.h: making, opening, mapping, asking
 *
 * The mapping is larger than the file (ROOM): what the file grows by within it is there without
 * another call. Beyond the end of the file nothing is touched, because a header is believed only
 * when all its layers lie within the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "bloom/filter_own.h"
#include "bloom/siphash.h"

#define ROOM ((uint64_t)256 << 20)
#define FILE_MODE 0640
#define DIR_MODE 0750
#define SHARES 1.6449340668482264 /* 1 + 1/4 + 1/9 + ... */

/* ---- making ---------------------------------------------------------------------------------- */

/* own_as - as root: what was made belongs to whoever the directory above it belongs to */
static void own_as(int fd, const char *above)
{
	struct stat st;

	if (geteuid() == 0 && stat(above, &st) == 0 && st.st_uid != 0)
		(void)!fchown(fd, st.st_uid, st.st_gid);
}

/* above - the directory that holds it; free it */
static char *above(const char *path)
{
	char *dir = assay_xstrdup(path), *slash = strrchr(dir, '/');

	if (slash == NULL)
		memcpy(dir, ".", path[0] != '\0' ? 2 : 1);
	else
		slash[slash == dir] = '\0';
	return dir;
}

/* make_dir - the directory of the file, and those above */
static enum assay_status make_dir(const char *path, struct assay_err *err)
{
	char *dir = above(path), *higher = above(dir);
	enum assay_status status = ASSAY_OK;
	int fd = -1;

	if (access(dir, F_OK) != 0) {
		status = assay_io_open_dir(dir, DIR_MODE, &fd, err);
		if (status == ASSAY_OK)
			own_as(fd, higher);
	}
	assay_io_close(&fd);
	free(higher);
	free(dir);
	return status;
}

/* write_new - the empty file under another name; root gives it away */
static enum assay_status write_new(const char *path, const char *name,
    const struct assay_filter_options *options, struct assay_err *err)
{
	char *slots = assay_xcalloc(1, ASSAY_TABLE_DATA), *dir = above(path);
	struct assay_table *table = assay_xcalloc(1, sizeof *table);
	enum assay_status status = ASSAY_OK;
	int fd;

	assay_table_init(table, options->field);
	table->rate = (uint64_t)(options->rate * ASSAY_TABLE_RATE + 0.5);
	table->size = options->size;
	table->monthly = options->monthly;
	table->made_ms = table->saved_ms = assay_clock_wall_ms();
	assay_table_fill(table, slots);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0)
		status = assay_io_fail(err, "cannot make", name);
	if (status == ASSAY_OK)
		status = assay_io_write_full(fd, slots, ASSAY_TABLE_DATA, err);
	if (status == ASSAY_OK)
		own_as(fd, dir);
	if (status == ASSAY_OK && fsync(fd) != 0)
		status = assay_io_fail(err, "cannot sync", name);
	assay_io_close(&fd);
	free(table);
	free(dir);
	free(slots);
	return status;
}

/* assay_filter_make - whole or not at all: never in the place of one that came meanwhile */
enum assay_status assay_filter_make(
    const char *path, const struct assay_filter_options *options, struct assay_err *err)
{
	enum assay_status status;
	struct stat st;
	char *name;
	size_t room;

	if (stat(path, &st) == 0)
		return ASSAY_OK;
	status = make_dir(path, err);
	if (status != ASSAY_OK)
		return status;
	room = strlen(path) + 32;
	name = assay_xmalloc(room);
	(void)snprintf(name, room, "%s.%ld.tmp", path, (long)getpid());
	status = write_new(path, name, options, err);
	if (status == ASSAY_OK && link(name, path) != 0 && errno != EEXIST)
		status = assay_io_fail(err, "cannot make", path);
	(void)unlink(name);
	free(name);
	return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* assay_filter_map - see filter_own.h */
enum assay_status assay_filter_map(struct assay_filter *filter, struct assay_err *err)
{
	const int how = filter->writer ? PROT_READ | PROT_WRITE : PROT_READ;
	const off_t size = assay_io_size(filter->fd);
	uint64_t want;
	void *map;

	if (size < 0)
		return assay_io_fail(err, "cannot read", filter->path);
	filter->bytes = (uint64_t)size;
	if (filter->bytes < ASSAY_TABLE_DATA)
		return assay_err_set(err, ASSAY_E_SYNTAX,
		    "%s is no filter, or was cut off: move it away and make it again with "
		    "`assay seen --rebuild`",
		    filter->path);
	if (filter->bytes <= filter->mapped)
		return ASSAY_OK;
	want = (filter->bytes + ROOM) & ~(uint64_t)4095;
	map = mmap(NULL, want, how, MAP_SHARED, filter->fd, 0);
	if (map == MAP_FAILED)
		return assay_io_fail(err, "cannot map", filter->path);
	(void)madvise(map, want, MADV_RANDOM);
	if (filter->map != NULL)
		(void)munmap(filter->map, filter->mapped);
	filter->map = map;
	filter->mapped = want;
	return ASSAY_OK;
}

/* check_kind - is it the one that is meant? */
static enum assay_status check_kind(const struct assay_filter *filter, struct assay_err *err)
{
	const struct assay_filter_options *o = &filter->options;
	const struct assay_table *t = &filter->table;
	const double rate = (double)t->rate / ASSAY_TABLE_RATE;

	if (filter->any)
		return ASSAY_OK;
	if (strcmp(t->field, filter->field) != 0)
		return assay_err_set(err, ASSAY_E_SYNTAX,
		    "%s is a filter of \"%s\", not of \"%s\": move it away", filter->path, t->field,
		    filter->field);
	if (fabs(rate - o->rate) > 1e-9)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s was made for bloom_fp_rate = %g, the configuration says %g: put it back, "
		    "or "
		    "make the filter again with `assay seen --rebuild`",
		    filter->path, rate, o->rate);
	if ((t->monthly != 0) != o->monthly)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s was made %s months, the configuration says otherwise (bloom_months): put "
		    "it "
		    "back, or make the filter again with `assay seen --rebuild`",
		    filter->path, t->monthly != 0 ? "with" : "without");
	return ASSAY_OK;
}

/* assay_filter_reread - see filter_own.h */
enum assay_status assay_filter_reread(struct assay_filter *filter, struct assay_err *err)
{
	struct assay_table *table;
	enum assay_status status = assay_filter_map(filter, err);

	if (status != ASSAY_OK)
		return status;
	table = assay_xcalloc(1, sizeof *table);
	status = assay_table_load(table, filter->map, filter->bytes, err);
	if (status == ASSAY_OK) {
		filter->table = *table;
		filter->seq = table->seq;
		status = check_kind(filter, err);
	} else if (err != NULL) {
		struct assay_err why = *err;

		(void)assay_err_set(err, status,
		    "%s %s: move it away and make it again with `assay seen --rebuild`",
		    filter->path, why.text);
	}
	free(table);
	return status;
}

/* assay_filter_attach - see filter_own.h */
enum assay_status assay_filter_attach(struct assay_filter *filter, struct assay_err *err)
{
	const int flags = (filter->writer ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;

	filter->fd = open(filter->path, flags);
	if (filter->fd < 0)
		return assay_io_fail(err, "cannot open", filter->path);
	if (fstat(filter->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "%s is no file: move it away", filter->path);
	return assay_filter_reread(filter, err);
}

/* assay_filter_detach - see filter_own.h */
void assay_filter_detach(struct assay_filter *filter)
{
	if (filter->map != NULL)
		(void)munmap(filter->map, filter->mapped);
	filter->map = NULL;
	filter->mapped = 0;
	assay_io_close(&filter->fd);
}

/* assay_filter_open - see filter.h */
enum assay_status assay_filter_open(const char *path, const struct assay_filter_options *options,
    enum assay_filter_mode mode, struct assay_filter **filter, struct assay_err *err)
{
	struct assay_filter *f;
	enum assay_status status = assay_bits_check(err);

	*filter = NULL;
	if (status != ASSAY_OK)
		return status;
	f = assay_xcalloc(1, sizeof *f);
	f->path = assay_xstrdup(path);
	f->fd = -1;
	f->writer = mode == ASSAY_FILTER_WRITE;
	f->any = options == NULL;
	if (options != NULL) {
		f->options = *options;
		(void)snprintf(f->field, sizeof f->field, "%s", options->field);
		f->options.field = f->field;
	}
	status = assay_filter_attach(f, err);
	if (status != ASSAY_OK)
		assay_filter_close(&f);
	*filter = f;
	return status;
}

/* assay_filter_close - see filter.h */
void assay_filter_close(struct assay_filter **filter)
{
	if (*filter == NULL)
		return;
	if ((*filter)->locked)
		assay_filter_unlock(*filter);
	assay_filter_detach(*filter);
	free((*filter)->path);
	free(*filter);
	*filter = NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* assay_filter_bits - see filter_own.h */
struct assay_bits assay_filter_bits(const struct assay_filter *filter, uint32_t i)
{
	const struct assay_table_layer *l = &filter->table.layer[i];

	return (struct assay_bits){ filter->map + l->offset, l->bits, l->hashes };
}

/* assay_filter_ask - see filter.h */
struct assay_filter_answer assay_filter_ask(struct assay_filter *filter, struct assay_slice value)
{
	struct assay_filter_answer answer = { false, 0 };
	unsigned char key[ASSAY_SIPHASH_BYTES];

	/* A header that is just being written is not whole yet: the next question finds it. */
	if (!filter->locked && assay_table_seq(filter->map) != filter->seq)
		(void)!assay_filter_reread(filter, NULL);
	for (uint32_t i = filter->table.layers; i-- > 0;) {
		const struct assay_table_layer *l = &filter->table.layer[i];
		const struct assay_bits bits = assay_filter_bits(filter, i);

		if (answer.seen && l->month <= answer.month)
			continue;
		assay_siphash(l->seed, value, key);
		if (!assay_bits_has(&bits, key))
			continue;
		answer.seen = true;
		answer.month = l->month;
	}
	return answer;
}

/* ---- what there is --------------------------------------------------------------------------- */

/* assay_filter_share - see filter_own.h */
double assay_filter_share(const struct assay_filter *filter, uint32_t share)
{
	const double nth = (double)share + 1;

	return (double)filter->table.rate / ASSAY_TABLE_RATE / SHARES / (nth * nth);
}

/* assay_filter_stats - see filter.h */
void assay_filter_stats(struct assay_filter *filter, struct assay_filter_stats *stats)
{
	const struct assay_table *t = &filter->table;
	double none = 1;

	if (!filter->locked)
		(void)!assay_filter_reread(filter, NULL);
	*stats = (struct assay_filter_stats){ .size = t->size,
		.bytes = filter->bytes,
		.layers = t->layers,
		.rate = (double)t->rate / ASSAY_TABLE_RATE,
		.made_ms = t->made_ms,
		.saved_ms = t->saved_ms };
	for (uint32_t i = 0; i < t->layers; i++) {
		const struct assay_table_layer *l = &t->layer[i];

		stats->keys += l->keys;
		none *= 1 - assay_bits_rate(l->bits, l->hashes, l->keys);
		if (l->month > stats->last_month)
			stats->last_month = l->month;
		if (l->month > 0 && (stats->first_month == 0 || l->month < stats->first_month))
			stats->first_month = l->month;
	}
	stats->rate_now = 1 - none;
}
