/*
 * text/domain.h - the registrable part of a host name (public suffix list)
 *
 * The list is the newer of the one built into libpsl and the system's (package publicsuffix), which
 * is read by assay_domain_warm and never again; without that call the built-in one is used.
 */
#ifndef ASSAY_TEXT_DOMAIN_H
#define ASSAY_TEXT_DOMAIN_H

#include <assay/types.h>

/* Before the sandbox; and what gives it back, for leak checkers. */
void assay_domain_warm(void);
void assay_domain_cool(void);

/* Of a host in the normal form of assay_url_host() or any lower or upper case name, trailing dot
 * allowed: "a.b.example.co.uk" -> "example.co.uk". An address, a bare public suffix and a single
 * label are given back whole. The result is a tail of host (never longer; same case). */
struct assay_slice assay_domain_registrable(struct assay_slice host);
/* Does the name end in a suffix the list knows (not merely the "*" default rule), with at least one
 * label before it? What looks like a domain in prose mostly is a file name. */
bool assay_domain_is_known(struct assay_slice host);

#endif
