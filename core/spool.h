/*
 * core/spool.h - where reports are safe, and how they reach everybody who is to be told
 *
 *	VAR/spool/tmp/	    being written; emptied at start
 *	VAR/spool/rescan/   a request and its message, to be scanned again in quiet
 *	VAR/queue/connector-NAME/, archiver-NAME/   one per configured one, with poison/ below
 *
 * A group of mails is one file of records (core/records.h) and, where payloads are archived, one of
 * payloads: one create, write and fdatasync for many mails of a watcher, or for one mail somebody
 * waits for. The files are whole and on the disk before they are hard-linked into the queues
 * (payloads into each archiver's, records into each connector's); the fsync of these directories is
 * the commit, and the names in spool/tmp go after it. So there is no place in which a file could be
 * left between being safe and being told, and whatever lies in spool/tmp of a process that is gone
 * was either told or never acknowledged. Who dies in mid-commit leaves some queues with a group
 * that others lack; its mails were not acknowledged and come again, under the same scan_id where
 * their source has a durable name for them.
 *
 * A payload file is a container (core/container.h) in which every payload has its bytes. Queues
 * and spool must be on one file system.
 */
#ifndef ASSAY_SPOOL_H
#define ASSAY_SPOOL_H

#include <jansson.h>

#include <assay/plugin.h>

struct assay_spool;

#define ASSAY_SPOOL_GROUP_RECORDS 64u               /* then it is time to commit */
#define ASSAY_SPOOL_GROUP_BYTES ((uint64_t)8 << 20) /* likewise */
#define ASSAY_SPOOL_GROUP_MS 200                    /* likewise, since the first */

/* Names of [core] connectors and archivers; NULL ends; borrowed. Directories are made (0700; 0750
 * where others may read the store is the store's business), so this comes after assay_role_drop. */
struct assay_spool_options {
	const char *var;
	const char *const *connectors, *const *archivers;
};
ASSAY_MUST_CHECK enum assay_status assay_spool_open(
    const struct assay_spool_options *options, struct assay_spool **spool, struct assay_err *err);
/* An uncommitted group is lost. Accepts NULL, leaves NULL. */
void assay_spool_close(struct assay_spool **spool);

/* Into the group: all of it or, on failure, nothing of it. E_FULL: no space, or the group must be
 * committed first; E_IO; E_LIMIT: it fits nowhere. */
ASSAY_MUST_CHECK enum assay_status assay_spool_payload(
    struct assay_spool *spool, const char *sha256, struct assay_slice bytes, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_spool_record(
    struct assay_spool *spool, const struct assay_record *record, struct assay_err *err);
/* Where the group ends now, to take back what was added for one mail of which a part failed. */
struct assay_spool_mark {
	uint64_t records, payloads, n;
};
void assay_spool_mark(const struct assay_spool *spool, struct assay_spool_mark *mark);
void assay_spool_back(struct assay_spool *spool, const struct assay_spool_mark *mark);
/* Nothing is in the group any more; false: part of it stands in a queue already, it stays. */
bool assay_spool_drop(struct assay_spool *spool);
/* When the first record of the group came (CLOCK_MONOTONIC ms); of a group that has some. */
int64_t assay_spool_first_ms(const struct assay_spool *spool);
/* When the group must be committed at the latest (CLOCK_MONOTONIC ms; INT64_MAX: empty; 0: now). */
int64_t assay_spool_due_ms(const struct assay_spool *spool);
/* Durable when it returns ASSAY_OK; an empty group is nothing to do. On failure the group stays:
 * call it again, after a while. A disk that has lost payloads of it fails for ever: the text says
 * so, and the mails of the group are still their provider's. */
ASSAY_MUST_CHECK enum assay_status assay_spool_commit(
    struct assay_spool *spool, struct assay_err *err);

/* A message to be scanned again: request as in core/request.h with `supersedes`, durable at once.
 * Read by assay_queue_message of the queue "rescan". */
ASSAY_MUST_CHECK enum assay_status assay_spool_rescan(struct assay_spool *spool,
    const json_t *request, struct assay_slice message, struct assay_err *err);

/* Removes what processes that are gone have left in spool/tmp, older than older_ms. *n: how many
 * files. */
ASSAY_MUST_CHECK enum assay_status assay_spool_sweep(
    struct assay_spool *spool, int64_t older_ms, size_t *n, struct assay_err *err);

#endif
