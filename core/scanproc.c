/*
 * core/scanproc.c - see scanproc.h. Runs sandboxed: touches the line to the door and the
 * descriptors that come over it. What goes wrong with one request is told to the door in an ERROR
 * frame; what goes wrong with the process ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "core/container.h"
#include "core/engine.h"
#include "core/progress.h"
#include "core/sandbox.h"
#include "core/scanproc.h"
#include "core/wire.h"

/* One mail at work. */
struct mail {
	const struct assay_scanproc_options *options;
	struct assay_wire_request asked;
	struct assay_progress_page page; /* shared NULL: the door did not give one */
	struct assay_io_map bytes;
};

/* arm - die in `ms` unless armed again; 0 disarms */
static void arm(int64_t ms)
{
	struct itimerval timer = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* copy_word - at most size - 1 bytes */
static void copy_word(char *to, size_t size, const char *from)
{
	size_t n = from != NULL ? strnlen(from, size - 1) : 0;

	memcpy(to, from != NULL ? from : "", n);
	memset(to + n, 0, size - n);
}

/* note_progress - who is called now; the interval timer kills us when it overstays */
static void note_progress(
    void *arg, const char *worker, const char *payload_id, const char *sha256, int64_t timeout_ms)
{
	struct mail *mail = arg;
	struct assay_progress now;

	if (worker == NULL) {
		arm(0);
		if (mail->page.shared != NULL)
			assay_progress_clear(&mail->page);
		return;
	}
	if (timeout_ms < 1)
		timeout_ms = 1;
	if (mail->page.shared != NULL) {
		copy_word(now.worker, sizeof now.worker, worker);
		copy_word(now.payload_id, sizeof now.payload_id, payload_id);
		copy_word(now.sha256, sizeof now.sha256, sha256);
		now.started_ms = assay_clock_mono_ms();
		now.timeout_ms = timeout_ms;
		assay_progress_write(&mail->page, &now);
	}
	arm(timeout_ms);
}

/* is_message - the whole of it, which the door has */
static bool is_message(const struct mail *mail, struct assay_slice bytes)
{
	return bytes.p == mail->bytes.p && bytes.n == mail->bytes.n;
}

/* make_keep - the container of what shall be archived; *fd stays -1 when there is nothing */
static enum assay_status make_keep(const struct mail *mail, const struct assay_scan *scan,
    struct assay_wire_verdict *verdict, int *fd, struct assay_err *err)
{
	enum assay_status st;

	if (scan->nkeep == 0)
		return ASSAY_OK;
	st = assay_io_memfd("assay-keep", fd, err);
	for (size_t i = 0; i < scan->nkeep && st == ASSAY_OK; i++)
		st = assay_container_put(*fd, scan->keep[i].sha256, scan->keep[i].bytes,
		    is_message(mail, scan->keep[i].bytes), err);
	verdict->keep_size = (uint64_t)lseek(*fd, 0, SEEK_CUR);
	verdict->keep_count = (uint32_t)scan->nkeep;
	return st;
}

/* answer - verdict and report to the door */
static enum assay_status answer(
    const struct mail *mail, const struct assay_scan *scan, int sock, struct assay_err *err)
{
	struct assay_wire_verdict verdict = { .report_size = scan->json.n };
	int report = -1, keep = -1;
	enum assay_status st;

	if (!assay_wire_action_find(scan->action, &verdict.action) ||
	    !assay_wire_scanned_find(scan->status, &verdict.scanned))
		ASSAY_BUG("verdict %s, status %s", scan->action, scan->status);
	copy_word(verdict.scan_id, sizeof verdict.scan_id, scan->scan_id);
	st = assay_io_memfd("assay-report", &report, err);
	if (st == ASSAY_OK)
		st = assay_io_write_full(report, scan->json.p, scan->json.n, err);
	if (st == ASSAY_OK)
		st = make_keep(mail, scan, &verdict, &keep, err);
	if (st == ASSAY_OK)
		st = assay_wire_send_verdict(sock, &verdict, report, keep, err);
	assay_io_close(&report);
	assay_io_close(&keep);
	return st;
}

/* take_mail - the descriptors of a request: a message that nobody can shorten under our feet */
static enum assay_status take_mail(
    struct mail *mail, struct assay_wire_frame *frame, struct assay_err *err)
{
	size_t most = (size_t)mail->options->message_max;
	enum assay_status st = assay_wire_get_request(frame, &mail->asked, err);

	mail->page = (struct assay_progress_page){ -1, NULL };
	mail->bytes = (struct assay_io_map){ "", 0 };
	if (st != ASSAY_OK)
		return st;
	if ((fcntl(frame->fd[0], F_GET_SEALS) & F_SEAL_SHRINK) == 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "the message is not sealed");
	if (frame->nfd == 2) {
		st = assay_progress_map(&mail->page, frame->fd[1], err);
		frame->fd[1] = -1;
	}
	return st == ASSAY_OK ? assay_io_map(frame->fd[0], most, &mail->bytes, err) : st;
}

/* scan_mail - one request, answered */
static enum assay_status scan_mail(struct mail *mail, int sock, struct assay_err *err)
{
	struct assay_engine_hooks hooks = { .arg = mail, .progress = note_progress };
	struct assay_slice bytes = { mail->bytes.p, mail->bytes.n };
	struct assay_arena *arena = assay_arena_new();
	struct assay_request request;
	struct assay_scan scan;
	enum assay_status st;

	assay_request_init(&request);
	st = assay_request_parse(&request, arena, mail->asked.json, err);
	if (st != ASSAY_OK) {
		st = assay_wire_send_error(sock, err->text, err);
	} else {
		request.deadline_ms = mail->asked.deadline_ms;
		assay_engine_scan(mail->options->engine, &request, bytes, &hooks, &scan);
		note_progress(mail, NULL, NULL, NULL, 0);
		st = answer(mail, &scan, sock, err);
		assay_scan_release(&scan);
	}
	assay_arena_free(&arena);
	return st;
}

/* serve - one frame from the door */
static enum assay_status serve(const struct assay_scanproc_options *options,
    struct assay_wire_frame *frame, int sock, struct assay_err *err)
{
	struct mail mail = { .options = options };
	enum assay_status st = take_mail(&mail, frame, err);

	if (st == ASSAY_OK)
		st = scan_mail(&mail, sock, err);
	else
		st = assay_wire_send_error(sock, err->text, err);
	assay_io_unmap(&mail.bytes);
	assay_progress_close(&mail.page);
	return st;
}

/* silence - a mail that owns us shall not write to the terminal of whoever started the command.
 * Sanitizers speak there. */
static void silence(void)
{
#ifndef ASSAY_SANITIZED
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > 2)
		(void)close(null);
#endif
}

