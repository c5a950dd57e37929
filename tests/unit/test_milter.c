/* rooms: plugin_milter mta fakehost text base */
/*
 * test_milter - the provider with real sockets: milter.c and native.c, with mta.c as the server
 *
 * The server is a child process that says what is wrong and exits with 1; the provider runs here
 * over a door in memory that is told by each test what to answer.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "fake_door.h"
#include "fake_host.h"
#include "mta/mta.h"

#define MANY 60

struct bed {
	char dir[64], path[100];
	int listener;
	struct fake_host *host;
	struct assay_door door;
	pid_t server;
	int exited; /* its status; -1: it runs */
	bool (*judge)(struct bed *bed);
	int64_t begun_ms;
	enum assay_status st;
	struct assay_err err;
};

/* In the child. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);   \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static const struct assay_mta_mail simple = { .client_name = "client.example",
	.client_addr = "192.0.2.1",
	.helo = "client.example",
	.sender = "<a@example.org>",
	.rcpt = "<b@example.net>",
	.queue_id = "4ABC",
	.bytes = { "Subject: x\nX-Assay-Verdict: mine\n\nbody\r\n", 40 } };

static int setup(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct bed *bed = assay_xcalloc(1, sizeof *bed);

	(void)snprintf(bed->dir, sizeof bed->dir, "/tmp/assay-milter-XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	(void)snprintf(bed->path, sizeof bed->path, "%s/s", bed->dir);
	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", bed->path);
	bed->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bed->listener, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(bed->listener, 128), 0);
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;
	char tmp[80];

	if (bed->server > 0) {
		(void)kill(bed->server, SIGKILL);
		(void)waitpid(bed->server, NULL, 0);
	}
	fake_door_release(&bed->door);
	fake_host_close(&bed->host);
	assay_io_close(&bed->listener);
	(void)unlink(bed->path);
	(void)snprintf(tmp, sizeof tmp, "%s/tmp", bed->dir);
	(void)rmdir(tmp);
	assert_int_equal(rmdir(bed->dir), 0);
	free(bed);
	return 0;
}

/* turn - what the test does at each wait; ends when the server has */
static bool turn(struct assay_door *door, void *arg)
{
	struct bed *bed = arg;
	int status;

	(void)door;
	if (bed->exited < 0 && waitpid(bed->server, &status, WNOHANG) == bed->server) {
		bed->exited = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
		bed->server = 0;
	}
	/* A test that hangs shall say so. */
	assert_true(assay_clock_mono_ms() < bed->begun_ms + 60000);
	return bed->judge(bed) && bed->exited < 0;
}

/* run - the provider against this server; opts as for fake_host_open */
static void run(struct bed *bed, void (*server)(struct bed *bed), const char *const *opts,
    bool (*judge)(struct bed *bed))
{
	const char *all[20] = { NULL };
	char tmp[100];
	size_t n = 0;

	(void)snprintf(tmp, sizeof tmp, "tmp_dir=%s/tmp", bed->dir);
	all[n++] = tmp;
	for (; opts != NULL && *opts != NULL; opts++)
		all[n++] = *opts;
	fake_door_init(&bed->door, turn, bed);
	bed->door.hold = true;
	bed->door.sockets = &bed->listener;
	bed->door.nsockets = 1;
	bed->judge = judge;
	bed->exited = -1;
	bed->begun_ms = assay_clock_mono_ms();
	assert_int_equal(fake_host_open(&assay_plugin, all, NULL, &bed->host, &bed->err), ASSAY_OK);
	bed->server = fork();
	assert_true(bed->server >= 0);
	if (bed->server == 0) {
		server(bed);
		_exit(0);
	}
}

/* go - and its end */
static void go(struct bed *bed)
{
	bed->st = assay_plugin.provider->run(fake_host_state(bed->host), &bed->door, &bed->err);
}

/* ---- servers --------------------------------------------------------------------------------- */

/* dial - a connection that gives up after 20 s */
static int dial(const struct bed *bed)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", bed->path);
	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
	CHECK(connect(fd, (struct sockaddr *)&name, sizeof name) == 0);
	return fd;
}

static void open_mta(const struct bed *bed, struct assay_mta *mta)
{
	struct assay_err err;

	if (assay_mta_open(mta, dial(bed), &err) != ASSAY_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	CHECK(mta->fd >= 0);
}

/* answered - the whole mail, and the letter of the answer */
static char answered(struct assay_mta *mta, struct assay_mta_answer *answer)
{
	struct assay_err err;

	if (assay_mta_ask(mta, &simple, answer, &err) == ASSAY_OK)
		return answer->letter;
	(void)fprintf(stderr, "%s\n", err.text);
	return '\0';
}

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

static bool accept_all(struct bed *bed)
{
	const struct assay_verdict verdict = { .action = "accept",
		.answered = "accept",
		.enforced = true,
		.scan_id = "id",
		.status = "scanned" };

	for (size_t i = 0; i < bed->door.n; i++)
		if (bed->door.mail[i].done != NULL)
			fake_door_judge(&bed->door.mail[i], &verdict);
	return true;
}

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
