/*
 * milter/intake.c - see intake.h. Touches the door. What the door cannot take for a reason of the
 * message's own is handed in once more as not to be scanned.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "intake.h"

#define RETRY_MS 100

/* What the door has of a mail: it may outlive those who wait. */
struct assay_intake_ticket {
	struct assay_intake_mail *mail; /* NULL: nobody waits */
};

/* assay_intake_init - nobody waits */
void assay_intake_init(struct assay_intake *intake, struct assay_door *door)
{
	*intake = (struct assay_intake){ .door = door };
	intake->last = &intake->first;
}

/* enqueue - behind all others */
static void enqueue(struct assay_intake *intake, struct assay_intake_mail *mail)
{
	mail->next = NULL;
	mail->queued = true;
	*intake->last = mail;
	intake->last = &mail->next;
}

/* dequeue - wherever it stands */
static void dequeue(struct assay_intake *intake, struct assay_intake_mail *mail)
{
	struct assay_intake_mail **at = &intake->first;

	while (*at != mail)
		at = &(*at)->next;
	*at = mail->next;
	if (intake->last == &mail->next)
		intake->last = at;
	mail->queued = false;
}

/* drop_submission - what the door did not get */
static void drop_submission(struct assay_submission *submission)
{
	assay_io_close(&submission->fd);
	json_decref(submission->request);
	submission->request = NULL;
}

/* assay_intake_add - its turn comes */
void assay_intake_add(struct assay_intake *intake, struct assay_intake_mail *mail)
{
	mail->since_ms = assay_clock_mono_ms();
	mail->ticket = NULL;
	enqueue(intake, mail);
}

/* assay_intake_drop - nobody waits for it */
void assay_intake_drop(struct assay_intake *intake, struct assay_intake_mail *mail)
{
	if (mail->queued) {
		dequeue(intake, mail);
		drop_submission(&mail->submission);
	}
	if (mail->ticket != NULL)
		mail->ticket->mail = NULL;
	mail->ticket = NULL;
}

/* assay_intake_close - nobody goes to the door any more */
void assay_intake_close(struct assay_intake *intake)
{
	while (intake->first != NULL) {
		struct assay_intake_mail *mail = intake->first;

		assay_intake_drop(intake, mail);
		mail->told(mail, NULL);
	}
}

/* tell - once */
static void tell(struct assay_intake_ticket *ticket, const struct assay_verdict *verdict)
{
	struct assay_intake_mail *mail = ticket->mail;

	if (mail == NULL)
		return;
	ticket->mail = NULL;
	mail->ticket = NULL;
	mail->told(mail, verdict);
}

/* on_verdict - of the door */
static void on_verdict(void *arg, const struct assay_verdict *verdict)
{
	tell(arg, verdict);
}

/* on_done - of the door: there is no more to come */
static void on_done(void *arg, const char *action)
{
	(void)action;
	tell(arg, NULL);
	free(arg);
}

/* hand_in - one mail to the door; whoever waits may be told, and gone, when this returns. On
 * failure the JSON is still the mail's. */
static enum assay_status hand_in(
    struct assay_intake *intake, struct assay_intake_mail *mail, struct assay_err *err)
{
	struct assay_intake_ticket *ticket = assay_xcalloc(1, sizeof *ticket);
	struct assay_submission submission = mail->submission;
	enum assay_status st;

	ticket->mail = mail;
	mail->ticket = ticket;
	submission.verdict = on_verdict;
	submission.done = on_done;
	submission.done_arg = ticket;
	(void)json_incref(submission.request);
	mail->submission.fd = -1; /* the door's */
	st = assay_submit(intake->door, &submission, NULL, err);
	if (st == ASSAY_OK) {
		json_decref(submission.request);
		return ASSAY_OK;
	}
	mail->ticket = NULL;
	free(ticket);
	return st;
}

/* refused - it comes once more as one that is not scanned, or will not be answered */
static enum assay_status refused(struct assay_intake *intake, struct assay_intake_mail *mail,
    enum assay_status st, const struct assay_err *err)
{
	bool again = mail->submission.unscanned != NULL;

	if (st == ASSAY_END || (again && st != ASSAY_E_FULL)) {
		drop_submission(&mail->submission);
		mail->told(mail, NULL);
		return st == ASSAY_END ? ASSAY_OK : st;
	}
	if (!again)
		assay_log(ASSAY_LOG_ERROR, "a message cannot be scanned: %s", err->text);
	mail->submission.bytes = assay_slice(NULL, (size_t)mail->size);
	mail->submission.unscanned = "error";
	intake->retry_ms = assay_clock_mono_ms() + (again ? RETRY_MS : 0);
	enqueue(intake, mail);
	return ASSAY_OK;
}

/* sooner - the earlier of two times */
static void sooner(int64_t *again_ms, int64_t ms)
{
	if (ms < *again_ms)
		*again_ms = ms;
}

/* assay_intake_pump - the oldest first */
enum assay_status assay_intake_pump(
    struct assay_intake *intake, int64_t *again_ms, struct assay_err *err)
{
	int64_t wait_ms = assay_door_option(intake->door, "overload_wait");
	int64_t now_ms = assay_clock_mono_ms();
	enum assay_status st = ASSAY_OK;

	while (st == ASSAY_OK && intake->first != NULL && intake->retry_ms <= now_ms) {
		struct assay_intake_mail *mail = intake->first;

		if (mail->submission.unscanned == NULL && mail->since_ms + wait_ms <= now_ms)
			mail->submission.unscanned = "overload";
		if (mail->submission.unscanned == NULL && !assay_door_room(intake->door)) {
			sooner(again_ms, mail->since_ms + wait_ms);
			break;
		}
		dequeue(intake, mail);
		st = hand_in(intake, mail, err);
		if (st != ASSAY_OK)
			st = refused(intake, mail, st, err);
	}
	if (intake->first != NULL && intake->retry_ms > now_ms)
		sooner(again_ms, intake->retry_ms);
	return st;
}
