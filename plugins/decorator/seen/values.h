/*
 * seen/values.h - what a field of a report is, in the one form that filters keep
 *
 * A field is one of the names below, or any word of facts{}:
 *
 *	from reply_to		address: local part in lower case (ASCII), domain as an A-label
 *	envelope_from		likewise, of the envelope (the fact mailfrom)
 *	from_domain url_domain	domain: A-label, lower case
 *	from_pair		"name <address>": display name in lower case (ASCII), spaces
 *squeezed from_to			"address > address": each sender with each recipient
 *	attachment_sha256	of each attachment
 *	correspondent		asked: the address in From; kept: recipients of mail that we sent
 *
 * Words that end in _domain are domains; to, cc, rcpt, mailfrom are addresses; everything else is
 * text in lower case (ASCII). Linear; at most ASSAY_VALUES_MOST of a field, each at most
 * ASSAY_VALUES_BYTES long, the rest is passed over.
 */
#ifndef ASSAY_SEEN_VALUES_H
#define ASSAY_SEEN_VALUES_H

#include <jansson.h>

#include <assay/types.h>

#include "base/map.h"

struct assay_arena;

#define ASSAY_VALUES_MOST 1000u
#define ASSAY_VALUES_BYTES 2048u

struct assay_values {
	struct assay_arena *arena;
	struct assay_map all; /* keys, in order */
};

enum assay_values_for { ASSAY_VALUES_ASK, ASSAY_VALUES_KEEP };

/* Those of a field in a report, each once; in the arena. */
void assay_values_of(struct assay_values *values, const json_t *report, const char *field,
    enum assay_values_for purpose);
/* What a person wrote, as it would stand in a report; empty: that is none. In the arena. */
struct assay_slice assay_values_normal(
    struct assay_arena *arena, const char *field, struct assay_slice text);
/* What a mail server looks up: an address of which other parts are asked as well ("user@",
 * "domain", "<>"), which are none of a field of addresses; a field of domains takes the whole
 * address as well as a domain, and no name without a dot in it. Empty: that is none. In the arena.
 */
struct assay_slice assay_values_asked(
    struct assay_arena *arena, const char *field, struct assay_slice key);
/* "2026-11-21T12:00:00.000Z" in milliseconds; false: it is no such time. */
bool assay_values_time(const char *text, int64_t *wall_ms);
/* When the mail was sent, as far as that can be trusted: what its Date says cannot. */
int64_t assay_values_when(const json_t *report);

#endif
