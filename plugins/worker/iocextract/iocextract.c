/*
 * iocextract - indicators: addresses, domains, URLs, e-mail addresses, digests
 *
 * Of texts all of it, decoded to UTF-8; of HTML what a reader sees, where it leads, and every host
 * that is written anywhere in it. Of a message its header and the texts that smtp found, because
 * what stands encoded in it is no text. Defanged forms are read as what they stand for. Linear;
 * touches nothing but the payload.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/domain.h"
#include "text/hosts.h"
#include "text/links.h"
#include "text/url.h"
#include "text/utf8.h"

#include "found.h"
#include "token.h"

struct iocextract {
	struct assay_arena *arena;
	struct assay_found_rule *rules;
	size_t max, bytes_max;
};

static const struct assay_opt options[] = {
	{ "whitelist", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "what is not reported: TYPE:PATTERN; networks for ipv4 and ipv6, a domain with all "
	    "below "
	    "it, globs for the others" },
	{ "max", ASSAY_OPT_INT, "1000", 1, 100000, NULL, "indicators of each type" },
	{ "bytes_max", ASSAY_OPT_SIZE, "10M", 1024, 1 << 30, NULL,
	    "bytes of a payload that are read" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "ipv4[]", ASSAY_STR, ASSAY_TECHNICAL, "IPv4 addresses" },
	{ "ipv6[]", ASSAY_STR, ASSAY_TECHNICAL, "IPv6 addresses, in their shortest form" },
	{ "domain[]", ASSAY_STR, ASSAY_PERSONAL, "host names, those of URLs and addresses too" },
	{ "url[]", ASSAY_STR, ASSAY_PERSONAL, "URLs, refanged" },
	{ "email[]", ASSAY_STR, ASSAY_PERSONAL, "e-mail addresses" },
	{ "md5[]", ASSAY_STR, ASSAY_TECHNICAL, "32 hex digits" },
	{ "sha1[]", ASSAY_STR, ASSAY_TECHNICAL, "40 hex digits" },
	{ "sha256[]", ASSAY_STR, ASSAY_TECHNICAL, "64 hex digits" },
	{ "sha512[]", ASSAY_STR, ASSAY_TECHNICAL, "128 hex digits" },
	{ "mac[]", ASSAY_STR, ASSAY_TECHNICAL, "MAC addresses" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "ioc_ipv4", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_NET, "ipv4[]", "IPv4 address in a text" },
	{ "ioc_ipv6", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_NET, "ipv6[]", "IPv6 address in a text" },
	{ "ioc_domain", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "domain[]", "host name in a text" },
	{ "ioc_url", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "url[]", "URL in a text" },
	{ "ioc_email", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_ADDRESS, "email[]",
	    "e-mail address in a text" },
	{ "ioc_md5", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "md5[]", "MD5 in a text" },
	{ "ioc_sha1", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "sha1[]", "SHA-1 in a text" },
	{ "ioc_sha256", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "sha256[]", "SHA-256 in a text" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* iocextract_close - frees everything */
static void iocextract_close(void *state)
{
	struct iocextract *x = state;

	assay_charset_cool();
	assay_domain_cool();
	assay_arena_free(&x->arena);
	free(x);
}

/* iocextract_open - reads the options */
static enum assay_status iocextract_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct iocextract *x = assay_xcalloc(1, sizeof(*x));
	enum assay_status status;

	x->arena = assay_arena_new();
	x->max = (size_t)assay_opt_int(opts, "max");
	x->bytes_max = (size_t)assay_opt_int(opts, "bytes_max");
	status = assay_found_rules(x->arena, assay_opt_list(opts, "whitelist"), &x->rules, err);
	if (status != ASSAY_OK)
		iocextract_close(x);
	else
		*state = x;
	return status;
}

/* iocextract_warm - converters, and whatever libidn2 and libpsl load late */
static enum assay_status iocextract_warm(void *state, struct assay_err *err)
{
	char host[ASSAY_URL_HOST_MAX];

	(void)state;
	(void)err;
	(void)assay_charset_warm();
	assay_domain_warm();
	(void)assay_url_host(ASSAY_SLICE_LIT("b\xc3\xbc"
					     "cher.example"),
	    host);
	return ASSAY_OK;
}

/* ---- what is found --------------------------------------------------------------------------- */

/* on_token - an address or digest */
static void on_token(void *user, enum assay_found_kind kind, struct assay_slice value)
{
	assay_found_add(user, kind, value);
}

/* on_host - a host behind "://" */
static bool on_host(void *user, const struct assay_hosts_hit *hit)
{
	assay_found_add_host(user, hit->host);
	return true;
}

