/*
 * core/scanproc.c - see scanproc.h. Runs sandboxed: touches the lines to doors, the descriptors
 * that come over them and its page of the scoreboard. What goes wrong with one request is told to
 * the door in an ERROR frame; what goes wrong with the process ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "core/container.h"
#include "core/engine.h"
#include "core/helper.h"
#include "core/progress.h"
#include "core/sandbox.h"
#include "core/scanproc.h"
#include "core/tally.h"
#include "core/wire.h"

#define BEAT_MS 1000
#define LATE_MS 1500 /* behind the deadline nobody waits for what a worker finds */
#define LOOK_MS 100  /* between two looks whether the door is still there */
#define NAP_MS 10
#define SEND_TRIES 500 /* naps, while the user has too many descriptors on their way */

/* One mail at work. */
struct mail {
	const struct assay_scanproc_options *options;
	struct assay_tally *tally;
	struct assay_wire_request asked;
	struct assay_progress_page page; /* shared NULL: the door did not give one */
	struct assay_io_map bytes;
	bool may_drop; /* nobody waits for an answer that comes too late */
	/* While it is scanned: */
	int sock;
	struct assay_request *request;
	int64_t looked_ms; /* whether the door is still there */
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

/* clip - no worker's time is longer than the mail's */
static int64_t clip(const struct mail *mail, int64_t timeout_ms)
{
	int64_t left_ms = mail->asked.deadline_ms - assay_clock_mono_ms() + LATE_MS;

	if (mail->asked.deadline_ms <= 0 || timeout_ms <= left_ms)
		return timeout_ms;
	return left_ms > 0 ? left_ms : 1;
}

/* hung_up - is nobody there any more? */
static bool hung_up(int sock)
{
	struct pollfd line = { .fd = sock, .events = POLLRDHUP };

	return poll(&line, 1, 0) > 0;
}

/* look_back - a door that is gone will ask again: what is left of this mail is done for nobody */
static void look_back(struct mail *mail)
{
	int64_t now_ms = assay_clock_mono_ms();

	if (!mail->may_drop || now_ms - mail->looked_ms < LOOK_MS)
		return;
	mail->looked_ms = now_ms;
	if (hung_up(mail->sock))
		mail->request->deadline_ms = mail->asked.deadline_ms = now_ms;
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
		assay_tally_return(mail->tally);
		look_back(mail);
		return;
	}
	if (timeout_ms < 1)
		timeout_ms = 1;
	assay_tally_call(mail->tally, worker, payload_id);
	if (mail->page.shared != NULL) {
		copy_word(now.worker, sizeof now.worker, worker);
		copy_word(now.payload_id, sizeof now.payload_id, payload_id);
		copy_word(now.sha256, sizeof now.sha256, sha256);
		now.started_ms = assay_clock_mono_ms();
		now.timeout_ms = timeout_ms;
		assay_progress_write(&mail->page, &now);
	}
	arm(clip(mail, timeout_ms));
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

/* nap - a moment */
static void nap(void)
{
	struct timespec t = { 0, NAP_MS * 1000000L };

	(void)nanosleep(&t, NULL);
}

/* send_verdict - again, when others of the same user have not yet taken theirs */
static enum assay_status send_verdict(
    int sock, const struct assay_wire_verdict *verdict, int report, int keep, struct assay_err *err)
{
	enum assay_status st = assay_wire_send_verdict(sock, verdict, report, keep, err);

	for (unsigned i = 0; i < SEND_TRIES && st == ASSAY_E_FULL && !hung_up(sock); i++) {
		nap();
		st = assay_wire_send_verdict(sock, verdict, report, keep, err);
	}
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
		st = send_verdict(sock, &verdict, report, keep, err);
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
	if (mail->asked.deadline_ms < 0)
		mail->asked.deadline_ms = assay_clock_mono_ms() - mail->asked.deadline_ms;
	if ((fcntl(frame->fd[0], F_GET_SEALS) & F_SEAL_SHRINK) == 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "the message is not sealed");
	if (frame->nfd == 2) {
		st = assay_progress_map(&mail->page, frame->fd[1], err);
		frame->fd[1] = -1;
		assay_progress_set_taken(&mail->page, true);
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
		mail->request = &request;
		mail->sock = sock;
		assay_tally_mail(mail->tally, &request);
		assay_engine_scan(mail->options->engine, &request, bytes, &hooks, &scan);
		note_progress(mail, NULL, NULL, NULL, 0);
		assay_tally_scanned(mail->tally, bytes.n, scan.status);
		st = answer(mail, &scan, sock, err);
		assay_scan_release(&scan);
	}
	assay_arena_free(&arena);
	return st;
}

/* too_late - has whoever asked hung up, or is the mail's time over? */
static bool too_late(const struct mail *mail, int sock)
{
	int64_t deadline_ms = mail->asked.deadline_ms;

	return hung_up(sock) || (deadline_ms > 0 && deadline_ms <= assay_clock_mono_ms());
}

/* serve - one frame from the door */
static enum assay_status serve(
    struct mail *mail, struct assay_wire_frame *frame, int sock, struct assay_err *err)
{
	enum assay_status st = take_mail(mail, frame, err);

