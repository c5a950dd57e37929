/*
 * core/engine.c - see engine.h
 *
 * The loop: take a payload from the queue, plan, run what the plan holds until it holds nothing
 * new, ask every_round dispatchers once more, next. What grows is bounded by the limits in run.h:
 * payloads by max_children_message, workers per payload by the plan, passes by
 * max_dispatch_passes. Plugins are called in three functions only (call_worker, ask_dispatcher
 * here, and the decorators' in report.c), each between two progress calls.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/coreopts.h"
#include "core/cut.h"
#include "core/docfields.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/pure.h"
#include "core/reuse.h"
#include "core/run.h"

#define ASKS_AGAIN_MAX                                                                             \
	8u /* new names of one payload after which dispatchers are not asked more                  \
	    */

/* ---- the engine ------------------------------------------------------------------------------ */

/* copy - a string of the identity; NULL and "" are NULL */
static const char *copy(struct assay_arena *arena, const char *s)
{
	return s != NULL && s[0] != '\0' ? assay_arena_strdup(arena, s) : NULL;
}

/* read_options - what [core] says about the choice of plugins */
static void read_options(struct assay_engine *engine)
{
	static const struct assay_opt *const tables[] = { assay_core_rows, assay_limit_rows, NULL };

	if (engine->core == NULL)
		engine->core = assay_opts_new(engine->arena, "core", tables);
	assay_limits_read(&engine->limits, engine->core);
	engine->start_dispatch = assay_opt_list(engine->core, "start_dispatch");
	engine->always_dispatch = assay_opt_list(engine->core, "always_dispatch");
	engine->dispatchers = assay_opt_list(engine->core, "dispatchers");
	engine->decorators = assay_opt_list(engine->core, "decorators");
	engine->archivers = assay_opt_list(engine->core, "archivers");
	engine->reuse = assay_reuse_new((uint64_t)assay_opt_int(engine->core, "reuse_results"),
	    (uint64_t)assay_opt_int(engine->core, "reuse_memory"));
}

/* assay_engine_new - ready to scan */
enum assay_status assay_engine_new(struct assay_host *host, const struct assay_opts *core,
    const struct assay_engine_identity *identity, struct assay_engine **engine,
    struct assay_err *err)
{
	static const struct assay_engine_identity nobody;
	struct assay_arena *arena = assay_arena_new();
	struct assay_engine *e = assay_arena_zalloc(arena, sizeof *e);
	char node[256] = "";
	enum assay_status s;

	if (identity == NULL)
		identity = &nobody;
	(void)gethostname(node, sizeof node - 1);
	e->arena = arena;
	e->host = host;
	e->core = core;
	e->node = copy(arena, node);
	e->instance = copy(arena, identity->instance);
	e->config_sha256 = copy(arena, identity->config_sha256);
	read_options(e);
	s = assay_fields_new(arena, assay_doc_fields, &e->fields, err);
	ASSAY_ASSERT(s == ASSAY_OK);
	*engine = e;
	return ASSAY_OK;
}

/* assay_engine_free - accepts NULL, leaves NULL */
void assay_engine_free(struct assay_engine **engine)
{
	struct assay_arena *arena;

	if (*engine == NULL)
		return;
	arena = (*engine)->arena;
	json_decref((*engine)->info);
	assay_reuse_free(&(*engine)->reuse);
	*engine = NULL;
	assay_arena_free(&arena);
}

/* assay_engine_set_helper - for workers that run programs */
void assay_engine_set_helper(struct assay_engine *engine, struct assay_helper *helper)
{
	engine->helper = helper;
}

/* assay_engine_set_policy - who judges */
void assay_engine_set_policy(struct assay_engine *engine, const struct assay_policy *policy)
{
	engine->policy = policy;
}

/* assay_engine_helper - NULL when no plugin has programs */
struct assay_helper *assay_engine_helper(const struct assay_engine *engine)
{
	return engine->helper;
}

/* ---- the queue ------------------------------------------------------------------------------- */

