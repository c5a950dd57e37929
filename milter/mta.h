/*
 * milter/mta.h - the mail server's side of the milter protocol, one message at a time
 *
 * For `assay milter-check` and for tests. Speaks version 6 as Postfix does, over a connected socket
 * whose time limits its owner has set, and waits. What comes from the filter is foreign: all of it
 * is bounded, and what is not allowed at its place is E_SYNTAX.
 */
#ifndef ASSAY_MILTER_MTA_H
#define ASSAY_MILTER_MTA_H

#include <assay/types.h>

#include "base/buf.h"
#include "proto.h"

#define ASSAY_MTA_TEXT 1000u

struct assay_mta {
	int fd;
	struct assay_buf in;
	size_t at;                          /* what is dealt with of `in` */
	struct assay_proto_options options; /* what the filter wants */
};

struct assay_mta_mail {
	const char *client_name, *client_addr; /* IPv4 */
	const char *helo, *sender, *rcpt;      /* addresses with their brackets */
	const char *queue_id;
	struct assay_slice bytes; /* a message; its header lines may end in LF or CRLF */
};

struct assay_mta_answer {
	char letter;                  /* of enum assay_proto_answer; REPLY has text */
	char text[ASSAY_MTA_TEXT];    /* "550 5.7.1 words"; percent signs as they came */
	bool held;                    /* QUARANTINE came before */
	char hold[ASSAY_MTA_TEXT];    /* why */
	size_t progress, added, gone; /* packets of each kind */
	char headers[ASSAY_MTA_TEXT]; /* "name: value" of those that were added, LF behind each */
};

/* Negotiates. Takes fd, also on failure. E_DEAD: hung up; E_TIMEOUT; E_SYNTAX: no milter. */
ASSAY_MUST_CHECK enum assay_status assay_mta_open(
    struct assay_mta *mta, int fd, struct assay_err *err);
/* QUIT. */
void assay_mta_close(struct assay_mta *mta);
/* Tells of a client, and of its message up to the end; waits for the answer. */
ASSAY_MUST_CHECK enum assay_status assay_mta_ask(struct assay_mta *mta,
    const struct assay_mta_mail *mail, struct assay_mta_answer *answer, struct assay_err *err);
/* The two halves of it: all but the end of the message, then that and the wait. */
ASSAY_MUST_CHECK enum assay_status assay_mta_tell(
    struct assay_mta *mta, const struct assay_mta_mail *mail, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_mta_end(
    struct assay_mta *mta, struct assay_mta_answer *answer, struct assay_err *err);

#endif
