/*
 * core/notes.h - limits[] and errors[] of one report
 *
 * Both lists are bounded by [core] limits_kept and errors_kept; what is over is counted and told in
 * one entry at the end ("errors_kept": value is how many there were). One limit met often by one
 * plugin on one payload is one entry with the largest value. Order is the order of events.
 */
#ifndef ASSAY_NOTES_H
#define ASSAY_NOTES_H

#include <stdarg.h>

#include <assay/plugin.h>

#include "base/map.h"

struct assay_arena;

struct assay_note_limit {
	const char *limit;
	uint64_t value, allowed;
	bool unseen;
	const char *payload_id, *plugin; /* NULL: the message, the core */
};

struct assay_notes {
	struct assay_arena *arena;
	json_t *errors;
	struct assay_note_limit *limit;
	size_t nlimit, limit_cap;
	struct assay_map limit_by_key;
	uint64_t errors_kept, limits_kept;
	uint64_t errors_all, limits_all;
};

void assay_notes_init(struct assay_notes *notes, struct assay_arena *arena, uint64_t errors_kept,
    uint64_t limits_kept);
void assay_notes_release(struct assay_notes *notes);
/* Strings are copied. */
void assay_notes_limit(struct assay_notes *notes, const struct assay_note_limit *limit);
/* kind: "failed", "timeout", "crashed", "not_loaded", "bad_result", "needs_failed", ... */
struct assay_note_error {
	const char *plugin, *payload_id, *kind;
};
void assay_notes_error(struct assay_notes *notes, const struct assay_note_error *error,
    const char *fmt, ...) ASSAY_PRINTF(3, 4);
void assay_notes_verror(struct assay_notes *notes, const struct assay_note_error *error,
    const char *fmt, va_list ap) ASSAY_PRINTF(3, 0);
/* New lists, with the counting entries. */
json_t *assay_notes_limits_json(struct assay_notes *notes);
json_t *assay_notes_errors_json(struct assay_notes *notes);

#endif
