/*
 * core/told.h - an answer, made what somebody who waits is told
 *
 * The policy's verdict stands in the report of the scan process (or the door's own). For somebody
 * who waits the door completes it: what is answered, and whether a mail that we put off ourselves
 * has been put off enough. The report is changed alike, so that the two never differ.
 */
#ifndef ASSAY_TOLD_H
#define ASSAY_TOLD_H

#include <assay/engine.h>

#include "base/buf.h"
#include "core/giveup.h"
#include "core/policy.h"

struct assay_told {
	struct assay_answer answer; /* as given, with the new report and action */
	json_t *verdict;            /* of the report; NULL when it cannot be read */
	struct assay_buf report;
	bool puts_off; /* note it, once the answer is kept: assay_told_note */
	char key[ASSAY_DIGEST_TEXT];
};

/* policy NULL: everything is accepted. now_ms: of the wall clock (core/giveup.h). */
void assay_told_open(struct assay_told *told, const struct assay_policy *policy,
    const struct assay_giveup *giveup, const struct assay_answer *answer, int64_t now_ms);
/* It is told now: counts a mail that is put off. */
void assay_told_note(const struct assay_told *told, struct assay_giveup *giveup, int64_t now_ms);
void assay_told_close(struct assay_told *told);
/* In one line, for the log: foreign text is printable. The verdict need not be there. */
void assay_told_line(const struct assay_told *told, struct assay_buf *line);

#endif
