/*
 * tests/unit/engine_bench.c - see engine_bench.h
 *
 * The plugins come first: each does one thing, as its comment says. Then what runs a scan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/coreopts.h"
#include "core/engine.h"
#include "core/host.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/opts.h"
#include "engine_bench.h"

/* ---- plugins --------------------------------------------------------------------------------- */

char bench_called[4096];
unsigned bench_flood;

/* note - remember a call */
static void note(const char *name, const struct assay_payload *payload)
{
	size_t at = strlen(bench_called);

	if (at < sizeof bench_called - 64)
		(void)snprintf(bench_called + at, sizeof bench_called - at, "%s@%s ", name,
		    assay_payload_id(payload));
}

/* plain - says its name */
static enum assay_status plain(
    const char *name, const struct assay_payload *payload, struct assay_result *result)
{
	note(name, payload);
	assay_json_set(assay_result_json(result), "said", assay_json_own(name));
	return ASSAY_OK;
}

#define PLAIN(NAME)                                                                                \
	static enum assay_status scan_##NAME(void *state, const struct assay_payload *p,           \
	    struct assay_result *r, struct assay_err *err)                                         \
	{                                                                                          \
		(void)state;                                                                       \
		(void)err;                                                                         \
		return plain(#NAME, p, r);                                                         \
	}

PLAIN(one)
PLAIN(two)
PLAIN(needy)
PLAIN(needier)
PLAIN(snake)
PLAIN(eggs)
PLAIN(orphan)
PLAIN(cautious)

static const struct assay_field said[] = { { "said", ASSAY_STR, ASSAY_TECHNICAL, "name" },
	{ "list[]", ASSAY_STR, ASSAY_CONTENT, "texts" },
	{ "number", ASSAY_INT, ASSAY_TECHNICAL, "number" }, { NULL, 0, ASSAY_TECHNICAL, NULL } };
static const struct assay_fact words[] = { { "word", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "said",
					       "what it said" },
	{ "title", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "said", "what it said of the message" },
	{ NULL, 0, 0, NULL, NULL } };

#define HEAD(NAME)                                                                                 \
	ASSAY_PLUGIN_HEAD, .name = NAME, .version = "1", .licence = "none", .summary = "test",     \
			   .fields = said
#define WORKER(NAME, ...)                                                                          \
	static const struct assay_worker worker_##NAME = { .scan = scan_##NAME, __VA_ARGS__ };     \
	static const struct assay_plugin plugin_##NAME = { HEAD(#NAME), .worker = &worker_##NAME }

static const char *const needs_one[] = { "one", NULL };
static const char *const needs_needy[] = { "needy", NULL };
static const char *const needs_eggs[] = { "eggs", NULL };
static const char *const needs_snake[] = { "snake", NULL };
static const char *const needs_nobody[] = { "nobody", NULL };
static const char *const needs_fails[] = { "fails", NULL };

WORKER(one, .pure = true);
WORKER(two, .pure = true);
WORKER(needy, .needs_workers = needs_one);
WORKER(needier, .needs_workers = needs_needy);
WORKER(snake, .needs_workers = needs_eggs);
WORKER(eggs, .needs_workers = needs_snake);
WORKER(orphan, .needs_workers = needs_nobody);
WORKER(cautious, .needs_workers = needs_fails);

/* scan_fails - gives half a result and fails */
static enum assay_status scan_fails(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	note("fails", p);
	assay_json_set(assay_result_json(r), "said", assay_json_own("half"));
	return assay_err_set(err, ASSAY_E_SYNTAX, "broke on purpose");
}
WORKER(fails, .pure = true);

/* scan_silent - finds nothing */
static enum assay_status scan_silent(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)r;
	(void)err;
	note("silent", p);
	return ASSAY_OK;
}
WORKER(silent, .pure = true);

/* scan_bad - breaks its field table */
static enum assay_status scan_bad(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	json_t *json = assay_result_json(r);

	(void)state;
	(void)p;
	(void)err;
	assay_json_set(json, "said", assay_json_own("kept"));
	assay_json_set(json, "number", assay_json_own("no number"));
	assay_json_set(json, "secret", json_integer(1));
	assay_json_set(json, "list", json_null());
	return ASSAY_OK;
}
WORKER(bad, .pure = true);

