/*
 * core/pure.h - whether what a worker said of a payload may be said again of another mail's
 *
 * A worker that calls itself pure looks at the bytes and at its rules; what else it asks the host
 * for is noted while it runs (run->asked). Nothing: its result holds for these bytes. Names,
 * declared type or depth: for the same of these, too. Anything more (the request, another worker's
 * result, what is left of a budget), and whatever leaves more behind than a result (children,
 * errors, limits, workers asked for): not kept.
 */
#ifndef ASSAY_PURE_H
#define ASSAY_PURE_H

#include "core/run.h"

/* True: the result is known; result->json is set as the worker would have left it. */
bool assay_pure_recall(struct assay_result *result);
/* After assay_result_finish of a call that succeeded, with run->asked since its beginning. */
void assay_pure_keep(const struct assay_result *result);

#endif
