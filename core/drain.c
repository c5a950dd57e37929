/*
 * core/drain.c - see drain.h. Touches its queue and, through the functions it was given, the far
 * side. Whatever fails leaves files where they are; what was acknowledged is remembered until its
 * file is gone, so that a failure in the middle of a batch repeats as little as possible.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/drain.h"

#define LIST_MOST 4096u
#define BACK_FIRST_MS 1000
#define BACK_MOST_MS 300000
#define EXPIRE_EVERY_MS 3600000
#define DIED "the process died at it again and again"

/* A file of the batch. */
struct part {
	const char *name;
	size_t first, n; /* its records */
	bool broken;
};

/* What is taken together. */
struct batch {
	struct assay_arena *arena;
	struct part *part;
	size_t parts;
	struct assay_record *record;
	bool *done; /* acknowledged, or put aside */
	size_t n;
	uint64_t bytes;
};

struct assay_drain {
	struct assay_drain_far far;
	struct assay_queue *queue;
	struct assay_board_slot *page, own; /* own: where there is no board */
	struct assay_arena *arena;          /* of `name` */
	const char *const *name;            /* files listed and not taken yet */
	size_t alone;                       /* so many records are taken one by one */
	/* The far side is down. */
	int64_t back_ms, again_ms, down_ms;
	/* Forgetting. */
	int64_t expire_ms;
	uint64_t expired;
};

/* cut - as the page keeps an id */
static const char *cut(char text[40], const char *id)
{
	(void)snprintf(text, 40, "%.39s", id);
	return text;
}

/* note_death - of the process before us, if it died at work */
static void note_death(struct assay_drain *d)
{
	struct assay_board_slot *page = d->page;
	char id[40];

	if (page->payload_id[0] == '\0')
		return;
	(void)cut(id, page->scan_id[0] != '\0' ? page->scan_id : page->payload_id);
	if (strcmp(page->queue_id, id) != 0)
		page->deaths = 0;
	(void)cut(page->queue_id, id);
	page->deaths++;
	page->payload_id[0] = page->scan_id[0] = '\0';
	d->alone = ASSAY_DRAIN_RECORDS;
	assay_log(ASSAY_LOG_WARNING, "the process before died at %s (%u); one by one now",
	    page->queue_id, page->deaths);
}

/* assay_drain_new - remembers what the one before died at */
struct assay_drain *assay_drain_new(const struct assay_drain_far *far, struct assay_queue *queue,
    struct assay_board_slot *page, int64_t expire_ms)
{
	struct assay_drain *d = assay_xcalloc(1, sizeof *d);

	d->far = *far;
	d->queue = queue;
	d->page = page != NULL ? page : &d->own;
	d->expire_ms = expire_ms;
	d->arena = assay_arena_new();
	note_death(d);
	return d;
}

/* assay_drain_free - accepts NULL, leaves NULL */
void assay_drain_free(struct assay_drain **drain)
{
	if (*drain == NULL)
		return;
	assay_arena_free(&(*drain)->arena);
	free(*drain);
	*drain = NULL;
}

/* assay_drain_again_ms - after a failure */
int64_t assay_drain_again_ms(const struct assay_drain *drain)
{
	return drain->again_ms;
}

/* ---- what the far side says --------------------------------------------------------------------
 */

/* is_record - does that answer mean the record, not the far side? */
static bool is_record(enum assay_status st)
{
	return st == ASSAY_E_SYNTAX || st == ASSAY_E_LIMIT || st == ASSAY_E_UNSUP ||
	    st == ASSAY_E_PLUGIN || st == ASSAY_E_USAGE;
}

/* begin_work - on the page before the call, for whoever looks, or comes after us */
static void begin_work(struct assay_drain *d, const char *file, const char *id)
{
	(void)snprintf(d->page->payload_id, sizeof d->page->payload_id, "%s", file);
	(void)cut(d->page->scan_id, id);
	/* To try again is to wait: whoever looks in that moment must not take it for well. */
	if (d->back_ms == 0)
		assay_board_set_state(d->page, ASSAY_BOARD_BUSY);
}

/* end_work - we live */
static void end_work(struct assay_drain *d)
{
	d->page->payload_id[0] = d->page->scan_id[0] = '\0';
}

/* was_deadly - did the ones before die at this, and how often? */
static unsigned was_deadly(const struct assay_drain *d, const char *id)
{
	char text[40];

	return d->page->deaths > 0 && strcmp(d->page->queue_id, cut(text, id)) == 0
	    ? d->page->deaths
	    : 0;
}

/* passed - it is through, or aside */
static void passed(struct assay_drain *d, const char *id)
{
	if (was_deadly(d, id) == 0)
		return;
	d->page->deaths = 0;
	d->page->queue_id[0] = '\0';
}

