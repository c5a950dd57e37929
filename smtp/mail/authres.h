/*
 * mail/authres.h - Authentication-Results of one authserv-id (RFC 8601)
 *
 * Reads the first run of Authentication-Results fields that bear the configured authserv-id: fields
 * in between that are neither Received nor another server's Authentication-Results do not end the
 * run. Whether such a field may be trusted at all is the border MTA's doing (RFC 8601 5: it removes
 * forged ones). Texts are valid UTF-8 in the arena, "" when absent; results in lower case. Linear.
 */
#ifndef ASSAY_MAIL_AUTHRES_H
#define ASSAY_MAIL_AUTHRES_H

#include <assay/types.h>

struct assay_arena;
struct assay_header;

#define ASSAY_AUTHRES_DKIM 32 /* signatures kept */

struct assay_authres_dkim {
	struct assay_slice result, domain, selector;
};

struct assay_authres {
	struct assay_slice authserv_id;
	struct assay_slice spf_result, spf_domain;
	struct assay_authres_dkim dkim[ASSAY_AUTHRES_DKIM];
	size_t ndkim, dkim_total;
	struct assay_slice dmarc_result, dmarc_policy, dmarc_domain;
	struct assay_slice arc_result;
};

/* An id that means: fields that bear none, as Exchange Online writes them. */
#define ASSAY_AUTHRES_NO_ID "-"

/* False when no field bears the id (compared with ASCII case ignored). */
bool assay_authres_read(struct assay_arena *arena, const struct assay_header *header,
    struct assay_slice authserv_id, struct assay_authres *authres);
/* The authserv-id of one field's value. */
struct assay_slice assay_authres_id(struct assay_arena *arena, struct assay_slice raw);

#endif
