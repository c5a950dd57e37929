/*
 * milter/session.h - one SMTP session as a mail server tells of it, whatever the engine
 *
 * Collects the client, the envelope and the bytes of one message after the other. The message is
 * what was on the wire: header lines as they were folded and spaced, an empty line, the body; line
 * ends are CRLF everywhere (servers give folds as LF). What the server adds itself in front, its
 * Received line, is not in it.
 *
 * The state of a message is gone after assay_session_forget, a new MAIL, HELO or connect, whatever
 * came before; the client's stays until the next connect. Commands that make no sense where they
 * come are refused (false) and change nothing. All of it is bounded: ASSAY_SESSION_* here, bytes of
 * the message by the store; what is over that is counted, not kept.
 */
#ifndef ASSAY_MILTER_SESSION_H
#define ASSAY_MILTER_SESSION_H

#include <assay/plugin.h>

#include "base/buf.h"
#include "message.h"
#include "proto.h"

#define ASSAY_SESSION_TEXT 2048u                 /* of one name or address */
#define ASSAY_SESSION_MACROS 4096u               /* of one stage */
#define ASSAY_SESSION_RCPTS ((size_t)512 * 1024) /* all recipients */
#define ASSAY_SESSION_NAMES ((size_t)256 * 1024) /* names of all headers */

/* What an engine negotiates. All is decided at the end of the message: until then no answer is
 * worth a round trip. */
#define ASSAY_SESSION_ACTIONS                                                                      \
	(ASSAY_PROTO_MAY_ADD_HEADERS | ASSAY_PROTO_MAY_CHANGE_HEADERS |                            \
	    ASSAY_PROTO_MAY_QUARANTINE | ASSAY_PROTO_MAY_SET_MACROS)
#define ASSAY_SESSION_STEPS                                                                        \
	(ASSAY_PROTO_NO_UNKNOWN | ASSAY_PROTO_SILENT_CONNECT | ASSAY_PROTO_SILENT_HELO |           \
	    ASSAY_PROTO_SILENT_MAIL | ASSAY_PROTO_SILENT_RCPT | ASSAY_PROTO_SILENT_DATA |          \
	    ASSAY_PROTO_SILENT_HEADER | ASSAY_PROTO_SILENT_EOH | ASSAY_PROTO_SILENT_BODY |         \
	    ASSAY_PROTO_SILENT_UNKNOWN | ASSAY_PROTO_LEADING_SPACE)
/* What the envelope is made of, by the protocol's stages. */
extern const char *const assay_session_wanted_macros[ASSAY_PROTO_STAGES];

/* Where macros belong; a later one wins. */
enum assay_session_stage {
	ASSAY_SESSION_CONNECT,
	ASSAY_SESSION_HELO,
	ASSAY_SESSION_MAIL,
	ASSAY_SESSION_RCPT,
	ASSAY_SESSION_DATA,
	ASSAY_SESSION_EOH,
	ASSAY_SESSION_END,
	ASSAY_SESSION_STAGES
};

enum assay_session_phase {
	ASSAY_SESSION_IDLE,    /* no message */
	ASSAY_SESSION_SENDER,  /* MAIL was there */
	ASSAY_SESSION_HEADERS, /* and a header */
	ASSAY_SESSION_BODY,    /* and the end of the headers */
	ASSAY_SESSION_DONE     /* handed over; waits for assay_session_forget */
};

struct assay_session {
	struct assay_message_store *store;
	bool leading_space; /* header values have theirs */
	enum assay_session_phase phase;
	char family; /* of the client: '4', '6', 'L', 'U'; 0: not known yet */
	struct assay_buf host, addr, helo;
	struct assay_buf
	    macros[ASSAY_SESSION_STAGES]; /* names and values in turn, NUL behind each */
	/* Of the message. */
	struct assay_message message;
	struct assay_buf sender, rcpts, names; /* rcpts, names: NUL behind each */
	size_t nrcpts;                         /* all of them */
};

/* Borrows the store. */
void assay_session_init(struct assay_session *session, struct assay_message_store *store);
void assay_session_release(struct assay_session *session);

/* Names and values in turn, a NUL behind each, of the command that comes next; they replace what
 * the stage had. */
void assay_session_macros(
    struct assay_session *session, enum assay_session_stage stage, struct assay_slice pairs);
/* The value, or an absent slice. `name` without braces. */
struct assay_slice assay_session_macro(const struct assay_session *session, const char *name);

void assay_session_connect(
    struct assay_session *session, struct assay_slice host, char family, struct assay_slice addr);
void assay_session_helo(struct assay_session *session, struct assay_slice name);
/* Addresses as they were written, with or without angle brackets. */
bool assay_session_mail(struct assay_session *session, struct assay_slice sender);
bool assay_session_rcpt(struct assay_session *session, struct assay_slice rcpt);
bool assay_session_header(
    struct assay_session *session, struct assay_slice name, struct assay_slice value);
bool assay_session_eoh(struct assay_session *session);
bool assay_session_body(struct assay_session *session, struct assay_slice bytes);
/* The message is whole: fills `submission` with what the door wants to know (not done, verdict and
 * done_arg). Its descriptor and JSON are the caller's; strings are literals. *why, which may be
 * NULL, says in words why it cannot be scanned, where that is so. */
bool assay_session_end(
    struct assay_session *session, struct assay_submission *submission, struct assay_err *why);
/* The message, if there is one, is no more. */
void assay_session_forget(struct assay_session *session);

#endif
