/*
 * milter/mta.c - see mta.h. Touches the one socket.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "mta.h"

#define IN_MAX (ASSAY_PROTO_MOST + 8)
#define OUT_MAX ((size_t)512 * 1024)

/* Packets on their way out. */
struct out {
	struct assay_mta *mta;
	struct assay_buf buf;
	enum assay_status st;
	struct assay_err *err;
};

/* ---- the socket ------------------------------------------------------------------------------ */

/* fail - what a socket call says */
static enum assay_status fail(struct assay_err *err, const char *what)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return assay_err_set(err, ASSAY_E_TIMEOUT, "the filter does not answer in time");
	return assay_err_set(err, ASSAY_E_DEAD, "cannot %s the filter: %s", what, strerror(errno));
}

/* flush - everything */
static void flush(struct out *out)
{
	size_t done = 0;

	while (out->st == ASSAY_OK && done < out->buf.n) {
		ssize_t n = send(out->mta->fd, out->buf.p + done, out->buf.n - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			out->st = fail(out->err, "write to");
		else if (n > 0)
			done += (size_t)n;
	}
	assay_buf_clear(&out->buf);
}

/* receive - the next packet; its data lives until the next call */
static enum assay_status receive(
    struct assay_mta *mta, struct assay_proto_packet *packet, struct assay_err *err)
{
	for (;;) {
		struct assay_slice in = assay_slice_from(assay_buf_slice(&mta->in), mta->at);
		enum assay_status st = assay_proto_next(&in, packet, err);
		char *room;
		ssize_t n;

		if (st == ASSAY_OK)
			mta->at = mta->in.n - in.n;
		if (st != ASSAY_END)
			return st;
		if (in.n > 0)
			memmove(mta->in.p, in.p, in.n);
		mta->in.n = in.n;
		mta->at = 0;
		room = assay_buf_reserve(&mta->in, mta->in.max - mta->in.n);
		n = recv(mta->fd, room, mta->in.max - mta->in.n, 0);
		if (n == 0)
			return assay_err_set(err, ASSAY_E_DEAD, "the filter hung up");
		if (n < 0 && errno != EINTR)
			return fail(err, "read from");
		assay_buf_commit(&mta->in, n > 0 ? (size_t)n : 0);
	}
}

/* assay_mta_open - offers everything, keeps what is wanted */
enum assay_status assay_mta_open(struct assay_mta *mta, int fd, struct assay_err *err)
{
	static const char *const none[ASSAY_PROTO_STAGES] = { NULL };
	const struct assay_proto_options offer = { ASSAY_PROTO_VERSION, ASSAY_PROTO_ALL_ACTIONS,
		ASSAY_PROTO_ALL_STEPS };
	struct out out = { .mta = mta, .st = ASSAY_OK, .err = err };
	struct assay_proto_packet packet;

	*mta = (struct assay_mta){ .fd = fd };
	assay_buf_init(&mta->in, IN_MAX);
	assay_buf_init(&out.buf, OUT_MAX);
	(void)assay_proto_put_options(&out.buf, &offer, none);
	flush(&out);
	assay_buf_release(&out.buf);
	if (out.st == ASSAY_OK)
		out.st = receive(mta, &packet, err);
	if (out.st == ASSAY_OK && packet.letter != ASSAY_PROTO_OPTIONS)
		out.st = assay_err_set(err, ASSAY_E_SYNTAX, "this is no milter");
	if (out.st == ASSAY_OK)
		out.st = assay_proto_get_options(packet.data, &mta->options, err);
	if (out.st == ASSAY_OK &&
	    ((mta->options.actions & ~offer.actions) != 0 ||
		(mta->options.steps & ~offer.steps) != 0))
		out.st = assay_err_set(err, ASSAY_E_SYNTAX, "wants more than was offered");
	if (out.st != ASSAY_OK) {
		assay_io_close(&mta->fd);
		assay_buf_release(&mta->in);
	}
	return out.st;
}

/* assay_mta_close - in good order */
void assay_mta_close(struct assay_mta *mta)
{
	static const char quit[] = { 0, 0, 0, 1, ASSAY_PROTO_QUIT };

	if (mta->fd >= 0)
		(void)send(mta->fd, quit, sizeof quit, MSG_NOSIGNAL);
	assay_io_close(&mta->fd);
	assay_buf_release(&mta->in);
}

/* ---- a message ------------------------------------------------------------------------------- */

/* put - one packet */
static void put(struct out *out, char letter, struct assay_slice data)
{
	if (!assay_proto_put(&out->buf, letter, data)) {
		flush(out);
		(void)assay_proto_put(&out->buf, letter, data);
	}
}

/* step - a command, and "go on" unless the filter said that it is silent here */
static void step(struct out *out, char letter, struct assay_slice data, uint32_t silent)
{
	struct assay_proto_packet packet;

	put(out, letter, data);
	if ((out->mta->options.steps & silent) != 0)
		return;
	flush(out);
	if (out->st == ASSAY_OK)
		out->st = receive(out->mta, &packet, out->err);
	if (out->st == ASSAY_OK && packet.letter != ASSAY_PROTO_CONTINUE)
		out->st = assay_err_set(out->err, ASSAY_E_SYNTAX,
		    "an answer '%c' where all is decided at the end", packet.letter);
}

/* step_text - a command of one string */
static void step_text(struct out *out, char letter, const char *text, uint32_t silent)
{
	step(out, letter, assay_slice(text, strlen(text) + 1), silent);
}

/* tell_client - who connects and greets */
static void tell_client(struct out *out, const struct assay_mta_mail *mail)
{
	struct assay_buf data;

	assay_buf_init(&data, ASSAY_MTA_TEXT);
	(void)assay_buf_add(&data, mail->client_name, strlen(mail->client_name) + 1);
	(void)assay_buf_add(&data, "4\0\031", 3);
	(void)assay_buf_add(&data, mail->client_addr, strlen(mail->client_addr) + 1);
	put(out, ASSAY_PROTO_MACROS, ASSAY_SLICE_LIT("C{daemon_name}\0milter-check\0"));
	step(out, ASSAY_PROTO_CONNECT, assay_buf_slice(&data), ASSAY_PROTO_SILENT_CONNECT);
	step_text(out, ASSAY_PROTO_HELO, mail->helo, ASSAY_PROTO_SILENT_HELO);
	assay_buf_release(&data);
}

/* add_value - without CR, and without the last line end */
static void add_value(struct assay_buf *data, struct assay_slice value)
{
	struct assay_slice line;
	bool first = true;

	while (value.n > 0 && assay_slice_split(&value, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (!first)
			(void)assay_buf_add_char(data, '\n');
		(void)assay_buf_add_slice(data, line);
		first = false;
	}
	(void)assay_buf_add_char(data, '\0');
}

/* field_length - a header with its folded lines; 0: the headers end here */
static size_t field_length(struct assay_slice rest)
{
	size_t n = 0;

	if (assay_slice_starts(rest, "\n") || assay_slice_starts(rest, "\r\n"))
		return 0;
	do {
		n += assay_slice_find(assay_slice_from(rest, n), '\n') + 1;
	} while (n < rest.n && (rest.p[n] == ' ' || rest.p[n] == '\t'));
	return n < rest.n ? n : rest.n;
}

/* tell_headers - and the end of them; what follows */
static struct assay_slice tell_headers(struct out *out, struct assay_slice rest)
{
	struct assay_buf data;
	size_t n, colon;

	assay_buf_init(&data, ASSAY_PROTO_MOST - 1);
	while (rest.n > 0 && (n = field_length(rest)) > 0) {
		struct assay_slice field = assay_slice_head(rest, n);

		colon = assay_slice_find(field, ':');
		if (colon == field.n)
			break; /* the body begins without an empty line */
		assay_buf_clear(&data);
		(void)assay_buf_add(&data, field.p, colon);
		(void)assay_buf_add_char(&data, '\0');
		add_value(&data, assay_slice_from(field, colon + 1));
		put(out, ASSAY_PROTO_MACROS, ASSAY_SLICE_LIT("L"));
		step(out, ASSAY_PROTO_HEADER, assay_buf_slice(&data), ASSAY_PROTO_SILENT_HEADER);
		rest = assay_slice_from(rest, n);
	}
	assay_buf_release(&data);
	if (assay_slice_starts(rest, "\r\n"))
		rest = assay_slice_from(rest, 2);
	else if (assay_slice_starts(rest, "\n"))
		rest = assay_slice_from(rest, 1);
	step(out, ASSAY_PROTO_EOH, ASSAY_SLICE_NONE, ASSAY_PROTO_SILENT_EOH);
	return rest;
}

/* assay_mta_tell - see mta.h */
enum assay_status assay_mta_tell(
    struct assay_mta *mta, const struct assay_mta_mail *mail, struct assay_err *err)
{
	struct out out = { .mta = mta, .st = ASSAY_OK, .err = err };
	struct assay_slice body;
	struct assay_buf id;

	assay_buf_init(&out.buf, OUT_MAX);
	assay_buf_init(&id, ASSAY_MTA_TEXT);
	tell_client(&out, mail);
	step_text(&out, ASSAY_PROTO_MAIL, mail->sender, ASSAY_PROTO_SILENT_MAIL);
	step_text(&out, ASSAY_PROTO_RCPT, mail->rcpt, ASSAY_PROTO_SILENT_RCPT);
	step(&out, ASSAY_PROTO_DATA, ASSAY_SLICE_NONE, ASSAY_PROTO_SILENT_DATA);
	body = tell_headers(&out, mail->bytes);
	while (body.n > 0) {
		struct assay_slice piece = assay_slice_head(body, ASSAY_PROTO_CHUNK);

		step(&out, ASSAY_PROTO_BODY, piece, ASSAY_PROTO_SILENT_BODY);
		body = assay_slice_from(body, piece.n);
	}
	(void)assay_buf_add(&id, "Ei", 3);
	(void)assay_buf_add(&id, mail->queue_id, strlen(mail->queue_id) + 1);
	put(&out, ASSAY_PROTO_MACROS, assay_buf_slice(&id));
	flush(&out);
	assay_buf_release(&id);
	assay_buf_release(&out.buf);
	return out.st;
}

/* note_header - one that was added */
static void note_header(struct assay_mta_answer *answer, struct assay_slice data, size_t skip)
{
	struct assay_slice name, value, rest = assay_slice_from(data, skip);
	size_t n = strlen(answer->headers);

	answer->added++;
	if (assay_proto_string(&rest, &name) && assay_proto_string(&rest, &value))
		(void)snprintf(answer->headers + n, sizeof answer->headers - n, "%.*s:%.*s\n",
		    (int)name.n, name.p, (int)value.n, value.p);
}

/* copy - a string of a packet */
static void copy(char *to, struct assay_slice data)
{
	(void)snprintf(to, ASSAY_MTA_TEXT, "%.*s", (int)data.n, data.p);
}

/* note - one packet of the answer; ASSAY_END: it was the last */
static enum assay_status note(
    struct assay_mta_answer *answer, const struct assay_proto_packet *packet, struct assay_err *err)
{
	switch (packet->letter) {
	case ASSAY_PROTO_PROGRESS:
		answer->progress++;
		return ASSAY_OK;
	case ASSAY_PROTO_ADD_HEADER:
		note_header(answer, packet->data, 0);
		return ASSAY_OK;
	case ASSAY_PROTO_INSERT_HEADER:
		note_header(answer, packet->data, 4);
		return ASSAY_OK;
	case ASSAY_PROTO_CHANGE_HEADER:
		answer->gone++;
		return ASSAY_OK;
	case ASSAY_PROTO_QUARANTINE:
		answer->held = true;
		copy(answer->hold, packet->data);
		return ASSAY_OK;
	case ASSAY_PROTO_REPLY:
		copy(answer->text, packet->data);
		break;
	case ASSAY_PROTO_ACCEPT:
	case ASSAY_PROTO_CONTINUE:
	case ASSAY_PROTO_DISCARD:
	case ASSAY_PROTO_REJECT:
	case ASSAY_PROTO_TEMPFAIL:
		break;
	default:
		return assay_err_set(err, ASSAY_E_SYNTAX, "an answer 0x%02x to a message",
		    (unsigned char)packet->letter);
	}
	answer->letter = packet->letter;
	return ASSAY_END;
}

/* assay_mta_end - see mta.h */
enum assay_status assay_mta_end(
    struct assay_mta *mta, struct assay_mta_answer *answer, struct assay_err *err)
{
	struct out out = { .mta = mta, .st = ASSAY_OK, .err = err };
	struct assay_proto_packet packet;

	*answer = (struct assay_mta_answer){ .letter = '\0' };
	assay_buf_init(&out.buf, OUT_MAX);
	put(&out, ASSAY_PROTO_END, ASSAY_SLICE_NONE);
	flush(&out);
	while (out.st == ASSAY_OK) {
		out.st = receive(mta, &packet, err);
		if (out.st == ASSAY_OK)
			out.st = note(answer, &packet, err);
	}
	if (out.st == ASSAY_END) {
		out.st = ASSAY_OK;
		put(&out, ASSAY_PROTO_ABORT, ASSAY_SLICE_NONE);
		flush(&out);
	}
	assay_buf_release(&out.buf);
	return out.st;
}

/* assay_mta_ask - see mta.h */
enum assay_status assay_mta_ask(struct assay_mta *mta, const struct assay_mta_mail *mail,
    struct assay_mta_answer *answer, struct assay_err *err)
{
	enum assay_status st = assay_mta_tell(mta, mail, err);

	return st == ASSAY_OK ? assay_mta_end(mta, answer, err) : st;
}
