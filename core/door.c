/*
 * core/door.c - see door.h. Touches the processes of its pool, the descriptors it is given and
 * memory files of its own; the only place that polls. One mail's misfortune becomes that mail's
 * report; when scan processes cannot be started at all, the call fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/ask.h"
#include "core/container.h"
#include "core/digest.h"
#include "core/door.h"
#include "core/engine.h"
#include "core/json.h"
#include "core/pool.h"
#include "core/sandbox.h"
#include "core/scanproc.h"

#define JOBS_MAX 512u
#define DOZE_MS 3600000               /* poll counts in an int */
#define HELD_MAX ((uint64_t)32 << 20) /* above it the next message waits outside */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* One mail between submission and answer. */
struct entry {
	struct assay_ask ask;
	struct assay_pool_slot *slot; /* while somebody scans it */
	int message;                  /* sealed copy; -1: too large to be copied */
	uint64_t size;
	void *tag;
	void (*done)(void *arg, const char *action); /* of the submission; or NULL */
	void *done_arg;
};

struct assay_door {
	struct assay_door_options options;
	struct assay_scanproc_options scanproc;
	struct assay_pool pool;
	struct entry *ring;
	size_t room, first, n; /* entries [first, first + n) modulo room are in use, in order */
	uint64_t held;         /* bytes of the messages in the ring */
	int64_t timeout_ms;
	bool stopping, told_weaker;
	enum assay_status fatal; /* scan processes cannot be had */
	struct assay_err why_fatal;
	char last_action[16];
};

/* at - the i-th waiting mail */
static struct entry *at(struct assay_door *door, size_t i)
{
	return &door->ring[(door->first + i) % door->room];
}

/* child - what a forked scan process does */
static int child(void *arg, int sock)
{
	return assay_scanproc_run(arg, sock);
}

/* assay_door_open - no process yet: they start with the first mails */
enum assay_status assay_door_open(
    const struct assay_door_options *options, struct assay_door **door, struct assay_err *err)
{
	struct assay_door *d;

	if (options->jobs == 0 || options->jobs > JOBS_MAX)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "between 1 and %u jobs, not %zu", JOBS_MAX, options->jobs);
	d = assay_xcalloc(1, sizeof *d);
	d->options = *options;
	d->scanproc = (struct assay_scanproc_options){
		.engine = options->engine,
		.sandbox = options->sandbox,
		.message_max = (uint64_t)assay_opt_int(options->core, "message_size"),
		.recycle = (unsigned)assay_opt_int(options->core, "recycle_after"),
	};
	d->timeout_ms =
	    assay_opt_int(options->core, options->bulk ? "bulk_timeout" : "message_timeout");
	/* One more in preparation per process keeps them all at work. */
	d->room = options->jobs * 2 + 1;
	d->ring = assay_xcalloc(d->room, sizeof *d->ring);
	assay_pool_init(&d->pool, options->jobs, child, &d->scanproc, options->foreign);
	d->pool.recycle = d->scanproc.recycle;
	*door = d;
	return ASSAY_OK;
}

/* ---- taking a mail in ------------------------------------------------------------------------ */

/* copy_fd - all of a descriptor into a memory file; `most` bytes and one more show that it is
 * larger */