/* assay_run_queue - its turn comes */
void assay_run_queue(struct assay_run *run, struct assay_payload *payload)
{
	if (payload->queued)
		return;
	payload->queued = true;
	payload->queue_next = NULL;
	if (run->queue == NULL)
		run->queue = payload;
	else
		run->queue_end->queue_next = payload;
	run->queue_end = payload;
}

/* take - the next one, or NULL */
static struct assay_payload *take(struct assay_run *run)
{
	struct assay_payload *payload = run->queue;

	if (payload != NULL) {
		run->queue = payload->queue_next;
		payload->queued = false;
	}
	return payload;
}

/* assay_run_add - a payload that is new */
void assay_run_add(struct assay_run *run, struct assay_payload *payload)
{
	const char *sha256 = assay_payload_digest(payload, ASSAY_SHA256);

	(void)assay_map_add(&run->by_sha256, assay_slice_str(sha256), payload);
	if (run->newest == NULL)
		run->root = payload;
	else
		run->newest->next = payload;
	run->newest = payload;
	run->payloads++;
	assay_run_queue(run, payload);
}

/* ---- around the call of a plugin ------------------------------------------------------------- */

/* is_late - is the time of the message over; says so once */
static bool is_late(struct assay_run *run)
{
	int64_t deadline = run->request->deadline_ms, now;

	if (deadline == 0 || run->expired)
		return run->expired;
	now = assay_clock_mono_ms();
	if (now < deadline)
		return false;
	run->expired = true;
	run->status = "partial";
	run->status_reason = "timeout";
	assay_notes_limit(&run->notes,
	    &(struct assay_note_limit){
		.limit = run->request->bulk ? "bulk_timeout" : "message_timeout",
		.value = (uint64_t)(now - run->begun_mono),
		.allowed = deadline > run->begun_mono ? (uint64_t)(deadline - run->begun_mono) : 0,
		.unseen = true,
	    });
	return true;
}

/* why_skipped - for errors[]; NULL: it crashed, or nothing we know */
static const char *why_skipped(const char *kind)
{
	if (strcmp(kind, "timeout") == 0)
		return "took longer than its time; its result is missing";
	if (strcmp(kind, "bypass") == 0)
		return "is passed over for a while (assay bypass); its result is missing";
	return NULL;
}

/* is_skipped - did this plugin kill a process on these bytes before, or is it passed over; says so
 */
static bool is_skipped(struct assay_run *run, struct assay_payload *payload, const char *plugin)
{
	const struct assay_request *request = run->request;
	const char *sha256 = assay_payload_digest(payload, ASSAY_SHA256);

	for (size_t i = 0; i < request->nskip; i++) {
		const struct assay_request_skip *skip = &request->skip[i];
		const char *why = why_skipped(skip->kind);

		if (strcmp(skip->worker, plugin) != 0 ||
		    (strcmp(skip->sha256, "*") != 0 && strcmp(skip->sha256, sha256) != 0))
			continue;
		assay_notes_error(&run->notes,
		    &(struct assay_note_error){
			plugin, payload->id, why != NULL ? skip->kind : "crashed" },
		    "%s", why != NULL ? why : "crashed; its result is missing");
		return true;
	}
	return false;
}

/* tell - say who is at work; plugin NULL: nobody */
static void tell(
    struct assay_run *run, const struct assay_payload *payload, const char *plugin, int64_t timeout)
{
	if (run->hooks == NULL || run->hooks->progress == NULL)
		return;
	if (plugin == NULL)
		run->hooks->progress(run->hooks->arg, NULL, "", "", 0);
	else
		run->hooks->progress(run->hooks->arg, plugin, payload->id,
		    assay_payload_digest(payload, ASSAY_SHA256), timeout);
}

