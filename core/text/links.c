/*
 * text/links.c - see links.h. One pass over the tokens; all that is kept is the link being read
 * (bounded) and the output buffers of the caller. HTML inside srcdoc is walked as well, one level
 * deep.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/css.h"
#include "text/entity.h"
#include "text/html.h"
#include "text/links.h"
#include "text/url.h"
#include "text/utf8.h"

#define VALUE_MAX (4 * ASSAY_URL_MAX) /* bytes of an attribute that are decoded */
#define DEPTH_MAX 2

/* What an attribute may hold. */
enum holds { NOTHING, URL, SRCSET, CSS, SCRIPT, SRCDOC };

struct walk {
	const struct assay_links_sink *sink;
	struct assay_links *result;
	struct assay_html html;
	const struct assay_html_token *tok;
	unsigned depth;
	bool stopped;
	bool space;   /* white space is due before the next visible text */
	bool in_link; /* between <a href> and </a> */
	bool display_space;
	struct assay_links_link link; /* the one being read; its url is in href */
	struct assay_buf href, display, alt, value, url;
	enum assay_links_kind script_kind; /* of URLs found by the scanner */
};

static void walk_html(struct walk *w, struct assay_slice html);

/* assay_links_kind_name - as the report writes it */
const char *assay_links_kind_name(enum assay_links_kind kind)
{
	static const char *const names[] = {
		[ASSAY_LINKS_HREF] = "href",
		[ASSAY_LINKS_SRC] = "src",
		[ASSAY_LINKS_SRCSET] = "srcset",
		[ASSAY_LINKS_FORM] = "form",
		[ASSAY_LINKS_CSS] = "css",
		[ASSAY_LINKS_META] = "meta",
		[ASSAY_LINKS_LINK] = "link",
		[ASSAY_LINKS_BASE] = "base",
		[ASSAY_LINKS_SCRIPT] = "script",
		[ASSAY_LINKS_OTHER] = "other",
	};

	return names[kind];
}

/* clean_url - strip as browsers do and make valid UTF-8, into out (cleared) */
static void clean_url(struct assay_slice raw, struct assay_buf *out)
{
	struct assay_buf stripped;

	assay_buf_init(&stripped, VALUE_MAX);
	assay_buf_clear(out);
	(void)assay_url_strip(raw, &stripped);
	(void)assay_utf8_clean(assay_buf_slice(&stripped), out);
	assay_buf_release(&stripped);
}

/* give - report a link that is complete */
static void give(struct walk *w, const struct assay_links_link *link)
{
	w->result->links++;
	if (w->sink->link != NULL && !w->stopped && !w->sink->link(w->sink->user, link))
		w->stopped = true;
}

/* give_url - report a URL that stands by itself; raw is decoded already */
static void give_url(struct walk *w, enum assay_links_kind kind, struct assay_slice raw)
{
	struct assay_links_link link = {
		.kind = kind,
		.tag = w->tok->name,
		.display = ASSAY_SLICE_NONE,
		.offset = w->tok->offset,
		.conditional = w->html.conditional,
	};

	clean_url(raw, &w->url);
	link.url = assay_buf_slice(&w->url);
	link.cut = w->url.full;
	if (link.url.n > 0)
		give(w, &link);
}

/* end_link - </a>, or what ends a link without it */
static void end_link(struct walk *w)
{
	if (!w->in_link)
		return;
	w->in_link = false;
	w->link.url = assay_buf_slice(&w->href);
	w->link.display = assay_buf_slice(w->display.n > 0 ? &w->display : &w->alt);
	give(w, &w->link);
}

/* begin_link - <a href> */
static void begin_link(struct walk *w, struct assay_slice raw)
{
	end_link(w);
	clean_url(raw, &w->href);
	assay_buf_clear(&w->display);
	assay_buf_clear(&w->alt);
	w->display_space = false;
	w->in_link = w->href.n > 0;
	w->link = (struct assay_links_link){
		.kind = ASSAY_LINKS_HREF,
		.tag = w->tok->name,
		.offset = w->tok->offset,
		.conditional = w->html.conditional,
		.cut = w->href.full,
	};
}

