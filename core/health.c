/*
 * core/health.c - see health.h: gathering. Touches the run directory and /proc, to read; the
 * judgement is in health_judge.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "core/backlog.h"
#include "core/health_own.h"
#include "core/role.h"
#include "core/site.h"

#define SLOW_MS 5000
#define MINUTE_MS 60000
#define AGAIN_MS 300

/* is_alive - a process that runs; a zombie does not */
static bool is_alive(pid_t pid)
{
	char path[40], text[200];
	const char *end;
	ssize_t n;
	int fd;

	if (pid <= 0)
		return false;
	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) /* of others, they may be hidden from us */
		return errno != ENOENT || kill(pid, 0) == 0 || errno == EPERM;
	n = read(fd, text, sizeof text - 1);
	assay_io_close(&fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end == NULL || end[1] == '\0' || (end[2] != 'Z' && end[2] != 'X');
}

/* assay_health_scans - see health.h */
bool assay_health_scans(const char *run_dir)
{
	struct assay_board_slot page;
	struct assay_board board;
	struct assay_err err;
	bool found = false;

	if (assay_board_open(run_dir, &board, &err) != ASSAY_OK)
		return false;
	for (unsigned i = 1; i < ASSAY_BOARD_SLOTS && !found; i++)
		found = assay_board_read(&board, i, &page) &&
		    (page.kind == ASSAY_BOARD_SCAN ||
			(page.kind == ASSAY_BOARD_MASTER && page.state == ASSAY_BOARD_STARTING)) &&
		    is_alive(page.pid);
	assay_board_close(&board);
	return found;
}

/* copy_pages - all of them, checked */
static void copy_pages(struct assay_health *h, const struct assay_board *board)
{
	assay_board_read_head(board, &h->head);
	for (unsigned i = 1; i < ASSAY_BOARD_SLOTS; i++) {
		h->slot[i].kind = ASSAY_BOARD_NONE;
		h->alive[i] = assay_board_read(board, i, &h->slot[i]) && is_alive(h->slot[i].pid);
	}
}

/* add_totals - what doors have taken in, and what was scanned for others */
static void add_totals(struct assay_health *h)
{
	struct assay_health_totals *t = &h->totals;
	const struct assay_board_slot *parent = &h->slot[1];

	for (unsigned i = 1; i < ASSAY_BOARD_OTHERS; i++) {
		const struct assay_board_slot *s = &h->slot[i];

		if (s->kind != ASSAY_BOARD_DOOR)
			continue;
		t->mails += s->mails;
		t->bytes += s->bytes;
		t->partial += s->partial;
		t->unscanned += s->unscanned;
		t->retries += s->retries;
	}
	for (unsigned i = ASSAY_BOARD_OTHERS; i < ASSAY_BOARD_SLOTS; i++)
		t->guests += h->slot[i].kind == ASSAY_BOARD_SCAN ? h->slot[i].guests : 0;
	for (unsigned i = 0; parent->kind == ASSAY_BOARD_PARENT && i < ASSAY_BOARD_SAMPLES; i++) {
		const struct assay_board_sample *s = &parent->of.sample[i];
		int64_t age = h->now_ms - s->at_ms;

		/* The oldest within a minute; before there is a minute, the first. */
		if (s->at_ms <= 0 || age <= t->minute_ms || age > MINUTE_MS || s->mails > t->mails)
			continue;
		t->minute_ms = age;
		t->minute_mails = t->mails - s->mails;
	}
}

/* most_at - how many of the busy ones are at the worker of this one, and their age in all */
static unsigned most_at(const struct assay_health *h, unsigned which, int64_t *age)
{
	unsigned first = assay_board_scan_slot(h->head.generation), n = 0;

	*age = 0;
	for (unsigned i = first; i < first + ASSAY_BOARD_SCANS; i++) {
		const struct assay_board_slot *s = &h->slot[i];

		if (!h->alive[i] || s->state != ASSAY_BOARD_BUSY || s->worker_ms == 0 ||
		    strcmp(s->worker, h->slot[which].worker) != 0)
			continue;
		*age += h->now_ms - s->worker_ms;
		n++;
	}
	return n;
}

/* count_scans - those of the generation in charge */
static void count_scans(struct assay_health *h)
{
	unsigned first = assay_board_scan_slot(h->head.generation), slow = 0;
	struct assay_health_scans *c = &h->scans;

	*c = (struct assay_health_scans){ 0 };
	for (unsigned i = first; i < first + ASSAY_BOARD_SCANS; i++) {
		const struct assay_board_slot *s = &h->slot[i];

		if (s->kind != ASSAY_BOARD_SCAN || !h->alive[i])
			continue;
		c->alive++;
		c->idle += s->state == ASSAY_BOARD_IDLE;
		c->busy += s->state == ASSAY_BOARD_BUSY;
		slow += s->state == ASSAY_BOARD_BUSY && h->now_ms - s->since_ms > SLOW_MS &&
		    s->worker_ms > 0 && h->now_ms - s->worker_ms > SLOW_MS;
	}
	if (slow == 0 || slow < c->alive)
		return;
	for (unsigned i = first; i < first + ASSAY_BOARD_SCANS; i++) {
		int64_t age = 0;
		unsigned n = h->alive[i] ? most_at(h, i, &age) : 0;

		if (n <= c->slow)
			continue;
		c->slow = n;
		c->average_ms = age / n;
		(void)snprintf(c->worker, sizeof c->worker, "%s", h->slot[i].worker);
	}
}