/* note_failure - a plugin returned something else than OK */
static void note_failure(struct assay_run *run, const struct assay_payload *payload,
    const char *plugin, enum assay_status status, const struct assay_err *err)
{
	assay_notes_error(&run->notes,
	    &(struct assay_note_error){
		plugin, payload->id, status == ASSAY_E_TIMEOUT ? "timeout" : "failed" },
	    "%s", err->text[0] != '\0' ? err->text : assay_status_name(status));
}

/* ---- workers --------------------------------------------------------------------------------- */

static bool run_worker(
    struct assay_run *run, struct assay_payload *payload, const char *name, unsigned depth);

/* call_worker - the call itself; true when it did its work */
static bool call_worker(
    struct assay_run *run, struct assay_payload *payload, const struct assay_loaded *loaded)
{
	const struct assay_worker *worker = loaded->plugin->worker;
	struct assay_result result = { .run = run, .payload = payload, .worker = loaded };
	int64_t timeout =
	    worker->timeout_ms > 0 ? (int64_t)worker->timeout_ms : run->limits.worker_timeout_ms;
	struct assay_err err = { .code = ASSAY_OK };
	enum assay_status s;

	if (assay_pure_recall(&result)) {
		assay_json_append(payload->workers_run, assay_json_str(loaded->name));
		assay_result_finish(&result);
		return true;
	}
	run->asked = 0;
	run->step = assay_plan_find(&payload->plan, loaded->name);
	run->until_ms = assay_clock_mono_ms() + timeout;
	tell(run, payload, loaded->name, timeout);
	s = worker->scan(loaded->state, payload, &result, &err);
	tell(run, payload, NULL, 0);
	run->step = NULL;
	assay_json_append(payload->workers_run, assay_json_str(loaded->name));
	if (s != ASSAY_OK)
		note_failure(run, payload, loaded->name, s, &err);
	if (s == ASSAY_OK || result.json != NULL)
		assay_result_finish(&result);
	if (s == ASSAY_OK)
		assay_pure_keep(&result);
	return s == ASSAY_OK;
}

/* fail - note why a worker is not run; false */
static bool fail(struct assay_run *run, const struct assay_payload *payload, const char *worker,
    const char *kind, const char *why)
{
	assay_notes_error(
	    &run->notes, &(struct assay_note_error){ worker, payload->id, kind }, "%s", why);
	return false;
}

/* run_needs - the workers a worker needs; false when one of them cannot give its result */
static bool run_needs(struct assay_run *run, struct assay_payload *payload,
    const struct assay_loaded *loaded, unsigned depth)
{
	const char *const *need = loaded->plugin->worker->needs_workers;

	for (; need != NULL && *need != NULL; need++) {
		char why[200];

		assay_plan_note(&payload->plan, *need, "needs_workers", loaded->name);
		if (depth + 1 > run->limits.needs_depth)
			return fail(run, payload, loaded->name, "needs_depth",
			    "needs workers that need workers: more than max_required_worker_depth");
		if (run_worker(run, payload, *need, depth + 1))
			continue;
		(void)snprintf(
		    why, sizeof why, "not run: it needs %s, which gave no result", *need);
		return fail(run, payload, loaded->name, "needs_failed", why);
	}
	return true;
}

/* can_run - is it loaded, allowed, and has it what it needs */
static bool can_run(
    struct assay_run *run, struct assay_payload *payload, const char *name, unsigned depth)
{
	const struct assay_loaded *loaded = assay_host_find(run->engine->host, name);

	if (loaded == NULL)
		return !assay_plan_find(&payload->plan, name)->wished &&
		    fail(run, payload, name, "not_loaded", "there is no such plugin loaded");
	if (loaded->plugin->worker == NULL)
		return fail(run, payload, name, "not_loaded", "the plugin is no worker");
	return !is_skipped(run, payload, name) && run_needs(run, payload, loaded, depth) &&
	    !is_late(run);
}

/* run_worker - once per payload, what it needs first. Recursion: max_required_worker_depth */
static bool run_worker(
    struct assay_run *run, struct assay_payload *payload, const char *name, unsigned depth)
{
	struct assay_step *step = assay_plan_step(&payload->plan, name);
	bool ok;

