/*
 * core/health_text.c - see health.h: for people. Everything printed was made printable when it was
 * read from the scoreboard.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/health_own.h"
#include "core/human.h"
#include "core/sandbox.h"
#include "core/supervise.h"

/* put_reasons - all of them, where the sentence has no room for all */
static void put_reasons(const struct assay_health *h, struct assay_buf *out)
{
	for (size_t i = 0; h->reasons > 1 && i < h->reasons; i++)
		(void)assay_buf_printf(out, "  - %s%s%s\n", h->reason[i].text,
		    h->reason[i].hint[0] != '\0' ? "; try: " : "", h->reason[i].hint);
}

/* put_service - the line about the parent */
static void put_service(const struct assay_health *h, struct assay_buf *out)
{
	char age[ASSAY_HUMAN_TEXT], when[ASSAY_TIME_TEXT];

	assay_clock_format(h->head.started_wall_ms, when);
	if (h->pid <= 0)
		(void)assay_buf_printf(out, "service    gone; it was started %.19sZ", when);
	else
		(void)assay_buf_printf(out, "service    pid %ld, up %s", (long)h->pid,
		    assay_human_age(age, h->now_ms - h->slot[ASSAY_SLOT_PARENT].started_ms));
	(void)assay_buf_printf(out, ", generation %u, %u reload%s", h->head.generation,
	    h->head.reloads, h->head.reloads == 1 ? "" : "s");
	if (h->head.reloads > 0) {
		assay_clock_format(h->head.reload_wall_ms, when);
		(void)assay_buf_printf(out, " (the last %.19sZ: %s)", when,
		    h->head.reload_error[0] != '\0' ? "failed" : "well");
	}
	(void)assay_buf_add_str(out, "\n");
}

/* put_scans - scan processes and their sandbox */
static void put_scans(const struct assay_health *h, struct assay_buf *out)
{
	struct assay_sandbox sandbox = { .user_used = NULL };
	char text[ASSAY_SANDBOX_TEXT];

	assay_health_sandbox(h, &sandbox.planned);
	assay_sandbox_describe(&sandbox, text);
	(void)assay_buf_printf(out,
	    "scanning   %u of %u processes, %u busy; at most %u for watchers and imports\n"
	    "sandbox    %s\n",
	    h->scans.alive, h->head.scan_processes, h->scans.busy, h->head.bulk_max,
	    h->head.sandbox_off          ? "off"
		: sandbox.planned == ~0u ? "not known yet"
					 : text);
	if (assay_health_loaded(h)[0] != '\0')
		(void)assay_buf_printf(out, "loaded     %s\n", assay_health_loaded(h));
	if (assay_health_observes(h))
		(void)assay_buf_add_str(out,
		    "policy     OBSERVING: every mail is accepted, whatever is decided ([policy] "
		    "enforce = no)\n");
}

/* put_count - of connections; one that is not known is said so */
static void put_count(struct assay_buf *out, const char *name, int64_t n)
{
	if (n < 0)
		(void)assay_buf_printf(out, "%s not known", name);
	else
		(void)assay_buf_printf(out, "%s %" PRId64, name, n);
}

/* put_mails - how many, and how many wait */
static void put_mails(const struct assay_health *h, struct assay_buf *out)
{
	const struct assay_health_totals *t = &h->totals;
	int64_t up_ms = h->now_ms - h->slot[ASSAY_SLOT_PARENT].started_ms;
	char text[ASSAY_HUMAN_TEXT];

	(void)assay_buf_printf(out,
	    "mails      %" PRIu64 " (%s) since the start, %.1f a minute; %" PRIu64
	    " partial, %" PRIu64 " unscanned, %" PRIu64 " asked again",
	    t->mails, assay_human_size(text, t->bytes),
	    up_ms > 0 ? (double)t->mails * 60000 / (double)up_ms : 0, t->partial, t->unscanned,
	    t->retries);
	if (t->minute_ms > 0)
		(void)assay_buf_printf(out, "; %" PRIu64 " in the last %s", t->minute_mails,
		    assay_human_age(text, t->minute_ms));
	if (t->guests > 0)
		(void)assay_buf_printf(out,
		    "\nguests     %" PRIu64 " scanned for assay import and assay scan", t->guests);
	(void)assay_buf_add_str(out, "\nwaiting    ");
	put_count(out, "inline", h->waiting_inline);
	put_count(out, ", bulk", h->waiting_bulk);
	(void)assay_buf_add_str(out, "\n");
}

