/*
 * tests/unit/engine_bench.h - an engine with small plugins, for the tests of the engine
 *
 * `enginebench` in a rooms line links it. Each test gets a fresh struct bench by bench_setup and
 * gives it back by bench_teardown; the plugins are listed in engine_bench.c.
 */
#ifndef ASSAY_ENGINE_BENCH_H
#define ASSAY_ENGINE_BENCH_H

#include <jansson.h>

#include "core/engine.h"
#include "core/opts.h"

extern char bench_called[4096]; /* "NAME@ID " of every call, in order */
extern unsigned bench_flood;    /* children that worker `flood` gives */

struct bench {
	struct assay_arena *arena;
	struct assay_host *host;
	struct assay_opts *core;
	struct assay_engine *engine;
	struct assay_scan scan;
	const json_t *report;
	bool keeps; /* the engine from one scan to the next, and what it remembers */
};

int bench_setup(void **state);
int bench_teardown(void **state);
/* An option of [core]. */
void bench_set(struct bench *t, const char *name, const char *value);
/* Scans; the report is borrowed until the next scan. The request is JSON. */
const json_t *bench_scan_request(struct bench *t, const char *bytes, const char *request);
const json_t *bench_scan(struct bench *t, const char *bytes);
/* The i-th entry of results[], and how many there are. */
const json_t *bench_payload(const struct bench *t, size_t i);
size_t bench_payloads(const struct bench *t);
/* Compact JSON: of any value, of a member of the i-th payload. */
const char *bench_text(struct bench *t, const json_t *value);
const char *bench_member(struct bench *t, size_t i, const char *name);
/* The kind of the i-th error, how many there are, the name of the i-th limit. */
const char *bench_error(const struct bench *t, size_t i);
size_t bench_errors(const struct bench *t);
const char *bench_limit(const struct bench *t, size_t i);

#endif