	if (step == NULL)
		return fail(run, payload, name, "not_loaded", "too many workers for one payload");
	if (step->state == ASSAY_STEP_RUNS)
		return fail(run, payload, name, "needs_cycle", "needs itself, through others");
	if (step->state != ASSAY_STEP_WAITS)
		return step->state == ASSAY_STEP_DONE;
	step->state = ASSAY_STEP_RUNS;
	ok = can_run(run, payload, name, depth) &&
	    call_worker(run, payload, assay_host_find(run->engine->host, name));
	/* the list of steps may have moved */
	assay_plan_find(&payload->plan, name)->state = ok ? ASSAY_STEP_DONE : ASSAY_STEP_FAILED;
	return ok;
}

/* run_plan - all that wait, also those that are added meanwhile; true when any was run */
static bool run_plan(struct assay_run *run, struct assay_payload *payload)
{
	bool any = false;

	for (size_t i = 0; i < payload->plan.n && !is_late(run); i++) {
		if (payload->plan.step[i].state != ASSAY_STEP_WAITS)
			continue;
		(void)run_worker(run, payload, payload->plan.step[i].worker, 0);
		any = true;
	}
	return any;
}

/* ---- dispatchers ----------------------------------------------------------------------------- */

/* ask_dispatcher - which workers it wants */
static void ask_dispatcher(
    struct assay_run *run, struct assay_payload *payload, const struct assay_loaded *loaded)
{
	const struct assay_dispatcher *dispatcher = loaded->plugin->dispatcher;
	struct assay_err err = { .code = ASSAY_OK };
	enum assay_status s;

	if (is_skipped(run, payload, loaded->name) || is_late(run))
		return;
	payload->plan.dispatcher = loaded->name;
	payload->plan.last = 0;
	tell(run, payload, loaded->name, run->limits.worker_timeout_ms);
	s = dispatcher->choose(loaded->state, payload, &payload->plan, &err);
	tell(run, payload, NULL, 0);
	payload->plan.dispatcher = NULL;
	if (s != ASSAY_OK)
		note_failure(run, payload, loaded->name, s, &err);
}

/* dispatchers_of - those of the request, or of the configuration */
static const char *const *dispatchers_of(const struct assay_run *run)
{
	return run->request->dispatchers != NULL ? run->request->dispatchers
						 : run->engine->dispatchers;
}

/* ask_dispatchers - all, or only those that want every round */
static void ask_dispatchers(struct assay_run *run, struct assay_payload *payload, bool again)
{
	for (const char *const *name = dispatchers_of(run); *name != NULL; name++) {
		const struct assay_loaded *loaded = assay_host_find(run->engine->host, *name);

		if (loaded == NULL || loaded->plugin->dispatcher == NULL) {
			if (!again)
				(void)fail(run, payload, *name, "not_loaded",
				    loaded == NULL ? "there is no such plugin loaded"
						   : "the plugin is no dispatcher");
			continue;
		}
		if (!again || loaded->plugin->dispatcher->every_round)
			ask_dispatcher(run, payload, loaded);
	}
}

/* ---- payloads -------------------------------------------------------------------------------- */

/* choose_names - workers by name; `option` of [core] names them */
static void choose_names(
    struct assay_payload *payload, const char *option, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++) {
		(void)assay_plan_step(&payload->plan, *names);
		assay_plan_note(&payload->plan, *names, option, NULL);
	}
}

/* choose_wanted - workers that those who found the payload asked for */
static void choose_wanted(struct assay_payload *payload)
{
	const char *finder = json_string_value(json_array_get(payload->extracted_by, 0));
	json_t *value;
	size_t i;

	json_array_foreach(payload->dispatch_to, i, value)
	{
		(void)assay_plan_step(&payload->plan, json_string_value(value));
		assay_plan_note(&payload->plan, json_string_value(value), "dispatch_to", finder);
	}
}

