/*
 * core/health_judge.c - see health.h: what the figures mean. Looks at the copy only.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/health_own.h"
#include "core/human.h"
#include "core/sandbox.h"
#include "core/supervise.h"

#define HANGS_MS 60000   /* doors and the janitor give a sign of life each second */
#define PARENT_MS 30000  /* the parent each five */
#define LOADS_MS 60000   /* of others than masters */
#define FLEETING_MS 3000 /* a process between two lives */
#define OLD_MS 300000    /* of what waits in a queue */

/* ---- helpers --------------------------------------------------------------------------------- */

/* because - one more reason; the first ones are the worst */
static void because(struct assay_health *h, const char *hint, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);
static void because(struct assay_health *h, const char *hint, const char *fmt, ...)
{
	struct assay_health_reason *r;
	va_list ap;

	if (h->reasons == ASSAY_HEALTH_REASONS)
		return;
	r = &h->reason[h->reasons++];
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
	(void)snprintf(r->hint, sizeof r->hint, "%s", hint);
	assay_err_make_printable(r->text);
	if (h->level == ASSAY_HEALTH_OK)
		h->level = ASSAY_HEALTH_DEGRADED;
}

/* assay_health_who - see health_own.h */
const char *assay_health_who(
    const struct assay_health *health, unsigned slot, char who[ASSAY_HEALTH_WHO])
{
	const struct assay_board_slot *s = &health->slot[slot];

	if (s->kind == ASSAY_BOARD_MASTER)
		(void)snprintf(who, ASSAY_HEALTH_WHO, "scan master %u", s->generation);
	else if (s->kind == ASSAY_BOARD_SCAN)
		(void)snprintf(who, ASSAY_HEALTH_WHO, "scan process %u.%u", s->generation,
		    (slot - ASSAY_BOARD_OTHERS) % ASSAY_BOARD_SCANS + 1);
	else
		(void)snprintf(who, ASSAY_HEALTH_WHO, "%s%s%s", assay_board_kind_name(s->kind),
		    s->name[0] != '\0' ? " " : "", s->name);
	return who;
}

/* assay_health_state - see health_own.h */
uint32_t assay_health_state(const struct assay_health *health, unsigned slot)
{
	return health->alive[slot] ? health->slot[slot].state : (uint32_t)ASSAY_BOARD_DOWN;
}

/* assay_health_lookup - see health_own.h */
const struct assay_board_slot *assay_health_lookup(const struct assay_health *health)
{
	for (unsigned i = ASSAY_SLOT_FREE; i < ASSAY_BOARD_OTHERS; i++)
		if (health->slot[i].kind == ASSAY_BOARD_LOOKUP)
			return &health->slot[i];
	return NULL;
}

/* assay_health_queue - see health_own.h */
const struct assay_board_queue *assay_health_queue(const struct assay_health *health, unsigned i)
{
	const struct assay_board_slot *janitor = &health->slot[ASSAY_SLOT_JANITOR];

	if (janitor->kind != ASSAY_BOARD_JANITOR || i >= ASSAY_BOARD_QUEUES ||
	    janitor->of.queue[i].name[0] == '\0')
		return NULL;
	return &janitor->of.queue[i];
}

/* assay_health_sandbox - see health_own.h */
void assay_health_sandbox(const struct assay_health *health, unsigned *parts)
{
	unsigned first = assay_board_scan_slot(health->head.generation);

	*parts = ~0u;
	for (unsigned i = first; i < first + ASSAY_BOARD_SCANS; i++)
		if (health->alive[i] && health->slot[i].kind == ASSAY_BOARD_SCAN &&
		    health->slot[i].state != ASSAY_BOARD_STARTING)
			*parts &= health->slot[i].sandbox;
}

/* ---- what may be wrong ----------------------------------------------------------------------- */

