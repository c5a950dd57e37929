/* rooms: enginebench core text base */
/*
 * tests/unit/test_scanproc.c - a scan process of the service over real sockets: who is served when,
 * and peers that are silent, gone, late or talk nonsense. A worker that waits at a gate makes the
 * order of things certain; nothing here is timed.
 */
#include <errno.h>
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/board.h"
#include "core/host.h"
#include "core/progress.h"
#include "core/sandbox.h"
#include "core/scanproc.h"
#include "core/tally.h"
#include "core/wire.h"
#include "engine_bench.h"

#define GATE "{\"always_dispatch\":[\"gate\"],\"queue_id\":\"4XyZ\"}"
#define SCAN_ID "01234567-89ab-4def-8123-456789abcdef"
#define INLINE 0
#define BULK 1
#define LONG_MS 60000

static int gate[2], arrived[2]; /* pipes: the worker `gate` says that it is there and waits */

/* One service: sockets, a page, the processes. */
static struct {
	struct bench *bench;
	struct assay_engine *engine;
	struct assay_sandbox sandbox;
	struct assay_scanproc_options options;
	struct assay_scanproc_place place;
	struct assay_board board;
	struct assay_board_slot *page;
	char dir[40], path[2][64];
	int life;
	pid_t pid;
} service;

/* One door's conversation. */
struct peer {
	struct assay_wire wire;
	struct assay_progress_page page;
};

/* ---- workers --------------------------------------------------------------------------------- */

/* scan_gate - says that it is there and waits to be let go */
static enum assay_status scan_gate(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	char byte = 'x';

	(void)state;
	(void)p;
	(void)r;
	(void)err;
	if (write(arrived[1], &byte, 1) != 1 || read(gate[0], &byte, 1) != 1)
		abort();
	return ASSAY_OK;
}

/* scan_bug - breaks a promise */
static enum assay_status scan_bug(
    void *state, const struct assay_payload *p, struct assay_result *r, struct assay_err *err)
{
	(void)state;
	(void)p;
	(void)r;
	(void)err;
	ASSAY_BUG("on purpose");
}

static const struct assay_worker worker_gate = { .scan = scan_gate, .pure = true };
static const struct assay_worker worker_bug = { .scan = scan_bug, .pure = true };
static const struct assay_plugin plugin_gate = { ASSAY_PLUGIN_HEAD, .name = "gate", .version = "1",
	.licence = "none", .summary = "test", .worker = &worker_gate };
static const struct assay_plugin plugin_bug = { ASSAY_PLUGIN_HEAD, .name = "bug", .version = "1",
	.licence = "none", .summary = "test", .worker = &worker_bug };

/* let_go - the worker that is at the gate */
static void let_go(void)
{
	assert_int_equal(write(gate[1], "x", 1), 1);
}

/* at_gate - waits until a worker is there */
static void at_gate(void)
{
	char byte;

	assert_int_equal(read(arrived[0], &byte, 1), 1);
}

/* ---- doors ----------------------------------------------------------------------------------- */

/* called - connected, by one of the sockets */
static struct peer called(int which)
{
	struct timeval patience = { .tv_sec = LONG_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct assay_err err;
	struct peer peer;