/* scan_big - far more than a result may have */
static enum assay_status scan_big(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	json_t *json = assay_result_json(r), *list = json_array();
	char text[2001];

	(void)state;
	(void)p;
	(void)err;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 2000; i++)
		assay_json_append(list, assay_json_own(text));
	assay_json_set(json, "said", assay_json_own("kept"));
	assay_json_set(json, "list", list);
	return ASSAY_OK;
}
WORKER(big, .pure = true);

/* scan_peel - "(a)(bb)" gives the children "a" and "bb"; nests */
static enum assay_status scan_peel(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	struct assay_slice in = assay_payload_bytes(p);
	size_t depth = 0, start = 0;

	(void)state;
	(void)err;
	note("peel", p);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '(' && depth++ == 0)
			start = i + 1;
		if (in.p[i] != ')' || depth == 0 || --depth > 0)
			continue;
		(void)assay_result_child(r,
		    &(struct assay_child){
			.bytes = assay_slice(in.p + start, i - start),
			.filename = i - start > 40
			    ? NULL
			    : assay_arena_printf(assay_payload_arena(p), "%.*s.TXT",
				  (int)(i - start), in.p + start),
			.content_type = "Text/Plain",
			.place = "x",
		    });
	}
	return ASSAY_OK;
}
WORKER(peel, .pure = true);

/* scan_mirror - its own bytes as a child */
static enum assay_status scan_mirror(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)err;
	for (unsigned i = 0; i < 3; i++)
		assert_ptr_equal(
		    assay_result_child(r, &(struct assay_child){ .bytes = assay_payload_bytes(p) }),
		    p);
	return ASSAY_OK;
}
WORKER(mirror, .pure = true);

/* scan_grow - one child with one byte more, for ever; made bytes on the heap */
static enum assay_status scan_grow(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	struct assay_slice in = assay_payload_bytes(p);
	char *more = assay_xmalloc(in.n + 1);

	(void)state;
	(void)err;
	if (in.n > 0)
		memcpy(more, in.p, in.n);
	more[in.n] = 'x';
	(void)assay_result_child(
	    r, &(struct assay_child){ .bytes = assay_slice(more, in.n + 1), .heap = true });
	return ASSAY_OK;
}
WORKER(grow, .pure = true);

/* scan_flood - many different children */
static enum assay_status scan_flood(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)err;
	if (assay_payload_depth(p) > 0)
		return ASSAY_OK;
	for (unsigned i = 0; i < bench_flood; i++) {
		char *text = assay_arena_printf(assay_payload_arena(p), "%u", i);

		(void)assay_result_child(
		    r, &(struct assay_child){ .bytes = assay_slice_str(text) });
	}
	return ASSAY_OK;
}
WORKER(flood, .pure = true);

/* scan_bomb - 200 kB from nothing */
static enum assay_status scan_bomb(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	uint64_t member, total;

	(void)state;
	(void)err;
	assay_result_budget(r, &member, &total);
	assert_int_equal(member, 65536);
	assert_int_equal(total, 65536);
	assert_null(assay_result_child(r,
	    &(struct assay_child){
		.bytes = assay_slice(assay_xcalloc(1, 200000), 200000), .heap = true }));
	assert_int_equal(assay_result_allowed(r, "max_mime_depth"), 32);
	assay_result_limit(r, "max_mime_parts", 5, 4, true);
	assay_result_error(r, "member %d is broken", 7);
	(void)p;
	return ASSAY_OK;
}
WORKER(bomb, .pure = true);

/* scan_frame - what only the root's worker knows */
static enum assay_status scan_frame(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	json_t *list = json_array(), *one = json_object();

	(void)state;
	(void)p;
	(void)err;
	assay_json_set(one, "addr", assay_json_own("a@example.org"));
	assay_json_set(one, "domain", assay_json_own("example.org"));
	assay_json_append(list, one);
	assay_result_report(r, "recipients", list);
	assay_result_report(r, "direction", json_string("in"));
	assay_result_report(r, "content_sha256", json_integer(7));
	assay_result_report(r, "verdict", json_string("mine"));
	return ASSAY_OK;
}
WORKER(frame, .pure = true);

