/*
 * iocextract/found.h - the indicators of one payload, each once, and what is not wanted
 *
 * A set per kind in the order of discovery, bounded; what does not fit is counted. The list of what
 * is not wanted is made once from "type:pattern" words: networks for addresses, a domain and all
 * below it for domains, a glob for the others.
 */
#ifndef ASSAY_IOCEXTRACT_FOUND_H
#define ASSAY_IOCEXTRACT_FOUND_H

#include <assay/types.h>

#include "base/map.h"

enum assay_found_kind {
	ASSAY_FOUND_IPV4,
	ASSAY_FOUND_IPV6,
	ASSAY_FOUND_DOMAIN,
	ASSAY_FOUND_URL,
	ASSAY_FOUND_EMAIL,
	ASSAY_FOUND_MD5,
	ASSAY_FOUND_SHA1,
	ASSAY_FOUND_SHA256,
	ASSAY_FOUND_SHA512,
	ASSAY_FOUND_MAC,
	ASSAY_FOUND_KINDS
};

/* "ipv4", "url" ... */
const char *assay_found_name(enum assay_found_kind kind);

struct assay_found_rule {
	struct assay_found_rule *next;
	enum assay_found_kind kind;
	const char *pattern;
	unsigned char net[16];
	unsigned bits;
};

/* Words end with NULL. E_CONF: one is not of the form. */
ASSAY_MUST_CHECK enum assay_status assay_found_rules(struct assay_arena *arena,
    const char *const *words, struct assay_found_rule **rules, struct assay_err *err);

struct assay_found {
	struct assay_map set[ASSAY_FOUND_KINDS];
	struct assay_arena *arena;
	const struct assay_found_rule *rules;
	size_t max;    /* of each kind */
	uint64_t over; /* that did not fit, repeats included */
};
void assay_found_init(struct assay_found *found, struct assay_arena *arena,
    const struct assay_found_rule *rules, size_t max);
/* Adds a copy, if it is wanted and new. */
void assay_found_add(
    struct assay_found *found, enum assay_found_kind kind, struct assay_slice value);
/* A host in normal form: an address or a name. */
void assay_found_add_host(struct assay_found *found, struct assay_slice host);

#endif