/* put - a run of visible text without white space into one of the buffers */
static void put(struct assay_buf *b, bool *space, struct assay_slice run)
{
	if (b == NULL || b->full)
		return;
	if (*space && b->n > 0 && b->p[b->n - 1] != '\n')
		(void)assay_buf_add_char(b, ' ');
	*space = false;
	(void)assay_utf8_clean(run, b);
}

/* show - visible text, references decoded: white space collapses, NUL vanishes as in browsers */
static void show(struct walk *w, struct assay_slice s)
{
	struct assay_buf *text = w->html.conditional ? NULL : w->sink->text;

	while (s.n > 0) {
		size_t run = 0;

		while (
		    run < s.n && !assay_ascii_is_space((unsigned char)s.p[run]) && s.p[run] != '\0')
			run++;
		if (run > 0) {
			put(text, &w->space, assay_slice_head(s, run));
			if (w->in_link)
				put(&w->display, &w->display_space, assay_slice_head(s, run));
		}
		if (run < s.n && s.p[run] != '\0')
			w->space = w->display_space = true;
		s = assay_slice_from(s, run + 1);
	}
}

/* text - character data: shown piece by piece between its references */
static void text(struct walk *w, struct assay_slice s)
{
	while (s.n > 0) {
		const size_t plain = assay_slice_find(s, '&');
		size_t used, n;
		char c[8];

		show(w, assay_slice_head(s, plain));
		s = assay_slice_from(s, plain);
		if (s.n == 0)
			return;
		used = assay_entity_match(s, false, c, &n);
		show(w, used > 0 ? assay_slice(c, n) : ASSAY_SLICE_LIT("&"));
		s = assay_slice_from(s, used > 0 ? used : 1);
	}
}

/* new_line - a block begins or ends */
static void new_line(struct walk *w)
{
	struct assay_buf *b = w->sink->text;

	w->space = false;
	w->display_space = true;
	if (b != NULL && b->n > 0 && b->p[b->n - 1] != '\n' && !w->html.conditional)
		(void)assay_buf_add_char(b, '\n');
}

/* css_url - a URL of a style sheet */
static bool css_url(void *user, struct assay_slice url)
{
	struct walk *w = user;

	give_url(w, ASSAY_LINKS_CSS, url);
	return !w->stopped;
}

/* css - the URLs of a style element or attribute */
static void css(struct walk *w, struct assay_slice s)
{
	const struct assay_css_sink sink = { css_url, w };

	assay_css_scan(s, &sink);
}

/* script_hit - a URL written in a script */
static bool script_hit(void *user, const struct assay_url_hit *hit)
{
	struct walk *w = user;

	give_url(w, w->script_kind, hit->url);
	return !w->stopped;
}

/* script - URLs that a script, or text that is not shown, writes out */
static void script(struct walk *w, struct assay_slice s, enum assay_links_kind kind)
{
	const struct assay_url_sink sink = { script_hit, w };

	w->script_kind = kind;
	(void)assay_url_scan(s, 0, &sink);
}

/* srcset - "a.png 1x, b.png 2x" */
static void srcset(struct walk *w, struct assay_slice s)
{
	while (s.n > 0) {
		size_t run = 0, more;

		while (s.n > 0 && (assay_ascii_is_space((unsigned char)s.p[0]) || s.p[0] == ','))
			s = assay_slice_from(s, 1);
		while (run < s.n && !assay_ascii_is_space((unsigned char)s.p[run]))
			run++;
		more = run;
		while (run > 0 && s.p[run - 1] == ',')
			run--;
		if (run > 0)
			give_url(w, ASSAY_LINKS_SRCSET, assay_slice_head(s, run));
		/* Only a comma that is no part of the URL ends the candidate with it. */
		if (run == more)
			more += assay_slice_find(assay_slice_from(s, more), ',');
		s = assay_slice_from(s, more);
	}
}

