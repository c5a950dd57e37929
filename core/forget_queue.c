/*
 * core/forget_queue.c - what is to be erased and has not arrived yet: records, payloads and
 * messages that wait in queues, or were put aside there. See forget.h. A file that is gone when we
 * come to it has arrived; a damaged one is left to the drain, which puts it aside.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/forget.h"
#include "core/json.h"
#include "core/queue.h"
#include "core/records.h"
#include "core/report_read.h"

/* One queue. */
struct visit {
	struct assay_forget *forget;
	struct assay_queue *queue;
};

/* has_address - one of {addr} or texts is the address */
static bool has_address(const json_t *entry, struct assay_slice value)
{
	const json_t *addr = json_is_object(entry) ? json_object_get(entry, "addr") : entry;

	return json_is_string(addr) &&
	    assay_slice_caseeq(
		assay_slice(json_string_value(addr), json_string_length(addr)), value);
}

/* fits_request - is the message to be scanned again one of those that go? */
static bool fits_request(const struct assay_forget *f, const json_t *request)
{
	const char *earlier = assay_json_get_str(request, "supersedes");
	const json_t *envelope = json_object_get(request, "envelope");
	const json_t *list = json_object_get(envelope, "recipients");

	if (earlier != NULL && assay_map_has(&f->scans, assay_slice_str(earlier)))
		return true;
	if (f->who.by == ASSAY_FORGET_FROM)
		return has_address(json_object_get(envelope, "sender"), f->value);
	for (size_t i = 0; f->who.by == ASSAY_FORGET_RCPT && i < json_array_size(list); i++)
		if (has_address(json_array_get(list, i), f->value))
			return true;
	return false;
}

/* note_others - payloads of a report that stays */
static void note_others(struct assay_forget *f, const json_t *report)
{
	const json_t *payload;

	for (size_t i = 0; (payload = assay_report_payload(report, i)) != NULL; i++) {
		const char *sha256 = assay_json_get_str(payload, "sha256");

		if (sha256 != NULL && !assay_map_has(&f->others, assay_slice_str(sha256)))
			(void)assay_map_add(
			    &f->others, assay_arena_slice(f->arena, assay_slice_str(sha256)), NULL);
	}
}

/* goes - does a record? What is no JSON stays */
static bool goes(struct assay_forget *f, const struct assay_record *record)
{
	const bool report = strcmp(record->kind, "report") == 0;
	const char *scan;
	json_t *json = NULL;
	bool yes;

	if (assay_json_parse(record->json, &json, NULL) != ASSAY_OK)
		return false;
	scan = assay_json_get_str(json, "scan_id");
	yes = report ? assay_forget_fits(f, json)
		     : scan != NULL && assay_map_has(&f->scans, assay_slice_str(scan)) &&
		strcmp(assay_json_get_str(json, "kind") != NULL ? assay_json_get_str(json, "kind")
								: "",
		    "erased") != 0;
	if (yes && report)
		assay_forget_note(f, json, false);
	else if (report)
		note_others(f, json);
	json_decref(json);
	return yes;
}

/* gone - ASSAY_E_NOENT is as good */
static enum assay_status gone(enum assay_status status)
{
	return status == ASSAY_E_NOENT ? ASSAY_OK : status;
}

/* ---- files that wait ------------------------------------------------------------------------- */

/* visit_records - of one file */
static enum assay_status visit_records(
    const struct visit *v, const char *name, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_file file = { .n = 0 };
	enum assay_status status = assay_queue_read(v->queue, name, arena, &file, err);

	for (size_t i = 0; status == ASSAY_OK && i < file.n; i++)
		v->forget->waiting += goes(v->forget, &file.record[i]);
	assay_arena_free(&arena);
	return gone(status);
}

/* visit_message - one that is to be scanned again; a report that names nobody goes because of it */
static enum assay_status visit_message(
    const struct visit *v, const char *name, struct assay_err *err)
{
	struct assay_queue_message message;
	enum assay_status status = assay_queue_message(v->queue, name, &message, err);

	if (status == ASSAY_OK && fits_request(v->forget, message.request)) {
		assay_forget_note_scan(
		    v->forget, assay_json_get_str(message.request, "supersedes"));
		v->forget->waiting++;
	}
	assay_queue_message_release(&message);
	return status == ASSAY_E_SYNTAX ? ASSAY_OK : gone(status);
}

