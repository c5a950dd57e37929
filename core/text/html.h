/*
 * text/html.h - HTML tokenizer
 *
 * Cuts any bytes into tokens as browsers do (HTML Living Standard 13.2.5): no tree, no recursion,
 * no allocation, a fixed amount of state, each byte looked at a bounded number of times. All slices
 * point into the input and are *not* entity-decoded; see assay_entity_decode and links.h.
 */
#ifndef ASSAY_TEXT_HTML_H
#define ASSAY_TEXT_HTML_H

#include <assay/types.h>

#define ASSAY_HTML_ATTRS 64 /* of one tag; more are read over and counted */

enum assay_html_type {
	ASSAY_HTML_TEXT,   /* character data */
	ASSAY_HTML_RAW,    /* the content of script, style, xmp, iframe, noembed, noframes */
	ASSAY_HTML_RCDATA, /* the content of title, textarea: references count, tags do not */
	ASSAY_HTML_START,
	ASSAY_HTML_END,
	ASSAY_HTML_COMMENT, /* also <!x>, <?x>, </ x> */
	ASSAY_HTML_DOCTYPE,
	ASSAY_HTML_CDATA /* browsers show it as a comment in HTML, as text in SVG */
};

struct assay_html_attr {
	struct assay_slice name, value; /* value.p NULL: no '='. The first of equal names counts */
};

struct assay_html_token {
	enum assay_html_type type;
	size_t offset, end;      /* the token is in[offset, end) */
	struct assay_slice name; /* START, END, RAW, RCDATA: of the element, as written */
	struct assay_slice text; /* the content for all other types and RAW, RCDATA */
	size_t nattr, dropped;   /* attributes kept, attributes beyond ASSAY_HTML_ATTRS */
	bool self_closing;
	bool unclosed; /* end of input inside the token */
	struct assay_html_attr attr[ASSAY_HTML_ATTRS];
};

struct assay_html {
	struct assay_slice in;
	size_t at;
	/* Treat `<!--[if mso]>` as a comment that ends there, so that what Outlook would show is
	 * tokenized; `conditional` is true inside. Off unless set after init. */
	bool open_conditionals;
	bool conditional;
	struct assay_slice raw; /* name of the raw text element we are in, or NULL */
};

void assay_html_init(struct assay_html *h, struct assay_slice in);
/* False at the end of the input. */
bool assay_html_next(struct assay_html *h, struct assay_html_token *tok);
/* The value of the first attribute of that name (lower case), or absent. */
struct assay_slice assay_html_attr(const struct assay_html_token *tok, const char *name);

#endif
