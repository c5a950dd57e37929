/*
 * core/keeper.h - a door of the service: a provider whose mails are scanned and kept
 *
 * Runs one provider plugin (or the internal provider of late rescans) over core/door.h with lines
 * to the service's bulk socket, and puts each answer into the spool in groups. Only after the
 * commit is the provider told that its mail is done. One line in the log per mail. When the spool
 * cannot be written or the janitor says hold, answers wait here and no more mail is taken; nothing
 * is lost and it goes on by itself.
 */
#ifndef ASSAY_KEEPER_H
#define ASSAY_KEEPER_H

#include <jansson.h>

#include "core/role.h"

struct assay_answer;
struct assay_door;
struct assay_setup;

/* The process of `door:NAME`, after assay_role_enter. Takes config. Returns the exit code. */
int assay_keeper_run(struct assay_role *role, struct assay_config *config);
/* Likewise of `rescan`: spool/rescan, with rescan_timeout. */
int assay_keeper_rescan(struct assay_role *role, struct assay_config *config);

/* Somebody who is no process of the service and whose mails are scanned and kept as its own:
 * `assay import`. The functions are borrowed, and what they are given, for the call. */
struct assay_keeper_guest {
	const char *const *also; /* plugins that are loaded beside those of [core]; NULL ends */
	size_t jobs;             /* conversations; 0: as many as a door of the service has */
	int stop_fd;             /* readable: come to an end */
	bool dry;                /* nothing is scanned or kept, and there need be no service */
	/* Of the request before its scan, with scan_id and source_id; false: it is not wanted, and
	 * dropped. dry: always false. */
	bool (*admit)(void *arg, const json_t *request, uint64_t size);
	/* Scanning is switched off (assay bypass), so this one is dropped: it shall come again. */
	void (*bypassed)(void *arg);
	void (*answered)(void *arg, const struct assay_answer *answer);
	/* The report of this scan cannot be lost any more. */
	void (*kept)(void *arg, const char *scan_id);
	/* In each turn; when to come again (CLOCK_MONOTONIC ms). */
	int64_t (*tick)(void *arg);
	void (*progress)(void *arg, uint64_t bytes); /* assay_door_progress */
	/* The name that stands in the report for a source_id or filename; or NULL. */
	const char *(*rename)(void *arg, const char *name);
	/* Submits; then all is flushed. */
	enum assay_status (*work)(void *arg, const struct assay_setup *setup,
	    struct assay_door *door, struct assay_err *err);
	void *arg;
};
/* Gives up rights as a door does, for good. Takes config. Returns the exit code; 0 as well when it
 * was to end. */
int assay_keeper_guest(struct assay_config *config, const struct assay_keeper_guest *guest);

#endif