/* put_lookup - what mail servers asked */
static void put_lookup(const struct assay_health *h, struct assay_buf *out)
{
	const struct assay_board_slot *s = assay_health_lookup(h);

	if (s != NULL)
		(void)assay_buf_printf(out,
		    "lookups    %" PRIu64 ": %" PRIu64 " known, %" PRIu64 " new, %" PRIu64
		    " failed; %u clients, %" PRIu64 " hung up on\n",
		    s->records, s->of.lookup.known, s->of.lookup.unknown, s->of.lookup.failed,
		    s->of.lookup.clients, s->of.lookup.refused);
}

/* put_queues - what waits for each connector and archiver, and the room there is */
static void put_queues(const struct assay_health *h, struct assay_buf *out)
{
	const struct assay_board_slot *janitor = &h->slot[ASSAY_SLOT_JANITOR];
	const struct assay_board_queue *q;
	char size[ASSAY_HUMAN_TEXT], age[ASSAY_HUMAN_TEXT];

	if (janitor->kind == ASSAY_BOARD_JANITOR && janitor->disk_free > 0)
		(void)assay_buf_printf(out, "disk       %s free for spool and queues\n",
		    assay_human_size(size, janitor->disk_free));
	if (assay_health_queue(h, 0) != NULL)
		(void)assay_buf_printf(out, "\n%-28s %8s %10s %12s %9s %8s\n", "QUEUE", "FILES",
		    "SIZE", "OLDEST", "SET ASIDE", "DROPPED");
	for (unsigned i = 0; (q = assay_health_queue(h, i)) != NULL; i++)
		(void)assay_buf_printf(out,
		    "%-28s %8" PRIu64 " %10s %12s %9" PRIu64 " %8" PRIu64 "%s\n", q->name, q->files,
		    assay_human_size(size, q->bytes),
		    q->oldest_wall_ms > 0 ? assay_human_age(age, h->wall_ms - q->oldest_wall_ms)
					  : "-",
		    q->poison, q->dropped, q->full ? "  full" : "");
}

/* put_process - one line */
static void put_process(const struct assay_health *h, unsigned i, struct assay_buf *out)
{
	const struct assay_board_slot *s = &h->slot[i];
	char who[ASSAY_HEALTH_WHO], age[ASSAY_HUMAN_TEXT], when[ASSAY_TIME_TEXT], again[48] = "";
	uint32_t state = assay_health_state(h, i);

	if (state == ASSAY_BOARD_DOWN && s->again_ms > h->now_ms)
		(void)snprintf(again, sizeof again, "  again in %s",
		    assay_human_age(age, s->again_ms - h->now_ms));
	(void)assay_buf_printf(out, "%-28s %8d %-8s %12s %7u %7u %8" PRIu64 "%s",
	    assay_health_who(h, i, who), s->pid, assay_board_state_name(state),
	    assay_human_age(age, h->now_ms - s->since_ms), s->starts, s->crashes,
	    s->kind == ASSAY_BOARD_DRAIN || s->kind == ASSAY_BOARD_LOOKUP ? s->records : s->mails,
	    again);
	if (s->error[0] != '\0') {
		assay_clock_format(s->error_wall_ms, when);
		(void)assay_buf_printf(out, "\n    %.19sZ %s", when, s->error);
	}
	(void)assay_buf_add_str(out, "\n");
}