/* choose - the plan of a payload, in the fixed order */
static void choose(struct assay_run *run, struct assay_payload *payload)
{
	const struct assay_request *request = run->request;
	const struct assay_engine *engine = run->engine;

	if (request->explain && payload->plan.chosen == NULL)
		payload->plan.chosen = json_array();
	if (payload == run->root)
		choose_names(payload, "start_dispatch",
		    request->start_dispatch != NULL ? request->start_dispatch
						    : engine->start_dispatch);
	choose_wanted(payload);
	if (!request->root_only)
		choose_names(payload, "always_dispatch",
		    request->always_dispatch != NULL ? request->always_dispatch
						     : engine->always_dispatch);
	if (payload->asked && !payload->ask_again)
		return;
	if (payload->asked && ++payload->asks_again > ASKS_AGAIN_MAX)
		return;
	payload->asked = true;
	payload->ask_again = false;
	ask_dispatchers(run, payload, false);
}

/* may_scan - is it to be looked at; a limit that forbids it is noted */
static bool may_scan(struct assay_run *run, struct assay_payload *payload)
{
	if (!payload->should_scan || (run->request->root_only && payload != run->root))
		return false;
	if (payload->least_depth <= run->limits.recursion)
		return true;
	assay_notes_limit(&run->notes,
	    &(struct assay_note_limit){
		.limit = "max_recursion",
		.value = payload->least_depth,
		.allowed = run->limits.recursion,
		.unseen = true,
		.payload_id = payload->id,
	    });
	return false;
}

/* scan_payload - everything for one payload */
static void scan_payload(struct assay_run *run, struct assay_payload *payload)
{
	if (!may_scan(run, payload))
		return;
	choose(run, payload);
	(void)run_plan(run, payload);
	while (payload->passes < run->limits.dispatch_passes && !is_late(run)) {
		payload->passes++;
		ask_dispatchers(run, payload, true);
		if (!run_plan(run, payload))
			break;
	}
}

/* ---- one message ----------------------------------------------------------------------------- */

/* release_run - what the arena does not hold */
static void release_run(void *ptr)
{
	struct assay_run *run = ptr;

	for (struct assay_payload *p = run->root; p != NULL; p = p->next)
		assay_payload_release(p);
	json_decref(run->top);
	json_decref(run->meta);
	assay_notes_release(&run->notes);
}

/* base_name - of a path as the door gave it */
static const char *base_name(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL ? slash + 1 : path;
}

/* check_meta - what the door says must fit the document, too */
static void check_meta(struct assay_run *run)
{
	const struct assay_field_node *node =
	    assay_fields_member(run->engine->fields, "request_meta");
	struct assay_fields_dropped dropped;
	uint64_t had;

	assay_fields_check(node, run->meta, &dropped);
	if (dropped.n > 0)
		assay_notes_error(&run->notes,
		    &(struct assay_note_error){ NULL, NULL, "bad_request" }, "%s of the request %s",
		    dropped.first, dropped.why);
	(void)assay_cut_result(run->meta, node, run->limits.result_max, &had);
	if (had > 0)
		assay_notes_limit(&run->notes,
		    &(struct assay_note_limit){
			.limit = "result_max", .value = had, .allowed = run->limits.result_max });
}

/* begin - a run and its root */
static struct assay_run *begin(struct assay_engine *engine, const struct assay_request *request,
    struct assay_slice bytes, struct assay_scan *scan)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_run *run = assay_arena_zalloc(arena, sizeof *run);
	const struct assay_place place = { .filename = base_name(request->filename),
		.content_type = request->content_type };

	*scan = (struct assay_scan){ .arena = arena };
	run->engine = engine;
	run->request = request;
	run->arena = arena;
	run->limits = engine->limits;
	if (request->max_recursion >= 0)
		run->limits.recursion = (uint64_t)request->max_recursion;
	run->begun_wall = assay_clock_wall_ms();
	run->begun_mono = assay_clock_mono_ms();
	if (request->spent_ms < run->begun_mono)
		run->begun_mono -= request->spent_ms;
	run->status = "scanned";
	run->top = json_object();
	run->meta = assay_request_meta(request);
	assay_map_init(&run->by_sha256, arena);
	assay_notes_init(&run->notes, arena, run->limits.errors_kept, run->limits.limits_kept);
	assay_arena_defer(arena, release_run, run);
	check_meta(run);
	assay_run_add(run, assay_payload_new(run, bytes, &place));
	run->root->should_archive = request->archive_payloads;
	if (json_is_array(json_object_get(run->meta, "extra_data")))
		(void)json_array_extend(run->root->extra, json_object_get(run->meta, "extra_data"));
	return run;
}

