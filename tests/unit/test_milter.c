/* rooms: plugin_milter mta fakehost text base */
/*
 * test_milter - the provider with real sockets: milter.c and native.c, with mta.c as the server
 */
#include "milter_bench.h"

#define MANY 60

static void two_mails(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta mta;

	open_mta(bed, &mta);
	CHECK(answered(&mta, &answer) == 'a');
	CHECK(strcmp(answer.headers, "X-New: 1\n") == 0 && answer.gone == 1);
	CHECK(answered(&mta, &answer) == 'y');
	CHECK(strcmp(answer.text, "550 5.7.1 no") == 0);
	assay_mta_close(&mta);
}

/* ---- doors ----------------------------------------------------------------------------------- */

static bool tag_then_reject(struct bed *bed)
{
	struct assay_verdict verdict = { .action = "tag", .enforced = true, .scan_id = "id" };
	json_t *headers = json_pack("[{s:s, s:s}]", "name", "X-New", "value", "1");

	verdict.answered = bed->door.n == 1 ? "tag" : "reject";
	verdict.reply = "550 5.7.1 no";
	verdict.headers = headers;
	if (bed->door.n > 0 && bed->door.mail[bed->door.n - 1].done != NULL)
		fake_door_judge(&bed->door.mail[bed->door.n - 1], &verdict);
	json_decref(headers);
	return true;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void mails_are_answered(void **state)
{
	struct bed *bed = *state;
	const json_t *request;

	run(bed, two_mails, NULL, tag_then_reject);
	go(bed);
	assert_int_equal(bed->st, ASSAY_OK);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->door.n, 2);
	assert_string_equal(
	    bed->door.mail[0].bytes, "Subject: x\r\nX-Assay-Verdict: mine\r\n\r\nbody\r\n");
	assert_string_equal(bed->door.mail[0].source, "milter");
	assert_string_equal(bed->door.mail[0].content_type, "message/rfc822");
	request = bed->door.mail[1].request;
	assert_string_equal(json_string_value(json_object_get(request, "queue_id")), "4ABC");
	assert_string_equal(json_string_value(json_object_get(request, "daemon")), "milter-check");
}

static void many_then_one(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta_mail mail = simple;
	struct assay_mta mta[MANY + 1];
	struct assay_err err;

	for (int i = 0; i <= MANY; i++) {
		open_mta(bed, &mta[i]);
		mail.queue_id = i == MANY ? "LAST" : "EARLY";
		CHECK(assay_mta_tell(&mta[i], &mail, &err) == ASSAY_OK);
	}
	for (int i = 0; i < MANY; i++)
		CHECK(send(mta[i].fd, "\0\0\0\1E", 5, 0) == 5);
	/* This one gets its answer although nobody else does. */
	CHECK(assay_mta_end(&mta[MANY], &answer, &err) == ASSAY_OK && answer.letter == 'a');
	/* Some hang up while they wait, the others are answered then. */
	for (int i = 0; i < MANY; i += 7)
		(void)close(mta[i].fd);
	CHECK(send(mta[MANY].fd, "\0\0\0\1E", 5, 0) == 5); /* no protocol: closed */
	for (int i = 0; i < MANY; i++) {
		char packet[5];

		CHECK(i % 7 == 0 ||
		    (recv(mta[i].fd, packet, 5, MSG_WAITALL) == 5 && packet[4] == 'm'));
	}
}

static bool last_first(struct bed *bed)
{
	struct assay_verdict verdict = { .enforced = true, .answered = "accept" };
	static bool done;

	if (bed->door.n <= MANY)
		return !(done = false);
	/* Time for the others to hang up, or not: both must do. */
	if (done)
		return accept_all(bed);
	for (size_t i = 0; i <= MANY; i++) {
		const json_t *id = json_object_get(bed->door.mail[i].request, "queue_id");

		if (strcmp(json_string_value(id), "LAST") == 0)
			fake_door_judge(&bed->door.mail[i], &verdict);
	}
	return (done = true);
}

static void waiting_sessions_hold_nobody_up(void **state)
{
	struct bed *bed = *state;

	run(bed, many_then_one, NULL, last_first);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->st, ASSAY_OK);
	assert_int_equal(bed->door.n, MANY + 1);
}

static void one_mail(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta mta;

	open_mta(bed, &mta);
	CHECK(answered(&mta, &answer) == 'a');
	assay_mta_close(&mta);
}

static bool full_door(struct bed *bed)
{
	bed->door.full = true;
	bed->door.overload_wait = 300;
	return accept_all(bed);
}

