/* rooms: plugin_milter mta fakehost text base */
/*
 * tests/fuzz/fuzz_milter.c - a mail server that says anything, in any order: fed in pieces of two
 * sizes the same messages come out, bounds hold, nothing is left behind; then the session's own
 * calls in any order; then a filter that answers anything.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "mta/mta.h"
#include "peer.h"
#include "reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 20000u

static struct assay_message_store store = { "/tmp", MOST, 5000, 8000, 0 };

/* take - the message that is whole: a digest of its bytes and envelope */
static uint64_t take(struct assay_session *session)
{
	struct assay_submission submission;
	struct assay_err why;
	struct assay_buf all;
	uint64_t digest;
	char *text;

	assay_buf_init(&all, MOST);
	ASSAY_ASSERT(assay_session_end(session, &submission, &why));
	if (submission.fd >= 0)
		ASSAY_ASSERT(assay_io_read_all(submission.fd, &all, &why) == ASSAY_OK);
	else
		ASSAY_ASSERT(strcmp(submission.unscanned, "message_size") == 0);
	ASSAY_ASSERT(submission.fd < 0 || all.n == session->message.size);
	text = json_dumps(submission.request, JSON_COMPACT);
	ASSAY_ASSERT(text != NULL);
	digest = assay_slice_hash(assay_buf_slice(&all)) * 31 +
	    assay_slice_hash(assay_slice_str(text)) + session->message.size;
	free(text);
	json_decref(submission.request);
	assay_io_close(&submission.fd);
	assay_buf_release(&all);
	return digest;
}

/* answer - enforced, so that headers are looked at */
static void answer(struct assay_peer *peer)
{
	const struct assay_verdict verdict = {
		.enforced = true, .answered = "accept", .scan_id = "id"
	};
	const struct assay_reply_to to = { .names = assay_buf_slice(&peer->session.names),
		.names_cut = peer->session.names.full,
		.actions = peer->actions };
	struct assay_reply reply;

	assay_reply_init(&reply, &verdict, &to);
	assay_peer_answer(peer, &reply);
	assay_reply_release(&reply);
}

/* serve - all bytes in pieces of `step`; what came of them */
static uint64_t serve(struct assay_slice bytes, size_t step)
{
	struct assay_peer peer;
	uint64_t digest = 0;

	assay_peer_init(&peer, &store);
	while (bytes.n > 0 && peer.state != ASSAY_PEER_ENDS) {
		assay_peer_feed(&peer, assay_slice_head(bytes, step));
		bytes = assay_slice_from(bytes, step);
		while (peer.state == ASSAY_PEER_WHOLE) {
			digest = digest * 1000003 + take(&peer.session);
			assay_peer_progress(&peer);
			answer(&peer);
		}
		ASSAY_ASSERT(store.taken <= store.memory + ASSAY_MESSAGE_PIECE);
		ASSAY_ASSERT(peer.out.n <= ASSAY_PEER_OUT);
	}
	digest = digest * 31 + peer.messages;
	assay_peer_release(&peer);
	ASSAY_ASSERT(store.taken == 0);
	return digest;
}

/* disorder - the session's calls as the bytes have it */
static void disorder(struct assay_slice bytes)
{
	struct assay_session session;

	assay_session_init(&session, &store);
	for (size_t i = 0; i + 1 < bytes.n; i++) {
		struct assay_slice text = assay_slice_from(bytes, i + 1);
		enum assay_session_phase before = session.phase;

		text = assay_slice_head(text, (unsigned char)bytes.p[i] / 13u);
		switch ((unsigned char)bytes.p[i] % 13) {
		case 0:
			assay_session_connect(&session, text, '4', text);
			break;
		case 1:
			assay_session_helo(&session, text);
			break;
		case 2:
			ASSAY_ASSERT(
			    assay_session_mail(&session, text) == (before != ASSAY_SESSION_DONE));
			break;
		case 3:
			ASSAY_ASSERT(
			    assay_session_rcpt(&session, text) == (before == ASSAY_SESSION_SENDER));
			break;
		case 4:
			(void)assay_session_header(&session, text, text);
			break;
		case 5:
			(void)assay_session_eoh(&session);
			break;
		case 6:
		case 7:
			(void)assay_session_body(&session, text);
			break;
		case 8:
			if (before != ASSAY_SESSION_IDLE && before != ASSAY_SESSION_DONE)
				(void)take(&session);
			break;
		case 9:
			assay_session_forget(&session);
			ASSAY_ASSERT(session.phase == ASSAY_SESSION_IDLE && store.taken == 0);
			break;
		default:
			assay_session_macros(
			    &session, (unsigned char)bytes.p[i] % ASSAY_SESSION_STAGES, text);
			(void)assay_session_macro(&session, "i");
			break;
		}
	}
	assay_session_release(&session);
	ASSAY_ASSERT(store.taken == 0);
}

/* ask - the bytes as the answers of a filter */
static void ask(struct assay_slice bytes)
{
	static const struct assay_mta_mail mail = { "client", "192.0.2.1", "helo", "<a>", "<b>",
		"id", { "A: b\r\n c\r\n\r\nx", 14 } };
	struct assay_mta_answer got;
	struct assay_mta mta;
	struct assay_err err;
	int pair[2];

	if (bytes.n > 60000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return;
	ASSAY_ASSERT(assay_io_write_full(pair[1], bytes.p, bytes.n, &err) == ASSAY_OK);
	(void)shutdown(pair[1], SHUT_WR);
	if (assay_mta_open(&mta, pair[0], &err) == ASSAY_OK) {
		if (assay_mta_ask(&mta, &mail, &got, &err) == ASSAY_OK)
			ASSAY_ASSERT(got.letter != '\0');
		assay_mta_close(&mta);
	}
	(void)close(pair[1]);
}

/* LLVMFuzzerTestOneInput - the first byte chooses the pieces */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice bytes = { (const char *)data, size };

	if (size == 0)
		return 0;
	bytes = assay_slice_from(bytes, 1);
	ASSAY_ASSERT(serve(bytes, ASSAY_PEER_FEED) == serve(bytes, data[0] + 1u));
	disorder(bytes);
	ask(bytes);
	return 0;
}
