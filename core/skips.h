/*
 * core/skips.h - what killed scan processes lately
 *
 * A (worker, sha256) that crashed or overstayed is remembered for an hour, so that the next mail
 * with the same bytes, or the next try of the same mail, does not kill a process again. Memory of
 * one door; the oldest of 64 goes when there are more.
 */
#ifndef ASSAY_SKIPS_H
#define ASSAY_SKIPS_H

#include <jansson.h>

#include <assay/types.h>

#define ASSAY_SKIPS 64u

struct assay_skip {
	char worker[64], sha256[65], kind[16];
	int64_t until_ms; /* CLOCK_MONOTONIC; 0: unused */
};

struct assay_skips {
	struct assay_skip entry[ASSAY_SKIPS];
};

/* Adds what is remembered to skip[] of a request (core/request.h). */
void assay_skips_add(const struct assay_skips *skips, json_t *request);
/* One worker on everything: `assay bypass --worker`. */
void assay_skips_add_all(json_t *request, const char *worker);
/* Remembers what stands in skip[] of a request that was answered. */
void assay_skips_learn(struct assay_skips *skips, const json_t *request);

#endif
