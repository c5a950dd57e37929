/*
 * core/spool.h - where reports are safe, and how they reach everybody who is to be told
 *
 *	VAR/spool/tmp/	    being written; emptied at start
 *	VAR/spool/new/	    committed, not yet handed to the queues
 *	VAR/spool/rescan/   a request and its message, to be scanned again in quiet
 *	VAR/queue/connector-NAME/, archiver-NAME/   one per configured one, with poison/ below
 *
 * A group of mails is one file of records (STAMP-PID-N.records) and, where payloads are archived,
 * one of payloads (STAMP-PID-N.payloads): one create, write, fsync and rename for many mails of a
 * watcher, or for one mail somebody waits for. The payload file is committed first; the rename of
 * the record file into spool/new and the fsync of that directory are the commit. After it the files
 * are hard-linked into the queues (records into each connector's, payloads into each archiver's)
 * and unlinked from spool/new; whoever finds files left in spool/new does that again. So every
 * queue gets every record at least once. STAMP is such that names sort by time.
 *
 * A record file is a sequence of: head (16 bytes: magic u32 "AR1\n", kind u8, id length u8, 0 u16,
 * json length u64, little-endian), id, json. A payload file is a container (core/container.h) in
 * which every payload has its bytes. Both are written by us only; a reader bounds and checks them
 * all the same, and a broken tail is told and set aside, never fatal.
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
 * where others may read the store is the store's business). */
struct assay_spool_options {
	const char *var;
	const char *const *connectors, *const *archivers;
};
ASSAY_MUST_CHECK enum assay_status assay_spool_open(
    const struct assay_spool_options *options, struct assay_spool **spool, struct assay_err *err);
/* An uncommitted group is lost. Accepts NULL, leaves NULL. */
void assay_spool_close(struct assay_spool **spool);

/* Into the group: all of it or, on failure, nothing of it. E_FULL, E_IO. */
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
/* Records in the group; when it must be committed at the latest (CLOCK_MONOTONIC ms; INT64_MAX:
 * empty; 0: now). */
size_t assay_spool_pending(const struct assay_spool *spool);
int64_t assay_spool_due_ms(const struct assay_spool *spool);
/* Durable when it returns ASSAY_OK; an empty group is nothing to do. On failure the group stays:
 * call it again later. */
ASSAY_MUST_CHECK enum assay_status assay_spool_commit(
    struct assay_spool *spool, struct assay_err *err);

/* A message to be scanned again: request as in core/request.h with `supersedes`, durable at once.
 */
ASSAY_MUST_CHECK enum assay_status assay_spool_rescan(struct assay_spool *spool,
    const json_t *request, struct assay_slice message, struct assay_err *err);

/* What is left in spool/new for longer than `older_ms` goes to the queues: a door died between
 * commit and link. *n: how many files. */
ASSAY_MUST_CHECK enum assay_status assay_spool_sweep(
    struct assay_spool *spool, int64_t older_ms, size_t *n, struct assay_err *err);
/* Empties spool/tmp: at start, when nobody else is there. */
ASSAY_MUST_CHECK enum assay_status assay_spool_clean(
    struct assay_spool *spool, struct assay_err *err);

#endif
