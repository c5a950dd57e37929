/*
 * seen - was there ever a mail with this sender, this link, this attachment?
 *
 * Two plugins in one. As decorator it only asks: the filters (seen/book.h) are opened before the
 * scan process is sealed, and followed by the mapping. As connector it is the one that writes, fed
 * by its queue: a mail settles when it was let through, as answered, or as decided where nobody
 * asked. Mail that was not scanned whole does not settle (its rescan does), nor does what `assay
 * scan` was shown. Told the same again after a crash it does no harm.
 *
 * Touches the files of the filters only. A filter that is damaged or was made otherwise is refused
 * at start; a disk that is full, or a lock somebody holds, lets the queue wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <assay/log.h>
#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "seen/book.h"
#include "seen/enquiry.h"
#include "seen/values.h"

struct seen {
	struct assay_book *book;
	const char *const *settle_on;
};

static const struct assay_opt options[] = {
	{ "bloomfield_list", ASSAY_OPT_LIST, "from", 0, 0,
	    "fact|from|from_domain|envelope_from|reply_to|from_pair|from_to|attachment_sha256|"
	    "url_domain|correspondent",
	    "what is remembered: from, from_domain, envelope_from, reply_to, from_pair, from_to, "
	    "attachment_sha256, url_domain, correspondent, or any word of facts{}" },
	{ "bloom_directory", ASSAY_OPT_STR, "seen", 0, 0, NULL,
	    "where the filters lie; below the directory for state when relative" },
	{ "bloom_size", ASSAY_OPT_INT, "50000000", 1000, INT64_C(1000000000000), NULL,
	    "values planned for each field; more are kept as well as these" },
	{ "bloom_fp_rate", ASSAY_OPT_STR, "0.001", 0, 0, NULL,
	    "how often something new is taken for known, at most; 0.000001 to 0.5" },
	{ "bloom_update", ASSAY_OPT_TIME, "60s", 0, 86400000, NULL,
	    "what was kept is on the disk after so long; 0s: with each batch" },
	{ "bloom_months", ASSAY_OPT_INT, "0", 0, 300, NULL,
	    "months after which a value that came no more is forgotten; then the last one is told; "
	    "0: never" },
	{ "settle_on", ASSAY_OPT_LIST, "accept, tag", 0, 0, NULL,
	    "verdicts after which the values of a mail are known" },
	{ "min_age", ASSAY_OPT_TIME, "0s", 0, INT64_C(31536000000), NULL,
	    "a value is known when its first mail is so old" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "new[]", ASSAY_STR, ASSAY_TECHNICAL, "fields that have a value which is new" },
	{ "*[].value", ASSAY_STR, ASSAY_PERSONAL, "a value, in the one form that is compared" },
	{ "*[].isnew", ASSAY_BOOL, ASSAY_TECHNICAL,
	    "no mail with this value had been kept before this one was judged" },
	{ "*[].last_seen", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL,
	    "month in which it was last kept, with bloom_months: 2026-09" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "new", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "new[]",
	    "field of which a value was not known: from, url_domain ..." },
	{ NULL, ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* ---- asking ------------------------------------------------------------------------------------
 */

/* row_of - what is said of one value */
static json_t *row_of(struct assay_slice value, struct assay_filter_answer answer)
{
	json_t *row = json_object();

	(void)json_object_set_new(row, "value", assay_json_text(value.p, value.n));
	(void)json_object_set_new(row, "isnew", json_boolean(!answer.seen));
	if (answer.month > 0)
		(void)json_object_set_new(row, "last_seen", assay_enquiry_month(answer.month));
	return row;
}

/* decorate_field - all values of one field */
static enum assay_status decorate_field(struct seen *s, size_t field,
    const struct assay_values *values, json_t *out, struct assay_err *err)
{
	const char *name = assay_book_field(s->book, field);
	json_t *rows = json_array();
	bool isnew = false;

	for (size_t i = 0; i < values->all.n; i++) {
		const struct assay_slice value = values->all.entry[i].key;
		struct assay_filter_answer answer;
		const enum assay_status status =
		    assay_book_ask(s->book, field, value, &answer, err);

		if (status != ASSAY_OK) {
			json_decref(rows);
			return status;
		}
		isnew |= !answer.seen;
		(void)json_array_append_new(rows, row_of(value, answer));
	}
	(void)json_object_set_new(out, name, rows);
	if (isnew)
		(void)json_array_append_new(json_object_get(out, "new"), json_string(name));
	return ASSAY_OK;
}

/* seen_decorate - every field that is kept */
static enum assay_status seen_decorate(
    void *state, const json_t *report, json_t *out, struct assay_err *err)
{
	struct seen *s = state;
	struct assay_values values = { .arena = assay_arena_new() };
	enum assay_status status = ASSAY_OK;

	(void)json_object_set_new(out, "new", json_array());
	for (size_t i = 0; i < assay_book_fields(s->book) && status == ASSAY_OK; i++) {
		assay_values_of(&values, report, assay_book_field(s->book, i), ASSAY_VALUES_ASK);
		status = decorate_field(s, i, &values, out, err);
		assay_arena_reset(values.arena);
	}
	assay_arena_free(&values.arena);
	return status;
}