/* is_file - "setup.zip", "readme.md": a name without more dots whose suffix is also a file's */
static bool is_file(struct assay_slice name)
{
	static const char *const endings[] = { ".zip", ".mov", ".md", ".sh", ".py", ".ps", ".rs",
		".so", ".pub", NULL };
	const size_t dot = assay_slice_find(name, '.');

	for (const char *const *e = endings; *e != NULL; e++)
		if (assay_slice_caseis(assay_slice_from(name, dot), *e))
			return true;
	return false;
}

/* add_mailto - the address of a mailto: URL */
static void add_mailto(struct assay_found *found, struct assay_slice url, struct assay_slice host)
{
	const struct assay_slice address = assay_slice_from(url, 7);

	assay_found_add(
	    found, ASSAY_FOUND_EMAIL, assay_slice_head(address, assay_slice_find(address, '?')));
	assay_found_add_host(found, host);
}

/* is_sentence - "done.Next we": a full stop without a space */
static bool is_sentence(struct assay_slice raw)
{
	const struct assay_slice last = assay_slice_from(raw, assay_slice_find(raw, '.') + 1);

	return last.n > 1 && raw.p[0] >= 'a' && last.p[0] >= 'A' && last.p[0] <= 'Z' &&
	    last.p[1] >= 'a' && assay_slice_find(last, '.') == last.n;
}

/* on_name - a domain or an e-mail address in a text */
static void on_name(struct assay_found *found, const struct assay_url_hit *hit)
{
	if (assay_slice_search(hit->host, ASSAY_SLICE_LIT("..")) < hit->host.n)
		return;
	if (hit->kind == ASSAY_URL_EMAIL)
		assay_found_add(found, ASSAY_FOUND_EMAIL, hit->url);
	else if (!hit->defanged && (is_file(hit->host) || is_sentence(hit->raw)))
		return;
	assay_found_add_host(found, hit->host);
}

/* on_url - a URL, an e-mail address or a domain in a text */
static bool on_url(void *user, const struct assay_url_hit *hit)
{
	struct assay_found *found = user;
	const bool ip = assay_url_host_is_ip(hit->host);

	if (hit->kind != ASSAY_URL_URL) {
		on_name(found, hit);
	} else if (assay_slice_casestarts(hit->url, "mailto:")) {
		add_mailto(found, hit->url, hit->host);
	} else if (!ip || !hit->implied) {
		assay_found_add(found, ASSAY_FOUND_URL, hit->url);
		assay_found_add_host(found, hit->host);
	}
	/* "1[.]2[.]3[.]4" is an address, found as such, and no URL. */
	return true;
}

