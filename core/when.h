/*
 * core/when.h - a time as people type it, as a range
 *
 * 2026 | 2026-01 | 2026-01-31 | 2026-01-31T12 | 2026-01-31T12:30[:15][Z] (UTC; the whole year,
 * month, day, hour, minute, second is meant) or 30m, 24h, 7d, 4w, 1y: so long before `now`, where a
 * year has 365 days. Milliseconds since 1970 UTC. Nothing is allocated, no time zone is looked at.
 */
#ifndef ASSAY_WHEN_H
#define ASSAY_WHEN_H

#include <assay/types.h>

/* [from, to): an age is from = now - age, to = now + 1. */
struct assay_when {
	int64_t from, to;
};

/* False when it is no time. */
bool assay_when_parse(struct assay_slice text, int64_t now_ms, struct assay_when *when);

#endif
