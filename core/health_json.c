/*
 * core/health_json.c - see health.h: for programs. Names and units are a promise: fields are added,
 * none is changed.
 */
#include <string.h>

#include "base/clock.h"
#include "core/health_own.h"
#include "core/json.h"
#include "core/sandbox.h"
#include "core/supervise.h"

/* set_count - bounded when it was read, so it fits */
static void set_count(json_t *object, const char *name, uint64_t value)
{
	assay_json_set(object, name, assay_json_int((int64_t)value));
}

/* set_word - null where there is none */
static void set_word(json_t *object, const char *name, const char *word)
{
	assay_json_set(object, name, assay_json_own(word[0] != '\0' ? word : NULL));
}

/* set_time - null for never */
static void set_time(json_t *object, const char *name, int64_t wall_ms)
{
	assay_json_set(object, name, wall_ms > 0 ? assay_json_time(wall_ms) : json_null());
}

/* lookup - what mail servers asked; `records` of them */
static json_t *lookup(const struct assay_board_lookup *asked)
{
	json_t *j = json_object();

	set_count(j, "known", asked->known);
	set_count(j, "new", asked->unknown);
	set_count(j, "failed", asked->failed);
	set_count(j, "refused", asked->refused);
	set_count(j, "clients", asked->clients);
	return j;
}

/* process - one page */
static json_t *process(const struct assay_health *h, unsigned i)
{
	const struct assay_board_slot *s = &h->slot[i];
	json_t *p = json_object();

	set_word(p, "kind", assay_board_kind_name(s->kind));
	set_word(p, "name", s->name);
	assay_json_set(p, "pid", s->pid > 0 ? assay_json_int(s->pid) : json_null());
	set_word(p, "state", assay_board_state_name(assay_health_state(h, i)));
	assay_json_set(p, "since_ms", assay_json_int(h->now_ms - s->since_ms));
	set_count(p, "generation", s->generation);
	set_count(p, "starts", s->starts);
	set_count(p, "crashes", s->crashes);
	set_count(p, "mails", s->mails);
	set_count(p, "bytes", s->bytes);
	set_count(p, "partial", s->partial);
	set_count(p, "unscanned", s->unscanned);
	set_count(p, "records", s->records);
	set_count(p, "retries", s->retries);
	assay_json_set(p, "again_in_ms",
	    s->again_ms > h->now_ms ? assay_json_int(s->again_ms - h->now_ms) : json_null());
	if (s->kind == ASSAY_BOARD_LOOKUP)
		assay_json_set(p, "lookup", lookup(&s->of.lookup));
	set_word(p, "error", s->error);
	set_time(p, "error_time", s->error_wall_ms);
	return p;
}

/* mail - what one scan process is at */
static json_t *mail(const struct assay_health *h, unsigned i)
{
	const struct assay_board_slot *s = &h->slot[i];
	json_t *m = json_object();

	set_word(m, "queue_id", s->queue_id);
	set_word(m, "scan_id", s->scan_id);
	set_word(m, "payload_id", s->payload_id);
	set_word(m, "worker", s->worker);
	assay_json_set(m, "worker_ms",
	    s->worker_ms > 0 ? assay_json_int(h->now_ms - s->worker_ms) : json_null());
	assay_json_set(m, "age_ms", assay_json_int(h->now_ms - s->since_ms));
	assay_json_set(m, "left_ms",
	    s->deadline_ms > 0 ? assay_json_int(s->deadline_ms - h->now_ms) : json_null());
	assay_json_set(m, "pid", assay_json_int(s->pid));
	return m;
}

/* queue - one directory */
static json_t *queue(const struct assay_board_queue *q)
{
	json_t *j = json_object();

	set_word(j, "name", q->name);
	set_count(j, "files", q->files);
	set_count(j, "bytes", q->bytes);
	set_count(j, "set_aside", q->poison);
	set_count(j, "dropped", q->dropped);
	set_time(j, "oldest", q->oldest_wall_ms);
	assay_json_set(j, "full", json_boolean(q->full));
	return j;
}

/* worker - its calls */
static json_t *worker(const struct assay_board_worker *w)
{
	json_t *j = json_object();

	set_word(j, "name", w->name);
	set_count(j, "calls", w->calls);
	set_count(j, "us", w->us);
	set_count(j, "most_us", w->most_us);
	set_count(j, "timeouts", w->timeouts);
	return j;
}

/* reasons - with what may help */
static json_t *reasons(const struct assay_health *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->reasons; i++) {
		json_t *r = json_object();

		set_word(r, "text", h->reason[i].text);
		set_word(r, "hint", h->reason[i].hint);
		assay_json_append(list, r);
	}
	return list;
}

