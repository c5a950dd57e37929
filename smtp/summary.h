/*
 * smtp/summary.h - the members of the report that only the message can tell
 *
 * recipients[], message_time, direction and content_sha256 of the report's top level; computed for
 * the root only (the host ignores them below).
 */
#ifndef ASSAY_SMTP_SUMMARY_H
#define ASSAY_SMTP_SUMMARY_H

#include <assay/types.h>

struct assay_scan;

void assay_summary_report(struct assay_scan *scan);
/* Is the text of an address inside "10.0.0.0/8", "2001:db8::/32" or equal to "192.0.2.1"? */
bool assay_summary_in_net(struct assay_slice ip, const char *net);
/* Is the domain one of those listed, or below one? */
bool assay_summary_in_domains(struct assay_slice domain, const char *const *domains);
/* Fetches the digest; before it content_sha256 would load it lazily. */
void assay_summary_warm(void);
void assay_summary_cool(void);

#endif
