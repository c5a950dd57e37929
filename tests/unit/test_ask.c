/* rooms: core text base */
/*
 * tests/unit/test_ask.c - one mail and scan processes that die in every way: who is blamed, what is
 * skipped in the next try, when it ends. The scan processes are stand-ins that speak the wire and
 * do what the request's "source" says; no engine is needed. Tests the pool as well.
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/ask.h"
#include "core/json.h"
#include "core/pool.h"

#define REPORT "{\"schema\":\"assay/1\"}"

static unsigned *untaken; /* shared: how often a process ended before it had the mail */

/* is - does the request say so? */
static bool is(const json_t *request, const char *what)
{
	const char *source = assay_json_get_str(request, "source");

	return source != NULL && strcmp(source, what) == 0;
}

/* skipped - is (worker, sha256) in skip[], by itself or as "*"? */
static bool skipped(const json_t *request, const char *worker, const char *sha256)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(request, "skip"), i, entry)
	{
		const char *sha = assay_json_get_str(entry, "sha256");

		if (strcmp(assay_json_get_str(entry, "worker"), worker) == 0 &&
		    (strcmp(sha, "*") == 0 || strcmp(sha, sha256) == 0))
			return true;
	}
	return false;
}

/* call - a worker that kills the process, or overstays its 50 ms */
static void call(struct assay_progress_page *page, const json_t *request, const char *sha256)
{
	struct assay_progress now = { .worker = "bad", .payload_id = "0.1", .timeout_ms = 50 };
	struct itimerval timer = { .it_value = { 0, 50000 } };

	if (skipped(request, "bad", sha256))
		return;
	(void)snprintf(now.sha256, sizeof now.sha256, "%s", sha256);
	now.started_ms = assay_clock_mono_ms();
	assay_progress_write(page, &now);
	if (!is(request, "hang"))
		_exit(3);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 100; i++)
		(void)usleep(100000);
}

