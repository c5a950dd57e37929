/*
 * clamav/clamd.h - a question to clamd, and its answer (clamd(8), COMMANDS: IDSESSION, VERSION,
 * INSTREAM)
 *
 * One connection per payload: the helper sends the question behind which the payload stands, and
 * reads until clamd hangs up. The answer is a service's that we trust to judge, not to be well
 * formed: bounded, any bytes.
 */
#ifndef ASSAY_CLAMAV_CLAMD_H
#define ASSAY_CLAMAV_CLAMD_H

#include <assay/types.h>

#define ASSAY_CLAMD_BEFORE 40u
/* What stands in front of n bytes (at most UINT32_MAX), and behind them. */
struct assay_slice assay_clamd_before(uint64_t n, char room[ASSAY_CLAMD_BEFORE]);
struct assay_slice assay_clamd_after(void);

enum assay_clamd_kind {
	ASSAY_CLAMD_NONE, /* no answer to the question that counts */
	ASSAY_CLAMD_CLEAN,
	ASSAY_CLAMD_FOUND,
	ASSAY_CLAMD_TOO_LARGE, /* over its StreamMaxLength */
	ASSAY_CLAMD_FAILED     /* `text` says why */
};

/* Slices lie in what was read. */
struct assay_clamd_answer {
	enum assay_clamd_kind kind;
	struct assay_slice text;             /* signature, or reason */
	struct assay_slice engine, database; /* "1.4.6", "27104/Thu Nov 20 ..."; may be empty */
};

void assay_clamd_read(struct assay_slice said, struct assay_clamd_answer *answer);

#endif
