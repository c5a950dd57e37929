/*
 * text/url.h - finding and taking apart URLs
 *
 * assay_url_scan() is one linear pass over text (UTF-8, but any bytes are taken). A URL ends at
 * white space, quotes, angle brackets, control characters, CJK punctuation; closing brackets that
 * were not opened inside it and trailing punctuation are left out. Longest URL kept: 16 KiB.
 * Callbacks borrow everything for the time of the call.
 */
#ifndef ASSAY_TEXT_URL_H
#define ASSAY_TEXT_URL_H

#include <assay/types.h>

#define ASSAY_URL_MAX 16384
#define ASSAY_URL_HOST_MAX 254 /* with the NUL */

enum assay_url_kind {
	ASSAY_URL_URL,
	ASSAY_URL_EMAIL, /* only with ASSAY_URL_EMAILS */
	ASSAY_URL_DOMAIN /* only with ASSAY_URL_DOMAINS; the public suffix is known */
};

#define ASSAY_URL_DEFANGED 1u /* also hxxp, [.] (.) {.} <.> [dot] " dot ", [:]//, [@] ... */
#define ASSAY_URL_DOMAINS 2u
#define ASSAY_URL_EMAILS 4u

struct assay_url_hit {
	enum assay_url_kind kind;
	size_t offset;           /* of raw in the text */
	struct assay_slice raw;  /* as it stands in the text */
	struct assay_slice url;  /* refanged; http:// put before www. forms; NUL behind it */
	struct assay_slice host; /* assay_url_host() of it; NUL behind it; may be empty (mailto:) */
	bool defanged;           /* raw was written so that it could not be clicked */
	bool implied;            /* raw has no scheme */
};

struct assay_url_sink {
	/* false stops the scan. */
	bool (*hit)(void *user, const struct assay_url_hit *hit);
	void *user;
};

/* Returns the number of hits reported. */
size_t assay_url_scan(struct assay_slice text, unsigned flags, const struct assay_url_sink *sink);

/* The pieces of a URL as browsers cut it (WHATWG: backslashes are slashes for the web schemes, tabs
 * and line breaks must be gone already); absent pieces have p == NULL. Borrow from url. */
struct assay_url_parts {
	struct assay_slice scheme, userinfo, host, port, path; /* path: with query and fragment */
};
/* False when there is no scheme. */
bool assay_url_split(struct assay_slice url, struct assay_url_parts *parts);

/* Normal form of a host: percent-decoding, lower case, A-labels (IDNA 2008 nontransitional, what
 * cannot be converted stays as lower-cased UTF-8), no trailing dot; integer, octal, hexadecimal and
 * short IPv4 forms become dotted decimal; IPv6 without brackets. host gets a NUL-terminated text;
 * returns its length, 0 when there is none or it is longer than DNS allows. */
size_t assay_url_host(struct assay_slice raw, char host[ASSAY_URL_HOST_MAX]);
/* split and host in one. */
size_t assay_url_host_of(struct assay_slice url, char host[ASSAY_URL_HOST_MAX]);
/* Is host (normal form) an address, not a name? */
bool assay_url_host_is_ip(struct assay_slice host);

/* Removes what browsers remove before they follow a link: C0 and space at both ends, tab, CR and LF
 * anywhere. Appends the result. */
struct assay_buf;
bool assay_url_strip(struct assay_slice raw, struct assay_buf *out);

#endif
