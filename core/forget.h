/*
 * core/forget.h - erasing somebody, or one mail, everywhere we keep data
 *
 * What goes is found through the store, and in the queues, where it may not have reached the store
 * yet: reports with that recipient or sender, or all reports of one mail. With a report go its
 * findings, in every connector that can erase, and those of its payloads that no other report has,
 * in every archiver that can. Before anything goes, an "erased" finding that names nobody is told
 * to the store: it keeps the report from coming back, also when a drain is just at it.
 *
 *	find    the store            queued    the queues
 *	weigh   which payloads go    erase     findings, queues, payloads, reports
 *
 * May be called again after a failure: what is gone is passed over. The queues belong to the user
 *of the service. Memory: some 200 bytes for a report or payload that goes.
 */
#ifndef ASSAY_FORGET_H
#define ASSAY_FORGET_H

#include <assay/plugin.h>

#include "base/map.h"

struct assay_host;
struct assay_loaded;

enum assay_forget_by { ASSAY_FORGET_RCPT, ASSAY_FORGET_FROM, ASSAY_FORGET_SCAN };

struct assay_forget_who {
	enum assay_forget_by by;
	const char *value; /* an address; a scan_id or what `assay show` takes */
};

/* A payload of a report that goes. */
struct assay_forget_payload {
	uint64_t reports; /* of those that go, in the store */
	bool needed;      /* by a report that waits in a queue */
	bool goes;
};

struct assay_forget {
	struct assay_arena *arena;
	const struct assay_host *host;
	const struct assay_opts *core;
	const struct assay_loaded *store;
	struct assay_forget_who who;
	struct assay_slice value;         /* lower case */
	struct assay_map scans;           /* scan_id -> NULL */
	struct assay_map payloads;        /* sha256 -> struct assay_forget_payload */
	struct assay_map others;          /* sha256 -> NULL: of reports in the queues that stay */
	uint64_t reports, waiting, going; /* in the store; in the queues; payloads that go */
};

/* Borrows all of it; the connectors and archivers of [core] are loaded. */
void assay_forget_init(struct assay_forget *forget, const struct assay_host *host,
    const struct assay_opts *core, const struct assay_loaded *store);
void assay_forget_release(struct assay_forget *forget);

/* E_NOENT, E_USAGE as connector.fetch says, for a scan; E_USAGE: the store is not told addresses.
 */
ASSAY_MUST_CHECK enum assay_status assay_forget_find(
    struct assay_forget *forget, const struct assay_forget_who *who, struct assay_err *err);
/* Records, and messages to be scanned again, that wait or were put aside below VAR. After find. */
ASSAY_MUST_CHECK enum assay_status assay_forget_queued(
    struct assay_forget *forget, const char *var, struct assay_err *err);
/* After queued. */
ASSAY_MUST_CHECK enum assay_status assay_forget_weigh(
    struct assay_forget *forget, struct assay_err *err);
/* `by`: who erases. A connector or archiver that fails does not keep the others from erasing; the
 * first failure is returned. */
ASSAY_MUST_CHECK enum assay_status assay_forget_erase(
    struct assay_forget *forget, const char *var, const char *by, struct assay_err *err);

/* The next connector (or archiver) of [core], or the store, that cannot erase; NULL: no more. *at
 * begins at 0. */
const char *assay_forget_cannot(const struct assay_forget *forget, bool archivers, size_t *at);

/* For core/forget_queue.c: does the report go? And: it does, it is in the store or in a queue. */
bool assay_forget_fits(const struct assay_forget *forget, const json_t *report);
void assay_forget_note(struct assay_forget *forget, const json_t *report, bool stored);
void assay_forget_note_scan(struct assay_forget *forget, const char *scan_id); /* NULL: nothing */

#endif
