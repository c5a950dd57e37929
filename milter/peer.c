/*
 * milter/peer.c - see peer.h. Touches nothing outside but through the session.
 */
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "peer.h"
#include "proto.h"
#include "reply.h"

/* assay_peer_init - nothing was said */
void assay_peer_init(struct assay_peer *peer, struct assay_message_store *store)
{
	*peer = (struct assay_peer){ .state = ASSAY_PEER_READS };
	assay_session_init(&peer->session, store);
	assay_buf_init(&peer->in, ASSAY_PROTO_HEAD + ASSAY_PROTO_MOST + ASSAY_PEER_FEED);
	assay_buf_init(&peer->out, ASSAY_PEER_OUT);
}

/* assay_peer_release - the end */
void assay_peer_release(struct assay_peer *peer)
{
	assay_session_release(&peer->session);
	assay_buf_release(&peer->in);
	assay_buf_release(&peer->out);
}

/* ends - with words for the log */
static void ends(struct assay_peer *peer, const char *why)
{
	(void)assay_err_set(&peer->why, ASSAY_E_SYNTAX, "%s", why);
	peer->state = ASSAY_PEER_ENDS;
}

/* go_on - the server waits for an answer, unless it was asked not to */
static void go_on(struct assay_peer *peer, uint32_t silent)
{
	if ((peer->steps & silent) == 0 &&
	    !assay_proto_put(&peer->out, ASSAY_PROTO_CONTINUE, ASSAY_SLICE_NONE))
		ends(peer, "answers are not read");
}

/* ---- commands -------------------------------------------------------------------------------- */

/* negotiate - of what is offered, what is needed */
static enum assay_status negotiate(struct assay_peer *peer, struct assay_slice data)
{
	static const char *const none[ASSAY_PROTO_STAGES] = { NULL };
	struct assay_proto_options options;
	enum assay_status st = assay_proto_get_options(data, &options, &peer->why);

	if (st != ASSAY_OK)
		return st;
	if (options.version > ASSAY_PROTO_VERSION)
		options.version = ASSAY_PROTO_VERSION;
	options.actions &= ASSAY_SESSION_ACTIONS;
	options.steps &= ASSAY_SESSION_STEPS;
	peer->actions = options.actions;
	peer->steps = options.steps;
	peer->negotiated = true;
	peer->session.leading_space = (options.steps & ASSAY_PROTO_LEADING_SPACE) != 0;
	if (!assay_proto_put_options(&peer->out, &options,
		(options.actions & ASSAY_PROTO_MAY_SET_MACROS) != 0 ? assay_session_wanted_macros
								    : none))
		ends(peer, "answers are not read");
	return ASSAY_OK;
}

/* take_macros - of the command that comes next; those of others are of no use */
static enum assay_status take_macros(struct assay_peer *peer, struct assay_slice data)
{
	static const struct {
		char letter;
		enum assay_session_stage stage;
	} stages[] = {
		{ ASSAY_PROTO_CONNECT, ASSAY_SESSION_CONNECT },
		{ ASSAY_PROTO_HELO, ASSAY_SESSION_HELO },
		{ ASSAY_PROTO_MAIL, ASSAY_SESSION_MAIL },
		{ ASSAY_PROTO_RCPT, ASSAY_SESSION_RCPT },
		{ ASSAY_PROTO_DATA, ASSAY_SESSION_DATA },
		{ ASSAY_PROTO_HEADER, ASSAY_SESSION_EOH },
		{ ASSAY_PROTO_EOH, ASSAY_SESSION_EOH },
		{ ASSAY_PROTO_BODY, ASSAY_SESSION_END },
		{ ASSAY_PROTO_END, ASSAY_SESSION_END },
	};
	struct assay_slice pairs;
	char letter;
	enum assay_status st = assay_proto_get_macros(data, &letter, &pairs, &peer->why);

	for (size_t i = 0; st == ASSAY_OK && i < sizeof stages / sizeof stages[0]; i++)
		if (stages[i].letter == letter)
			assay_session_macros(&peer->session, stages[i].stage, pairs);
	return st;
}

