/* rooms: plugin_milter mta fakehost text base */
/*
 * test_libmilter - the provider over libmilter: one run of it, which is all a process has
 */
#include "milter_bench.h"

#define SESSIONS 12

/* kind - what a mail of this queue id shall be told */
static const char *kind(const struct fake_mail *mail)
{
	const char *id = json_string_value(json_object_get(mail->request, "queue_id"));

	return id != NULL ? id : "accept";
}

/* by_queue_id - each mail says itself what shall be answered; slow ones wait */
static bool by_queue_id(struct bed *bed)
{
	json_t *headers = json_pack("[{s:s, s:s}]", "name", "X-New", "value", "1");

	for (size_t i = 0; i < bed->door.n; i++) {
		struct fake_mail *mail = &bed->door.mail[i];
		const struct assay_verdict verdict = { .enforced = true,
			.answered = kind(mail),
			.scan_id = "id",
			.rule = "r",
			.reply = strcmp(kind(mail), "reject") == 0 ? "554 5.7.9 100% no" : NULL,
			.headers = headers };

		if (mail->done == NULL || strcmp(kind(mail), "none") == 0)
			continue;
		if (strcmp(kind(mail), "progress") != 0 ||
		    assay_clock_mono_ms() > bed->begun_ms + 700)
			fake_door_judge(mail, &verdict);
	}
	json_decref(headers);
	return true;
}

/* ask_for - one mail of a queue id; the letter of its answer */
static char ask_for(struct assay_mta *mta, const char *queue_id, struct assay_mta_answer *answer)
{
	struct assay_mta_mail mail = simple;
	struct assay_err err;

	mail.queue_id = queue_id;
	if (assay_mta_ask(mta, &mail, answer, &err) == ASSAY_OK)
		return answer->letter;
	(void)fprintf(stderr, "%s: %s\n", queue_id, err.text);
	return '\0';
}

/* every_answer - over one connection */
static void every_answer(const struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta mta;

	open_mta(bed, &mta);
	CHECK(ask_for(&mta, "accept", &answer) == 'a');
	CHECK(answer.added == 1 && answer.gone == 1);
	CHECK(strcmp(answer.headers, "X-New: 1\n") == 0);
	CHECK(ask_for(&mta, "progress", &answer) == 'y'); /* no such answer: try again */
	CHECK(answer.progress > 0 && strncmp(answer.text, "451 4.7.1 ", 10) == 0);
	CHECK(ask_for(&mta, "reject", &answer) == 'y');
	CHECK(strcmp(answer.text, "554 5.7.9 100%% no") == 0);
	CHECK(ask_for(&mta, "tempfail", &answer) == 'y');
	CHECK(strncmp(answer.text, "451 4.7.1 ", 10) == 0);
	CHECK(ask_for(&mta, "discard", &answer) == 'd' && answer.added == 0);
	CHECK(ask_for(&mta, "quarantine", &answer) == 'a' && answer.held);
	CHECK(strcmp(answer.hold, "assay r id") == 0);
	assay_mta_close(&mta);
}

/* odd_ends - sessions that end where they should not */
static void odd_ends(const struct bed *bed)
{
	struct assay_mta_answer answer;
	struct assay_mta mta;
	struct assay_err err;

	for (int i = 0; i < 20; i++) {
		int fd = dial(bed);

		CHECK(i % 2 == 0 || send(fd, "\0\0\0\5O", 5, 0) == 5);
		(void)close(fd);
	}
	for (int i = 0; i < 3; i++) {
		open_mta(bed, &mta);
		CHECK(assay_mta_tell(&mta, &simple, &err) == ASSAY_OK);
		if (i == 1) /* abort, then another mail with nothing left of this one */
			CHECK(send(mta.fd, "\0\0\0\1A", 5, 0) == 5);
		if (i == 1)
			CHECK(ask_for(&mta, "accept", &answer) == 'a' && answer.gone == 1);
		if (i == 2) /* another SMTP session over the same connection */
			CHECK(send(mta.fd, "\0\0\0\1K", 5, 0) == 5);
		if (i == 2)
			CHECK(ask_for(&mta, "accept", &answer) == 'a' && answer.gone == 1);
		assay_mta_close(&mta);
	}
}

/* side_by_side - sessions that wait at the same time */
static void side_by_side(const struct bed *bed)
{
	struct assay_mta_mail mail = simple;
	struct assay_mta mta[SESSIONS];
	struct assay_mta_answer answer;
	struct assay_err err;

	mail.queue_id = "accept";
	for (int i = 0; i < SESSIONS; i++) {
		open_mta(bed, &mta[i]);
		CHECK(assay_mta_tell(&mta[i], &mail, &err) == ASSAY_OK);
	}
	for (int i = 0; i < SESSIONS; i++)
		CHECK(send(mta[i].fd, "\0\0\0\1E", 5, 0) == 5);
	for (int i = 0; i < SESSIONS; i++) {
		char packet[5];

		CHECK(recv(mta[i].fd, packet, 5, MSG_WAITALL) == 5 && packet[4] == 'm');
		assay_mta_close(&mta[i]);
	}
	/* No verdict: the door drops it. */
	open_mta(bed, &mta[0]);
	CHECK(ask_for(&mta[0], "none", &answer) == 't');
	assay_mta_close(&mta[0]);
}

static void all(struct bed *bed)
{
	every_answer(bed);
	odd_ends(bed);
	side_by_side(bed);
}

/* drops_none - by_queue_id, and "none" gets no verdict */
static bool drops_none(struct bed *bed)
{
	(void)by_queue_id(bed);
	for (size_t i = 0; i < bed->door.n; i++) {
		struct fake_mail *mail = &bed->door.mail[i];
		void (*done)(void *, const char *) = mail->done;

		if (done == NULL || strcmp(kind(mail), "none") != 0)
			continue;
		mail->done = NULL;
		done(mail->done_arg, NULL);
	}
	return true;
}

static void libmilter_does_the_same(void **state)
{
	const char *opts[] = { "engine=libmilter", "progress=100ms", NULL };
	struct bed *bed = *state;
	struct fake_host *host = NULL;
	const json_t *request;

	if (fake_host_open(&assay_plugin, opts, NULL, &host, &bed->err) != ASSAY_OK)
		skip(); /* built without it */
	fake_host_close(&host);
	run(bed, all, opts, drops_none);
	bed->door.lingers = true;
	go(bed);
	if (bed->st == ASSAY_E_UNSUP)
		skip(); /* a libmilter that is not Debian's */
	assert_int_equal(bed->st, ASSAY_OK);
	assert_int_equal(bed->exited, 0);
	assert_int_equal(bed->door.n, 6 + 2 + SESSIONS + 1);
	for (size_t i = 0; i < bed->door.n; i++)
		assert_string_equal(
		    bed->door.mail[i].bytes, "Subject: x\r\nX-Assay-Verdict: mine\r\n\r\nbody\r\n");
	request = bed->door.mail[0].request;
	assert_string_equal(json_string_value(json_object_get(request, "daemon")), "milter-check");
	request = json_object_get(json_object_get(request, "envelope"), "client");
	assert_string_equal(json_string_value(json_object_get(request, "addr")), "192.0.2.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(libmilter_does_the_same, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	assay_log_set_level(ASSAY_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