	assert_true(sock >= 0);
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", service.path[which]);
	if (connect(sock, (struct sockaddr *)&addr, sizeof addr) != 0)
		fail_msg("connect: %s", strerror(errno));
	assay_wire_init(&peer.wire, sock);
	assert_int_equal(assay_progress_open(&peer.page, &err), ASSAY_OK);
	return peer;
}

/* hang_up - the end */
static void hang_up(struct peer *peer)
{
	assay_wire_release(&peer->wire);
	assay_progress_close(&peer->page);
}

/* send_mail - a request, whether it is READY or not */
static void send_mail(struct peer *peer, const char *json, int64_t deadline_ms)
{
	struct assay_wire_request request = { deadline_ms, assay_slice_str(json) };
	struct assay_err err;
	int fd;

	assert_int_equal(assay_io_memfd("message", &fd, &err), ASSAY_OK);
	assert_int_equal(assay_io_write_full(fd, "hello", 5, &err), ASSAY_OK);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
	assert_int_equal(
	    assay_wire_send_request(peer->wire.sock, &request, fd, peer->page.fd, &err), ASSAY_OK);
	assay_io_close(&fd);
}

/* expect - the next frame is of that type; its ERROR text or a verdict's status into `text` */
static void expect(struct peer *peer, enum assay_wire_type type, char text[64])
{
	struct assay_wire_verdict verdict;
	struct assay_wire_frame frame;
	struct assay_err err;

	if (assay_wire_read(&peer->wire, &frame, &err) != ASSAY_OK)
		fail_msg("no frame %d", type);
	assert_int_equal(frame.type, type);
	text[0] = '\0';
	if (type == ASSAY_WIRE_ERROR)
		(void)snprintf(text, 64, "%.*s", (int)frame.body.n, frame.body.p);
	if (type == ASSAY_WIRE_VERDICT) {
		assert_int_equal(assay_wire_get_verdict(&frame, &verdict, &err), ASSAY_OK);
		(void)snprintf(text, 64, "%s", assay_wire_scanned_name(verdict.scanned));
	}
	assay_wire_drop(&frame);
}

/* expect_end - hung up on, without an answer */
static void expect_end(struct peer *peer)
{
	struct assay_wire_frame frame;
	struct assay_err err;
	enum assay_status st = assay_wire_read(&peer->wire, &frame, &err);

	if (st != ASSAY_END && st != ASSAY_E_DEAD)
		fail_msg("status %d instead of the end", st);
}

/* is_quiet - has nothing been said to it? */
static bool is_quiet(const struct peer *peer)
{
	struct pollfd line = { .fd = peer->wire.sock, .events = POLLIN };

	return poll(&line, 1, 0) == 0;
}

/* scanned - one mail, all of it */
static void scanned(int which, const char *json)
{
	struct peer peer = called(which);
	char text[64];

	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, json, assay_clock_mono_ms() + LONG_MS);
	expect(&peer, ASSAY_WIRE_VERDICT, text);
	assert_string_equal(text, "scanned");
	expect_end(&peer);
	hang_up(&peer);
}

/* ---- the service ----------------------------------------------------------------------------- */

/* start - the process; recycle and patience as set before */
static void start(void)
{
	int life[2];

	assert_int_equal(pipe(life), 0);
	service.life = life[1];
	service.place.life = life[0];
	service.pid = fork();
	if (service.pid == 0) {
		/* cmocka catches them and would go on in the child. */
		(void)signal(SIGABRT, SIG_DFL);
		(void)signal(SIGSEGV, SIG_DFL);
		(void)close(life[1]);
		_exit(assay_scanproc_serve(&service.options, &service.place));
	}
	assert_true(service.pid > 0);
	(void)close(life[0]);
}

