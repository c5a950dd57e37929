/*
 * smtp/urls.h - the URLs of a message's texts
 *
 * Collects what text/url.h and text/links.h find: absolute URLs with a host, each once per source.
 * A host that only text/hosts.h finds (in a comment, inside another URL ...) is listed once, with
 * source "raw"; what documents name as their type (www.w3.org ...) is not.
 * `count` is exact (up to a million different ones, beyond that repeated ones count again), the
 * list ends at `max`. Memory is bounded by both. Links that only look like another site
 * (link-text-differs) and links to scripts become traits.
 */
#ifndef ASSAY_SMTP_URLS_H
#define ASSAY_SMTP_URLS_H

#include <assay/types.h>

#include "base/map.h"

struct assay_scan;

struct assay_urls_url {
	struct assay_slice url, host, domain, display;
	const char *source;     /* "text", "href", ... */
	const char *payload_id; /* set when the payload is known */
};

struct assay_urls {
	struct assay_arena *arena;
	struct assay_urls_url *url;
	size_t n, cap, max, count;
	struct assay_map kept, hosts;
	uint64_t *seen; /* hashes of what was counted beyond the list */
	size_t nseen, cap_seen;
};

void assay_urls_init(struct assay_urls *urls, struct assay_arena *arena, size_t max);
/* URLs written in UTF-8 text. */
void assay_urls_text(struct assay_scan *scan, struct assay_slice text);
/* Links of an HTML text (UTF-8) and URLs in what it shows; the visible text is kept in
 * scan->visible when `keep`. */
void assay_urls_html(struct assay_scan *scan, struct assay_slice html, bool keep);
/* Says in which payload the URLs from index `from` on stand. */
void assay_urls_place(struct assay_urls *urls, size_t from, const char *payload_id);
/* urls[] and url_count of the result. */
void assay_urls_report(struct assay_scan *scan);

#endif
