/*
 * text/hosts.h - every host that is written behind http:// or https://, wherever it stands
 *
 * What url.h and links.h leave out because no reader would follow it from there: URLs in comments
 * and in attributes that are none, inside other URLs (redirectors), behind "=3D", percent-encoded
 * once (https%3A%2F%2F). Only the scheme and a host with a dot are asked for. Linear: a host is
 * looked at once and is at most 253 bytes. Callbacks borrow for the time of the call.
 */
#ifndef ASSAY_TEXT_HOSTS_H
#define ASSAY_TEXT_HOSTS_H

#include <assay/types.h>

#define ASSAY_HOSTS_URL_MAX 1024 /* bytes given by assay_hosts_url */

struct assay_buf;

struct assay_hosts_hit {
	size_t offset;           /* of the scheme in the text */
	struct assay_slice host; /* normal form, as assay_url_host gives it */
	bool encoded;            /* "://" is percent-encoded */
};

/* Calls hit for each, the same host again and again but not twice in a row. False stops. */
void assay_hosts_scan(struct assay_slice text,
    bool (*hit)(void *user, const struct assay_hosts_hit *hit), void *user);

/* The URL of a hit, to white space, a quote or a bracket; percent-decoded once if it was encoded.
 * Any bytes: valid UTF-8 only if the text is. */
void assay_hosts_url(
    struct assay_slice text, const struct assay_hosts_hit *hit, struct assay_buf *out);

#endif
