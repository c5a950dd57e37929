/*
 * milter/envelope.c - see envelope.h. Pure.
 */
#include <string.h>

#include "base/slice.h"
#include "envelope.h"
#include "proto.h"
#include "session.h"
#include "text/url.h"

/* set - takes the value; no memory means no member */
static void set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new_nocheck(object, key, value);
}

/* text - null where there is none */
static json_t *text(struct assay_slice s)
{
	return s.n > 0 ? assay_json_text(s.p, s.n) : json_null();
}

/* without_brackets - the address of <address> */
static struct assay_slice without_brackets(struct assay_slice s)
{
	s = assay_slice_trim(s);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return assay_slice(s.p + 1, s.n - 2);
	return s;
}

/* domain - behind the last @, as A-labels in lower case */
static json_t *domain(struct assay_slice addr)
{
	const char *at = addr.n > 0 ? memrchr(addr.p, '@', addr.n) : NULL;
	char host[ASSAY_URL_HOST_MAX];
	struct assay_slice name;
	size_t n;

	if (at == NULL)
		return json_null();
	name = assay_slice_from(addr, (size_t)(at + 1 - addr.p));
	n = assay_url_host(name, host);
	return text(assay_slice(host, n));
}

/* address - {addr, domain} */
static json_t *address(struct assay_slice addr)
{
	json_t *object = json_object();

	set(object, "addr", text(addr));
	set(object, "domain", domain(addr));
	return object;
}

/* sender - of the envelope */
static json_t *sender(const struct assay_session *session)
{
	struct assay_slice addr = without_brackets(assay_buf_slice(&session->sender));
	json_t *object = address(addr);

	set(object, "null", json_boolean(addr.n == 0));
	return object;
}

/* recipients - those that were kept */
static json_t *recipients(const struct assay_session *session)
{
	struct assay_slice rest = assay_buf_slice(&session->rcpts), rcpt;
	json_t *list = json_array();

	while (assay_proto_string(&rest, &rcpt))
		(void)json_array_append_new(list, address(without_brackets(rcpt)));
	return list;
}

/* tls - null without encryption */
static json_t *tls(const struct assay_session *session)
{
	struct assay_slice version = assay_session_macro(session, "tls_version");
	struct assay_slice verify = assay_session_macro(session, "verify");
	json_t *object;

	if (version.n == 0)
		return json_null();
	object = json_object();
	set(object, "version", text(version));
	set(object, "cipher", text(assay_session_macro(session, "cipher")));
	/* Sendmail says what came of it; Postfix names subjects of certificates it trusts. */
	set(object, "verified",
	    json_boolean(verify.p != NULL ? assay_slice_is(verify, "OK")
					  : assay_session_macro(session, "cert_subject").n > 0));
	return object;
}

/* auth - null without a log-in */
static json_t *auth(const struct assay_session *session)
{
	struct assay_slice user = assay_session_macro(session, "auth_authen");
	json_t *object;

	if (user.n == 0)
		return json_null();
	object = json_object();
	set(object, "user", text(user));
	set(object, "method", text(assay_session_macro(session, "auth_type")));
	return object;
}

/* client_addr - of an IP client; "IPv6:" is Sendmail's */
static struct assay_slice client_addr(const struct assay_session *session)
{
	struct assay_slice addr = ASSAY_SLICE_NONE;

	if (session->family == '4' || session->family == '6')
		addr = assay_buf_slice(&session->addr);
	if (addr.n == 0)
		addr = assay_session_macro(session, "client_addr");
	if (assay_slice_casestarts(addr, "IPv6:"))
		addr = assay_slice_from(addr, 5);
	return addr;
}

/* client_name - where its address has one */
static struct assay_slice client_name(const struct assay_session *session)
{
	struct assay_slice host = assay_buf_slice(&session->host);

	return assay_slice_starts(host, "[") || assay_slice_is(host, "unknown") ? ASSAY_SLICE_NONE
										: host;
}

/* client - who delivered */
static json_t *client(const struct assay_session *session)
{
	json_t *object = json_object();

	set(object, "addr", text(client_addr(session)));
	set(object, "name", text(client_name(session)));
	set(object, "helo", text(assay_buf_slice(&session->helo)));
	set(object, "tls", tls(session));
	set(object, "auth", auth(session));
	return object;
}

/* assay_envelope_request - see envelope.h */
json_t *assay_envelope_request(const struct assay_session *session)
{
	json_t *request = json_object(), *envelope = json_object();

	set(envelope, "sender", sender(session));
	set(envelope, "recipients", recipients(session));
	set(envelope, "client", client(session));
	set(request, "queue_id", text(assay_session_macro(session, "i")));
	set(request, "daemon", text(assay_session_macro(session, "daemon_name")));
	set(request, "envelope", envelope);
	return request;
}