/* put_processes - those that are or shall be there */
static void put_processes(const struct assay_health *h, struct assay_buf *out)
{
	unsigned scans = assay_board_scan_slot(h->head.generation);

	(void)assay_buf_printf(out, "\n%-28s %8s %-8s %12s %7s %7s %8s\n", "PROCESS", "PID",
	    "STATE", "SINCE", "STARTS", "CRASHES", "DONE");
	for (unsigned i = ASSAY_SLOT_JANITOR; i < ASSAY_BOARD_SLOTS; i++) {
		bool scan = h->slot[i].kind == ASSAY_BOARD_SCAN;
		bool ours = i >= scans && i < scans + ASSAY_BOARD_SCANS;

		/* Of scan processes that were, only what lives. */
		if (h->slot[i].kind != ASSAY_BOARD_NONE && (!scan || ours || h->alive[i]) &&
		    (!scan || h->alive[i] || i - scans < h->head.scan_processes))
			put_process(h, i, out);
	}
}

/* put_workers - how long each took */
static void put_workers(const struct assay_health *h, struct assay_buf *out)
{
	if (h->workers > 0)
		(void)assay_buf_printf(out, "\n%-24s %10s %12s %12s %9s\n", "WORKER", "CALLS",
		    "AVERAGE", "LONGEST", "TIMEOUTS");
	for (size_t i = 0; i < h->workers; i++) {
		const struct assay_board_worker *w = &h->worker[i];

		(void)assay_buf_printf(out, "%-24s %10" PRIu64 " %9.3f ms %9.3f ms %9" PRIu64 "\n",
		    w->name, w->calls, w->calls > 0 ? (double)w->us / (double)w->calls / 1000 : 0,
		    (double)w->most_us / 1000, w->timeouts);
	}
}

/* assay_health_print - see health.h */
void assay_health_print(const struct assay_health *health, struct assay_buf *out)
{
	(void)assay_buf_printf(out, "%s\n", health->sentence);
	put_reasons(health, out);
	if (!health->board)
		return;
	(void)assay_buf_add_str(out, "\n");
	put_service(health, out);
	put_scans(health, out);
	put_mails(health, out);
	put_lookup(health, out);
	put_queues(health, out);
	put_processes(health, out);
	put_workers(health, out);
}

/* assay_health_print_mails - see health.h */
void assay_health_print_mails(const struct assay_health *health, struct assay_buf *out)
{
	char who[ASSAY_HEALTH_WHO], age[ASSAY_HUMAN_TEXT], at[ASSAY_HUMAN_TEXT];
	size_t n = 0;

	for (unsigned i = ASSAY_BOARD_OTHERS; i < ASSAY_BOARD_SLOTS; i++) {
		const struct assay_board_slot *s = &health->slot[i];

		if (!health->board || s->kind != ASSAY_BOARD_SCAN || !health->alive[i] ||
		    s->state != ASSAY_BOARD_BUSY)
			continue;
		if (n++ == 0)
			(void)assay_buf_printf(out, "%-38s %-12s %-16s %9s %9s  %s\n", "MAIL",
			    "PAYLOAD", "WORKER", "FOR", "IN WORK", "PROCESS");
		(void)assay_buf_printf(out, "%-38s %-12s %-16s %9s %9s  %s\n",
		    s->queue_id[0] != '\0'      ? s->queue_id
			: s->scan_id[0] != '\0' ? s->scan_id
						: "-",
		    s->payload_id[0] != '\0' ? s->payload_id : "-",
		    s->worker[0] != '\0' ? s->worker : "-",
		    s->worker_ms > 0 ? assay_human_age(at, health->now_ms - s->worker_ms) : "-",
		    assay_human_age(age, health->now_ms - s->since_ms),
		    assay_health_who(health, i, who));
	}
	if (n == 0)
		(void)assay_buf_add_str(out, "no mail is in work\n");
}
