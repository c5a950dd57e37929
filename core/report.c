/*
 * core/report.c - the document of one scan, as RESULT section 1 lists it
 *
 * Built in the order of its members; decorators, verdict, limits[] and errors[] are put in at the
 * end, at the places kept for them. Values are shared with the run, not copied. The document always
 * fits report_max: see shrink.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/cut.h"
#include "core/json.h"
#include "core/policy.h"
#include "core/run.h"

#define REF_MAX 1024u
#define FRAME_PART 65536u
#define FRAME_NOTES 50u

/* share - a member that is shared with the run */
static void share(json_t *object, const char *name, json_t *value)
{
	assay_json_set(object, name, json_incref(value));
}

/* ---- engine{} -------------------------------------------------------------------------------- */

/* plugins - names and versions, in order of loading */
static json_t *plugins(const struct assay_host *host)
{
	json_t *list = json_array();
	const struct assay_loaded *l;

	for (size_t i = 0; (l = assay_host_at(host, i)) != NULL; i++) {
		json_t *entry = json_object();

		assay_json_set(entry, "name", assay_json_str(l->name));
		assay_json_set(entry, "version", assay_json_str(l->plugin->version));
		assay_json_append(list, entry);
	}
	return list;
}

/* rules - what rules and databases are in use */
static json_t *rules(const struct assay_host *host)
{
	json_t *list = json_array();
	const struct assay_loaded *l;

	for (size_t i = 0; (l = assay_host_at(host, i)) != NULL; i++) {
		const char *id = l->plugin->rules_id != NULL ? l->plugin->rules_id(l->state) : NULL;
		json_t *entry;

		if (id == NULL)
			continue;
		entry = json_object();
		assay_json_set(entry, "plugin", assay_json_str(l->name));
		assay_json_set(entry, "id", assay_json_str(id));
		assay_json_append(list, entry);
	}
	return list;
}

/* engine_info - engine{}, the same for all mails of a process */
static json_t *engine_info(struct assay_engine *engine)
{
	json_t *info = engine->info;

	if (info != NULL)
		return json_incref(info);
	info = json_object();
	assay_json_set(info, "version", assay_json_own(ASSAY_VERSION));
	assay_json_set(info, "host", assay_json_str(engine->node));
	assay_json_set(info, "instance", assay_json_str(engine->instance));
	assay_json_set(info, "config", assay_json_str(engine->config_sha256));
	assay_json_set(info, "policy",
	    engine->policy != NULL ? assay_json_own(assay_policy_sha256(engine->policy))
				   : json_null());
	assay_json_set(info, "plugins", plugins(engine->host));
	assay_json_set(info, "rules", rules(engine->host));
	engine->info = json_incref(info);
	return info;
}

/* ---- results[] ------------------------------------------------------------------------------- */

/* payload_meta - what is wanted with it */
static json_t *payload_meta(const struct assay_payload *p)
{
	json_t *meta = json_object();

	assay_json_set(
	    meta, "should_archive", json_boolean(p->should_archive && !p->plan.no_archive));
	assay_json_set(meta, "should_scan", json_boolean(p->should_scan));
	share(meta, "dispatch_to", p->dispatch_to);
	share(meta, "extra_data", p->extra);
	return meta;
}

/* archivers - where the bytes will be; the names also into `run_list` */
static json_t *archivers(struct assay_run *run, const struct assay_payload *p, json_t *run_list)
{
	const char *const *name =
	    run->request->archivers != NULL ? run->request->archivers : run->engine->archivers;
	json_t *object = json_object();

	if (!run->request->archive_payloads || !p->should_archive || p->plan.no_archive)
		return object;
	for (; *name != NULL; name++) {
		const struct assay_loaded *l = assay_host_find(run->engine->host, *name);
		char ref[REF_MAX] = "";
		json_t *entry;

		if (l == NULL || l->plugin->archiver == NULL) {
			if (p == run->root)
				assay_notes_error(&run->notes,
				    &(struct assay_note_error){ *name, NULL, "not_loaded" },
				    "there is no such archiver loaded");
			continue;
		}
		l->plugin->archiver->ref(
		    l->state, assay_payload_digest(p, ASSAY_SHA256), ref, sizeof ref);
		entry = json_object();
		assay_json_set(entry, "ref", assay_json_str(ref));
		assay_json_set(object, l->name, entry);
		assay_json_append(run_list, assay_json_str(l->name));
	}
	return object;
}

