/*
 * milter/proto.h - the packets of the milter protocol, versions 2 to 6, both directions
 *
 * A packet is a length (u32, big-endian; it counts what follows), a letter and data. All functions
 * work on memory, borrow it, are linear and take any bytes: what is not a packet is E_SYNTAX, and
 * the connection is to be closed. The strings they give have no NUL inside but header values, which
 * may. Nothing is allocated but in the buffer that is written to, which keeps its maximum.
 *
 * Letters, bits and layouts are those of Sendmail's mfdef.h, as Postfix and Sendmail speak them.
 */
#ifndef ASSAY_MILTER_PROTO_H
#define ASSAY_MILTER_PROTO_H

#include <assay/types.h>

struct assay_buf;

#define ASSAY_PROTO_HEAD 4u               /* bytes of the length */
#define ASSAY_PROTO_MOST (256u * 1024)    /* largest length taken; MTAs stay below 64 KiB */
#define ASSAY_PROTO_CHUNK ((size_t)65535) /* most body bytes in one packet */
#define ASSAY_PROTO_VERSION 6u
#define ASSAY_PROTO_OLDEST 2u

/* From the MTA. */
enum assay_proto_command {
	ASSAY_PROTO_ABORT = 'A',
	ASSAY_PROTO_BODY = 'B',
	ASSAY_PROTO_CONNECT = 'C',
	ASSAY_PROTO_MACROS = 'D',
	ASSAY_PROTO_END = 'E', /* of the message; may have a last piece of the body */
	ASSAY_PROTO_HELO = 'H',
	ASSAY_PROTO_QUIT_NEXT = 'K', /* another SMTP session follows */
	ASSAY_PROTO_HEADER = 'L',
	ASSAY_PROTO_MAIL = 'M',
	ASSAY_PROTO_EOH = 'N', /* end of headers */
	ASSAY_PROTO_OPTIONS = 'O',
	ASSAY_PROTO_QUIT = 'Q',
	ASSAY_PROTO_RCPT = 'R',
	ASSAY_PROTO_DATA = 'T',
	ASSAY_PROTO_UNKNOWN = 'U'
};

/* To the MTA. */
enum assay_proto_answer {
	ASSAY_PROTO_ACCEPT = 'a',
	ASSAY_PROTO_CONTINUE = 'c',
	ASSAY_PROTO_DISCARD = 'd',
	ASSAY_PROTO_ADD_HEADER = 'h',
	ASSAY_PROTO_INSERT_HEADER = 'i',
	ASSAY_PROTO_CHANGE_HEADER = 'm',
	ASSAY_PROTO_PROGRESS = 'p',
	ASSAY_PROTO_QUARANTINE = 'q',
	ASSAY_PROTO_REJECT = 'r',
	ASSAY_PROTO_TEMPFAIL = 't',
	ASSAY_PROTO_REPLY = 'y' /* with an SMTP reply of our own */
};

/* What a filter may do to a message. */
enum assay_proto_action {
	ASSAY_PROTO_MAY_ADD_HEADERS = 0x1,
	ASSAY_PROTO_MAY_CHANGE_HEADERS = 0x10,
	ASSAY_PROTO_MAY_QUARANTINE = 0x20,
	ASSAY_PROTO_MAY_SET_MACROS = 0x100
};
#define ASSAY_PROTO_ALL_ACTIONS 0x1ffu

/* What an MTA shall leave out, and what it needs no answer to. */
enum assay_proto_step {
	ASSAY_PROTO_NO_UNKNOWN = 0x100,
	ASSAY_PROTO_SILENT_HEADER = 0x80,
	ASSAY_PROTO_SILENT_CONNECT = 0x1000,
	ASSAY_PROTO_SILENT_HELO = 0x2000,
	ASSAY_PROTO_SILENT_MAIL = 0x4000,
	ASSAY_PROTO_SILENT_RCPT = 0x8000,
	ASSAY_PROTO_SILENT_DATA = 0x10000,
	ASSAY_PROTO_SILENT_UNKNOWN = 0x20000,
	ASSAY_PROTO_SILENT_EOH = 0x40000,
	ASSAY_PROTO_SILENT_BODY = 0x80000,
	ASSAY_PROTO_LEADING_SPACE = 0x100000 /* header values keep, and need, theirs */
};
#define ASSAY_PROTO_ALL_STEPS 0x1fffffu

