/*
 * core/board.h - the scoreboard: one page of shared memory per process of the service
 *
 * A file in the run directory (service.board), so that `assay status` can read it whatever hangs.
 * Page 0 is the head, written by the parent only. Each process writes its own page and no other: a
 * scan process has only its own page mapped (a mail may own it), trusted processes map all of it.
 * The master alone writes `pid`, `kind`, `name` ... of the pages of its scan processes before it
 * forks them; the parent those of its own children.
 *
 * There are no locks: fields are written singly, a reader may see half of a change. Whoever reads a
 * page of a scan process believes nothing: assay_board_read gives a copy with terminated, printable
 * texts and bounded numbers.
 *
 * Slots: [0] head, [1] parent, [2] janitor, [3] and [4] scan masters (by generation, odd and even),
 * then doors and drains, then ASSAY_BOARD_SCANS scan processes of each of the two generations.
 * Times are CLOCK_MONOTONIC ms unless the name says wall.
 */
#ifndef ASSAY_BOARD_H
#define ASSAY_BOARD_H

#include <sys/types.h>

#include <assay/types.h>

#define ASSAY_BOARD_OTHERS 64u /* head, parent, janitor, masters, doors, drains */
#define ASSAY_BOARD_SCANS 256u /* per generation */
#define ASSAY_BOARD_SLOTS (ASSAY_BOARD_OTHERS + 2 * ASSAY_BOARD_SCANS)
#define ASSAY_BOARD_PAGE 8192u
#define ASSAY_BOARD_WORKERS 48u
#define ASSAY_BOARD_QUEUES 48u

enum assay_board_kind {
	ASSAY_BOARD_NONE,
	ASSAY_BOARD_PARENT,
	ASSAY_BOARD_JANITOR,
	ASSAY_BOARD_MASTER,
	ASSAY_BOARD_SCAN,
	ASSAY_BOARD_DOOR,
	ASSAY_BOARD_DRAIN, /* of a connector or an archiver */
	ASSAY_BOARD_METRICS,
	ASSAY_BOARD_LOOKUP,
	ASSAY_BOARD_KINDS
};

enum assay_board_state {
	ASSAY_BOARD_DOWN,     /* no process; restarted at again_ms */
	ASSAY_BOARD_STARTING, /* loading */
	ASSAY_BOARD_IDLE,
	ASSAY_BOARD_BUSY,
	ASSAY_BOARD_WAITING, /* backs off: the far side is down, the disk is full */
	ASSAY_BOARD_LEAVING, /* finishes what it has, then goes */
	ASSAY_BOARD_STATES
};

/* Calls of one worker by one scan process. */
struct assay_board_worker {
	char name[24];
	uint64_t calls, us, most_us, timeouts;
};

/* One queue directory, measured by the janitor. */
struct assay_board_queue {
	char name[40]; /* "connector-sqlite" */
	uint64_t files, bytes, poison, dropped;
	int64_t oldest_wall_ms; /* 0: empty */
	bool full;              /* over its bound and when_full = hold_mail */
};

/* What the plugins of a scan master say of what they have loaded. */
struct assay_board_concern {
	char text[400];   /* "": all is well */
	char loaded[200]; /* what is in use; "" */
	bool outdated;    /* it has changed: the parent shall reload, and takes this back */
};

/* Mails of all doors up to then, sampled by the parent every few seconds; a ring. */
#define ASSAY_BOARD_SAMPLES 16u
struct assay_board_sample {
	int64_t at_ms; /* 0: none yet */
	uint64_t mails;
};

/* What was asked of the table for mail servers; all questions are `records`. */
struct assay_board_lookup {
	uint64_t known, unknown, failed; /* the rest: keys that are none of the field */
	uint64_t refused;                /* connections that talked nonsense */
	uint32_t clients;
};

