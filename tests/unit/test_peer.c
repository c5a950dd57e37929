/* rooms: plugin_milter fakehost text base */
/*
 * test_peer - one connection of a mail server: every phase of the protocol, in order and out of it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/slice.h"
#include "peer.h"
#include "proto.h"
#include "reply.h"

struct bed {
	struct assay_message_store store;
	struct assay_peer peer;
	struct assay_buf sent; /* what the server has to say */
	char message[4000];    /* the last one that was whole */
};

static int setup(void **state)
{
	struct bed *bed = assay_xcalloc(1, sizeof *bed);

	bed->store = (struct assay_message_store){
		.dir = "/tmp", .most = 1 << 20, .alone = 1 << 20, .memory = 1 << 22
	};
	assay_peer_init(&bed->peer, &bed->store);
	assay_buf_init(&bed->sent, 1 << 22);
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	assay_peer_release(&bed->peer);
	assay_buf_release(&bed->sent);
	assert_int_equal(bed->store.taken, 0);
	free(bed);
	return 0;
}

/* say - one more packet */
static void say(struct bed *bed, char letter, const char *data, size_t n)
{
	assert_true(assay_proto_put(&bed->sent, letter, assay_slice(data, n)));
}
#define SAY(bed, letter, text) say(bed, letter, text, sizeof(text) - 1)

/* send - what was said, in pieces of `step` */
static void send_by(struct bed *bed, size_t step)
{
	struct assay_slice all = assay_buf_slice(&bed->sent);

	while (all.n > 0) {
		assay_peer_feed(&bed->peer, assay_slice_head(all, step));
		all = assay_slice_from(all, step);
	}
	assay_buf_clear(&bed->sent);
}

static void send_all(struct bed *bed)
{
	send_by(bed, ASSAY_PEER_FEED);
}

/* heard - the letters of the answers, which are taken off */
static const char *heard(struct bed *bed)
{
	static char letters[100];
	struct assay_slice out = assay_buf_slice(&bed->peer.out);
	struct assay_proto_packet packet;
	struct assay_err err;
	size_t n = 0;

	while (assay_proto_next(&out, &packet, &err) == ASSAY_OK)
		letters[n++] = packet.letter;
	letters[n] = '\0';
	assert_int_equal(out.n, 0);
	assay_buf_clear(&bed->peer.out);
	return letters;
}

/* negotiate - as the MTA: version, actions, steps */
static void negotiate(struct bed *bed, uint32_t version, uint32_t actions, uint32_t steps)
{
	static const char *const none[ASSAY_PROTO_STAGES] = { NULL };
	const struct assay_proto_options options = { version, actions, steps };

	assert_true(assay_proto_put_options(&bed->sent, &options, none));
	send_all(bed);
}

static void negotiate_all(struct bed *bed)
{
	negotiate(bed, 6, ASSAY_PROTO_ALL_ACTIONS, ASSAY_PROTO_ALL_STEPS);
	assert_string_equal(heard(bed), "O");
}

/* take - the message that is whole; accepted */
static const char *take(struct bed *bed)
{
	const struct assay_verdict verdict = { .enforced = true, .answered = "accept" };
	const struct assay_reply_to to = { .actions = bed->peer.actions };
	struct assay_submission submission;
	struct assay_reply reply;
	struct assay_err err;
	ssize_t n;

	assert_int_equal(bed->peer.state, ASSAY_PEER_WHOLE);
	assert_true(assay_session_end(&bed->peer.session, &submission, &err));
	n = read(submission.fd, bed->message, sizeof bed->message - 1);
	assert_true(n >= 0);
	bed->message[n] = '\0';
	assay_io_close(&submission.fd);
	json_decref(submission.request);
	assay_reply_init(&reply, &verdict, &to);
	assay_peer_answer(&bed->peer, &reply);
	assay_reply_release(&reply);
	return bed->message;
}

/* say_mail - a message from MAIL on, without its end */
static void say_mail(struct bed *bed, const char *body)
{
	SAY(bed, 'M', "<a@b>\0");
	SAY(bed, 'R', "<c@d>\0");
	SAY(bed, 'T', "");
	SAY(bed, 'D', "Li\0QUEUE\0");
	SAY(bed, 'L', "Subject\0 x\0");
	SAY(bed, 'N', "");
	say(bed, 'B', body, strlen(body));
}

static void what_is_needed_is_negotiated(void **state)
{
	struct bed *bed = *state;
	struct assay_slice out;
	struct assay_proto_packet packet;
	struct assay_proto_options options;
	struct assay_err err;

	negotiate(bed, 6, ASSAY_PROTO_ALL_ACTIONS, ASSAY_PROTO_ALL_STEPS);
	out = assay_buf_slice(&bed->peer.out);
	assert_int_equal(assay_proto_next(&out, &packet, &err), ASSAY_OK);
	assert_int_equal(assay_proto_get_options(packet.data, &options, &err), ASSAY_OK);
	assert_int_equal(options.version, 6);
	assert_int_equal(options.actions, 0x131);
	/* All of no reply, no unknown commands, leading space; no step is left out. */
	assert_int_equal(options.steps, 0x1ff180);
	/* Stage 0 and its macros come first. */
	assert_memory_equal(packet.data.p + 12, "\0\0\0\0j ", 6);
	assert_non_null(memmem(packet.data.p, packet.data.n, "{auth_authen}", 13));
}

