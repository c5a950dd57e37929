/*
 * core/health.h - how the service is, in one sentence and in figures
 *
 * Reads the scoreboard, asks who holds the lock, reads the bypass file, looks which processes are
 * alive and how many connections wait: nothing of it needs an answer of any process, so it works
 * with each of them hung or dead. A copy: figures are of one moment, but not exactly the same one.
 */
#ifndef ASSAY_HEALTH_H
#define ASSAY_HEALTH_H

#include <sys/types.h>

#include <jansson.h>

#include "core/board.h"
#include "core/bypass.h"

struct assay_buf;

/* The exit codes of `assay status`. */
enum assay_health_level { ASSAY_HEALTH_OK, ASSAY_HEALTH_DEGRADED, ASSAY_HEALTH_DOWN };

#define ASSAY_HEALTH_REASONS 32u
#define ASSAY_HEALTH_WORKERS 64u

/* Why it is not OK, the worst first. */
struct assay_health_reason {
	char text[300];
	char hint[80]; /* a command that may help; "" */
};

/* Scan processes of the generation in charge. */
struct assay_health_scans {
	unsigned alive, busy, idle;
	/* At work for more than 5 s, all of them: the worker that most are at. */
	unsigned slow; /* how many are at it; 0: not so */
	char worker[64];
	int64_t average_ms;
};

/* Sums over doors since the service started; of guests, over scan processes. */
struct assay_health_totals {
	uint64_t mails, bytes, partial, unscanned, retries;
	uint64_t minute_mails; /* of the last minute */
	int64_t minute_ms;     /* or as long as this; 0: not known yet */
	uint64_t guests;       /* scanned for assay import and assay scan; in none of the above */
};

struct assay_health {
	enum assay_health_level level;
	char sentence[800];
	struct assay_health_reason reason[ASSAY_HEALTH_REASONS];
	size_t reasons;

	pid_t pid;  /* of the parent; 0: nobody holds the lock */
	bool board; /* what follows is known */
	int64_t now_ms, wall_ms;
	struct assay_board_head head;
	struct assay_board_slot *slot; /* ASSAY_BOARD_SLOTS copies; kind NONE: nothing there */
	bool *alive;                   /* as many */
	struct assay_health_scans scans;
	struct assay_health_totals totals;
	/* Calls by all scan processes of that generation, by name of the worker. */
	struct assay_board_worker worker[ASSAY_HEALTH_WORKERS];
	size_t workers;
	int64_t waiting_inline, waiting_bulk; /* connections; -1: not known */
	bool bypassed;
	struct assay_bypass bypass;
};

/* Is a scan process there, or a scan master that loads? If not, nobody takes what is asked. */
bool assay_health_scans(const char *run_dir);
/* Never fails: what cannot be read is a reason. Release it. */
void assay_health_read(const char *run_dir, struct assay_health *health);
void assay_health_release(struct assay_health *health);
const char *assay_health_level_name(enum assay_health_level level);
/* The parent, now and then: how many mails there have been so far. */
void assay_health_sample(const struct assay_board *board, struct assay_board_slot *parent);

/* For people: the sentence, then tables. */
void assay_health_print(const struct assay_health *health, struct assay_buf *out);
/* For people: what is in work. */
void assay_health_print_mails(const struct assay_health *health, struct assay_buf *out);
/* The same as one object. */
json_t *assay_health_json(const struct assay_health *health);
/* In the text format of Prometheus. */
void assay_health_metrics(const struct assay_health *health, struct assay_buf *out);

#endif
