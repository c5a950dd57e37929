/*
 * mail/received.h - one Received field, taken apart
 *
 * RFC 5321 4.4 and the forms of Postfix, Exim, Exchange, Gmail, Sendmail, qmail and SendGrid. What
 * a server wrote is a claim; this file only reads it. Texts are valid UTF-8 in the arena, "" when
 * absent. Linear in the input, comments are counted, not recursed; each text is cut at 1,000 bytes.
 */
#ifndef ASSAY_MAIL_RECEIVED_H
#define ASSAY_MAIL_RECEIVED_H

#include <assay/types.h>

struct assay_arena;

struct assay_received {
	struct assay_slice from;    /* the client's name: its reverse name if the server gives one,
				     * else what it called itself */
	struct assay_slice from_ip; /* valid IPv4 or IPv6 in inet_ntop form */
	struct assay_slice helo;    /* what the client called itself */
	struct assay_slice by, with, id, for_; /* for_ without <> */
	struct assay_slice date;               /* as written */
	int64_t date_ms;                       /* UTC; valid if has_date */
	bool has_date;
};

void assay_received_parse(
    struct assay_arena *arena, struct assay_slice raw, struct assay_received *received);
/* An address in any of the dresses mail knows ([1.2.3.4], IPv6:..., ::ffff:1.2.3.4) in inet_ntop
 * form into text (46 bytes and more); false when it is none. */
bool assay_received_ip(struct assay_slice word, char *text, size_t size);

#endif
