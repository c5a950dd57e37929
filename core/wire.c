/*
 * core/wire.c - see wire.h. Touches one socket and the descriptors that come over it. A frame that
 * breaks the rules is ASSAY_E_SYNTAX; everything received by then is closed with the wire.
 */
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/wire.h"

#define VERSION 1u
#define CHUNK ((size_t)64 * 1024)
#define IN_MAX (ASSAY_WIRE_REQUEST_MAX + ASSAY_WIRE_HEAD + CHUNK)

/* What each type may carry. */
struct shape {
	uint32_t least, most;
	size_t fds_least, fds_most;
};

static const struct shape shapes[] = {
	[ASSAY_WIRE_READY] = { 4, 4, 0, 0 },
	[ASSAY_WIRE_REQUEST] = { 10, ASSAY_WIRE_REQUEST_MAX, 1, 2 },
	[ASSAY_WIRE_VERDICT] = { ASSAY_WIRE_VERDICT_SIZE, ASSAY_WIRE_VERDICT_SIZE, 1, 2 },
	[ASSAY_WIRE_ERROR] = { 0, ASSAY_WIRE_ERROR_MAX, 0, 0 },
	[ASSAY_WIRE_RUN] = { 8, ASSAY_WIRE_RUN_MAX, 1, 1 },
	[ASSAY_WIRE_RAN] = { ASSAY_WIRE_RAN_SIZE, ASSAY_WIRE_RAN_SIZE, 0, 1 },
};

static const char *const action_names[] = { "accept", "tag", "quarantine", "tempfail", "reject",
	"discard", "redirect" };
static const char *const scanned_names[] = { "scanned", "partial", "unscanned" };

/* assay_wire_put_number - little-endian, n bytes */
void assay_wire_put_number(unsigned char *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(value >> (8 * i));
}

/* assay_wire_get_number - little-endian, n bytes */
uint64_t assay_wire_get_number(const char *p, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)(unsigned char)p[i] << (8 * i);
	return value;
}

/* assay_wire_init - nothing received yet */
void assay_wire_init(struct assay_wire *wire, int sock)
{
	*wire = (struct assay_wire){ .sock = sock, .fd = { -1, -1 } };
	assay_buf_init(&wire->in, IN_MAX);
}

/* assay_wire_release - hang up */
void assay_wire_release(struct assay_wire *wire)
{
	for (size_t i = 0; i < wire->nfd; i++)
		assay_io_close(&wire->fd[i]);
	wire->nfd = 0;
	assay_io_close(&wire->sock);
	assay_buf_release(&wire->in);
}

/* assay_wire_drop - close what came with a frame */
void assay_wire_drop(struct assay_wire_frame *frame)
{
	for (size_t i = 0; i < ASSAY_WIRE_FDS; i++)
		assay_io_close(&frame->fd[i]);
	frame->nfd = 0;
}

/* settle - forget consumed bytes */
static void settle(struct assay_wire *wire)
{
	size_t rest = wire->in.n - wire->at;

	if (wire->at == 0)
		return;
	memmove(wire->in.p, wire->in.p + wire->at, rest);
	wire->in.n = rest;
	wire->at = 0;
}

/* assay_wire_receive - one recvmsg */
enum assay_status assay_wire_receive(struct assay_wire *wire, struct assay_err *err)
{
	struct assay_slice room;
	size_t nfd = ASSAY_WIRE_FDS - wire->nfd;
	enum assay_status st;
	char *p;

	settle(wire);
	p = assay_buf_reserve(&wire->in, CHUNK);
	if (p == NULL)
		return assay_err_set(err, ASSAY_E_SYNTAX, "more bytes than any frame may have");
	room = assay_slice(p, CHUNK);
	st = assay_io_recv_fds(wire->sock, &room, wire->fd + wire->nfd, &nfd, err);
	wire->nfd += nfd;
	if (st == ASSAY_OK)
		assay_buf_commit(&wire->in, room.n);
	return st;
}

/* assay_wire_feed - bytes from elsewhere */
enum assay_status assay_wire_feed(
    struct assay_wire *wire, struct assay_slice bytes, struct assay_err *err)
{
	settle(wire);
	if (!assay_buf_add_slice(&wire->in, bytes))
		return assay_err_set(err, ASSAY_E_SYNTAX, "more bytes than any frame may have");
	return ASSAY_OK;
}