/* refresh - "0; url='...'" of a meta element */
static void refresh(struct walk *w, struct assay_slice s)
{
	s = assay_slice_trim(s);
	while (s.n > 0 && (assay_ascii_is_digit((unsigned char)s.p[0]) || s.p[0] == '.'))
		s = assay_slice_from(s, 1);
	while (s.n > 0 &&
	    (assay_ascii_is_space((unsigned char)s.p[0]) || s.p[0] == ';' || s.p[0] == ','))
		s = assay_slice_from(s, 1);
	if (assay_slice_casestarts(s, "url")) {
		struct assay_slice behind = assay_slice_trim(assay_slice_from(s, 3));

		if (behind.n > 0 && behind.p[0] == '=')
			s = assay_slice_trim(assay_slice_from(behind, 1));
	}
	if (s.n > 0 && (s.p[0] == '"' || s.p[0] == '\'')) {
		const char quote = s.p[0];

		s = assay_slice_from(s, 1);
		s = assay_slice_head(s, assay_slice_find(s, quote));
	}
	give_url(w, ASSAY_LINKS_META, s);
}

/* srcdoc - a whole document in an attribute */
static void srcdoc(struct walk *w, struct assay_slice html)
{
	struct walk inner = { .sink = w->sink, .result = w->result, .depth = w->depth + 1 };

	if (inner.depth < DEPTH_MAX)
		walk_html(&inner, html);
	w->stopped |= inner.stopped;
}

struct attribute {
	const char *name;
	enum holds holds;
	enum assay_links_kind kind;
};

/* Sorted by name. */
static const struct attribute attributes[] = {
	{ "action", URL, ASSAY_LINKS_FORM },
	{ "background", URL, ASSAY_LINKS_SRC },
	{ "cite", URL, ASSAY_LINKS_OTHER },
	{ "codebase", URL, ASSAY_LINKS_SRC },
	{ "data", URL, ASSAY_LINKS_SRC },
	{ "dynsrc", URL, ASSAY_LINKS_SRC },
	{ "formaction", URL, ASSAY_LINKS_FORM },
	{ "href", URL, ASSAY_LINKS_OTHER },
	{ "imagesrcset", SRCSET, ASSAY_LINKS_SRCSET },
	{ "longdesc", URL, ASSAY_LINKS_OTHER },
	{ "lowsrc", URL, ASSAY_LINKS_SRC },
	{ "manifest", URL, ASSAY_LINKS_OTHER },
	{ "ping", URL, ASSAY_LINKS_OTHER },
	{ "poster", URL, ASSAY_LINKS_SRC },
	{ "profile", URL, ASSAY_LINKS_OTHER },
	{ "src", URL, ASSAY_LINKS_SRC },
	{ "srcdoc", SRCDOC, ASSAY_LINKS_SRC },
	{ "srcset", SRCSET, ASSAY_LINKS_SRCSET },
	{ "style", CSS, ASSAY_LINKS_CSS },
	{ "xlink:href", URL, ASSAY_LINKS_OTHER },
};

/* by_name - order of attributes; the key is a slice */
static int by_name(const void *key, const void *row)
{
	const struct assay_slice *k = key;
	const char *name = ((const struct attribute *)row)->name;

	for (size_t i = 0; i < k->n; i++) {
		const int order =
		    assay_ascii_lower((unsigned char)k->p[i]) - (unsigned char)name[i];

		/* A NUL in the key must not run past the end of the name. */
		if (order != 0 || name[i] == '\0')
			return order != 0 ? order : 1;
	}
	return name[k->n] != '\0' ? -1 : 0;
}

