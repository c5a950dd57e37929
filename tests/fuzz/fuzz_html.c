/* rooms: text base */
/*
 * fuzz target of html, entity, links: tokens cover the input without gaps or overlap, their slices
 * lie inside them, what the walker gives is valid UTF-8 within its maxima.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/entity.h"
#include "text/html.h"
#include "text/links.h"
#include "text/url.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* inside - is s absent, or within in[from, to)? */
static bool inside(struct assay_slice in, struct assay_slice s, size_t from, size_t to)
{
	return s.p == NULL || s.n == 0 || (s.p >= in.p + from && s.p + s.n <= in.p + to);
}

/* tokens_hold - the tokenizer, with and without open conditionals */
static void tokens_hold(struct assay_slice in, bool open)
{
	struct assay_html_token t;
	struct assay_html h;
	size_t at = 0;

	assay_html_init(&h, in);
	h.open_conditionals = open;
	while (assay_html_next(&h, &t)) {
		ASSAY_ASSERT(t.offset == at && t.end > at && t.end <= in.n);
		ASSAY_ASSERT(inside(in, t.text, t.offset, t.end));
		ASSAY_ASSERT(inside(in, t.name, 0, t.end) && t.nattr <= ASSAY_HTML_ATTRS);
		for (size_t i = 0; i < t.nattr; i++)
			ASSAY_ASSERT(t.attr[i].name.n > 0 &&
			    inside(in, t.attr[i].name, at, t.end) &&
			    inside(in, t.attr[i].value, at, t.end));
		ASSAY_ASSERT(open || !h.conditional);
		at = t.end;
	}
	ASSAY_ASSERT(at == in.n);
}

static bool link_holds(void *user, const struct assay_links_link *l)
{
	size_t *count = user;

	++*count;
	ASSAY_ASSERT(l->url.n > 0 && l->url.n <= ASSAY_URL_MAX && assay_utf8_is_valid(l->url));
	ASSAY_ASSERT(memchr(l->url.p, '\n', l->url.n) == NULL);
	ASSAY_ASSERT(l->display.n <= ASSAY_LINKS_DISPLAY_MAX && assay_utf8_is_valid(l->display));
	ASSAY_ASSERT(assay_links_kind_name(l->kind) != NULL);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice in = { (const char *)data, size };
	struct assay_buf text, title;
	struct assay_links r;
	size_t count = 0;
	const struct assay_links_sink sink = { link_holds, &count, &text, &title };

	tokens_hold(in, false);
	tokens_hold(in, true);
	assay_buf_init(&text, size);
	assay_buf_init(&title, 100);
	assay_links_walk(in, &sink, &r);
	ASSAY_ASSERT(r.links == count);
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&text)));
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&title)));
	assay_buf_clear(&text);
	/* No reference is shorter than what it stands for. */
	ASSAY_ASSERT(assay_entity_decode(in, true, &text));
	assay_buf_clear(&text);
	ASSAY_ASSERT(assay_entity_decode(in, false, &text));
	assay_buf_release(&text);
	assay_buf_release(&title);
	return 0;
}
