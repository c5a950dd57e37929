/*
 * core/giveup.h - mails that we have put off ourselves: how often, since when
 *
 * What fails the same way each time must not bounce ordinary mail. A door remembers the mails it
 * answered with a tempfail of ours, by a digest of sender, recipients and body (a mail comes back
 * with the same ones, whatever its trace headers). Bounded: the one not seen for longest is
 * forgotten. Each door process has its own; nothing is on disk.
 */
#ifndef ASSAY_GIVEUP_H
#define ASSAY_GIVEUP_H

#include <jansson.h>

#include <assay/types.h>

#include "core/digest.h"

#define ASSAY_GIVEUP_MAILS 4096u

struct assay_giveup;

/* `tries` tempfails of one mail, and none later than after_ms behind the first. */
struct assay_giveup *assay_giveup_new(uint64_t tries, int64_t after_ms);
void assay_giveup_free(struct assay_giveup **giveup);
/* request as in core/request.h. */
void assay_giveup_key(
    const json_t *request, struct assay_slice message, char key[ASSAY_DIGEST_TEXT]);
/* Has it been put off for long, or often, enough? Times are CLOCK_MONOTONIC ms. */
bool assay_giveup_due(const struct assay_giveup *giveup, const char *key, int64_t now_ms);
/* It was put off once more. */
void assay_giveup_note(struct assay_giveup *giveup, const char *key, int64_t now_ms);

#endif