struct head {
	uint32_t length;
	uint8_t type, nfd;
	uint16_t version;
};

/* read_head - the first eight bytes, checked against the type's shape */
static enum assay_status read_head(const char *p, struct head *head, struct assay_err *err)
{
	const struct shape *shape;

	head->length = (uint32_t)assay_wire_get_number(p, 4);
	head->type = (uint8_t)assay_wire_get_number(p + 4, 1);
	head->nfd = (uint8_t)assay_wire_get_number(p + 5, 1);
	head->version = (uint16_t)assay_wire_get_number(p + 6, 2);
	if (head->version != VERSION)
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "frame of version %u, this is %u", head->version, VERSION);
	if (head->type < ASSAY_WIRE_READY || head->type > ASSAY_WIRE_RAN)
		return assay_err_set(err, ASSAY_E_SYNTAX, "frame of unknown type %u", head->type);
	shape = &shapes[head->type];
	if (head->length < shape->least || head->length > shape->most ||
	    head->nfd < shape->fds_least || head->nfd > shape->fds_most)
		return assay_err_set(err, ASSAY_E_SYNTAX,
		    "frame of type %u with %u bytes and %u descriptors", head->type, head->length,
		    head->nfd);
	return ASSAY_OK;
}

/* take_fds - the first `count` of what came; false when fewer did */
static bool take_fds(struct assay_wire *wire, struct assay_wire_frame *frame, size_t count)
{
	if (wire->nfd < count)
		return false;
	for (size_t i = 0; i < count; i++)
		frame->fd[i] = wire->fd[i];
	frame->nfd = count;
	wire->nfd -= count;
	for (size_t i = 0; i < wire->nfd; i++)
		wire->fd[i] = wire->fd[i + count];
	return true;
}

/* assay_wire_next - a whole frame, if there is one */
enum assay_status assay_wire_next(
    struct assay_wire *wire, struct assay_wire_frame *frame, struct assay_err *err)
{
	size_t have = wire->in.n - wire->at;
	enum assay_status st;
	struct head head;

	*frame = (struct assay_wire_frame){ .fd = { -1, -1 } };
	if (have < ASSAY_WIRE_HEAD)
		return ASSAY_END;
	st = read_head(wire->in.p + wire->at, &head, err);
	if (st != ASSAY_OK)
		return st;
	if (have - ASSAY_WIRE_HEAD < head.length)
		return ASSAY_END;
	if (!take_fds(wire, frame, head.nfd))
		return assay_err_set(err, ASSAY_E_SYNTAX, "frame without its descriptors");
	frame->type = (enum assay_wire_type)head.type;
	frame->body = assay_slice(wire->in.p + wire->at + ASSAY_WIRE_HEAD, head.length);
	wire->at += ASSAY_WIRE_HEAD + head.length;
	if (wire->at == wire->in.n && wire->nfd > 0) {
		assay_wire_drop(frame);
		return assay_err_set(err, ASSAY_E_SYNTAX, "descriptors that belong to no frame");
	}
	return ASSAY_OK;
}

/* assay_wire_read - wait for a whole frame */
enum assay_status assay_wire_read(
    struct assay_wire *wire, struct assay_wire_frame *frame, struct assay_err *err)
{
	for (;;) {
		enum assay_status st = assay_wire_next(wire, frame, err);

		if (st != ASSAY_END)
			return st;
		st = assay_wire_receive(wire, err);
		if (st != ASSAY_OK)
			return st;
	}
}

/* put_head - the first eight bytes */
static void put_head(unsigned char *p, enum assay_wire_type type, size_t length, size_t nfd)
{
	assay_wire_put_number(p, length, 4);
	assay_wire_put_number(p + 4, type, 1);
	assay_wire_put_number(p + 5, nfd, 1);
	assay_wire_put_number(p + 6, VERSION, 2);
}