/* What a process says of itself. */
struct assay_board_slot {
	/* By whoever starts it: */
	uint32_t kind;
	int32_t pid;
	uint32_t generation, starts, crashes;
	int64_t started_ms, again_ms;
	char name[32]; /* plugin; "" for most */
	/* By itself: */
	uint32_t state;
	uint32_t sandbox;    /* enum assay_sandbox_part in force */
	int64_t since_ms;    /* in this state */
	int64_t beat_ms;     /* last sign of life of its loop */
	int64_t deadline_ms; /* of the mail in work; 0: none */
	char scan_id[40], queue_id[40], payload_id[96], worker[64];
	int64_t worker_ms; /* since when this worker is at it */
	uint64_t mails, bytes, partial, unscanned, records, retries;
	int64_t error_wall_ms;
	char error[400]; /* last one, in words */
	union {
		struct assay_board_worker worker[ASSAY_BOARD_WORKERS]; /* SCAN */
		struct assay_board_queue queue[ASSAY_BOARD_QUEUES];    /* JANITOR */
		struct assay_board_sample sample[ASSAY_BOARD_SAMPLES]; /* PARENT */
		struct assay_board_lookup lookup;                      /* LOOKUP */
		struct assay_board_concern concern;                    /* MASTER */
	} of;
	uint32_t deaths;    /* DRAIN: in a row, at the record or file that queue_id says */
	uint64_t disk_free; /* JANITOR: bytes free where the spool is */
	bool disk_low;      /* JANITOR: less than spool_min_free */
	bool observing;     /* DOOR with somebody who waits: everything is accepted */
	uint64_t guests; /* SCAN: of its mails, those of assay import and assay scan; on the first
			    page of a generation also those of masters before */
};

/* Page 0. */
struct assay_board_head {
	char magic[8];
	uint32_t version, page, slots;
	int32_t parent;
	int64_t started_wall_ms;
	uint32_t generation;    /* of the scan master that is in charge */
	uint32_t reloads;       /* finished, well or not */
	int64_t reload_wall_ms; /* the last one */
	char reload_error[400]; /* "": it went well */
	char config_sha256[65]; /* of the report's engine.config */
	char source_sha256[65]; /* assay_config_source_sha256 */
	bool stopping, sandbox_off;
	uint32_t scan_processes, bulk_max;
};

struct assay_board {
	int fd;
	bool writable;
	struct assay_board_head *head;
	char *base; /* of all pages */
};

/* Makes the file anew (0640) and maps it: the parent, which has the lock of the home. All of it is
 * allocated now (E_FULL), so that nobody dies of a full disk later. Old readers keep the old file.
 */
ASSAY_MUST_CHECK enum assay_status assay_board_create(
    const char *run_dir, struct assay_board *board, struct assay_err *err);
/* Maps an inherited descriptor, which it takes (also on failure): trusted children. */
ASSAY_MUST_CHECK enum assay_status assay_board_map(
    int fd, struct assay_board *board, struct assay_err *err);
/* Maps the file read-only: `assay status`. E_NOENT: there is none. E_UNSUP: of another version. */
ASSAY_MUST_CHECK enum assay_status assay_board_open(
    const char *run_dir, struct assay_board *board, struct assay_err *err);
void assay_board_close(struct assay_board *board);

/* Processes that are forked from now on do not have the mapping: others' pages are not for somebody
 * whom a mail may own. The descriptor they do have, and close that: not the board, whose addresses
 * are free for others. */
void assay_board_keep(const struct assay_board *board);

/* The page itself, to write to; not page 0. */
struct assay_board_slot *assay_board_slot(const struct assay_board *board, unsigned slot);
/* One page alone, for a scan process, as long as it lives. */
ASSAY_MUST_CHECK enum assay_status assay_board_map_slot(
    int fd, unsigned slot, struct assay_board_slot **page, struct assay_err *err);
/* A checked copy; false: nothing was ever there. Texts are printable (ids and names ASCII words,
 * else '?'), counts at most 2^53, times not negative, those of the past not in the future, state
 * and kind known and possible for the slot. */
bool assay_board_read(
    const struct assay_board *board, unsigned slot, struct assay_board_slot *copy);
/* A checked copy of page 0. */
void assay_board_read_head(const struct assay_board *board, struct assay_board_head *copy);
/* First slot of the scan processes of a generation. */
unsigned assay_board_scan_slot(uint32_t generation);

/* state and since_ms. NULL: a process without a page (`assay scan`). */
void assay_board_set_state(struct assay_board_slot *page, enum assay_board_state state);
/* The text, cut and printable, and when; "": none. */
void assay_board_set_error(struct assay_board_slot *page, const char *text);
const char *assay_board_state_name(uint32_t state);
const char *assay_board_kind_name(uint32_t kind);

#endif
