/*
 * core/records.h - the names and the form of the files in spool and queues
 *
 * Written by core/spool.c, read by core/queue.c. A record file is a sequence of: head (16 bytes,
 * little-endian: magic u32 "AR1\n", kind u8, id length u8, 0 u16, json length u64), id, json. Only
 * we write them, but a disk may have lost their end, and anybody may have changed them since: a
 * reader believes nothing. Linear; nothing is copied but ids.
 *
 * Names are STAMP-PID-N.SUFFIX: wall time in ms (13 digits, so that names sort by time), the
 * process that wrote it, and a number of its own.
 */
#ifndef ASSAY_RECORDS_H
#define ASSAY_RECORDS_H

#include <sys/types.h>

#include <assay/plugin.h>

struct assay_arena;
struct assay_buf;

#define ASSAY_RECORDS_HEAD 16u
#define ASSAY_RECORDS_ID 255u /* bytes of an id, printable ASCII */
#define ASSAY_RECORDS_JSON ((uint64_t)64 << 20)

#define ASSAY_RECORDS_SUFFIX ".records"
#define ASSAY_RECORDS_PAYLOADS ".payloads"
#define ASSAY_RECORDS_RESCAN ".rescan"
#define ASSAY_RECORDS_NAME 64 /* room for a name and its NUL */

/* Appends all of it, or nothing. E_FULL: `out` has no room for it. E_LIMIT: it fits nowhere. Kinds:
 * "report", "finding", "request" (of spool/rescan). */
ASSAY_MUST_CHECK enum assay_status assay_records_put(
    struct assay_buf *out, const struct assay_record *record, struct assay_err *err);
/* The record at the front of `bytes`, which are moved behind it. Its json lies in `bytes`, its id
 * in the arena. ASSAY_END: nothing is left. E_SYNTAX: what follows is no record; bytes are as
 * before.
 */
ASSAY_MUST_CHECK enum assay_status assay_records_next(struct assay_slice *bytes,
    struct assay_arena *arena, struct assay_record *record, struct assay_err *err);

/* A new name; `n` is counted up. */
void assay_records_name(char name[ASSAY_RECORDS_NAME], unsigned *n, const char *suffix);
/* What a name says; false: it is none of ours. Either may be NULL. */
bool assay_records_name_read(const char *name, int64_t *wall_ms, pid_t *pid);

#endif
