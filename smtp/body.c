/*
 * body - the texts a reader sees; see body.h
 *
 * A text that is valid UTF-8 already is not copied. Conversion is bounded by four times the input;
 * what the document keeps is bounded by the limit body_text_kept. Cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/utf8.h"

#include "body.h"
#include "scan.h"

/* assay_body_is_inline - a text part without a name that is not declared an attachment */
bool assay_body_is_inline(const struct assay_part *part, bool *html)
{
	const struct assay_entity *e = &part->entity;

	*html = assay_slice_is(e->content_type, "text/html") ||
	    assay_slice_is(e->content_type, "application/xhtml+xml");
	if (part->blob || e->nname > 0 || assay_slice_is(e->disposition, "attachment"))
		return false;
	return *html || e->content_type.n == 0 || assay_slice_is(e->content_type, "text/plain") ||
	    assay_slice_is(e->content_type, "text");
}

/* replaces - is the candidate preferred to what was chosen before? */
static bool replaces(const struct assay_part *have, const struct assay_part *candidate)
{
	if (have == NULL)
		return true;
	return have->parent != NULL && have->parent == candidate->parent &&
	    assay_slice_is(have->parent->entity.content_type, "multipart/alternative");
}

/* assay_body_choose - the first, and the last inside one alternative */
void assay_body_choose(struct assay_scan *scan)
{
	for (size_t i = 0; i < scan->walk.primary; i++) {
		struct assay_part *part = scan->walk.part[i];
		struct assay_scan_body *body;
		bool html;

		if (part->reading != NULL || !assay_walk_is_leaf(part) ||
		    !assay_body_is_inline(part, &html))
			continue;
		body = html ? &scan->html : &scan->plain;
		if (replaces(body->part, part)) {
			if (body->part != NULL)
				body->part->shown = false;
			body->part = part;
			part->shown = true;
		}
	}
}

/* to_utf8 - the text of some bytes, in `text` unless the bytes serve themselves */
static struct assay_slice to_utf8(struct assay_scan *scan, const struct assay_part *part,
    struct assay_slice bytes, struct assay_buf *text)
{
	struct assay_charset_guess guess;
	const char *name = assay_charset_name(part->entity.charset);
	bool plain = name == NULL || strcmp(name, "utf-8") == 0 || strcmp(name, "us-ascii") == 0 ||
	    strcmp(name, "windows-1252") == 0;

	if (plain && assay_utf8_prefix(bytes) == bytes.n &&
	    memchr(bytes.p != NULL ? bytes.p : "", '\0', bytes.n) == NULL)
		return bytes;
	assay_charset_decode_guess(part->entity.charset, bytes, text, &guess);
	if (!guess.known && part->entity.charset.n > 0)
		assay_defect_add(&scan->defects, "unknown-charset", part->bytes.p, part->place,
		    part->entity.charset);
	else if (guess.known && !guess.declared)
		assay_defect_add(&scan->defects, "wrong-charset", part->bytes.p, part->place,
		    part->entity.charset);
	return assay_buf_slice(text);
}

/* keep_text - what the document and the traits need of a shown text, in the arena */
static void keep_text(
    struct assay_scan *scan, struct assay_scan_body *body, struct assay_slice text)
{
	uint64_t max = assay_result_allowed(scan->result, "body_text_kept");

	if (text.n > max) {
		assay_result_limit(scan->result, "body_text_kept", text.n, max, false);
		text = assay_slice_head(text, assay_utf8_cut(text, (size_t)max));
	}
	body->text = assay_arena_slice(scan->arena, text);
}

/* has_links - a text whose links a reader can follow, shown at once or when it is opened */
static bool has_links(const struct assay_part *part, bool *html)
{
	const struct assay_slice type = part->entity.content_type;

	if (assay_body_is_inline(part, html))
		return true;
	return !part->blob &&
	    (*html || assay_slice_is(type, "text/plain") || assay_slice_is(type, "text/calendar"));
}

/* assay_body_read - URLs of a text; the text itself when it is shown */
void assay_body_read(struct assay_scan *scan, struct assay_part *part, struct assay_slice bytes)
{
	struct assay_slice text;
	struct assay_buf buf;
	bool html;

	if (!has_links(part, &html))
		return;
	assay_buf_init(&buf, bytes.n * 4 + 16);
	text = to_utf8(scan, part, bytes, &buf);
	if (html)
		assay_urls_html(scan, text, part->shown);
	else
		assay_urls_text(scan, text);
	if (part->shown)
		keep_text(scan, html ? &scan->html : &scan->plain, text);
	assay_buf_release(&buf);
}

/* assay_body_report - body and body_html */
void assay_body_report(struct assay_scan *scan)
{
	assay_scan_set(scan, "body",
	    scan->plain.part != NULL ? assay_json_text(scan->plain.text.p, scan->plain.text.n)
				     : json_null());
	assay_scan_set(scan, "body_html",
	    scan->html.part != NULL ? assay_json_text(scan->html.text.p, scan->html.text.n)
				    : json_null());
}