/* visit_file - of whatever kind */
static enum assay_status visit_file(const struct visit *v, const char *name, struct assay_err *err)
{
	const struct assay_slice text = assay_slice_str(name);

	if (assay_slice_ends(text, ASSAY_RECORDS_PAYLOADS))
		return ASSAY_OK;
	if (assay_slice_ends(text, ASSAY_RECORDS_RESCAN))
		return visit_message(v, name, err);
	return visit_records(v, name, err);
}

/* ---- what was put aside ---------------------------------------------------------------------- */

/* visit_aside - one entry */
static enum assay_status visit_aside(
    const struct visit *v, const struct assay_queue_poisoned *entry, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_file file = { .n = 0 };
	const enum assay_status status =
	    assay_queue_read_poison(v->queue, entry->name, arena, &file, err);

	for (size_t i = 0; status == ASSAY_OK && i < file.n; i++)
		v->forget->waiting += goes(v->forget, &file.record[i]);
	assay_arena_free(&arena);
	/* E_USAGE: a payload. */
	return status == ASSAY_E_USAGE ? ASSAY_OK : gone(status);
}

/* visit_queue - all of it */
static enum assay_status visit_queue(const struct visit *v, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const struct assay_queue_poisoned *aside = NULL;
	const char *const *name = NULL;
	enum assay_status status =
	    assay_queue_list(v->queue, ASSAY_QUEUE_LIST_MOST, arena, &name, err);

	for (; status == ASSAY_OK && *name != NULL; name++)
		status = visit_file(v, *name, err);
	if (status == ASSAY_OK)
		status = assay_queue_poisons(v->queue, arena, &aside, err);
	for (; status == ASSAY_OK && aside->id != NULL; aside++)
		status = visit_aside(v, aside, err);
	assay_arena_free(&arena);
	return status;
}

/* one_queue - opened, looked through, closed */
static enum assay_status one_queue(
    struct assay_forget *forget, const char *var, const char *name, struct assay_err *err)
{
	struct visit v = { forget, NULL };
	enum assay_status status = assay_queue_open(var, name, &v.queue, err);

	if (status == ASSAY_OK)
		status = visit_queue(&v, err);
	assay_queue_close(&v.queue);
	return status;
}

/* is_there - a directory below VAR; E_USAGE: we may not look into it */
static enum assay_status is_there(
    struct assay_arena *arena, const char *var, const char *sub, bool *yes, struct assay_err *err)
{
	const char *path = assay_arena_printf(arena, "%s/%s", var, sub);

	*yes = access(path, R_OK | W_OK | X_OK) == 0;
	if (!*yes && errno == EACCES)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s belongs to the user of the service; run this as root or as that user",
		    path);
	return ASSAY_OK;
}

/* all_queues - messages first: reports may go because of them */
static enum assay_status all_queues(
    struct assay_forget *forget, const char *var, struct assay_arena *arena, struct assay_err *err)
{
	const char *const *name = NULL;
	bool yes;
	enum assay_status status = is_there(arena, var, "spool/rescan", &yes, err);

	if (status == ASSAY_OK && yes)
		status = one_queue(forget, var, "rescan", err);
	if (status == ASSAY_OK)
		status = is_there(arena, var, "queue", &yes, err);
	if (status == ASSAY_OK && yes)
		status = assay_queue_names(var, arena, &name, err);
	for (; status == ASSAY_OK && name != NULL && *name != NULL; name++)
		status = one_queue(forget, var, *name, err);
	return status;
}

/* assay_forget_queued - see forget.h */
enum assay_status assay_forget_queued(
    struct assay_forget *forget, const char *var, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	enum assay_status status;

	forget->waiting = 0;
	status = all_queues(forget, var, arena, err);
	assay_arena_free(&arena);
	return status;
}
