/*
 * core/result.c - what a worker found: its JSON, its children, its limits and errors
 *
 * Implements the assay_result_* functions of <assay/plugin.h>. Every bound on children is checked
 * here, whatever the worker promised; what is refused is noted in limits[] and the worker gets
 * NULL. Nothing here fails.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/cut.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/run.h"

#define EXTRA_MAX 16384u
#define EXTRA_ENTRIES 256u
#define ROOM_LATE 16384u /* for one result when all before it fill a report */
#define ROOM_LAST 1024u  /* ... or two */

/* assay_result_json - the result object */
json_t *assay_result_json(struct assay_result *result)
{
	if (result->json == NULL)
		result->json = json_object();
	return result->json;
}

/* ---- limits and errors ----------------------------------------------------------------------- */

/* assay_result_limit - the worker met a limit */
void assay_result_limit(
    struct assay_result *result, const char *limit, uint64_t value, uint64_t allowed, bool unseen)
{
	result->run->asked |= ASSAY_ASKED_MORE;
	assay_notes_limit(&result->run->notes,
	    &(struct assay_note_limit){
		.limit = limit,
		.value = value,
		.allowed = allowed,
		.unseen = unseen,
		.payload_id = result->payload->id,
		.plugin = result->worker->name,
	    });
}

/* assay_result_allowed - a limit of [core]; asking for one that is not there is a bug */
uint64_t assay_result_allowed(const struct assay_result *result, const char *limit)
{
	int64_t value;

	if (!assay_limits_known(limit))
		ASSAY_BUG("there is no limit %s", limit);
	if (strcmp(limit, "max_recursion") == 0) {
		result->run->asked |= ASSAY_ASKED_MORE;
		return result->run->limits.recursion;
	}
	value = assay_opt_int(result->run->engine->core, limit);
	return value > 0 ? (uint64_t)value : 0;
}

/* error - an errors[] entry of the running worker */
static ASSAY_PRINTF(3, 4) void error(
    struct assay_result *result, const char *kind, const char *fmt, ...)
{
	const struct assay_note_error who = { result->worker->name, result->payload->id, kind };
	va_list ap;

	result->run->asked |= ASSAY_ASKED_MORE;
	va_start(ap, fmt);
	assay_notes_verror(&result->run->notes, &who, fmt, ap);
	va_end(ap);
}

/* assay_result_error - something failed, the rest is fine */
void assay_result_error(struct assay_result *result, const char *fmt, ...)
{
	const struct assay_note_error who = { result->worker->name, result->payload->id, "failed" };
	va_list ap;

	result->run->asked |= ASSAY_ASKED_MORE;
	va_start(ap, fmt);
	assay_notes_verror(&result->run->notes, &who, fmt, ap);
	va_end(ap);
}

/* assay_result_text - a text that people read */
void assay_result_text(struct assay_result *result, struct assay_slice text)
{
	struct assay_run *run = result->run;

	run->asked |= ASSAY_ASKED_MORE;
	if (text.n > 0 && run->ntext < ASSAY_TEXTS)
		run->text[run->ntext++] = text;
}

/* assay_result_dispatch - one more worker, after those that are chosen */
void assay_result_dispatch(struct assay_result *result, const char *worker)
{
	struct assay_step *step = assay_plan_step(&result->payload->plan, worker);

	result->run->asked |= ASSAY_ASKED_MORE;
	assay_plan_note(&result->payload->plan, worker, "worker", result->worker->name);
	if (step != NULL)
		step->wished = false;
	else
		error(result, "bad_result", "more than %u workers for one payload", ASSAY_PLAN_MAX);
}

/* cut_top - members of the report are bounded like results */
static void cut_top(struct assay_result *result)
{
	struct assay_run *run = result->run;
	uint64_t max = run->limits.result_max;
	uint64_t had;

	(void)assay_cut_result(run->top, run->engine->fields, max, &had);
	if (had > 0)
		assay_result_limit(result, "result_max", had, max, false);
}