/* map - as one who wants to write to it later */
static void map(int fd)
{
	if (mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		_exit(4);
}

/* payloads - a container of them, or -1 */
static int payloads(const json_t *request, struct assay_wire_verdict *verdict)
{
	struct assay_err err;
	int fd = -1;

	if (is(request, "few payloads") || is(request, "few mapped payloads"))
		verdict->keep_size = ASSAY_ASK_COPY;
	else if (is(request, "many payloads") || is(request, "many mapped payloads"))
		verdict->keep_size = ASSAY_ASK_COPY + 1;
	else
		return -1;
	verdict->keep_count = 1;
	if (assay_io_memfd("keep", &fd, &err) != ASSAY_OK ||
	    ftruncate(fd, (off_t)verdict->keep_size) != 0)
		_exit(4);
	if (strstr(assay_json_get_str(request, "source"), "mapped") != NULL)
		map(fd);
	return fd;
}

/* reply - the verdict, in some variants of a lie */
static void reply(int sock, const json_t *request)
{
	struct assay_wire_verdict verdict = { .report_size = sizeof REPORT - 1 };
	const char *report = is(request, "not json") ? "{\"schema\":\"assay/1\"," : REPORT;
	struct assay_err err;
	int fd, keep;

	if (assay_io_memfd("report", &fd, &err) != ASSAY_OK)
		_exit(4);
	if (assay_io_write_full(fd, report, strlen(report), &err) != ASSAY_OK)
		_exit(4);
	verdict.report_size += is(request, "other size");
	if (is(request, "mapped report"))
		map(fd);
	keep = payloads(request, &verdict);
	if (assay_wire_send_verdict(
		sock, &verdict, is(request, "no memfd") ? sock : fd, keep, &err) != ASSAY_OK)
		_exit(4);
	assay_io_close(&fd);
	assay_io_close(&keep);
}

/* afterwards - what a process does that a mail has owned: the next mail shall not suffer */
static void afterwards(int sock, const char *what)
{
	struct assay_err err;

	if (strcmp(what, "then error") == 0)
		(void)!assay_wire_send_error(sock, "there is no sandbox", &err);
	if (strcmp(what, "then gone") == 0)
		_exit(0);
	if (strcmp(what, "then verdict") == 0)
		(void)!send(sock, "\x48\0\0\0\x03\0\x01\0", 8, MSG_NOSIGNAL);
	if (strcmp(what, "then flood") == 0)
		for (int i = 0; i < 20; i++)
			(void)!assay_wire_send_ready(sock, 0, &err);
	/* Urgent data makes a line readable that has nothing to read. */
	if (strcmp(what, "then urgent") == 0)
		(void)!send(sock, "!", 1, MSG_OOB | MSG_NOSIGNAL);
	if (strcmp(what, "then nothing") == 0 || strcmp(what, "then urgent") == 0)
		for (;;)
			(void)pause();
}

/* serve - one request */
static void serve(int sock, struct assay_wire_frame *frame)
{
	struct assay_progress_page page;
	struct assay_wire_request asked;
	struct assay_err err;
	const char *source;
	json_t *request;

	if (assay_wire_get_request(frame, &asked, &err) != ASSAY_OK ||
	    assay_json_parse(asked.json, &request, &err) != ASSAY_OK ||
	    assay_progress_map(&page, frame->fd[1], &err) != ASSAY_OK)
		_exit(5);
	frame->fd[1] = -1;
	if (is(request, "not taken") && (int)(*untaken)++ < 2)
		_exit(3);
	assay_progress_set_taken(&page, true);
	if (is(request, "refuse") && assay_wire_send_error(sock, "I do not like it", &err))
		_exit(6);
	if (is(request, "outside") && json_object_get(request, "root_only") == NULL)
		_exit(3);
	if (is(request, "always"))
		_exit(3);
	if (is(request, "stuck"))
		(void)sleep(10);
	if (is(request, "crash") || is(request, "hang") || is(request, "crash twice"))
		call(&page, request, "aaaa");
	if (is(request, "crash twice"))
		call(&page, request, "bbbb");
	if (!is(request, "refuse"))
		reply(sock, request);
	source = assay_json_get_str(request, "source");
	if (source != NULL)
		afterwards(sock, source);
	json_decref(request);
	assay_progress_set_taken(&page, false);
	assay_progress_close(&page);
}

/* child - a stand-in for core/scanproc */
static int child(void *arg, int sock)
{
	struct assay_wire wire;
	struct assay_err err;

	if (arg != NULL)
		return 9; /* never gets ready */
	assay_wire_init(&wire, sock);
	for (;;) {
		struct assay_wire_frame frame;

		if (assay_wire_send_ready(sock, 0, &err) != ASSAY_OK ||
		    assay_wire_read(&wire, &frame, &err) != ASSAY_OK)
			return 0;
		serve(sock, &frame);
		assay_wire_drop(&frame);
	}
}

/* drive - to the end, as core/door does */
static void drive(struct assay_ask *ask, struct assay_pool *pool)
{
	struct assay_pool_slot *slot = NULL;
	struct assay_err err;

	while (ask->state != ASSAY_ASK_DONE) {
		int64_t left = assay_ask_wake_ms(ask) - assay_clock_mono_ms();
		struct pollfd fd = { .events = POLLIN };

		if (ask->state == ASSAY_ASK_WAITING) {
			slot = assay_pool_take(pool, &err);
			assert_non_null(slot);
			assay_ask_attach(ask, &slot->line);
		}
		fd.fd = slot->line.wire.sock;
		(void)poll(&fd, 1, left > 0 ? (int)left : 0);
		if (assay_ask_step(ask, fd.revents != 0) == ASSAY_ASK_LOST) {
			(void)assay_pool_bury(pool, slot);
			(void)assay_ask_bury(ask);
		} else if (ask->state == ASSAY_ASK_DONE) {
			assay_pool_give(pool, slot);
		}
	}
}

/* scan - one mail that does `what`, with this many milliseconds */
static void scan(struct assay_ask *ask, struct assay_pool *pool, const char *what, int64_t ms)
{
	struct assay_ask_mail mail = { .request = json_object() };
	struct assay_err err;

	assert_int_equal(assay_io_memfd("mail", &mail.message, &err), ASSAY_OK);
	assay_json_set(mail.request, "source", assay_json_own(what));
	mail.deadline_ms = assay_clock_mono_ms() + ms;
	assay_ask_init(ask, &mail);
	drive(ask, pool);
	assay_io_close(&mail.message);
}

/* skip_is - skip[i] says this */
static void skip_is(const struct assay_ask *ask, size_t i, const char *sha256, const char *kind)
{
	const json_t *entry = json_array_get(json_object_get(ask->mail.request, "skip"), i);

	assert_non_null(entry);
	assert_string_equal(assay_json_get_str(entry, "worker"), "bad");
	assert_string_equal(assay_json_get_str(entry, "sha256"), sha256);
	assert_string_equal(assay_json_get_str(entry, "kind"), kind);
}

/* test_fine - one process, many mails */
static void test_fine(void **state)
{
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	for (int i = 0; i < 100; i++) {
		scan(&ask, &pool, "fine", 5000);
		assert_true(ask.answered);
		assert_int_equal(ask.tries, 1);
		assert_null(json_object_get(ask.mail.request, "spent_ms"));
		assert_true(assay_slice_is(assay_buf_slice(&ask.report), REPORT));
		assay_ask_release(&ask);
	}
	assert_int_equal(pool.slot[0].starts, 1);
	assay_pool_release(&pool);
}

/* test_worker_dies - skipped by digest first, then everywhere; hanging is told from crashing */
static void test_worker_dies(void **state)
{
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	scan(&ask, &pool, "crash", 5000);
	assert_true(ask.answered);
	assert_int_equal(ask.tries, 2);
	skip_is(&ask, 0, "aaaa", "crashed");
	assay_ask_release(&ask);
	scan(&ask, &pool, "hang", 5000);
	assert_true(ask.answered);
	skip_is(&ask, 0, "aaaa", "timeout");
	/* The report shall say how long the mail took, not the last try. */
	assert_true(assay_json_get_int(ask.mail.request, "spent_ms", 0) >= 10);
	assay_ask_release(&ask);
	scan(&ask, &pool, "crash twice", 5000);
	assert_true(ask.answered);
	assert_int_equal(ask.tries, 3);
	skip_is(&ask, 0, "aaaa", "crashed");
	skip_is(&ask, 1, "*", "crashed");
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_outside - a death that is nobody's: one last run with the root's worker only */
static void test_outside(void **state)
{
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	scan(&ask, &pool, "outside", 5000);
	assert_true(ask.answered);
	assert_int_equal(ask.tries, 2);
	assert_true(json_is_true(json_object_get(ask.mail.request, "root_only")));
	assay_ask_release(&ask);
	scan(&ask, &pool, "always", 5000);
	assert_false(ask.answered);
	assert_string_equal(ask.why, "crashed");
	assert_int_equal(ask.tries, 2);
	assay_ask_release(&ask);
	scan(&ask, &pool, "fine", 5000);
	assert_true(ask.answered);
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_untaken - who ends between the request and the mail has not died of it */
static void test_untaken(void **state)
{
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	scan(&ask, &pool, "not taken", 60000);
	assert_true(ask.answered);
	assert_int_equal(ask.tries, 1);
	assert_null(json_object_get(ask.mail.request, "root_only"));
	assay_ask_release(&ask);
	/* Again and again: somebody lies. */
	*untaken = (unsigned)-100;
	scan(&ask, &pool, "not taken", 60000);
	assert_false(ask.answered);
	assert_string_equal(ask.why, "crashed");
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_copies - what is copied may be mapped: who still writes to it writes to nothing */
static void test_copies(void **state)
{
	static const char *const whats[] = { "mapped report", "few payloads",
		"few mapped payloads" };
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++) {
		scan(&ask, &pool, whats[i], 5000);
		assert_true(ask.answered);
		assert_memory_equal(ask.report.p, REPORT, sizeof REPORT - 1);
		assert_int_equal(ask.kept.n, i == 0 ? 0 : ASSAY_ASK_COPY);
		assert_int_equal(ask.keep, -1);
		assay_ask_release(&ask);
	}
	scan(&ask, &pool, "many payloads", 5000);
	assert_true(ask.answered);
	assert_int_equal(ask.kept.n, 0);
	assert_true(ask.keep >= 0);
	assert_true(assay_io_is_sealed(ask.keep));
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_lies - answers that cannot be believed count as a crash */
static void test_lies(void **state)
{
	static const char *const lies[] = { "not json", "other size", "many mapped payloads",
		"no memfd" };
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		scan(&ask, &pool, lies[i], 5000);
		assert_false(ask.answered);
		assert_string_equal(ask.why, "crashed");
		assay_ask_release(&ask);
	}
	scan(&ask, &pool, "refuse", 5000);
	assert_false(ask.answered);
	assert_string_equal(ask.why, "refused");
	assert_string_equal(ask.err.text, "I do not like it");
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_owned - what a process does after its answer costs the next mail a moment, not its scan */
static void test_owned(void **state)
{
	static const char *const what[] = { "then error", "then gone", "then verdict", "then flood",
		"then urgent", "then nothing" };
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	for (size_t i = 0; i < 2 * (sizeof what / sizeof what[0]); i++) {
		int64_t begin = assay_clock_mono_ms();

		scan(&ask, &pool, what[i / 2], 20000);
		assert_true(ask.answered);
		assay_ask_release(&ask);
		assert_true(assay_clock_mono_ms() - begin < 10000);
	}
	assay_pool_release(&pool);
}

/* test_another - an answer under another mail's name is none */
static void test_another(void **state)
{
	struct assay_ask_mail mail = { .request = json_object() };
	struct assay_pool pool;
	struct assay_ask ask;
	struct assay_err err;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	assert_int_equal(assay_io_memfd("mail", &mail.message, &err), ASSAY_OK);
	assay_json_set(
	    mail.request, "scan_id", assay_json_own("2e5935f4-ea2f-4bda-9543-3e514a0b9ad1"));
	mail.time_ms = 5000;
	assay_ask_init(&ask, &mail);
	drive(&ask, &pool);
	assert_false(ask.answered);
	assert_int_equal(ask.tries, 2);
	assay_ask_release(&ask);
	assay_io_close(&mail.message);
	assay_pool_release(&pool);
}

/* test_recycle - a process that does not leave by itself is made to */
static void test_recycle(void **state)
{
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	pool.recycle = 3;
	for (int i = 0; i < 7; i++) {
		scan(&ask, &pool, "fine", 5000);
		assert_true(ask.answered);
		assay_ask_release(&ask);
	}
	assert_int_equal(pool.slot[0].starts, 3);
	assay_pool_release(&pool);
}

/* test_deadline - nobody waits longer than the mail's deadline and a moment */
static void test_deadline(void **state)
{
	int64_t begin = assay_clock_mono_ms();
	struct assay_pool pool;
	struct assay_ask ask;

	(void)state;
	assay_pool_init(&pool, 1, child, NULL, NULL);
	scan(&ask, &pool, "stuck", 100);
	assert_false(ask.answered);
	assert_string_equal(ask.why, "timeout");
	assert_true(assay_clock_mono_ms() - begin < 5000);
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_stillborn - processes that never get ready are not asked for ever */
static void test_stillborn(void **state)
{
	struct assay_pool pool;
	struct assay_ask ask;
	int arg;

	(void)state;
	assay_pool_init(&pool, 1, child, &arg, NULL);
	scan(&ask, &pool, "fine", 5000);
	assert_false(ask.answered);
	assert_string_equal(ask.why, "unable");
	assert_int_equal(ask.tries, 0);
	assay_ask_release(&ask);
	assay_pool_release(&pool);
}

/* test_pool - all busy, freed, buried, started again */
static void test_pool(void **state)
{
	struct assay_pool_slot *a, *b;
	struct assay_pool pool;
	struct assay_err err = { .code = ASSAY_OK };
	pid_t pid;

	(void)state;
	assay_pool_init(&pool, 2, child, NULL, NULL);
	a = assay_pool_take(&pool, &err);
	b = assay_pool_take(&pool, &err);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_null(assay_pool_take(&pool, &err));
	assert_int_equal(err.code, ASSAY_OK);
	assay_pool_give(&pool, a);
	assert_ptr_equal(assay_pool_take(&pool, &err), a);
	pid = b->pid;
	assert_int_equal(WTERMSIG(assay_pool_bury(&pool, b)), SIGKILL);
	assert_int_equal(kill(pid, 0), -1);
	assert_ptr_equal(assay_pool_take(&pool, &err), b);
	assert_int_equal(b->starts, 2);
	assay_pool_give(&pool, b);
	pid = b->pid;
	assay_pool_release(&pool);
	assert_int_equal(kill(pid, 0), -1);
}

/* count - how many descriptors a child has */
static int count(void *arg, int sock)
{
	int n = 0;

	(void)arg;
	(void)sock;
	for (int fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* children_have - descriptors of a child when these were foreign */
static int children_have(const struct assay_child_fds *foreign)
{
	struct assay_pool pool;
	struct assay_err err;
	int status, late;

	assay_pool_init(&pool, 1, count, NULL, foreign);
	late = dup(0);
	assert_true(late >= 0);
	assert_non_null(assay_pool_take(&pool, &err));
	assert_int_equal(waitpid(pool.slot[0].pid, &status, 0), pool.slot[0].pid);
	pool.slot[0].pid = 0;
	assay_pool_release(&pool);
	(void)close(late);
	return WEXITSTATUS(status);
}

/* test_descriptors - a child has what plugins opened, not what was there before or came later */
static void test_descriptors(void **state)
{
	int theirs = dup2(0, 101), before, plugins;
	static struct assay_child_fds foreign;

	(void)state;
	assert_int_equal(theirs, 101);
	assay_child_note_fds(&foreign);
	before = children_have(&foreign);
	assert_in_range(before, 1, 4); /* 0, 1, 2 and the line */
	plugins = dup2(0, 102);
	assert_int_equal(children_have(&foreign), before + 1);
	(void)close(plugins);
	assert_true(children_have(NULL) > before);
	(void)close(theirs);
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_worker_dies),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_untaken),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_owned),
		cmocka_unit_test(test_another),
		cmocka_unit_test(test_recycle),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_stillborn),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_descriptors),
	};

	untaken =
	    mmap(NULL, sizeof *untaken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (untaken == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