/* archivers_of - those of the request, or of the configuration */
static const char *const *archivers_of(const struct assay_run *run)
{
	return run->request->archivers != NULL ? run->request->archivers : run->engine->archivers;
}

/* collect_keep - the payloads to be archived */
static void collect_keep(struct assay_run *run, struct assay_scan *scan)
{
	if (archivers_of(run)[0] == NULL || !run->request->archive_payloads)
		return;
	scan->keep = assay_arena_calloc(run->arena, run->payloads, sizeof *scan->keep);
	for (struct assay_payload *p = run->root; p != NULL; p = p->next)
		if (p->should_archive && !p->plan.no_archive)
			scan->keep[scan->nkeep++] =
			    (struct assay_keep){ assay_payload_digest(p, ASSAY_SHA256), p->bytes };
}

/* release_report - the document dies with the scan */
static void release_report(void *report)
{
	json_decref(report);
}

/* finish - the report and what the door needs of it */
static void finish(struct assay_run *run, struct assay_scan *scan, const char *const *decorators)
{
	json_t *report;

	assay_request_scan_id(
	    run->request, assay_payload_digest(run->root, ASSAY_SHA256), run->scan_id);
	report = assay_report_build(run);
	assay_arena_defer(run->arena, release_report, report);
	assay_report_decorate(run, report, decorators);
	assay_report_close(run, report, &scan->out);
	scan->report = report;
	scan->json = assay_buf_slice(&scan->out);
	memcpy(scan->scan_id, run->scan_id, sizeof scan->scan_id);
	scan->status = run->status;
	scan->action = assay_json_get_str(json_object_get(report, "verdict"), "action");
}

/* assay_engine_scan - one message */
void assay_engine_scan(struct assay_engine *engine, const struct assay_request *request,
    struct assay_slice bytes, const struct assay_engine_hooks *hooks, struct assay_scan *scan)
{
	struct assay_run *run = begin(engine, request, bytes, scan);
	struct assay_payload *payload;

	run->hooks = hooks;
	if (request->root_only) {
		run->status = "partial";
		run->status_reason = "crashed";
	}
	while (!is_late(run) && (payload = take(run)) != NULL)
		scan_payload(run, payload);
	collect_keep(run, scan);
	finish(run, scan, request->decorators != NULL ? request->decorators : engine->decorators);
}

/* assay_engine_unscanned - a report without a scan */
void assay_engine_unscanned(struct assay_engine *engine, const struct assay_request *request,
    struct assay_slice bytes, const struct assay_unscanned *what, struct assay_scan *scan)
{
	static const char *const none[] = { NULL };
	struct assay_run *run = begin(engine, request, bytes, scan);

	run->status = what->status;
	run->status_reason = what->why;
	run->cause = what->cause;
	run->unscanned = true;
	run->absent = bytes.p == NULL;
	run->size = what->size;
	assay_notes_error(&run->notes, &(struct assay_note_error){ what->plugin, "0", what->why },
	    "%s", what->error != NULL ? what->error : what->why);
	finish(run, scan, none);
}

/* assay_scan_release - all of it */
void assay_scan_release(struct assay_scan *scan)
{
	assay_arena_free(&scan->arena);
	assay_buf_release(&scan->out);
	*scan = (struct assay_scan){ .arena = NULL };
}