/* assay_wire_send - any frame; fd -1: no descriptor */
enum assay_status assay_wire_send(
    int sock, enum assay_wire_type type, struct assay_slice body, int fd, struct assay_err *err)
{
	unsigned char head[ASSAY_WIRE_HEAD];
	enum assay_status st;
	struct assay_buf buf;

	ASSAY_ASSERT(body.n <= shapes[type].most);
	put_head(head, type, body.n, fd >= 0);
	assay_buf_init(&buf, sizeof head + body.n);
	(void)assay_buf_add(&buf, head, sizeof head);
	(void)assay_buf_add_slice(&buf, body);
	st = assay_io_send_fds(sock, assay_buf_slice(&buf), &fd, fd >= 0, err);
	assay_buf_release(&buf);
	return st;
}

/* assay_wire_send_ready - the scan process waits for work */
enum assay_status assay_wire_send_ready(int sock, unsigned active, struct assay_err *err)
{
	unsigned char frame[ASSAY_WIRE_HEAD + 4];

	put_head(frame, ASSAY_WIRE_READY, 4, 0);
	assay_wire_put_number(frame + ASSAY_WIRE_HEAD, active, 4);
	return assay_io_send_fds(sock, assay_slice((char *)frame, sizeof frame), NULL, 0, err);
}

/* assay_wire_send_request - one mail to be scanned */
enum assay_status assay_wire_send_request(int sock, const struct assay_wire_request *request,
    int message, int progress, struct assay_err *err)
{
	int fds[ASSAY_WIRE_FDS] = { message, progress };
	size_t nfd = progress >= 0 ? 2 : 1, length = 8 + request->json.n;
	unsigned char head[ASSAY_WIRE_HEAD + 8];
	enum assay_status st;
	struct assay_buf buf;

	if (length > ASSAY_WIRE_REQUEST_MAX)
		return assay_err_set(err, ASSAY_E_LIMIT, "request of %zu bytes, at most %u", length,
		    ASSAY_WIRE_REQUEST_MAX);
	put_head(head, ASSAY_WIRE_REQUEST, length, nfd);
	assay_wire_put_number(head + ASSAY_WIRE_HEAD, (uint64_t)request->deadline_ms, 8);
	assay_buf_init(&buf, sizeof head + request->json.n);
	(void)assay_buf_add(&buf, head, sizeof head);
	(void)assay_buf_add_slice(&buf, request->json);
	st = assay_io_send_fds(sock, assay_buf_slice(&buf), fds, nfd, err);
	assay_buf_release(&buf);
	return st;
}

/* assay_wire_send_verdict - what came of it */
enum assay_status assay_wire_send_verdict(
    int sock, const struct assay_wire_verdict *verdict, int report, int keep, struct assay_err *err)
{
	unsigned char frame[ASSAY_WIRE_HEAD + ASSAY_WIRE_VERDICT_SIZE] = { 0 };
	unsigned char *p = frame + ASSAY_WIRE_HEAD;
	int fds[ASSAY_WIRE_FDS] = { report, keep };
	size_t nfd = verdict->keep_size > 0 ? 2 : 1;

	put_head(frame, ASSAY_WIRE_VERDICT, ASSAY_WIRE_VERDICT_SIZE, nfd);
	assay_wire_put_number(p, verdict->action, 1);
	assay_wire_put_number(p + 1, verdict->scanned, 1);
	assay_wire_put_number(p + 4, verdict->keep_count, 4);
	assay_wire_put_number(p + 8, verdict->report_size, 8);
	assay_wire_put_number(p + 16, verdict->keep_size, 8);
	memcpy(p + 24, verdict->scan_id, strnlen(verdict->scan_id, ASSAY_WIRE_ID));
	return assay_io_send_fds(sock, assay_slice((char *)frame, sizeof frame), fds, nfd, err);
}

/* assay_wire_send_error - the request made no sense */
enum assay_status assay_wire_send_error(int sock, const char *text, struct assay_err *err)
{
	unsigned char frame[ASSAY_WIRE_HEAD + ASSAY_WIRE_ERROR_MAX];
	size_t n = strnlen(text, ASSAY_WIRE_ERROR_MAX);

	put_head(frame, ASSAY_WIRE_ERROR, n, 0);
	memcpy(frame + ASSAY_WIRE_HEAD, text, n);
	return assay_io_send_fds(
	    sock, assay_slice((char *)frame, ASSAY_WIRE_HEAD + n), NULL, 0, err);
}