static void only_what_is_offered_is_taken(void **state)
{
	struct bed *bed = *state;

	negotiate(bed, 2, 0x3f, 0x7f);
	assert_int_equal(bed->peer.out.n, 17); /* no macros */
	assert_memory_equal(bed->peer.out.p, "\0\0\0\015O\0\0\0\2\0\0\0\x31\0\0\0\0", 17);
	assert_string_equal(heard(bed), "O");
	assert_false(bed->peer.session.leading_space);
	/* Each command is answered. */
	SAY(bed, 'C', "host\0004\0\031192.0.2.1\0");
	SAY(bed, 'H', "helo\0");
	SAY(bed, 'U', "XYZ\0");
	say_mail(bed, "body\r\n");
	send_all(bed);
	assert_string_equal(heard(bed), "ccccccccc");
	SAY(bed, 'E', "");
	send_all(bed);
	assert_string_equal(heard(bed), "");
	assert_string_equal(take(bed), "Subject:  x\r\n\r\nbody\r\n");
	assert_string_equal(heard(bed), "a");
}

static void a_mail_is_told_without_a_round_trip(void **state)
{
	struct bed *bed = *state;

	negotiate_all(bed);
	SAY(bed, 'D', "C{daemon_name}\0smtpd\0");
	SAY(bed, 'C', "host\0004\0\031192.0.2.1\0");
	SAY(bed, 'H', "helo\0");
	say_mail(bed, "body\r\n");
	SAY(bed, 'D', "Ei\0QUEUE\0");
	SAY(bed, 'E', "");
	send_all(bed);
	assert_string_equal(heard(bed), "");
	assert_true(assay_slice_is(assay_session_macro(&bed->peer.session, "i"), "QUEUE"));
	assert_true(
	    assay_slice_is(assay_session_macro(&bed->peer.session, "daemon_name"), "smtpd"));
	assert_string_equal(take(bed), "Subject: x\r\n\r\nbody\r\n");
	assert_string_equal(heard(bed), "a");
	assert_true(assay_peer_is_idle(&bed->peer));
	SAY(bed, 'A', ""); /* Postfix ends every message so */
	SAY(bed, 'A', "");
	say_mail(bed, "second");
	SAY(bed, 'E', " tail");
	send_all(bed);
	assert_string_equal(take(bed), "Subject: x\r\n\r\nsecond tail");
	assert_string_equal(heard(bed), "a");
	SAY(bed, 'Q', "");
	send_all(bed);
	assert_int_equal(bed->peer.state, ASSAY_PEER_ENDS);
	assert_int_equal(bed->peer.why.code, ASSAY_OK);
}

static void pieces_of_any_size_are_put_together(void **state)
{
	struct bed *bed = *state;

	for (size_t step = 1; step < 40; step++) {
		assay_peer_release(&bed->peer);
		assay_peer_init(&bed->peer, &bed->store);
		negotiate_all(bed);
		say_mail(bed, "body\r\n");
		SAY(bed, 'E', "");
		send_by(bed, step);
		assert_string_equal(take(bed), "Subject: x\r\n\r\nbody\r\n");
	}
}

static void what_comes_too_early_waits(void **state)
{
	struct bed *bed = *state;

	negotiate_all(bed);
	for (int i = 0; i < 3; i++) {
		say_mail(bed, i == 0 ? "0" : i == 1 ? "1" : "2");
		SAY(bed, 'E', "");
		SAY(bed, 'A', "");
	}
	send_all(bed);
	assert_string_equal(take(bed), "Subject: x\r\n\r\n0");
	assert_string_equal(take(bed), "Subject: x\r\n\r\n1");
	assert_string_equal(take(bed), "Subject: x\r\n\r\n2");
	assert_string_equal(heard(bed), "aaa");
	assert_true(assay_peer_is_idle(&bed->peer));
}

static void a_message_that_is_aborted_is_gone(void **state)
{
	struct bed *bed = *state;

	negotiate_all(bed);
	say_mail(bed, "never");
	SAY(bed, 'A', "");
	send_all(bed);
	assert_int_equal(bed->store.taken, 0);
	say_mail(bed, "never"); /* a second EHLO ends it as well, and a MAIL without an end */
	SAY(bed, 'H', "again\0");
	say_mail(bed, "never");
	say_mail(bed, "this");
	SAY(bed, 'E', "");
	send_all(bed);
	assert_string_equal(take(bed), "Subject: x\r\n\r\nthis");
	say_mail(bed, "half");
	SAY(bed, 'K', ""); /* another SMTP session over the same connection */
	SAY(bed, 'C', "other\0U");
	SAY(bed, 'M', "<>\0");
	SAY(bed, 'E', "");
	send_all(bed);
	assert_string_equal(take(bed), "\r\n");
	assert_string_equal(heard(bed), "aa");
}