/* assay_result_report - a member of the report that only the root's worker knows */
void assay_result_report(struct assay_result *result, const char *member, json_t *value)
{
	static const char *const members[] = { "recipients", "message_time", "direction",
		"content_sha256" };
	struct assay_run *run = result->run;
	struct assay_fields_dropped dropped;
	json_t *one;

	result->run->asked |= ASSAY_ASKED_MORE;
	if (result->payload != run->root || value == NULL) {
		json_decref(value);
		return;
	}
	one = json_object();
	assay_json_set(one, member, value);
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		if (strcmp(member, members[i]) != 0)
			continue;
		assay_fields_check(run->engine->fields, one, &dropped);
		if (dropped.n > 0)
			error(result, "bad_result", "%s %s", dropped.first, dropped.why);
		(void)json_object_update(run->top, one);
		json_decref(one);
		cut_top(result);
		return;
	}
	json_decref(one);
	error(result, "bad_result", "no worker may set %s of the report", member);
}

/* ---- children -------------------------------------------------------------------------------- */

/* made - bytes that do not lie inside the parent's: unpacked, decoded */
static uint64_t made(const struct assay_payload *parent, struct assay_slice bytes)
{
	return assay_payload_is_inside(bytes, parent->bytes) ? 0 : bytes.n;
}

/* ratio_room - what may come out of a payload in all */
static uint64_t ratio_room(const struct assay_run *run, const struct assay_payload *parent)
{
	uint64_t most = run->limits.ratio > UINT64_MAX / (parent->bytes.n + 1)
	    ? UINT64_MAX
	    : run->limits.ratio * parent->bytes.n;

	return most > run->limits.ratio_free ? most : run->limits.ratio_free;
}

/* assay_result_budget - what may still be taken out */
void assay_result_budget(const struct assay_result *result, uint64_t *member, uint64_t *total)
{
	const struct assay_run *run = result->run;
	const struct assay_payload *parent = result->payload;
	uint64_t ratio = ratio_room(run, parent), message = run->limits.unpacked_bytes;

	result->run->asked |= ASSAY_ASKED_MORE;
	ratio = ratio > parent->unpacked ? ratio - parent->unpacked : 0;
	message = message > run->unpacked ? message - run->unpacked : 0;
	*total = ratio < message ? ratio : message;
	*member = *total < run->limits.member_bytes ? *total : run->limits.member_bytes;
}

/* refuse - note the limit that forbids a child; true */
static bool refuse(struct assay_result *result, const char *limit, uint64_t value, uint64_t allowed)
{
	assay_result_limit(result, limit, value, allowed, true);
	return true;
}

/* is_refused - does a limit forbid this child; counts it */
static bool is_refused(struct assay_result *result, struct assay_slice bytes)
{
	struct assay_run *run = result->run;
	struct assay_payload *parent = result->payload;
	const struct assay_limits *l = &run->limits;
	uint64_t more = made(parent, bytes);

	parent->found++;
	run->found++;
	if (parent->found > l->children)
		return refuse(result, "max_children", parent->found, l->children);
	if (run->found > l->children_message)
		return refuse(result, "max_children_message", run->found, l->children_message);
	if (bytes.n > l->member_bytes)
		return refuse(result, "max_member_bytes", bytes.n, l->member_bytes);
	if (run->unpacked + more > l->unpacked_bytes)
		return refuse(
		    result, "max_unpacked_bytes", run->unpacked + more, l->unpacked_bytes);
	if (more > 0 && parent->unpacked + more > ratio_room(run, parent))
		return refuse(result, "max_ratio",
		    (parent->unpacked + more) / (parent->bytes.n > 0 ? parent->bytes.n : 1),
		    l->ratio);
	parent->unpacked += more;
	run->unpacked += more;
	return false;
}

/* add_extra - what the finder says of it; takes the reference */
static void add_extra(struct assay_result *result, struct assay_payload *child, json_t *extra)
{
	struct assay_fields_dropped dropped;
	const struct assay_field_node *node =
	    assay_fields_member(result->run->engine->fields, "request_meta");
	json_t *meta;
	uint64_t had;

	if (extra == NULL)
		return;
	meta = json_object();
	assay_json_set(meta, "extra_data", extra);
	assay_fields_check(node, meta, &dropped);
	(void)assay_cut_result(meta, node, EXTRA_MAX, &had);
	if (had > 0)
		assay_result_limit(result, "extra_data", had, EXTRA_MAX, false);
	if (dropped.n > 0)
		error(result, "bad_result", "%s of a child %s", dropped.first, dropped.why);
	if (json_array_size(child->extra) < EXTRA_ENTRIES)
		(void)json_array_extend(child->extra, json_object_get(meta, "extra_data"));
	json_decref(meta);
}

