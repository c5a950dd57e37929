/*
 * milter/envelope.h - what a session knows of a message, as members of a request
 *
 * {queue_id, daemon, envelope{sender{addr, domain, null}, recipients[{addr, domain}], client{addr,
 * name, helo, tls{version, cipher, verified}, auth{user, method}}}} as in request_meta of the
 * report. Bytes of any kind become valid UTF-8; what is not known is null.
 */
#ifndef ASSAY_MILTER_ENVELOPE_H
#define ASSAY_MILTER_ENVELOPE_H

#include <jansson.h>

struct assay_session;

/* New reference. */
json_t *assay_envelope_request(const struct assay_session *session);

#endif
