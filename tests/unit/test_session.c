/* rooms: plugin_milter fakehost text base */
/*
 * test_session - one SMTP session as a mail server tells of it: bytes, envelope, order; with
 * message.c and envelope.c
 */
#include <fcntl.h>
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
#include "session.h"

#define STR(s) assay_slice_str(s)
#define PAIRS(s) assay_slice((s), sizeof(s) - 1)

struct bed {
	char dir[64];
	struct assay_message_store store;
	struct assay_session session;
	struct assay_submission sub;
	struct assay_err why;
};

static int setup(void **state)
{
	struct bed *bed = assay_xcalloc(1, sizeof *bed);

	(void)snprintf(bed->dir, sizeof bed->dir, "/tmp/assay-session-XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	bed->store = (struct assay_message_store){
		.dir = bed->dir, .most = 1 << 20, .alone = 1 << 18, .memory = 1 << 19
	};
	assay_session_init(&bed->session, &bed->store);
	bed->session.leading_space = true;
	bed->sub.fd = -1;
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	assay_session_release(&bed->session);
	assert_int_equal(bed->store.taken, 0);
	assay_io_close(&bed->sub.fd);
	json_decref(bed->sub.request);
	assert_int_equal(rmdir(bed->dir), 0);
	free(bed);
	return 0;
}

/* finish - the message that came of it, NUL-terminated, on the heap */
static char *finish(struct bed *bed)
{
	struct assay_buf all;
	size_t n;

	assay_io_close(&bed->sub.fd);
	json_decref(bed->sub.request);
	assert_true(assay_session_end(&bed->session, &bed->sub, &bed->why));
	assert_null(bed->sub.unscanned);
	assay_buf_init(&all, 1 << 22);
	assert_int_equal(assay_io_read_all(bed->sub.fd, &all, &bed->why), ASSAY_OK);
	return assay_buf_steal(&all, &n);
}

static void assert_message(struct bed *bed, const char *text)
{
	char *message = finish(bed);

	assert_string_equal(message, text);
	free(message);
	assay_session_forget(&bed->session);
}

/* at - a text in the request, "" for null */
static const char *at(const struct bed *bed, const char *a, const char *b, const char *c)
{
	const json_t *j = json_object_get(bed->sub.request, a);

	if (b != NULL)
		j = json_object_get(j, b);
	if (c != NULL)
		j = json_object_get(j, c);
	assert_non_null(j);
	if (json_is_true(j) || json_is_false(j))
		return json_is_true(j) ? "yes" : "no";
	return json_is_null(j) ? "" : json_string_value(j);
}

static void the_message_is_what_was_on_the_wire(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;

	assert_true(assay_session_mail(s, STR("<a@example.org>")));
	assert_true(assay_session_rcpt(s, STR("<b@example.org>")));
	assert_true(assay_session_header(s, STR("Subject"), STR(" two\n\tlines")));
	assert_true(assay_session_header(s, STR("Tight"), STR("value")));
	assert_true(assay_session_header(s, STR("Wide"), STR("   \tvalue  ")));
	assert_true(assay_session_header(s, STR("Empty"), STR("")));
	assert_true(assay_session_header(s, STR("Odd"), STR(" a\r\n b\rc\n")));
	assert_true(assay_session_eoh(s));
	assert_true(assay_session_body(s, STR("one\r\n")));
	assert_true(assay_session_body(s, STR("two\ntail")));
	assert_message(bed,
	    "Subject: two\r\n\tlines\r\nTight:value\r\nWide:   \tvalue  \r\nEmpty:\r\n"
	    "Odd: a\r\n b\rc\r\n\r\n\r\none\r\ntwo\ntail");
}

static void an_old_server_eats_the_leading_space(void **state)
{
	struct bed *bed = *state;

	bed->session.leading_space = false;
	assert_true(assay_session_mail(&bed->session, STR("<>")));
	assert_true(assay_session_header(&bed->session, STR("Subject"), STR("x")));
	assert_true(assay_session_header(&bed->session, STR("Empty"), STR("")));
	assert_message(bed, "Subject: x\r\nEmpty:\r\n\r\n");
}

static void bytes_of_any_kind_are_kept(void **state)
{
	static const char body[] = "a\0b\xff\r\r\n.\r\n";
	struct bed *bed = *state;
	char *message;

	assert_true(assay_session_mail(&bed->session, STR("<>")));
	assert_true(assay_session_header(&bed->session, STR("X"), PAIRS(" \0\xfe")));
	assert_true(assay_session_body(&bed->session, PAIRS(body)));
	message = finish(bed);
	assert_memory_equal(message, "X: \0\xfe\r\n\r\na\0b\xff\r\r\n.\r\n", 19);
	free(message);
}