/* href_kind - what an href leads to depends on the element */
static enum assay_links_kind href_kind(struct assay_slice tag)
{
	if (assay_slice_caseis(tag, "a") || assay_slice_caseis(tag, "area"))
		return ASSAY_LINKS_HREF;
	if (assay_slice_caseis(tag, "link"))
		return ASSAY_LINKS_LINK;
	if (assay_slice_caseis(tag, "base"))
		return ASSAY_LINKS_BASE;
	if (assay_slice_caseis(tag, "image") || assay_slice_caseis(tag, "use") ||
	    assay_slice_caseis(tag, "v:fill") || assay_slice_caseis(tag, "v:image"))
		return ASSAY_LINKS_SRC;
	/* VML buttons (v:roundrect and others) are clicked in Outlook. */
	return tag.n > 2 && tag.p[1] == ':' ? ASSAY_LINKS_HREF : ASSAY_LINKS_OTHER;
}

/* decoded - an attribute's value with its references decoded; in w->value */
static struct assay_slice decoded(struct walk *w, struct assay_slice raw)
{
	assay_buf_clear(&w->value);
	(void)assay_entity_decode(assay_slice_head(raw, 4 * (size_t)VALUE_MAX), true, &w->value);
	return assay_buf_slice(&w->value);
}

/* attribute_url - a value that is one URL */
static void attribute_url(struct walk *w, const struct attribute *a, struct assay_slice value)
{
	enum assay_links_kind kind = a->kind;

	if (assay_ascii_lower(a->name[0]) == 'h' || a->name[0] == 'x')
		kind = href_kind(w->tok->name);
	if (kind == ASSAY_LINKS_HREF && assay_slice_caseis(w->tok->name, "a"))
		begin_link(w, value);
	else
		give_url(w, kind, value);
}

/* attribute - look into one attribute of a start tag */
static void attribute(struct walk *w, const struct assay_html_attr *attr)
{
	const struct attribute *a;
	struct assay_slice value;

	if (attr->value.n == 0)
		return;
	if (attr->name.n > 2 && assay_slice_casestarts(attr->name, "on")) {
		script(w, decoded(w, attr->value), ASSAY_LINKS_SCRIPT);
		return;
	}
	a = bsearch(&attr->name, attributes, sizeof attributes / sizeof attributes[0],
	    sizeof attributes[0], by_name);
	if (a == NULL)
		return;
	value = decoded(w, attr->value);
	switch (a->holds) {
	case URL:
		attribute_url(w, a, value);
		break;
	case SRCSET:
		srcset(w, value);
		break;
	case CSS:
		css(w, value);
		break;
	case SRCDOC:
		srcdoc(w, value);
		break;
	default:
		break;
	}
}

/* is_block - does this element begin a new line? */
static bool is_block(struct assay_slice name)
{
	static const char *const blocks[] = { "br", "p", "div", "tr", "li", "ul", "ol", "hr", "dt",
		"dd", "dl", "pre", "table", "form", "title", "body", "head", "center", "option",
		"header", "footer", "section", "article", "blockquote", "textarea" };

	const int first = name.n > 0 ? assay_ascii_lower((unsigned char)name.p[0]) : 0;

	if (name.n == 2 && first == 'h')
		return true;
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
		if (first == blocks[i][0] && assay_slice_caseis(name, blocks[i]))
			return true;
	return false;
}

/* count - elements the report speaks of */
static void count(struct walk *w, const struct assay_html_token *tok)
{
	struct assay_links *r = w->result;

	if (assay_slice_caseis(tok->name, "form"))
		r->forms++;
	else if (assay_slice_caseis(tok->name, "script"))
		r->scripts++;
	else if (assay_slice_caseis(tok->name, "img"))
		r->images++;
	else if (!assay_slice_caseis(tok->name, "input"))
		return;
	else if (assay_slice_caseis(assay_slice_trim(assay_html_attr(tok, "type")), "password"))
		r->passwords++;
	else if (!assay_slice_caseis(assay_html_attr(tok, "type"), "hidden"))
		r->inputs++;
}

