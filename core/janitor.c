/*
 * core/janitor.c - see janitor.h. Touches VAR/spool and VAR/queue, and its page of the scoreboard.
 * What it cannot do it says, once, and tries again the next time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/janitor.h"
#include "core/queue.h"
#include "core/spool.h"

#define SLOT 2u /* core/board.h */
#define LOOK_MS 1000
#define SWEEP_MS 10000
#define LEFT_MS 60000 /* age of what is swept */
#define TELL_MS 60000 /* between two lines about the same queue */
#define BATCH 4096u   /* files looked at to be dropped, per step */
/* Of the time measuring takes, at most this part is spent on it. */
#define SHARE 20

struct ward {
	char *name;
	uint64_t max; /* 0: no bound, it is not configured */
	bool hold, full;
	struct assay_queue *queue;
	struct assay_board_queue *row, own; /* own: where there is no room on the page */
	int64_t due_ms, told_ms;
	uint64_t dropped; /* files, not told yet */
};

struct assay_janitor {
	char *var;
	uint64_t min_free;
	struct assay_board_slot *page, *own; /* own: where there is no board */
	struct assay_spool *spool;
	struct ward *ward;
	size_t n;
	int64_t sweep_ms;
	bool failing; /* and told */
};

/* assay_janitor_hold - see janitor.h */
const char *assay_janitor_hold(const struct assay_board *board)
{
	static char text[120];
	struct assay_board_slot page;

	if (!assay_board_read(board, SLOT, &page) || page.kind != ASSAY_BOARD_JANITOR ||
	    page.pid == 0 || assay_clock_mono_ms() - page.beat_ms > ASSAY_JANITOR_STALE_MS)
		return NULL;
	if (page.disk_low)
		return "less than spool_min_free is left on the disk; make room";
	for (unsigned i = 0; i < ASSAY_BOARD_QUEUES; i++) {
		if (!page.of.queue[i].full)
			continue;
		(void)snprintf(text, sizeof text,
		    "queue %s is full (queue_max, when_full = hold_mail); see assay queue list",
		    page.of.queue[i].name);
		return text;
	}
	return NULL;
}

/* ---- begin and end -----------------------------------------------------------------------------
 */

/* find - a queue we have already */
static bool find(const struct assay_janitor *j, const char *name)
{
	for (size_t i = 0; i < j->n; i++)
		if (strcmp(j->ward[i].name, name) == 0)
			return true;
	return false;
}

/* add - one more queue */
static enum assay_status add(
    struct assay_janitor *j, const struct assay_janitor_queue *queue, struct assay_err *err)
{
	struct ward *ward;

	if (find(j, queue->name))
		return ASSAY_OK;
	j->ward = assay_xrealloc(j->ward, (j->n + 1) * sizeof *j->ward);
	ward = &j->ward[j->n++];
	*ward = (struct ward){
		.name = assay_xstrdup(queue->name), .max = queue->max, .hold = queue->hold
	};
	return assay_queue_open(j->var, queue->name, &ward->queue, err);
}

/* add_others - those nobody fills any more */
static enum assay_status add_others(struct assay_janitor *j, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const char *const *name;
	enum assay_status st = assay_queue_names(j->var, arena, &name, err);

	for (; st == ASSAY_OK && *name != NULL; name++)
		st = add(j, &(struct assay_janitor_queue){ .name = *name }, err);
	assay_arena_free(&arena);
	return st;
}

/* dropped_before - by the janitor before us, in the queue of that name */
static uint64_t dropped_before(const struct assay_board_queue *rows, const char *name)
{
	if (name[0] == '\0')
		return 0;
	for (size_t i = 0; i < ASSAY_BOARD_QUEUES; i++)
		if (strncmp(rows[i].name, name, sizeof rows[i].name - 1) == 0)
			return rows[i].dropped;
	return 0;
}

