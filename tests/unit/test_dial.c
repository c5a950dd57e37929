/* rooms: enginebench core text base */
/*
 * tests/unit/test_dial.c - a door over lines to a socket: core/dial.h under core/door.h
 *
 * The service is a stand-in: forked processes that accept on one socket, answer each mail with a
 * report of its own scan_id, and do what the request's "source" says before. Also the lines to
 * processes of our own (core/local.c), as far as they refuse to be made.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "core/dial.h"
#include "core/door.h"
#include "core/json.h"
#include "engine_bench.h"

#define SERVERS 3

/* What the tests share. */
struct bed {
	void *bench; /* struct bench of engine_bench.h */
	char dir[64], path[96];
	int listener;
	pid_t server[SERVERS];
};

/* What came out of the door. */
struct came {
	char order[256]; /* sources, in order of the answers */
	char done[256];  /* what `done` was told: "NAME=ACTION " */
	unsigned again;  /* answers that are refused first */
	char last_status[16], last_why[32];
};

static struct came came;

/* reply - a report with the scan_id that was asked for */
static void reply(int sock, const json_t *request)
{
	const char *id = assay_json_get_str(request, "scan_id");
	struct assay_wire_verdict verdict = { .action = ASSAY_ACTION_ACCEPT };
	struct assay_err err;
	char report[200];
	int fd;

	(void)snprintf(report, sizeof report, "{\"schema\":\"assay/1\",\"scan_id\":\"%s\"}", id);
	(void)snprintf(verdict.scan_id, sizeof verdict.scan_id, "%s", id);
	verdict.report_size = strlen(report);
	if (assay_io_memfd("report", &fd, &err) != ASSAY_OK ||
	    assay_io_write_full(fd, report, strlen(report), &err) != ASSAY_OK ||
	    assay_wire_send_verdict(sock, &verdict, fd, -1, &err) != ASSAY_OK)
		_exit(4);
	assay_io_close(&fd);
}

/* converse - one connection */
static void converse(int sock)
{
	struct assay_wire_request asked;
	struct assay_wire_frame frame;
	struct assay_wire wire;
	struct assay_err err;
	const char *source;
	json_t *request;

	assay_wire_init(&wire, sock);
	if (assay_wire_send_ready(sock, 0, &err) == ASSAY_OK &&
	    assay_wire_read(&wire, &frame, &err) == ASSAY_OK) {
		if (assay_wire_get_request(&frame, &asked, &err) != ASSAY_OK ||
		    assay_json_parse(asked.json, &request, &err) != ASSAY_OK)
			_exit(5);
		source = assay_json_get_str(request, "source");
		if (strcmp(source, "slow") == 0)
			(void)usleep(400000);
		if (strcmp(source, "stuck") == 0)
			(void)usleep(3000000);
		reply(sock, request);
		json_decref(request);
		assay_wire_drop(&frame);
	}
	assay_wire_release(&wire);
}

/* serve - connections until killed */
_Noreturn static void serve(int listener)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (sock >= 0)
			converse(sock);
	}
}

/* start - this many servers */
static void start(struct bed *bed, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bed->server[i] = fork();
		if (bed->server[i] == 0)
			serve(bed->listener);
	}
}

/* listen_there - the socket, with a queue of `backlog` */
static void listen_there(struct bed *bed, int backlog)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	bed->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s", bed->path);
	assert_int_equal(bind(bed->listener, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(bed->listener, backlog), 0);
}

static int setup(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);

	if (bed == NULL || bench_setup(&bed->bench) != 0)
		return -1;
	/* The engine is made by the first scan. */
	(void)bench_scan(bed->bench, "x");
	(void)snprintf(bed->dir, sizeof bed->dir, "/tmp/assay-dial-XXXXXX");
	if (mkdtemp(bed->dir) == NULL)
		return -1;
	(void)snprintf(bed->path, sizeof bed->path, "%s/bulk.sock", bed->dir);
	bed->listener = -1;
	came = (struct came){ .again = 0 };
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	for (size_t i = 0; i < SERVERS; i++)
		if (bed->server[i] > 0) {
			(void)kill(bed->server[i], SIGKILL);
			(void)waitpid(bed->server[i], NULL, 0);
		}
	assay_io_close(&bed->listener);
	(void)unlink(bed->path);
	(void)rmdir(bed->dir);
	(void)bench_teardown(&bed->bench);
	free(bed);
	return 0;
}