/* first_of_name - is attribute i not a repetition (which browsers ignore)? */
static bool first_of_name(const struct assay_html_token *tok, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (assay_slice_caseeq(tok->attr[k].name, tok->attr[i].name))
			return false;
	return true;
}

/* start - a start tag */
static void start(struct walk *w, const struct assay_html_token *tok)
{
	const bool meta = assay_slice_caseis(tok->name, "meta");

	count(w, tok);
	if (is_block(tok->name))
		new_line(w);
	else if (assay_slice_caseis(tok->name, "td") || assay_slice_caseis(tok->name, "th"))
		w->space = w->display_space = true;
	for (size_t i = 0; i < tok->nattr && !w->stopped; i++)
		if (first_of_name(tok, i))
			attribute(w, &tok->attr[i]);
	if (meta &&
	    assay_slice_caseis(assay_slice_trim(assay_html_attr(tok, "http-equiv")), "refresh"))
		refresh(w, decoded(w, assay_html_attr(tok, "content")));
	if (w->in_link && w->alt.n == 0 && assay_slice_caseis(tok->name, "img"))
		(void)assay_utf8_clean(decoded(w, assay_html_attr(tok, "alt")), &w->alt);
}

/* raw - the content of script, style, title ... */
static void raw(struct walk *w, const struct assay_html_token *tok)
{
	if (assay_slice_caseis(tok->name, "style")) {
		css(w, tok->text);
	} else if (assay_slice_caseis(tok->name, "title")) {
		if (w->sink->title != NULL && w->sink->title->n == 0) {
			const struct assay_slice title = assay_slice_trim(decoded(w, tok->text));

			(void)assay_utf8_clean(title, w->sink->title);
		}
	} else if (tok->type == ASSAY_HTML_RCDATA) {
		text(w, tok->text);
	} else {
		script(w, tok->text, ASSAY_LINKS_SCRIPT);
	}
}

/* token - one token of the document */
static void token(struct walk *w, const struct assay_html_token *tok)
{
	switch (tok->type) {
	case ASSAY_HTML_TEXT:
		text(w, tok->text);
		break;
	case ASSAY_HTML_RAW:
	case ASSAY_HTML_RCDATA:
		raw(w, tok);
		break;
	case ASSAY_HTML_START:
		start(w, tok);
		break;
	case ASSAY_HTML_END:
		if (assay_slice_caseis(tok->name, "a"))
			end_link(w);
		else if (is_block(tok->name))
			new_line(w);
		break;
	case ASSAY_HTML_COMMENT:
		w->result->comments++;
		break;
	default:
		break;
	}
}

/* walk_html - one document */
static void walk_html(struct walk *w, struct assay_slice html)
{
	struct assay_html_token tok;

	assay_buf_init(&w->href, ASSAY_URL_MAX);
	assay_buf_init(&w->display, ASSAY_LINKS_DISPLAY_MAX);
	assay_buf_init(&w->alt, ASSAY_LINKS_DISPLAY_MAX);
	assay_buf_init(&w->value, VALUE_MAX);
	assay_buf_init(&w->url, ASSAY_URL_MAX);
	assay_html_init(&w->html, html);
	w->html.open_conditionals = true;
	w->tok = &tok;
	while (!w->stopped && assay_html_next(&w->html, &tok))
		token(w, &tok);
	end_link(w);
	assay_buf_release(&w->href);
	assay_buf_release(&w->display);
	assay_buf_release(&w->alt);
	assay_buf_release(&w->value);
	assay_buf_release(&w->url);
}

/* assay_links_walk - all of a body */
void assay_links_walk(
    struct assay_slice html, const struct assay_links_sink *sink, struct assay_links *result)
{
	struct walk w = { .sink = sink, .result = result };

	*result = (struct assay_links){ 0 };
	walk_html(&w, html);
	result->text_cut = sink->text != NULL && sink->text->full;
}