/* set_rows - of our queues, in their order and without holes; what was dropped stays counted */
static void set_rows(struct assay_janitor *j)
{
	struct assay_board_queue *rows = j->page->of.queue, before[ASSAY_BOARD_QUEUES];

	memcpy(before, rows, sizeof before);
	for (size_t i = 0; i < ASSAY_BOARD_QUEUES; i++) {
		const char *name = i < j->n ? j->ward[i].name : "";

		rows[i] = (struct assay_board_queue){ .dropped = dropped_before(before, name) };
		(void)snprintf(rows[i].name, sizeof rows[i].name, "%s", name);
	}
	for (size_t i = 0; i < j->n; i++)
		j->ward[i].row = i < ASSAY_BOARD_QUEUES ? &rows[i] : &j->ward[i].own;
}

/* assay_janitor_new - see janitor.h */
enum assay_status assay_janitor_new(const struct assay_janitor_options *options,
    struct assay_board_slot *page, struct assay_janitor **janitor, struct assay_err *err)
{
	const struct assay_spool_options spool = { .var = options->var };
	struct assay_janitor *j = assay_xcalloc(1, sizeof *j);
	enum assay_status st;

	j->var = assay_xstrdup(options->var);
	j->min_free = options->min_free;
	j->own = page == NULL ? assay_xcalloc(1, sizeof *j->own) : NULL;
	j->page = page != NULL ? page : j->own;
	st = assay_spool_open(&spool, &j->spool, err);
	for (size_t i = 0; i < options->n && st == ASSAY_OK; i++)
		st = add(j, &options->queue[i], err);
	if (st == ASSAY_OK)
		st = add_others(j, err);
	if (st == ASSAY_OK)
		set_rows(j);
	else
		assay_janitor_free(&j);
	*janitor = j;
	return st;
}

/* assay_janitor_free - accepts NULL, leaves NULL */
void assay_janitor_free(struct assay_janitor **janitor)
{
	struct assay_janitor *j = *janitor;

	if (j == NULL)
		return;
	for (size_t i = 0; i < j->n; i++) {
		assay_queue_close(&j->ward[i].queue);
		free(j->ward[i].name);
	}
	free(j->ward);
	assay_spool_close(&j->spool);
	free(j->own);
	free(j->var);
	free(j);
	*janitor = NULL;
}

/* ---- bounds ------------------------------------------------------------------------------------
 */

/* tell - that something was dropped, once a minute */
static void tell(struct ward *ward, int64_t now)
{
	if (ward->dropped == 0 || (ward->told_ms > 0 && now - ward->told_ms < TELL_MS))
		return;
	assay_log(ASSAY_LOG_WARNING,
	    "queue %s was over queue_max (%" PRIu64 " bytes): its %" PRIu64
	    " oldest files were dropped",
	    ward->name, ward->max, ward->dropped);
	ward->told_ms = now;
	ward->dropped = 0;
}

/* set_full - told when it begins and when it is over; it is over at nine tenths */
static void set_full(struct ward *ward, uint64_t bytes)
{
	const bool full = ward->max > 0 && ward->hold &&
	    bytes > (ward->full ? ward->max - ward->max / 10 : ward->max);

	if (full != ward->full)
		assay_log(full ? ASSAY_LOG_WARNING : ASSAY_LOG_INFO,
		    full ? "queue %s is full (%" PRIu64 " bytes): new mail is held"
			 : "queue %s has room again (%" PRIu64 " bytes)",
		    ward->name, bytes);
	ward->full = ward->row->full = full;
}

/* drop - the oldest files, then of what was put aside, until the bounds are kept */
static enum assay_status drop(
    struct ward *ward, struct assay_queue_size *size, struct assay_err *err)
{
	struct assay_queue_dropped dropped = { 0, 0 };
	enum assay_status st = ASSAY_OK;

	if (size->bytes > ward->max)
		st = assay_queue_trim(ward->queue, size->bytes - ward->max, BATCH, &dropped, err);
	size->bytes -= dropped.bytes < size->bytes ? dropped.bytes : size->bytes;
	size->files -= dropped.n < size->files ? dropped.n : size->files;
	ward->dropped += dropped.n;
	if (st == ASSAY_OK && size->poison_bytes > ward->max) {
		/* A tenth more: the list of it is dear. */
		st = assay_queue_trim_poison(
		    ward->queue, size->poison_bytes - ward->max + ward->max / 10, &dropped, err);
		size->poison -= dropped.n < size->poison ? dropped.n : size->poison;
		ward->dropped += dropped.n;
	}
	return st;
}

