/*
 * core/ask.c - see ask.h. Touches the line it was given and memory files that came over it. What a
 * scan process sends is checked before it is believed; a process that breaks the protocol is
 * treated as one that crashed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/ask.h"
#include "core/json.h"
#include "core/report_check.h"

#define GRACE_MS 1000 /* for the scan process' own partial report at the deadline */
#define STILLBORN_MAX 4u
#define UNTAKEN_MAX 5u
#define START_MS 30000 /* from fork to READY: a loaded machine, sanitizers */
#define READY_MS 3000  /* from one mail's answer to READY: nothing is to be done then */
/* A request that is sent before anybody is READY has to fit into the socket. */
#define EARLY_MOST ((size_t)32 * 1024)
/* Of what is copied before it is looked at: whoever still writes to it writes to nothing. Sealing
 * against writing waits for all processors (base/io.h). */
#define SEALS_SIZE (F_SEAL_SHRINK | F_SEAL_GROW)
/* Of many payloads, which are read twice, and which a hostile process may have mapped. */
#define SEALS_ALL (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* assay_ask_init - nothing sent yet */
void assay_ask_init(struct assay_ask *ask, const struct assay_ask_mail *mail)
{
	const char *id = assay_json_get_str(mail->request, "scan_id");

	*ask = (struct assay_ask){ .state = ASSAY_ASK_WAITING, .mail = *mail, .keep = -1 };
	(void)snprintf(ask->scan_id, sizeof ask->scan_id, "%s", id != NULL ? id : "");
	assay_buf_init(&ask->report, ASSAY_REPORT_BYTES);
	assay_buf_init(&ask->kept, ASSAY_ASK_COPY);
}

/* assay_ask_release - forget the answer */
void assay_ask_release(struct assay_ask *ask)
{
	assay_io_close(&ask->keep);
	assay_buf_release(&ask->report);
	assay_buf_release(&ask->kept);
	json_decref(ask->mail.request);
	ask->mail.request = NULL;
}

/* assay_ask_wake_ms - the deadline, and a moment for a report that is being written */
int64_t assay_ask_wake_ms(const struct assay_ask *ask)
{
	int64_t end_ms = ask->mail.deadline_ms != 0 ? ask->mail.deadline_ms + GRACE_MS : INT64_MAX;

	return ask->asked || end_ms < ask->ready_ms ? end_ms : ask->ready_ms;
}

/* lose - the owner shall bury the line */
static void lose(struct assay_ask *ask)
{
	ask->state = ASSAY_ASK_LOST;
}

/* finish - no report, for this reason */
static void finish(struct assay_ask *ask, const char *why)
{
	ask->why = why;
	ask->state = ASSAY_ASK_DONE;
}

/* send_request - a deadline that is not set runs from when it is taken */
static enum assay_status send_request(struct assay_ask *ask, size_t most)
{
	const struct assay_ask_mail *mail = &ask->mail;
	struct assay_wire_request request = {
		.deadline_ms = mail->deadline_ms != 0 ? mail->deadline_ms : -mail->time_ms
	};
	enum assay_status st = ASSAY_E_LIMIT;
	struct assay_buf text;

	assay_buf_init(&text, most);
	if (assay_json_write(mail->request, ASSAY_JSON_COMPACT, &text)) {
		request.json = assay_buf_slice(&text);
		st = assay_wire_send_request(
		    ask->line->wire.sock, &request, mail->message, ask->line->page.fd, &ask->err);
	}
	assay_buf_release(&text);
	ask->sent = st == ASSAY_OK;
	return st;
}

/* assay_ask_attach - a line to a process that is, or will be, READY */
void assay_ask_attach(struct assay_ask *ask, struct assay_line *line)
{
	enum assay_status st = ASSAY_OK;

	ask->line = line;
	ask->sent = ask->asked = false;
	ask->state = ASSAY_ASK_RUNNING;
	ask->ready_ms =
	    line->queued ? INT64_MAX : assay_clock_mono_ms() + (line->fresh ? START_MS : READY_MS);
	assay_progress_clear(&line->page);
	if (line->early)
		st = send_request(ask, EARLY_MOST);
	/* What is too large, and what the system has no room for now, goes out at READY. */
	if (st != ASSAY_OK && st != ASSAY_E_LIMIT && st != ASSAY_E_FULL)
		lose(ask);
}

/* begin - somebody is READY for the request */
static void begin(struct assay_ask *ask)
{
	enum assay_status st = ask->sent ? ASSAY_OK : send_request(ask, ASSAY_WIRE_REQUEST_MAX);

	if (st == ASSAY_E_LIMIT) {
		(void)assay_err_set(&ask->err, st, "the envelope and request are too large");
		finish(ask, "refused");
	} else if (st != ASSAY_OK) {
		lose(ask);
	} else {
		const int64_t now_ms = assay_clock_mono_ms();

		if (ask->mail.deadline_ms == 0)
			ask->mail.deadline_ms = now_ms + ask->mail.time_ms;
		if (ask->tries == 0)
			ask->begun_ms = now_ms;
		ask->asked = true;
		ask->heard = false;
		ask->tries++;
	}
}

