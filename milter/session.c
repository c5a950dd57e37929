/*
 * milter/session.c - see session.h. Touches nothing but the message's own file (message.h).
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "envelope.h"
#include "proto.h"
#include "session.h"

const char *const assay_session_wanted_macros[ASSAY_PROTO_STAGES] = {
	"j {daemon_name} {client_addr}",
	"{tls_version} {cipher} {verify} {cert_subject}",
	"i {auth_type} {auth_authen} {tls_version} {cipher} {verify} {cert_subject}",
	"i",
	"i",
	"i",
	"i",
};

/* assay_session_init - nobody has connected */
void assay_session_init(struct assay_session *session, struct assay_message_store *store)
{
	*session = (struct assay_session){ .store = store };
	assay_buf_init(&session->host, ASSAY_SESSION_TEXT);
	assay_buf_init(&session->addr, ASSAY_SESSION_TEXT);
	assay_buf_init(&session->helo, ASSAY_SESSION_TEXT);
	assay_buf_init(&session->sender, ASSAY_SESSION_TEXT);
	assay_buf_init(&session->rcpts, ASSAY_SESSION_RCPTS);
	assay_buf_init(&session->names, ASSAY_SESSION_NAMES);
	for (int i = 0; i < ASSAY_SESSION_STAGES; i++)
		assay_buf_init(&session->macros[i], ASSAY_SESSION_MACROS);
	assay_message_init(&session->message, store);
}

/* clear_macros - of the stages from this one on */
static void clear_macros(struct assay_session *session, int stage)
{
	for (; stage < ASSAY_SESSION_STAGES; stage++)
		assay_buf_release(&session->macros[stage]);
}

/* drop_message - everything about it but its macros */
static void drop_message(struct assay_session *session)
{
	if (session->phase == ASSAY_SESSION_IDLE)
		return;
	assay_message_release(&session->message);
	assay_message_init(&session->message, session->store);
	assay_buf_release(&session->sender);
	assay_buf_release(&session->rcpts);
	assay_buf_release(&session->names);
	session->nrcpts = 0;
	session->phase = ASSAY_SESSION_IDLE;
}

/* assay_session_forget - and what the server said of it */
void assay_session_forget(struct assay_session *session)
{
	drop_message(session);
	clear_macros(session, ASSAY_SESSION_MAIL);
}

/* assay_session_release - the end */
void assay_session_release(struct assay_session *session)
{
	drop_message(session);
	clear_macros(session, 0);
	assay_buf_release(&session->host);
	assay_buf_release(&session->addr);
	assay_buf_release(&session->helo);
}

/* ---- macros ---------------------------------------------------------------------------------- */

/* assay_session_macros - as many whole pairs as there is room for */
void assay_session_macros(
    struct assay_session *session, enum assay_session_stage stage, struct assay_slice pairs)
{
	struct assay_buf *kept = &session->macros[stage];
	struct assay_slice rest = pairs, name, value;

	assay_buf_clear(kept);
	while (assay_proto_string(&rest, &name) && assay_proto_string(&rest, &value)) {
		if (name.n + value.n + 2 > kept->max - kept->n)
			continue;
		(void)assay_buf_add(kept, name.p, name.n + 1);
		(void)assay_buf_add(kept, value.p, value.n + 1);
	}
}

/* bare - a macro's name without its braces */
static struct assay_slice bare(struct assay_slice name)
{
	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
		return assay_slice(name.p + 1, name.n - 2);
	return name;
}

/* assay_session_macro - what was said last */
struct assay_slice assay_session_macro(const struct assay_session *session, const char *name)
{
	for (int stage = ASSAY_SESSION_STAGES - 1; stage >= 0; stage--) {
		struct assay_slice rest = assay_buf_slice(&session->macros[stage]), key, value;

		while (assay_proto_string(&rest, &key) && assay_proto_string(&rest, &value))
			if (assay_slice_is(bare(key), name))
				return value;
	}
	return ASSAY_SLICE_NONE;
}

/* ---- the client ------------------------------------------------------------------------------ */

/* set - a text of one line */
static void set(struct assay_buf *to, struct assay_slice text)
{
	assay_buf_clear(to);
	(void)assay_buf_add_slice(to, text);
}

/* assay_session_connect - somebody else from now on */
void assay_session_connect(
    struct assay_session *session, struct assay_slice host, char family, struct assay_slice addr)
{
	drop_message(session);
	clear_macros(session, ASSAY_SESSION_HELO);
	assay_buf_clear(&session->helo);
	session->family = family;
	set(&session->host, host);
	set(&session->addr, addr);
}