/* look - one queue */
static enum assay_status look(struct ward *ward, struct assay_err *err)
{
	const int64_t begun = assay_clock_mono_ms();
	const uint64_t before = ward->dropped;
	struct assay_queue_size size;
	enum assay_status st = assay_queue_measure(ward->queue, &size, err);
	int64_t took;

	if (st == ASSAY_OK && ward->max > 0 && !ward->hold)
		st = drop(ward, &size, err);
	took = assay_clock_mono_ms() - begun;
	ward->due_ms = begun + took + (took * SHARE > LOOK_MS ? took * SHARE : LOOK_MS);
	if (st != ASSAY_OK)
		return st;
	ward->row->files = size.files;
	ward->row->bytes = size.bytes;
	ward->row->poison = size.poison;
	ward->row->oldest_wall_ms = size.oldest_wall_ms;
	ward->row->dropped += ward->dropped - before;
	set_full(ward,
	    size.bytes > size.poison_bytes || ward->max == 0 ? size.bytes : size.poison_bytes);
	tell(ward, begun);
	return ASSAY_OK;
}

/* look_at_disk - how much is free; low until a tenth more than the bound is free */
static enum assay_status look_at_disk(struct assay_janitor *j, struct assay_err *err)
{
	struct statvfs fs;
	uint64_t free_bytes;
	bool low;

	if (statvfs(j->var, &fs) != 0)
		return assay_io_fail(err, "cannot look at the file system of", j->var);
	free_bytes = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
	low = free_bytes < j->min_free + (j->page->disk_low ? j->min_free / 10 : 0);
	if (low != j->page->disk_low)
		assay_log(low ? ASSAY_LOG_WARNING : ASSAY_LOG_INFO,
		    low ? "%s has %" PRIu64
			  " bytes free, less than spool_min_free: new mail is held"
			: "%s has %" PRIu64 " bytes free: mail is taken again",
		    j->var, free_bytes);
	j->page->disk_free = free_bytes;
	j->page->disk_low = low;
	return ASSAY_OK;
}

/* sweep - what dead doors left, now and then */
static enum assay_status sweep(struct assay_janitor *j, int64_t now, struct assay_err *err)
{
	enum assay_status st;
	size_t n;

	if (now < j->sweep_ms)
		return ASSAY_OK;
	j->sweep_ms = now + SWEEP_MS;
	st = assay_spool_sweep(j->spool, LEFT_MS, &n, err);
	if (st == ASSAY_OK && n > 0)
		assay_log(ASSAY_LOG_INFO, "%zu files of processes that are gone were removed", n);
	return st;
}

/* note - the first failure of several, once */
static void note(struct assay_janitor *j, enum assay_status st, const struct assay_err *err)
{
	if (st != ASSAY_OK && !j->failing)
		assay_log(ASSAY_LOG_ERROR, "%s", err->text);
	if (st != ASSAY_OK)
		assay_board_set_error(j->page, err->text);
	j->failing = st != ASSAY_OK;
}

/* assay_janitor_step - see janitor.h */
int64_t assay_janitor_step(struct assay_janitor *janitor)
{
	const int64_t now = assay_clock_mono_ms();
	int64_t next = now + LOOK_MS;
	struct assay_err err, first = { .code = ASSAY_OK };
	enum assay_status st, worst = look_at_disk(janitor, &first);

	for (size_t i = 0; i < janitor->n; i++) {
		struct ward *ward = &janitor->ward[i];

		st = ward->due_ms <= now ? look(ward, &err) : ASSAY_OK;
		if (st != ASSAY_OK && worst == ASSAY_OK) {
			worst = st;
			first = err;
		}
		if (ward->due_ms < next)
			next = ward->due_ms;
	}
	st = sweep(janitor, now, &err);
	if (st != ASSAY_OK && worst == ASSAY_OK) {
		worst = st;
		first = err;
	}
	note(janitor, worst, &first);
	return next;
}