	if (st != ASSAY_OK)
		st = assay_wire_send_error(sock, err->text, err);
	else if (mail->may_drop && too_late(mail, sock))
		st = ASSAY_E_DEAD;
	else
		st = scan_mail(mail, sock, err);
	assay_io_unmap(&mail->bytes);
	assay_progress_set_taken(&mail->page, false);
	assay_progress_close(&mail->page);
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

/* has_lost - is the helper gone? Then we go, too, and both come anew. */
static bool has_lost(const struct assay_engine *engine)
{
	const struct assay_helper *helper = assay_engine_helper(engine);

	return helper != NULL && helper->lost;
}

/* assay_scanproc_run - mails until the door hangs up */
int assay_scanproc_run(const struct assay_scanproc_options *options, int sock)
{
	struct assay_tally tally = { 0 };
	enum assay_status st;
	struct assay_wire wire;
	struct assay_err err;
	unsigned active;

	st = begin(options, sock, &active, &err);
	assay_wire_init(&wire, sock);
	for (unsigned mails = 0; st == ASSAY_OK; mails++) {
		struct mail mail = { .options = options, .tally = &tally };
		struct assay_wire_frame frame;

		if ((options->recycle > 0 && mails == options->recycle) ||
		    has_lost(options->engine))
			break;
		st = assay_wire_send_ready(sock, active, &err);
		if (st == ASSAY_OK)
			st = assay_wire_read(&wire, &frame, &err);
		if (st == ASSAY_OK) {
			st = serve(&mail, &frame, sock, &err);
			assay_wire_drop(&frame);
		}
	}
	assay_wire_release(&wire);
	if (options->sandbox->options.off)
		check_leaks();
	/* The door hung up, in whatever way: nothing to complain about. */
	return st == ASSAY_OK || st == ASSAY_END || st == ASSAY_E_DEAD ? 0 : 70;
}

/* ---- of the service -------------------------------------------------------------------------- */

/* note_bug - a broken promise is told where it can be seen: standard error goes nowhere */
static void note_bug(void *arg, const char *text)
{
	assay_board_set_error(arg, text);
}

/* enter - the sandbox, and what is in force of it */
static enum assay_status enter(const struct assay_scanproc_options *options,
    struct assay_board_slot *page, unsigned *active, struct assay_err *err)
{
	enum assay_status st;