/* scan_late - "x" and "y"; out of "y" comes "x" again, under a name and for `two`; "z" is not to be
 * scanned or kept at first */
static enum assay_status scan_late(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	static const char *const two[] = { "two", NULL };
	struct assay_slice in = assay_payload_bytes(p);

	(void)state;
	(void)err;
	note("late", p);
	if (assay_payload_depth(p) == 0) {
		(void)assay_result_child(r, &(struct assay_child){ .bytes = ASSAY_SLICE_LIT("x") });
		(void)assay_result_child(r, &(struct assay_child){ .bytes = ASSAY_SLICE_LIT("y") });
		(void)assay_result_child(r,
		    &(struct assay_child){
			.bytes = ASSAY_SLICE_LIT("z"), .no_scan = true, .no_archive = true });
	} else if (assay_slice_is(in, "y")) {
		(void)assay_result_child(r,
		    &(struct assay_child){
			.bytes = ASSAY_SLICE_LIT("x"), .filename = "x.exe", .dispatch_to = two });
		if (bench_flood > 0)
			(void)assay_result_child(
			    r, &(struct assay_child){ .bytes = ASSAY_SLICE_LIT("z") });
	}
	return ASSAY_OK;
}
WORKER(late, .pure = true);

/* say - what it found, and that it was called for the root, without asking for its id */
static void say(struct assay_result *r, const char *text)
{
	(void)strcat(bench_called, "called@0 ");
	assay_json_set(assay_result_json(r), "said", assay_json_str(text));
}

/* scan_pure - knows the bytes only */
static enum assay_status scan_pure(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)err;
	say(r, assay_payload_bytes(p).n > 2 ? "long" : "short");
	return ASSAY_OK;
}
WORKER(pure, .pure = true);

/* scan_named - tells the name */
static enum assay_status scan_named(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)err;
	say(r, assay_payload_filename(p));
	return ASSAY_OK;
}
WORKER(named, .pure = true);

/* scan_nosy - does what the bytes say, and by default asks who sent it */
static enum assay_status scan_nosy(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	const struct assay_slice in = assay_payload_bytes(p);
	uint64_t member, total;

	(void)state;
	say(r, "nosy");
	if (assay_slice_is(in, "child"))
		(void)assay_result_child(
		    r, &(struct assay_child){ .bytes = ASSAY_SLICE_LIT("c"), .no_scan = true });
	else if (assay_slice_is(in, "limit"))
		assay_result_limit(r, "too_much", 2, 1, false);
	else if (assay_slice_is(in, "error"))
		assay_result_error(r, "a little thing");
	else if (assay_slice_is(in, "budget"))
		assay_result_budget(r, &member, &total);
	else if (assay_slice_is(in, "wrong"))
		assay_json_set(assay_result_json(r), "undeclared", json_true());
	else if (assay_slice_is(in, "fail"))
		return assay_err_set(err, ASSAY_E_PLUGIN, "broke on purpose");
	else if (!assay_slice_is(in, "nothing"))
		(void)assay_payload_request(p);
	return ASSAY_OK;
}
WORKER(nosy, .pure = true);

/* choose_nothing - is only asked */
static enum assay_status choose_nothing(
    void *state, const struct assay_payload *p, struct assay_plan *plan, struct assay_err *err)
{
	(void)state;
	(void)plan;
	(void)err;
	note("ask", p);
	return ASSAY_OK;
}
static const struct assay_dispatcher table_ask = { .choose = choose_nothing };
static const struct assay_plugin plugin_ask = { HEAD("ask"), .dispatcher = &table_ask };

/* scan_asker - wants `two` as well */
static enum assay_status scan_asker(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)err;
	note("asker", p);
	assay_result_dispatch(r, "two");
	return ASSAY_OK;
}
WORKER(asker, .pure = true);

/* scan_listener - repeats what its dispatcher said */
static enum assay_status scan_listener(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)err;
	assay_json_set(assay_result_json(r), "said",
	    assay_json_str(assay_payload_dispatch_meta(p, "chooser", "tip")));
	return ASSAY_OK;
}
WORKER(listener, .pure = true);

