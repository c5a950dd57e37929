/*
 * core/progress.h - who is at work, for the case that it dies
 *
 * A page of memory (memfd, sealed in size) that a door makes and hands to the scan process beside
 * the request. The scan process notes there which plugin it calls on which payload, before each
 * call; the door reads it only when the process is dead or overdue. A frame on the socket would
 * say the same for some 10 microseconds of both sides per call.
 *
 * What stands in the page was written by a process that a mail may own: the copy given by
 * assay_progress_read is terminated, printable-checked and bounded, and only ever decides what is
 * skipped in the next try.
 */
#ifndef ASSAY_PROGRESS_H
#define ASSAY_PROGRESS_H

#include <assay/types.h>

struct assay_progress {
	char worker[64];     /* "": none is at work */
	char payload_id[96]; /* as in the report, cut */
	char sha256[65];
	int64_t started_ms; /* CLOCK_MONOTONIC */
	int64_t timeout_ms;
};

struct assay_progress_page {
	int fd;
	struct assay_progress *shared;
};

/* The door's side: makes, maps and seals the page. */
ASSAY_MUST_CHECK enum assay_status assay_progress_open(
    struct assay_progress_page *page, struct assay_err *err);
/* The scan process' side: takes fd and maps it. */
ASSAY_MUST_CHECK enum assay_status assay_progress_map(
    struct assay_progress_page *page, int fd, struct assay_err *err);
void assay_progress_close(struct assay_progress_page *page);

/* The scan process has the mail (or has it no longer): a door that is hung up on without it may ask
 * another one, that was not the mail's doing. */
void assay_progress_set_taken(struct assay_progress_page *page, bool taken);
bool assay_progress_taken(const struct assay_progress_page *page);
/* Nobody is at work. */
void assay_progress_clear(struct assay_progress_page *page);
void assay_progress_write(struct assay_progress_page *page, const struct assay_progress *now);
/* A checked copy; false when nobody was at work or it makes no sense. */
bool assay_progress_read(const struct assay_progress_page *page, struct assay_progress *copy);

#endif
