/*
 * text/html.c - see html.h. The states of the standard are folded into a few scanning functions;
 * whatever has no end goes on to the end of the input, as in browsers, so nothing is read twice.
 */
#include <string.h>

#include "base/slice.h"
#include "text/html.h"

#define CONDITION_MAX 256 /* of `[if ...]` */

/* assay_html_init - begin at the front, in ordinary text */
void assay_html_init(struct assay_html *h, struct assay_slice in)
{
	*h = (struct assay_html){ .in = in };
}

/* rest - what is left from position i */
static struct assay_slice rest(const struct assay_html *h, size_t i)
{
	return assay_slice(h->in.p + i, h->in.n - i);
}

/* find - position of c at or behind i, or the end */
static size_t find(const struct assay_html *h, size_t i, char c)
{
	const char *p = i < h->in.n ? memchr(h->in.p + i, c, h->in.n - i) : NULL;

	return p != NULL ? (size_t)(p - h->in.p) : h->in.n;
}

/* is_space - white space of HTML */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* raw_type - is the content of this element read as something other than markup? */
static bool raw_type(struct assay_slice name, enum assay_html_type *type)
{
	static const char *const raw[] = { "script", "style", "xmp", "iframe", "noembed",
		"noframes", "plaintext" };

	/* All of them have 3 to 9 letters, and begin with one of these. */
	if (name.n < 3 || name.n > 9 || strchr("sSxXiInNpPtT", name.p[0]) == NULL)
		return false;
	*type = ASSAY_HTML_RCDATA;
	if (assay_slice_caseis(name, "title") || assay_slice_caseis(name, "textarea"))
		return true;
	*type = ASSAY_HTML_RAW;
	for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++)
		if (assay_slice_caseis(name, raw[i]))
			return true;
	return false;
}

/* is_end_of - does `</name` with a delimiter behind it stand at s? */
static bool is_end_of(struct assay_slice s, struct assay_slice name)
{
	const struct assay_slice at = assay_slice_head(assay_slice_from(s, 2), name.n);
	const size_t behind = name.n + 2;

	if (s.n < 2 || s.p[1] != '/' || !assay_slice_caseeq(at, name))
		return false;
	return behind >= s.n || is_space(s.p[behind]) || s.p[behind] == '/' || s.p[behind] == '>';
}

/* raw_content - up to the end tag of the raw text element; false when there is no content */
static bool raw_content(struct assay_html *h, struct assay_html_token *tok)
{
	const struct assay_slice name = h->raw;
	const bool endless = assay_slice_caseis(name, "plaintext");
	size_t i = h->at;

	for (; i < h->in.n; i++) {
		i = endless ? h->in.n : find(h, i, '<');
		if (i >= h->in.n || is_end_of(rest(h, i), name))
			break;
	}
	h->raw = ASSAY_SLICE_NONE;
	(void)raw_type(name, &tok->type);
	tok->name = name;
	tok->text = assay_slice(h->in.p + h->at, i - h->at);
	tok->unclosed = i >= h->in.n;
	return i > h->at;
}

/* is_markup - does the '<' at the front of s begin anything but text? */
static bool is_markup(struct assay_slice s)
{
	const int c = s.n > 1 ? (unsigned char)s.p[1] : 0;

	if (assay_ascii_is_alpha(c) || c == '!' || c == '?')
		return true;
	return c == '/' && s.n > 2;
}

/* text - a run of character data */
static void text(struct assay_html *h, struct assay_html_token *tok)
{
	size_t i = h->at;

	do
		i = find(h, i == h->at && h->in.p[i] != '<' ? i : i + 1, '<');
	while (i < h->in.n && !is_markup(rest(h, i)));
	tok->type = ASSAY_HTML_TEXT;
	tok->text = assay_slice(h->in.p + h->at, i - h->at);
}

