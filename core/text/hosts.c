/*
 * hosts - hosts behind http:// wherever they stand; see hosts.h
 *
 * Goes from colon to colon (or percent sign) and looks back for the scheme; nothing is kept but the
 * last host as it was written. Cannot fail.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/hosts.h"
#include "text/url.h"

/* scheme_before - length of "http" or "https" that ends at `at` */
static size_t scheme_before(struct assay_slice text, size_t at)
{
	if (at >= 5 && assay_slice_casestarts(assay_slice_from(text, at - 5), "https"))
		return 5;
	return at >= 4 && assay_slice_casestarts(assay_slice_from(text, at - 4), "http") ? 4 : 0;
}

/* marks - length of "://" in one of its spellings at the head */
static size_t marks(struct assay_slice s, bool *encoded)
{
	*encoded = s.p[0] == '%';
	if (*encoded)
		return assay_slice_casestarts(s, "%3a%2f%2f") ? 9 : 0;
	if (assay_slice_starts(s, "://"))
		return 3;
	return assay_slice_starts(s, ":\\/\\/") ? 5 : 0;
}

/* ends_host - a byte that stands behind a host */
static bool ends_host(char c, bool encoded)
{
	if (encoded && c == '%')
		return true;
	/* \xc2, \xe2 and \xef begin quotes, dashes and spaces, but hardly a letter of a name. */
	return (unsigned char)c <= ' ' ||
	    strchr("/?#\\\"'<>`(),;&{}|^[]*=\177\xc2\xe2\xef", c) != NULL;
}

/* host_of - what is written between "://" and the path, without user and port */
static struct assay_slice host_of(struct assay_slice s, bool encoded)
{
	size_t n = 0, from = 0, colon;

	while (n < s.n && n < 1024 && !ends_host(s.p[n], encoded)) {
		if (s.p[n] == '@')
			from = n + 1;
		n++;
	}
	s = assay_slice_from(assay_slice_head(s, n), from);
	colon = assay_slice_find(s, ':');
	s = assay_slice_head(s, colon);
	while (s.n > 0 && strchr(".!_-~", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

/* first_mark - where the next ':' or '%' stands from `at` on; next[]: where each of them does */
static size_t first_mark(struct assay_slice text, size_t at, size_t next[2])
{
	static const char mark[2] = { ':', '%' };

	for (int i = 0; i < 2; i++)
		if (next[i] < at || at == 0)
			next[i] = at + assay_slice_find(assay_slice_from(text, at), mark[i]);
	return next[0] < next[1] ? next[0] : next[1];
}

/* assay_hosts_scan - from "://" to "://" */
void assay_hosts_scan(
    struct assay_slice text, bool (*hit)(void *user, const struct assay_hosts_hit *hit), void *user)
{
	struct assay_slice last = ASSAY_SLICE_NONE;
	size_t next[2] = { 0, 0 };
	bool encoded;

	for (size_t at = first_mark(text, 0, next); at < text.n;
	     at = first_mark(text, at + 1, next)) {
		struct assay_hosts_hit found;
		char host[ASSAY_URL_HOST_MAX];
		struct assay_slice raw;
		size_t scheme, len;

		len = marks(assay_slice_from(text, at), &encoded);
		scheme = len > 0 ? scheme_before(text, at) : 0;
		if (scheme == 0)
			continue;
		raw = host_of(assay_slice_from(text, at + len), encoded);
		if (assay_slice_find(raw, '.') >= raw.n || assay_slice_eq(raw, last))
			continue;
		last = raw;
		len = assay_url_host(raw, host);
		found = (struct assay_hosts_hit){ at - scheme, assay_slice(host, len), encoded };
		if (len > 0 && !hit(user, &found))
			return;
	}
}

/* ends_url - what ends a URL in raw HTML or text */
static bool ends_url(struct assay_slice s, bool encoded)
{
	static const char *const quotes[] = { "&quot;", "&#34;", "&#39;", "&lt;", "&gt;" };

	if ((unsigned char)s.p[0] <= ' ' || strchr("\"'<>`\177", s.p[0]) != NULL)
		return true;
	if (s.p[0] != '&')
		return false;
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (assay_slice_casestarts(s, quotes[i]))
			return true;
	return encoded;
}

/* assay_hosts_url - the rest of what stands there */
void assay_hosts_url(
    struct assay_slice text, const struct assay_hosts_hit *hit, struct assay_buf *out)
{
	struct assay_slice s = assay_slice_from(text, hit->offset);

	for (size_t i = 0; i < s.n && i < ASSAY_HOSTS_URL_MAX; i++) {
		char c = s.p[i];

		if (ends_url(assay_slice_from(s, i), hit->encoded))
			return;
		if (hit->encoded && c == '%' && i + 2 < s.n &&
		    assay_ascii_hex((unsigned char)s.p[i + 1]) >= 0 &&
		    assay_ascii_hex((unsigned char)s.p[i + 2]) >= 0) {
			c = (char)(assay_ascii_hex((unsigned char)s.p[i + 1]) * 16 +
			    assay_ascii_hex((unsigned char)s.p[i + 2]));
			i += 2;
		}
		(void)assay_buf_add_char(out, c);
	}
}