/* choose_listener - dispatches to the listener, twice, to a stranger, and would like nobody */
static enum assay_status choose_listener(
    void *state, const struct assay_payload *p, struct assay_plan *plan, struct assay_err *err)
{
	(void)state;
	(void)err;
	note("chooser", p);
	assay_plan_add(plan, "listener");
	assay_plan_meta(plan, "tip", "psst");
	assay_plan_add(plan, "listener");
	assay_plan_wish(plan, "stranger");
	assay_plan_add(plan, "stranger");
	assay_plan_wish(plan, "stranger");
	assay_plan_wish(plan, "nobody");
	assay_plan_no_archive(plan);
	return ASSAY_OK;
}
static const struct assay_dispatcher table_chooser = { .choose = choose_listener };
static const struct assay_plugin plugin_chooser = { HEAD("chooser"), .dispatcher = &table_chooser };

/* choose_deep - after `one` it wants `two`, after `two` it wants `silent` */
static enum assay_status choose_deep(
    void *state, const struct assay_payload *p, struct assay_plan *plan, struct assay_err *err)
{
	(void)state;
	(void)err;
	note("deep", p);
	if (assay_payload_result(p, "two") != NULL)
		assay_plan_add(plan, "silent");
	if (assay_payload_result(p, "one") != NULL)
		assay_plan_add(plan, "two");
	return ASSAY_OK;
}
static const struct assay_dispatcher table_deep = { .choose = choose_deep, .every_round = true };
static const struct assay_plugin plugin_deep = { HEAD("deep"), .dispatcher = &table_deep };

/* choose_broken - fails */
static enum assay_status choose_broken(
    void *state, const struct assay_payload *p, struct assay_plan *plan, struct assay_err *err)
{
	(void)state;
	(void)p;
	assay_plan_add(plan, "one");
	return assay_err_set(err, ASSAY_E_PLUGIN, "cannot choose");
}
static const struct assay_dispatcher table_broken = { .choose = choose_broken };

/* multi: worker, dispatcher, decorator and archiver in one */
PLAIN(multi)
static enum assay_status decorate_multi(
    void *state, const json_t *report, json_t *facts, struct assay_err *err)
{
	(void)state;
	(void)err;
	assert_non_null(json_object_get(report, "results"));
	assay_json_set(facts, "said", assay_json_own("decorated"));
	assay_json_set(facts, "other", assay_json_own("dropped"));
	return ASSAY_OK;
}
static void ref_multi(void *state, const char *sha256, char *ref, size_t size)
{
	(void)state;
	(void)snprintf(ref, size, "multi:%.8s", sha256);
}
static const struct assay_worker worker_multi = { .scan = scan_multi };
static const struct assay_decorator decorator_multi = { .decorate = decorate_multi };
static const struct assay_archiver archiver_multi = { .ref = ref_multi };
static const struct assay_plugin plugin_multi = { HEAD("multi"), .facts = words,
	.worker = &worker_multi, .dispatcher = &table_broken, .decorator = &decorator_multi,
	.archiver = &archiver_multi };

static enum assay_status decorate_fails(
    void *state, const json_t *report, json_t *facts, struct assay_err *err)
{
	(void)state;
	(void)report;
	(void)facts;
	return assay_err_set(err, ASSAY_E_IO, "no database");
}
static const struct assay_decorator table_failing = { .decorate = decorate_fails };
static const struct assay_plugin plugin_failing = { HEAD("failing"), .decorator = &table_failing };

/* ---- a scan ---------------------------------------------------------------------------------- */

/* bench_set - an option of [core] */
void bench_set(struct bench *t, const char *name, const char *value)
{
	struct assay_err err = { .code = ASSAY_OK };

	if (assay_opts_set(t->core, assay_slice_str(name), assay_slice_str(value), &err) !=
	    ASSAY_OK)
		fail_msg("%s = %s: %s", name, value, err.text);
}

