/*
 * urls - collects URLs out of texts and HTML; see urls.h
 *
 * Two tables: the kept URLs are compared byte for byte, so that nobody can make two of them look
 * the same; what is only counted is compared by hash. Linear; cannot fail.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/domain.h"
#include "text/hosts.h"
#include "text/links.h"
#include "text/url.h"
#include "text/utf8.h"

#include "scan.h"
#include "urls.h"

#define URLS_COUNTED 1000000    /* different ones that are told apart beyond the list */
#define URLS_VISIBLE (1u << 20) /* bytes of visible text that are kept for searches */

/* assay_urls_init - an empty list */
void assay_urls_init(struct assay_urls *urls, struct assay_arena *arena, size_t max)
{
	*urls = (struct assay_urls){ .arena = arena, .max = max };
	assay_map_init(&urls->kept, arena);
	assay_map_init(&urls->hosts, arena);
}

/* rehash - twice the room for hashes; the old table stays in the arena until the mail ends */
static void rehash(struct assay_urls *u)
{
	size_t cap = u->cap_seen == 0 ? 1024 : u->cap_seen * 4;
	uint64_t *bigger = assay_arena_calloc(u->arena, cap, sizeof(*bigger));

	for (size_t i = 0; i < u->cap_seen; i++) {
		size_t k = (size_t)u->seen[i] & (cap - 1);

		if (u->seen[i] == 0)
			continue;
		while (bigger[k] != 0)
			k = (k + 1) & (cap - 1);
		bigger[k] = u->seen[i];
	}
	u->seen = bigger;
	u->cap_seen = cap;
}

/* first_time - was this key not counted before? */
static bool first_time(struct assay_urls *u, struct assay_slice key)
{
	uint64_t hash = assay_slice_hash(key) | 1;
	size_t k;

	if (u->nseen >= URLS_COUNTED)
		return true;
	if (u->nseen * 2 >= u->cap_seen)
		rehash(u);
	for (k = (size_t)hash & (u->cap_seen - 1); u->seen[k] != 0; k = (k + 1) & (u->cap_seen - 1))
		if (u->seen[k] == hash)
			return false;
	u->seen[k] = hash;
	u->nseen++;
	return true;
}

/* keep - a new row of the list */
static void keep(struct assay_urls *u, const struct assay_urls_url *url)
{
	if (u->n == u->cap) {
		struct assay_urls_url *bigger;

		u->cap = u->cap == 0 ? 32 : u->cap * 2;
		bigger = assay_arena_calloc(u->arena, u->cap, sizeof(*bigger));
		if (u->n > 0)
			memcpy(bigger, u->url, u->n * sizeof(*bigger));
		u->url = bigger;
	}
	u->url[u->n++] = *url;
}

/* add - one URL with its host in normal form */
static void add(struct assay_urls *u, const char *source, struct assay_slice url,
    struct assay_slice host, struct assay_slice display)
{
	char key[64 + ASSAY_URL_MAX];
	size_t len = strlen(source), n = url.n < ASSAY_URL_MAX ? url.n : ASSAY_URL_MAX;
	struct assay_urls_url row = { .source = source };

	memcpy(key, source, len);
	key[len++] = ' ';
	memcpy(key + len, url.p, n);
	if (assay_map_has(&u->kept, assay_slice(key, len + n)))
		return;
	if (u->n >= u->max) {
		u->count += first_time(u, assay_slice(key, len + n));
		return;
	}
	u->count++;
	row.url = assay_slice(assay_arena_memdup0(u->arena, key, len + n), len + n);
	assay_map_add(&u->kept, row.url, u);
	row.url = assay_slice_from(row.url, len);
	row.host = assay_arena_slice(u->arena, host);
	assay_map_add(&u->hosts, row.host, u);
	row.domain = assay_domain_registrable(row.host);
	row.display = assay_arena_slice(u->arena, display);
	keep(u, &row);
}

