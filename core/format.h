/*
 * core/format.h - a report in the form somebody reads it: native, summary, stoq, lines, tree,
 * split, payloads
 *
 * Works on a report that was checked (core/report_check.h), in a process outside the sandbox: text
 * in it is still a stranger's. Members that are missing or of another type are left out, never
 * followed. Every form ends with a line feed; tree is for people (control and bidi characters
 * escaped), the others are JSON. Contract: RESULT "formats".
 */
#ifndef ASSAY_FORMAT_H
#define ASSAY_FORMAT_H

#include <jansson.h>

#include <assay/types.h>

struct assay_buf;

enum assay_format {
	ASSAY_FORMAT_NATIVE,  /* the report itself */
	ASSAY_FORMAT_SUMMARY, /* one flat line per mail, at most ASSAY_FORMAT_SUMMARY_MAX bytes */
	ASSAY_FORMAT_STOQ,    /* stoQ v3's document */
	ASSAY_FORMAT_LINES,   /* one line per payload */
	ASSAY_FORMAT_TREE,    /* for people */
	ASSAY_FORMAT_SPLIT,   /* a document for each payload and worker, one line each */
	ASSAY_FORMAT_PAYLOADS /* a report for each payload and what came out of it, one line each */
};

#define ASSAY_FORMAT_NAMES "native|summary|stoq|lines|tree|split|payloads"
#define ASSAY_FORMAT_SUMMARY_MAX 8192

struct assay_format_style {
	enum assay_format format;
	bool compact; /* native and stoq on one line; the others always are what they are */
	bool colour;  /* tree */
};

/* False when there is no such format. */
bool assay_format_find(const char *name, enum assay_format *format);
/* Does the form need the parsed report (otherwise its bytes are enough)? */
bool assay_format_needs_tree(const struct assay_format_style *style);
/* Appends the report; `bytes` is the serialised one (native --compact is a copy of it), `report`
 * the same parsed, NULL when assay_format_needs_tree says so. E_LIMIT: did not fit into `out`. */
ASSAY_MUST_CHECK enum assay_status assay_format_write(const struct assay_format_style *style,
    const json_t *report, struct assay_slice bytes, struct assay_buf *out, struct assay_err *err);
/* Is colour wanted there: a terminal, no NO_COLOR, TERM is not "dumb"? */
bool assay_format_colour_wanted(int fd);

/* The forms, one file each (core/format_NAME.c). New references; never NULL. */
json_t *assay_format_summary(const json_t *report);
json_t *assay_format_stoq(const json_t *report);
json_t *assay_format_lines(const json_t *report); /* an array: one object per line */
void assay_format_tree(const json_t *report, bool colour, struct assay_buf *out);

#endif