/* bench_setup - a host with all plugins above, nobody dispatched */
int bench_setup(void **state)
{
	static const struct assay_plugin *const all[] = { &plugin_one, &plugin_two, &plugin_needy,
		&plugin_needier, &plugin_snake, &plugin_eggs, &plugin_orphan, &plugin_cautious,
		&plugin_fails, &plugin_silent, &plugin_bad, &plugin_big, &plugin_peel,
		&plugin_mirror, &plugin_grow, &plugin_flood, &plugin_bomb, &plugin_frame,
		&plugin_asker, &plugin_listener, &plugin_chooser, &plugin_deep, &plugin_multi,
		&plugin_failing, &plugin_late, &plugin_ask, &plugin_pure, &plugin_named,
		&plugin_nosy };
	static const struct assay_opt *const tables[] = { assay_core_rows, assay_limit_rows, NULL };
	struct bench *t = assay_xcalloc(1, sizeof *t);
	struct assay_err err = { .code = ASSAY_OK };

	t->arena = assay_arena_new();
	t->host = assay_host_new();
	t->core = assay_opts_new(t->arena, "core", tables);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (assay_host_add(t->host, all[i], NULL, &err) != ASSAY_OK)
			fail_msg("%s", err.text);
	assert_int_equal(assay_host_warm(t->host, &err), ASSAY_OK);
	bench_set(t, "always_dispatch", "");
	bench_set(t, "dispatchers", "");
	bench_called[0] = '\0';
	*state = t;
	return 0;
}

/* bench_teardown - and nothing is left */
int bench_teardown(void **state)
{
	struct bench *t = *state;

	assay_scan_release(&t->scan);
	assay_engine_free(&t->engine);
	assay_host_close(&t->host);
	assay_arena_free(&t->arena);
	free(t);
	return 0;
}

/* bench_scan_request - with a request given as JSON */
const json_t *bench_scan_request(struct bench *t, const char *bytes, const char *request)
{
	struct assay_request r;
	struct assay_err err = { .code = ASSAY_OK };

	assay_scan_release(&t->scan);
	if (!t->keeps)
		assay_engine_free(&t->engine);
	bench_called[0] = '\0';
	if (t->engine == NULL)
		assert_int_equal(
		    assay_engine_new(t->host, t->core, NULL, &t->engine, &err), ASSAY_OK);
	if (assay_request_parse(&r, t->arena, assay_slice_str(request), &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	assay_engine_scan(t->engine, &r, assay_slice_str(bytes), NULL, &t->scan);
	t->report = t->scan.report;
	return t->report;
}

/* bench_scan - with nothing asked in particular */
const json_t *bench_scan(struct bench *t, const char *bytes)
{
	return bench_scan_request(t, bytes, "{}");
}

/* bench_payload - of the report, by position */
const json_t *bench_payload(const struct bench *t, size_t i)
{
	return json_array_get(json_object_get(t->report, "results"), i);
}

/* bench_payloads - in the report */
size_t bench_payloads(const struct bench *t)
{
	return json_array_size(json_object_get(t->report, "results"));
}

/* bench_text - a value as compact JSON */
const char *bench_text(struct bench *t, const json_t *value)
{
	struct assay_buf buf;
	char *copy;

	assay_buf_init(&buf, 1 << 20);
	assert_true(assay_json_write(value, ASSAY_JSON_COMPACT, &buf));
	copy = assay_arena_memdup0(t->arena, buf.p, buf.n);
	assay_buf_release(&buf);
	return copy;
}

/* bench_member - of a payload, as text */
const char *bench_member(struct bench *t, size_t i, const char *name)
{
	return bench_text(t, json_object_get(bench_payload(t, i), name));
}

/* bench_error - the kind of the i-th error */
const char *bench_error(const struct bench *t, size_t i)
{
	return assay_json_get_str(json_array_get(json_object_get(t->report, "errors"), i), "kind");
}

/* bench_errors - in the report */
size_t bench_errors(const struct bench *t)
{
	return json_array_size(json_object_get(t->report, "errors"));
}

/* bench_limit - the name of the i-th limit */
const char *bench_limit(const struct bench *t, size_t i)
{
	return assay_json_get_str(json_array_get(json_object_get(t->report, "limits"), i), "limit");
}
