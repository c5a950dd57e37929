/*
 * core/cmd/pace.h - how far a long command is: a line on the terminal, else one now and then
 *
 * On standard error: on a terminal one line that changes four times a second, elsewhere a line of
 * the log every ten seconds. Says done, all, rate and time left.
 */
#ifndef ASSAY_CMD_PACE_H
#define ASSAY_CMD_PACE_H

#include <assay/types.h>

struct assay_pace {
	const char *what; /* "payloads" */
	uint64_t all, done;
	int64_t begun_ms, shown_ms;
	bool terminal, quiet; /* quiet: nothing was shown yet */
};

/* Borrows `what`. */
void assay_pace_begin(struct assay_pace *pace, const char *what, uint64_t all);
/* So many are done now; shows it when it is time. `more` is put behind it; or NULL. */
void assay_pace_step(struct assay_pace *pace, uint64_t done, const char *more);
/* Takes the line away, for others to write. */
void assay_pace_clear(struct assay_pace *pace);

#endif