static void a_full_door_is_overload(void **state)
{
	struct bed *bed = *state;

	run(bed, one_mail, NULL, full_door);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->door.n, 1);
	assert_string_equal(bed->door.mail[0].unscanned, "overload");
	assert_true(bed->door.mail[0].n > 0); /* for a later scan */
	assert_true(assay_clock_mono_ms() >= bed->begun_ms + 300);
}

static bool room_later(struct bed *bed)
{
	bed->door.full = assay_clock_mono_ms() < bed->begun_ms + 200;
	bed->door.overload_wait = 30000;
	return accept_all(bed);
}

static void progress_then_answer(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta mta;

	open_mta(bed, &mta);
	CHECK(answered(&mta, &answer) == 'a');
	CHECK(answer.progress > 0);
	assay_mta_close(&mta);
}

static void who_waits_hears_of_progress(void **state)
{
	const char *opts[] = { "progress=100ms", NULL };
	struct bed *bed = *state;

	run(bed, progress_then_answer, opts, room_later);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_null(bed->door.mail[0].unscanned);
}

static bool small_door(struct bed *bed)
{
	return accept_all(bed);
}

static void a_large_mail(struct bed *bed)
{
	struct assay_mta_mail mail = simple;
	struct assay_mta_answer answer;
	struct assay_mta mta;
	struct assay_err err;
	size_t n = (size_t)3 << 20;
	char *bytes = assay_xmalloc(n);

	memset(bytes, 'x', n);
	memcpy(bytes, "A: b\n\n", 6);
	mail.bytes = assay_slice(bytes, n);
	open_mta(bed, &mta);
	CHECK(assay_mta_ask(&mta, &mail, &answer, &err) == ASSAY_OK && answer.letter == 'a');
	assay_mta_close(&mta);
	free(bytes);
}

static void large_mails_go_over_the_disk(void **state)
{
	const char *opts[] = { "memory=1M", NULL };
	struct bed *bed = *state;

	run(bed, a_large_mail, opts, small_door);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->door.mail[0].n, ((size_t)3 << 20) + 2);
	assert_null(bed->door.mail[0].unscanned);
}

static void a_mail_that_is_too_large_is_not_scanned(void **state)
{
	struct bed *bed = *state;

	run(bed, a_large_mail, NULL, small_door);
	bed->door.message_size = 1 << 20;
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_string_equal(bed->door.mail[0].unscanned, "message_size");
	assert_int_equal(bed->door.mail[0].n, 0);
}

static void hung_up_on(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta mta;

	open_mta(bed, &mta);
	CHECK(answered(&mta, &answer) == '\0');
	assay_mta_close(&mta);
}

static bool drop_all(struct bed *bed)
{
	fake_door_answer(&bed->door, NULL);
	return true;
}

static void a_door_without_answer_hangs_up(void **state)
{
	struct bed *bed = *state;

	run(bed, hung_up_on, NULL, drop_all);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->st, ASSAY_OK);
}

static bool just_wait(struct bed *bed)
{
	(void)bed;
	return true;
}

static void a_door_that_takes_nothing_hangs_up(void **state)
{
	struct bed *bed = *state;

	run(bed, hung_up_on, NULL, just_wait);
	bed->door.refuse = ASSAY_END;
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->st, ASSAY_OK);
}

static void a_door_that_fails_ends_it(void **state)
{
	struct bed *bed = *state;

	run(bed, hung_up_on, NULL, just_wait);
	bed->door.refuse = ASSAY_E_IO;
	go(bed);
	assert_int_equal(bed->st, ASSAY_E_IO);
	assert_non_null(strstr(bed->err.text, "refuse"));
}

static bool refuses_first(struct bed *bed)
{
	if (assay_clock_mono_ms() > bed->begun_ms + 500)
		bed->door.refuse = ASSAY_OK;
	return accept_all(bed);
}

static void a_mail_the_door_cannot_take_is_unscanned(void **state)
{
	struct bed *bed = *state;

	run(bed, one_mail, NULL, refuses_first);
	bed->door.refuse = ASSAY_E_FULL;
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_string_equal(bed->door.mail[0].unscanned, "error");
}

static void nothing_said(struct bed *bed)
{
	char c;

	CHECK(recv(dial(bed), &c, 1, 0) == 0);
}

static void who_says_nothing_is_hung_up_on(void **state)
{
	const char *opts[] = { "idle_timeout=1s", NULL };
	struct bed *bed = *state;

	run(bed, nothing_said, opts, just_wait);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_true(assay_clock_mono_ms() >= bed->begun_ms + 1000);
}