/* judge_busy - all scan processes hang in something slow */
static void judge_busy(struct assay_health *h)
{
	const struct assay_health_scans *c = &h->scans;
	int64_t waiting = (h->waiting_inline > 0 ? h->waiting_inline : 0) +
	    (h->waiting_bulk > 0 ? h->waiting_bulk : 0);
	char hint[80] = "", age[ASSAY_HUMAN_TEXT], mails[40] = "";

	if (c->slow == 0)
		return;
	if (waiting > 0)
		(void)snprintf(mails, sizeof mails, "%" PRId64 " mail%s wait%s, ", waiting,
		    waiting == 1 ? "" : "s", waiting == 1 ? "s" : "");
	if (strchr(c->worker, '?') == NULL)
		(void)snprintf(hint, sizeof hint, "assay bypass on --worker %.40s", c->worker);
	because(h, hint, "%s%s %s on average in %u of %u scan processes", mails, c->worker,
	    assay_human_age(age, c->average_ms), c->slow, c->alive);
}

/* master_slot - of the one in charge */
static unsigned master_slot(const struct assay_health *h)
{
	return ASSAY_SLOT_MASTER + (h->head.generation % 2 == 0 ? 1 : 0);
}

/* concern - what the plugins of the scan master say; NULL: there is none to say it */
static const struct assay_board_concern *concern(const struct assay_health *h)
{
	const unsigned slot = master_slot(h);

	return h->alive[slot] && h->slot[slot].kind == ASSAY_BOARD_MASTER
	    ? &h->slot[slot].of.concern
	    : NULL;
}

/* assay_health_loaded - see health_own.h */
const char *assay_health_loaded(const struct assay_health *health)
{
	return concern(health) != NULL ? concern(health)->loaded : "";
}

/* judge_scans - are they there? */
static void judge_scans(struct assay_health *h)
{
	const unsigned slot = master_slot(h);
	const struct assay_board_slot *master = &h->slot[slot];
	bool loading = h->alive[slot] && master->state == ASSAY_BOARD_STARTING;
	char age[ASSAY_HUMAN_TEXT];

	if (loading) {
		because(h, "", "the scan master has been loading for %s; mail waits",
		    assay_human_age(age, h->now_ms - master->started_ms));
	} else if (!h->alive[slot] && h->scans.alive == 0) {
		h->level = ASSAY_HEALTH_DOWN;
		because(h, "assay config -t",
		    "no mail is scanned, it waits: the scan master %s%.200s",
		    master->error[0] != '\0' ? "ended: " : "is not there", master->error);
	} else if (h->scans.alive < h->head.scan_processes &&
	    h->now_ms - master->since_ms > FLEETING_MS) {
		because(
		    h, "", "%u of %u scan processes run", h->scans.alive, h->head.scan_processes);
	}
	if (concern(h) != NULL && concern(h)->text[0] != '\0')
		because(h, "", "%.300s", concern(h)->text);
}

/* judge_process - one of the others */
static void judge_process(struct assay_health *h, unsigned i)
{
	const struct assay_board_slot *s = &h->slot[i];
	bool shows_life = s->kind == ASSAY_BOARD_DOOR || s->kind == ASSAY_BOARD_JANITOR ||
	    s->kind == ASSAY_BOARD_LOOKUP;
	char who[ASSAY_HEALTH_WHO], age[ASSAY_HUMAN_TEXT];
	uint32_t state = assay_health_state(h, i);

	(void)assay_health_who(h, i, who);
	(void)assay_human_age(age, h->now_ms - s->since_ms);
	if (state == ASSAY_BOARD_DOWN && (s->crashes > 0 || h->now_ms - s->since_ms > FLEETING_MS))
		because(
		    h, "", "%s is down%s%.160s", who, s->error[0] != '\0' ? ": " : "", s->error);
	else if (state == ASSAY_BOARD_WAITING)
		because(h, "", "%s waits for %s%s%.160s", who, age, s->error[0] != '\0' ? ": " : "",
		    s->error);
	else if (state == ASSAY_BOARD_STARTING && h->now_ms - s->since_ms > LOADS_MS)
		because(h, "", "%s has been starting for %s", who, age);
	else if (shows_life && h->alive[i] && h->now_ms - s->beat_ms > HANGS_MS)
		because(h, "", "%s (pid %d) hangs: no sign of life for %s", who, s->pid,
		    assay_human_age(age, h->now_ms - s->beat_ms));
}