static void progress_is_for_those_who_wait(void **state)
{
	struct bed *bed = *state;

	negotiate_all(bed);
	assay_peer_progress(&bed->peer);
	assert_string_equal(heard(bed), "");
	say_mail(bed, "x");
	SAY(bed, 'E', "");
	send_all(bed);
	assay_peer_progress(&bed->peer);
	assay_peer_progress(&bed->peer); /* the first was not read yet */
	assert_string_equal(heard(bed), "p");
	assay_peer_progress(&bed->peer);
	(void)take(bed);
	assert_string_equal(heard(bed), "pa");
}

static void what_is_no_protocol_ends_the_connection(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool first; /* before the negotiation */
	} bad[] = {
		{ "\0\0\0\1M", 5, true },
		{ "GET / HTTP/1.0\r\n\r\n", 18, true },
		{ "\0\0\0\5Oabcd", 9, true },
		{ "\0\0\0\0", 4, false },
		{ "\xff\0\0\0", 4, false },
		{ "\0\0\0\1?", 5, false },
		{ "\0\0\0\1C", 5, false },
		{ "\0\0\0\1H", 5, false },
		{ "\0\0\0\3Hab", 7, false },
		{ "\0\0\0\1D", 5, false },
		{ "\0\0\0\3R<\0", 7, false },
		{ "\0\0\0\3La\0", 7, false },
		{ "\0\0\0\4La\0\0", 8, false },
		{ "\0\0\0\1B", 5, false },
		{ "\0\0\0\1N", 5, false },
		{ "\0\0\0\1E", 5, false },
		{ "\0\0\0\015O\0\0\0\6\0\0\0\0\0\0\0\0", 17, false },
	};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assay_peer_release(&bed->peer);
		assay_peer_init(&bed->peer, &bed->store);
		if (!bad[i].first)
			negotiate_all(bed);
		assay_peer_feed(&bed->peer, assay_slice(bad[i].bytes, bad[i].n));
		assert_int_equal(bed->peer.state, ASSAY_PEER_ENDS);
		assert_int_equal(bed->peer.why.code, ASSAY_E_SYNTAX);
		assert_true(strlen(bed->peer.why.text) > 5);
		assay_peer_feed(&bed->peer, ASSAY_SLICE_LIT("more"));
		assert_string_equal(heard(bed), "");
	}
}

static void headers_after_the_headers_end_it(void **state)
{
	struct bed *bed = *state;

	negotiate_all(bed);
	say_mail(bed, "x");
	SAY(bed, 'L', "Late\0 x\0");
	send_all(bed);
	assert_int_equal(bed->peer.state, ASSAY_PEER_ENDS);
}

static void who_does_not_wait_is_bounded(void **state)
{
	struct bed *bed = *state;
	static char junk[ASSAY_PEER_FEED];

	negotiate_all(bed);
	say_mail(bed, "x");
	SAY(bed, 'E', "");
	send_all(bed);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bed->peer.state, ASSAY_PEER_WHOLE);
		assay_peer_feed(&bed->peer, assay_slice(junk, sizeof junk));
	}
	assay_peer_feed(&bed->peer, assay_slice(junk, sizeof junk));
	assert_int_equal(bed->peer.state, ASSAY_PEER_ENDS);
}

static void who_does_not_read_is_bounded(void **state)
{
	struct bed *bed = *state;

	negotiate(bed, 2, 0, 0);
	for (int i = 0; i < 300000 && bed->peer.state == ASSAY_PEER_READS; i++)
		assay_peer_feed(&bed->peer, assay_slice("\0\0\0\1T", 5));
	assert_int_equal(bed->peer.state, ASSAY_PEER_ENDS);
	assert_true(bed->peer.out.n <= ASSAY_PEER_OUT);
}

static void a_long_header_goes_through(void **state)
{
	static char header[150000] = "Long";
	struct bed *bed = *state;

	memset(header + 5, 'x', sizeof header - 6);
	negotiate_all(bed);
	SAY(bed, 'M', "<>\0");
	say(bed, 'L', header, sizeof header);
	SAY(bed, 'E', "");
	send_by(bed, 10000);
	assert_int_equal(bed->peer.session.message.size, sizeof header - 1 + 2 + 2);
	(void)take(bed);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_needed_is_negotiated),
		TEST(only_what_is_offered_is_taken),
		TEST(a_mail_is_told_without_a_round_trip),
		TEST(pieces_of_any_size_are_put_together),
		TEST(what_comes_too_early_waits),
		TEST(a_message_that_is_aborted_is_gone),
		TEST(progress_is_for_those_who_wait),
		TEST(what_is_no_protocol_ends_the_connection),
		TEST(headers_after_the_headers_end_it),
		TEST(who_does_not_wait_is_bounded),
		TEST(who_does_not_read_is_bounded),
		TEST(a_long_header_goes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
