/*
 * bloom/filter.h - a filter of values in a file: which were there ever?
 *
 * Bloom filters in layers: a value that was added is always found; one that was not is found with
 * at most the rate asked for, however many are added: the layers share the rate between them
 * (6/pi^2 of it to the first, a quarter of that to the second, a ninth, ...), and a full one is
 * followed by one twice as large, up to 128 MiB. With `monthly`, each month has layers of its own,
 * so that the answer says when a value was last added, and old months can be forgotten.
 *
 * Any number of readers and one writer at a time (flock(2) on the file). Readers keep a descriptor
 * and a mapping of more than the file; they see bits at once and new layers at the next question,
 * in a sandbox too. Writers add between lock and unlock. A killed process loses nothing it has
 * added; when the power fails, what was added after the last sync may be forgotten, as far as the
 * system had not written it. Nothing that was synced before is lost by it, because bits are only
 * ever set.
 *
 * Values are bytes, put under a secret of the file first (bloom/siphash.h). Errors name the file
 * and say what to do. Touches the file and its directory only.
 */
#ifndef ASSAY_BLOOM_FILTER_H
#define ASSAY_BLOOM_FILTER_H

#include <assay/types.h>

#define ASSAY_FILTER_WAIT_MS 10000 /* for the lock */
#define ASSAY_FILTER_FIELD 63u     /* bytes of its name */

struct assay_filter;

struct assay_filter_options {
	const char *field; /* what the values are; also in the file, so that none is mistaken */
	uint64_t size;     /* planned number of values, for its first layer */
	double rate;       /* false positives, above 0, below 1 */
	bool monthly;
	unsigned keep_months; /* monthly: how many months before this one; 0: all */
};

enum assay_filter_mode { ASSAY_FILTER_READ, ASSAY_FILTER_WRITE };

/* Makes an empty one, when none is there, with the directories above it; as root it belongs to
 * whoever the directory belongs to. */
ASSAY_MUST_CHECK enum assay_status assay_filter_make(
    const char *path, const struct assay_filter_options *options, struct assay_err *err);
/* E_NOENT: there is none. E_SYNTAX: damaged, or of another field. E_CONF: made with another rate,
 * or with or without months. E_UNSUP: of a newer version, or this libbloom cannot. options NULL (to
 * read only): whatever it is. */
ASSAY_MUST_CHECK enum assay_status assay_filter_open(const char *path,
    const struct assay_filter_options *options, enum assay_filter_mode mode,
    struct assay_filter **filter, struct assay_err *err);
/* Accepts NULL, leaves NULL. */
void assay_filter_close(struct assay_filter **filter);

struct assay_filter_answer {
	bool seen;
	unsigned month; /* 202609: it was last added then; 0: not known */
};
/* Never fails: where new layers cannot be mapped they are passed over. */
struct assay_filter_answer assay_filter_ask(struct assay_filter *filter, struct assay_slice value);

/* ---- the writer ------------------------------------------------------------------------------ */

/* E_TIMEOUT: somebody else has it. A file that took the place of ours is opened instead. */
ASSAY_MUST_CHECK enum assay_status assay_filter_lock(
    struct assay_filter *filter, struct assay_err *err);
/* when_ms: wall time, for months. *isnew (may be NULL): it was not in any. E_FULL: no room for the
 * next layer. */
ASSAY_MUST_CHECK enum assay_status assay_filter_add(struct assay_filter *filter,
    struct assay_slice value, int64_t when_ms, bool *isnew, struct assay_err *err);
/* Writes the counts. */
void assay_filter_unlock(struct assay_filter *filter);
/* On the disk, all of it. Needs no lock. Costs nothing when nothing was added. */
ASSAY_MUST_CHECK enum assay_status assay_filter_sync(
    struct assay_filter *filter, struct assay_err *err);

/* Locked. All of `from`, which may be of another host: layers that both have are joined bit by bit,
 * the others are copied behind and closed. E_LIMIT: too many layers; part of it may be there. */
ASSAY_MUST_CHECK enum assay_status assay_filter_merge(
    struct assay_filter *filter, struct assay_filter *from, struct assay_err *err);
/* A copy to a new file, durable. E_USAGE: there is one. Lock it for a copy of one moment. */
ASSAY_MUST_CHECK enum assay_status assay_filter_export(
    struct assay_filter *filter, const char *path, struct assay_err *err);

/* ---- what there is ----------------------------------------------------------------------------
 */

struct assay_filter_stats {
	uint64_t keys, size, bytes; /* added, about; planned; of the file */
	unsigned layers;
	unsigned first_month, last_month; /* 0: none */
	double rate, rate_now;            /* asked for; as full as it is */
	int64_t made_ms, saved_ms;
};
void assay_filter_stats(struct assay_filter *filter, struct assay_filter_stats *stats);

#endif
