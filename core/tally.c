/*
 * core/tally.c - see tally.h. Touches one page of memory; cannot fail.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/tally.h"

/* set_text - into an array of the page; NULL is "" */
static void set_text(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from != NULL ? from : "");
}

/* assay_tally_begin - somebody is connected */
void assay_tally_begin(struct assay_tally *tally)
{
	assay_board_set_state(tally->page, ASSAY_BOARD_BUSY);
}

/* assay_tally_mail - ids and deadline */
void assay_tally_mail(struct assay_tally *tally, const struct assay_request *request)
{
	struct assay_board_slot *page = tally->page;

	if (page == NULL)
		return;
	tally->guest = request->guest;
	set_text(page->scan_id, sizeof page->scan_id, request->scan_id);
	set_text(page->queue_id, sizeof page->queue_id, request->queue_id);
	page->deadline_ms = request->deadline_ms;
	page->beat_ms = assay_clock_mono_ms();
}

/* row - the worker's row; the first free one is made its own */
static struct assay_board_worker *row(struct assay_board_slot *page, const char *worker)
{
	struct assay_board_worker *at = page->of.worker;

	for (size_t i = 0; i < ASSAY_BOARD_WORKERS; i++, at++) {
		if (strncmp(at->name, worker, sizeof at->name - 1) == 0)
			return at;
		if (at->name[0] == '\0') {
			set_text(at->name, sizeof at->name, worker);
			return at;
		}
	}
	return NULL;
}

/* assay_tally_call - the name last: a reader sees a worker with its payload */
void assay_tally_call(struct assay_tally *tally, const char *worker, const char *payload_id)
{
	struct assay_board_slot *page = tally->page;

	if (page == NULL)
		return;
	set_text(page->payload_id, sizeof page->payload_id, payload_id);
	page->worker_ms = page->beat_ms = assay_clock_mono_ms();
	set_text(page->worker, sizeof page->worker, worker);
	tally->at = row(page, worker);
	tally->call_us = assay_clock_mono_us();
}

/* assay_tally_return - it came back */
void assay_tally_return(struct assay_tally *tally)
{
	int64_t us = assay_clock_mono_us() - tally->call_us;

	if (tally->page == NULL)
		return;
	tally->page->worker[0] = '\0';
	if (tally->at == NULL || us < 0)
		return;
	tally->at->calls++;
	tally->at->us += (uint64_t)us;
	if ((uint64_t)us > tally->at->most_us)
		tally->at->most_us = (uint64_t)us;
	tally->at = NULL;
}

/* assay_tally_scanned - counted before the answer goes out: whoever has it finds it here */
void assay_tally_scanned(struct assay_tally *tally, uint64_t size, const char *status)
{
	struct assay_board_slot *page = tally->page;

	if (page == NULL)
		return;
	page->mails++;
	page->guests += tally->guest;
	page->bytes += size;
	page->partial += strcmp(status, "partial") == 0;
	page->unscanned += strcmp(status, "unscanned") == 0;
}

/* assay_tally_timeout - one more */
void assay_tally_timeout(struct assay_board_slot *page, const char *worker)
{
	struct assay_board_worker *at = row(page, worker);

	if (at != NULL)
		at->timeouts++;
}

/* assay_tally_idle - no mail, no worker */
void assay_tally_idle(struct assay_tally *tally)
{
	struct assay_board_slot *page = tally->page;

	if (page == NULL)
		return;
	page->scan_id[0] = page->queue_id[0] = page->payload_id[0] = page->worker[0] = '\0';
	page->deadline_ms = page->worker_ms = 0;
	assay_board_set_state(page, ASSAY_BOARD_IDLE);
}
