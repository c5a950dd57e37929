/*
 * core/reuse.h - results of pure workers, kept from one mail to the next
 *
 * The same picture, letterhead or invoice comes in many mails: what a pure worker said of these
 * bytes is said again. It belongs to one scan process and dies with it: rules, databases, options
 * and versions cannot change under it. Bounded by a number of results and by the memory they take;
 * what was not asked for longest goes first. What is in it never leaves it: both ways results are
 * copied. Keys are digests, so nobody can choose two that are the same.
 */
#ifndef ASSAY_REUSE_H
#define ASSAY_REUSE_H

#include <assay/plugin.h>

struct assay_reuse;

#define ASSAY_REUSE_KEY 65

struct assay_reuse_stats {
	uint64_t hits, misses; /* questions */
	uint64_t entries, bytes;
};

/* Of at most `entries` results and some `bytes` of memory; NULL when either is 0. */
struct assay_reuse *assay_reuse_new(uint64_t entries, uint64_t bytes);
/* Accepts NULL, leaves NULL. */
void assay_reuse_free(struct assay_reuse **reuse);
/* Names the result of a worker (by its index) on these bytes (lower-case hex SHA-256); `asked`:
 * whatever else of the payload the result depends on; empty: nothing. */
void assay_reuse_key(
    const char *sha256, size_t worker, struct assay_slice asked, char key[ASSAY_REUSE_KEY]);
/* True: it is known; *result is a new reference to a copy, or NULL for "found nothing". */
bool assay_reuse_get(struct assay_reuse *reuse, const char *key, json_t **result);
/* Keeps a copy; result NULL: found nothing. What is larger than a 16th of all is not kept. */
void assay_reuse_put(struct assay_reuse *reuse, const char *key, const json_t *result);
void assay_reuse_stats(const struct assay_reuse *reuse, struct assay_reuse_stats *stats);

#endif