/* span - tok->text is in[from, to), the token ends at `end` (or with the input) */
static void span(const struct assay_html *h, struct assay_html_token *tok, size_t from, size_t to)
{
	if (to > h->in.n)
		to = h->in.n;
	if (from > to)
		from = to;
	tok->text = assay_slice(h->in.p + from, to - from);
}

/* condition - `<!--[if x]>` as a token of its own; false when it is an ordinary comment */
static bool condition(struct assay_html *h, struct assay_html_token *tok)
{
	const size_t from = h->at + 4;
	const struct assay_slice head = assay_slice_head(rest(h, from), CONDITION_MAX);
	const size_t close = assay_slice_search(head, ASSAY_SLICE_LIT("]>"));
	const struct assay_slice behind = assay_slice_from(rest(h, from), close + 2);

	if (!assay_slice_casestarts(head, "[if") || close == head.n)
		return false;
	/* `<!--[if !mso]><!-->`: everybody but Outlook sees what follows. */
	if (assay_slice_starts(behind, "-->") || assay_slice_starts(behind, "<!-->") ||
	    assay_slice_starts(behind, "<!-- -->"))
		return false;
	h->conditional = true;
	tok->type = ASSAY_HTML_COMMENT;
	span(h, tok, from, from + close + 1);
	tok->end = from + close + 2;
	return true;
}

/* comment - `<!-- ... -->` with the other ends browsers take */
static void comment(struct assay_html *h, struct assay_html_token *tok)
{
	const size_t from = h->at + 4;
	size_t i = from;

	tok->type = ASSAY_HTML_COMMENT;
	if (assay_slice_starts(rest(h, from), ">") || assay_slice_starts(rest(h, from), "->")) {
		tok->end = from + (h->in.p[from] == '>' ? 1 : 2);
		span(h, tok, from, from);
		return;
	}
	while ((i = find(h, i, '>')) < h->in.n) {
		if (i >= from + 2 && memcmp(h->in.p + i - 2, "--", 2) == 0) {
			span(h, tok, from, i - 2);
			tok->end = i + 1;
			return;
		}
		if (i >= from + 3 && memcmp(h->in.p + i - 3, "--!", 3) == 0) {
			span(h, tok, from, i - 3);
			tok->end = i + 1;
			return;
		}
		i++;
	}
	span(h, tok, from, h->in.n);
	tok->end = h->in.n;
	tok->unclosed = true;
}

/* bogus - everything else that ends at the next '>' */
static void bogus(struct assay_html *h, struct assay_html_token *tok, size_t skip)
{
	const size_t i = find(h, h->at + skip, '>');

	span(h, tok, h->at + skip, i);
	tok->unclosed = i >= h->in.n;
	tok->end = tok->unclosed ? h->in.n : i + 1;
}

/* declaration - what begins with `<!` */
static void declaration(struct assay_html *h, struct assay_html_token *tok)
{
	const struct assay_slice s = rest(h, h->at);

	if (assay_slice_starts(s, "<!--")) {
		if (!h->open_conditionals || !condition(h, tok))
			comment(h, tok);
	} else {
		tok->type = ASSAY_HTML_COMMENT;
		if (assay_slice_casestarts(s, "<!doctype"))
			tok->type = ASSAY_HTML_DOCTYPE;
		else if (assay_slice_starts(s, "<![CDATA["))
			tok->type = ASSAY_HTML_CDATA;
		bogus(h, tok, 2);
	}
	if (h->conditional && assay_slice_casesearch(tok->text, "[endif]") < tok->text.n)
		h->conditional = false;
}

/* value - what follows '=' at i; returns the position behind it */
static size_t value(const struct assay_html *h, size_t i, struct assay_slice *v)
{
	const char *p = h->in.p;
	size_t from;

	while (i < h->in.n && is_space(p[i]))
		i++;
	from = i;
	if (i < h->in.n && (p[i] == '"' || p[i] == '\'')) {
		i = find(h, i + 1, p[from]);
		*v = assay_slice(p + from + 1, i - from - 1);
		return i < h->in.n ? i + 1 : i;
	}
	while (i < h->in.n && !is_space(p[i]) && p[i] != '>')
		i++;
	*v = assay_slice(p + from, i - from);
	return i;
}