/* ended - its exit code, or minus the signal that ended it */
static int ended(void)
{
	int status = 0;

	assert_int_equal(waitpid(service.pid, &status, 0), service.pid);
	service.pid = 0;
	assay_io_close(&service.life);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* stop - as the master does it */
static void stop(void)
{
	assay_io_close(&service.life);
	assert_int_equal(ended(), 0);
}

/* listen_at - one of the two sockets */
static int listen_at(int which)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(
	    service.path[which], sizeof service.path[which], "%s/%d", service.dir, which);
	(void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", service.path[which]);
	assert_true(sock >= 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(sock, 2000), 0);
	return sock;
}

/* set_up - all but the process */
static int set_up(void **state)
{
	void *bench = NULL;
	struct assay_err err;

	(void)state;
	memset(&service, 0, sizeof service);
	service.life = -1;
	if (bench_setup(&bench) != 0 || pipe(gate) != 0 || pipe(arrived) != 0)
		return -1;
	service.bench = bench;
	(void)snprintf(service.dir, sizeof service.dir, "/tmp/assay-scanproc-XXXXXX");
	if (mkdtemp(service.dir) == NULL ||
	    assay_host_add(service.bench->host, &plugin_gate, NULL, &err) != ASSAY_OK ||
	    assay_host_add(service.bench->host, &plugin_bug, NULL, &err) != ASSAY_OK ||
	    assay_engine_new(service.bench->host, service.bench->core, NULL, &service.engine,
		&err) != ASSAY_OK ||
	    assay_board_create(service.dir, &service.board, &err) != ASSAY_OK)
		return -1;
	service.sandbox.options.off = true;
	service.options = (struct assay_scanproc_options){
		.engine = service.engine, .sandbox = &service.sandbox, .message_max = 100
	};
	service.page = assay_board_slot(&service.board, ASSAY_BOARD_OTHERS);
	service.page->kind = ASSAY_BOARD_SCAN;
	service.place = (struct assay_scanproc_place){ .inline_sock = listen_at(INLINE),
		.bulk_sock = listen_at(BULK),
		.patience_ms = LONG_MS,
		.page = service.page };
	return 0;
}

/* tear_down - also after a test that failed */
static int tear_down(void **state)
{
	void *bench = service.bench;
	char path[64];

	(void)state;
	if (service.pid > 0) {
		(void)kill(service.pid, SIGKILL);
		(void)ended();
	}
	for (int i = 0; i < 2; i++) {
		(void)close(gate[i]);
		(void)close(arrived[i]);
		(void)unlink(service.path[i]);
	}
	assay_io_close(&service.place.inline_sock);
	assay_io_close(&service.place.bulk_sock);
	(void)snprintf(path, sizeof path, "%s/service.board", service.dir);
	(void)unlink(path);
	(void)rmdir(service.dir);
	assay_board_close(&service.board);
	assay_sandbox_release(&service.sandbox);
	assay_engine_free(&service.engine);
	return bench_teardown(&bench);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* test_page - a mail in work and afterwards, as `assay status` sees it */
static void test_page(void **state)
{
	struct peer peer = called(INLINE);
	struct assay_board_slot now;
	struct assay_progress at;
	char text[64];

	(void)state;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	assert_false(assay_progress_taken(&peer.page));
	send_mail(&peer,
	    "{\"always_dispatch\":[\"one\",\"gate\"],\"queue_id\":\"4XyZ\","
	    "\"scan_id\":\"" SCAN_ID "\"}",
	    assay_clock_mono_ms() + LONG_MS);
	at_gate();
	assert_true(assay_board_read(&service.board, ASSAY_BOARD_OTHERS, &now));
	assert_int_equal(now.state, ASSAY_BOARD_BUSY);
	assert_string_equal(now.worker, "gate");
	assert_string_equal(now.payload_id, "0");
	assert_string_equal(now.queue_id, "4XyZ");
	assert_string_equal(now.scan_id, SCAN_ID);
	assert_true(now.worker_ms > 0 && now.deadline_ms > now.worker_ms && now.mails == 0);
	assert_true(assay_progress_taken(&peer.page));
	assert_true(assay_progress_read(&peer.page, &at));
	assert_string_equal(at.worker, "gate");
	let_go();
	expect(&peer, ASSAY_WIRE_VERDICT, text);
	expect_end(&peer);
	assert_false(assay_progress_taken(&peer.page));
	hang_up(&peer);
	scanned(BULK, "{\"always_dispatch\":[\"one\"]}");
	stop();
	assert_true(assay_board_read(&service.board, ASSAY_BOARD_OTHERS, &now));
	assert_int_equal(now.state, ASSAY_BOARD_LEAVING);
	assert_int_equal(now.mails, 2);
	assert_int_equal(now.bytes, 10);
	assert_string_equal(now.worker, "");
	assert_string_equal(now.scan_id, "");
	assert_int_equal(now.deadline_ms, 0);
	assert_string_equal(now.of.worker[0].name, "one");
	assert_int_equal(now.of.worker[0].calls, 2);
	assert_string_equal(now.of.worker[1].name, "gate");
	assert_int_equal(now.of.worker[1].calls, 1);
	assert_true(now.of.worker[1].us >= now.of.worker[1].most_us);
}

/* test_early - a request that was there before; its time runs from when it is taken */
static void test_early(void **state)
{
	struct peer peer = called(BULK);
	int64_t before = assay_clock_mono_ms();
	struct assay_board_slot now;
	char text[64];

	(void)state;
	send_mail(&peer, GATE, -LONG_MS);
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	at_gate();
	assert_true(assay_board_read(&service.board, ASSAY_BOARD_OTHERS, &now));
	assert_in_range(now.deadline_ms, before + LONG_MS, assay_clock_mono_ms() + LONG_MS);
	let_go();
	expect(&peer, ASSAY_WIRE_VERDICT, text);
	assert_string_equal(text, "scanned");
	hang_up(&peer);
	stop();
}

/* test_inline_first - whoever somebody waits for comes before what was there earlier */
static void test_inline_first(void **state)
{
	struct peer first = called(BULK), bulk, live;
	char text[64];

	(void)state;
	start();
	expect(&first, ASSAY_WIRE_READY, text);
	send_mail(&first, GATE, 0);
	at_gate();
	bulk = called(BULK);
	live = called(INLINE);
	let_go();
	expect(&first, ASSAY_WIRE_VERDICT, text);
	expect(&live, ASSAY_WIRE_READY, text);
	assert_true(is_quiet(&bulk));
	send_mail(&live, "{}", 0);
	expect(&live, ASSAY_WIRE_VERDICT, text);
	expect(&bulk, ASSAY_WIRE_READY, text);
	send_mail(&bulk, "{}", 0);
	expect(&bulk, ASSAY_WIRE_VERDICT, text);
	hang_up(&first);
	hang_up(&live);
	hang_up(&bulk);
	stop();
}

/* test_not_bulk - a process that serves inline mail only */
static void test_not_bulk(void **state)
{
	int sock = service.place.bulk_sock;
	struct peer bulk = called(BULK);

	(void)state;
	service.place.bulk_sock = -1;
	start();
	scanned(INLINE, "{}");
	assert_true(is_quiet(&bulk));
	hang_up(&bulk);
	stop();
	service.place.bulk_sock = sock;
}

/* test_silent - a peer that says nothing, or half of it, is hung up on after a while */
static void test_silent(void **state)
{
	struct peer peer = called(INLINE), half = called(INLINE);
	char text[64];

	(void)state;
	assert_int_equal(send(half.wire.sock, "\x0a\0\0\0\2", 5, MSG_NOSIGNAL), 5);
	service.place.patience_ms = 50;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	expect_end(&peer);
	expect(&half, ASSAY_WIRE_READY, text);
	expect_end(&half);
	hang_up(&peer);
	hang_up(&half);
	stop();
	assert_int_equal(service.page->mails, 0);
}

/* test_gone - who hangs up before the scan costs none */
static void test_gone(void **state)
{
	struct peer silent = called(BULK), sent = called(BULK), half = called(BULK);
	char text[64];

	(void)state;
	hang_up(&silent);
	send_mail(&sent, GATE, 0);
	hang_up(&sent);
	send_mail(&half, GATE, 0);
	assert_int_equal(shutdown(half.wire.sock, SHUT_WR), 0);
	start();
	expect(&half, ASSAY_WIRE_READY, text);
	expect_end(&half);
	hang_up(&half);
	scanned(BULK, "{}");
	stop();
	assert_int_equal(service.page->mails, 1);
}

/* test_leaves - who hangs up while a worker is at work costs no other worker's time */
static void test_leaves(void **state)
{
	struct peer peer = called(BULK);
	char text[64];

	(void)state;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, "{\"always_dispatch\":[\"gate\",\"bug\"]}", 0);
	at_gate();
	assert_int_equal(shutdown(peer.wire.sock, SHUT_WR), 0);
	let_go();
	expect(&peer, ASSAY_WIRE_VERDICT, text);
	assert_string_equal(text, "partial");
	expect_end(&peer);
	hang_up(&peer);
	scanned(BULK, "{}");
	stop();
}

/* test_late - neither is scanned what nobody waits for any more */
static void test_late(void **state)
{
	struct peer peer = called(INLINE);
	char text[64];

	(void)state;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, GATE, assay_clock_mono_ms());
	expect_end(&peer);
	hang_up(&peer);
	stop();
	assert_int_equal(service.page->mails, 0);
}

