/*
 * text/url.c - see url.h: taking URLs apart. Finding them is in url_scan.c. The only place that
 * knows libidn2, whose tables are compiled in.
 */
#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/url.h"
#include "text/utf8.h"

#define RAW_HOST_MAX 1024

/* is_web - schemes whose URLs always have a host, and where a backslash is a slash */
static bool is_web(struct assay_slice scheme)
{
	static const char *const web[] = { "http", "https", "ftp", "ws", "wss" };

	for (size_t i = 0; i < sizeof web / sizeof web[0]; i++)
		if (assay_slice_caseis(scheme, web[i]))
			return true;
	return false;
}

/* scheme_of - the scheme at the front, without its colon; absent when there is none */
static struct assay_slice scheme_of(struct assay_slice url)
{
	size_t i = 0;

	while (i < url.n &&
	    (assay_ascii_is_alnum((unsigned char)url.p[i]) || url.p[i] == '+' || url.p[i] == '-' ||
		url.p[i] == '.'))
		i++;
	if (i == 0 || i == url.n || url.p[i] != ':' ||
	    !assay_ascii_is_alpha((unsigned char)url.p[0]))
		return ASSAY_SLICE_NONE;
	return assay_slice_head(url, i);
}

/* cut_authority - userinfo, host and port */
static void cut_authority(struct assay_slice a, struct assay_url_parts *parts)
{
	size_t at = a.n, i, colon;

	while (at > 0 && a.p[at - 1] != '@')
		at--;
	if (at > 0) {
		parts->userinfo = assay_slice_head(a, at - 1);
		a = assay_slice_from(a, at);
	}
	colon = a.n;
	for (i = a.n; i > 0 && a.p[i - 1] != ']'; i--)
		if (a.p[i - 1] == ':')
			colon = i - 1;
	parts->host = assay_slice_head(a, colon);
	if (colon < a.n)
		parts->port = assay_slice_from(a, colon + 1);
}

/* assay_url_split - the pieces */
bool assay_url_split(struct assay_slice url, struct assay_url_parts *parts)
{
	bool web;
	size_t i, end;

	*parts = (struct assay_url_parts){ .scheme = scheme_of(url) };
	if (parts->scheme.p == NULL)
		return false;
	web = is_web(parts->scheme);
	i = parts->scheme.n + 1;
	end = i;
	while (end < url.n && (url.p[end] == '/' || (web && url.p[end] == '\\')))
		end++;
	/* The web schemes take any number of slashes; the others two or no host. */
	if (!web && end - i >= 2)
		end = i + 2;
	if (!web && end - i < 2) {
		parts->path = assay_slice_from(url, i);
		return true;
	}
	for (i = end; i < url.n && strchr("/?#", url.p[i]) == NULL; i++)
		if (web && url.p[i] == '\\')
			break;
	cut_authority(assay_slice(url.p + end, i - end), parts);
	parts->path = assay_slice_from(url, i);
	return true;
}

