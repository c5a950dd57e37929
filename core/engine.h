/*
 * core/engine.h - one message: payloads in, workers chosen and called, report out
 *
 * Payloads are worked off breadth first, the root first. For each: the workers named by
 * start_dispatch (root) or dispatch_to (child), always_dispatch, the dispatchers' choice, then what
 * workers ask for, each with the workers it needs before it, each once. Then dispatchers with
 * every_round are asked again, at most max_dispatch_passes times. Decorators and the policy come
 * last. Order is fixed by configuration and bytes: the same message gives the same report.
 *
 * A plugin that fails costs its own result and is told in errors[]; the scan itself cannot fail.
 * Everything of one scan lives in one arena. Reads no file and no clock but the time of day.
 */
#ifndef ASSAY_CORE_ENGINE_H
#define ASSAY_CORE_ENGINE_H

#include <assay/plugin.h>

#include "base/buf.h"
#include "core/request.h"

struct assay_engine;
struct assay_helper;
struct assay_host;
struct assay_policy;

/* What engine{} of the report says beside the plugins; strings are copied, NULL is null. */
struct assay_engine_identity {
	const char *instance;
	const char *config_sha256;
};

/* `host` and `core` (NULL: all defaults) must outlive the engine. identity may be NULL. */
ASSAY_MUST_CHECK enum assay_status assay_engine_new(struct assay_host *host,
    const struct assay_opts *core, const struct assay_engine_identity *identity,
    struct assay_engine **engine, struct assay_err *err);
void assay_engine_free(struct assay_engine **engine);
/* For workers that run programs; borrowed, or NULL. */
void assay_engine_set_helper(struct assay_engine *engine, struct assay_helper *helper);
struct assay_helper *assay_engine_helper(const struct assay_engine *engine);
/* Who judges; borrowed; its digest is engine.policy. Before the first scan. */
void assay_engine_set_policy(struct assay_engine *engine, const struct assay_policy *policy);

struct assay_engine_hooks {
	void *arg;
	/* Before each call of a plugin's code, and after it with worker NULL. sha256 and
	 * payload_id are "" for decorators. */
	void (*progress)(void *arg, const char *worker, const char *payload_id, const char *sha256,
	    int64_t timeout_ms);
};

/* A payload to be archived. */
struct assay_keep {
	const char *sha256;
	struct assay_slice bytes;
};

/* What came of it; released by assay_scan_release. */
struct assay_scan {
	struct assay_arena *arena;
	char scan_id[ASSAY_UUID_TEXT];
	const char *status; /* "scanned" | "partial" | "unscanned" */
	const char *action; /* verdict.action */
	const json_t *report;
	struct assay_slice json; /* the report, compact, at most report_max bytes */
	struct assay_keep *keep; /* empty unless archivers are configured and archive_payloads */
	size_t nkeep;
	struct assay_buf out; /* private: holds json */
};

/* Scans `bytes` (must stay until release). hooks may be NULL. Never fails. */
void assay_engine_scan(struct assay_engine *engine, const struct assay_request *request,
    struct assay_slice bytes, const struct assay_engine_hooks *hooks, struct assay_scan *scan);
void assay_scan_release(struct assay_scan *scan);

/* A report of a message that was not scanned, for doors: `why` becomes status_reason and an
 * errors[] entry of that kind. bytes may be absent (then sha256 and size are null). */
struct assay_unscanned {
	const char *status; /* "partial" | "unscanned" */
	const char *why;    /* "timeout", "crashed", "message_size", ... */
	const char *error;  /* sentence for errors[] */
	const char *cause;  /* of the verdict, which accepts; NULL: the policy judges */
	const char *plugin; /* who was at work, or NULL */
	uint64_t size;      /* of the message */
};
void assay_engine_unscanned(struct assay_engine *engine, const struct assay_request *request,
    struct assay_slice bytes, const struct assay_unscanned *what, struct assay_scan *scan);

#endif
