/*
 * core/forget.c - see forget.h. Asks the store through its table; what it finds are a stranger's
 * words, which are compared and bound, never shown.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/finding.h"
#include "core/forget.h"
#include "core/host.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/queue.h"
#include "core/report_read.h"
#include "core/request.h"
#include "core/tell.h"
#include "core/term.h"

#define BATCH 200u

static const char *const from_words[] = { "from", "mailfrom", NULL };
static const char *const rcpt_words[] = { "rcpt", NULL };

/* ---- lists ----------------------------------------------------------------------------------- */

/* keeper_at - of the plugins that may keep something, connectors or archivers, the i-th; NULL */
static const struct assay_loaded *keeper_at(const struct assay_forget *f, bool archivers, size_t i)
{
	static const char *const lists[2][2] = { { "connectors", NULL },
		{ "archivers", "source_archivers" } };
	bool has_store = archivers;

	for (size_t l = 0; l < 2 && lists[archivers][l] != NULL; l++) {
		const char *const *name = assay_opt_list(f->core, lists[archivers][l]);

		for (; *name != NULL; name++) {
			has_store |= strcmp(*name, f->store->name) == 0;
			if (i-- == 0)
				return assay_host_find(f->host, *name);
		}
	}
	/* The store that was named may be none of [core]'s. */
	return !has_store && i == 0 ? f->store : NULL;
}

/* can_erase - what it keeps */
static bool can_erase(const struct assay_loaded *loaded, bool archivers)
{
	return archivers ? loaded->plugin->archiver->erase != NULL
			 : loaded->plugin->connector->erase != NULL;
}

/* assay_forget_cannot - see forget.h */
const char *assay_forget_cannot(const struct assay_forget *forget, bool archivers, size_t *at)
{
	const struct assay_loaded *loaded;

	while ((loaded = keeper_at(forget, archivers, (*at)++)) != NULL)
		if (!can_erase(loaded, archivers))
			return loaded->name;
	return NULL;
}

/* assay_forget_init - see forget.h */
void assay_forget_init(struct assay_forget *forget, const struct assay_host *host,
    const struct assay_opts *core, const struct assay_loaded *store)
{
	*forget = (struct assay_forget){ .host = host, .core = core, .store = store };
	forget->arena = assay_arena_new();
	assay_map_init(&forget->scans, forget->arena);
	assay_map_init(&forget->payloads, forget->arena);
	assay_map_init(&forget->others, forget->arena);
}

/* assay_forget_release - see forget.h */
void assay_forget_release(struct assay_forget *forget)
{
	assay_arena_free(&forget->arena);
}

/* ---- what goes ------------------------------------------------------------------------------- */

/* words_of - the facts an address is looked for in */
static const char *const *words_of(const struct assay_forget *f)
{
	return f->who.by == ASSAY_FORGET_RCPT ? rcpt_words : from_words;
}

/* has_value - is the address one of the values? */
static bool has_value(const json_t *values, struct assay_slice value)
{
	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *v = json_array_get(values, i);

		if (json_is_string(v) &&
		    assay_slice_caseeq(
			assay_slice(json_string_value(v), json_string_length(v)), value))
			return true;
	}
	return false;
}

/* is_scan - one of those that go */
static bool is_scan(const struct assay_forget *f, const char *id)
{
	return id != NULL && assay_map_has(&f->scans, assay_slice_str(id));
}

/* assay_forget_fits - see forget.h */
bool assay_forget_fits(const struct assay_forget *forget, const json_t *report)
{
	const json_t *facts = json_object_get(report, "facts");
	const char *const *word = words_of(forget);

	if (is_scan(forget, assay_json_get_str(report, "scan_id")) ||
	    is_scan(forget, assay_json_get_str(report, "supersedes")))
		return true;
	for (; forget->who.by != ASSAY_FORGET_SCAN && *word != NULL; word++)
		if (has_value(json_object_get(facts, *word), forget->value))
			return true;
	return false;
}