struct assay_proto_packet {
	char letter;
	struct assay_slice data;
};

/* Takes the next whole packet off the front. ASSAY_END: more bytes are needed, *in is as it was.
 * E_SYNTAX: the length is 0 or above ASSAY_PROTO_MOST. */
ASSAY_MUST_CHECK enum assay_status assay_proto_next(
    struct assay_slice *in, struct assay_proto_packet *packet, struct assay_err *err);

/* ---- the data of a packet -------------------------------------------------------------------- */

struct assay_proto_options {
	uint32_t version, actions, steps;
};

/* Behind the three numbers there may be more; it is passed over. */
ASSAY_MUST_CHECK enum assay_status assay_proto_get_options(
    struct assay_slice data, struct assay_proto_options *options, struct assay_err *err);

struct assay_proto_connect {
	struct assay_slice host; /* as the MTA calls the client: a name, or "[address]" */
	char family;             /* '4', '6', 'L' (a local socket) or 'U' (none) */
	uint16_t port;
	struct assay_slice addr; /* empty for 'U' */
};

ASSAY_MUST_CHECK enum assay_status assay_proto_get_connect(
    struct assay_slice data, struct assay_proto_connect *connect, struct assay_err *err);
/* HELO: one string. MAIL and RCPT: the address as it was written, ESMTP parameters behind it in
 * `rest`, for assay_proto_string; rest may be NULL. */
ASSAY_MUST_CHECK enum assay_status assay_proto_get_strings(struct assay_slice data,
    struct assay_slice *first, struct assay_slice *rest, struct assay_err *err);
/* The value is all up to the last byte, which must be a NUL. */
ASSAY_MUST_CHECK enum assay_status assay_proto_get_header(struct assay_slice data,
    struct assay_slice *name, struct assay_slice *value, struct assay_err *err);
/* The letter of the command these macros go before, and names and values in turn, for
 * assay_proto_string. A name without a value at the end is passed over. */
ASSAY_MUST_CHECK enum assay_status assay_proto_get_macros(
    struct assay_slice data, char *letter, struct assay_slice *pairs, struct assay_err *err);
/* Takes the next string up to a NUL off the front; false: there is none. */
bool assay_proto_string(struct assay_slice *rest, struct assay_slice *string);

/* ---- writing --------------------------------------------------------------------------------- */

/* All of these append one packet, or nothing: then false, because it would not fit. */
bool assay_proto_put(struct assay_buf *out, char letter, struct assay_slice data);
/* Strings are written with a NUL behind each; they must have none inside (it and what follows is
 * left out). A NULL list ends at once. */
bool assay_proto_put_strings(struct assay_buf *out, char letter, const char *const *strings);
/* ADD_HEADER has no index (-1); of INSERT_HEADER it is the place, 0 above all; of CHANGE_HEADER the
 * number among headers of that name, from 1; an empty value deletes it. */
struct assay_proto_edit {
	int64_t index;
	const char *name, *value;
};
bool assay_proto_put_edit(struct assay_buf *out, char letter, const struct assay_proto_edit *edit);
/* macros[i]: names, separated by spaces, of the macros wanted at stage i (0 connect, 1 HELO, 2
 * MAIL, 3 RCPT, 4 DATA, 5 end of message, 6 end of headers); NULL: the MTA's own choice. */
#define ASSAY_PROTO_STAGES 7
bool assay_proto_put_options(struct assay_buf *out, const struct assay_proto_options *options,
    const char *const macros[ASSAY_PROTO_STAGES]);

#endif