static enum assay_status copy_fd(
    int from, int to, uint64_t most, uint64_t *size, struct assay_err *err)
{
	char room[65536];

	*size = 0;
	while (*size <= most) {
		ssize_t n = sendfile(to, from, NULL, (size_t)(most + 1 - *size));

		if (n < 0 && (errno == EINVAL || errno == ENOSYS)) { /* a pipe or terminal */
			n = read(from, room, sizeof room);
			if (n > 0 && assay_io_write_full(to, room, (size_t)n, err) != ASSAY_OK)
				return ASSAY_E_IO;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return assay_err_set(err, ASSAY_E_IO, "cannot read: %s", strerror(errno));
		if (n == 0)
			return ASSAY_OK;
		*size += (uint64_t)n;
	}
	return ASSAY_E_LIMIT;
}

/* fill - the submission's bytes into the memory file; E_LIMIT: they are too many */
static enum assay_status fill(const struct assay_submission *submission, int fd, uint64_t most,
    struct entry *entry, struct assay_err *err)
{
	struct stat st;

	if (submission->fd < 0) {
		entry->size = submission->bytes.n;
		if (entry->size > most)
			return ASSAY_E_LIMIT;
		return assay_io_write_full(fd, submission->bytes.p, submission->bytes.n, err);
	}
	if (fstat(submission->fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > most) {
		entry->size = (uint64_t)st.st_size;
		return ASSAY_E_LIMIT;
	}
	return copy_fd(submission->fd, fd, most, &entry->size, err);
}

/* take_message - the door's own copy, sealed: what the scan process maps cannot shrink, and what is
 * archived is what came in. message -1 when it is too large. */
static enum assay_status take_message(struct assay_door *door, struct entry *entry,
    const struct assay_submission *submission, struct assay_err *err)
{
	enum assay_status st = assay_io_memfd("assay-message", &entry->message, err);

	if (st == ASSAY_OK)
		st = fill(submission, entry->message, door->scanproc.message_max, entry, err);
	if (st == ASSAY_OK && fcntl(entry->message, F_ADD_SEALS, SEALS) != 0)
		st = assay_err_set(err, ASSAY_E_IO, "cannot seal the message: %s", strerror(errno));
	if (st != ASSAY_OK)
		assay_io_close(&entry->message);
	return st == ASSAY_E_LIMIT ? ASSAY_OK : st;
}

/* make_request - members of core/request.h */
static json_t *make_request(const struct assay_door *door, const struct assay_submission *from)
{
	json_t *request = json_object(), *time;

	assay_json_set(request, "source", assay_json_str(from->source));
	assay_json_set(request, "source_id", assay_json_str(from->source_id));
	assay_json_set(request, "filename", assay_json_str(from->filename));
	assay_json_set(request, "content_type", assay_json_str(from->content_type));
	assay_json_set(request, "bulk", json_boolean(door->options.bulk));
	assay_json_set(request, "extra_data", from->extra != NULL ? from->extra : json_array());
	if (door->options.extra != NULL)
		(void)json_array_extend(json_object_get(request, "extra_data"),
		    (json_t *)(uintptr_t)door->options.extra);
	if (from->message_time_ms != 0) {
		time = json_object();
		assay_json_set(time, "utc", assay_json_int(from->message_time_ms));
		assay_json_set(time, "source", assay_json_str(from->message_time_source));
		assay_json_set(request, "message_time", time);
	}
	if (door->options.request_common != NULL)
		(void)json_object_update(
		    request, (json_t *)(uintptr_t)door->options.request_common);
	return request;
}

/* name_mail - its scan_id is ours to give: an answer under another mail's would replace that one */
static void name_mail(json_t *request, int message)
{
	const char *source_id = assay_json_get_str(request, "source_id");
	char id[ASSAY_UUID_TEXT], sha256[ASSAY_DIGEST_TEXT] = "";
	struct assay_request named;
	struct assay_io_map map;
	struct assay_err err;

	if (message < 0 || json_object_get(request, "scan_id") != NULL)
		return;
	assay_request_init(&named);
	named.source_id = source_id;
	if (source_id != NULL) {
		if (assay_io_map(message, SIZE_MAX, &map, &err) != ASSAY_OK)
			return;
		assay_digest_hex(ASSAY_SHA256, assay_slice(map.p, map.n), sha256);
		assay_io_unmap(&map);
	}
	assay_request_scan_id(&named, sha256, id);
	assay_json_set(request, "scan_id", assay_json_own(id));
}

/* accept_mail - one more in the ring */
static enum assay_status accept_mail(struct assay_door *door,
    const struct assay_submission *submission, void *tag, struct assay_err *err)
{
	struct entry *entry = at(door, door->n);
	struct assay_ask_mail mail = { 0 };
	enum assay_status st;

	entry->slot = NULL;
	entry->tag = tag;
	entry->done = NULL;
	entry->message = -1;
	st = take_message(door, entry, submission, err);
	mail.request = make_request(door, submission);
	name_mail(mail.request, entry->message);
	mail.message = entry->message;
	/* It may wait here for others: nobody does, outside. */
	mail.time_ms = door->timeout_ms;
	assay_ask_init(&entry->ask, &mail);
	if (st != ASSAY_OK) {
		assay_ask_release(&entry->ask);
		return st;
	}
	if (entry->message < 0) {
		entry->ask.state = ASSAY_ASK_DONE;
		entry->ask.why = "message_size";
	}
	entry->done = submission->done;
	entry->done_arg = submission->done_arg;
	door->n++;
	door->held += entry->message >= 0 ? entry->size : 0;
	return ASSAY_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* give_answer - to whoever opened the door */
static void give_answer(struct assay_door *door, const struct assay_answer *answer)
{
	(void)snprintf(door->last_action, sizeof door->last_action, "%s", answer->action);
	if (!door->options.answer(door->options.arg, answer))
		door->stopping = true;
}

/* answer_scanned - a report came */
static void answer_scanned(
    struct assay_door *door, const struct entry *entry, struct assay_slice message)
{
	const struct assay_ask *ask = &entry->ask;
	struct assay_container kept;

	assay_container_open(&kept, ask->keep, ask->verdict.keep_count, message);
	give_answer(door,
	    &(struct assay_answer){
		.report = assay_buf_slice(&ask->report),
		.action = assay_wire_action_name(ask->verdict.action),
		.status = assay_wire_scanned_name(ask->verdict.scanned),
		.scan_id = ask->verdict.scan_id,
		.tries = ask->tries,
		.bytes = message,
		.keep = kept.kept,
		.nkeep = kept.n,
		.tag = entry->tag,
	    });
	assay_container_close(&kept);
}

/* sentence - for errors[] of a report the door writes itself */
static const char *sentence(const struct assay_ask *ask)
{
	if (ask->why == NULL || strcmp(ask->why, "crashed") == 0)
		return "the scan process died again and again on this message";
	if (strcmp(ask->why, "timeout") == 0)
		return "the deadline of the message was met before the end of the scan";
	if (strcmp(ask->why, "message_size") == 0)
		return "larger than message_size; not scanned";
	return ask->err.text;
}

/* answer_unscanned - the door's own report; `message` is empty where there is no copy */
static void answer_unscanned(
    struct assay_door *door, const struct entry *entry, struct assay_slice message)
{
	const struct assay_ask *ask = &entry->ask;
	struct assay_unscanned what = { .status = "unscanned",
		.why = ask->why,
		.error = sentence(ask),
		.plugin = ask->blamed[0] != '\0' ? ask->blamed : NULL,
		.size = entry->size };
	struct assay_arena *arena = assay_arena_new();
	struct assay_request request;
	struct assay_scan scan;
	struct assay_err err;

	assay_request_init(&request);
	if (assay_request_read(&request, arena, json_incref(ask->mail.request), &err) != ASSAY_OK)
		assay_request_init(&request);
	assay_engine_unscanned(door->options.engine, &request, message, &what, &scan);
	give_answer(door,
	    &(struct assay_answer){
		.report = scan.json,
		.action = scan.action,
		.status = scan.status,
		.scan_id = scan.scan_id,
		.tries = ask->tries,
		.bytes = message,
		.tag = entry->tag,
	    });
	assay_scan_release(&scan);
	assay_arena_free(&arena);
}

/* deliver - the oldest mail, which is done, leaves */
static void deliver(struct assay_door *door)
{
	struct entry *entry = at(door, 0);
	struct assay_io_map map = { "", 0 };
	struct assay_slice message = ASSAY_SLICE_NONE;
	struct assay_err err;

	if (entry->message >= 0 && assay_io_map(entry->message, SIZE_MAX, &map, &err) == ASSAY_OK)
		message = assay_slice(map.p, map.n);
	if (!door->stopping) {
		if (entry->ask.answered)
			answer_scanned(door, entry, message);
		else
			answer_unscanned(door, entry, message);
	}
	if (entry->done != NULL)
		entry->done(entry->done_arg, door->stopping ? NULL : door->last_action);
	assay_io_unmap(&map);
	door->held -= entry->message >= 0 ? entry->size : 0;
	assay_io_close(&entry->message);
	assay_ask_release(&entry->ask);
	door->first = (door->first + 1) % door->room;
	door->n--;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* give_up - scan processes cannot be had at all */
static void give_up(struct assay_door *door, const struct assay_err *why)
{
	if (door->fatal != ASSAY_OK)
		return;
	door->fatal = why->code != ASSAY_OK ? why->code : ASSAY_E_IO;
	door->why_fatal = *why;
	door->stopping = true;
}

/* tell_weaker - once, when the kernel has refused a part of the sandbox that was planned */
static void tell_weaker(struct assay_door *door, unsigned active)
{
	struct assay_sandbox now = *door->options.sandbox;
	char text[ASSAY_SANDBOX_TEXT];

	if (door->told_weaker || (now.planned & ~active) == 0)
		return;
	door->told_weaker = true;
	now.planned &= active;
	assay_sandbox_describe(&now, text);
	assay_log(ASSAY_LOG_INFO, "the sandbox has fewer layers than usual here: %s", text);
}

/* stepped - what follows from a conversation's new state */
static void stepped(struct assay_door *door, struct entry *entry)
{
	struct assay_ask *ask = &entry->ask;

	if (ask->state == ASSAY_ASK_LOST) {
		(void)assay_pool_bury(&door->pool, entry->slot);
		entry->slot = NULL;
		(void)assay_ask_bury(ask);
	} else if (ask->state == ASSAY_ASK_DONE && entry->slot != NULL) {
		tell_weaker(door, ask->active);
		assay_pool_give(&door->pool, entry->slot);
		entry->slot = NULL;
	}
	if (ask->state == ASSAY_ASK_DONE && ask->why != NULL && strcmp(ask->why, "unable") == 0) {
		if (ask->err.text[0] == '\0')
			(void)assay_err_set(&ask->err, ASSAY_E_DEAD, "scan processes die at start");
		give_up(door, &ask->err);
	}
}

/* assign - free processes to waiting mails, oldest first */
static void assign(struct assay_door *door)
{
	struct assay_err err = { .code = ASSAY_OK };

	for (size_t i = 0; i < door->n && door->fatal == ASSAY_OK; i++) {
		struct entry *entry = at(door, i);

		if (entry->ask.state != ASSAY_ASK_WAITING)
			continue;
		entry->slot = assay_pool_take(&door->pool, &err);
		if (entry->slot == NULL)
			break;
		assay_ask_attach(&entry->ask,
		    &(struct assay_ask_line){ .wire = &entry->slot->wire,
			.page = &entry->slot->page,
			.fresh = entry->slot->mails == 0 });
		(void)assay_ask_step(&entry->ask, false);
		stepped(door, entry);
	}
	if (err.code != ASSAY_OK)
		give_up(door, &err);
}

/* poll_all - waits for the running conversations and moves them on */
static void poll_all(struct assay_door *door)
{
	struct pollfd fds[JOBS_MAX];
	struct entry *of[JOBS_MAX];
	int64_t now_ms = assay_clock_mono_ms(), wake_ms = now_ms + DOZE_MS;
	nfds_t n = 0;

	for (size_t i = 0; i < door->n; i++) {
		struct entry *entry = at(door, i);

		if (entry->ask.state != ASSAY_ASK_RUNNING)
			continue;
		of[n] = entry;
		fds[n++] = (struct pollfd){ .fd = entry->slot->wire.sock, .events = POLLIN };
		if (assay_ask_wake_ms(&entry->ask) < wake_ms)
			wake_ms = assay_ask_wake_ms(&entry->ask);
	}
	if (n == 0)
		return;
	if (poll(fds, n, wake_ms > now_ms ? (int)(wake_ms - now_ms) : 0) < 0)
		return; /* interrupted: the caller comes again */
	for (nfds_t i = 0; i < n; i++) {
		(void)assay_ask_step(&of[i]->ask, fds[i].revents != 0);
		stepped(door, of[i]);
	}
}

/* advance - deliver what is done; wait once until more than `most` mails are no longer there */
static enum assay_status advance(struct assay_door *door, size_t most, struct assay_err *err)
{
	for (;;) {
		while (door->n > 0 && at(door, 0)->ask.state == ASSAY_ASK_DONE &&
		    door->fatal == ASSAY_OK)
			deliver(door);
		if (door->fatal != ASSAY_OK)
			return assay_err_set(err, door->fatal, "%s", door->why_fatal.text);
		assign(door);
		if (door->n <= most)
			return ASSAY_OK;
		if (at(door, 0)->ask.state != ASSAY_ASK_DONE)
			poll_all(door);
	}
}

/* assay_door_submit - into the ring, when there is room */
enum assay_status assay_door_submit(struct assay_door *door,
    const struct assay_submission *submission, void *tag, struct assay_err *err)
{
	int fd = submission->fd;
	enum assay_status st = ASSAY_END;

	if (!door->stopping)
		st = advance(door, door->held < HELD_MAX ? door->room - 1 : 0, err);
	if (st == ASSAY_OK)
		st = accept_mail(door, submission, tag, err);
	else
		json_decref(submission->extra);
	assay_io_close(&fd);
	return st == ASSAY_OK ? advance(door, door->room, err) : st;
}

/* assay_door_flush - every answer given */
enum assay_status assay_door_flush(struct assay_door *door, struct assay_err *err)
{
	return door->stopping && door->fatal == ASSAY_OK ? ASSAY_END : advance(door, 0, err);
}

/* assay_door_close - the end; what was not answered is dropped */
void assay_door_close(struct assay_door **door)
{
	struct assay_door *d = *door;

	if (d == NULL)
		return;
	assay_pool_release(&d->pool);
	for (; d->n > 0; d->n--, d->first = (d->first + 1) % d->room) {
		if (at(d, 0)->done != NULL)
			at(d, 0)->done(at(d, 0)->done_arg, NULL);
		assay_io_close(&at(d, 0)->message);
		assay_ask_release(&at(d, 0)->ask);
	}
	free(d->ring);
	free(d);
	*door = NULL;
}

/* ---- what a provider sees -------------------------------------------------------------------- */

/* assay_submit - one mail; whoever wants the verdict waits for it */
enum assay_status assay_submit(struct assay_door *door, const struct assay_submission *submission,
    const char **verdict, struct assay_err *err)
{
	enum assay_status st = assay_door_submit(door, submission, NULL, err);

	if (st != ASSAY_OK || verdict == NULL)
		return st;
	st = assay_door_flush(door, err);
	*verdict = door->last_action;
	return st;
}

/* assay_door_wait - the command's own scans end before anything is waited for */
enum assay_status assay_door_wait(
    struct assay_door *door, int fd, int64_t timeout_ms, struct assay_err *err)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	enum assay_status st = assay_door_flush(door, err);

	if (st != ASSAY_OK)
		return st;
	if (poll(&wait, 1, timeout_ms < DOZE_MS ? (int)timeout_ms : DOZE_MS) > 0)
		return ASSAY_OK;
	return ASSAY_END;
}

/* assay_door_stopping - shall the provider come to an end? */
bool assay_door_stopping(const struct assay_door *door)
{
	return door->stopping;
}