static void more_than_two(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta one, two;
	struct timeval moment = { .tv_usec = 300000 };
	char c;
	int fd, probe;

	for (int i = 0; i < 50; i++) { /* port probes */
		probe = dial(bed);
		CHECK(i % 2 == 0 || send(probe, "\0\0\0\5O", 5, 0) == 5);
		(void)close(probe);
	}
	open_mta(bed, &one);
	open_mta(bed, &two);
	fd = dial(bed); /* into the queue of the socket */
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment) == 0);
	CHECK(send(fd, "\0\0\0\015O\0\0\0\6\0\0\0\0\0\0\0\0", 17, 0) == 17);
	CHECK(recv(fd, &c, 1, 0) < 0);
	CHECK(answered(&one, &answer) == 'a');
	assay_mta_close(&one);
	moment.tv_sec = 20;
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment) == 0);
	CHECK(recv(fd, &c, 1, 0) == 1);
	CHECK(answered(&two, &answer) == 'a');
}

static void sessions_are_bounded(void **state)
{
	const char *opts[] = { "max_sessions=2", NULL };
	struct bed *bed = *state;

	run(bed, more_than_two, opts, accept_all);
	go(bed);
	assert_int_equal(bed->exited, 0);
}

static void drained(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta idle, busy;
	struct assay_err err;
	char c;

	open_mta(bed, &idle);
	open_mta(bed, &busy);
	CHECK(answered(&idle, &answer) == 'a');
	CHECK(assay_mta_tell(&busy, &simple, &err) == ASSAY_OK);
	/* The door stops now. The idle one is hung up on, the other is answered. */
	(void)kill(getppid(), SIGUSR1);
	CHECK(recv(idle.fd, &c, 1, 0) == 0);
	CHECK(assay_mta_end(&busy, &answer, &err) == ASSAY_OK && answer.letter == 'a');
	CHECK(recv(busy.fd, &c, 1, 0) == 0);
}

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

static bool stops(struct bed *bed)
{
	(void)accept_all(bed);
	return stop == 0;
}

static void a_stop_drains(void **state)
{
	const char *opts[] = { "drain_time=200ms", NULL };
	struct bed *bed = *state;

	stop = 0;
	(void)signal(SIGUSR1, on_stop);
	run(bed, drained, opts, stops);
	bed->door.lingers = true;
	go(bed);
	assert_int_equal(bed->st, ASSAY_OK);
	if (bed->exited < 0) {
		int status;

		assert_int_equal(waitpid(bed->server, &status, 0), bed->server);
		bed->server = 0;
		bed->exited = WEXITSTATUS(status);
	}
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->door.n, 2);
	(void)signal(SIGUSR1, SIG_DFL);
}

static void over_tcp(struct bed *bed)
{
	struct assay_mta_answer answer;
	struct sockaddr_in name;
	socklen_t n = sizeof name;
	struct assay_mta mta;
	struct assay_err err;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(getsockname(bed->door.sockets[0], (struct sockaddr *)&name, &n) == 0);
	CHECK(connect(fd, (struct sockaddr *)&name, sizeof name) == 0);
	CHECK(assay_mta_open(&mta, fd, &err) == ASSAY_OK);
	for (int i = 0; i < 3; i++)
		CHECK(answered(&mta, &answer) == 'a');
	assay_mta_close(&mta);
}

static void servers_may_come_over_tcp(void **state)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	struct bed *bed = *state;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(fd, 8), 0);
	(void)dup3(fd, bed->listener, O_CLOEXEC);
	(void)close(fd);
	bed->door.sockets = &bed->listener;
	run(bed, over_tcp, NULL, accept_all);
	go(bed);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->door.n, 3);
}

static void refused_options(void **state)
{
	const char *none[] = { "listen=", NULL };
	struct fake_host *host = NULL;
	struct assay_err err;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, none, NULL, &host, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "no socket"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mails_are_answered),
		TEST(waiting_sessions_hold_nobody_up),
		TEST(a_full_door_is_overload),
		TEST(who_waits_hears_of_progress),
		TEST(large_mails_go_over_the_disk),
		TEST(a_mail_that_is_too_large_is_not_scanned),
		TEST(a_door_without_answer_hangs_up),
		TEST(a_door_that_takes_nothing_hangs_up),
		TEST(a_door_that_fails_ends_it),
		TEST(a_mail_the_door_cannot_take_is_unscanned),
		TEST(who_says_nothing_is_hung_up_on),
		TEST(sessions_are_bounded),
		TEST(a_stop_drains),
		TEST(servers_may_come_over_tcp),
		cmocka_unit_test(refused_options),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	assay_log_set_level(ASSAY_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
