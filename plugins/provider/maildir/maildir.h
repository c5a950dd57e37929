/*
 * maildir/maildir.h - what the parts of the provider share
 *
 * struct assay_maildir is the state of the plugin: its options, the folders it knows, who is
 * watched, what is to be done next. `roll` finds the folders, `intake` hands mails to the door,
 * maildir.c turns the wheel. One thread; the door calls back into `intake` only.
 */
#ifndef ASSAY_MAILDIR_MAILDIR_H
#define ASSAY_MAILDIR_MAILDIR_H

#include <assay/plugin.h>

#include "folder.h"
#include "sweep.h"
#include "watch.h"

#define ASSAY_MAILDIR_FOLDERS 200000 /* more are not looked at */

/* What becomes of mails that are there when a Maildir is seen for the first time. */
enum assay_maildir_existing {
	ASSAY_MAILDIR_EXISTING_NEW, /* those in new/ are handed over */
	ASSAY_MAILDIR_EXISTING_ALL,
	ASSAY_MAILDIR_EXISTING_NONE
};

enum assay_maildir_there { ASSAY_MAILDIR_UNKNOWN, ASSAY_MAILDIR_MISSING, ASSAY_MAILDIR_FOUND };

struct assay_maildir {
	/* options */
	const char *const *patterns;
	const char *mailbox; /* "%1": the first star */
	const char *journal; /* directory */
	bool folders;
	enum assay_maildir_existing existing;
	int64_t rescan_ms, settle_ms;
	size_t most; /* mails in one folder */

	/* at work */
	struct assay_door *door;
	bool once;                    /* without journal, and nothing is waited for */
	bool ended;                   /* run has returned; answers may still come */
	struct assay_folder **folder; /* by path */
	size_t n, room, sorted;       /* [sorted, n) were found since */
	size_t told;                  /* how many, as it was told */
	unsigned round;
	struct assay_watch watch;
	struct assay_sweep sweep;
	size_t next;               /* whose turn it is to be listed */
	size_t held;               /* memory of ledgers, as far as it was counted */
	size_t in_flight, pending; /* of all folders */
	size_t refused;            /* submissions in a row that failed */
	size_t failed;             /* once: mails that could not be scanned, and the first reason */
	struct assay_err first_failure;
	int64_t again_ms;  /* the earliest of the folders'; 0: none */
	int64_t rescan_at; /* CLOCK_MONOTONIC, like those below */
	int64_t flush_at;  /* 0: nothing pending */
	int64_t pause_at;  /* until then nothing is submitted; 0: no pause */
	/* Wall time at which all Maildirs were last looked for: mails that came later are new even
	 * in a Maildir that is seen for the first time. 0: never. */
	int64_t since_ms;
	struct assay_notice door_notice, watch_notice, roll_notice, journal_notice;
	enum assay_maildir_there *there; /* of each pattern, as it was told */
};

/* ---- roll.c ---------------------------------------------------------------------------------- */

/* When the Maildirs were last looked for, by whoever ran before us. */
void assay_roll_begin(struct assay_maildir *m);
/* Looks for all Maildirs, watches new ones, says which are to be listed, forgets those that are
 * gone. */
void assay_roll_call(struct assay_maildir *m);
/* The folder's ledger, loaded; the first time it is made, and what is there noted as `existing`
 * says. False: it cannot be had, which was told, and is tried again. */
bool assay_roll_ready(struct assay_maildir *m, struct assay_folder *folder);
/* Names that are gone leave the ledger when they are most of it. Best effort. */
void assay_roll_tidy(struct assay_maildir *m, struct assay_folder *folder);
/* Ledgers of folders where nothing happens are let go when they are large together. */
void assay_roll_trim(struct assay_maildir *m);
/* A folder of its own, in the roll or not. */
struct assay_folder *assay_roll_folder(
    const struct assay_maildir *m, const struct assay_found *found);
/* Everything, with what is pending written. */
void assay_roll_release(struct assay_maildir *m);

/* ---- intake.c -------------------------------------------------------------------------------- */

/* Hands a mail to the door that has or had this name there, unless it was handed over before.
 * whole: it is known to be complete. What stands in the way of this mail only is told, and it is
 * tried again later. ASSAY_END: the door takes no more; once: E_IO when it refuses one after the
 * other. */
ASSAY_MUST_CHECK enum assay_status assay_intake_take(struct assay_maildir *m,
    struct assay_folder *folder, enum assay_folder_side side, const char *name, bool whole);
/* The folder is listed again in so many milliseconds. */
void assay_intake_again(struct assay_maildir *m, struct assay_folder *folder, int64_t in_ms);
/* What is done goes into the journals. */
void assay_intake_flush(struct assay_maildir *m);

#endif
