/*
 * core/run.h - the state of one scan; private to the engine's own files
 *
 * engine.c drives it, payload.c and result.c grow it, report.c turns it into the document. All of
 * it lives in the run's arena and dies with assay_scan_release.
 */
#ifndef ASSAY_RUN_H
#define ASSAY_RUN_H

#include "base/map.h"
#include "core/engine.h"
#include "core/facts.h"
#include "core/host.h"
#include "core/limits.h"
#include "core/notes.h"
#include "core/payload.h"
#include "core/plan.h"

struct assay_helper;
struct assay_policy;
struct assay_reuse;

/* What a worker asked for beside the bytes (core/pure.h). */
#define ASSAY_ASKED_NAMES 1u
#define ASSAY_ASKED_MORE 2u

struct assay_engine {
	struct assay_arena *arena;
	struct assay_host *host;
	struct assay_helper *helper;       /* NULL: no plugin has programs */
	const struct assay_policy *policy; /* NULL: everything is accepted */
	const struct assay_opts *core;
	struct assay_limits limits;
	const char *const *start_dispatch, *const *always_dispatch, *const *dispatchers;
	const char *const *decorators, *const *archivers;
	const char *instance, *config_sha256, *node;
	struct assay_field_node *fields;    /* of the report itself */
	json_t *info;                       /* engine{}, made at the first scan */
	struct assay_reuse *reuse;          /* results of earlier mails; NULL: none are kept */
	bool asks_names[ASSAY_PLUGINS_MAX]; /* by index: its results may depend on names */
};

struct assay_run {
	struct assay_engine *engine;
	const struct assay_request *request;
	const struct assay_engine_hooks *hooks;
	struct assay_arena *arena;
	struct assay_limits limits;
	int64_t begun_wall, begun_mono;
	int64_t until_ms; /* CLOCK_MONOTONIC: when the worker at work is late; 0: never */
	char scan_id[ASSAY_UUID_TEXT];

	struct assay_payload *root, *newest; /* in order of discovery, by `next` */
	size_t payloads;
	struct assay_payload *queue, *queue_end;
	struct assay_map by_sha256;
	uint64_t found, unpacked; /* children asked for, bytes made; of the whole message */

	struct assay_slice text[ASSAY_TEXTS]; /* that people read */
	size_t ntext;
	uint64_t result_bytes; /* of all results so far */
	struct assay_notes notes;
	struct assay_facts facts;      /* of the message */
	json_t *top;                   /* members of the report from the root's worker */
	json_t *meta;                  /* request_meta */
	const struct assay_step *step; /* the worker at work, for its dispatch_meta */
	unsigned asked;                /* by the worker at work: ASSAY_ASKED_ */
	bool expired;
	const char *status, *status_reason;
	const char *cause; /* of the verdict; NULL: the policy judges */
	bool unscanned;    /* no worker saw it */
	bool absent;       /* nor are its bytes here */
	uint64_t size;     /* absent: of the message */
};

/* What a worker gets to write into. */
struct assay_result {
	struct assay_run *run;
	struct assay_payload *payload;
	const struct assay_loaded *worker;
	json_t *json; /* NULL: never asked for */
};

/* Makes a payload known to the run and queues it. */
void assay_run_add(struct assay_run *run, struct assay_payload *payload);
/* Its turn comes (again), unless it waits already. */
void assay_run_queue(struct assay_run *run, struct assay_payload *payload);

/* Checks, cuts and stores what a worker said; takes the reference. */
void assay_result_finish(struct assay_result *result);

/* The document so far, without decorators and verdict. New reference. */
json_t *assay_report_build(struct assay_run *run);
/* Decorators have their say; facts{} are completed. */
void assay_report_decorate(struct assay_run *run, json_t *report, const char *const *names);
/* Verdict, limits, errors, duration; then the bytes, within report_max. */
void assay_report_close(struct assay_run *run, json_t *report, struct assay_buf *out);

#endif