/* take_connect - who */
static enum assay_status take_connect(struct assay_peer *peer, struct assay_slice data)
{
	struct assay_proto_connect connect;
	enum assay_status st = assay_proto_get_connect(data, &connect, &peer->why);

	if (st != ASSAY_OK)
		return st;
	assay_session_connect(&peer->session, connect.host, connect.family, connect.addr);
	go_on(peer, ASSAY_PROTO_SILENT_CONNECT);
	return ASSAY_OK;
}

/* take_text - HELO, MAIL, RCPT */
static enum assay_status take_text(struct assay_peer *peer, char letter, struct assay_slice data)
{
	struct assay_session *session = &peer->session;
	struct assay_slice text;
	enum assay_status st = assay_proto_get_strings(data, &text, NULL, &peer->why);
	bool fits = true;

	if (st != ASSAY_OK)
		return st;
	if (letter == ASSAY_PROTO_HELO)
		assay_session_helo(session, text);
	else if (letter == ASSAY_PROTO_MAIL)
		fits = assay_session_mail(session, text);
	else
		fits = assay_session_rcpt(session, text);
	if (!fits)
		return assay_err_set(&peer->why, ASSAY_E_SYNTAX, "RCPT without MAIL");
	go_on(peer,
	    letter == ASSAY_PROTO_HELO       ? ASSAY_PROTO_SILENT_HELO
		: letter == ASSAY_PROTO_MAIL ? ASSAY_PROTO_SILENT_MAIL
					     : ASSAY_PROTO_SILENT_RCPT);
	return ASSAY_OK;
}

/* take_header - one line */
static enum assay_status take_header(struct assay_peer *peer, struct assay_slice data)
{
	struct assay_slice name, value;
	enum assay_status st = assay_proto_get_header(data, &name, &value, &peer->why);

	if (st != ASSAY_OK)
		return st;
	if (!assay_session_header(&peer->session, name, value))
		return assay_err_set(&peer->why, ASSAY_E_SYNTAX, "a header outside of headers");
	go_on(peer, ASSAY_PROTO_SILENT_HEADER);
	return ASSAY_OK;
}

/* take_body - a piece of it, or its end */
static enum assay_status take_body(struct assay_peer *peer, char letter, struct assay_slice data)
{
	bool fits = true;

	if (letter == ASSAY_PROTO_EOH)
		fits = assay_session_eoh(&peer->session);
	else
		fits = assay_session_body(&peer->session, data);
	if (!fits)
		return assay_err_set(&peer->why, ASSAY_E_SYNTAX, "a body without MAIL");
	if (letter == ASSAY_PROTO_END)
		peer->state = ASSAY_PEER_WHOLE;
	else
		go_on(peer,
		    letter == ASSAY_PROTO_EOH ? ASSAY_PROTO_SILENT_EOH : ASSAY_PROTO_SILENT_BODY);
	return ASSAY_OK;
}

/* dispatch - one packet */
static enum assay_status dispatch(struct assay_peer *peer, const struct assay_proto_packet *packet)
{
	switch (packet->letter) {
	case ASSAY_PROTO_MACROS:
		return take_macros(peer, packet->data);
	case ASSAY_PROTO_CONNECT:
		return take_connect(peer, packet->data);
	case ASSAY_PROTO_HELO:
	case ASSAY_PROTO_MAIL:
	case ASSAY_PROTO_RCPT:
		return take_text(peer, packet->letter, packet->data);
	case ASSAY_PROTO_DATA:
		go_on(peer, ASSAY_PROTO_SILENT_DATA);
		return ASSAY_OK;
	case ASSAY_PROTO_HEADER:
		return take_header(peer, packet->data);
	case ASSAY_PROTO_EOH:
	case ASSAY_PROTO_BODY:
	case ASSAY_PROTO_END:
		return take_body(peer, packet->letter, packet->data);
	case ASSAY_PROTO_UNKNOWN:
		go_on(peer, ASSAY_PROTO_SILENT_UNKNOWN);
		return ASSAY_OK;
	case ASSAY_PROTO_ABORT: /* comes behind every message, and once more before QUIT */
		assay_session_forget(&peer->session);
		return ASSAY_OK;
	case ASSAY_PROTO_QUIT_NEXT:
		assay_session_connect(
		    &peer->session, ASSAY_SLICE_LIT(""), '\0', ASSAY_SLICE_LIT(""));
		return ASSAY_OK;
	default:
		return assay_err_set(&peer->why, ASSAY_E_SYNTAX, "an unknown command 0x%02x",
		    (unsigned char)packet->letter);
	}
}

