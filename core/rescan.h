/*
 * core/rescan.h - mails that were let through before their scan was finished, scanned once more
 *
 * Hands the messages in spool/rescan to a door, a few at a time, the oldest first; each file goes
 * when its report is kept. Files that make no sense are put aside.
 */
#ifndef ASSAY_RESCAN_H
#define ASSAY_RESCAN_H

#include <assay/plugin.h>

struct assay_queue;

struct assay_rescan {
	struct assay_queue *queue;
	size_t under_way;
};

/* Until the door shall end. What is under way then is told through the door: close that first. */
ASSAY_MUST_CHECK enum assay_status assay_rescan_run(
    struct assay_rescan *rescan, struct assay_door *door, const char *var, struct assay_err *err);
/* Also after a failure. */
void assay_rescan_close(struct assay_rescan *rescan);

#endif
