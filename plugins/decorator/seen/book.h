/*
 * seen/book.h - the filters of all fields that are kept
 *
 * One file per field, DIR/FIELD.bloom, and with min_age DIR/FIELD.young beside it. Reading and
 * writing have descriptors of their own: whoever only asks can be sealed after assay_book_read.
 * Writers make what is missing. Errors name the file; those of the writer are E_FULL, E_TIMEOUT or
 * E_IO, never the record's fault.
 */
#ifndef ASSAY_SEEN_BOOK_H
#define ASSAY_SEEN_BOOK_H

#include "bloom/filter.h"

struct assay_book;

struct assay_book_options {
	const char *dir;
	const char *const *fields; /* NULL ends; borrowed */
	uint64_t size;
	double rate;
	unsigned months;    /* 0: for ever */
	int64_t update_ms;  /* between two syncs */
	int64_t min_age_ms; /* before a value is known */
};

/* E_CONF: a field that cannot be the name of a file. */
ASSAY_MUST_CHECK enum assay_status assay_book_new(
    const struct assay_book_options *options, struct assay_book **book, struct assay_err *err);
/* Accepts NULL, leaves NULL. */
void assay_book_free(struct assay_book **book);
size_t assay_book_fields(const struct assay_book *book);
const char *assay_book_field(const struct assay_book *book, size_t i);
/* The number of a field; assay_book_fields: it is not kept. */
size_t assay_book_find(const struct assay_book *book, const char *field);
/* DIR/FIELD.bloom */
const char *assay_book_path(const struct assay_book *book, size_t i);

/* ---- asking ---------------------------------------------------------------------------------- */

/* Opens all for reading; with `make` an empty one is made where there is none. One that is damaged,
 * or made otherwise, is an error; one that cannot be made or read is told by assay_book_ask. */
ASSAY_MUST_CHECK enum assay_status assay_book_read(
    struct assay_book *book, bool make, struct assay_err *err);
/* E_IO: it could not be opened, in the words of that time. */
ASSAY_MUST_CHECK enum assay_status assay_book_ask(struct assay_book *book, size_t field,
    struct assay_slice value, struct assay_filter_answer *answer, struct assay_err *err);

/* ---- keeping --------------------------------------------------------------------------------- */

/* Between these two nobody else writes; begin makes and opens what is needed. */
ASSAY_MUST_CHECK enum assay_status assay_book_begin(struct assay_book *book, struct assay_err *err);
void assay_book_end(struct assay_book *book);
/* Where more waits to come of age than may, it is logged once and the value stays unknown. */
ASSAY_MUST_CHECK enum assay_status assay_book_keep(struct assay_book *book, size_t field,
    struct assay_slice value, int64_t when_ms, struct assay_err *err);
/* What has come of age goes into the filters; what was kept to the disk, when update_ms have
 * passed. */
ASSAY_MUST_CHECK enum assay_status assay_book_flush(struct assay_book *book, struct assay_err *err);
/* What was kept to the disk, now. */
ASSAY_MUST_CHECK enum assay_status assay_book_sync(struct assay_book *book, struct assay_err *err);
/* The writer of a field, between begin and end. */
struct assay_filter *assay_book_filter(struct assay_book *book, size_t field);
/* Makes an empty filter where there is none, or one that cannot be used: that is put aside. *made:
 * it is a new one; *aside (free it): the name of the old one, or NULL. */
ASSAY_MUST_CHECK enum assay_status assay_book_repair(
    struct assay_book *book, size_t field, char **aside, bool *made, struct assay_err *err);

#endif