/* percent_decode - %41 to A; returns the length, 0 when it does not fit or holds a NUL */
static size_t percent_decode(struct assay_slice s, char out[RAW_HOST_MAX + 1])
{
	size_t n = 0;

	if (s.n > RAW_HOST_MAX)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%' && i + 2 < s.n && assay_ascii_hex((unsigned char)s.p[i + 1]) >= 0 &&
		    assay_ascii_hex((unsigned char)s.p[i + 2]) >= 0) {
			c = (char)(assay_ascii_hex((unsigned char)s.p[i + 1]) << 4 |
			    assay_ascii_hex((unsigned char)s.p[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return 0;
		out[n++] = c;
	}
	out[n] = '\0';
	return n;
}

/* ipv4_part - one number of an address, any base C knows; false when it is none */
static bool ipv4_part(struct assay_slice s, uint64_t *value)
{
	unsigned base = 10;

	if (s.n >= 2 && s.p[0] == '0') {
		const bool hex = s.p[1] == 'x';

		base = hex ? 16 : 8;
		s = assay_slice_from(s, hex ? 2 : 1);
	} else if (s.n == 0) {
		return false;
	}
	*value = 0;
	for (size_t i = 0; i < s.n; i++) {
		const int digit = assay_ascii_hex((unsigned char)s.p[i]);

		if (digit < 0 || (unsigned)digit >= base || *value > UINT32_MAX)
			return false;
		*value = *value * base + (unsigned)digit;
	}
	return true;
}

/* ipv4 - the address a host written in numbers means (WHATWG URL, "IPv4 parser") */
static bool ipv4(struct assay_slice host, uint32_t *address)
{
	uint64_t part[4], sum = 0;
	struct assay_slice rest = host, field;
	size_t n = 0;

	while (assay_slice_split(&rest, '.', &field))
		if (n == 4 || !ipv4_part(field, &part[n++]))
			return false;
	for (size_t i = 0; i + 1 < n; i++) {
		if (part[i] > 255)
			return false;
		sum |= part[i] << (24 - 8 * i);
	}
	if (n == 0 || part[n - 1] >= UINT64_C(1) << (8 * (5 - n)))
		return false;
	*address = (uint32_t)(sum + part[n - 1]);
	return true;
}

/* ipv6 - the normal form of an address in brackets; its length or 0 */
static size_t ipv6(const char *text, size_t n, char host[ASSAY_URL_HOST_MAX])
{
	char inner[INET6_ADDRSTRLEN + 1];
	struct in6_addr a;

	if (n < 4 || text[n - 1] != ']' || n - 2 >= sizeof inner)
		return 0;
	memcpy(inner, text + 1, n - 2);
	inner[n - 2] = '\0';
	if (inet_pton(AF_INET6, inner, &a) != 1)
		return 0;
	(void)inet_ntop(AF_INET6, &a, host, ASSAY_URL_HOST_MAX);
	return strlen(host);
}

/* is_forbidden - can c not be in a host name? */
static bool is_forbidden(unsigned char c)
{
	return c <= 0x20 || c == 0x7f || strchr("#/<>?@[\\]^|:%\"`{}", c) != NULL;
}

/* name - the normal form of a host name; its length or 0 */
static size_t name(const char *text, size_t n, char host[ASSAY_URL_HOST_MAX])
{
	bool ascii = true;

	while (n > 0 && text[n - 1] == '.')
		n--;
	while (n > 0 && text[0] == '.') {
		text++;
		n--;
	}
	if (n == 0 || n >= ASSAY_URL_HOST_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (is_forbidden((unsigned char)text[i]))
			return 0;
		ascii = ascii && (unsigned char)text[i] < 0x80;
		host[i] = (char)assay_ascii_lower((unsigned char)text[i]);
	}
	host[n] = '\0';
	return ascii || assay_utf8_is_valid(assay_slice(host, n)) ? n : 0;
}

/* to_ascii - A-labels for what is not ASCII; leaves text as it is when that cannot be done */
static size_t to_ascii(char text[RAW_HOST_MAX + 1], size_t n)
{
	char *converted = NULL;
	size_t length;

	for (length = 0; length < n && (unsigned char)text[length] < 0x80; length++)
		;
	/* Longer than DNS allows stays so: no point in normalising it. */
	if (length == n || n > 4 * (ASSAY_URL_HOST_MAX - 1) ||
	    !assay_utf8_is_valid(assay_slice(text, n)))
		return n;
	if (idn2_to_ascii_8z(text, &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		return n;
	length = strlen(converted);
	if (length <= RAW_HOST_MAX) {
		memcpy(text, converted, length + 1);
		n = length;
	}
	idn2_free(converted);
	return n;
}

/* assay_url_host - the normal form of a host */
size_t assay_url_host(struct assay_slice raw, char host[ASSAY_URL_HOST_MAX])
{
	char text[RAW_HOST_MAX + 1];
	uint32_t address;
	size_t n = percent_decode(raw, text);

	host[0] = '\0';
	if (n == 0)
		return 0;
	if (text[0] == '[')
		return ipv6(text, n, host);
	n = name(text, to_ascii(text, n), host);
	if (n > 0 && ipv4(assay_slice(host, n), &address))
		n = (size_t)snprintf(host, ASSAY_URL_HOST_MAX, "%u.%u.%u.%u", address >> 24,
		    address >> 16 & 255, address >> 8 & 255, address & 255);
	if (n == 0)
		host[0] = '\0';
	return n;
}

/* assay_url_host_of - of a whole URL */
size_t assay_url_host_of(struct assay_slice url, char host[ASSAY_URL_HOST_MAX])
{
	struct assay_url_parts parts;

	host[0] = '\0';
	if (!assay_url_split(url, &parts) || parts.host.p == NULL)
		return 0;
	return assay_url_host(parts.host, host);
}

/* assay_url_host_is_ip - an address, not a name? */
bool assay_url_host_is_ip(struct assay_slice host)
{
	uint32_t address;

	return assay_slice_find(host, ':') < host.n || ipv4(host, &address);
}

/* assay_url_strip - without what browsers take out first */
bool assay_url_strip(struct assay_slice raw, struct assay_buf *out)
{
	while (raw.n > 0 && (unsigned char)raw.p[0] <= 0x20)
		raw = assay_slice_from(raw, 1);
	while (raw.n > 0 && (unsigned char)raw.p[raw.n - 1] <= 0x20)
		raw.n--;
	while (raw.n > 0) {
		size_t run = 0;

		while (
		    run < raw.n && raw.p[run] != '\t' && raw.p[run] != '\r' && raw.p[run] != '\n')
			run++;
		if (!assay_buf_add(out, raw.p, run))
			return false;
		raw = assay_slice_from(raw, run + 1);
	}
	return true;
}