/* begin - close the sandbox; a reason against it goes to the door */
static enum assay_status begin(
    const struct assay_scanproc_options *options, int sock, unsigned *active, struct assay_err *err)
{
	enum assay_status st;

	if (!options->sandbox->options.off)
		silence();
	st = assay_sandbox_enter(options->sandbox, active, err);
	if (st != ASSAY_OK && assay_wire_send_error(sock, err->text, NULL) != ASSAY_OK)
		return ASSAY_E_DEAD;
	return st;
}

#ifdef ASSAY_SANITIZED
void __lsan_do_leak_check(void) __attribute__((weak));
#endif

/* check_leaks - this process ends without atexit handlers, so the sanitizer is asked by name */
static void check_leaks(void)
{
#ifdef ASSAY_SANITIZED
	if (__lsan_do_leak_check != NULL)
		__lsan_do_leak_check();
#endif
}

/* assay_scanproc_run - mails until the door hangs up */
int assay_scanproc_run(const struct assay_scanproc_options *options, int sock)
{
	enum assay_status st;
	struct assay_wire wire;
	struct assay_err err;
	unsigned active;

	st = begin(options, sock, &active, &err);
	assay_wire_init(&wire, sock);
	for (unsigned mails = 0; st == ASSAY_OK; mails++) {
		struct assay_wire_frame frame;

		if (options->recycle > 0 && mails == options->recycle)
			break;
		st = assay_wire_send_ready(sock, active, &err);
		if (st == ASSAY_OK)
			st = assay_wire_read(&wire, &frame, &err);
		if (st == ASSAY_OK) {
			st = serve(options, &frame, sock, &err);
			assay_wire_drop(&frame);
		}
	}
	assay_wire_release(&wire);
	if (options->sandbox->options.off)
		check_leaks();
	/* The door hung up, in whatever way: nothing to complain about. */
	return st == ASSAY_OK || st == ASSAY_END || st == ASSAY_E_DEAD ? 0 : 70;
}