/* seal - a memory file, and no other; true when it has the size that was promised */
static bool seal(int fd, int seals, uint64_t size)
{
	struct stat st;

	return fcntl(fd, F_ADD_SEALS, seals) == 0 && fstat(fd, &st) == 0 && st.st_size >= 0 &&
	    (uint64_t)st.st_size == size;
}

/* read_copy - pread from the file, once */
static bool read_copy(struct assay_buf *copy, int fd, uint64_t size)
{
	size_t left = (size_t)size;
	char *p;

	assay_buf_clear(copy);
	p = size <= copy->max ? assay_buf_reserve(copy, left) : NULL;
	if (p == NULL)
		return false;
	while (left > 0) {
		ssize_t n = pread(fd, p, left, (off_t)(size - left));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		left -= (size_t)n;
	}
	assay_buf_commit(copy, (size_t)size);
	return true;
}

/* is_ours - is it of the mail that was asked about? A report with another's scan_id would replace
 * that one in a store. */
static bool is_ours(const struct assay_ask *ask)
{
	static const char head[] = "{\"schema\":\"" ASSAY_REPORT_SCHEMA "\",\"scan_id\":\"";
	struct assay_slice rest = assay_buf_slice(&ask->report);

	if (ask->scan_id[0] == '\0')
		return true;
	if (!assay_slice_starts(rest, head) || strcmp(ask->verdict.scan_id, ask->scan_id) != 0)
		return false;
	rest = assay_slice_from(rest, sizeof head - 1);
	return assay_slice_starts(rest, ask->scan_id) &&
	    assay_slice_starts(assay_slice_from(rest, ASSAY_WIRE_ID), "\"");
}

/* take_keep - the payloads, copied where they are few */
static bool take_keep(struct assay_ask *ask, struct assay_wire_frame *frame)
{
	uint64_t size = ask->verdict.keep_size;

	if (size <= ask->kept.max)
		return seal(frame->fd[1], SEALS_SIZE, size) &&
		    read_copy(&ask->kept, frame->fd[1], size);
	if (!seal(frame->fd[1], SEALS_ALL, size))
		return false;
	ask->keep = frame->fd[1];
	frame->fd[1] = -1;
	return true;
}

/* take_verdict - the answer, if it can be believed */
static void take_verdict(struct assay_ask *ask, struct assay_wire_frame *frame)
{
	struct assay_wire_verdict *verdict = &ask->verdict;

	if (assay_wire_get_verdict(frame, verdict, &ask->err) != ASSAY_OK ||
	    !seal(frame->fd[0], SEALS_SIZE, verdict->report_size) ||
	    !read_copy(&ask->report, frame->fd[0], verdict->report_size) ||
	    assay_report_check(assay_buf_slice(&ask->report), &ask->err) != ASSAY_OK ||
	    !is_ours(ask) || (frame->nfd == 2 && !take_keep(ask, frame))) {
		lose(ask);
		return;
	}
	ask->answered = true;
	ask->why = NULL;
	ask->state = ASSAY_ASK_DONE;
}

/* take - one frame */
static void take(struct assay_ask *ask, struct assay_wire_frame *frame)
{
	ask->heard = ask->asked;
	if (frame->type == ASSAY_WIRE_READY && !ask->asked &&
	    assay_wire_get_ready(frame, &ask->active, &ask->err) == ASSAY_OK) {
		begin(ask);
	} else if (frame->type == ASSAY_WIRE_VERDICT && ask->asked) {
		take_verdict(ask, frame);
	} else if (frame->type == ASSAY_WIRE_ERROR && (ask->asked || ask->line->fresh)) {
		(void)assay_err_set(&ask->err, ASSAY_E_UNSUP, "%.*s", (int)frame->body.n,
		    frame->body.n > 0 ? frame->body.p : "");
		finish(ask, ask->asked ? "refused" : "unable");
	} else {
		lose(ask);
	}
	assay_wire_drop(frame);
}

/* assay_ask_step - frames that are there, one receive if there may be more, the deadline */
enum assay_ask_state assay_ask_step(struct assay_ask *ask, bool readable)
{
	while (ask->state == ASSAY_ASK_RUNNING) {
		struct assay_wire_frame frame;
		enum assay_status st = assay_wire_next(&ask->line->wire, &frame, &ask->err);

		if (st == ASSAY_OK) {
			take(ask, &frame);
			continue;
		}
		if (st == ASSAY_END && !readable)
			break;
		if (st == ASSAY_END)
			st = assay_wire_receive(&ask->line->wire, &ask->err);
		readable = false;
		if (st != ASSAY_OK)
			lose(ask);
	}
	if (ask->state == ASSAY_ASK_RUNNING && assay_clock_mono_ms() >= assay_ask_wake_ms(ask))
		lose(ask);
	return ask->state;
}

