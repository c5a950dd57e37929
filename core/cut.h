/*
 * core/cut.h - making a result or a report fit its bound
 *
 * Order: strings of the privacy class "content" (bodies, matched strings) to 4 KiB, 256 bytes,
 * nothing; then lists from their end, the largest first. Scalars of other classes (verdict,
 * digests, names) are never touched. Linear times a small constant.
 */
#ifndef ASSAY_CUT_H
#define ASSAY_CUT_H

#include <assay/plugin.h>

struct assay_field_node;

/* Shrinks one worker's result to at most `max` bytes of compact JSON as far as the rules allow.
 * Returns its size then (without what escapes would add, when it is far below max); *had (may be
 * NULL) is the size it had when something was cut, else 0. */
uint64_t assay_cut_result(
    json_t *result, const struct assay_field_node *fields, uint64_t max, uint64_t *had);

#endif