static void the_envelope_is_told(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;
	json_t *rcpts;

	assay_session_macros(s, ASSAY_SESSION_CONNECT, PAIRS("j\0mx\0{daemon_name}\0smtpd\0"));
	assay_session_connect(s, STR("client.example"), '4', STR("192.0.2.1"));
	assay_session_macros(s, ASSAY_SESSION_HELO,
	    PAIRS("{tls_version}\0TLSv1.3\0{cipher}\0AES\0{cert_subject}\0who\0"));
	assay_session_helo(s, STR("helo.example"));
	assay_session_macros(
	    s, ASSAY_SESSION_MAIL, PAIRS("{auth_type}\0PLAIN\0{auth_authen}\0joe\0"));
	assert_true(assay_session_mail(s, STR("<Joe@Example.ORG>")));
	assert_true(assay_session_rcpt(s,
	    STR("<\"a b\"@b\xc3\xbc"
		"cher.example>")));
	assert_true(assay_session_rcpt(s, STR("postmaster")));
	assay_session_macros(s, ASSAY_SESSION_END, PAIRS("i\0004ABC\0"));
	free(finish(bed));
	assert_string_equal(at(bed, "queue_id", NULL, NULL), "4ABC");
	assert_string_equal(at(bed, "daemon", NULL, NULL), "smtpd");
	assert_string_equal(at(bed, "envelope", "sender", "addr"), "Joe@Example.ORG");
	assert_string_equal(at(bed, "envelope", "sender", "domain"), "example.org");
	assert_string_equal(at(bed, "envelope", "sender", "null"), "no");
	assert_string_equal(at(bed, "envelope", "client", "addr"), "192.0.2.1");
	assert_string_equal(at(bed, "envelope", "client", "name"), "client.example");
	assert_string_equal(at(bed, "envelope", "client", "helo"), "helo.example");
	bed->sub.request = json_pack("{s:o, s:o}", "client",
	    json_incref(json_object_get(json_object_get(bed->sub.request, "envelope"), "client")),
	    "all", bed->sub.request);
	assert_string_equal(at(bed, "client", "tls", "version"), "TLSv1.3");
	assert_string_equal(at(bed, "client", "tls", "cipher"), "AES");
	assert_string_equal(at(bed, "client", "tls", "verified"), "yes");
	assert_string_equal(at(bed, "client", "auth", "user"), "joe");
	assert_string_equal(at(bed, "client", "auth", "method"), "PLAIN");
	rcpts = json_object_get(
	    json_object_get(json_object_get(bed->sub.request, "all"), "envelope"), "recipients");
	assert_int_equal(json_array_size(rcpts), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rcpts, 0), "domain")),
	    "xn--bcher-kva.example");
	assert_true(json_is_null(json_object_get(json_array_get(rcpts, 1), "domain")));
	assert_string_equal(bed->sub.source, "milter");
	assert_string_equal(bed->sub.message_time_source, "milter");
	assert_true(bed->sub.message_time_ms > 0);
	assert_null(bed->sub.source_id);
}

static void what_is_not_known_is_null(void **state)
{
	struct bed *bed = *state;

	assay_session_connect(&bed->session, STR("[192.0.2.1]"), '6', STR("IPv6:2001:db8::1"));
	assert_true(assay_session_mail(&bed->session, STR("<>")));
	free(finish(bed));
	assert_string_equal(at(bed, "queue_id", NULL, NULL), "");
	assert_string_equal(at(bed, "envelope", "sender", "addr"), "");
	assert_string_equal(at(bed, "envelope", "sender", "null"), "yes");
	assert_string_equal(at(bed, "envelope", "client", "name"), "");
	assert_string_equal(at(bed, "envelope", "client", "addr"), "2001:db8::1");
	assert_string_equal(at(bed, "envelope", "client", "tls"), "");
	assert_string_equal(at(bed, "envelope", "client", "auth"), "");
	assay_session_forget(&bed->session);
	assay_session_connect(&bed->session, STR("localhost"), 'L', STR("/run/socket"));
	assert_true(assay_session_mail(&bed->session, STR("<x>")));
	free(finish(bed));
	assert_string_equal(at(bed, "envelope", "client", "addr"), "");
	assert_string_equal(at(bed, "envelope", "sender", "domain"), "");
}

