/*
 * core/format.c - see format.h. Chooses the form and writes its lines; opens nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/format.h"
#include "core/json.h"
#include "core/view.h"

/* assay_format_find - by name */
bool assay_format_find(const char *name, enum assay_format *format)
{
	struct assay_slice rest = ASSAY_SLICE_LIT(ASSAY_FORMAT_NAMES), word;
	unsigned i = 0;

	for (; assay_slice_split(&rest, '|', &word); i++) {
		if (assay_slice_is(word, name)) {
			*format = (enum assay_format)i;
			return true;
		}
	}
	return false;
}

/* assay_format_needs_tree - all but the report as it is */
bool assay_format_needs_tree(const struct assay_format_style *style)
{
	return style->format != ASSAY_FORMAT_NATIVE || !style->compact;
}

/* assay_format_colour_wanted - https://no-color.org */
bool assay_format_colour_wanted(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) != 0 && (no == NULL || no[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

/* add_line - one value on one line */
static void add_line(const json_t *value, struct assay_buf *out)
{
	(void)assay_json_write(value, ASSAY_JSON_COMPACT, out);
	(void)assay_buf_add_char(out, '\n');
}

/* add_document - a value in the style wanted; takes it */
static void add_document(json_t *value, bool compact, struct assay_buf *out)
{
	(void)assay_json_write(value, compact ? ASSAY_JSON_COMPACT : ASSAY_JSON_INDENTED, out);
	(void)assay_buf_add_char(out, '\n');
	json_decref(value);
}

/* add_lines - each member of an array on a line; takes it */
static void add_lines(json_t *array, struct assay_buf *out)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		add_line(json_array_get(array, i), out);
	json_decref(array);
}

/* add_payloads - the report of each payload, on a line */
static void add_payloads(const json_t *report, struct assay_buf *out)
{
	const json_t *results = json_object_get(report, "results");

	for (size_t i = 0; i < json_array_size(results); i++) {
		const char *id = assay_json_get_str(json_array_get(results, i), "payload_id");
		json_t *view = id != NULL ? assay_view_subtree(report, id) : NULL;

		if (view != NULL)
			add_document(view, true, out);
	}
}

/* add_native - the report's own bytes, or indented */
static void add_native(const struct assay_format_style *style, const json_t *report,
    struct assay_slice bytes, struct assay_buf *out)
{
	if (style->compact)
		(void)assay_buf_add_slice(out, bytes);
	else
		(void)assay_json_write(report, ASSAY_JSON_INDENTED, out);
	(void)assay_buf_add_char(out, '\n');
}

/* assay_format_write - the report in one form */
enum assay_status assay_format_write(const struct assay_format_style *style, const json_t *report,
    struct assay_slice bytes, struct assay_buf *out, struct assay_err *err)
{
	switch (style->format) {
	case ASSAY_FORMAT_NATIVE:
		add_native(style, report, bytes, out);
		break;
	case ASSAY_FORMAT_SUMMARY:
		add_document(assay_format_summary(report), true, out);
		break;
	case ASSAY_FORMAT_STOQ:
		add_document(assay_format_stoq(report), style->compact, out);
		break;
	case ASSAY_FORMAT_LINES:
		add_lines(assay_format_lines(report), out);
		break;
	case ASSAY_FORMAT_SPLIT:
		add_lines(assay_view_split(report), out);
		break;
	case ASSAY_FORMAT_PAYLOADS:
		add_payloads(report, out);
		break;
	case ASSAY_FORMAT_TREE:
		assay_format_tree(report, style->colour, out);
		break;
	}
	if (out->full)
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "the report does not fit into %zu bytes in this form; use --compact", out->max);
	return ASSAY_OK;
}