/* assay_session_helo - also a second one, inside TLS */
void assay_session_helo(struct assay_session *session, struct assay_slice name)
{
	assay_session_forget(session);
	set(&session->helo, name);
}

/* ---- the message ----------------------------------------------------------------------------- */

/* assay_session_mail - a message begins */
bool assay_session_mail(struct assay_session *session, struct assay_slice sender)
{
	if (session->phase == ASSAY_SESSION_DONE)
		return false;
	drop_message(session);
	clear_macros(session, ASSAY_SESSION_RCPT);
	set(&session->sender, sender);
	session->phase = ASSAY_SESSION_SENDER;
	return true;
}

/* assay_session_rcpt - one more; whole or not at all */
bool assay_session_rcpt(struct assay_session *session, struct assay_slice rcpt)
{
	struct assay_buf *kept = &session->rcpts;

	if (session->phase != ASSAY_SESSION_SENDER)
		return false;
	session->nrcpts++;
	if (rcpt.n <= ASSAY_SESSION_TEXT && rcpt.n < kept->max - kept->n) {
		(void)assay_buf_add_slice(kept, rcpt);
		(void)assay_buf_add_char(kept, '\0');
	}
	return true;
}

/* add_value - folds as they are on the wire */
static void add_value(struct assay_message *message, struct assay_slice value)
{
	while (value.n > 0) {
		size_t n = assay_slice_find(value, '\n');

		assay_message_add(message, assay_slice_head(value, n));
		if (n == value.n)
			break;
		if (n == 0 || value.p[n - 1] != '\r')
			assay_message_add(message, ASSAY_SLICE_LIT("\r"));
		assay_message_add(message, ASSAY_SLICE_LIT("\n"));
		value = assay_slice_from(value, n + 1);
	}
}

/* assay_session_header - its line, and its name */
bool assay_session_header(
    struct assay_session *session, struct assay_slice name, struct assay_slice value)
{
	struct assay_message *message = &session->message;

	if (session->phase != ASSAY_SESSION_SENDER && session->phase != ASSAY_SESSION_HEADERS)
		return false;
	session->phase = ASSAY_SESSION_HEADERS;
	if (name.n < session->names.max - session->names.n) {
		(void)assay_buf_add_slice(&session->names, name);
		(void)assay_buf_add_char(&session->names, '\0');
	} else {
		session->names.full = true;
	}
	assay_message_add(message, name);
	assay_message_add(message, ASSAY_SLICE_LIT(":"));
	if (!session->leading_space && value.n > 0)
		assay_message_add(message, ASSAY_SLICE_LIT(" "));
	add_value(message, value);
	assay_message_add(message, ASSAY_SLICE_LIT("\r\n"));
	return true;
}

/* assay_session_eoh - the empty line */
bool assay_session_eoh(struct assay_session *session)
{
	if (session->phase != ASSAY_SESSION_SENDER && session->phase != ASSAY_SESSION_HEADERS)
		return false;
	session->phase = ASSAY_SESSION_BODY;
	assay_message_add(&session->message, ASSAY_SLICE_LIT("\r\n"));
	return true;
}

/* into_body - servers need not tell where the headers end */
static bool into_body(struct assay_session *session)
{
	return session->phase == ASSAY_SESSION_BODY || assay_session_eoh(session);
}

/* assay_session_body - a piece of it */
bool assay_session_body(struct assay_session *session, struct assay_slice bytes)
{
	if (!into_body(session))
		return false;
	assay_message_add(&session->message, bytes);
	return true;
}

/* assay_session_end - all that the door wants to know */
bool assay_session_end(
    struct assay_session *session, struct assay_submission *submission, struct assay_err *why)
{
	enum assay_status st;

	if (!into_body(session))
		return false;
	session->phase = ASSAY_SESSION_DONE;
	*submission = (struct assay_submission){
		.fd = -1,
		.source = "milter",
		.content_type = "message/rfc822",
		.message_time_ms = assay_clock_wall_ms(),
		.message_time_source = "milter",
		.request = assay_envelope_request(session),
	};
	st = assay_message_finish(&session->message, &submission->fd, why);
	if (st != ASSAY_OK) {
		submission->unscanned = st == ASSAY_E_LIMIT ? "message_size" : "error";
		submission->bytes = assay_slice(NULL, (size_t)session->message.size);
	}
	return true;
}