/* answer - notes it; some are refused first */
static enum assay_door_reply answer(
    void *arg, const struct assay_answer *a, const struct assay_door_done *done)
{
	size_t n = strlen(came.order);

	(void)arg;
	if (came.again > 0) {
		came.again--;
		return ASSAY_DOOR_AGAIN;
	}
	(void)snprintf(
	    came.order + n, sizeof came.order - n, "%s ", assay_json_get_str(a->request, "source"));
	(void)snprintf(came.last_status, sizeof came.last_status, "%s", a->status);
	(void)snprintf(came.last_why, sizeof came.last_why, "%s", a->why != NULL ? a->why : "");
	if (done->fn != NULL)
		done->fn(done->arg, a->action);
	return ASSAY_DOOR_TAKEN;
}

/* told - `done` of a submission */
static void told(void *arg, const char *action)
{
	size_t n = strlen(came.done);

	(void)snprintf(came.done + n, sizeof came.done - n, "%s=%s ", (const char *)arg,
	    action != NULL ? action : "none");
}

/* open_door - over the socket */
static struct assay_door *open_door(struct bed *bed, struct assay_door_options *options)
{
	const struct bench *bench = bed->bench;
	struct assay_door *door = NULL;
	struct assay_err err;

	options->engine = bench->engine;
	options->core = bench->core;
	options->answer = answer;
	assert_int_equal(assay_dial_new(bed->path, 8, &options->lines, &err), ASSAY_OK);
	assert_int_equal(assay_door_open(options, &door, &err), ASSAY_OK);
	return door;
}

/* submit - a mail of this source */
static void submit(struct assay_door *door, const char *source)
{
	struct assay_submission mail = { .fd = -1,
		.bytes = { "Subject: x\n\nx\n", 14 },
		.source = source,
		.done = told,
		.done_arg = (void *)(uintptr_t)source };
	struct assay_err err;

	assert_int_equal(assay_submit(door, &mail, NULL, &err), ASSAY_OK);
}

static void answers_in_order(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16);
	start(bed, 2);
	door = open_door(bed, &options);
	submit(door, "slow");
	submit(door, "a");
	submit(door, "b");
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "slow a b ");
	assert_string_equal(came.done, "slow=accept a=accept b=accept ");
	assay_door_close(&door);
}

static void answers_as_they_come(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1, .unordered = true };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16);
	start(bed, 2);
	door = open_door(bed, &options);
	submit(door, "slow");
	submit(door, "a");
	submit(door, "b");
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "a b slow ");
	assay_door_close(&door);
}

static void an_answer_that_cannot_be_kept_comes_again(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1, .unordered = true };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	came.again = 1;
	listen_there(bed, 16);
	start(bed, 1);
	door = open_door(bed, &options);
	submit(door, "a");
	submit(door, "b");
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.done, "a=accept b=accept ");
	assay_door_close(&door);
}

static void nobody_there_is_waited_for(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	door = open_door(bed, &options);
	assert_int_equal(assay_dial_check(bed->path, &err), ASSAY_E_DEAD);
	submit(door, "a");
	assert_int_equal(assay_door_wait(door, -1, 100, &err), ASSAY_END);
	assert_string_equal(came.order, "");
	listen_there(bed, 16);
	assert_int_equal(assay_dial_check(bed->path, &err), ASSAY_OK);
	/* Nobody takes it out of the queue yet. */
	assert_int_equal(assay_door_wait(door, -1, 500, &err), ASSAY_END);
	assert_string_equal(came.order, "");
	start(bed, 1);
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "a ");
	assay_door_close(&door);
}

