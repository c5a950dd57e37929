/*
 * core/unkept.h - what is left to say of a mail whose report the spool does not take
 *
 * Somebody waits and the disk is full: after a while he is answered as [policy] on_error says, and
 * a short report says so ("unscanned", "error"), small enough to wait in memory for the spool. Our
 * own tempfails come to an end as always (core/giveup.h).
 */
#ifndef ASSAY_UNKEPT_H
#define ASSAY_UNKEPT_H

#include "core/engine.h"
#include "core/told.h"

struct assay_unkept_mail {
	struct assay_engine *engine;
	const struct assay_policy *policy;
	struct assay_giveup *giveup; /* NULL, or `bytes` absent: it is put off without end */
	const json_t *request;
	const char *scan_id;      /* that the report would have had */
	struct assay_slice bytes; /* may be absent */
	uint64_t size;
	int64_t took_ms; /* so far */
};

struct assay_unkept {
	struct assay_told told; /* the answer, with the short report */
	struct assay_arena *arena;
	struct assay_scan scan;
};

/* now_ms: as for core/told.h. Borrows the mail until close. */
void assay_unkept_open(
    struct assay_unkept *unkept, const struct assay_unkept_mail *mail, int64_t now_ms);
void assay_unkept_close(struct assay_unkept *unkept);

#endif
