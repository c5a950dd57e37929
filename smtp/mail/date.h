/*
 * mail/date.h - dates of mails to milliseconds UTC
 *
 * RFC 5322 3.3 and 4.3 (obsolete zones, two-digit years, comments), RFC 850, asctime (the mbox
 * From_ line), ISO 8601, and what broken clocks write: missing weekday, missing seconds, missing
 * or odd zone, other order. No time zone database, no locale. Linear; at most 1 KiB is looked at.
 */
#ifndef ASSAY_MAIL_DATE_H
#define ASSAY_MAIL_DATE_H

#include <assay/types.h>

/* ASSAY_OK and *utc_ms, or ASSAY_E_SYNTAX (then *utc_ms is 0). A missing or unknown zone is UTC. */
ASSAY_MUST_CHECK enum assay_status assay_date_parse(struct assay_slice text, int64_t *utc_ms);

#endif