/* accepted - the next connection, as a scan process that is not READY yet */
static void accepted(const struct bed *bed, struct assay_wire *wire)
{
	struct pollfd there = { .fd = bed->listener, .events = POLLIN };

	assert_int_equal(poll(&there, 1, 60000), 1);
	assay_wire_init(wire, accept4(bed->listener, NULL, NULL, SOCK_CLOEXEC));
	assert_true(wire->sock >= 0);
}

/* connected - one more connection to it, or -1 */
static int connected(const struct bed *bed)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s", bed->path);
	if (sock >= 0 && connect(sock, (const struct sockaddr *)&to, sizeof to) != 0)
		assay_io_close(&sock);
	return sock;
}

/* serve_one - READY, what is asked, the answer; the door has to turn for what it has not sent */
static void serve_one(struct assay_wire *wire, struct assay_door *door, int64_t deadline_ms)
{
	struct pollfd line = { .fd = wire->sock, .events = POLLIN };
	struct assay_wire_request asked;
	struct assay_wire_frame frame;
	struct assay_err err;
	json_t *request;

	assert_int_equal(assay_wire_send_ready(wire->sock, 0, &err), ASSAY_OK);
	while (poll(&line, 1, 0) == 0)
		assert_int_equal(assay_door_wait(door, -1, 10, &err), ASSAY_END);
	assert_int_equal(assay_wire_read(wire, &frame, &err), ASSAY_OK);
	assert_int_equal(assay_wire_get_request(&frame, &asked, &err), ASSAY_OK);
	assert_int_equal(asked.deadline_ms, deadline_ms);
	assert_int_equal(assay_json_parse(asked.json, &request, &err), ASSAY_OK);
	reply(wire->sock, request);
	json_decref(request);
	assay_wire_drop(&frame);
	assay_wire_release(wire);
}

static void a_request_lies_ready(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1, .timeout_ms = 60000 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_wire small, large;
	struct pollfd line;
	char source[40001];
	struct assay_err err;

	memset(source, 'x', sizeof source - 1);
	source[sizeof source - 1] = '\0';
	listen_there(bed, 16);
	door = open_door(bed, &options);
	submit(door, "a");
	submit(door, source);
	accepted(bed, &small);
	line = (struct pollfd){ .fd = small.sock, .events = POLLIN };
	assert_int_equal(poll(&line, 1, 0), 1);
	/* What might not fit into the socket waits for READY. */
	accepted(bed, &large);
	line.fd = large.sock;
	assert_int_equal(poll(&line, 1, 0), 0);
	serve_one(&small, door, -60000);
	serve_one(&large, door, -60000);
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.last_status, "scanned");
	assert_memory_equal(came.done, "a=accept xxxx", 13);
	assay_door_close(&door);
}

static void nobody_is_blamed_before_ready(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	struct bed *bed = *state;
	struct assay_wire wire;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16);
	door = open_door(bed, &options);
	submit(door, "a");
	/* It has the request, and is gone before it was READY: more often than a mail is tried. */
	for (unsigned i = 0; i < 8; i++) {
		accepted(bed, &wire);
		assay_wire_release(&wire);
		assert_int_equal(assay_door_wait(door, -1, 100, &err), ASSAY_END);
	}
	start(bed, 1);
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.last_status, "scanned");
	assert_string_equal(came.done, "a=accept ");
	assay_door_close(&door);
}

static void a_full_queue_is_waited_for(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1, .unordered = true };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 0); /* room for one */
	door = open_door(bed, &options);
	for (int i = 0; i < 6; i++)
		submit(door, "a");
	start(bed, 1);
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "a a a a a a ");
	assay_door_close(&door);
}

static void a_queue_full_of_others_is_waited_for(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	int other[16], n = 0;
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 0);
	door = open_door(bed, &options);
	while (n < 16 && (other[n] = connected(bed)) >= 0)
		n++;
	assert_in_range(n, 1, 15);
	submit(door, "a");
	for (int i = 0; i < n; i++)
		(void)close(other[i]);
	start(bed, 1);
	/* No line of its own is busy whose end would wake it. */
	(void)alarm(60);
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	(void)alarm(0);
	assert_string_equal(came.order, "a ");
	assay_door_close(&door);
}

