/*
 * maildir/ledger.h - which mails of one folder were handed over
 *
 * In memory, while the folder is at work: the keys (maildir/mailname.h) of what was taken, in
 * flight or done. On the disk (base/journal.h): what is done. A ledger without a file forgets all
 * at its release. Loading costs some 3 ms for 100,000 mails, so idle ones are let go.
 */
#ifndef ASSAY_MAILDIR_LEDGER_H
#define ASSAY_MAILDIR_LEDGER_H

#include "base/keyset.h"

struct assay_ledger {
	char *file;       /* of the journal; NULL: none is kept */
	const char *name; /* what it is about; borrowed */
	struct assay_keyset known;
	bool loaded;
	size_t records;            /* in the file */
	size_t in_flight;          /* taken and neither done nor given back */
	struct assay_key *pending; /* done, not in the file yet */
	size_t npending, room;
};

/* Takes `file` (malloc'd). */
void assay_ledger_init(struct assay_ledger *ledger, char *file, const char *name, size_t most);
/* Writes nothing. */
void assay_ledger_release(struct assay_ledger *ledger);
/* Is there a file? True where none is kept. */
bool assay_ledger_exists(const struct assay_ledger *ledger);
/* Reads the file, if that was not done. Errors as those of assay_journal_load. */
ASSAY_MUST_CHECK enum assay_status assay_ledger_load(
    struct assay_ledger *ledger, struct assay_err *err);
/* Gives the memory back, when nothing is in flight or pending: true. */
bool assay_ledger_unload(struct assay_ledger *ledger);
/* The file with these keys, and no others; the ledger is loaded then. Only while nothing is in
 * flight or pending; not the ledger's own set. */
ASSAY_MUST_CHECK enum assay_status assay_ledger_write(
    struct assay_ledger *ledger, const struct assay_keyset *keys, struct assay_err *err);
/* Puts a damaged file aside under the name FILE.bad. */
void assay_ledger_set_aside(struct assay_ledger *ledger);

/* True: it is ours to hand over now. False: it was taken before, or the ledger is full. */
bool assay_ledger_take(struct assay_ledger *ledger, struct assay_key key);
/* It was handed over for good, or must be taken again. */
void assay_ledger_done(struct assay_ledger *ledger, struct assay_key key);
void assay_ledger_give_back(struct assay_ledger *ledger, struct assay_key key);
/* What is done goes into the file; what could not stays pending. */
ASSAY_MUST_CHECK enum assay_status assay_ledger_flush(
    struct assay_ledger *ledger, struct assay_err *err);

#endif