/* note_payload - one that was, or will be, archived */
static void note_payload(struct assay_forget *f, const json_t *payload, bool stored)
{
	const char *sha256 = assay_json_get_str(payload, "sha256");
	struct assay_forget_payload *p;
	struct assay_slice key;

	if (sha256 == NULL || json_object_size(json_object_get(payload, "archivers")) == 0)
		return;
	p = assay_map_get(&f->payloads, assay_slice_str(sha256));
	if (p == NULL) {
		p = assay_arena_zalloc(f->arena, sizeof *p);
		key = assay_arena_slice(f->arena, assay_slice_str(sha256));
		(void)assay_map_add(&f->payloads, key, p);
	}
	p->reports += stored;
}

/* assay_forget_note_scan - see forget.h */
void assay_forget_note_scan(struct assay_forget *forget, const char *scan_id)
{
	if (scan_id != NULL && !is_scan(forget, scan_id))
		(void)assay_map_add(&forget->scans,
		    assay_arena_slice(forget->arena, assay_slice_str(scan_id)), NULL);
}

/* assay_forget_note - see forget.h */
void assay_forget_note(struct assay_forget *forget, const json_t *report, bool stored)
{
	const char *id = assay_json_get_str(report, "scan_id");
	const json_t *payload;

	if (id == NULL || is_scan(forget, id))
		return;
	assay_forget_note_scan(forget, id);
	/* The earlier one may know no addresses yet. */
	assay_forget_note_scan(forget, assay_json_get_str(report, "supersedes"));
	forget->reports += stored;
	for (size_t i = 0; (payload = assay_report_payload(report, i)) != NULL; i++)
		note_payload(forget, payload, stored);
}

/* ---- the store ------------------------------------------------------------------------------- */

/* ask - the store; takes the query */
static enum assay_status ask(const struct assay_forget *f, json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	const enum assay_status status =
	    f->store->plugin->connector->query(f->store->state, query, row, arg, err);

	json_decref(query);
	return status;
}

/* one_of - {"word", "is": "one_of", "values": [value]} */
static json_t *one_of(const char *word, struct assay_slice value)
{
	return json_pack(
	    "{s:s, s:s, s:[s%]}", "word", word, "is", "one_of", "values", value.p, value.n);
}

/* match_of - the reports that go */
static json_t *match_of(const struct assay_forget *f)
{
	const char *const *word = words_of(f);
	json_t *list, *match;

	if (f->who.by == ASSAY_FORGET_SCAN)
		return json_pack("{s:s, s:s}", "is", "mail", "value", f->value.p);
	list = json_array();
	for (; *word != NULL; word++)
		assay_json_append(list, one_of(*word, f->value));
	match = json_object();
	assay_json_set(match, "or", list);
	return match;
}

/* note_row - a report that was found */
static bool note_row(void *arg, const json_t *row)
{
	assay_forget_note(arg, row, true);
	return true;
}

/* is_told_addresses - or does the store know other names, or none? */
static enum assay_status is_told_addresses(const struct assay_forget *f, struct assay_err *err)
{
	const char *const *other = assay_opt_list(f->store->opts, "pseudonymise");

	for (; f->who.by != ASSAY_FORGET_SCAN && *other != NULL; other++)
		if (assay_slice_in(assay_slice_str(*other), words_of(f)))
			return assay_err_set(err, ASSAY_E_USAGE,
			    "%s knows \"%s\" by other names (pseudonymise); give --scan ID",
			    f->store->name, *other);
	if (f->who.by != ASSAY_FORGET_SCAN &&
	    assay_opts_enum(f->store->opts, "fields") == ASSAY_TECHNICAL)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s is told no addresses (fields = technical); give --scan ID", f->store->name);
	return ASSAY_OK;
}

/* find_scan - the whole scan_id; what is no report yet may wait in a queue */
static enum assay_status find_scan(struct assay_forget *f, struct assay_err *err)
{
	json_t *report = NULL;
	enum assay_status status =
	    f->store->plugin->connector->fetch(f->store->state, f->who.value, &report, err);
	const char *id = assay_json_get_str(report, "scan_id");

	if (status == ASSAY_E_NOENT && strlen(f->who.value) + 1 == ASSAY_UUID_TEXT &&
	    assay_request_is_uuid(f->who.value))
		status = ASSAY_OK;
	else if (status == ASSAY_OK && id != NULL)
		f->value = assay_arena_slice(f->arena, assay_slice_str(id));
	json_decref(report);
	return status;
}

/* assay_forget_find - see forget.h */
enum assay_status assay_forget_find(
    struct assay_forget *forget, const struct assay_forget_who *who, struct assay_err *err)
{
	json_t *lower = assay_term_text(assay_slice_trim(assay_slice_str(who->value)));
	enum assay_status status;

