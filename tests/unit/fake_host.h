/*
 * fake_host.h - a host for one plugin, in a unit test
 *
 * Implements the assay_opt_*, assay_payload_*, assay_result_*, assay_plan_* and assay_json_*
 * functions of the contract in memory, without engine, processes or sandbox. It keeps no promise
 * beyond recording: children are not scanned, limits are as set by the test, nothing is checked
 * against fields[]. Name it in the `rooms:` line behind the plugin: `plugin_hash fakehost text
 * base`. Failure to open a plugin is returned, everything else that is wrong aborts.
 */
#ifndef ASSAY_FAKE_HOST_H
#define ASSAY_FAKE_HOST_H

#include <assay/plugin.h>

#include "base/arena.h"

struct fake_host;

/* Opens and warms the plugin. opts: "name=value", ends with NULL, or NULL. cache_dir may be NULL.
 * The error of open or warm is returned and *host stays NULL. */
enum assay_status fake_host_open(const struct assay_plugin *plugin, const char *const *opts,
    const char *cache_dir, struct fake_host **host, struct assay_err *err);
void fake_host_close(struct fake_host **host);
/* The plugin's own state, for a look inside. */
void *fake_host_state(const struct fake_host *host);
/* Sets a limit of [core] (assay_result_allowed); what was not set is UINT64_MAX. */
void fake_host_allow(struct fake_host *host, const char *limit, uint64_t value);

/* Stands for every program of the plugin: assay_result_run calls it. Without one nothing is there.
 */
typedef enum assay_status fake_run(void *arg, size_t program, const struct assay_run_input *in,
    struct assay_run_output *out, struct assay_err *err);
void fake_host_run(struct fake_host *host, fake_run *run, void *arg);

/* What a test says about a payload; everything is borrowed until fake_scan_free(). */
struct fake_payload {
	struct assay_slice bytes;
	const char *filename, *extension, *content_type;
	unsigned depth;
	json_t *occurrences; /* a list, or NULL: one made of the names above */
	json_t *request;     /* request_meta, or NULL: {} */
	json_t *results;     /* {worker: result} that ran before, or NULL */
	json_t *meta;        /* {dispatcher: {key: value}}, or NULL */
	int64_t scan_time_ms;
	const char *const *texts; /* of the message; NULL ends; or NULL */
};

struct fake_child {
	struct assay_slice bytes; /* a copy */
	char *filename, *content_type, *disposition, *place;
	char *dispatch_to; /* joined with commas, or NULL */
	bool no_scan, no_archive;
	json_t *extra;
};

/* What the plugin said. */
struct fake_scan {
	enum assay_status status;
	struct assay_err err;
	json_t *result;   /* NULL when it never asked for one */
	json_t *limits;   /* [{limit, value, allowed, effect}] */
	json_t *errors;   /* [text] */
	json_t *report;   /* {member: value} of assay_result_report */
	json_t *dispatch; /* [worker] of assay_result_dispatch or assay_plan_add */
	json_t *meta;     /* {worker: {key: value}} of assay_plan_meta */
	json_t *texts;    /* [text] of assay_result_text */
	bool no_archive;  /* assay_plan_no_archive was called */
	struct fake_child *child;
	size_t nchild;
	struct assay_arena *arena;
	char digest[ASSAY_DIGESTS][129];
};

/* Runs the plugin's worker, or its dispatcher. Everything in *scan is its own. */
void fake_host_scan(
    struct fake_host *host, const struct fake_payload *payload, struct fake_scan *scan);
void fake_host_choose(
    struct fake_host *host, const struct fake_payload *payload, struct fake_scan *scan);
void fake_scan_free(struct fake_scan *scan);

#endif
