/*
 * core/janitor.c - see janitor.h
 */
#include "base/clock.h"
#include "core/janitor.h"

#define SLOT 2u
#define STALE_MS 30000 /* figures of a janitor that hangs or is gone hold nobody up */

/* assay_janitor_hold - see janitor.h */
const char *assay_janitor_hold(const struct assay_board *board)
{
	const struct assay_board_slot *page = assay_board_slot(board, SLOT);

	if (page->kind != ASSAY_BOARD_JANITOR || page->pid == 0 ||
	    assay_clock_mono_ms() - page->beat_ms > STALE_MS)
		return NULL;
	if (page->disk_low)
		return "less than spool_min_free is left on the disk; make room";
	for (unsigned i = 0; i < ASSAY_BOARD_QUEUES; i++)
		if (page->of.queue[i].full)
			return "a queue is full and its when_full says hold_mail; see assay queue "
			       "list";
	return NULL;
}