/* add_dispatch - workers the finder wants for it */
static void add_dispatch(struct assay_payload *child, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++) {
		json_t *value;
		size_t i;
		bool known = false;

		json_array_foreach(child->dispatch_to, i, value) known =
		    known || strcmp(json_string_value(value), *names) == 0;
		if (!known && json_array_size(child->dispatch_to) < ASSAY_PLAN_MAX)
			assay_json_append(child->dispatch_to, assay_json_str(*names));
	}
}

/* known - the payload with these bytes, given one more place; NULL when there is none */
static struct assay_payload *known(struct assay_result *result, const struct assay_child *child,
    const struct assay_place *place, const char *sha256)
{
	struct assay_run *run = result->run;
	struct assay_payload *p = assay_map_get(&run->by_sha256, assay_slice_str(sha256));

	if (p == NULL)
		return NULL;
	/* what contains only itself is no finding */
	if (p != result->payload)
		assay_payload_add_place(p, place);
	p->should_archive = p->should_archive || !child->no_archive;
	p->should_scan = p->should_scan || !child->no_scan;
	if (child->heap)
		free((void *)(uintptr_t)child->bytes.p);
	return p;
}

/* fresh - a payload for new bytes */
static struct assay_payload *fresh(struct assay_result *result, const struct assay_child *child,
    const struct assay_place *place, const char *sha256)
{
	struct assay_run *run = result->run;
	struct assay_payload *p;

	if (child->heap && child->bytes.p != NULL)
		assay_arena_defer(run->arena, free, (void *)(uintptr_t)child->bytes.p);
	p = assay_payload_new(run, child->bytes, place);
	p->digest[ASSAY_SHA256] = assay_arena_strdup(run->arena, sha256);
	p->should_archive = !child->no_archive;
	p->should_scan = !child->no_scan;
	assay_run_add(run, p);
	return p;
}

/* assay_result_child - bytes that were found inside this payload */
const struct assay_payload *assay_result_child(
    struct assay_result *result, const struct assay_child *child)
{
	const struct assay_place place = { result->payload, child->place, child->filename,
		child->content_type, child->disposition, result->worker->name };
	char sha256[ASSAY_DIGEST_TEXT];
	struct assay_payload *p;

	result->run->asked |= ASSAY_ASKED_MORE;
	if (is_refused(result, child->bytes)) {
		if (child->heap)
			free((void *)(uintptr_t)child->bytes.p);
		json_decref(child->extra);
		return NULL;
	}
	assay_digest_hex(ASSAY_SHA256, child->bytes, sha256);
	p = known(result, child, &place, sha256);
	if (p == NULL)
		p = fresh(result, child, &place, sha256);
	if (p == result->payload) {
		json_decref(child->extra);
		return p;
	}
	add_extra(result, p, child->extra);
	add_dispatch(p, child->dispatch_to);
	assay_run_queue(result->run, p);
	return p;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* room - bytes this result may have; less when the results before it fill the report already, so
 * that memory is bounded by the report and not by the number of results */
static uint64_t room(const struct assay_run *run)
{
	uint64_t max = run->limits.result_max;

	if (run->result_bytes > 2 * run->limits.report_max)
		return max < ROOM_LAST ? max : ROOM_LAST;
	if (run->result_bytes > run->limits.report_max)
		return max < ROOM_LATE ? max : ROOM_LATE;
	return max;
}

/* cut - make the result fit; dropped when it cannot */
static void cut(struct assay_result *result)
{
	struct assay_run *run = result->run;
	uint64_t max = room(run), had;
	uint64_t size = assay_cut_result(result->json, result->worker->fields, max, &had);

	if (had > 0)
		assay_result_limit(result,
		    max < run->limits.result_max ? "report_max" : "result_max", had, max, false);
	if (size > max) {
		error(result, "bad_result", "%llu bytes cannot be cut to %llu",
		    (unsigned long long)had, (unsigned long long)max);
		json_decref(result->json);
		result->json = json_null();
		size = 4;
	}
	run->result_bytes += size;
}

/* assay_result_finish - check, cut, store */
void assay_result_finish(struct assay_result *result)
{
	struct assay_fields_dropped dropped;

	if (result->json == NULL)
		result->json = json_null();
	assay_fields_check(result->worker->fields, result->json, &dropped);
	if (dropped.n > 0)
		error(result, "bad_result", "%s %s; %zu value%s dropped", dropped.first,
		    dropped.why, dropped.n, dropped.n == 1 ? " was" : "s were");
	cut(result);
	assay_json_set(result->payload->workers, result->worker->name, result->json);
	result->json = NULL;
}