static unsigned turns;

/* count_turn - nothing to do for a minute */
static int64_t count_turn(void *arg, size_t open)
{
	(void)arg, (void)open;
	turns++;
	return assay_clock_mono_ms() + 60000;
}

static void who_waits_sleeps(void **state)
{
	struct assay_door_options options = {
		.bulk = true, .stop_fd = -1, .unordered = true, .tick = count_turn
	};
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	door = open_door(bed, &options);
	submit(door, "slow");
	assert_int_equal(assay_door_wait(door, -1, 10, &err), ASSAY_END);
	listen_there(bed, 16);
	/* More than there are lines, after a nap. */
	for (int i = 0; i < 10; i++)
		submit(door, "a");
	start(bed, 1);
	turns = 0;
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "slow a a a a a a a a a a ");
	assert_in_range(turns, 1, 500);
	assay_door_close(&door);
}

static void a_killed_server_costs_nothing(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16);
	start(bed, 1);
	door = open_door(bed, &options);
	submit(door, "slow");
	assert_int_equal(assay_door_wait(door, -1, 100, &err), ASSAY_END);
	assert_int_equal(kill(bed->server[0], SIGKILL), 0);
	assert_int_equal(waitpid(bed->server[0], NULL, 0), bed->server[0]);
	start(bed, 1);
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "slow ");
	assert_string_equal(came.last_status, "scanned");
	assay_door_close(&door);
}

static void the_deadline_ends_it(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1, .timeout_ms = 50 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16);
	start(bed, 1);
	door = open_door(bed, &options);
	submit(door, "stuck");
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.last_status, "unscanned");
	assert_string_equal(came.last_why, "timeout");
	assay_door_close(&door);
}

static void no_free_process_is_overload(void **state)
{
	struct assay_door_options options = { .stop_fd = -1, .unordered = true, .wait_ms = 100 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16); /* in the queue, and nobody takes it out */
	door = open_door(bed, &options);
	submit(door, "a");
	submit(door, "b");
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.order, "a b ");
	assert_string_equal(came.last_status, "unscanned");
	assert_string_equal(came.last_why, "overload");
	assay_door_close(&door);
}

static void one_at_work_is_no_overload(void **state)
{
	struct assay_door_options options = { .stop_fd = -1, .unordered = true, .wait_ms = 200 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	listen_there(bed, 16);
	start(bed, 1);
	door = open_door(bed, &options);
	submit(door, "slow"); /* takes longer than wait_ms */
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.last_status, "scanned");
	assay_door_close(&door);
}

/* refuse - nothing is to be scanned */
static const char *refuse(void *arg, json_t *request, uint64_t size)
{
	(void)arg;
	(void)request;
	assert_true(size > 0);
	return "bypass";
}

static void what_is_not_admitted_is_unscanned(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1, .admit = refuse };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	door = open_door(bed, &options); /* nobody listens: nobody is needed */
	submit(door, "a");
	assert_int_equal(assay_door_flush(door, &err), ASSAY_OK);
	assert_string_equal(came.last_status, "unscanned");
	assert_string_equal(came.last_why, "bypass");
	assay_door_close(&door);
}

static void waits_for_a_descriptor_while_scans_go_on(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;
	int news[2], life[2];

	listen_there(bed, 16);
	start(bed, 1);
	assert_int_equal(pipe(news), 0);
	assert_int_equal(pipe(life), 0);
	options.stop_fd = life[0];
	door = open_door(bed, &options);
	submit(door, "a");
	assert_int_equal(assay_door_wait(door, news[0], 1000, &err), ASSAY_END);
	assert_string_equal(came.order, "a ");
	assert_int_equal(write(news[1], "x", 1), 1);
	assert_int_equal(assay_door_wait(door, news[0], 5000, &err), ASSAY_OK);
	assert_false(assay_door_stopping(door));
	assert_int_equal(close(life[1]), 0);
	assert_int_equal(assay_door_wait(door, -1, 60000, &err), ASSAY_END);
	assert_true(assay_door_stopping(door));
	assay_door_close(&door);
	(void)close(news[0]);
	(void)close(news[1]);
	(void)close(life[0]);
}

