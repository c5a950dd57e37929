/*
 * mail/mbox_reader.c - see mbox_reader.h
 *
 * A window on the file that grows for a large message and slides behind it. Touches what its source
 * gives; fails only as that does.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "mail/mbox.h"
#include "mail/mbox_reader.h"

#define FIRST ((size_t)256 * 1024)
#define BESIDE ((size_t)64 * 1024) /* the From_ lines around a message of the largest size */

/* assay_mbox_reader_init - nothing is read yet */
void assay_mbox_reader_init(
    struct assay_mbox_reader *reader, const struct assay_mbox_source *source, size_t most)
{
	*reader = (struct assay_mbox_reader){ .source = *source, .most = most };
	reader->room = FIRST < most + BESIDE ? FIRST : most + BESIDE;
	reader->p = assay_xmalloc(reader->room);
}

/* assay_mbox_reader_release - the window is gone */
void assay_mbox_reader_release(struct assay_mbox_reader *reader)
{
	free(reader->p);
	reader->p = NULL;
}

/* window - as the splitter sees it */
static struct assay_mbox_window window(const struct assay_mbox_reader *reader)
{
	return (struct assay_mbox_window){ .bytes = { reader->p, reader->n },
		.more = !reader->ended,
		.most = reader->most + BESIDE };
}

/* slide - what stands before `at` goes, but for the bytes that say what stands before a line */
static void slide(struct assay_mbox_reader *reader)
{
	size_t gone = reader->at > ASSAY_MBOX_BEFORE ? reader->at - ASSAY_MBOX_BEFORE : 0;

	memmove(reader->p, reader->p + gone, reader->n - gone);
	reader->n -= gone;
	reader->at -= gone;
	reader->base += gone;
}

/* fill - the window up to its end, or to that of the file */
static enum assay_status fill(struct assay_mbox_reader *reader)
{
	enum assay_status st = ASSAY_OK;

	while (st == ASSAY_OK && !reader->ended && reader->n < reader->room) {
		size_t n = 0;

		st = reader->source.read(reader->source.arg, reader->p + reader->n,
		    reader->room - reader->n, &n, &reader->why);
		reader->n += n;
		reader->ended = n == 0;
	}
	if (st == ASSAY_OK || st == ASSAY_END)
		return st;
	reader->ended = true;
	reader->why.code = st;
	return ASSAY_OK;
}

/* more - of the file behind `at`: twice what was there, so that nothing is looked at too often.
 * E_LIMIT, without a text: the window cannot grow */
static enum assay_status more(struct assay_mbox_reader *reader)
{
	const size_t most = reader->most + BESIDE;

	slide(reader);
	if (reader->n > reader->room / 2) {
		if (reader->room == most && reader->n == most)
			return ASSAY_E_LIMIT;
		reader->room = reader->room < most / 2 ? reader->room * 2 : most;
		reader->p = assay_xrealloc(reader->p, reader->room);
	}
	return fill(reader);
}

/* seek - places `at` on the next From_ line; ASSAY_END: there is none, `at` is the end */
static enum assay_status seek(struct assay_mbox_reader *reader, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	while (!reader->placed && st == ASSAY_OK) {
		const struct assay_mbox_window view = window(reader);

		switch (assay_mbox_seek(&view, &reader->at)) {
		case ASSAY_MBOX_FOUND:
			reader->placed = true;
			break;
		case ASSAY_MBOX_MORE:
			slide(reader);
			st = fill(reader);
			break;
		case ASSAY_MBOX_END:
			if (reader->why.code == ASSAY_OK)
				return ASSAY_END;
			return assay_err_set(err, reader->why.code, "%s", reader->why.text);
		}
	}
	return st;
}

/* is_dear - would moving the window cost much more than has been read since? Whoever claims lengths
 * that lead far ahead, one small message after the other, would have us do nothing else */
static bool is_dear(const struct assay_mbox_reader *reader)
{
	return reader->room == reader->most + BESIDE && reader->n == reader->room &&
	    reader->at < reader->n / 16;
}

/* find_bounds - of the message at `at`. E_LIMIT: it is too large, and bounds->next is as far as was
 * looked */
static enum assay_status find_bounds(
    struct assay_mbox_reader *reader, struct assay_mbox_bounds *bounds)
{
	enum assay_status st = ASSAY_OK;
	struct assay_mbox_window view = window(reader);

	while (st == ASSAY_OK &&
	    assay_mbox_bounds(&view, reader->at, true, bounds) == ASSAY_MBOX_MORE) {
		/* Perhaps only the place that Content-Length names is too far. */
		if (is_dear(reader) &&
		    assay_mbox_bounds(&view, reader->at, false, bounds) == ASSAY_MBOX_FOUND)
			return ASSAY_OK;
		st = more(reader);
		view = window(reader);
	}
	return st;
}

/* pass - over a message that is too large */
static enum assay_status pass(struct assay_mbox_reader *reader,
    const struct assay_mbox_bounds *from, struct assay_mbox_message *message, struct assay_err *err)
{
	enum assay_status st;

	message->from = assay_slice(reader->line, from->begin - reader->at);
	memcpy(reader->line, reader->p + reader->at, message->from.n);
	reader->at = from->next;
	reader->placed = false;
	st = seek(reader, err);
	if (st != ASSAY_OK && !reader->ended)
		return st;
	message->length = reader->base + reader->at - message->offset;
	message->length -=
	    assay_mbox_blank_before(assay_slice(reader->p, reader->n), 0, reader->at);
	return ASSAY_OK;
}

/* assay_mbox_reader_next - see mbox_reader.h */
enum assay_status assay_mbox_reader_next(
    struct assay_mbox_reader *reader, struct assay_mbox_message *message, struct assay_err *err)
{
	struct assay_mbox_bounds bounds;
	enum assay_status st = seek(reader, err);

	if (st != ASSAY_OK)
		return st;
	st = find_bounds(reader, &bounds);
	if (st != ASSAY_OK && st != ASSAY_E_LIMIT)
		return st;
	*message = (struct assay_mbox_message){ .from_offset = reader->base + reader->at,
		.offset = reader->base + bounds.begin,
		.by_length = bounds.by_length };
	if (st == ASSAY_E_LIMIT)
		return pass(reader, &bounds, message, err);
	message->from = assay_slice(reader->p + reader->at, bounds.begin - reader->at);
	message->length = bounds.end - bounds.begin;
	if (message->length <= reader->most)
		message->bytes = assay_slice(reader->p + bounds.begin, bounds.end - bounds.begin);
	reader->at = bounds.next;
	reader->placed = bounds.next < reader->n;
	return ASSAY_OK;
}