/* assay_ask_payloads - see ask.h */
void assay_ask_payloads(
    const struct assay_ask *ask, struct assay_slice message, struct assay_container *payloads)
{
	uint32_t count = ask->verdict.keep_count;

	if (ask->keep >= 0)
		assay_container_open(payloads, ask->keep, count, message);
	else
		assay_container_read(payloads, assay_buf_slice(&ask->kept), count, message);
}

/* skipped_before - is this worker in skip[] already? */
static bool skipped_before(const json_t *skip, const char *worker)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(skip, i, entry)
	{
		const char *name = assay_json_get_str(entry, "worker");

		if (name != NULL && strcmp(name, worker) == 0)
			return true;
	}
	return false;
}

/* blame - skip whoever was at work; false when nobody was */
static bool blame(struct assay_ask *ask, int64_t now_ms)
{
	json_t *skip = json_object_get(ask->mail.request, "skip"), *entry;
	struct assay_progress at;

	ask->blamed[0] = '\0';
	if (!assay_progress_read(&ask->line->page, &at))
		return false;
	if (skip == NULL) {
		skip = json_array();
		assay_json_set(ask->mail.request, "skip", skip);
	}
	entry = json_object();
	assay_json_set(entry, "worker", assay_json_own(at.worker));
	assay_json_set(entry, "sha256",
	    assay_json_own(
		at.sha256[0] == '\0' || skipped_before(skip, at.worker) ? "*" : at.sha256));
	/* The timer fires at the timeout; a little earlier is rounding. */
	ask->late = at.timeout_ms > 0 && now_ms - at.started_ms >= at.timeout_ms - 20;
	assay_json_set(entry, "kind", assay_json_own(ask->late ? "timeout" : "crashed"));
	assay_json_append(skip, entry);
	memcpy(ask->blamed, at.worker, sizeof ask->blamed);
	return true;
}

/* was_untaken - did the process end before it had the mail: killed just then, or no longer waiting
 * for a request that was late? That is not the mail's doing, but an owned process may say so, too.
 */
static bool was_untaken(struct assay_ask *ask)
{
	if (ask->heard || assay_progress_taken(&ask->line->page) || ask->untaken == UNTAKEN_MAX)
		return false;
	ask->untaken++;
	ask->tries--;
	return true;
}

/* assay_ask_bury - what next, now that the process is gone */
enum assay_ask_state assay_ask_bury(struct assay_ask *ask)
{
	int64_t now_ms = assay_clock_mono_ms();
	bool found;

	ask->state = ASSAY_ASK_WAITING;
	if (!ask->asked) {
		/* Recycled, owned by an earlier mail, or killed by somebody else: not this mail's
		 * doing. Only what was never asked says that processes cannot be had. */
		if (ask->line->fresh && ++ask->stillborn > STILLBORN_MAX)
			finish(ask, "unable");
		else if (ask->mail.deadline_ms != 0 && now_ms >= ask->mail.deadline_ms)
			finish(ask, "timeout");
		return ask->state;
	}
	found = blame(ask, now_ms);
	if (now_ms >= ask->mail.deadline_ms)
		finish(ask, "timeout");
	else if (!found && was_untaken(ask))
		return ask->state;
	else if (ask->last)
		finish(ask, "crashed");
	else if (!found || ask->tries >= ASSAY_ASK_RETRIES)
		ask->last = true;
	if (ask->last)
		assay_json_set(ask->mail.request, "root_only", json_true());
	assay_json_set(ask->mail.request, "spent_ms", json_integer(now_ms - ask->begun_ms));
	return ask->state;
}

/* assay_ask_sentence - see ask.h */
const char *assay_ask_sentence(const struct assay_ask *ask)
{
	if (ask->why == NULL || strcmp(ask->why, "crashed") == 0)
		return "the scan process died again and again on this message";
	if (strcmp(ask->why, "timeout") == 0)
		return "the deadline of the message was met before the end of the scan";
	if (strcmp(ask->why, "message_size") == 0)
		return "larger than message_size; not scanned";
	if (strcmp(ask->why, "overload") == 0)
		return "no scan process was free in time";
	if (strcmp(ask->why, "error") == 0 && ask->err.text[0] == '\0')
		return "it could not be taken in; the log says why";
	if (strcmp(ask->why, "exempt") == 0)
		return "not to be scanned, says the configuration ([policy] exempt_...)";
	if (strcmp(ask->why, "bypass") == 0)
		return "scanning is switched off for a while (assay bypass)";
	return ask->err.text;
}
