/* rooms: core text base */
/*
 * fuzz_format.c - any JSON object as a report, in every form
 *
 * The JSON forms must be JSON again and the summary within its bound; the tree must be valid UTF-8
 * without a control or a hidden character other than the line feed (and our own colours).
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/format.h"
#include "core/json.h"
#include "text/printable.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_tree - nothing in it can command a terminal */
static void check_tree(const json_t *report)
{
	struct assay_buf out;
	struct assay_slice s;

	assay_buf_init(&out, (size_t)1 << 22);
	assay_format_tree(report, false, &out);
	ASSAY_ASSERT(!out.full);
	for (s = assay_buf_slice(&out); s.n > 0;) {
		uint32_t cp;
		size_t n = assay_utf8_decode(s, &cp);

		ASSAY_ASSERT(cp == '\n' || !assay_printable_is_hidden(cp));
		s = assay_slice_from(s, n);
	}
	assay_buf_clear(&out);
	assay_format_tree(report, true, &out);
	assay_buf_release(&out);
}

/* check_lines - each line is JSON of one object */
static void check_lines(struct assay_slice text)
{
	struct assay_slice line;
	json_t *value;

	while (assay_slice_split(&text, '\n', &line)) {
		if (line.n == 0)
			continue;
		ASSAY_ASSERT(assay_json_parse(line, &value, NULL) == ASSAY_OK);
		ASSAY_ASSERT(json_is_object(value));
		json_decref(value);
	}
}

/* check_json - a form that is JSON, one object on each line */
static void check_json(const json_t *report, enum assay_format format)
{
	struct assay_format_style style = { format, true, false };
	struct assay_buf out;

	assay_buf_init(&out, (size_t)1 << 26);
	ASSAY_ASSERT(
	    assay_format_write(&style, report, ASSAY_SLICE_LIT("{}"), &out, NULL) == ASSAY_OK);
	if (format == ASSAY_FORMAT_SUMMARY)
		ASSAY_ASSERT(out.n <= ASSAY_FORMAT_SUMMARY_MAX);
	check_lines(assay_buf_slice(&out));
	assay_buf_release(&out);
}

/* LLVMFuzzerTestOneInput - all forms of one report */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *report;

	if (size > 65536 ||
	    assay_json_parse(assay_slice((const char *)data, size), &report, NULL) != ASSAY_OK)
		return 0;
	check_tree(report);
	check_json(report, ASSAY_FORMAT_SUMMARY);
	check_json(report, ASSAY_FORMAT_STOQ);
	check_json(report, ASSAY_FORMAT_LINES);
	json_decref(report);
	return 0;
}
