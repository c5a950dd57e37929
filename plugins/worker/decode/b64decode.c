/*
 * b64decode - what stands in base64 in a text, or as a whole payload, as children
 *
 * Runs of the alphabet are found in one pass, over line ends where the lines look like those of an
 * encoder. A run is believed when it decodes to something that is known or to text, or when it is
 * long: links are full of what only looks like base64. Touches nothing but the payload.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/base64.h"

#include "known.h"

#define LINE_LEAST 32u  /* characters of a line that goes on in the next */
#define WHOLE_LEAST 16u /* characters of a payload that is nothing else */
#define BELIEVED 4096u  /* characters of a run that need not be anything */
#define TRIED 340u      /* characters decoded to see what it is */

struct b64decode {
	size_t min_length, max;
};

/* A run: where it begins and ends, padding and line ends included. */
struct run {
	size_t start, end;
	size_t chars; /* of the alphabet */
};

static const struct assay_opt options[] = {
	{ "min_length", ASSAY_OPT_INT, "64", 16, 1 << 20, NULL,
	    "characters of base64 that are looked at, where it does not fill the payload" },
	{ "max", ASSAY_OPT_INT, "100", 1, 10000, NULL, "children of one payload" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "runs[].offset", ASSAY_INT, ASSAY_TECHNICAL, "where it begins" },
	{ "runs[].length", ASSAY_INT, ASSAY_TECHNICAL, "bytes it takes there" },
	{ "runs[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes, decoded" },
	{ "runs[].kind", ASSAY_STR, ASSAY_TECHNICAL,
	    "program, zip, pdf, ...: what it begins with; text; or data" },
	{ "runs[].payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "the decoded bytes" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "base64", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "runs[].kind",
	    "what a payload carries in base64: program, zip, ..., text, data" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* b64decode_open - reads the options */
static enum assay_status b64decode_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct b64decode *b = assay_xcalloc(1, sizeof(*b));

	(void)err;
	b->min_length = (size_t)assay_opt_int(opts, "min_length");
	b->max = (size_t)assay_opt_int(opts, "max");
	*state = b;
	return ASSAY_OK;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* is_base64 - of the alphabet, without padding */
static bool is_base64(char c)
{
	return assay_ascii_is_alnum((unsigned char)c) || c == '+' || c == '/';
}

/* line_at - characters of the alphabet from i on */
static size_t line_at(struct assay_slice s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && is_base64(s.p[i + n]))
		n++;
	return n;
}

/* is_quote - of a string in a program */
static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* next_string - behind the quotes that end a string of a program and begin the next, and what
 * joins them; i when that is not so */
static size_t next_string(struct assay_slice s, size_t i)
{
	static const char joins[] = " \t\r\n+&,._\\";
	size_t j = i + 1;

	while (j < s.n && memchr(joins, s.p[j], sizeof(joins) - 1) != NULL)
		j++;
	return j > i + 1 && j < s.n && s.p[j] == s.p[i] ? j + 1 : i;
}

/* next_line - behind white space with a line end in it; i when there is none */
static size_t next_line(struct assay_slice s, size_t i)
{
	size_t j = i;
	bool ended = false;

	for (; j < s.n && assay_ascii_is_space((unsigned char)s.p[j]); j++)
		ended |= s.p[j] == '\n' || s.p[j] == '\r';
	return ended ? j : i;
}

/* is_ended - does a line of an encoder end here, and no word of a text? */
static bool is_ended(struct assay_slice s, size_t i)
{
	static const char behind[] = "='\"<>);\\";

	return i == s.n || memchr(behind, s.p[i], sizeof(behind) - 1) != NULL ||
	    next_line(s, i) > i;
}

/* add_lines - the lines behind the first: all of one width, only the last may be shorter. The first
 * may be shorter too when it stands behind other things ("data:...;base64,"). Strings of a program
 * go on only where whole groups end: lists of keys are no file. */
static void add_lines(struct assay_slice s, struct run *r)
{
	const bool behind = r->start > 0 && s.p[r->start - 1] == ',';
	size_t width = r->chars, last = r->chars;

	for (size_t lines = 1;; lines++) {
		const bool quoted = r->end < s.n && is_quote(s.p[r->end]) && r->chars % 4 == 0;
		const size_t at = quoted ? next_string(s, r->end) : next_line(s, r->end);
		const size_t n = at > r->end ? line_at(s, at) : 0;

		if (lines == 1 && behind && n >= LINE_LEAST && n > width)
			width = last = n;
		if (n == 0 || last < width || n > width || width < LINE_LEAST ||
		    !is_ended(s, at + n))
			return;
		r->chars += n;
		r->end = at + n;
		last = n;
	}
}

/* next_run - the next one from *at on; false: there is none. Linear: a line is looked at twice at
 * most. */
static bool next_run(struct assay_slice s, size_t *at, struct run *r)
{
	size_t i = *at;

	while (i < s.n && !is_base64(s.p[i]))
		i++;
	if (i == s.n)
		return false;
	r->start = i;
	r->chars = line_at(s, i);
	r->end = i + r->chars;
	add_lines(s, r);
	for (unsigned pad = 0; pad < 2 && r->end < s.n && s.p[r->end] == '='; pad++)
		r->end++;
	*at = r->end;
	return true;
}

/* ---- believing ------------------------------------------------------------------------------- */

/* is_mixed - capitals, small letters, and digits, signs or padding: no word, no digest in hex */
static bool is_mixed(struct assay_slice s)
{
	unsigned seen = 0;

	for (size_t i = 0; i < s.n && seen != 7; i++) {
		const char c = s.p[i];

		if (assay_ascii_is_alpha((unsigned char)c))
			seen |= c <= 'Z' ? 1u : 2u;
		else if (is_base64(c) || c == '=')
			seen |= 4;
	}
	return seen == 7;
}

/* decode - appends at most out's maximum; what stands between two strings is left out */
static void decode(struct assay_slice s, struct assay_buf *out)
{
	bool between = false;
	struct assay_base64 r;
	struct assay_buf pieces;

	assay_buf_init(&pieces, s.n);
	for (size_t i = 0, n; i < s.n; i += n + 1, between = !between) {
		for (n = 0; i + n < s.n && !is_quote(s.p[i + n]);)
			n++;
		if (!between)
			assay_buf_add(&pieces, s.p + i, n);
	}
	assay_base64_decode(assay_buf_slice(&pieces), ASSAY_BASE64_STOP, out, &r);
	assay_buf_release(&pieces);
}

/* kind_of - what a run is; NULL: nothing that is believed */
static const char *kind_of(struct assay_slice text, const struct run *r, bool whole)
{
	const char *kind;
	struct assay_buf head;

	if (r->chars % 4 == 1 || !is_mixed(text))
		return NULL;
	assay_buf_init(&head, TRIED);
	decode(assay_slice_head(text, TRIED), &head);
	kind = assay_known_kind(assay_buf_slice(&head));
	assay_buf_release(&head);
	if (kind == NULL && (r->chars >= BELIEVED || (whole && r->chars >= WHOLE_LEAST)))
		kind = "data";
	return kind;
}

/* is_whole - is it all there is? */
static bool is_whole(struct assay_slice s, const struct run *r)
{
	return assay_slice_trim(assay_slice_head(s, r->start)).n == 0 &&
	    assay_slice_trim(assay_slice_from(s, r->end)).n == 0;
}

/* ---- the worker ------------------------------------------------------------------------------ */

/* add_run - decodes it; a row and a child */
static void add_run(struct assay_result *result, const struct assay_payload *payload,
    struct assay_slice text, const struct run *r, const char *kind)
{
	json_t *row = json_object(), *rows = json_object_get(assay_result_json(result), "runs");
	const size_t most = r->chars / 4 * 3 + 3;
	const char *id = NULL;
	struct assay_buf out;
	size_t n;
	char *p;

	if (rows == NULL)
		json_object_set_new_nocheck(assay_result_json(result), "runs", rows = json_array());
	json_object_set_new_nocheck(row, "offset", json_integer((json_int_t)r->start));
	json_object_set_new_nocheck(row, "length", json_integer((json_int_t)text.n));
	json_object_set_new_nocheck(row, "kind", assay_json_str(kind));
	if (assay_known_fits(result, most)) {
		assay_buf_init(&out, most);
		decode(text, &out);
		p = assay_buf_steal(&out, &n);
		json_object_set_new_nocheck(row, "size", json_integer((json_int_t)n));
		id = assay_known_child(result, payload, assay_slice(p, n), r->start);
	}
	json_object_set_new_nocheck(row, "payload_id", assay_json_str(id));
	json_array_append_new(rows, row);
}

/* b64decode_scan - a payload */
static enum assay_status b64decode_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct b64decode *b = state;
	const struct assay_slice bytes = assay_payload_bytes(payload);
	bool first = true;
	size_t at = 0, n = 0;
	struct run r;

	(void)err;
	for (; next_run(bytes, &at, &r); first = false) {
		const struct assay_slice text = assay_slice(bytes.p + r.start, r.end - r.start);
		const bool whole = first && is_whole(bytes, &r);
		const char *kind;

		if (r.chars < (whole ? WHOLE_LEAST : b->min_length))
			continue;
		kind = kind_of(text, &r, whole);
		if (kind == NULL)
			continue;
		if (n == b->max) {
			assay_result_limit(result, "b64decode_max", n + 1, n, true);
			return ASSAY_OK;
		}
		add_run(result, payload, text, &r, kind);
		n++;
	}
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = b64decode_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "b64decode",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "what stands in base64 in a text, or as a whole payload",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = b64decode_open,
	.close = free,
	.worker = &worker,
};
