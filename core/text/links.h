/*
 * text/links.h - what an HTML body shows and where it leads
 *
 * Walks the tokens of html.h once: every place a URL can stand, the text a reader would see, and
 * what stands written on a link. URLs are entity-decoded and stripped as browsers do (tabs and line
 * breaks removed), not resolved against <base>. URLs in visible text are *not* searched here: run
 * assay_url_scan over the text. Linear; callbacks borrow for the time of the call.
 */
#ifndef ASSAY_TEXT_LINKS_H
#define ASSAY_TEXT_LINKS_H

#include <assay/types.h>

struct assay_buf;

#define ASSAY_LINKS_DISPLAY_MAX 1000 /* bytes of text kept of one link */

enum assay_links_kind {
	ASSAY_LINKS_HREF, /* a, area, svg a */
	ASSAY_LINKS_SRC,  /* img, iframe, embed, object data, video, background=, ... */
	ASSAY_LINKS_SRCSET,
	ASSAY_LINKS_FORM,   /* form action, formaction */
	ASSAY_LINKS_CSS,    /* url() and @import in style elements and attributes */
	ASSAY_LINKS_META,   /* meta refresh */
	ASSAY_LINKS_LINK,   /* link href */
	ASSAY_LINKS_BASE,   /* base href */
	ASSAY_LINKS_SCRIPT, /* URL written in a script or an event handler */
	ASSAY_LINKS_OTHER   /* cite, ping, manifest, longdesc ... */
};

struct assay_links_link {
	enum assay_links_kind kind;
	struct assay_slice tag;     /* element name as written */
	struct assay_slice url;     /* decoded, stripped, valid UTF-8; may be empty or relative */
	struct assay_slice display; /* HREF: the text between <a> and </a>, white space collapsed;
				     * alt text of images when there is no other. Else absent */
	size_t offset;              /* of the tag in the HTML */
	bool conditional;           /* inside <!--[if ...]>: only Outlook shows it */
	bool cut;                   /* the URL was longer than ASSAY_URL_MAX */
};

struct assay_links_sink {
	/* One link; may be NULL. HREF links are reported when they end. False stops the walk. */
	bool (*link)(void *user, const struct assay_links_link *link);
	void *user;
	/* Visible text, UTF-8, line breaks where blocks end; may be NULL. Bounded by its maximum.
	 */
	struct assay_buf *text;
	/* Content of <title>; may be NULL. */
	struct assay_buf *title;
};

struct assay_links {
	size_t links; /* reported */
	size_t forms, inputs, passwords, scripts, images, comments;
	bool text_cut;
};

/* html is UTF-8 (invalid bytes become U+FFFD in what is reported). */
void assay_links_walk(
    struct assay_slice html, const struct assay_links_sink *sink, struct assay_links *result);
/* "href", "src", "form", "css" ... as RESULT writes it. */
const char *assay_links_kind_name(enum assay_links_kind kind);

#endif
