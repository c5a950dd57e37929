/*
 * milter/reply.h - what the mail server is told of a message, from the verdict about it
 *
 * Observing: accept, and nothing is changed. Enforcing: header lines that only we may set
 * (X-Assay-* and those we are about to add) go, the last of a name first, so that numbers stay
 * right; then ours come, above all others. Text of the policy may hold text of the mail: what is
 * written into a header or an SMTP reply is printable ASCII of one line, and bounded. What the
 * server does not let us do is said in `trouble`; a hold that it cannot do becomes "try again",
 * never accept.
 */
#ifndef ASSAY_MILTER_REPLY_H
#define ASSAY_MILTER_REPLY_H

#include <assay/plugin.h>

#include "proto.h"

#define ASSAY_REPLY_TEXT 900u  /* with NUL; libmilter takes 980 */
#define ASSAY_REPLY_HOLD 101u  /* Postfix keeps 100 */
#define ASSAY_REPLY_ADDED 100u /* headers added to one message */

enum assay_reply_action {
	ASSAY_REPLY_ACCEPT,
	ASSAY_REPLY_DISCARD,
	ASSAY_REPLY_TEMPFAIL, /* with text */
	ASSAY_REPLY_REJECT    /* with text */
};

struct assay_reply {
	enum assay_reply_action action;
	char text[ASSAY_REPLY_TEXT]; /* "550 5.7.1 words", percent signs doubled as servers want */
	char hold[ASSAY_REPLY_HOLD]; /* why it is held; empty: it is not */
	/* In this order. Index above 0: that header of the name is deleted; 0: one comes above all.
	 */
	struct assay_proto_edit *edit;
	size_t nedits;
	const char *trouble;       /* a literal, or NULL */
	struct assay_arena *arena; /* of all this */
};

/* What is known of the message and its server. */
struct assay_reply_to {
	struct assay_slice names; /* of its headers in order, NUL behind each */
	bool names_cut;           /* there were more */
	uint32_t actions;         /* granted; of enum assay_proto_action */
	bool leading_space;       /* values of headers need theirs */
};

/* Copies what it needs of both. */
void assay_reply_init(struct assay_reply *reply, const struct assay_verdict *verdict,
    const struct assay_reply_to *to);
void assay_reply_release(struct assay_reply *reply);
/* As packets of the protocol, the last one ends the message; false: not all fitted. */
bool assay_reply_put(const struct assay_reply *reply, struct assay_buf *out);

#endif