	assay_err_set_bug_hook(note_bug, page);
	if (!options->sandbox->options.off)
		silence();
	st = assay_sandbox_enter(options->sandbox, active, err);
	if (page != NULL)
		page->sandbox = *active;
	return st;
}

/* take_connection - -1: a sibling was faster, or the one who called is gone */
static enum assay_status take_connection(int listening, int *sock, struct assay_err *err)
{
	*sock = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (*sock >= 0 || errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return ASSAY_OK;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		nap();
		return ASSAY_OK;
	}
	return assay_io_fail(err, "cannot accept", "");
}

/* await_connection - from the inline socket before the bulk one; END: time to go */
static enum assay_status await_connection(
    const struct assay_scanproc_place *place, int *sock, struct assay_err *err)
{
	bool tidy = false;

	for (*sock = -1; *sock < 0;) {
		struct pollfd fds[] = { { .fd = place->life, .events = POLLIN },
			{ .fd = place->inline_sock, .events = POLLIN },
			{ .fd = place->bulk_sock, .events = POLLIN } };
		enum assay_status st = ASSAY_OK;
		int n = poll(fds, 3, BEAT_MS);

		if (n < 0 && errno != EINTR)
			return assay_io_fail(err, "cannot poll", "");
		if (n == 0 && !tidy)
			assay_memory_trim();
		tidy |= n == 0;
		if (place->page != NULL)
			place->page->beat_ms = assay_clock_mono_ms();
		if (fds[0].revents != 0)
			return ASSAY_END;
		for (size_t i = 1; i < 3 && st == ASSAY_OK && *sock < 0; i++)
			if (fds[i].revents != 0)
				st = take_connection(fds[i].fd, sock, err);
		if (st != ASSAY_OK)
			return st;
	}
	return ASSAY_OK;
}

/* await_request - a whole frame before `end_ms` */
static enum assay_status await_request(
    struct assay_wire *wire, int64_t end_ms, struct assay_wire_frame *frame, struct assay_err *err)
{
	struct pollfd line = { .fd = wire->sock, .events = POLLIN };

	for (;;) {
		enum assay_status st = assay_wire_next(wire, frame, err);
		int64_t left_ms = end_ms - assay_clock_mono_ms();
		int n;

		if (st != ASSAY_END)
			return st;
		n = left_ms > 0 ? poll(&line, 1, (int)left_ms) : 0;
		if (n == 0)
			return ASSAY_E_TIMEOUT;
		if (n < 0 && errno == EINTR)
			continue;
		st = n > 0 ? assay_wire_receive(wire, err) : ASSAY_E_IO;
		if (st != ASSAY_OK)
			return st;
	}
}

/* What a scan process of the service has. */
struct server {
	const struct assay_scanproc_options *options;
	const struct assay_scanproc_place *place;
	struct assay_tally tally;
	unsigned active, mails;
};

/* converse - one connection, from READY to the end; whatever goes wrong is its own misfortune.
 * Takes sock. */
static void converse(struct server *server, int sock)
{
	struct mail mail = {
		.options = server->options, .tally = &server->tally, .may_drop = true
	};
	int64_t patience_ms = server->place->patience_ms, end_ms = assay_clock_mono_ms();
	struct assay_wire_frame frame;
	struct assay_wire wire;
	struct assay_err err;

	end_ms += patience_ms > 0 ? patience_ms : ASSAY_SCANPROC_PATIENCE_MS;
	assay_tally_begin(&server->tally);
	assay_wire_init(&wire, sock);
	if (assay_wire_send_ready(sock, server->active, &err) == ASSAY_OK &&
	    await_request(&wire, end_ms, &frame, &err) == ASSAY_OK) {
		server->mails++;
		(void)serve(&mail, &frame, sock, &err);
		assay_wire_drop(&frame);
	}
	assay_wire_release(&wire);
	assay_tally_idle(&server->tally);
}

/* assay_scanproc_serve - mails until it is told to go */
int assay_scanproc_serve(
    const struct assay_scanproc_options *options, const struct assay_scanproc_place *place)
{
	struct server server = {
		.options = options, .place = place, .tally = { .page = place->page }
	};
	enum assay_status st;
	struct assay_err err;
	int sock;

	st = enter(options, place->page, &server.active, &err);
	if (st == ASSAY_OK)
		assay_tally_idle(&server.tally);
	while (st == ASSAY_OK && !has_lost(options->engine) &&
	    (options->recycle == 0 || server.mails < options->recycle)) {
		st = await_connection(place, &sock, &err);
		if (st == ASSAY_OK)
			converse(&server, sock);
	}
	if (st != ASSAY_OK && st != ASSAY_END)
		assay_board_set_error(place->page, err.text);
	assay_board_set_state(place->page, ASSAY_BOARD_LEAVING);
	assay_err_set_bug_hook(NULL, NULL);
	if (options->sandbox->options.off)
		check_leaks();
	return st == ASSAY_OK || st == ASSAY_END ? 0 : 70;
}