/* attribute - one name and perhaps value at i; returns the position behind it */
static size_t attribute(const struct assay_html *h, size_t i, struct assay_html_token *tok)
{
	struct assay_html_attr a = { .value = ASSAY_SLICE_NONE };
	const char *p = h->in.p;
	const size_t from = i;
	size_t j;

	/* A '=' in front belongs to the name. */
	for (i++; i < h->in.n && !is_space(p[i]) && p[i] != '/' && p[i] != '>' && p[i] != '='; i++)
		;
	a.name = assay_slice(p + from, i - from);
	for (j = i; j < h->in.n && is_space(p[j]); j++)
		;
	if (j < h->in.n && p[j] == '=')
		j = value(h, j + 1, &a.value);
	if (tok->nattr < ASSAY_HTML_ATTRS)
		tok->attr[tok->nattr++] = a;
	else
		tok->dropped++;
	return j;
}

/* tag - a start or end tag */
static void tag(struct assay_html *h, struct assay_html_token *tok)
{
	const char *p = h->in.p;
	size_t i = h->at + 1, from;

	tok->type = p[i] == '/' ? ASSAY_HTML_END : ASSAY_HTML_START;
	if (tok->type == ASSAY_HTML_END)
		i++;
	for (from = i; i < h->in.n && !is_space(p[i]) && p[i] != '/' && p[i] != '>'; i++)
		;
	tok->name = assay_slice(p + from, i - from);
	while (i < h->in.n && p[i] != '>') {
		if (is_space(p[i]) || p[i] == '/')
			i++;
		else
			i = attribute(h, i, tok);
	}
	tok->unclosed = i >= h->in.n;
	tok->self_closing = !tok->unclosed && p[i - 1] == '/';
	tok->end = tok->unclosed ? h->in.n : i + 1;
}

/* markup - what begins with '<' and is no text */
static void markup(struct assay_html *h, struct assay_html_token *tok)
{
	const struct assay_slice s = rest(h, h->at);
	enum assay_html_type type;

	if (s.p[1] == '!') {
		declaration(h, tok);
	} else if (s.p[1] == '?' ||
	    (s.p[1] == '/' && !assay_ascii_is_alpha((unsigned char)s.p[2]))) {
		tok->type = ASSAY_HTML_COMMENT;
		bogus(h, tok, 2);
	} else {
		tag(h, tok);
		if (tok->type == ASSAY_HTML_START && raw_type(tok->name, &type))
			h->raw = tok->name;
	}
}

/* assay_html_next - the next token */
bool assay_html_next(struct assay_html *h, struct assay_html_token *tok)
{
	/* Not the attribute array: it is large, and nattr says how much of it counts. */
	memset(tok, 0, offsetof(struct assay_html_token, attr));
	tok->offset = h->at;
	if (h->raw.p != NULL && h->at < h->in.n && raw_content(h, tok)) {
		h->at = tok->end = h->at + tok->text.n;
		return true;
	}
	if (h->at >= h->in.n)
		return false;
	if (h->in.p[h->at] == '<' && is_markup(rest(h, h->at))) {
		markup(h, tok);
	} else {
		text(h, tok);
		tok->end = h->at + tok->text.n;
	}
	h->at = tok->end;
	return true;
}

/* assay_html_attr - an attribute's value */
struct assay_slice assay_html_attr(const struct assay_html_token *tok, const char *name)
{
	for (size_t i = 0; i < tok->nattr; i++)
		if (assay_slice_caseis(tok->attr[i].name, name))
			return tok->attr[i].value.p != NULL ? tok->attr[i].value
							    : assay_slice("", 0);
	return ASSAY_SLICE_NONE;
}
