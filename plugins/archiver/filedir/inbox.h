/*
 * filedir/inbox.h - the provider's half of filedir: directories whose files are scanned
 *
 * Looks at each directory again and again; the kernel is not asked to tell, so that network file
 * systems do as well. While somebody still writes to a file, or a record of Suricata is awaited, it
 * looks sooner. A directory that is not there, or not any more, is told and looked for.
 */
#ifndef ASSAY_FILEDIR_INBOX_H
#define ASSAY_FILEDIR_INBOX_H

#include <assay/plugin.h>

#include "after.h"

#define ASSAY_INBOX_OURS 2

struct assay_inbox_options {
	const char *const *watch;  /* directories, NULL ends */
	const char *const *ignore; /* patterns for names, NULL ends */
	bool recursive, suricata;
	struct assay_after after;
	int64_t rescan_ms, settle_ms, metadata_ms;
	const char *journal;                /* a directory */
	const char *ours[ASSAY_INBOX_OURS]; /* directories that filedir writes to: not entered */
};

struct assay_inbox;

/* Borrows what options point to. Touches nothing. */
struct assay_inbox *assay_inbox_new(const struct assay_inbox_options *options);
/* Accepts NULL, leaves NULL. */
void assay_inbox_free(struct assay_inbox **inbox);
/* As assay_provider: until the door is stopping. E_CONF: what is configured cannot be done. */
ASSAY_MUST_CHECK enum assay_status assay_inbox_run(
    struct assay_inbox *inbox, struct assay_door *door, struct assay_err *err);
/* The files named, and those in the directories named, as they are; they are left and not
 * remembered. E_NOENT, E_IO: some could not be read; the others were taken. */
ASSAY_MUST_CHECK enum assay_status assay_inbox_once(struct assay_inbox *inbox,
    struct assay_door *door, const char *const *names, struct assay_err *err);

#endif
