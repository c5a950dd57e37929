/*
 * core/indicator.h - a line of a list of digests, links or senders, as others write such lists
 *
 * Of a line counts what stands before white space (of digests: what is hexadecimal; of senders:
 * what stands in <>); behind # or ; or // at its begin it is a comment. Links and addresses may be
 * written so that nobody clicks on them: hxxp://a[.]example, a(at)b[.]example.
 *
 *	digests		MD5, SHA-1, SHA-256, SHA-512 by their length
 *	links		a URL with a path is that URL; one without, and a bare name, is a host and
 *			all below it
 *	senders		an address, or a domain (@ or *@ may stand before it) and all below it
 *
 * Linear; a line of more than ASSAY_INDICATOR_LINE bytes is none. Touches nothing.
 */
#ifndef ASSAY_INDICATOR_H
#define ASSAY_INDICATOR_H

#include <assay/types.h>

struct assay_arena;

#define ASSAY_INDICATOR_LINE 16384u

enum assay_indicator_of { ASSAY_INDICATOR_DIGESTS, ASSAY_INDICATOR_LINKS, ASSAY_INDICATOR_SENDERS };

enum assay_indicator {
	ASSAY_INDICATOR_EMPTY, /* an empty line, a comment */
	ASSAY_INDICATOR_BAD,   /* none of these */
	ASSAY_INDICATOR_MD5,
	ASSAY_INDICATOR_SHA1,
	ASSAY_INDICATOR_SHA256,
	ASSAY_INDICATOR_SHA512,
	ASSAY_INDICATOR_URL,
	ASSAY_INDICATOR_HOST,
	ASSAY_INDICATOR_ADDRESS,
	ASSAY_INDICATOR_DOMAIN,
	ASSAY_INDICATORS
};

/* *value: in the form reports have it, in the arena; digests, hosts, domains in lower case. */
enum assay_indicator assay_indicator_read(struct assay_arena *arena, enum assay_indicator_of of,
    struct assay_slice line, struct assay_slice *value);

#endif
