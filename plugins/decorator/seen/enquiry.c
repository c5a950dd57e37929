/*
 * seen/enquiry.c - see enquiry.h. Runs in the command of whoever asks: the files are those of the
 * service, under their lock where something is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "seen/enquiry.h"
#include "seen/values.h"

struct enquiry {
	struct assay_book *book;
	const json_t *query;
	bool (*row)(void *arg, const json_t *row);
	void *arg;
	size_t field;
	struct assay_slice (*normal)(
	    struct assay_arena *arena, const char *field, struct assay_slice text);
	struct assay_arena *arena;
};

/* assay_enquiry_month - see enquiry.h */
json_t *assay_enquiry_month(unsigned month)
{
	char text[16];

	if (month == 0)
		return json_null();
	(void)snprintf(text, sizeof text, "%04u-%02u", month / 100 % 10000, month % 100);
	return json_string(text);
}

/* text - a string member; NULL */
static const char *text(const struct enquiry *e, const char *name)
{
	return json_string_value(json_object_get(e->query, name));
}

/* give - a row, and it is gone */
static bool give(struct enquiry *e, json_t *row)
{
	const bool more = e->row(e->arg, row);

	json_decref(row);
	return more;
}

/* find_field - the one that is meant */
static enum assay_status find_field(struct enquiry *e, struct assay_err *err)
{
	const char *name = text(e, "field");

	if (name == NULL && (e->normal != assay_values_asked || assay_book_fields(e->book) == 0))
		return assay_err_set(err, ASSAY_E_USAGE, "no field is named");
	e->field = name != NULL ? assay_book_find(e->book, name) : 0;
	if (e->field < assay_book_fields(e->book))
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_USAGE,
	    "\"%s\" is not kept; add it to bloomfield_list in [seen], or name one that is (%s)",
	    name, assay_book_fields(e->book) > 0 ? assay_book_field(e->book, 0) : "there is none");
}

/* ---- values ------------------------------------------------------------------------------------
 */

/* one_value - asked; its form in *value */
static enum assay_status one_value(struct enquiry *e, const json_t *asked,
    struct assay_slice *value, json_t **row, struct assay_err *err)
{
	struct assay_filter_answer answer = { false, 0 };
	enum assay_status status = ASSAY_OK;

	*value = ASSAY_SLICE_NONE;
	if (json_is_string(asked))
		*value = e->normal(e->arena, assay_book_field(e->book, e->field),
		    assay_slice(json_string_value(asked), json_string_length(asked)));
	if (value->n > ASSAY_VALUES_BYTES)
		value->n = 0;
	if (value->n > 0)
		status = assay_book_ask(e->book, e->field, *value, &answer, err);
	*row = json_object();
	(void)json_object_set_new(
	    *row, "value", value->n > 0 ? assay_json_text(value->p, value->n) : json_null());
	(void)json_object_set_new(*row, "isnew", json_boolean(!answer.seen));
	(void)json_object_set_new(*row, "last_seen", assay_enquiry_month(answer.month));
	return status;
}

/* each_value - asked, and kept where `keep` */
static enum assay_status each_value(struct enquiry *e, bool keep, struct assay_err *err)
{
	const json_t *values = json_object_get(e->query, "values");
	const int64_t now = assay_clock_wall_ms();
	enum assay_status status = ASSAY_OK;
	struct assay_slice value;
	bool more = true;
	json_t *row;

	for (size_t i = 0; i < json_array_size(values) && more && status == ASSAY_OK; i++) {
		status = one_value(e, json_array_get(values, i), &value, &row, err);
		if (status == ASSAY_OK && keep && value.n > 0)
			status = assay_filter_add(
			    assay_book_filter(e->book, e->field), value, now, NULL, err);
		if (status == ASSAY_OK)
			more = give(e, row);
		else
			json_decref(row);
		assay_arena_reset(e->arena);
	}
	return status;
}

/* ask - and add */
static enum assay_status ask(struct enquiry *e, bool keep, struct assay_err *err)
{
	enum assay_status status = find_field(e, err);

	if (status == ASSAY_OK && keep)
		status = assay_book_begin(e->book, err);
	if (status != ASSAY_OK)
		return status;
	status = assay_book_read(e->book, false, err);
	if (status == ASSAY_OK)
		status = each_value(e, keep, err);
	if (!keep)
		return status;
	if (status == ASSAY_OK)
		status = assay_filter_sync(assay_book_filter(e->book, e->field), err);
	assay_book_end(e->book);
	return status;
}

/* ---- files -------------------------------------------------------------------------------------
 */

/* set_int - a number of the row */
static void set_int(json_t *row, const char *name, uint64_t value)
{
	(void)json_object_set_new(row, name, json_integer((json_int_t)value));
}

