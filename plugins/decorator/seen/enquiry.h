/*
 * seen/enquiry.h - what the plugin is asked through its connector's `query`
 *
 *	{"want": "ask", "field", "values": [..]}
 *		a row {"value", "isnew", "last_seen"} each; value is the one form of it, null: it
 *		is none of that field
 *	{"want": "add", "field", "values": [..]}
 *		the same, as it was before; then they are kept
 *	{"want": "lookup", "field", "values": [..]}
 *		as ask, for keys that a mail server looks up (assay_values_asked); without "field"
 *		the first that is kept
 *	{"want": "stats"}	a row {"field", "file", ...} per field
 *	{"want": "export", "field", "file"}	a copy
 *	{"want": "merge", "field", "file"}	what a copy of another host has
 *	{"want": "repair"}	a row {"field", "aside"} per field that had to be made anew;
 *		aside: what becomes of an old one, or null
 *
 * E_USAGE: not a field that is kept, or an enquiry that makes no sense.
 */
#ifndef ASSAY_SEEN_ENQUIRY_H
#define ASSAY_SEEN_ENQUIRY_H

#include <jansson.h>

#include "seen/book.h"

enum assay_status assay_enquiry(struct assay_book *book, const json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err);
/* "2026-09"; 0: null. New reference. */
json_t *assay_enquiry_month(unsigned month);

#endif