/* is_namespace - a host that HTML names without leading there */
static bool is_namespace(struct assay_slice host)
{
	static const char *const names[] = { "www.w3.org", "schemas.microsoft.com", "schema.org",
		"schemas.openxmlformats.org", "purl.org", "ogp.me", "www.schema.org" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (assay_slice_is(host, names[i]))
			return true;
	return false;
}

struct raw {
	struct assay_scan *scan;
	struct assay_slice text;
};

/* raw_hit - a host of the text; a new one is listed */
static bool raw_hit(void *user, const struct assay_hosts_hit *hit)
{
	struct raw *r = user;
	struct assay_urls *u = &r->scan->urls;
	struct assay_buf url, clean;

	if (assay_map_has(&u->hosts, hit->host) || is_namespace(hit->host))
		return true;
	assay_buf_init(&url, ASSAY_HOSTS_URL_MAX);
	assay_buf_init(&clean, (size_t)3 * ASSAY_HOSTS_URL_MAX);
	assay_hosts_url(r->text, hit, &url);
	(void)assay_utf8_clean(assay_buf_slice(&url), &clean);
	add(u, "raw", assay_buf_slice(&clean), hit->host, ASSAY_SLICE_NONE);
	assay_buf_release(&url);
	assay_buf_release(&clean);
	return u->n < u->max; /* beyond the list nobody knows which hosts are new */
}

/* raw_hosts - what the other searches left out, after them */
static void raw_hosts(struct assay_scan *scan, struct assay_slice text)
{
	struct raw r = { scan, text };

	if (scan->urls.n < scan->urls.max)
		assay_hosts_scan(text, raw_hit, &r);
}

/* text_hit - one URL of a text */
static bool text_hit(void *user, const struct assay_url_hit *hit)
{
	struct assay_scan *scan = user;

	if (hit->host.n > 0)
		add(&scan->urls, "text", hit->url, hit->host, ASSAY_SLICE_NONE);
	return true;
}

/* written - URLs written out */
static void written(struct assay_scan *scan, struct assay_slice text)
{
	struct assay_url_sink sink = { text_hit, scan };

	assay_url_scan(text, 0, &sink);
}

/* assay_urls_text - of a plain text */
void assay_urls_text(struct assay_scan *scan, struct assay_slice text)
{
	written(scan, text);
	raw_hosts(scan, text);
}

/* shown_hit - the first host that a link's text names */
static bool shown_hit(void *user, const struct assay_url_hit *hit)
{
	char *host = user;

	if (hit->kind == ASSAY_URL_EMAIL || hit->host.n == 0 || hit->host.n >= ASSAY_URL_HOST_MAX)
		return true;
	memcpy(host, hit->host.p, hit->host.n);
	host[hit->host.n] = '\0';
	return false;
}

/* compare_display - a link that shows one site and leads to another */
static void compare_display(
    struct assay_scan *scan, const struct assay_links_link *link, const char *host)
{
	char shown[ASSAY_URL_HOST_MAX] = "";
	struct assay_url_sink sink = { shown_hit, shown };
	struct assay_slice a, b;

	if (assay_slice_find(link->display, '.') >= link->display.n)
		return;
	assay_url_scan(assay_slice_head(link->display, 300), ASSAY_URL_DOMAINS, &sink);
	if (shown[0] == '\0')
		return;
	a = assay_domain_registrable(assay_slice_str(shown));
	b = assay_domain_registrable(assay_slice_str(host));
	if (!assay_slice_caseeq(a, b))
		assay_scan_trait_str(scan, "link-text-differs",
		    assay_arena_printf(scan->arena, "%.120s -> %.120s", shown, host));
}

/* is_picture - a data: URL that holds what is only looked at */
static bool is_picture(struct assay_slice url)
{
	return (assay_slice_casestarts(url, "data:image/") &&
		   !assay_slice_casestarts(url, "data:image/svg")) ||
	    assay_slice_casestarts(url, "data:font/");
}

/* is_internal - a URL of a program for itself (chrome://skin/, x-apple-data-detectors://0): what
 * stands in the host's place is none */
static bool is_internal(struct assay_slice url)
{
	static const char *const leads[] = { "http", "ftp", "ws", "file", "smb", "webcal" };
	struct assay_url_parts parts;

	if (!assay_url_split(url, &parts) || assay_slice_find(parts.host, '.') < parts.host.n ||
	    assay_slice_find(parts.host, '%') < parts.host.n)
		return false;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (assay_slice_casestarts(parts.scheme, leads[i]))
			return false;
	return true;
}

/* link_hit - one link of an HTML text */
static bool link_hit(void *user, const struct assay_links_link *link)
{
	struct assay_scan *scan = user;
	char host[ASSAY_URL_HOST_MAX];
	size_t n;

	if (assay_slice_casestarts(link->url, "javascript:"))
		assay_scan_trait_str(scan, "script-link", NULL);
	else if (assay_slice_casestarts(link->url, "data:") && !is_picture(link->url))
		assay_scan_trait(scan, "data-link",
		    assay_slice_head(link->url, assay_slice_find(link->url, ',')));
	if (link->url.n == 0 || link->url.n > ASSAY_URL_MAX)
		return true;
	n = is_internal(link->url) ? 0 : assay_url_host_of(link->url, host);
	if (n == 0 && assay_slice_starts(link->url, "//")) {
		char full[ASSAY_URL_HOST_MAX + 8] = "http:";

		memcpy(full + 5, link->url.p,
		    link->url.n < ASSAY_URL_HOST_MAX ? link->url.n : ASSAY_URL_HOST_MAX);
		n = assay_url_host_of(
		    assay_slice(full,
			5 + (link->url.n < ASSAY_URL_HOST_MAX ? link->url.n : ASSAY_URL_HOST_MAX)),
		    host);
	}
	if (n == 0)
		return true;
	if (link->kind == ASSAY_LINKS_HREF && link->display.n > 0)
		compare_display(scan, link, host);
	add(&scan->urls, assay_links_kind_name(link->kind), link->url, assay_slice(host, n),
	    link->display);
	return true;
}

/* html_traits - what the walk counted */
static void html_traits(struct assay_scan *scan, const struct assay_links *got)
{
	if (got->forms > 0)
		assay_scan_trait_str(scan, "html-form", NULL);
	if (got->passwords > 0)
		assay_scan_trait_str(scan, "html-password-field", NULL);
	if (got->scripts > 0)
		assay_scan_trait_str(scan, "html-script", NULL);
}

/* assay_urls_html - links, then what is written in the visible text */
void assay_urls_html(struct assay_scan *scan, struct assay_slice html, bool keep_text)
{
	struct assay_buf text;
	struct assay_links got;
	struct assay_links_sink sink = { .link = link_hit, .user = scan, .text = &text };

	assay_buf_init(&text, html.n + 1024);
	assay_links_walk(html, &sink, &got);
	html_traits(scan, &got);
	written(scan, assay_buf_slice(&text));
	raw_hosts(scan, html);
	if (keep_text)
		scan->visible = assay_arena_slice(
		    scan->arena, assay_slice_head(assay_buf_slice(&text), URLS_VISIBLE));
	assay_buf_release(&text);
}

/* assay_urls_place - where they stand */
void assay_urls_place(struct assay_urls *urls, size_t from, const char *payload_id)
{
	for (size_t i = from; i < urls->n; i++)
		urls->url[i].payload_id = payload_id;
}

/* assay_urls_report - urls[] and url_count */
void assay_urls_report(struct assay_scan *scan)
{
	const struct assay_urls *u = &scan->urls;
	json_t *list = json_array();

	for (size_t i = 0; i < u->n; i++) {
		const struct assay_urls_url *url = &u->url[i];
		json_t *row = json_object();

		json_object_set_new_nocheck(row, "url", assay_scan_text(url->url));
		json_object_set_new_nocheck(row, "host", assay_scan_text(url->host));
		json_object_set_new_nocheck(row, "domain", assay_scan_text(url->domain));
		json_object_set_new_nocheck(row, "source", json_string_nocheck(url->source));
		json_object_set_new_nocheck(row, "display", assay_scan_text(url->display));
		json_object_set_new_nocheck(row, "payload_id", assay_json_str(url->payload_id));
		json_array_append_new(list, row);
	}
	assay_scan_set(scan, "urls", list);
	assay_scan_set(scan, "url_count", json_integer((json_int_t)u->count));
	if (u->count > u->n)
		assay_result_limit(scan->result, "urls_kept", u->count, u->max, false);
}