/* worker_named - the row of that name, perhaps a new one; NULL: there is no room */
static struct assay_board_worker *worker_named(struct assay_health *h, const char *name)
{
	for (size_t i = 0; i < h->workers; i++)
		if (strcmp(h->worker[i].name, name) == 0)
			return &h->worker[i];
	if (h->workers == ASSAY_HEALTH_WORKERS)
		return NULL;
	memcpy(h->worker[h->workers].name, name, sizeof h->worker[0].name);
	return &h->worker[h->workers++];
}

/* add_workers - of all scan processes of the generation in charge, dead ones too */
static void add_workers(struct assay_health *h)
{
	unsigned first = assay_board_scan_slot(h->head.generation);

	for (unsigned i = first; i < first + ASSAY_BOARD_SCANS; i++) {
		const struct assay_board_worker *w = h->slot[i].of.worker, *end;

		if (h->slot[i].kind != ASSAY_BOARD_SCAN)
			continue;
		for (end = w + ASSAY_BOARD_WORKERS; w < end && w->name[0] != '\0'; w++) {
			struct assay_board_worker *sum = worker_named(h, w->name);

			if (sum == NULL)
				continue;
			sum->calls += w->calls;
			sum->us += w->us;
			sum->timeouts += w->timeouts;
			sum->most_us = w->most_us > sum->most_us ? w->most_us : sum->most_us;
		}
	}
}

/* count_waiting - at one of the two sockets */
static int64_t count_waiting(const char *run_dir, const char *name)
{
	char path[200];
	int n = snprintf(path, sizeof path, "%s/%s", run_dir, name);

	return n > 0 && (size_t)n < sizeof path ? assay_backlog_count(path) : -1;
}

/* read_board - false: there is none that can be read (err) */
static bool read_board(struct assay_health *h, const char *run_dir, struct assay_err *err)
{
	struct assay_board board;

	if (assay_board_open(run_dir, &board, err) != ASSAY_OK)
		return false;
	copy_pages(h, &board);
	count_scans(h);
	/* One that has done its mails is replaced: that takes a moment. */
	if (h->pid > 0 && h->scans.alive < h->head.scan_processes) {
		(void)poll(NULL, 0, AGAIN_MS);
		h->now_ms = assay_clock_mono_ms();
		copy_pages(h, &board);
		count_scans(h);
	}
	assay_board_close(&board);
	add_totals(h);
	add_workers(h);
	return true;
}

/* assay_health_read - everything, then the judgement */
void assay_health_read(const char *run_dir, struct assay_health *health)
{
	struct assay_bypass_file *bypass = assay_bypass_open(run_dir);
	struct assay_err lock_err = { .text = "" }, board_err = { .text = "" };

	memset(health, 0, sizeof *health);
	health->slot = assay_xcalloc(ASSAY_BOARD_SLOTS, sizeof *health->slot);
	health->alive = assay_xcalloc(ASSAY_BOARD_SLOTS, sizeof *health->alive);
	health->now_ms = assay_clock_mono_ms();
	health->wall_ms = assay_clock_wall_ms();
	health->pid = assay_site_holder(run_dir, &lock_err);
	health->board = read_board(health, run_dir, &board_err);
	health->waiting_inline = count_waiting(run_dir, ASSAY_RUN_INLINE);
	health->waiting_bulk = count_waiting(run_dir, ASSAY_RUN_BULK);
	health->bypassed = assay_bypass_now(bypass, &health->bypass);
	assay_bypass_close(&bypass);
	assay_health_judge(health, run_dir, lock_err.text[0] != '\0' ? &lock_err : &board_err);
}

/* assay_health_release - the copies */
void assay_health_release(struct assay_health *health)
{
	free(health->slot);
	free(health->alive);
	health->slot = NULL;
	health->alive = NULL;
}

/* assay_health_sample - in the place of the oldest */
void assay_health_sample(const struct assay_board *board, struct assay_board_slot *parent)
{
	struct assay_board_sample *oldest = &parent->of.sample[0];
	uint64_t mails = 0;

	for (unsigned i = 1; i < ASSAY_BOARD_OTHERS; i++) {
		const struct assay_board_slot *s = assay_board_slot(board, i);

		mails += s->kind == ASSAY_BOARD_DOOR ? s->mails : 0;
	}
	for (unsigned i = 1; i < ASSAY_BOARD_SAMPLES; i++)
		if (parent->of.sample[i].at_ms < oldest->at_ms)
			oldest = &parent->of.sample[i];
	oldest->mails = mails;
	oldest->at_ms = assay_clock_mono_ms();
}

/* assay_health_level_name - the first word of the sentence */
const char *assay_health_level_name(enum assay_health_level level)
{
	static const char *const names[] = { "OK", "DEGRADED", "DOWN" };

	return names[level];
}