/* on_link - where an HTML text leads */
static bool on_link(void *user, const struct assay_links_link *link)
{
	const struct assay_url_sink sink = { on_url, user };

	/* As text: relative ones and data: are none, several in one (redirectors) are several. */
	(void)assay_url_scan(link->url, ASSAY_URL_EMAILS, &sink);
	return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* scan_plain - what is read as it stands */
static void scan_plain(struct assay_found *found, struct assay_slice text)
{
	const struct assay_url_sink sink = { on_url, found };

	(void)assay_url_scan(
	    text, ASSAY_URL_DEFANGED | ASSAY_URL_DOMAINS | ASSAY_URL_EMAILS, &sink);
	assay_token_scan(text, on_token, found);
}

/* is_html - does it hold a tag that only HTML has? */
static bool is_html(struct assay_slice text)
{
	static const char *const tags[] = { "html", "body", "a ", "a\n", "a\r", "img", "div", "td",
		"p>", "br", "form", "meta", "script", "iframe", NULL };

	for (;;) {
		const size_t at = assay_slice_find(text, '<');

		if (at == text.n)
			return false;
		text = assay_slice_from(text, at + 1);
		for (const char *const *t = tags; *t != NULL; t++)
			if (assay_slice_casestarts(text, *t))
				return true;
	}
}

/* scan_text - UTF-8 */
static void scan_text(struct assay_found *found, struct assay_slice text)
{
	struct assay_buf seen;
	struct assay_links links;

	assay_hosts_scan(text, on_host, found);
	if (!is_html(text)) {
		scan_plain(found, text);
		return;
	}
	assay_buf_init(&seen, text.n + 1024);
	assay_links_walk(text,
	    &(struct assay_links_sink){ .link = on_link, .user = found, .text = &seen }, &links);
	scan_plain(found, assay_buf_slice(&seen));
	assay_buf_release(&seen);
}

/* scan_bytes - in whatever charset */
static void scan_bytes(struct assay_found *found, struct assay_slice bytes)
{
	struct assay_charset_guess guess;
	struct assay_buf text;

	if (assay_utf8_is_valid(bytes) && !assay_slice_starts(bytes, "\xff\xfe") &&
	    assay_slice_find(assay_slice_head(bytes, 256), 0) == assay_slice_head(bytes, 256).n) {
		scan_text(found, bytes);
		return;
	}
	assay_buf_init(&text, 3 * bytes.n + 16);
	assay_charset_decode_guess(ASSAY_SLICE_NONE, bytes, &text, &guess);
	scan_text(found, assay_buf_slice(&text));
	assay_buf_release(&text);
}

/* is_child - are all parts of that type payloads of their own, and read as such? */
static bool is_child(const json_t *smtp, const char *type)
{
	const json_t *part;
	size_t i, n = 0;

	json_array_foreach(json_object_get(smtp, "parts"), i, part)
	{
		const char *is = json_string_value(json_object_get(part, "content_type"));

		if (is == NULL || strcmp(is, type) != 0)
			continue;
		if (!json_is_string(json_object_get(part, "payload_id")))
			return false;
		n++;
	}
	return n > 0;
}

/* scan_member - a text of smtp's result, unless parts of that type are read elsewhere */
static void scan_member(
    struct assay_found *found, const json_t *smtp, const char *key, const char *type)
{
	const json_t *text = json_object_get(smtp, key);

	if (json_is_string(text) && !(type != NULL && is_child(smtp, type)))
		scan_text(found, assay_slice(json_string_value(text), json_string_length(text)));
}

/* was_cut - has smtp kept less than the whole of a body that is read nowhere else? */
static bool was_cut(
    const struct assay_result *result, const json_t *smtp, const char *key, const char *type)
{
	return !is_child(smtp, type) &&
	    json_string_length(json_object_get(smtp, key)) + 8 >=
	    assay_result_allowed(result, "body_text_kept");
}

/* head_end - where the header's last line end is; all of it when there is no body. Most lines end
 * in CR LF: a search for two LF would read the whole mail. */
static size_t head_end(struct assay_slice bytes)
{
	for (size_t at = 0; at < bytes.n; at++) {
		struct assay_slice next;

		at += assay_slice_find(assay_slice_from(bytes, at), '\n');
		next = assay_slice_from(bytes, at + 1);
		if (assay_slice_starts(next, "\n") || assay_slice_starts(next, "\r\n"))
			return at;
	}
	return bytes.n;
}

/* scan_message - header, subject and bodies; all of it where smtp did not keep the whole */
static void scan_message(struct assay_found *found, const struct assay_result *result,
    const json_t *smtp, struct assay_slice bytes)
{
	const bool whole = was_cut(result, smtp, "body", "text/plain") ||
	    was_cut(result, smtp, "body_html", "text/html");
	const size_t end = whole ? bytes.n : head_end(bytes);

	scan_bytes(found, assay_slice_head(bytes, end));
	scan_member(found, smtp, "subject", NULL);
	scan_member(found, smtp, "body", "text/plain");
	scan_member(found, smtp, "body_html", "text/html");
}

/* tell - the lists; all of them, or none when nothing was found */
static void tell(const struct assay_found *found, struct assay_result *result)
{
	size_t n = 0;

	for (unsigned kind = 0; kind < ASSAY_FOUND_KINDS; kind++)
		n += found->set[kind].n;
	for (unsigned kind = 0; kind < ASSAY_FOUND_KINDS && n > 0; kind++) {
		const struct assay_map *set = &found->set[kind];
		json_t *list = json_array();

		for (size_t i = 0; i < set->n; i++)
			json_array_append_new(
			    list, assay_json_text(set->entry[i].key.p, set->entry[i].key.n));
		json_object_set_new_nocheck(
		    assay_result_json(result), assay_found_name((enum assay_found_kind)kind), list);
	}
}

/* iocextract_scan - a payload */
static enum assay_status iocextract_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct iocextract *x = state;
	const struct assay_slice all = assay_payload_bytes(payload);
	const struct assay_slice bytes = assay_slice_head(all, x->bytes_max);
	const json_t *smtp = assay_payload_result(payload, "smtp");
	struct assay_found found;

	(void)err;
	assay_found_init(&found, assay_payload_arena(payload), x->rules, x->max);
	if (json_is_object(smtp))
		scan_message(&found, result, smtp, bytes);
	else
		scan_bytes(&found, bytes);
	tell(&found, result);
	if (found.over > 0)
		assay_result_limit(result, "iocextract_max", x->max + found.over, x->max, false);
	if (all.n > bytes.n)
		assay_result_limit(result, "iocextract_bytes", all.n, bytes.n, true);
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = iocextract_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "iocextract",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "addresses, domains, URLs and digests written in texts",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = iocextract_open,
	.warm = iocextract_warm,
	.close = iocextract_close,
	.worker = &worker,
};
