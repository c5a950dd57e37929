/*
 * core/wire.h - frames between a door and a scan process
 *
 * SOCK_STREAM Unix socket; a frame is an 8-byte head (length u32, type u8, descriptors u8, version
 * u16; little-endian) and a body with a cap per type. A conversation:
 *
 *	scan process -> door	READY     parts of the sandbox in force (enum assay_sandbox_part)
 *	door -> scan process	REQUEST   deadline + JSON; descriptors: message (read-only, sealed)
 *				          and progress page (core/progress.h)
 *	scan process -> door	VERDICT   fixed binary; descriptors: report memfd [, keep memfd]
 *				or ERROR  what was wrong with the request
 *
 * after which the scan process is READY again or goes. A REQUEST may be sent before READY.
 *
 * Between a scan process and its helper, whose bodies are in core/helper_wire.h:
 *
 *	scan process -> helper	RUN       program and values; descriptor: standard input (sealed)
 *	helper -> scan process	RAN       fixed binary; descriptor: what came of it (sealed)
 *
 * Both sides decode strictly: unknown type or version, a length over the cap, missing or surplus
 *descriptors are ASSAY_E_SYNTAX and the connection is to be closed. Memory is bounded by the
 *largest cap. The other side is never trusted: a scan process may be owned by the mail it reads.
 */
#ifndef ASSAY_WIRE_H
#define ASSAY_WIRE_H

#include <assay/types.h>

#include "base/buf.h"

#define ASSAY_WIRE_HEAD 8u
#define ASSAY_WIRE_FDS 2u
#define ASSAY_WIRE_REQUEST_MAX (8u * 1024 * 1024)
#define ASSAY_WIRE_ERROR_MAX 600u
#define ASSAY_WIRE_VERDICT_SIZE 72u
#define ASSAY_WIRE_ID 36u
#define ASSAY_WIRE_RUN_MAX (64u * 1024)
#define ASSAY_WIRE_RAN_SIZE 48u

enum assay_wire_type {
	ASSAY_WIRE_READY = 1,
	ASSAY_WIRE_REQUEST = 2,
	ASSAY_WIRE_VERDICT = 3,
	ASSAY_WIRE_ERROR = 4,
	ASSAY_WIRE_RUN = 5,
	ASSAY_WIRE_RAN = 6
};

/* One whole frame. The body lives until the next call on the reader; descriptors belong to the
 * frame's taker (assay_wire_drop closes them). */
struct assay_wire_frame {
	enum assay_wire_type type;
	struct assay_slice body;
	int fd[ASSAY_WIRE_FDS]; /* -1 where there is none */
	size_t nfd;
};

/* One end of a connection: the socket and what was read of it so far. */
struct assay_wire {
	int sock;
	struct assay_buf in;
	size_t at; /* consumed of `in` */
	int fd[ASSAY_WIRE_FDS];
	size_t nfd;
};

/* Takes sock. */
void assay_wire_init(struct assay_wire *wire, int sock);
/* Closes the socket and what was received but not taken. */
void assay_wire_release(struct assay_wire *wire);

/* One recvmsg (blocks when nothing is there). ASSAY_END: the other side hung up. */
ASSAY_MUST_CHECK enum assay_status assay_wire_receive(
    struct assay_wire *wire, struct assay_err *err);
/* The next whole frame of what was received; ASSAY_END: more is needed. */
ASSAY_MUST_CHECK enum assay_status assay_wire_next(
    struct assay_wire *wire, struct assay_wire_frame *frame, struct assay_err *err);
/* receive + next until there is a frame; for the scan process. ASSAY_END: hung up in between. */
ASSAY_MUST_CHECK enum assay_status assay_wire_read(
    struct assay_wire *wire, struct assay_wire_frame *frame, struct assay_err *err);
/* Bytes as if received; for tests. */
ASSAY_MUST_CHECK enum assay_status assay_wire_feed(
    struct assay_wire *wire, struct assay_slice bytes, struct assay_err *err);
void assay_wire_drop(struct assay_wire_frame *frame);

/* Sends a frame: a body within its type's bounds, and descriptors that are borrowed. */
ASSAY_MUST_CHECK enum assay_status assay_wire_send(
    int sock, enum assay_wire_type type, struct assay_slice body, int fd, struct assay_err *err);
/* Little-endian numbers of n <= 8 bytes. */
void assay_wire_put_number(unsigned char *p, uint64_t value, size_t n);
uint64_t assay_wire_get_number(const char *p, size_t n);

/* ---- bodies ---------------------------------------------------------------------------------- */

struct assay_wire_request {
	int64_t deadline_ms; /* CLOCK_MONOTONIC; negative: so long after it was taken; 0: none */
	struct assay_slice json; /* members of core/request.h */
};

enum assay_wire_action {
	ASSAY_ACTION_ACCEPT,
	ASSAY_ACTION_TAG,
	ASSAY_ACTION_QUARANTINE,
	ASSAY_ACTION_TEMPFAIL,
	ASSAY_ACTION_REJECT,
	ASSAY_ACTION_DISCARD,
	ASSAY_ACTION_REDIRECT,
	ASSAY_ACTIONS
};

enum assay_wire_scanned { ASSAY_SCANNED, ASSAY_PARTIAL, ASSAY_UNSCANNED, ASSAY_SCANNEDS };

/* What the scan process says of one mail: bounded, no text but the id. */
struct assay_wire_verdict {
	enum assay_wire_action action;
	enum assay_wire_scanned scanned;
	uint64_t report_size;
	uint64_t keep_size; /* of the container of payloads to archive; 0: none, no descriptor */
	uint32_t keep_count;
	char scan_id[ASSAY_WIRE_ID + 1];
};

ASSAY_MUST_CHECK enum assay_status assay_wire_send_ready(
    int sock, unsigned active, struct assay_err *err);
/* Borrows the descriptors; progress may be -1. */
ASSAY_MUST_CHECK enum assay_status assay_wire_send_request(int sock,
    const struct assay_wire_request *request, int message, int progress, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_wire_send_verdict(int sock,
    const struct assay_wire_verdict *verdict, int report, int keep, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_wire_send_error(
    int sock, const char *text, struct assay_err *err);

ASSAY_MUST_CHECK enum assay_status assay_wire_get_ready(
    const struct assay_wire_frame *frame, unsigned *active, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_wire_get_request(const struct assay_wire_frame *frame,
    struct assay_wire_request *request, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_wire_get_verdict(const struct assay_wire_frame *frame,
    struct assay_wire_verdict *verdict, struct assay_err *err);

/* "accept", ...; "scanned", ... as in the report. */
const char *assay_wire_action_name(enum assay_wire_action action);
const char *assay_wire_scanned_name(enum assay_wire_scanned scanned);
/* False when there is no such word. */
bool assay_wire_action_find(const char *name, enum assay_wire_action *action);
bool assay_wire_scanned_find(const char *name, enum assay_wire_scanned *scanned);

#endif