/* stats_of - one field */
static enum assay_status stats_of(struct enquiry *e, size_t i, struct assay_err *err)
{
	struct assay_filter_stats s;
	struct assay_filter *filter;
	const char *path = assay_book_path(e->book, i);
	enum assay_status status = assay_filter_open(path, NULL, ASSAY_FILTER_READ, &filter, err);
	json_t *row = json_object();

	(void)json_object_set_new(row, "field", json_string(assay_book_field(e->book, i)));
	(void)json_object_set_new(row, "file", assay_json_text(path, strlen(path)));
	if (status == ASSAY_OK) {
		assay_filter_stats(filter, &s);
		set_int(row, "values", s.keys);
		set_int(row, "planned", s.size);
		set_int(row, "layers", s.layers);
		set_int(row, "bytes", s.bytes);
		(void)json_object_set_new(row, "fp_rate", json_real(s.rate));
		(void)json_object_set_new(row, "fp_rate_now", json_real(s.rate_now));
		(void)json_object_set_new(row, "first_month", assay_enquiry_month(s.first_month));
		(void)json_object_set_new(row, "last_month", assay_enquiry_month(s.last_month));
		(void)json_object_set_new(row, "made", assay_json_time(s.made_ms));
		(void)json_object_set_new(row, "saved", assay_json_time(s.saved_ms));
	}
	assay_filter_close(&filter);
	if (status == ASSAY_OK || status == ASSAY_E_NOENT)
		(void)give(e, row);
	else
		json_decref(row);
	return status == ASSAY_E_NOENT ? ASSAY_OK : status;
}

/* stats - of all */
static enum assay_status stats(struct enquiry *e, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < assay_book_fields(e->book) && status == ASSAY_OK; i++)
		status = stats_of(e, i, err);
	return status;
}

/* copy_out - to a new file */
static enum assay_status copy_out(struct enquiry *e, const char *file, struct assay_err *err)
{
	return assay_filter_export(assay_book_filter(e->book, e->field), file, err);
}

/* copy_in - from a file of this or another host */
static enum assay_status copy_in(struct enquiry *e, const char *file, struct assay_err *err)
{
	struct assay_filter *from;
	enum assay_status status = assay_filter_open(file, NULL, ASSAY_FILTER_READ, &from, err);

	if (status == ASSAY_OK)
		status = assay_filter_merge(assay_book_filter(e->book, e->field), from, err);
	assay_filter_close(&from);
	return status;
}

/* move_file - one of the two, under the lock */
static enum assay_status move_file(struct enquiry *e, bool out, struct assay_err *err)
{
	const char *file = text(e, "file");
	enum assay_status status = find_field(e, err);

	if (status == ASSAY_OK && file == NULL)
		status = assay_err_set(err, ASSAY_E_USAGE, "no file is named");
	if (status == ASSAY_OK)
		status = assay_book_begin(e->book, err);
	if (status != ASSAY_OK)
		return status;
	status = out ? copy_out(e, file, err) : copy_in(e, file, err);
	assay_book_end(e->book);
	return status;
}

/* repair - what cannot be used is put aside */
static enum assay_status repair(struct enquiry *e, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < assay_book_fields(e->book) && status == ASSAY_OK; i++) {
		char *aside = NULL;
		bool made;
		json_t *row;

		status = assay_book_repair(e->book, i, &aside, &made, err);
		if (status == ASSAY_OK && made) {
			row = json_object();
			(void)json_object_set_new(
			    row, "field", json_string(assay_book_field(e->book, i)));
			(void)json_object_set_new(row, "aside", assay_json_str(aside));
			(void)give(e, row);
		}
		free(aside);
	}
	return status;
}

/* assay_enquiry - see enquiry.h */
enum assay_status assay_enquiry(struct assay_book *book, const json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	struct enquiry e = { .book = book, .query = query, .row = row, .arg = arg };
	const struct assay_slice want = assay_slice_str(text(&e, "want"));
	const bool lookup = assay_slice_is(want, "lookup"), add = assay_slice_is(want, "add");
	enum assay_status status;

	e.arena = assay_arena_new();
	e.normal = lookup ? assay_values_asked : assay_values_normal;
	if (lookup || add || assay_slice_is(want, "ask"))
		status = ask(&e, add, err);
	else if (assay_slice_is(want, "stats"))
		status = stats(&e, err);
	else if (assay_slice_is(want, "export") || assay_slice_is(want, "merge"))
		status = move_file(&e, assay_slice_is(want, "export"), err);
	else if (assay_slice_is(want, "repair"))
		status = repair(&e, err);
	else
		status = assay_err_set(err, ASSAY_E_USAGE, "the filters cannot be asked that");
	assay_arena_free(&e.arena);
	return status;
}
