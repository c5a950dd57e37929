/*
 * core/late.h - a mail that was let through before its scan was finished, and what came of it
 *
 * A door that answers before the end leaves the message in spool/rescan, with the answer. When the
 * scan in quiet decides what would have stopped the mail, a finding "delivered_bad" about its
 * report and a line in the log say so: it lies in a mailbox.
 */
#ifndef ASSAY_LATE_H
#define ASSAY_LATE_H

#include <assay/engine.h>

/* The request of the scan in quiet: with `supersedes` and a scan_id of its own, which is derived
 * from the other one: a mail that comes twice is scanned again under one name. `answered`: what
 * somebody who waited was told, or NULL. New reference. */
json_t *assay_late_request(const struct assay_answer *answer, const char *answered);
/* The finding, when this answer to such a request comes too late; else NULL. New reference; its
 * id is a member. */
json_t *assay_late_finding(const struct assay_answer *answer);

#endif