static void sendmail_says_whether_it_verified(void **state)
{
	struct bed *bed = *state;

	assay_session_macros(&bed->session, ASSAY_SESSION_HELO,
	    PAIRS("tls_version\0TLSv1.2\0verify\0FAIL\0cert_subject\0somebody\0"));
	assay_session_helo(&bed->session, STR("x"));
	assert_true(assay_session_mail(&bed->session, STR("<x@y>")));
	free(finish(bed));
	assert_true(json_is_false(json_object_get(
	    json_object_get(
		json_object_get(json_object_get(bed->sub.request, "envelope"), "client"), "tls"),
	    "verified")));
}

static void a_null_sender_leaves_nothing_behind(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;

	assay_session_macros(s, ASSAY_SESSION_MAIL, PAIRS("i\0FIRST\0{auth_authen}\0joe\0"));
	assert_true(assay_session_mail(s, STR("<>")));
	assert_true(assay_session_rcpt(s, STR("<a@b.example>")));
	assert_true(assay_session_header(s, STR("A"), STR(" 1")));
	assert_message(bed, "A: 1\r\n\r\n");
	assert_true(assay_session_mail(s, STR("<c@d.example>")));
	assert_message(bed, "\r\n");
	assert_string_equal(at(bed, "envelope", "sender", "addr"), "c@d.example");
	assert_string_equal(at(bed, "queue_id", NULL, NULL), "");
	assert_string_equal(at(bed, "envelope", "client", "auth"), "");
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(bed->sub.request, "envelope"), "recipients")),
	    0);
}

static void every_end_forgets_the_message(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;

	for (int way = 0; way < 5; way++) {
		assert_true(assay_session_mail(s, STR("<old@example.org>")));
		assert_true(assay_session_header(s, STR("Old"), STR(" x")));
		assert_true(assay_session_body(s, STR("old")));
		switch (way) {
		case 0:
			assay_session_forget(s);
			assay_session_forget(s);
			break;
		case 1:
			assay_session_helo(s, STR("again"));
			assay_session_helo(s, STR("again"));
			break;
		case 2:
			assay_session_connect(s, STR("x"), 'U', STR(""));
			break;
		case 3:
			free(finish(bed));
			assert_false(assay_session_mail(s, STR("<early@example.org>")));
			assert_false(assay_session_body(s, STR("late")));
			assay_session_forget(s);
			break;
		default:
			break; /* MAIL once more */
		}
		assert_true(assay_session_mail(s, STR("<new@example.org>")));
		assert_int_equal(bed->session.names.n, 0);
		assert_message(bed, "\r\n");
	}
}

static void nonsense_is_refused(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;

	assert_false(assay_session_rcpt(s, STR("<a>")));
	assert_false(assay_session_header(s, STR("A"), STR("b")));
	assert_false(assay_session_eoh(s));
	assert_false(assay_session_body(s, STR("x")));
	assert_false(assay_session_end(s, &bed->sub, &bed->why));
	assert_true(assay_session_mail(s, STR("<a>")));
	assert_true(assay_session_eoh(s));
	assert_false(assay_session_eoh(s));
	assert_false(assay_session_header(s, STR("A"), STR("b")));
	assert_false(assay_session_rcpt(s, STR("<a>")));
	assert_message(bed, "\r\n");
}

static void macros_of_a_stage_are_replaced(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;
	static char big[5000];

	assay_session_macros(s, ASSAY_SESSION_CONNECT, PAIRS("i\0A\0{j}\0host\0"));
	assert_true(assay_slice_is(assay_session_macro(s, "i"), "A"));
	assay_session_macros(s, ASSAY_SESSION_END, PAIRS("{i}\0B\0"));
	assert_true(assay_slice_is(assay_session_macro(s, "i"), "B"));
	assay_session_macros(s, ASSAY_SESSION_END, PAIRS(""));
	assert_true(assay_slice_is(assay_session_macro(s, "i"), "A"));
	assert_true(assay_slice_is(assay_session_macro(s, "j"), "host"));
	assert_null(assay_session_macro(s, "k").p);
	/* Too long: that pair is left out, others are not. */
	memset(big, 'x', sizeof big);
	big[1] = big[4900] = '\0';
	memcpy(big + 4901, "i\0C", 4);
	assay_session_macros(s, ASSAY_SESSION_END, assay_slice(big, 4905));
	assert_true(assay_slice_is(assay_session_macro(s, "i"), "C"));
	assert_null(assay_session_macro(s, "x").p);
}

static void many_recipients_are_counted(void **state)
{
	struct bed *bed = *state;
	char rcpt[400];

	memset(rcpt, 'r', sizeof rcpt);
	assert_true(assay_session_mail(&bed->session, STR("<x@y>")));
	for (int i = 0; i < 10000; i++)
		assert_true(assay_session_rcpt(&bed->session, assay_slice(rcpt, sizeof rcpt)));
	assert_int_equal(bed->session.nrcpts, 10000);
	assert_true(bed->session.rcpts.n <= ASSAY_SESSION_RCPTS);
	assert_message(bed, "\r\n");
}