/* test_overstays - a worker's time ends with the mail's */
static void test_overstays(void **state)
{
	struct peer peer = called(INLINE);
	char text[64];

	(void)state;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, GATE, assay_clock_mono_ms() + 2000);
	expect_end(&peer);
	assert_true(assay_progress_taken(&peer.page));
	assert_int_equal(ended(), -SIGALRM);
	assert_string_equal(service.page->worker, "gate");
	hang_up(&peer);
}

/* test_nonsense - frames that are none, messages that are not sealed, requests that are no JSON */
static void test_nonsense(void **state)
{
	static const struct assay_slice nonsense[] = { ASSAY_SLICE_LIT("GET / HTTP/1.0\r\n\r\n"),
		ASSAY_SLICE_LIT("\xff\xff\xff\xff\2\1\1\0"),
		ASSAY_SLICE_LIT("\4\0\0\0\1\0\1\0...."),
		ASSAY_SLICE_LIT("\x0a\0\0\0\2\1\1\0........{}") };
	struct peer peer;
	char text[64];

	(void)state;
	start();
	for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
		peer = called(INLINE);
		expect(&peer, ASSAY_WIRE_READY, text);
		assert_int_equal(send(peer.wire.sock, nonsense[i].p, nonsense[i].n, MSG_NOSIGNAL),
		    (ssize_t)nonsense[i].n);
		if (i != 2) /* a READY is a frame, but no request */
			expect_end(&peer);
		else
			expect(&peer, ASSAY_WIRE_ERROR, text);
		hang_up(&peer);
	}
	peer = called(INLINE);
	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, "[]", 0);
	expect(&peer, ASSAY_WIRE_ERROR, text);
	assert_true(text[0] != '\0');
	hang_up(&peer);
	scanned(INLINE, "{}");
	stop();
}