	forget->who = *who;
	forget->value = assay_arena_slice(
	    forget->arena, assay_slice(json_string_value(lower), json_string_length(lower)));
	json_decref(lower);
	status = is_told_addresses(forget, err);
	if (status == ASSAY_OK && who->by == ASSAY_FORGET_SCAN)
		status = find_scan(forget, err);
	if (status == ASSAY_OK)
		status = ask(forget,
		    json_pack(
			"{s:s, s:b, s:o}", "want", "reports", "all", 1, "match", match_of(forget)),
		    note_row, forget, err);
	/* One that waits in a queue only. */
	if (status == ASSAY_OK && who->by == ASSAY_FORGET_SCAN)
		(void)assay_map_add(&forget->scans, forget->value, NULL);
	return status;
}

/* take_count - of the one row */
static bool take_count(void *arg, const json_t *row)
{
	*(int64_t *)arg = assay_json_get_int(row, "count", 0);
	return false;
}

/* weigh_one - does any report that stays have it? */
static enum assay_status weigh_one(const struct assay_forget *f, struct assay_slice sha256,
    struct assay_forget_payload *payload, struct assay_err *err)
{
	int64_t all = 0;
	const enum assay_status status = ask(f,
	    json_pack(
		"{s:s, s:b, s:o}", "want", "count", "all", 1, "match", one_of("sha256", sha256)),
	    take_count, &all, err);

	payload->goes = !payload->needed && (uint64_t)all <= payload->reports;
	return status;
}

/* assay_forget_weigh - see forget.h */
enum assay_status assay_forget_weigh(struct assay_forget *forget, struct assay_err *err)
{
	const struct assay_map *payloads = &forget->payloads;
	enum assay_status status = ASSAY_OK;

	forget->going = 0;
	for (size_t i = 0; i < payloads->n && status == ASSAY_OK; i++) {
		struct assay_forget_payload *p = payloads->entry[i].value;

		p->needed = assay_map_has(&forget->others, payloads->entry[i].key);
		status = weigh_one(forget, payloads->entry[i].key, p, err);
		forget->going += p->goes;
	}
	return status;
}

/* ---- erasing --------------------------------------------------------------------------------- */

/* first - of two statuses that which failed first, with its words */
static void first(enum assay_status *status, enum assay_status now, struct assay_err *err,
    const struct assay_err *one)
{
	if (*status != ASSAY_OK || now == ASSAY_OK)
		return;
	*status = now;
	*err = *one;
}

/* id_at - the i-th scan that goes */
static const char *id_at(const struct assay_forget *f, size_t i)
{
	return f->scans.entry[i].key.p;
}

/* tell_some - "erased" findings of a few scans */
static enum assay_status tell_some(const struct assay_forget *f, struct assay_tell *tell,
    size_t from, const char *by, struct assay_err *err)
{
	static const char *const notes[] = { "by recipient", "by sender", "by scan" };
	struct assay_finding finding = { .time_ms = assay_clock_wall_ms(),
		.kind = "erased",
		.by = by,
		.note = notes[f->who.by] };
	struct assay_arena *arena = assay_arena_new();
	struct assay_record record[BATCH];
	enum assay_status status;
	size_t n = 0;

	for (; n < BATCH && from + n < f->scans.n; n++) {
		json_t *json;
		struct assay_buf text;

		finding.scan_id = id_at(f, from + n);
		json = assay_finding_json(&finding);
		assay_buf_init(&text, 4096);
		(void)assay_json_write(json, ASSAY_JSON_COMPACT, &text);
		record[n].kind = "finding";
		record[n].id = assay_arena_strdup(arena, assay_json_get_str(json, "finding_id"));
		record[n].json = assay_arena_slice(arena, assay_buf_slice(&text));
		assay_buf_release(&text);
		json_decref(json);
	}
	status = assay_tell_save(tell, record, n, err);
	assay_arena_free(&arena);
	return status;
}