/* judge_processes - all but scan processes and their master */
static void judge_processes(struct assay_health *h)
{
	for (unsigned i = ASSAY_SLOT_JANITOR; i < ASSAY_BOARD_OTHERS; i++)
		if (h->slot[i].kind != ASSAY_BOARD_NONE && h->slot[i].kind != ASSAY_BOARD_MASTER)
			judge_process(h, i);
}

/* judge_queue - of one connector or archiver */
static void judge_queue(struct assay_health *h, const struct assay_board_queue *q)
{
	char text[ASSAY_HUMAN_TEXT];
	int64_t age = q->oldest_wall_ms > 0 ? h->wall_ms - q->oldest_wall_ms : 0;

	if (q->full)
		because(h, "assay queue list", "queue %s is full (%s): no mail is taken in",
		    q->name, assay_human_size(text, q->bytes));
	if (age > OLD_MS)
		because(h, "assay queue list",
		    "%" PRIu64 " file%s wait%s in queue %s, the oldest for %s", q->files,
		    q->files == 1 ? "" : "s", q->files == 1 ? "s" : "", q->name,
		    assay_human_age(text, age));
	if (q->poison > 0)
		because(
		    h, "assay queue list", "%" PRIu64 " set aside in queue %s", q->poison, q->name);
}

/* judge_stores - queues and the disk they are on */
static void judge_stores(struct assay_health *h)
{
	const struct assay_board_slot *janitor = &h->slot[ASSAY_SLOT_JANITOR];
	const struct assay_board_queue *q;
	char text[ASSAY_HUMAN_TEXT];

	if (janitor->kind == ASSAY_BOARD_JANITOR && janitor->disk_low)
		because(h, "", "only %s are free where the spool is: no mail is taken in",
		    assay_human_size(text, janitor->disk_free));
	for (unsigned i = 0; (q = assay_health_queue(h, i)) != NULL; i++)
		judge_queue(h, q);
}

/* judge_settings - what somebody has set, or set wrong */
static void judge_settings(struct assay_health *h)
{
	const unsigned must = ASSAY_SANDBOX_PRIVS | ASSAY_SANDBOX_RLIMITS | ASSAY_SANDBOX_SECCOMP;
	char until[ASSAY_TIME_TEXT];
	unsigned parts;

	assay_health_sandbox(h, &parts);
	if (h->bypassed) {
		assay_clock_format(h->bypass.until_wall_ms, until);
		because(h, "assay bypass off", "bypass %s%s%s until %.16sZ (%.80s)",
		    h->bypass.worker[0] != '\0'     ? "of "
			: h->bypass.rule[0] != '\0' ? "of rule "
						    : "of everything",
		    h->bypass.worker, h->bypass.rule, until, h->bypass.reason);
	}
	/* Where it is why there are no scan processes, it was said. */
	if (h->head.reload_error[0] != '\0' && h->level != ASSAY_HEALTH_DOWN)
		because(
		    h, "assay config -t", "the last reload failed: %.200s", h->head.reload_error);
	if (h->head.sandbox_off)
		because(h, "", "scan processes run without a sandbox (--no-sandbox)");
	else if ((parts & must) != must)
		because(h, "", "the sandbox of scan processes is not complete");
}

