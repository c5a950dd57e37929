/*
 * mail/mbox.h - the messages of an mbox file: where they begin and end
 *
 * Looks at a window of the file and says each message's bounds; nothing is copied. A `From ` line
 * begins a message when it stands at the start or behind an empty line and has a date, or has at
 * most one word more and a header field below it. Without an empty line before it, it needs a date
 * (or the sender "-") and a well-known field below it. It is short. In mboxcl and
 * mboxcl2 files Content-Length is honoured only where it lands on a From_ line or the end. LF and
 * CRLF. Linear: every byte is looked at a bounded number of times. mail/mbox_reader.h moves the
 * window.
 */
#ifndef ASSAY_MAIL_MBOX_H
#define ASSAY_MAIL_MBOX_H

#include <assay/types.h>

struct assay_buf;

#define ASSAY_MBOX_FROM 1024 /* a From_ line with its line end has fewer bytes */
/* The four bytes before a place must be in the window, where the file has them. */
#define ASSAY_MBOX_BEFORE 4

struct assay_mbox_window {
	struct assay_slice bytes;
	bool more;   /* the file goes on behind them */
	size_t most; /* bytes that a window can have */
};

enum assay_mbox_step {
	ASSAY_MBOX_FOUND,
	ASSAY_MBOX_MORE, /* cannot be said before more of the file is in the window */
	ASSAY_MBOX_END   /* there is none */
};

/* Offsets in the window. */
struct assay_mbox_bounds {
	size_t begin;   /* of the message, behind its From_ line */
	size_t end;     /* without the empty line that ends it */
	size_t next;    /* the next From_ line, or the end of the file */
	bool by_length; /* Content-Length said where it ends */
};

/* The first From_ line at or behind *pos. MORE: none before the new *pos, which is where to go on.
 */
enum assay_mbox_step assay_mbox_seek(const struct assay_mbox_window *window, size_t *pos);
/* The message whose From_ line begins at pos. FOUND, or MORE: end and next are not known (next is
 * where to go on with assay_mbox_seek). lengths: Content-Length counts. */
enum assay_mbox_step assay_mbox_bounds(const struct assay_mbox_window *window, size_t pos,
    bool lengths, struct assay_mbox_bounds *bounds);
/* Bytes of the empty line before `end`, where a From_ line or nothing follows, of a message that
 * begins at `begin`. */
size_t assay_mbox_blank_before(struct assay_slice bytes, size_t begin, size_t end);

/* True when bytes begin like an mbox (empty lines first are allowed). */
bool assay_mbox_looks(struct assay_slice bytes);
/* Sender and date of a From_ line: false when there is no date that can be read. */
bool assay_mbox_from(struct assay_slice line, struct assay_slice *sender, int64_t *utc_ms);
/* How many lines are quoted as mboxrd does (>From, >>From); 0: the bytes are the message. */
size_t assay_mbox_quoted(struct assay_slice message);
/* The message with one `>` taken off each such line; false when out is full. */
bool assay_mbox_unquote(struct assay_slice message, struct assay_buf *out);

#endif