/* fail - the far side is down; the first time it is told */
static enum assay_status fail(struct assay_drain *d, enum assay_status st, struct assay_err *err)
{
	const int64_t now = assay_clock_mono_ms();
	struct assay_queue_size size = { 0 };

	end_work(d);
	if (d->back_ms == 0) {
		char wait[80] = "all files";

		d->back_ms = BACK_FIRST_MS;
		d->down_ms = now;
		/* What fails may be that nothing can be opened, and so not be measured. */
		if (assay_queue_measure(d->queue, &size, NULL) == ASSAY_OK)
			(void)snprintf(wait, sizeof wait, "%" PRIu64 " files (%" PRIu64 " bytes)",
			    size.files, size.bytes);
		assay_log(ASSAY_LOG_WARNING, "%s; %s wait, tried again from time to time",
		    err->text, wait);
	} else if (d->back_ms < BACK_MOST_MS) {
		d->back_ms = d->back_ms * 2 < BACK_MOST_MS ? d->back_ms * 2 : BACK_MOST_MS;
	}
	/* Some 10 %, so that many drains do not come back as one. */
	d->again_ms = now + d->back_ms + (now * 7919 + getpid()) % (d->back_ms / 10);
	d->page->again_ms = d->again_ms;
	d->page->retries++;
	assay_board_set_error(d->page, err->text);
	assay_board_set_state(d->page, ASSAY_BOARD_WAITING);
	d->name = NULL; /* what is there then may be something else */
	return st;
}

/* works - it has taken something */
static void works(struct assay_drain *d)
{
	if (d->back_ms > 0)
		assay_log(ASSAY_LOG_INFO, "works again after %" PRId64 " s",
		    (assay_clock_mono_ms() - d->down_ms) / 1000);
	d->back_ms = d->again_ms = d->page->again_ms = 0;
}

/* ---- records -----------------------------------------------------------------------------------
 */

/* add_part - one file into the batch; false when there is no room for it */
static bool add_part(struct batch *b, const char *name, const struct assay_queue_file *file)
{
	if (b->parts == 0) {
		const size_t room = file->n > ASSAY_DRAIN_RECORDS ? file->n : ASSAY_DRAIN_RECORDS;

		b->part = assay_arena_calloc(b->arena, ASSAY_DRAIN_RECORDS, sizeof *b->part);
		b->record = assay_arena_calloc(b->arena, room, sizeof *b->record);
		b->done = assay_arena_calloc(b->arena, room, sizeof *b->done);
	} else if (b->parts == ASSAY_DRAIN_RECORDS || b->n + file->n > ASSAY_DRAIN_RECORDS ||
	    b->bytes + file->bytes > ASSAY_DRAIN_BYTES) {
		return false;
	}
	if (file->n > 0)
		memcpy(b->record + b->n, file->record, file->n * sizeof *b->record);
	b->part[b->parts++] = (struct part){ name, b->n, file->n, file->broken };
	b->n += file->n;
	b->bytes += file->bytes;
	return true;
}

/* set_file_aside - a whole one */
static enum assay_status set_file_aside(
    struct assay_drain *d, const char *name, const char *why, struct assay_err *err)
{
	const enum assay_status st = assay_queue_poison_file(d->queue, name, why, err);

	if (st != ASSAY_OK)
		return st;
	passed(d, name);
	assay_log(ASSAY_LOG_WARNING, "the file %s is put aside: %s", name, why);
	return ASSAY_OK;
}

/* gather - the oldest files, as many as go together; one of them where we look for a killer */
static enum assay_status gather(struct assay_drain *d, struct batch *b, struct assay_err *err)
{
	struct assay_queue_file file;

	for (; *d->name != NULL; d->name++) {
		enum assay_status st;

		if (was_deadly(d, *d->name) > ASSAY_DRAIN_DEATHS) {
			st = set_file_aside(d, *d->name, DIED, err);
			if (st != ASSAY_OK)
				return st;
			continue;
		}
		st = assay_queue_read(d->queue, *d->name, b->arena, &file, err);
		if (st == ASSAY_E_LIMIT)
			st = set_file_aside(d, *d->name, "too large to be ours", err);
		else if (st == ASSAY_OK && !add_part(b, *d->name, &file))
			return ASSAY_OK;
		if (st != ASSAY_OK && st != ASSAY_E_NOENT)
			return st;
		if (d->alone > 0 && b->parts > 0) {
			d->name++;
			return ASSAY_OK;
		}
	}
	return ASSAY_OK;
}