/* assay_wire_get_ready - what protects us from the scan process, by its own word */
enum assay_status assay_wire_get_ready(
    const struct assay_wire_frame *frame, unsigned *active, struct assay_err *err)
{
	if (frame->type != ASSAY_WIRE_READY || frame->body.n != 4)
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "a scan process that is ready was expected");
	*active = (unsigned)assay_wire_get_number(frame->body.p, 4);
	return ASSAY_OK;
}

/* assay_wire_get_request - deadline and JSON text of a REQUEST */
enum assay_status assay_wire_get_request(
    const struct assay_wire_frame *frame, struct assay_wire_request *request, struct assay_err *err)
{
	if (frame->type != ASSAY_WIRE_REQUEST || frame->body.n < 8)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a request was expected");
	request->deadline_ms = (int64_t)assay_wire_get_number(frame->body.p, 8);
	request->json = assay_slice_from(frame->body, 8);
	return ASSAY_OK;
}

/* is_id - hex digits and dashes, or NULs to the end when there is none */
static bool is_id(const char *p)
{
	size_t n = strnlen(p, ASSAY_WIRE_ID);

	for (size_t i = 0; i < ASSAY_WIRE_ID; i++) {
		if (i < n ? p[i] != '-' && assay_ascii_hex(p[i]) < 0 : p[i] != '\0')
			return false;
	}
	return n == 0 || n == ASSAY_WIRE_ID;
}

/* is_zero - reserved bytes are zero */
static bool is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\0')
			return false;
	}
	return true;
}

/* assay_wire_get_verdict - the fixed fields of a VERDICT, each in its range */
enum assay_status assay_wire_get_verdict(
    const struct assay_wire_frame *frame, struct assay_wire_verdict *verdict, struct assay_err *err)
{
	const char *p = frame->body.p;
	uint64_t action, scanned;

	if (frame->type != ASSAY_WIRE_VERDICT || frame->body.n != ASSAY_WIRE_VERDICT_SIZE)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a verdict was expected");
	action = assay_wire_get_number(p, 1);
	scanned = assay_wire_get_number(p + 1, 1);
	*verdict = (struct assay_wire_verdict){
		.keep_count = (uint32_t)assay_wire_get_number(p + 4, 4),
		.report_size = assay_wire_get_number(p + 8, 8),
		.keep_size = assay_wire_get_number(p + 16, 8),
	};
	if (action >= ASSAY_ACTIONS || scanned >= ASSAY_SCANNEDS || !is_zero(p + 2, 2) ||
	    !is_zero(p + 60, 12) || !is_id(p + 24) || verdict->report_size == 0 ||
	    (verdict->keep_size > 0) != (frame->nfd == 2) ||
	    (verdict->keep_size > 0) != (verdict->keep_count > 0))
		return assay_err_set(err, ASSAY_E_SYNTAX, "a verdict that makes no sense");
	verdict->action = (enum assay_wire_action)action;
	verdict->scanned = (enum assay_wire_scanned)scanned;
	memcpy(verdict->scan_id, p + 24, ASSAY_WIRE_ID);
	return ASSAY_OK;
}

/* assay_wire_action_name - as in verdict.action */
const char *assay_wire_action_name(enum assay_wire_action action)
{
	return action_names[action];
}

/* assay_wire_scanned_name - as in status */
const char *assay_wire_scanned_name(enum assay_wire_scanned scanned)
{
	return scanned_names[scanned];
}

/* find - a word's place in a table */
static bool find(const char *const *table, size_t n, const char *name, unsigned *at)
{
	for (size_t i = 0; i < n; i++) {
		if (name != NULL && strcmp(table[i], name) == 0) {
			*at = (unsigned)i;
			return true;
		}
	}
	return false;
}

/* assay_wire_action_find - the word's number */
bool assay_wire_action_find(const char *name, enum assay_wire_action *action)
{
	unsigned at;

	if (!find(action_names, ASSAY_ACTIONS, name, &at))
		return false;
	*action = (enum assay_wire_action)at;
	return true;
}

/* assay_wire_scanned_find - the word's number */
bool assay_wire_scanned_find(const char *name, enum assay_wire_scanned *scanned)
{
	unsigned at;

	if (!find(scanned_names, ASSAY_SCANNEDS, name, &at))
		return false;
	*scanned = (enum assay_wire_scanned)at;
	return true;
}