static void too_large_is_counted_not_kept(void **state)
{
	struct bed *bed = *state;
	static char piece[60000];

	memset(piece, 'x', sizeof piece);
	assert_true(assay_session_mail(&bed->session, STR("<x@y>")));
	for (int i = 0; i < 20; i++)
		assert_true(assay_session_body(&bed->session, assay_slice(piece, sizeof piece)));
	assert_int_equal(bed->store.taken, 0);
	assert_int_equal(bed->session.message.fd, -1);
	assert_true(assay_session_end(&bed->session, &bed->sub, &bed->why));
	assert_string_equal(bed->sub.unscanned, "message_size");
	assert_int_equal(bed->sub.bytes.n, 2 + 20 * sizeof piece);
	assert_null(bed->sub.bytes.p);
	assert_int_equal(bed->sub.fd, -1);
	assert_non_null(bed->sub.request);
}

static void small_ones_are_sealed_and_large_ones_go_to_disk(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;
	char *piece = assay_xcalloc(1, 300000), *message;

	memset(piece, 'y', 299999);
	assert_true(assay_session_mail(s, STR("<x@y>")));
	assert_true(assay_session_body(s, assay_slice(piece, 200000)));
	assert_int_equal(bed->store.taken, 200002);
	message = finish(bed);
	assert_int_equal(strlen(message), 200002);
	free(message);
	assert_true(fcntl(bed->sub.fd, F_GET_SEALS) > 0);
	assert_int_equal(bed->store.taken, 200002); /* until it is forgotten */
	assay_session_forget(s);
	assert_int_equal(bed->store.taken, 0);

	/* Begins in memory, ends on the disk. */
	assert_true(assay_session_mail(s, STR("<x@y>")));
	assert_true(assay_session_body(s, assay_slice(piece, 200000)));
	assert_true(assay_session_body(s, assay_slice(piece, 100)));
	assert_true(assay_session_body(s, assay_slice(piece, 299999)));
	message = finish(bed);
	assert_int_equal(strlen(message), 500101);
	assert_int_equal(strspn(message + 2, "y"), 500099);
	free(message);
	assert_int_equal(bed->store.taken, 0);
	assert_int_equal(fcntl(bed->sub.fd, F_GET_SEALS), -1);
	assay_session_forget(s);

	/* All of them together take too much. */
	bed->store.taken = bed->store.memory - 100000;
	assert_true(assay_session_mail(s, STR("<x@y>")));
	assert_true(assay_session_body(s, assay_slice(piece, 200000)));
	assert_int_equal(bed->store.taken, bed->store.memory - 100000);
	assert_true(bed->session.message.on_disk);
	message = finish(bed);
	assert_int_equal(strlen(message), 200002);
	free(message);
	bed->store.taken = 0;
	free(piece);
}

static void no_room_costs_one_message(void **state)
{
	struct bed *bed = *state;
	struct assay_session *s = &bed->session;
	char *piece = assay_xcalloc(1, 300000);

	bed->store.dir = "/nowhere/at/all";
	assert_true(assay_session_mail(s, STR("<x@y>")));
	assert_true(assay_session_body(s, assay_slice(piece, 300000)));
	assert_true(assay_session_body(s, STR("more")));
	assert_true(assay_session_end(s, &bed->sub, &bed->why));
	assert_string_equal(bed->sub.unscanned, "error");
	assert_int_equal(bed->sub.bytes.n, 300006);
	assert_non_null(strstr(bed->why.text, "/nowhere/at/all"));
	assert_int_equal(bed->store.taken, 0);
	assay_session_forget(s);
	assert_true(assay_session_mail(s, STR("<x@y>")));
	assert_message(bed, "\r\n");
	free(piece);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_message_is_what_was_on_the_wire),
		TEST(an_old_server_eats_the_leading_space),
		TEST(bytes_of_any_kind_are_kept),
		TEST(the_envelope_is_told),
		TEST(what_is_not_known_is_null),
		TEST(sendmail_says_whether_it_verified),
		TEST(a_null_sender_leaves_nothing_behind),
		TEST(every_end_forgets_the_message),
		TEST(nonsense_is_refused),
		TEST(macros_of_a_stage_are_replaced),
		TEST(many_recipients_are_counted),
		TEST(too_large_is_counted_not_kept),
		TEST(small_ones_are_sealed_and_large_ones_go_to_disk),
		TEST(no_room_costs_one_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