/* test_life - a mail in work is finished when the end comes; what is behind it waits for others */
static void test_life(void **state)
{
	struct peer peer = called(INLINE), next;
	char text[64];

	(void)state;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, GATE, 0);
	at_gate();
	next = called(INLINE);
	assay_io_close(&service.life);
	let_go();
	expect(&peer, ASSAY_WIRE_VERDICT, text);
	assert_int_equal(ended(), 0);
	assert_true(is_quiet(&next));
	start();
	expect(&next, ASSAY_WIRE_READY, text);
	send_mail(&next, "{}", 0);
	expect(&next, ASSAY_WIRE_VERDICT, text);
	hang_up(&peer);
	hang_up(&next);
	stop();
}

/* test_recycle - after so many mails it goes by itself */
static void test_recycle(void **state)
{
	(void)state;
	service.options.recycle = 2;
	start();
	scanned(INLINE, "{}");
	scanned(BULK, "{}");
	assert_int_equal(ended(), 0);
}

/* test_bug - a broken promise can be read on the page */
static void test_bug(void **state)
{
	struct peer peer = called(INLINE);
	struct assay_board_slot now;
	char text[64];

	(void)state;
	start();
	expect(&peer, ASSAY_WIRE_READY, text);
	send_mail(&peer, "{\"always_dispatch\":[\"bug\"]}", 0);
	expect_end(&peer);
	assert_int_equal(ended(), -SIGABRT);
	assert_true(assay_board_read(&service.board, ASSAY_BOARD_OTHERS, &now));
	assert_non_null(strstr(now.error, "BUG at "));
	assert_non_null(strstr(now.error, "on purpose"));
	assert_string_equal(now.worker, "bug");
	hang_up(&peer);
}