/* judge_parent - does it live and move? */
static void judge_parent(struct assay_health *h)
{
	const struct assay_board_slot *parent = &h->slot[ASSAY_SLOT_PARENT];
	char age[ASSAY_HUMAN_TEXT];

	if (h->head.stopping) {
		h->level = ASSAY_HEALTH_DOWN;
		because(h, "", "the service is stopping");
	} else if (parent->state == ASSAY_BOARD_STARTING) {
		because(h, "", "the service is starting");
	}
	if (h->now_ms - parent->beat_ms > PARENT_MS)
		because(h, "", "the parent (pid %d) hangs: no sign of life for %s", h->pid,
		    assay_human_age(age, h->now_ms - parent->beat_ms));
}

/* ---- the sentence ---------------------------------------------------------------------------- */

/* assay_health_observes - see health_own.h */
bool assay_health_observes(const struct assay_health *health)
{
	for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++)
		if (health->slot[i].kind == ASSAY_BOARD_DOOR && health->slot[i].observing)
			return true;
	return false;
}

/* say_well - nothing is wrong */
static void say_well(struct assay_health *h)
{
	const struct assay_health_totals *t = &h->totals;
	char age[ASSAY_HUMAN_TEXT], minute[60] = "", guests[60] = "";

	if (t->minute_ms > 0)
		(void)snprintf(minute, sizeof minute, "%" PRIu64 " mails in the last %s, ",
		    t->minute_mails, assay_human_age(age, t->minute_ms));
	if (t->guests > 0)
		(void)snprintf(
		    guests, sizeof guests, "; %" PRIu64 " of imports and commands", t->guests);
	(void)snprintf(h->sentence, sizeof h->sentence,
	    "OK%s: %s%" PRIu64 " since the start %s ago%s",
	    assay_health_observes(h) ? ", OBSERVING" : "", minute, t->mails,
	    assay_human_age(age, h->now_ms - h->slot[ASSAY_SLOT_PARENT].started_ms), guests);
}

/* say_reasons - the first three, and what to try */
static void say_reasons(struct assay_health *h)
{
	size_t n = 0, shown = h->reasons < 3 ? h->reasons : 3;
	const char *hint = "";
	int w;

	for (size_t i = h->reasons; i > 0; i--)
		if (h->reason[i - 1].hint[0] != '\0')
			hint = h->reason[i - 1].hint;
	for (size_t i = 0; i < shown; i++) {
		w = snprintf(h->sentence + n, sizeof h->sentence - n, "%s%s%.220s",
		    i == 0 ? assay_health_level_name(h->level) : "", i == 0 ? ": " : "; ",
		    h->reason[i].text);
		n += w > 0 && (size_t)w < sizeof h->sentence - n ? (size_t)w : 0;
	}
	if (h->reasons > shown)
		n += (size_t)snprintf(
		    h->sentence + n, sizeof h->sentence - n, "; and %zu more", h->reasons - shown);
	if (hint[0] != '\0')
		(void)snprintf(h->sentence + n, sizeof h->sentence - n, "; try: %s", hint);
}

/* judge_absence - nobody holds the lock, or nothing can be read */
static void judge_absence(struct assay_health *h, const char *run_dir, const struct assay_err *err)
{
	h->level = ASSAY_HEALTH_DOWN;
	if (h->pid != 0)
		because(h, "", "%s", err->text);
	else if (h->board)
		because(h, "assay serve",
		    "the service in %.150s was killed and nobody started it "
		    "again",
		    run_dir);
	else
		because(h, "assay serve", "no service runs in %.150s", run_dir);
}

/* assay_health_judge - see health_own.h */
void assay_health_judge(
    struct assay_health *health, const char *run_dir, const struct assay_err *err)
{
	if (health->pid <= 0 || !health->board) {
		judge_absence(health, run_dir, err);
	} else {
		judge_parent(health);
		judge_scans(health);
		judge_busy(health);
		judge_stores(health);
		judge_processes(health);
		judge_settings(health);
	}
	if (health->reasons == 0)
		say_well(health);
	else
		say_reasons(health);
}
