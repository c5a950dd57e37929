/*
 * mail/mbox_reader.h - the messages of an mbox of any size, in bounded memory
 *
 * Reads forward through a function, so the bytes may come from a file or a pipe. Holds one message
 * and a little more: at most `most` + 64 KiB bytes; a message that is larger has its place and its
 * length, and no bytes. What stands before the first From_ line is passed over. Linear: what is
 * looked at again is at most as much as was looked at. A file that becomes shorter meanwhile ends
 * there. What comes before an error of the function is given first, the last message cut.
 */
#ifndef ASSAY_MAIL_MBOX_READER_H
#define ASSAY_MAIL_MBOX_READER_H

#include <assay/types.h>

#include "mail/mbox.h"

struct assay_mbox_source {
	/* Up to `room` bytes; *n 0: the end. */
	enum assay_status (*read)(
	    void *arg, char *p, size_t room, size_t *n, struct assay_err *err);
	void *arg;
};

struct assay_mbox_reader {
	struct assay_mbox_source source;
	size_t most;
	char *p; /* the window */
	size_t n, room;
	uint64_t base; /* offset of its first byte in the file */
	size_t at;     /* where the next From_ line is, or is to be looked for */
	bool placed;   /* it is there */
	bool ended;
	struct assay_err why; /* what the source failed with; told when all before it was given */
	char line[ASSAY_MBOX_FROM]; /* the From_ line of a message that is too large */
};

struct assay_mbox_message {
	uint64_t from_offset, offset; /* of its From_ line; of the message */
	uint64_t length;              /* without the empty line that ends it */
	struct assay_slice from;      /* the line, with its line end */
	struct assay_slice bytes;     /* NULL: larger than `most` */
	bool by_length;               /* Content-Length said where it ends */
};

/* The source is borrowed. */
void assay_mbox_reader_init(
    struct assay_mbox_reader *reader, const struct assay_mbox_source *source, size_t most);
void assay_mbox_reader_release(struct assay_mbox_reader *reader);
/* The next message, whose slices are good until the next call. ASSAY_END: there is none, or the
 * source said so, and then nothing more is given. */
ASSAY_MUST_CHECK enum assay_status assay_mbox_reader_next(
    struct assay_mbox_reader *reader, struct assay_mbox_message *message, struct assay_err *err);

#endif