/* places_facts - the core's own words about a payload, from all its places */
static void places_facts(const struct assay_payload *p, struct assay_facts *facts)
{
	size_t i;
	json_t *o;

	json_array_foreach(p->occurrences, i, o)
	{
		assay_facts_add(
		    facts, "filename", assay_slice_str(assay_json_get_str(o, "filename")));
		assay_facts_add(facts, "path", assay_slice_str(assay_json_get_str(o, "path")));
		assay_facts_add(
		    facts, "type_declared", assay_slice_str(assay_json_get_str(o, "content_type")));
		assay_facts_add(facts, "extension",
		    assay_slice_str(assay_payload_extension_of(
			p->run->arena, assay_json_get_str(o, "filename"))));
	}
	assay_facts_add_int(facts, "size", (int64_t)p->bytes.n);
	assay_facts_add(facts, "sha256", assay_slice_str(assay_payload_digest(p, ASSAY_SHA256)));
}

/* payload_facts - facts{} of a payload; joined into those of the message */
static json_t *payload_facts(
    struct assay_run *run, const struct assay_payload *p, struct assay_facts *all)
{
	struct assay_facts facts;
	const char *name;
	json_t *result;

	assay_facts_init(&facts, run->arena, run->limits.facts_kept);
	places_facts(p, &facts);
	json_object_foreach(p->workers, name, result)
	{
		const struct assay_loaded *l = assay_host_find(run->engine->host, name);

		assay_facts_collect(&facts, l->plugin->facts, ASSAY_FACT_PAYLOAD, result);
		if (p == run->root)
			assay_facts_collect(all, l->plugin->facts, ASSAY_FACT_MESSAGE, result);
	}
	if (facts.cut_word != NULL)
		assay_notes_limit(&run->notes,
		    &(struct assay_note_limit){
			.limit = "facts_kept",
			.value = facts.cut_count,
			.allowed = facts.kept,
			.payload_id = p->id,
		    });
	assay_facts_join(all, &facts);
	return assay_facts_json(&facts);
}

/* payload_names - the first members of an entry of results[] */
static void payload_names(const struct assay_run *run, const struct assay_payload *p, json_t *entry)
{
	uint64_t size = run->absent ? run->size : p->bytes.n;

	assay_json_set(entry, "payload_id", assay_json_own(p->id));
	assay_json_set(entry, "parent", assay_json_own(p->parent));
	assay_json_set(entry, "depth", json_integer(p->depth));
	assay_json_set(entry, "path", assay_json_own(p->path));
	assay_json_set(entry, "filename", assay_json_own(p->filename));
	assay_json_set(entry, "extension", assay_json_own(p->extension));
	assay_json_set(entry, "content_type", assay_json_own(p->content_type));
	assay_json_set(entry, "size", json_integer((json_int_t)size));
	assay_json_set(entry, "sha256",
	    assay_json_own(run->absent ? NULL : assay_payload_digest(p, ASSAY_SHA256)));
}

/* payload_json - one entry of results[] */
static json_t *payload_json(
    struct assay_run *run, const struct assay_payload *p, struct assay_facts *all)
{
	json_t *entry = json_object(), *ran = json_object(), *kept_by = json_array();