/* test_backlog - a thousand wait; each second one has gone when its turn comes */
static void test_backlog(void **state)
{
	enum { CALLERS = 1000 };
	static struct peer peer[CALLERS];
	struct rlimit most;
	char text[64];

	(void)state;
	if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_max < 3 * CALLERS)
		skip();
	most.rlim_cur = most.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &most), 0);
	for (size_t i = 0; i < CALLERS; i++) {
		peer[i] = called(i % 3 == 0 ? INLINE : BULK);
		if (i % 2 == 1)
			hang_up(&peer[i]);
	}
	start();
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < CALLERS; i += 2) {
			if ((i % 3 == 0) != (pass == 0))
				continue;
			expect(&peer[i], ASSAY_WIRE_READY, text);
			send_mail(&peer[i], "{}", assay_clock_mono_ms() + LONG_MS);
			expect(&peer[i], ASSAY_WIRE_VERDICT, text);
			hang_up(&peer[i]);
		}
	stop();
	assert_int_equal(service.page->mails, CALLERS / 2);
}

/* test_sealed - all of it behind the seal */
static void test_sealed(void **state)
{
	struct assay_sandbox_options options = { .user = "nobody",
		.memory = 64 << 20,
		.file = 1 << 20,
		.accept = { service.place.inline_sock, service.place.bulk_sock },
		.naccept = 2 };
	struct assay_err err;

	(void)state;
	if (assay_sandbox_prepare(&service.sandbox, &options, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	start();
	scanned(BULK, "{\"always_dispatch\":[\"one\",\"peel\"]}");
	scanned(INLINE, "{\"always_dispatch\":[\"one\",\"peel\"]}");
	assert_int_equal(service.page->sandbox & ASSAY_SANDBOX_SECCOMP, ASSAY_SANDBOX_SECCOMP);
	stop();
}

/* test_tally - more workers than rows, and a page that somebody owned has left */
static void test_tally(void **state)
{
	struct assay_tally tally = { .page = service.page }, none = { 0 };
	struct assay_board_slot now;
	char name[40];

	(void)state;
	for (unsigned i = 0; i < ASSAY_BOARD_WORKERS + 2; i++) {
		(void)snprintf(name, sizeof name, "%u-is-a-worker-with-a-long-name", i);
		assay_tally_call(&tally, name, "0");
		assay_tally_return(&tally);
		assay_tally_timeout(service.page, name);
	}
	assert_true(assay_board_read(&service.board, ASSAY_BOARD_OTHERS, &now));
	assert_int_equal(now.of.worker[7].calls, 1);
	assert_int_equal(now.of.worker[7].timeouts, 1);
	assert_string_equal(now.of.worker[7].name, "7-is-a-worker-with-a-lo");
	memset(service.page, 0xff, ASSAY_BOARD_PAGE);
	assay_tally_begin(&tally);
	assay_tally_call(&tally, "one", "0");
	assay_tally_return(&tally);
	assay_tally_timeout(service.page, "one");
	assay_tally_scanned(&tally, 1, "partial");
	assay_tally_idle(&tally);
	assay_tally_begin(&none);
	assay_tally_call(&none, "one", "0");
	assay_tally_return(&none);
	assay_tally_scanned(&none, 1, "partial");
	assay_tally_idle(&none);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, set_up, tear_down)

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_page), TEST(test_early),
		TEST(test_inline_first), TEST(test_not_bulk), TEST(test_silent), TEST(test_gone),
		TEST(test_leaves), TEST(test_late), TEST(test_overstays), TEST(test_nonsense),
		TEST(test_life), TEST(test_recycle), TEST(test_bug), TEST(test_backlog),
		TEST(test_sealed), TEST(test_tally) };

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
