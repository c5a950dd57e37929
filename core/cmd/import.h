/*
 * core/cmd/import.h - what the pieces of `assay import` share
 *
 * cmd_import.c reads the command line and puts the pieces together, import_walk.c finds what is to
 * be imported and names it to the providers, import_pst.c has Outlook files unpacked,
 * import_journal.c remembers what was, import_tell.c says how far it is and what came of it. The
 * mails go the way of all mails: door, scan processes, spool (core/keeper.h).
 */
#ifndef ASSAY_CMD_IMPORT_H
#define ASSAY_CMD_IMPORT_H

#include <jansson.h>

#include <assay/engine.h>

#include "base/buf.h"
#include "base/keyset.h"
#include "core/cmd/cmd.h"
#include "core/helper_convert.h"
#include "core/setup.h"

/* ---- what was imported before ---------------------------------------------------------------- */

/* The scan_ids of the messages of one directory, or of the files in it: VAR/import/HEX (base/
 * journal.h). A scan_id follows from a message's place and bytes, so whatever became of the files
 * since, nothing is passed over that was not imported. Some 21 to 43 bytes of memory a message. */
struct assay_import_journal {
	const char *dir; /* VAR/import; borrowed */
	char *file;      /* NULL: none is open */
	char *about;     /* the directory */
	int lock;
	bool exists, broken; /* broken: it cannot be written, which was told */
	struct assay_keyset known;
	struct assay_key pending[256];
	size_t npending;
};

/* Half of the SHA-256 of some bytes. */
struct assay_key assay_import_journal_digest(struct assay_slice bytes);
void assay_import_journal_init(struct assay_import_journal *journal, const char *dir);
/* Of this directory (absolute), unless that is the one that is open. read_only: nothing is made or
 * locked. E_TIMEOUT: another import is at it. A damaged journal is put aside and told. */
ASSAY_MUST_CHECK enum assay_status assay_import_journal_open(
    struct assay_import_journal *journal, const char *about, bool read_only, struct assay_err *err);
/* Writes what is pending. Accepts one that is not open. */
void assay_import_journal_close(struct assay_import_journal *journal);
bool assay_import_journal_has(const struct assay_import_journal *journal, const char *scan_id);
/* It was kept. */
void assay_import_journal_add(struct assay_import_journal *journal, const char *scan_id);
/* What was added goes into the file. What cannot be written is told once; it would be imported
 * again, to no effect in a store. */
void assay_import_journal_flush(struct assay_import_journal *journal);

/* ---- how it goes ----------------------------------------------------------------------------- */

enum { ASSAY_IMPORT_ACTIONS = 8 };

struct assay_import_count {
	uint64_t found, known; /* messages; of them imported before */
	uint64_t admitted, kept;
	uint64_t bytes; /* of those that were found */
	uint64_t answered_bytes;
	uint64_t partial, unscanned, new_senders;
	uint64_t action[ASSAY_IMPORT_ACTIONS]; /* verdicts, in the order of the policy's words */
	uint64_t failed, passed_over;          /* files */
	char oldest[11], newest[11];           /* days, "2026-11-21"; "" */
};

struct assay_import_pace {
	uint64_t total, before, now; /* bytes: of all files; of those that are done; of this one */
	int64_t began_ms, said_ms, sampled_ms;
	uint64_t sampled_mails, sampled_bytes;
	double mails_rate, bytes_rate; /* a second, smoothed; 0: not known */
	bool terminal;
};

/* An Outlook file, and the directory with its messages; NULL: there is none, which was told. */
struct assay_import_pst {
	char *file, *dir;
	struct assay_helper_converted made;
};

struct assay_import {
	/* asked */
	struct assay_words operands;
	uint64_t jobs;
	bool dry, again;
	/* at work */
	const struct assay_setup *setup;
	struct assay_door *door;
	struct assay_import_journal journal;
	struct assay_import_count count;
	struct assay_keyset senders; /* digests of those that were new */
	struct assay_import_pace pace;
	const char *bulk_path; /* of the service's socket */
	int64_t heard_ms;      /* when something was last answered, or nothing was waited for */
	int failed;            /* exit code of the first file that failed */
	int stop_fd;           /* readable: come to an end */
	bool bypassed;         /* scanning was switched off */
	struct assay_import_pst *pst;
	size_t npst;
	const struct assay_import_pst *inside; /* at work; or NULL */
	struct assay_buf name;                 /* of one of its messages */
	struct assay_buf dir;                  /* VAR/import */
};

/* The time of the first message that is known of this one. */
void assay_import_tell_found(struct assay_import *import, const json_t *request, uint64_t size);
/* Counts it; what was not scanned whole is a line. */
void assay_import_tell_answer(struct assay_import *import, const struct assay_answer *answer);
/* A line, or the bar, when it is time; when that is next (CLOCK_MONOTONIC ms). */
int64_t assay_import_tell_pace(struct assay_import *import);
/* The bar goes. */
void assay_import_tell_end(struct assay_import *import);
/* On standard output. */
void assay_import_tell_summary(const struct assay_import *import);

/* ---- Outlook files --------------------------------------------------------------------------- */

/* Unpacks those among the operands; what cannot be is told. ASSAY_END: it was to end. E_CONF, E_IO:
 * programs cannot be run. As root: before rights are given up. */
ASSAY_MUST_CHECK enum assay_status assay_import_pst_open(
    struct assay_import *import, const struct assay_opts *core, struct assay_err *err);
/* By the true name of the file; NULL: it is none. */
const struct assay_import_pst *assay_import_pst_find(
    const struct assay_import *import, const char *file);
/* Removes what was made. */
void assay_import_pst_close(struct assay_import *import);

/* ---- what is imported ------------------------------------------------------------------------ */

/* Counts the bytes of all operands; what cannot be looked at is told later. */
void assay_import_walk_measure(struct assay_import *import);
/* One line; it counts as a file that failed, and for the exit code. */
void assay_import_complain(struct assay_import *import, const struct assay_err *err);
/* All operands; a failing file is told in one line and the others go on. ASSAY_END: it was to end.
 * An error: nothing can go on. */
ASSAY_MUST_CHECK enum assay_status assay_import_walk(
    struct assay_import *import, struct assay_err *err);

#endif
