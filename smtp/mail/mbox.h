/*
 * mail/mbox.h - the messages of an mbox file
 *
 * Walks a byte range (mapped file) and gives each message's bounds; nothing is copied. A `From `
 * line begins a message when it stands at the start or behind an empty line and has a date, or has
 * at most one word more and a header field below it. Without an empty line before it, it needs a
 * date (or the sender "-") and a well-known field below it. In mboxcl and mboxcl2 files
 * Content-Length is honoured only where it lands on a From_ line or the end. LF and CRLF. Linear:
 * every byte is looked at a bounded number of times.
 */
#ifndef ASSAY_MAIL_MBOX_H
#define ASSAY_MAIL_MBOX_H

#include <assay/types.h>

struct assay_buf;

struct assay_mbox {
	struct assay_slice bytes;
	size_t pos;
};

struct assay_mbox_message {
	size_t from_offset, from_length; /* the From_ line with its line end */
	size_t offset, length;           /* the message, without the empty line that ends it */
	bool by_length;                  /* Content-Length said where it ends */
};

/* True when bytes begin like an mbox (empty lines first are allowed). */
bool assay_mbox_looks(struct assay_slice bytes);
void assay_mbox_open(struct assay_mbox *mbox, struct assay_slice bytes);
/* The next message; false at the end. What stands before the first From_ line is skipped. */
bool assay_mbox_next(struct assay_mbox *mbox, struct assay_mbox_message *message);
/* Sender and date of a From_ line: false when there is no date that can be read. */
bool assay_mbox_from(struct assay_slice line, struct assay_slice *sender, int64_t *utc_ms);
/* How many lines are quoted as mboxrd does (>From, >>From); 0: the bytes are the message. */
size_t assay_mbox_quoted(struct assay_slice message);
/* The message with one `>` taken off each such line; false when out is full. */
bool assay_mbox_unquote(struct assay_slice message, struct assay_buf *out);

#endif