static void what_came_in_broken_is_answered_at_once(void **state)
{
	struct assay_door_options options = { .stop_fd = -1, .unordered = true };
	struct assay_submission mail = { .fd = -1,
		.bytes = { NULL, 12345 },
		.source = "broken",
		.unscanned = "error",
		.done = told,
		.done_arg = (void *)(uintptr_t) "broken" };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;

	door = open_door(bed, &options); /* nobody listens: nobody is needed */
	came.again = 1;
	submit(door, "a");
	assert_true(assay_door_room(door));
	assert_int_equal(assay_submit(door, &mail, NULL, &err), ASSAY_OK);
	assert_string_equal(came.order, "");
	assert_false(assay_door_room(door)); /* the answer cannot be kept now */
	mail.done_arg = (void *)(uintptr_t) "other";
	assert_int_equal(assay_submit(door, &mail, NULL, &err), ASSAY_OK);
	while (assay_door_wait(door, -1, 2000, &err) == ASSAY_END && came.done[0] == '\0')
		;
	assert_string_equal(came.done, "broken=accept other=accept ");
	assert_string_equal(came.last_status, "unscanned");
	assert_string_equal(came.last_why, "error");
	assert_true(assay_door_room(door));
	assert_int_equal(assay_door_option(door, "message_size"), 50 << 20);
	assay_door_close(&door);
}

static void sessions_go_on_while_the_door_stops(void **state)
{
	struct assay_door_options options = { .stop_fd = -1, .unordered = true };
	struct bed *bed = *state;
	struct assay_door *door;
	struct assay_err err;
	int life[2];

	listen_there(bed, 16);
	start(bed, 1);
	assert_int_equal(pipe(life), 0);
	options.stop_fd = life[0];
	door = open_door(bed, &options);
	assert_int_equal(close(life[1]), 0);
	assert_int_equal(assay_door_wait(door, -1, 60000, &err), ASSAY_END);
	assert_true(assay_door_stopping(door));
	submit(door, "late");
	while (came.order[0] == '\0')
		assert_int_equal(assay_door_wait(door, -1, 1000, &err), ASSAY_END);
	assert_string_equal(came.last_status, "scanned");
	assay_door_close(&door);
	(void)close(life[0]);
}

static void what_is_dropped_is_told(void **state)
{
	struct assay_door_options options = { .bulk = true, .stop_fd = -1 };
	struct bed *bed = *state;
	struct assay_door *door;

	door = open_door(bed, &options);
	submit(door, "a");
	assay_door_close(&door);
	assert_string_equal(came.done, "a=none ");
}

static void long_paths_and_many_jobs_are_refused(void **state)
{
	const struct bench *bench = ((struct bed *)*state)->bench;
	struct assay_local_lines local = { .core = bench->core, .jobs = 513 };
	struct assay_lines *lines;
	struct assay_err err;
	char path[200];

	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(assay_dial_new(path, 1, &lines, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "shorter --home"));
	assert_int_equal(assay_local_lines(&local, &lines, &err), ASSAY_E_USAGE);
	local.jobs = 0;
	assert_int_equal(assay_local_lines(&local, &lines, &err), ASSAY_E_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_as_they_come, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_answer_that_cannot_be_kept_comes_again, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_there_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_request_lies_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_blamed_before_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_queue_full_of_others_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(who_waits_sleeps, setup, teardown),
		cmocka_unit_test_setup_teardown(a_killed_server_costs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_deadline_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(no_free_process_is_overload, setup, teardown),
		cmocka_unit_test_setup_teardown(one_at_work_is_no_overload, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_admitted_is_unscanned, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    waits_for_a_descriptor_while_scans_go_on, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_came_in_broken_is_answered_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    sessions_go_on_while_the_door_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_dropped_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    long_paths_and_many_jobs_are_refused, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
