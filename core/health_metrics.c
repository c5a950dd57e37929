/*
 * core/health_metrics.c - see health.h: for Prometheus (text format 0.0.4). Label values are names
 * that were checked to be words when they were read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "core/health_own.h"
#include "core/sandbox.h"
#include "core/supervise.h"

/* head - of one metric */
static void head(struct assay_buf *out, const char *name, const char *type, const char *help)
{
	(void)assay_buf_printf(
	    out, "# HELP assay_%s %s\n# TYPE assay_%s %s\n", name, help, name, type);
}

/* one - a metric without labels */
static void one(
    struct assay_buf *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	(void)assay_buf_printf(out, "assay_%s %.15g\n", name, value);
}

/* A number of each process of some kinds. */
struct column {
	const char *name, *type, *help;
	size_t at; /* of a uint64_t in struct assay_board_slot, or of an unsigned */
	bool wide;
	unsigned kinds; /* bits 1 << kind */
};

#define COUNT(field) offsetof(struct assay_board_slot, field), true
#define SMALL(field) offsetof(struct assay_board_slot, field), false
#define DOORS (1u << ASSAY_BOARD_DOOR)
#define DRAINS (1u << ASSAY_BOARD_DRAIN)
#define LOOKUP (1u << ASSAY_BOARD_LOOKUP)
#define OTHERS (DOORS | DRAINS | LOOKUP | 1u << ASSAY_BOARD_JANITOR | 1u << ASSAY_BOARD_MASTER)

static const struct column columns[] = {
	{ "mails_total", "counter", "Mails reported", COUNT(mails), DOORS },
	{ "mail_bytes_total", "counter", "Bytes of these mails", COUNT(bytes), DOORS },
	{ "mails_partial_total", "counter", "Of these not scanned to their end", COUNT(partial),
	    DOORS },
	{ "mails_unscanned_total", "counter", "Of these not scanned", COUNT(unscanned), DOORS },
	{ "retries_total", "counter", "Scans begun again, records sent again", COUNT(retries),
	    DOORS | DRAINS },
	{ "records_total", "counter", "Records acknowledged", COUNT(records), DRAINS },
	{ "lookups_total", "counter", "Questions of mail servers", COUNT(records), LOOKUP },
	{ "lookups_known_total", "counter", "Of these about what was seen before",
	    COUNT(of.lookup.known), LOOKUP },
	{ "lookups_new_total", "counter", "Of these about what was not", COUNT(of.lookup.unknown),
	    LOOKUP },
	{ "lookups_failed_total", "counter", "Of these that could not be answered",
	    COUNT(of.lookup.failed), LOOKUP },
	{ "lookups_refused_total", "counter", "Connections that talked nonsense",
	    COUNT(of.lookup.refused), LOOKUP },
	{ "lookup_clients", "gauge", "Connections of mail servers", SMALL(of.lookup.clients),
	    LOOKUP },
	{ "process_starts_total", "counter", "Times the process was started", SMALL(starts),
	    OTHERS },
	{ "process_crashes_total", "counter", "Times it ended unasked", SMALL(crashes), OTHERS },
};

/* labels - {kind="door",name="maildir"} */
static void labels(struct assay_buf *out, const struct assay_board_slot *s)
{
	(void)assay_buf_printf(
	    out, "{kind=\"%s\",name=\"%s\"}", assay_board_kind_name(s->kind), s->name);
}

/* put_column - a line for each process */
static void put_column(const struct assay_health *h, const struct column *c, struct assay_buf *out)
{
	head(out, c->name, c->type, c->help);
	for (unsigned i = 1; i < ASSAY_BOARD_OTHERS; i++) {
		const struct assay_board_slot *s = &h->slot[i];
		const char *p = (const char *)s + c->at;
		uint64_t wide = 0;
		uint32_t small = 0;

		if (s->kind == ASSAY_BOARD_NONE || (c->kinds & 1u << s->kind) == 0)
			continue;
		if (c->wide)
			memcpy(&wide, p, sizeof wide);
		else
			memcpy(&small, p, sizeof small);
		(void)assay_buf_printf(out, "assay_%s", c->name);
		labels(out, s);
		(void)assay_buf_printf(out, " %" PRIu64 "\n", c->wide ? wide : small);
	}
}

/* put_processes - which are up */
static void put_processes(const struct assay_health *h, struct assay_buf *out)
{
	head(out, "process_up", "gauge", "1: the process runs and is past loading");
	for (unsigned i = 1; i < ASSAY_BOARD_OTHERS; i++) {
		uint32_t state = assay_health_state(h, i);

		if (h->slot[i].kind == ASSAY_BOARD_NONE)
			continue;
		(void)assay_buf_add_str(out, "assay_process_up");
		labels(out, &h->slot[i]);
		(void)assay_buf_printf(
		    out, " %d\n", state != ASSAY_BOARD_DOWN && state != ASSAY_BOARD_STARTING);
	}
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		put_column(h, &columns[i], out);
	one(out, "scan_processes", "gauge", "Scan processes that run", h->scans.alive);
	one(out, "scan_processes_wanted", "gauge", "Scan processes there shall be",
	    h->head.scan_processes);
	one(out, "scan_processes_busy", "gauge", "Scan processes with a mail", h->scans.busy);
}

