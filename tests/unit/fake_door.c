/*
 * fake_door - a door for one provider, in a unit test; see fake_door.h
 *
 * Never part of the product.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"

#include "fake_door.h"

#define LARGEST ((size_t)64 << 20)

/* fake_door_init - see fake_door.h */
void fake_door_init(
    struct assay_door *door, bool (*turn)(struct assay_door *door, void *arg), void *arg)
{
	*door = (struct assay_door){ .turn = turn,
		.arg = arg,
		.longest_ms = 10,
		.status = "scanned",
		.message_size = 50 << 20,
		.overload_wait = 15000 };
}

/* fake_door_answer - see fake_door.h */
void fake_door_answer(struct assay_door *door, const char *action)
{
	for (size_t i = 0; i < door->n; i++) {
		const struct fake_mail mail = door->mail[i];
		const struct assay_verdict verdict = { .action = action, .status = door->status };

		door->mail[i].done = NULL;
		door->mail[i].verdict = NULL;
		if (mail.verdict != NULL && action != NULL)
			mail.verdict(mail.done_arg, &verdict);
		if (mail.done != NULL)
			mail.done(mail.done_arg, action);
	}
}

/* fake_door_judge - see fake_door.h */
void fake_door_judge(struct fake_mail *mail, const struct assay_verdict *verdict)
{
	void (*done)(void *, const char *) = mail->done;
	void (*tell)(void *, const struct assay_verdict *) = mail->verdict;

	mail->done = NULL;
	mail->verdict = NULL;
	if (tell != NULL)
		tell(mail->done_arg, verdict);
	if (done != NULL)
		done(mail->done_arg, verdict->action);
}

/* fake_door_find - see fake_door.h */
const struct fake_mail *fake_door_find(const struct assay_door *door, const char *source_id)
{
	for (size_t i = door->n; i > 0; i--)
		if (door->mail[i - 1].source_id != NULL &&
		    strcmp(door->mail[i - 1].source_id, source_id) == 0)
			return &door->mail[i - 1];
	return NULL;
}

/* fake_door_release - see fake_door.h */
void fake_door_release(struct assay_door *door)
{
	for (size_t i = 0; i < door->n; i++) {
		struct fake_mail *mail = &door->mail[i];

		free(mail->bytes);
		free(mail->source);
		free(mail->source_id);
		free(mail->filename);
		free(mail->content_type);
		free(mail->message_time_source);
		json_decref(mail->extra);
		json_decref(mail->request);
	}
	free(door->mail);
	fake_door_init(door, door->turn, door->arg);
}

/* copied - a string of the record's own, or NULL */
static char *copied(const char *s)
{
	return s != NULL ? assay_xstrdup(s) : NULL;
}

/* take_bytes - from memory, or all that the descriptor gives */
static enum assay_status take_bytes(
    struct fake_mail *mail, const struct assay_submission *submission, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;
	int fd = submission->fd;
	struct assay_buf buf;

	assay_buf_init(&buf, LARGEST);
	if (fd >= 0)
		st = assay_io_read_all(fd, &buf, err);
	else if (submission->bytes.p != NULL)
		ASSAY_ASSERT(assay_buf_add_slice(&buf, submission->bytes));
	assay_io_close(&fd);
	mail->bytes = assay_buf_steal(&buf, &mail->n);
	return st;
}

/* refused - what a door does with a mail that it does not take */
static enum assay_status refused(
    const struct assay_submission *submission, enum assay_status why, struct assay_err *err)
{
	int fd = submission->fd;

	assay_io_close(&fd);
	json_decref(submission->extra);
	json_decref(submission->request);
	return why == ASSAY_END ? why : assay_err_set(err, why, "the door was told to refuse");
}

/* assay_submit - records it; who wants the verdict gets it, and the answer, at once */
enum assay_status assay_submit(struct assay_door *door, const struct assay_submission *submission,
    const char **verdict, struct assay_err *err)
{
	struct fake_mail *mail;
	enum assay_status st;

	if (door->stopping && !door->lingers)
		return refused(submission, ASSAY_END, err);
	if (door->refuse != ASSAY_OK)
		return refused(submission, door->refuse, err);
	/* 1, 2, 4, 8 ...: when it is full it doubles. */
	if ((door->n & (door->n - 1)) == 0)
		door->mail = assay_xrealloc(door->mail, (door->n * 2 + 1) * sizeof *door->mail);
	mail = &door->mail[door->n];
	*mail = (struct fake_mail){ .message_time_ms = submission->message_time_ms };
	st = take_bytes(mail, submission, err);
	if (st != ASSAY_OK) {
		free(mail->bytes);
		json_decref(submission->extra);
		json_decref(submission->request);
		return st;
	}
	mail->source = copied(submission->source);
	mail->source_id = copied(submission->source_id);
	mail->filename = copied(submission->filename);
	mail->content_type = copied(submission->content_type);
	mail->message_time_source = copied(submission->message_time_source);
	mail->extra = submission->extra;
	mail->request = submission->request;
	mail->unscanned = submission->unscanned;
	mail->done = submission->done;
	mail->verdict = submission->verdict;
	mail->done_arg = submission->done_arg;
	door->n++;
	if (verdict != NULL) {
		*verdict = "accept";
		fake_door_answer(door, "accept");
	}
	door->stopping |= door->n == door->stop_at;
	return ASSAY_OK;
}

/* assay_door_wait - answers, then the test's turn, then a short wait */
enum assay_status assay_door_wait(
    struct assay_door *door, int fd, int64_t timeout_ms, struct assay_err *err)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	(void)err;
	ASSAY_ASSERT(timeout_ms >= 0);
	door->waits++;
	door->timeout_ms = timeout_ms;
	if (!door->hold)
		fake_door_answer(door, "accept");
	if (door->turn != NULL && (!door->stopping || door->lingers) &&
	    !door->turn(door, door->arg))
		door->stopping = true;
	if (door->stopping && !door->lingers)
		return ASSAY_END;
	if (timeout_ms > door->longest_ms)
		timeout_ms = door->longest_ms;
	return poll(&wait, 1, (int)timeout_ms) > 0 ? ASSAY_OK : ASSAY_END;
}

/* assay_door_room - as the test has it */
bool assay_door_room(const struct assay_door *door)
{
	return !door->full;
}

/* assay_door_socket - the test's */
int assay_door_socket(const struct assay_door *door, size_t i)
{
	return i < door->nsockets ? door->sockets[i] : -1;
}

/* assay_door_option - the two that a provider asks for */
int64_t assay_door_option(const struct assay_door *door, const char *name)
{
	if (strcmp(name, "message_size") == 0)
		return door->message_size;
	ASSAY_ASSERT(strcmp(name, "overload_wait") == 0);
	return door->overload_wait;
}

/* assay_door_stopping - see plugin.h */
bool assay_door_stopping(const struct assay_door *door)
{
	return door->stopping;
}

/* assay_door_keeps - as the test says */
bool assay_door_keeps(const struct assay_door *door)
{
	return door->keeps;
}

/* assay_door_progress - the last one counts */
void assay_door_progress(struct assay_door *door, uint64_t bytes)
{
	door->progress = bytes;
}