	payload_names(run, p, entry);
	assay_json_set(entry, "payload_meta", payload_meta(p));
	share(entry, "extracted_from", p->extracted_from);
	share(entry, "extracted_by", p->extracted_by);
	share(entry, "occurrences", p->occurrences);
	share(ran, "workers", p->workers_run);
	if (p->plan.chosen != NULL)
		share(ran, "chosen", p->plan.chosen);
	assay_json_set(ran, "archivers", kept_by);
	assay_json_set(entry, "plugins_run", ran);
	share(entry, "workers", p->workers);
	assay_json_set(entry, "archivers", archivers(run, p, kept_by));
	assay_json_set(entry, "facts", payload_facts(run, p, all));
	return entry;
}

/* ---- the frame ------------------------------------------------------------------------------- */

/* message_time - the root's worker's word, the door's, or now */
static json_t *message_time(const struct assay_run *run)
{
	const struct assay_request *request = run->request;
	json_t *time = json_object_get(run->top, "message_time");

	if (json_is_object(time))
		return json_incref(time);
	time = json_object();
	if (request->message_time_source != NULL) {
		assay_json_set(time, "utc", assay_json_time(request->message_time_ms));
		assay_json_set(time, "source", assay_json_str(request->message_time_source));
	} else {
		assay_json_set(time, "utc", assay_json_time(run->begun_wall));
		assay_json_set(time, "source", assay_json_own("scan"));
	}
	return time;
}

/* top - a member from the root's worker; `otherwise` (taken) when there is none */
static json_t *top(const struct assay_run *run, const char *name, json_t *otherwise)
{
	json_t *value = json_object_get(run->top, name);

	if (value == NULL)
		return otherwise;
	json_decref(otherwise);
	return json_incref(value);
}

/* add_head - members down to request_meta */
static void add_head(struct assay_run *run, json_t *report)
{
	const struct assay_request *request = run->request;

	assay_json_set(report, "schema", assay_json_own("assay/1"));
	assay_json_set(report, "scan_id", assay_json_own(run->scan_id));
	assay_json_set(report, "time", assay_json_time(run->begun_wall));
	assay_json_set(report, "duration_ms", json_integer(0));
	assay_json_set(report, "supersedes", assay_json_own(request->supersedes));
	assay_json_set(report, "parent_scan_id", assay_json_own(request->parent_scan_id));
	assay_json_set(report, "status", assay_json_own(run->status));
	assay_json_set(report, "status_reason", assay_json_str(run->status_reason));
	assay_json_set(report, "message_time", message_time(run));
	assay_json_set(report, "direction", top(run, "direction", assay_json_own("unknown")));
	assay_json_set(report, "tenant", assay_json_str(request->tenant));
	assay_json_set(report, "recipients", top(run, "recipients", json_array()));
	assay_json_set(report, "content_sha256", top(run, "content_sha256", json_null()));
	assay_json_set(report, "engine", engine_info(run->engine));
	share(report, "request_meta", run->meta);
}

/* sender_facts - the empty sender has no address to be found by */
static void sender_facts(struct assay_run *run)
{
	const json_t *envelope = json_object_get(run->meta, "envelope");
	const json_t *sender = json_object_get(envelope, "sender");

	if (json_is_true(json_object_get(sender, "null")))
		assay_facts_add(&run->facts, "mailfrom", assay_slice_str(ASSAY_FACT_NULL_SENDER));
}

/* assay_report_build - all but decorators and verdict, whose places are kept */
json_t *assay_report_build(struct assay_run *run)
{
	json_t *report = json_object(), *results = json_array();

	assay_facts_init(&run->facts, run->arena, run->limits.facts_kept);
	add_head(run, report);
	assay_json_set(report, "facts", json_object());
	for (const struct assay_payload *p = run->root; p != NULL; p = p->next)
		assay_json_append(results, payload_json(run, p, &run->facts));
	assay_json_set(report, "results", results);
	assay_json_set(report, "decorators", json_object());
	assay_json_set(report, "limits", assay_notes_limits_json(&run->notes));
	assay_json_set(report, "errors", assay_notes_errors_json(&run->notes));
	assay_json_set(report, "verdict", json_null());
	assay_facts_collect(&run->facts, assay_facts_core, ASSAY_FACT_MESSAGE, report);
	sender_facts(run);
	assay_json_set(report, "facts", assay_facts_json(&run->facts));
	return report;
}