/* handle - one packet, in its place */
static void handle(struct assay_peer *peer, const struct assay_proto_packet *packet)
{
	enum assay_status st;

	if (packet->letter == ASSAY_PROTO_QUIT) {
		peer->state = ASSAY_PEER_ENDS;
		return;
	}
	if (peer->negotiated != (packet->letter != ASSAY_PROTO_OPTIONS)) {
		ends(peer, peer->negotiated ? "negotiated twice" : "a command before negotiation");
		return;
	}
	st = packet->letter == ASSAY_PROTO_OPTIONS ? negotiate(peer, packet->data)
						   : dispatch(peer, packet);
	if (st != ASSAY_OK)
		peer->state = ASSAY_PEER_ENDS;
}

/* ---- the connection -------------------------------------------------------------------------- */

/* work - off the packets that are whole; what is left of the bytes */
static struct assay_slice work(struct assay_peer *peer, struct assay_slice bytes)
{
	struct assay_proto_packet packet;
	enum assay_status st = ASSAY_OK;

	while (peer->state == ASSAY_PEER_READS &&
	    (st = assay_proto_next(&bytes, &packet, &peer->why)) == ASSAY_OK)
		handle(peer, &packet);
	if (st != ASSAY_OK && st != ASSAY_END)
		peer->state = ASSAY_PEER_ENDS;
	return bytes;
}

/* work_in - off what was kept */
static void work_in(struct assay_peer *peer)
{
	struct assay_slice rest = work(peer, assay_buf_slice(&peer->in));

	if (rest.n == 0) {
		assay_buf_release(&peer->in);
		return;
	}
	if (rest.n < peer->in.n) {
		memmove(peer->in.p, rest.p, rest.n);
		peer->in.n = rest.n;
	}
}

/* assay_peer_feed - mostly packets are whole, and nothing is copied */
void assay_peer_feed(struct assay_peer *peer, struct assay_slice bytes)
{
	if (peer->state == ASSAY_PEER_ENDS)
		return;
	if (peer->in.n == 0)
		bytes = work(peer, bytes);
	if (bytes.n == 0 || peer->state == ASSAY_PEER_ENDS)
		return;
	if (bytes.n > peer->in.max - peer->in.n) {
		ends(peer, "does not wait for the answer");
		return;
	}
	(void)assay_buf_add_slice(&peer->in, bytes);
	if (peer->state == ASSAY_PEER_READS && peer->in.n > bytes.n)
		work_in(peer);
}

/* assay_peer_progress - see peer.h */
void assay_peer_progress(struct assay_peer *peer)
{
	if (peer->state == ASSAY_PEER_WHOLE && peer->out.n == 0)
		(void)assay_proto_put(&peer->out, ASSAY_PROTO_PROGRESS, ASSAY_SLICE_NONE);
}

/* assay_peer_answer - see peer.h */
void assay_peer_answer(struct assay_peer *peer, const struct assay_reply *reply)
{
	ASSAY_ASSERT(peer->state == ASSAY_PEER_WHOLE);
	peer->messages++;
	peer->state = ASSAY_PEER_READS;
	if (!assay_reply_put(reply, &peer->out))
		ends(peer, "the answer is too long");
	assay_session_forget(&peer->session);
	if (peer->in.n > 0)
		work_in(peer);
}

/* assay_peer_is_idle - see peer.h */
bool assay_peer_is_idle(const struct assay_peer *peer)
{
	return peer->state == ASSAY_PEER_READS && peer->session.phase == ASSAY_SESSION_IDLE &&
	    peer->in.n == 0;
}
