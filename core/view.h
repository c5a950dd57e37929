/*
 * core/view.h - other cuts of one report: by worker, by payload
 *
 * New documents that share values with the report (nobody may change either afterwards). Reports
 * come from storage or from the wall: members that are missing or of another type give less, never
 * a failure. Each payload appears once, whatever occurrences say; cycles are harmless.
 */
#ifndef ASSAY_VIEW_H
#define ASSAY_VIEW_H

#include <jansson.h>

#include <assay/types.h>

/* An array: one document per payload and worker, all top-level members kept, results[] holding that
 * payload with that worker only. A payload without workers gives one document. */
json_t *assay_view_split(const json_t *report);
/* The report of one payload and all that came out of it; NULL when there is no such payload. */
json_t *assay_view_subtree(const json_t *report, const char *payload_id);

#endif