/* put_aside - one record that is refused */
static enum assay_status put_aside(struct assay_drain *d, const struct assay_record *record,
    const char *why, struct assay_err *err)
{
	char text[sizeof err->text];
	enum assay_status st;

	(void)snprintf(text, sizeof text, "%s", why);
	st = assay_queue_poison(d->queue, record, text, err);
	if (st != ASSAY_OK)
		return st;
	passed(d, record->id);
	assay_log(ASSAY_LOG_WARNING, "%s %s is put aside: %s (assay queue retry)", record->kind,
	    record->id, text);
	return ASSAY_OK;
}

/* file_of - where a record of the batch lies */
static const char *file_of(const struct batch *b, size_t record)
{
	size_t i = 0;

	while (i + 1 < b->parts && b->part[i + 1].first <= record)
		i++;
	return b->part[i].name;
}

/* save_some - records [first, first + n), halved until what is refused is alone */
static enum assay_status save_some(
    struct assay_drain *d, struct batch *b, size_t first, size_t n, struct assay_err *err)
{
	const struct assay_record *record = &b->record[first];
	enum assay_status st;

	if (n == 1 && was_deadly(d, record->id) >= ASSAY_DRAIN_DEATHS) {
		st = put_aside(d, record, DIED, err);
		b->done[first] = st == ASSAY_OK;
		return st;
	}
	begin_work(d, file_of(b, first), n == 1 ? record->id : "");
	st = d->far.save(d->far.arg, record, n, err);
	end_work(d);
	if (is_record(st) && n > 1) {
		st = save_some(d, b, first, n / 2, err);
		return st == ASSAY_OK ? save_some(d, b, first + n / 2, n - n / 2, err) : st;
	}
	if (is_record(st))
		st = put_aside(d, record, err->text, err);
	else if (st == ASSAY_OK)
		d->page->records += n;
	for (size_t i = 0; st == ASSAY_OK && i < n; i++) {
		b->done[first + i] = true;
		passed(d, record[i].id);
	}
	return st;
}

/* save_all - together, or one by one where we look for a killer */
static enum assay_status save_all(struct assay_drain *d, struct batch *b, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	if (d->alone == 0 || b->n == 0)
		return b->n > 0 ? save_some(d, b, 0, b->n, err) : ASSAY_OK;
	for (size_t i = 0; i < b->n && st == ASSAY_OK; i++)
		st = save_some(d, b, i, 1, err);
	d->alone -= b->n < d->alone ? b->n : d->alone;
	return st;
}

/* finish_part - a file of which everything was acknowledged */
static enum assay_status finish_part(
    struct assay_drain *d, const struct part *part, struct assay_err *err)
{
	if (part->broken)
		return set_file_aside(
		    d, part->name, "damaged; what could be read of it was told", err);
	passed(d, part->name);
	return assay_queue_remove(d->queue, part->name, err);
}

/* finish - flush, then remove what is done */
static enum assay_status finish(struct assay_drain *d, const struct batch *b, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	if (d->far.flush != NULL) {
		begin_work(d, b->part[0].name, "");
		st = d->far.flush(d->far.arg, err);
		end_work(d);
	}
	for (size_t i = 0; i < b->parts && st == ASSAY_OK; i++) {
		const struct part *part = &b->part[i];
		size_t n = 0;

		while (n < part->n && b->done[part->first + n])
			n++;
		if (n == part->n)
			st = finish_part(d, part, err);
	}
	return st;
}

/* any_done - is there something to flush? */
static bool any_done(const struct batch *b)
{
	bool any = b->n == 0 && b->parts > 0;

	for (size_t i = 0; i < b->n; i++)
		any |= b->done[i];
	return any;
}

/* save_batch - the next one */
static enum assay_status save_batch(struct assay_drain *d, struct assay_err *err)
{
	struct batch b = { .arena = assay_arena_new() };
	enum assay_status st = gather(d, &b, err), finished = ASSAY_OK;
	struct assay_err later;

	if (st == ASSAY_OK)
		st = save_all(d, &b, err);
	if (any_done(&b))
		finished = finish(d, &b, &later);
	if (st == ASSAY_OK && finished != ASSAY_OK) {
		st = finished;
		*err = later;
	}
	if (st == ASSAY_OK && b.parts > 0)
		works(d);
	assay_arena_free(&b.arena);
	return st;
}

/* ---- payloads ----------------------------------------------------------------------------------
 */

/* put_one - one payload; what is refused goes aside */
static enum assay_status put_one(
    struct assay_drain *d, const char *name, const struct assay_kept *kept, struct assay_err *err)
{
	enum assay_status st = ASSAY_E_PLUGIN;
	char why[sizeof err->text] = DIED;