/* ---- keeping -----------------------------------------------------------------------------------
 */

/* settles - was this mail let through? */
static bool settles(const struct seen *s, const json_t *report)
{
	const json_t *verdict = json_object_get(report, "verdict");
	const char *action = json_string_value(json_object_get(verdict, "answered"));
	const char *status = json_string_value(json_object_get(report, "status"));
	const char *source =
	    json_string_value(json_object_get(json_object_get(report, "request_meta"), "source"));

	if (action == NULL)
		action = json_string_value(json_object_get(verdict, "action"));
	return status != NULL && strcmp(status, "scanned") == 0 &&
	    (source == NULL || strcmp(source, "scan") != 0) &&
	    assay_slice_in(assay_slice_str(action), s->settle_on);
}

/* settle - the values of one mail */
static enum assay_status settle(struct seen *s, const json_t *report, struct assay_err *err)
{
	struct assay_values values = { .arena = assay_arena_new() };
	const int64_t when = assay_values_when(report);
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < assay_book_fields(s->book) && status == ASSAY_OK; i++) {
		assay_values_of(&values, report, assay_book_field(s->book, i), ASSAY_VALUES_KEEP);
		for (size_t k = 0; k < values.all.n && status == ASSAY_OK; k++)
			status = assay_book_keep(s->book, i, values.all.entry[k].key, when, err);
		assay_arena_reset(values.arena);
	}
	assay_arena_free(&values.arena);
	return status;
}

/* save_one - a record */
static enum assay_status save_one(
    struct seen *s, const struct assay_record *record, struct assay_err *err)
{
	json_error_t where;
	enum assay_status status = ASSAY_OK;
	json_t *report;

	if (strcmp(record->kind, "report") != 0)
		return ASSAY_OK;
	report = json_loadb(record->json.p, record->json.n, JSON_ALLOW_NUL, &where);
	if (report == NULL)
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "report %s is no JSON: %s", record->id, where.text);
	if (settles(s, report))
		status = settle(s, report, err);
	json_decref(report);
	return status;
}

/* seen_save - under the lock of the filters */
static enum assay_status seen_save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	struct seen *s = state;
	enum assay_status status = assay_book_begin(s->book, err);

	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = save_one(s, &records[i], err);
	assay_book_end(s->book);
	return status;
}

/* seen_flush - to the disk, now and then */
static enum assay_status seen_flush(void *state, struct assay_err *err)
{
	struct seen *s = state;

	return assay_book_flush(s->book, err);
}

/* seen_query - for `assay seen` */
static enum assay_status seen_query(void *state, const json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	struct seen *s = state;

	return assay_enquiry(s->book, query, row, arg, err);
}

/* ---- begin and end -----------------------------------------------------------------------------
 */

/* read_rate - bloom_fp_rate */
static enum assay_status read_rate(const char *text, double *rate, struct assay_err *err)
{
	char *end = NULL;

	errno = 0;
	*rate = strtod(text, &end);
	if (errno == 0 && end != text && *end == '\0' && *rate >= 1e-6 && *rate <= 0.5)
		return ASSAY_OK;
	return assay_err_set(
	    err, ASSAY_E_CONF, "bloom_fp_rate: \"%s\" is no number between 0.000001 and 0.5", text);
}

/* seen_open - notes what is wanted; nothing is made yet */
static enum assay_status seen_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct assay_book_options book = {
		.dir = assay_opt_state_path(opts, "bloom_directory"),
		.fields = assay_opt_list(opts, "bloomfield_list"),
		.size = (uint64_t)assay_opt_int(opts, "bloom_size"),
		.months = (unsigned)assay_opt_int(opts, "bloom_months"),
		.update_ms = assay_opt_int(opts, "bloom_update"),
		.min_age_ms = assay_opt_int(opts, "min_age"),
	};
	struct seen *s = assay_xcalloc(1, sizeof *s);
	enum assay_status status = read_rate(assay_opt_str(opts, "bloom_fp_rate"), &book.rate, err);

	s->settle_on = assay_opt_list(opts, "settle_on");
	if (status == ASSAY_OK)
		status = assay_book_new(&book, &s->book, err);
	if (status != ASSAY_OK) {
		free(s);
		return status;
	}
	*state = s;
	return ASSAY_OK;
}

/* seen_warm - the last moment at which files can be opened */
static enum assay_status seen_warm(void *state, struct assay_err *err)
{
	struct seen *s = state;

	return assay_book_read(s->book, true, err);
}

/* seen_close - with what was kept on the disk */
static void seen_close(void *state)
{
	struct seen *s = state;
	struct assay_err err;

	if (assay_book_sync(s->book, &err) != ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "%s", err.text);
	assay_book_free(&s->book);
	free(s);
}

static const struct assay_decorator decorator = { .decorate = seen_decorate };
static const struct assay_connector connector = {
	.save = seen_save,
	.flush = seen_flush,
	.query = seen_query,
	.idle = seen_flush,
};

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "seen",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "which senders, links, attachments were there before",
	.options = options,
	.fields = fields,
	.facts = facts,
	.needs = ASSAY_NEEDS_FILES,
	.open = seen_open,
	.warm = seen_warm,
	.close = seen_close,
	.decorator = &decorator,
	.connector = &connector,
};
