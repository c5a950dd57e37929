/*
 * milter/peer.h - one connection of a mail server: bytes in, session, bytes out
 *
 * Knows no socket: whoever has one feeds what came, writes out what is in `out`, and asks for the
 * state. Packets are dealt with until a message is whole; then nothing more is until the answer is
 * given. What is not the protocol, or what comes where it makes no sense, ends the connection with
 * a reason.
 */
#ifndef ASSAY_MILTER_PEER_H
#define ASSAY_MILTER_PEER_H

#include <assay/types.h>

#include "base/buf.h"
#include "session.h"

struct assay_reply;

#define ASSAY_PEER_FEED ((size_t)128 * 1024) /* most bytes fed at once */
#define ASSAY_PEER_OUT ((size_t)1024 * 1024) /* most bytes that wait for the other side */

enum assay_peer_state {
	ASSAY_PEER_READS, /* feed it */
	ASSAY_PEER_WHOLE, /* a message is whole: assay_session_end, then assay_peer_answer */
	ASSAY_PEER_ENDS   /* write what is in `out` and close */
};

struct assay_peer {
	struct assay_session session;
	enum assay_peer_state state;
	struct assay_buf in;  /* the beginning of a packet */
	struct assay_buf out; /* to be written; the writer takes it off the front */
	bool negotiated;
	uint32_t actions, steps;
	size_t messages;      /* answered */
	struct assay_err why; /* ENDS: what was wrong; code ASSAY_OK: nothing */
};

/* Borrows the store. */
void assay_peer_init(struct assay_peer *peer, struct assay_message_store *store);
void assay_peer_release(struct assay_peer *peer);
/* At most ASSAY_PEER_FEED bytes; copies what it cannot deal with yet. */
void assay_peer_feed(struct assay_peer *peer, struct assay_slice bytes);
/* "Still at work", while a message is whole; nothing when the other side does not read. */
void assay_peer_progress(struct assay_peer *peer);
/* Of the whole message, which is forgotten then; deals with what was fed since. */
void assay_peer_answer(struct assay_peer *peer, const struct assay_reply *reply);
/* No message is being told: closing now costs the server none. */
bool assay_peer_is_idle(const struct assay_peer *peer);

#endif
