/*
 * seen/book.c - see book.h
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <assay/log.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "seen/book.h"
#include "seen/young.h"

#define GROW_PART 16 /* of min_age: how often what is young is looked at */
#define GROW_MOST_MS 3600000

struct field {
	const char *name;
	char *path;
	struct assay_filter *reader, *writer;
	struct assay_young young;
	struct assay_err unread; /* why there is no reader; code OK: nothing was kept yet */
};

struct assay_book {
	struct assay_book_options options;
	struct field *field;
	size_t n;
	bool begun, dirty;
	bool told;                   /* that too much waits to come of age */
	int64_t synced_ms, grown_ms; /* CLOCK_MONOTONIC */
};

/* ---- begin and end -----------------------------------------------------------------------------
 */

/* printed - "A/BC" on the heap */
static char *printed(const char *a, const char *b, const char *c)
{
	const size_t n = strlen(a) + strlen(b) + strlen(c) + 2;
	char *p = assay_xmalloc(n);

	(void)snprintf(p, n, "%s/%s%s", a, b, c);
	return p;
}

/* assay_book_new - see book.h */
enum assay_status assay_book_new(
    const struct assay_book_options *options, struct assay_book **book, struct assay_err *err)
{
	struct assay_book *b = assay_xcalloc(1, sizeof *b);

	while (options->fields[b->n] != NULL)
		b->n++;
	b->options = *options;
	b->field = assay_xcalloc(b->n + 1, sizeof *b->field);
	*book = b;
	for (size_t i = 0; i < b->n; i++) {
		struct field *f = &b->field[i];
		char *young;

		f->name = options->fields[i];
		if (!assay_slice_is_plain(assay_slice_str(f->name), "_") ||
		    strlen(f->name) > ASSAY_FILTER_FIELD || strcmp(f->name, "new") == 0 ||
		    assay_book_find(b, f->name) < i) {
			(void)assay_err_set(err, ASSAY_E_CONF,
			    "bloomfield_list: \"%s\" is no field, or there twice", f->name);
			b->n = i;
			assay_book_free(book);
			return ASSAY_E_CONF;
		}
		f->path = printed(options->dir, f->name, ".bloom");
		young = printed(options->dir, f->name, ".young");
		assay_young_init(&f->young, young);
		free(young);
	}
	return ASSAY_OK;
}

/* assay_book_free - see book.h */
void assay_book_free(struct assay_book **book)
{
	struct assay_book *b = *book;

	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		assay_filter_close(&b->field[i].reader);
		assay_filter_close(&b->field[i].writer);
		assay_young_release(&b->field[i].young);
		free(b->field[i].path);
	}
	free(b->field);
	free(b);
	*book = NULL;
}

/* assay_book_fields - see book.h */
size_t assay_book_fields(const struct assay_book *book)
{
	return book->n;
}

/* assay_book_field - see book.h */
const char *assay_book_field(const struct assay_book *book, size_t i)
{
	return book->field[i].name;
}

/* assay_book_path - see book.h */
const char *assay_book_path(const struct assay_book *book, size_t i)
{
	return book->field[i].path;
}

/* assay_book_find - see book.h */
size_t assay_book_find(const struct assay_book *book, const char *field)
{
	size_t i = 0;

	while (
	    i < book->n && (book->field[i].name == NULL || strcmp(book->field[i].name, field) != 0))
		i++;
	return i;
}

/* options_of - one field's */
static struct assay_filter_options options_of(const struct assay_book *book, size_t i)
{
	return (struct assay_filter_options){
		.field = book->field[i].name,
		.size = book->options.size,
		.rate = book->options.rate,
		.monthly = book->options.months > 0,
		.keep_months = book->options.months,
	};
}

/* ---- asking ------------------------------------------------------------------------------------
 */

/* assay_book_read - see book.h */
enum assay_status assay_book_read(struct assay_book *book, bool make, struct assay_err *err)
{
	for (size_t i = 0; i < book->n; i++) {
		const struct assay_filter_options o = options_of(book, i);
		struct field *f = &book->field[i];
		enum assay_status status;

		if (f->reader != NULL)
			continue;
		/* Whoever may not make it may still read what is there. */
		if (make)
			(void)!assay_filter_make(f->path, &o, NULL);
		f->unread.code = ASSAY_OK;
		status = assay_filter_open(f->path, &o, ASSAY_FILTER_READ, &f->reader, &f->unread);
		if (status == ASSAY_E_IO)
			f->unread.code = status;
		else if (status != ASSAY_OK && status != ASSAY_E_NOENT)
			return assay_err_set(err, ASSAY_E_CONF, "%s", f->unread.text);
		else
			f->unread.code = ASSAY_OK;
	}
	return ASSAY_OK;
}

/* assay_book_ask - see book.h */
enum assay_status assay_book_ask(struct assay_book *book, size_t field, struct assay_slice value,
    struct assay_filter_answer *answer, struct assay_err *err)
{
	struct field *f = &book->field[field];

	*answer = (struct assay_filter_answer){ false, 0 };
	if (f->unread.code != ASSAY_OK)
		return assay_err_set(err, f->unread.code, "%s", f->unread.text);
	if (f->reader != NULL)
		*answer = assay_filter_ask(f->reader, value);
	return ASSAY_OK;
}

/* ---- keeping -----------------------------------------------------------------------------------
 */

/* ours - whatever is wrong with a file, it is not the record that is */
static enum assay_status ours(enum assay_status status, struct assay_err *err)
{
	if (status == ASSAY_OK || status == ASSAY_E_FULL || status == ASSAY_E_TIMEOUT)
		return status;
	if (err != NULL)
		err->code = ASSAY_E_IO;
	return ASSAY_E_IO;
}

