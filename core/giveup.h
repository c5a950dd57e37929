/*
 * core/giveup.h - mails that we have put off ourselves: how often, since when
 *
 * What fails the same way each time must not bounce ordinary mail. A door remembers the mails it
 * answered with a tempfail of ours, by a digest of sender, recipients and body (a mail comes back
 * with the same ones, whatever its trace headers). Bounded: the one not seen for longest is
 * forgotten.
 *
 * The memory stands in a file of some 400 KiB as well, a place per mail, written where it
 * changes: a door that is killed has forgotten nothing. Nothing is synced: a power cut costs a mail
 * one more try. A place that makes no sense is free. What cannot be read or written is told once,
 * and the memory goes on without the file. Of two doors at a reload each writes what it knows.
 */
#ifndef ASSAY_GIVEUP_H
#define ASSAY_GIVEUP_H

#include <jansson.h>

#include <assay/types.h>

#include "core/digest.h"

#define ASSAY_GIVEUP_MAILS 4096u
#define ASSAY_GIVEUP_FILE "giveup" /* below the directory for state */

struct assay_giveup;

/* `tries` tempfails of one mail, and none later than after_ms behind the first. path NULL: without
 * a file. */
struct assay_giveup *assay_giveup_open(const char *path, uint64_t tries, int64_t after_ms);
/* Accepts NULL, leaves NULL. */
void assay_giveup_close(struct assay_giveup **giveup);
/* request as in core/request.h. */
void assay_giveup_key(
    const json_t *request, struct assay_slice message, char key[ASSAY_DIGEST_TEXT]);
/* Has it been put off for long, or often, enough? Times are of the wall clock: they outlive the
 * machine's. One that runs back adds no time. */
bool assay_giveup_due(const struct assay_giveup *giveup, const char *key, int64_t now_ms);
/* It was put off once more. */
void assay_giveup_note(struct assay_giveup *giveup, const char *key, int64_t now_ms);

#endif