	if (was_deadly(d, kept->sha256) < ASSAY_DRAIN_DEATHS) {
		begin_work(d, name, kept->sha256);
		st = d->far.put(d->far.arg, kept->sha256, kept->bytes, err);
		end_work(d);
		if (is_record(st))
			(void)snprintf(why, sizeof why, "%s", err->text);
	}
	if (st == ASSAY_OK) {
		d->page->records++;
		d->page->bytes += kept->bytes.n;
	} else if (is_record(st)) {
		st = assay_queue_poison_payload(d->queue, kept->sha256, kept->bytes, why, err);
		if (st == ASSAY_OK)
			assay_log(ASSAY_LOG_WARNING,
			    "payload %s is put aside: %s (assay queue retry)", kept->sha256, why);
	}
	if (st == ASSAY_OK)
		passed(d, kept->sha256);
	return st;
}

/* put_file - all payloads of the next file. Reading it may be what kills: the disk cannot give its
 * bytes any more. */
static enum assay_status put_file(struct assay_drain *d, struct assay_err *err)
{
	const char *name = *d->name;
	struct part part = { .name = name };
	struct assay_container all;
	enum assay_status st;

	d->name++;
	if (was_deadly(d, name) > ASSAY_DRAIN_DEATHS)
		return set_file_aside(d, name, DIED, err);
	begin_work(d, name, "");
	st = assay_queue_map(d->queue, name, &all, &part.broken, err);
	end_work(d);
	if (st == ASSAY_E_NOENT)
		return ASSAY_OK;
	for (size_t i = 0; i < all.n && st == ASSAY_OK; i++)
		st = put_one(d, name, &all.kept[i], err);
	assay_container_close(&all);
	if (st == ASSAY_OK)
		st = finish_part(d, &part, err);
	if (st == ASSAY_OK)
		works(d);
	return st;
}

/* ---- steps -------------------------------------------------------------------------------------
 */

/* forget - a short piece of it; ASSAY_END when there is nothing to do now */
static enum assay_status forget(struct assay_drain *d, bool idle)
{
	const int64_t now = assay_clock_mono_ms();
	struct assay_err err;
	uint64_t gone = 0;
	enum assay_status st;

	/* A queue that is never empty must not keep everything for ever. */
	if (d->far.expire == NULL || now < d->expire_ms + (idle ? 0 : EXPIRE_EVERY_MS))
		return ASSAY_END;
	assay_board_set_state(d->page, ASSAY_BOARD_BUSY);
	st = d->far.expire(d->far.arg, &gone, &err);
	d->expired += gone;
	if (st == ASSAY_OK)
		return ASSAY_OK;
	if (d->expired > 0)
		assay_log(ASSAY_LOG_INFO, "%" PRIu64 " forgotten, as old or too much", d->expired);
	if (st != ASSAY_END)
		assay_log(
		    ASSAY_LOG_WARNING, "cannot forget what is old: %s; again in an hour", err.text);
	d->expired = 0;
	d->expire_ms = assay_clock_mono_ms() + EXPIRE_EVERY_MS;
	return ASSAY_END;
}

/* list - the oldest files, when those of the last time are through */
static enum assay_status list(struct assay_drain *d, struct assay_err *err)
{
	enum assay_status st;

	if (d->name != NULL && *d->name != NULL)
		return ASSAY_OK;
	d->name = NULL;
	assay_arena_reset(d->arena);
	st = assay_queue_list(d->queue, LIST_MOST, d->arena, &d->name, err);
	if (st != ASSAY_OK)
		return st;
	return *d->name != NULL ? ASSAY_OK : ASSAY_END;
}

/* rest - nothing waits: what a connector does by and by, and forgetting */
static enum assay_status rest(struct assay_drain *d, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	d->alone = 0;
	if (d->far.idle != NULL)
		st = d->far.idle(d->far.arg, err);
	if (st != ASSAY_OK)
		return fail(d, st, err);
	if (d->far.idle != NULL)
		works(d);
	st = forget(d, true);
	if (st == ASSAY_END) {
		if (d->page != NULL && d->page->state != ASSAY_BOARD_IDLE)
			assay_memory_trim();
		assay_board_set_state(d->page, ASSAY_BOARD_IDLE);
	}
	return st;
}

/* assay_drain_step - see drain.h */
enum assay_status assay_drain_step(struct assay_drain *drain, struct assay_err *err)
{
	enum assay_status st = list(drain, err);

	if (st == ASSAY_END)
		return rest(drain, err);
	if (st == ASSAY_OK)
		st = drain->far.put != NULL ? put_file(drain, err) : save_batch(drain, err);
	if (st != ASSAY_OK)
		return fail(drain, st, err);
	(void)forget(drain, false);
	return ASSAY_OK;
}