/* tell_store - that the scans from one on are erased, durably */
static enum assay_status tell_store(
    const struct assay_forget *f, size_t from, const char *by, struct assay_err *err)
{
	struct assay_tell *tell = NULL;
	enum assay_status status = assay_tell_open(f->host, f->store->name, &tell, err);

	for (size_t i = from; i < f->scans.n && status == ASSAY_OK; i += BATCH)
		status = tell_some(f, tell, i, by, err);
	if (status == ASSAY_OK)
		status = assay_tell_flush(tell, err);
	assay_tell_close(&tell);
	return status;
}

/* erase_payloads - in one archiver */
static enum assay_status erase_payloads(
    const struct assay_forget *f, const struct assay_loaded *archiver, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < f->payloads.n && status == ASSAY_OK; i++) {
		const struct assay_forget_payload *p = f->payloads.entry[i].value;

		if (p->goes)
			status = archiver->plugin->archiver->erase(
			    archiver->state, f->payloads.entry[i].key.p, err);
		if (status == ASSAY_E_NOENT)
			status = ASSAY_OK;
	}
	if (status != ASSAY_OK)
		assay_err_prefix(err, "archiver %s", archiver->name);
	return status;
}

/* tidy - what it can do at once about bytes that were only marked as gone */
static enum assay_status tidy(const struct assay_loaded *connector, struct assay_err *err)
{
	const struct assay_retention nothing = { 0, 0 };
	enum assay_status status = ASSAY_OK;
	uint64_t gone;

	while (status == ASSAY_OK && connector->plugin->connector->expire != NULL)
		status =
		    connector->plugin->connector->expire(connector->state, &nothing, &gone, err);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* erase_reports - in one connector */
static enum assay_status erase_reports(
    const struct assay_forget *f, const struct assay_loaded *connector, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	const char *id[BATCH];

	for (size_t i = 0; i < f->scans.n && status == ASSAY_OK; i += BATCH) {
		size_t n = 0;

		for (; n < BATCH && i + n < f->scans.n; n++)
			id[n] = id_at(f, i + n);
		status = connector->plugin->connector->erase(connector->state, id, n, err);
	}
	if (status == ASSAY_OK)
		status = tidy(connector, err);
	if (status != ASSAY_OK)
		assay_err_prefix(err, "connector %s", connector->name);
	return status;
}

/* erase_in - all archivers, or all connectors, that can. The store of the findings comes last: by
 * it we would find what is left when we are called again */
static void erase_in(
    const struct assay_forget *f, bool archivers, enum assay_status *status, struct assay_err *err)
{
	const struct assay_loaded *loaded;
	struct assay_err one;

	for (size_t i = 0; (loaded = keeper_at(f, archivers, i)) != NULL; i++) {
		if (!can_erase(loaded, archivers) || (!archivers && loaded == f->store))
			continue;
		first(status,
		    archivers ? erase_payloads(f, loaded, &one) : erase_reports(f, loaded, &one),
		    err, &one);
	}
}

/* erase_queued - out of all queues */
static enum assay_status erase_queued(
    const struct assay_forget *f, const char *var, struct assay_err *err)
{
	const char **id = assay_arena_calloc(f->arena, f->scans.n + f->payloads.n, sizeof *id);
	uint64_t gone;
	size_t n = 0;

	for (size_t i = 0; i < f->scans.n; i++)
		id[n++] = id_at(f, i);
	for (size_t i = 0; i < f->payloads.n; i++) {
		const struct assay_forget_payload *p = f->payloads.entry[i].value;

		if (p->goes)
			id[n++] = f->payloads.entry[i].key.p;
	}
	return assay_queue_erase(var, id, n, &gone, err);
}

/* assay_forget_erase - see forget.h */
enum assay_status assay_forget_erase(
    struct assay_forget *forget, const char *var, const char *by, struct assay_err *err)
{
	const size_t known = forget->scans.n;
	enum assay_status status = tell_store(forget, 0, by, err);
	struct assay_err one;

	/* Those that came meanwhile. */
	if (status == ASSAY_OK)
		status = assay_forget_queued(forget, var, err);
	if (status == ASSAY_OK)
		status = tell_store(forget, known, by, err);
	if (status == ASSAY_OK)
		status = erase_queued(forget, var, err);
	if (status != ASSAY_OK)
		return status;
	erase_in(forget, true, &status, err);
	erase_in(forget, false, &status, err);
	if (status == ASSAY_OK && can_erase(forget->store, false))
		first(&status, erase_reports(forget, forget->store, &one), err, &one);
	return status;
}