/* ---- decorators ------------------------------------------------------------------------------ */

/* call_decorator - its facts, checked and cut; NULL when it failed */
static json_t *call_decorator(
    struct assay_run *run, const struct assay_loaded *l, const json_t *report)
{
	const struct assay_engine_hooks *hooks = run->hooks;
	struct assay_err err = { .code = ASSAY_OK };
	const struct assay_note_error who = { l->name, NULL, "bad_result" };
	struct assay_fields_dropped dropped;
	json_t *facts = json_object();
	enum assay_status s;

	if (hooks != NULL && hooks->progress != NULL)
		hooks->progress(hooks->arg, l->name, "", "", run->limits.worker_timeout_ms);
	s = l->plugin->decorator->decorate(l->state, report, facts, &err);
	if (hooks != NULL && hooks->progress != NULL)
		hooks->progress(hooks->arg, NULL, "", "", 0);
	if (s != ASSAY_OK) {
		assay_notes_error(&run->notes,
		    &(struct assay_note_error){ l->name, NULL, "failed" }, "%s",
		    err.text[0] != '\0' ? err.text : assay_status_name(s));
		json_decref(facts);
		return NULL;
	}
	assay_fields_check(l->fields, facts, &dropped);
	if (dropped.n > 0)
		assay_notes_error(&run->notes, &who, "%s %s", dropped.first, dropped.why);
	(void)assay_cut_result(facts, l->fields, run->limits.result_max, NULL);
	return facts;
}

/* skipped_kind - NULL when the decorator did not kill a process before */
static const char *skipped_kind(const struct assay_run *run, const char *name)
{
	for (size_t i = 0; i < run->request->nskip; i++)
		if (strcmp(run->request->skip[i].worker, name) == 0)
			return run->request->skip[i].kind;
	return NULL;
}

/* decorate - one of them, if it may */
static void decorate(struct assay_run *run, json_t *report, const char *name)
{
	const struct assay_loaded *l = assay_host_find(run->engine->host, name);
	const char *kind = skipped_kind(run, name);
	json_t *facts;

	if (l == NULL || l->plugin->decorator == NULL) {
		assay_notes_error(&run->notes,
		    &(struct assay_note_error){ name, NULL, "not_loaded" },
		    "there is no such decorator loaded");
	} else if (kind != NULL) {
		assay_notes_error(&run->notes, &(struct assay_note_error){ name, NULL, kind },
		    "its facts are missing");
	} else if ((facts = call_decorator(run, l, report)) != NULL) {
		assay_facts_collect(&run->facts, l->plugin->facts, ASSAY_FACT_PAYLOAD, facts);
		assay_facts_collect(&run->facts, l->plugin->facts, ASSAY_FACT_MESSAGE, facts);
		assay_json_set(json_object_get(report, "decorators"), l->name, facts);
	}
}

/* assay_report_decorate - in the order of the configuration */
void assay_report_decorate(struct assay_run *run, json_t *report, const char *const *names)
{
	if (*names == NULL || run->request->root_only || run->expired)
		return;
	for (; *names != NULL; names++)
		decorate(run, report, *names);
	assay_facts_collect(&run->facts, assay_facts_core, ASSAY_FACT_MESSAGE, report);
	assay_json_set(report, "facts", assay_facts_json(&run->facts));
}

/* ---- the end --------------------------------------------------------------------------------- */

/* cut_results - all results of workers and decorators to at most `max` bytes each */
static void cut_results(struct assay_run *run, json_t *report, uint64_t max)
{
	json_t *facts;
	const char *name;

	for (const struct assay_payload *p = run->root; p != NULL; p = p->next)
		json_object_foreach(p->workers, name, facts)(void) assay_cut_result(
		    facts, assay_host_find(run->engine->host, name)->fields, max, NULL);
	json_object_foreach(json_object_get(report, "decorators"), name, facts)(void)
	    assay_cut_result(facts, assay_host_find(run->engine->host, name)->fields, max, NULL);
}