/* Figures of a worker or a queue: which of them */
enum figure { CALLS, SECONDS, LONGEST, TIMEOUTS, FILES, BYTES, ASIDE, DROPPED, OLDEST, FULL };

/* of_worker - one figure */
static double of_worker(const struct assay_board_worker *w, enum figure figure)
{
	switch (figure) {
	case CALLS:
		return (double)w->calls;
	case SECONDS:
		return (double)w->us / 1e6;
	case LONGEST:
		return (double)w->most_us / 1e6;
	default:
		return (double)w->timeouts;
	}
}

/* of_queue - one figure */
static double of_queue(
    const struct assay_health *h, const struct assay_board_queue *q, enum figure figure)
{
	switch (figure) {
	case FILES:
		return (double)q->files;
	case BYTES:
		return (double)q->bytes;
	case ASIDE:
		return (double)q->poison;
	case DROPPED:
		return (double)q->dropped;
	case OLDEST:
		return q->oldest_wall_ms > 0 ? (double)(h->wall_ms - q->oldest_wall_ms) / 1000 : 0;
	default:
		return q->full;
	}
}

static const struct {
	enum figure figure;
	const char *name, *type, *help;
} figures[] = {
	{ CALLS, "worker_calls_total", "counter", "Calls of a worker" },
	{ SECONDS, "worker_seconds_total", "counter", "Time in these calls" },
	{ LONGEST, "worker_longest_seconds", "gauge", "The longest of them" },
	{ TIMEOUTS, "worker_timeouts_total", "counter", "Calls that overstayed" },
	{ FILES, "queue_files", "gauge", "Files that wait" },
	{ BYTES, "queue_bytes", "gauge", "Their size" },
	{ ASIDE, "queue_set_aside", "gauge", "Records that were refused again and again" },
	{ DROPPED, "queue_dropped_total", "counter", "Files dropped because too many waited" },
	{ OLDEST, "queue_oldest_seconds", "gauge", "Age of the oldest file" },
	{ FULL, "queue_full", "gauge", "1: over its bound, and mail is held" },
};

/* put_figures - of all workers and queues */
static void put_figures(const struct assay_health *h, struct assay_buf *out)
{
	const struct assay_board_queue *q;

	for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++) {
		head(out, figures[f].name, figures[f].type, figures[f].help);
		for (size_t i = 0; figures[f].figure < FILES && i < h->workers; i++)
			(void)assay_buf_printf(out, "assay_%s{worker=\"%s\"} %.15g\n",
			    figures[f].name, h->worker[i].name,
			    of_worker(&h->worker[i], figures[f].figure));
		for (unsigned i = 0;
		     figures[f].figure >= FILES && (q = assay_health_queue(h, i)) != NULL; i++)
			(void)assay_buf_printf(out, "assay_%s{queue=\"%s\"} %.15g\n",
			    figures[f].name, q->name, of_queue(h, q, figures[f].figure));
	}
}

/* put_waiting - at the sockets, where it is known */
static void put_waiting(const struct assay_health *h, struct assay_buf *out)
{
	head(out, "socket_waiting", "gauge", "Connections that wait for a scan process");
	if (h->waiting_inline >= 0)
		(void)assay_buf_printf(out, "assay_socket_waiting{socket=\"inline\"} %" PRId64 "\n",
		    h->waiting_inline);
	if (h->waiting_bulk >= 0)
		(void)assay_buf_printf(
		    out, "assay_socket_waiting{socket=\"bulk\"} %" PRId64 "\n", h->waiting_bulk);
}

/* assay_health_metrics - see health.h */
void assay_health_metrics(const struct assay_health *health, struct assay_buf *out)
{
	const struct assay_board_slot *janitor = &health->slot[ASSAY_SLOT_JANITOR];

	head(out, "info", "gauge", "The version");
	(void)assay_buf_printf(out, "assay_info{version=\"%s\"} 1\n", ASSAY_VERSION);
	one(out, "health", "gauge", "0: OK, 1: degraded, 2: down", (double)health->level);
	one(out, "bypass", "gauge", "1: an administrator lets mail pass unscanned",
	    health->bypassed);
	if (!health->board)
		return;
	one(out, "start_time_seconds", "gauge", "When the service was started",
	    (double)health->head.started_wall_ms / 1000);
	one(out, "generation", "gauge", "Grows with each reload", health->head.generation);
	one(out, "reloads_total", "counter", "Reloads, well or not", health->head.reloads);
	one(out, "reload_failed", "gauge", "1: the last reload did not succeed",
	    health->head.reload_error[0] != '\0');
	one(out, "sandbox_off", "gauge", "1: scan processes run without a sandbox",
	    health->head.sandbox_off);
	one(out, "guest_mails_total", "counter", "Mails scanned for assay import and assay scan",
	    (double)health->totals.guests);
	put_waiting(health, out);
	if (janitor->kind == ASSAY_BOARD_JANITOR) {
		one(out, "disk_free_bytes", "gauge", "Free where spool and queues are",
		    (double)janitor->disk_free);
		one(out, "disk_low", "gauge", "1: less than spool_min_free", janitor->disk_low);
	}
	put_processes(health, out);
	put_figures(health, out);
}
