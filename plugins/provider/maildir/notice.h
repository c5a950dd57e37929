/*
 * maildir/notice.h - telling people the same thing once an hour
 *
 * What goes wrong with one mail goes wrong again at each look, and with its neighbours. The first
 * is a line in the log, those of the hour after it are counted in the next one.
 */
#ifndef ASSAY_MAILDIR_NOTICE_H
#define ASSAY_MAILDIR_NOTICE_H

#include <assay/types.h>

/* All zero at first. */
struct assay_notice {
	int64_t told_ms; /* CLOCK_MONOTONIC; 0: never */
	unsigned long untold;
};

/* A warning, or silence. */
void assay_notice_tell(struct assay_notice *notice, const char *fmt, ...) ASSAY_PRINTF(2, 3);
/* It is well again: the next one is told at once. */
void assay_notice_clear(struct assay_notice *notice);

#endif