/* cut_facts - facts{} of all payloads but the root, and places but the first */
static void cut_facts(json_t *report)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(report, "results"), i, entry)
	{
		json_t *places = json_object_get(entry, "occurrences");

		if (i > 0) {
			assay_json_set(entry, "facts", json_object());
			assay_json_set(
			    json_object_get(entry, "payload_meta"), "extra_data", json_array());
		}
		while (json_array_size(places) > 1)
			(void)json_array_remove(places, json_array_size(places) - 1);
	}
}

/* cut_list - the second half of payloads */
static bool cut_list(json_t *report)
{
	json_t *results = json_object_get(report, "results");
	size_t n = json_array_size(results), keep = (n + 1) / 2;

	if (n <= 1)
		return false;
	while (n > keep)
		(void)json_array_remove(results, --n);
	return true;
}

/* cut_frame - what stands around the results */
static void cut_frame(struct assay_run *run, json_t *report)
{
	const struct assay_field_node *doc = run->engine->fields;
	static const char *const lists[] = { "errors", "limits" };

	(void)assay_cut_result(
	    run->meta, assay_fields_member(doc, "request_meta"), FRAME_PART, NULL);
	(void)assay_cut_result(run->top, doc, FRAME_PART, NULL);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		json_t *list = json_object_get(report, lists[i]);

		while (json_array_size(list) > FRAME_NOTES)
			(void)json_array_remove(list, json_array_size(list) - 1);
	}
	(void)json_array_clear(run->root->extra);
}

/* cut_step - one step further; false when nothing is left to cut */
static bool cut_step(struct assay_run *run, json_t *report, unsigned step)
{
	static const uint64_t max[] = { 256 * 1024, 64 * 1024, 16 * 1024, 4096, 1024, 256 };
	const unsigned n = sizeof max / sizeof max[0];

	if (step < n)
		cut_results(run, report, max[step]);
	else if (step == n)
		cut_facts(report);
	else if (step == n + 1)
		assay_json_set(report, "facts", json_object());
	else if (step == n + 2)
		cut_frame(run, report);
	else if (!cut_list(report))
		return false;
	return true;
}

/* shrink - cut until the document fits */
static void shrink(struct assay_run *run, json_t *report, struct assay_buf *out)
{
	assay_notes_limit(&run->notes,
	    &(struct assay_note_limit){
		.limit = "report_max",
		.value = assay_json_size(report),
		.allowed = run->limits.report_max,
	    });
	assay_json_set(report, "limits", assay_notes_limits_json(&run->notes));
	for (unsigned step = 0; cut_step(run, report, step); step++) {
		assay_buf_clear(out);
		if (assay_json_write(report, ASSAY_JSON_COMPACT, out))
			return;
	}
	/* the frame alone is bounded far below the least report_max */
	ASSAY_BUG("a report of %zu bytes cannot be cut", assay_json_size(report));
}

/* verdict_of - the policy's, about all that stands in the report; no cause: nobody has decided yet
 */
static json_t *verdict_of(const struct assay_run *run, const json_t *report)
{
	const struct assay_policy_ask ask = { .report = report,
		.skip_rules = run->request->skip_rules };

	return run->cause != NULL ? assay_policy_default(run->cause)
				  : assay_policy_judge(run->engine->policy, &ask);
}

/* assay_report_close - verdict, notes, duration, bytes */
void assay_report_close(struct assay_run *run, json_t *report, struct assay_buf *out)
{
	assay_json_set(report, "limits", assay_notes_limits_json(&run->notes));
	assay_json_set(report, "errors", assay_notes_errors_json(&run->notes));
	assay_json_set(report, "verdict", verdict_of(run, report));
	assay_json_set(
	    report, "duration_ms", json_integer(assay_clock_mono_ms() - run->begun_mono));
	assay_buf_init(out, (size_t)run->limits.report_max);
	if (!assay_json_write(report, ASSAY_JSON_COMPACT, out))
		shrink(run, report, out);
}