/* service - of the head */
static json_t *service(const struct assay_health *h)
{
	json_t *j = json_object();
	struct assay_sandbox sandbox = { .user_used = NULL };
	char text[ASSAY_SANDBOX_TEXT];

	assay_health_sandbox(h, &sandbox.planned);
	assay_sandbox_describe(&sandbox, text);
	assay_json_set(j, "pid", h->pid > 0 ? assay_json_int(h->pid) : json_null());
	set_time(j, "started", h->head.started_wall_ms);
	set_count(j, "generation", h->head.generation);
	set_count(j, "reloads", h->head.reloads);
	set_time(j, "reload_time", h->head.reload_wall_ms);
	set_word(j, "reload_error", h->head.reload_error);
	set_word(j, "config_sha256", h->head.config_sha256);
	set_count(j, "scan_processes", h->head.scan_processes);
	set_count(j, "bulk_max", h->head.bulk_max);
	set_count(j, "scan_alive", h->scans.alive);
	set_count(j, "scan_busy", h->scans.busy);
	assay_json_set(j, "observing", json_boolean(assay_health_observes(h)));
	set_word(j, "sandbox", h->head.sandbox_off ? "off" : sandbox.planned == ~0u ? "" : text);
	set_word(j, "loaded", assay_health_loaded(h));
	return j;
}

/* totals - of mails, and what waits at the sockets */
static json_t *totals(const struct assay_health *h)
{
	const struct assay_health_totals *t = &h->totals;
	json_t *j = json_object();

	set_count(j, "mails", t->mails);
	set_count(j, "bytes", t->bytes);
	set_count(j, "partial", t->partial);
	set_count(j, "unscanned", t->unscanned);
	set_count(j, "retries", t->retries);
	set_count(j, "guests", t->guests);
	set_count(j, "recent_mails", t->minute_mails);
	assay_json_set(j, "recent_ms", assay_json_int(t->minute_ms));
	assay_json_set(j, "waiting_inline",
	    h->waiting_inline >= 0 ? assay_json_int(h->waiting_inline) : json_null());
	assay_json_set(j, "waiting_bulk",
	    h->waiting_bulk >= 0 ? assay_json_int(h->waiting_bulk) : json_null());
	return j;
}

/* bypass - or null */
static json_t *bypass(const struct assay_health *h)
{
	json_t *j;

	if (!h->bypassed)
		return json_null();
	j = json_object();
	set_time(j, "until", h->bypass.until_wall_ms);
	set_word(j, "worker", h->bypass.worker);
	set_word(j, "rule", h->bypass.rule);
	set_word(j, "reason", h->bypass.reason);
	set_word(j, "by", h->bypass.by);
	return j;
}

/* set_lists - processes, mails in work, queues, workers */
static void set_lists(const struct assay_health *h, json_t *all)
{
	json_t *processes = json_array(), *work = json_array(), *queues = json_array();
	json_t *workers = json_array();
	const struct assay_board_queue *q;
	const struct assay_board_slot *janitor = &h->slot[ASSAY_SLOT_JANITOR];

	for (unsigned i = 1; i < ASSAY_BOARD_SLOTS; i++) {
		const struct assay_board_slot *s = &h->slot[i];

		if (s->kind == ASSAY_BOARD_NONE || (s->kind == ASSAY_BOARD_SCAN && !h->alive[i]))
			continue;
		assay_json_append(processes, process(h, i));
		if (s->kind == ASSAY_BOARD_SCAN && s->state == ASSAY_BOARD_BUSY)
			assay_json_append(work, mail(h, i));
	}
	for (unsigned i = 0; (q = assay_health_queue(h, i)) != NULL; i++)
		assay_json_append(queues, queue(q));
	for (size_t i = 0; i < h->workers; i++)
		assay_json_append(workers, worker(&h->worker[i]));
	assay_json_set(all, "processes", processes);
	assay_json_set(all, "work", work);
	assay_json_set(all, "queues", queues);
	assay_json_set(all, "workers", workers);
	assay_json_set(all, "disk_free",
	    janitor->kind == ASSAY_BOARD_JANITOR ? assay_json_int((int64_t)janitor->disk_free)
						 : json_null());
}

/* assay_health_json - see health.h */
json_t *assay_health_json(const struct assay_health *health)
{
	json_t *all = json_object();
	const char *level = health->level == ASSAY_HEALTH_OK ? "ok"
	    : health->level == ASSAY_HEALTH_DEGRADED         ? "degraded"
							     : "down";

	set_word(all, "level", level);
	set_word(all, "sentence", health->sentence);
	assay_json_set(all, "reasons", reasons(health));
	assay_json_set(all, "time", assay_json_time(health->wall_ms));
	assay_json_set(all, "bypass", bypass(health));
	if (!health->board)
		return all;
	assay_json_set(all, "service", service(health));
	assay_json_set(all, "totals", totals(health));
	set_lists(health, all);
	return all;
}