/* begin_field - open and locked */
static enum assay_status begin_field(struct assay_book *book, size_t i, struct assay_err *err)
{
	const struct assay_filter_options o = options_of(book, i);
	struct field *f = &book->field[i];
	enum assay_status status = assay_filter_make(f->path, &o, err);

	if (status == ASSAY_OK && f->writer == NULL)
		status = assay_filter_open(f->path, &o, ASSAY_FILTER_WRITE, &f->writer, err);
	return status == ASSAY_OK ? assay_filter_lock(f->writer, err) : status;
}

/* assay_book_begin - see book.h */
enum assay_status assay_book_begin(struct assay_book *book, struct assay_err *err)
{
	ASSAY_ASSERT(!book->begun);
	for (size_t i = 0; i < book->n; i++) {
		const enum assay_status status = begin_field(book, i, err);

		if (status == ASSAY_OK)
			continue;
		while (i-- > 0)
			assay_filter_unlock(book->field[i].writer);
		return ours(status, err);
	}
	book->begun = true;
	return ASSAY_OK;
}

/* assay_book_end - see book.h */
void assay_book_end(struct assay_book *book)
{
	for (size_t i = 0; i < book->n; i++)
		assay_filter_unlock(book->field[i].writer);
	book->begun = false;
}

/* assay_book_keep - see book.h */
enum assay_status assay_book_keep(struct assay_book *book, size_t field, struct assay_slice value,
    int64_t when_ms, struct assay_err *err)
{
	struct field *f = &book->field[field];
	const int64_t young = assay_clock_wall_ms() - book->options.min_age_ms;

	book->dirty = true;
	/* What is known stays known, and its month is told again. */
	if (book->options.min_age_ms > 0 && when_ms > young &&
	    !assay_filter_ask(f->writer, value).seen) {
		const enum assay_status status = assay_young_add(&f->young, when_ms, value, err);

		if (status != ASSAY_E_LIMIT)
			return ours(status, err);
		/* Mail does not wait for it: the value stays unknown until there is room. */
		if (!book->told)
			assay_log(ASSAY_LOG_WARNING, "%s", err->text);
		book->told = true;
		return ASSAY_OK;
	}
	return ours(assay_filter_add(f->writer, value, when_ms, NULL, err), err);
}

/* grown - old enough now */
static enum assay_status grown(
    void *arg, int64_t when_ms, struct assay_slice value, struct assay_err *err)
{
	return assay_filter_add(arg, value, when_ms, NULL, err);
}

/* grow - all that came of age; from time to time */
static enum assay_status grow(struct assay_book *book, struct assay_err *err)
{
	const int64_t age = book->options.min_age_ms, every = age / GROW_PART;
	const int64_t mono = assay_clock_mono_ms(), until = assay_clock_wall_ms() - age;
	enum assay_status status = ASSAY_OK;

	if (age == 0 ||
	    (book->grown_ms > 0 &&
		mono - book->grown_ms < (every < GROW_MOST_MS ? every : GROW_MOST_MS)))
		return ASSAY_OK;
	status = assay_book_begin(book, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < book->n && status == ASSAY_OK; i++)
		status = assay_young_grow(
		    &book->field[i].young, until, grown, book->field[i].writer, err);
	assay_book_end(book);
	book->grown_ms = mono;
	book->dirty = true;
	return ours(status, err);
}

/* assay_book_sync - see book.h */
enum assay_status assay_book_sync(struct assay_book *book, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	if (!book->dirty)
		return ASSAY_OK;
	for (size_t i = 0; i < book->n && status == ASSAY_OK; i++) {
		if (book->field[i].writer != NULL)
			status = assay_filter_sync(book->field[i].writer, err);
		if (status == ASSAY_OK)
			status = assay_young_sync(&book->field[i].young, err);
	}
	book->synced_ms = assay_clock_mono_ms();
	book->dirty = status != ASSAY_OK;
	return ours(status, err);
}

/* assay_book_flush - see book.h */
enum assay_status assay_book_flush(struct assay_book *book, struct assay_err *err)
{
	const enum assay_status status = grow(book, err);

	if (status != ASSAY_OK || assay_clock_mono_ms() - book->synced_ms < book->options.update_ms)
		return status;
	return assay_book_sync(book, err);
}

/* assay_book_filter - see book.h */
struct assay_filter *assay_book_filter(struct assay_book *book, size_t field)
{
	ASSAY_ASSERT(book->begun);
	return book->field[field].writer;
}

/* assay_book_repair - see book.h */
enum assay_status assay_book_repair(
    struct assay_book *book, size_t field, char **aside, bool *made, struct assay_err *err)
{
	const struct assay_filter_options o = options_of(book, field);
	struct field *f = &book->field[field];
	struct assay_filter *filter;
	enum assay_status status;
	char suffix[40];
	size_t n;

	*aside = NULL;
	status = assay_filter_open(f->path, &o, ASSAY_FILTER_READ, &filter, err);
	assay_filter_close(&filter);
	if (status == ASSAY_E_SYNTAX || status == ASSAY_E_CONF) {
		(void)snprintf(
		    suffix, sizeof suffix, ".%lld.bad", (long long)assay_clock_wall_ms() / 1000);
		n = strlen(f->path) + sizeof suffix;
		*aside = assay_xmalloc(n);
		(void)snprintf(*aside, n, "%s%s", f->path, suffix);
		if (rename(f->path, *aside) != 0)
			return assay_err_set(
			    err, ASSAY_E_IO, "cannot put %s aside: %s", f->path, strerror(errno));
		status = ASSAY_E_NOENT;
	}
	*made = status == ASSAY_E_NOENT;
	return *made ? assay_filter_make(f->path, &o, err) : status;
}
