/*
 * core/door.c - see door.h. Touches the lines it was given, the descriptors of submissions and
 * memory files of its own. One mail's misfortune becomes that mail's
 * report; when scan processes cannot be started at all, the call fails.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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
#include "core/line.h"
#include "core/request.h"
#include "core/sandbox.h"

#define LINES_MAX 512u
#define AGAIN_MS 1000 /* before an answer that could not be kept is offered again */
#define NAP_MS 20     /* before a line is asked for again that could not be had, or broke at once */
#define DOZE_MS 3600000               /* poll counts in an int */
#define HELD_MAX ((uint64_t)32 << 20) /* above it the next message waits outside */

/* One mail between submission and answer. */
struct entry {
	bool used;
	uint64_t number; /* in the order of submission */
	struct assay_ask ask;
	struct assay_line *line; /* while somebody scans it */
	int message;             /* sealed; -1: too large to be copied, or not here */
	bool copied;             /* it is a copy of ours, not the submission's own file */
	uint64_t size;
	int64_t since_ms, not_before_ms;
	void *tag;
	struct assay_door_done done;
};

struct assay_door {
	struct assay_door_options options;
	struct entry *entry;
	size_t room, n, high; /* high: no entry from there on is used */
	uint64_t next, first; /* numbers: of the next mail, of the oldest not answered */
	uint64_t held;        /* bytes of the copies in the entries */
	uint64_t message_max;
	int64_t timeout_ms;
	int64_t again_ms; /* the receiver cannot keep answers before that; 0: it can */
	int64_t nap_ms;   /* no line can be had before that; -1: before one is free again */
	bool stopping;    /* the receiver wants no more */
	bool ending;      /* the provider shall end */
	bool told_weaker;
	enum assay_status fatal; /* scan processes cannot be had */
	struct assay_err why_fatal;
	char last_action[16];
};

/* assay_door_open - nothing is asked yet */
enum assay_status assay_door_open(
    const struct assay_door_options *options, struct assay_door **door, struct assay_err *err)
{
	struct assay_door *d = assay_xcalloc(1, sizeof *d);
	size_t lines = options->lines->most;

	(void)err;
	d->options = *options;
	d->message_max = (uint64_t)assay_opt_int(options->core, "message_size");
	d->timeout_ms = options->timeout_ms != 0
	    ? options->timeout_ms
	    : assay_opt_int(options->core, options->bulk ? "bulk_timeout" : "message_timeout");
	/* One more in preparation per process keeps them all at work. */
	d->room = (lines < LINES_MAX ? lines : LINES_MAX) * 2 + 1;
	d->entry = assay_xcalloc(d->room, sizeof *d->entry);
	*door = d;
	return ASSAY_OK;
}

/* vacant - an unused entry; there is one when n < room */
static struct entry *vacant(struct assay_door *door)
{
	for (size_t i = 0; i < door->room; i++)
		if (!door->entry[i].used)
			return &door->entry[i];
	ASSAY_BUG("no entry is free of %zu", door->room);
}

/* next_of - the used entry with the smallest number not below `from`; NULL: none */
static struct entry *next_of(struct assay_door *door, uint64_t from)
{
	struct entry *found = NULL;

	for (size_t i = 0; i < door->high; i++) {
		struct entry *entry = &door->entry[i];

		if (entry->used && entry->number >= from &&
		    (found == NULL || entry->number < found->number))
			found = entry;
	}
	return found;
}

/* ---- taking a mail in ------------------------------------------------------------------------ */

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
	return assay_io_copy(submission->fd, fd, most, &entry->size, err);
}

/* is_sealed - a memory file that nobody can change, and not too large */
static bool is_sealed(int fd, uint64_t most, uint64_t *size)
{
	off_t n = fd >= 0 && assay_io_is_sealed(fd) ? assay_io_size(fd) : -1;

	*size = n >= 0 ? (uint64_t)n : 0;
	return n >= 0 && *size <= most;
}

/* take_message - the door's own copy, sealed: what the scan process maps cannot shrink, and what is
 * archived is what came in. message -1 when it is too large. */
static enum assay_status take_message(struct assay_door *door, struct entry *entry,
    const struct assay_submission *submission, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	if (is_sealed(submission->fd, door->message_max, &entry->size)) {
		entry->message = fcntl(submission->fd, F_DUPFD_CLOEXEC, 3);
		if (entry->message >= 0)
			return ASSAY_OK;
	}
	if (submission->fd < 0 && submission->bytes.p == NULL && submission->unscanned != NULL) {
		entry->size = submission->bytes.n;
		return ASSAY_OK;
	}
	entry->copied = true;
	st = assay_io_memfd("assay-message", &entry->message, err);
	if (st == ASSAY_OK)
		st = fill(submission, entry->message, door->message_max, entry, err);
	if (st == ASSAY_OK)
		st = assay_io_seal(entry->message, err);
	if (st != ASSAY_OK)
		assay_io_close(&entry->message);
	return st == ASSAY_E_LIMIT ? ASSAY_OK : st;
}

/* named - as it stands in the request */
static json_t *named(const struct assay_door *door, const char *name)
{
	if (door->options.rename != NULL)
		name = door->options.rename(door->options.arg, name);
	return assay_json_str(name);
}

/* make_request - members of core/request.h */
static json_t *make_request(const struct assay_door *door, const struct assay_submission *from)
{
	json_t *request = json_object(), *time;

	assay_json_set(request, "source", assay_json_str(from->source));
	assay_json_set(request, "source_id", named(door, from->source_id));
	assay_json_set(request, "filename", named(door, from->filename));
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
	if (from->request != NULL) {
		(void)json_object_update(request, from->request);
		json_decref(from->request);
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

	if (json_object_get(request, "scan_id") != NULL || (message < 0 && source_id == NULL))
		return;
	assay_request_init(&named);
	named.source_id = source_id;
	if (source_id != NULL && message >= 0) {
		if (assay_io_map(message, SIZE_MAX, &map, &err) != ASSAY_OK)
			return;
		assay_digest_hex(ASSAY_SHA256, assay_slice(map.p, map.n), sha256);
		assay_io_unmap(&map);
	}
	assay_request_scan_id(&named, sha256, id);
	assay_json_set(request, "scan_id", assay_json_own(id));
}

/* held - memory that it takes here; what the provider holds anyway is the provider's */
static uint64_t held(const struct entry *entry)
{
	return entry->message >= 0 && entry->copied ? entry->size : 0;
}

/* forget - the entry is free again */
static void forget(struct assay_door *door, struct entry *entry)
{
	if (entry->done.fn != NULL)
		entry->done.fn(entry->done.arg, NULL);
	door->held -= held(entry);
	assay_io_close(&entry->message);
	assay_ask_release(&entry->ask);
	entry->used = false;
	while (door->high > 0 && !door->entry[door->high - 1].used)
		door->high--;
	door->n--;
}

/* admit - may it be scanned? False: it is not wanted at all */
static bool admit(struct assay_door *door, struct entry *entry, const char *unscanned)
{
	const char *why = NULL;

	if (door->options.admit != NULL)
		why = door->options.admit(door->options.arg, entry->ask.mail.request, entry->size);
	if (why != NULL && why[0] == '\0')
		return false;
	if (unscanned != NULL || entry->message < 0)
		why = unscanned != NULL ? unscanned : "message_size";
	if (why != NULL) {
		entry->ask.state = ASSAY_ASK_DONE;
		entry->ask.why = why;
	}
	return true;
}

/* accept_mail - one more; takes the request */
static enum assay_status accept_mail(struct assay_door *door, json_t *request,
    const struct assay_submission *submission, void *tag, struct assay_err *err)
{
	struct entry *entry = vacant(door);
	struct assay_ask_mail mail = { .request = request };
	enum assay_status st;

	*entry = (struct entry){ .number = door->next, .tag = tag, .message = -1 };
	entry->since_ms = assay_clock_mono_ms();
	entry->done = (struct assay_door_done){
		.fn = submission->done, .verdict = submission->verdict, .arg = submission->done_arg
	};
	st = take_message(door, entry, submission, err);
	name_mail(request, entry->message);
	mail.message = entry->message;
	/* It may wait here for others, when nobody does, outside. */
	mail.time_ms = door->timeout_ms;
	mail.deadline_ms = door->options.bulk ? 0 : entry->since_ms + door->timeout_ms;
	assay_ask_init(&entry->ask, &mail);
	if (st != ASSAY_OK) {
		assay_ask_release(&entry->ask);
		return st;
	}
	entry->used = true;
	if (door->high <= (size_t)(entry - door->entry))
		door->high = (size_t)(entry - door->entry) + 1;
	door->next++;
	door->n++;
	door->held += held(entry);
	if (!admit(door, entry, submission->unscanned))
		forget(door, entry);
	return ASSAY_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* give_answer - to whoever opened the door; false: it comes again */
static bool give_answer(
    struct assay_door *door, struct entry *entry, const struct assay_answer *answer)
{
	switch (door->options.answer(door->options.arg, answer, &entry->done)) {
	case ASSAY_DOOR_AGAIN:
		return false;
	case ASSAY_DOOR_STOP:
		door->stopping = true;
		break;
	case ASSAY_DOOR_TAKEN:
		break;
	}
	entry->done.fn = NULL;
	(void)snprintf(door->last_action, sizeof door->last_action, "%s", answer->action);
	return true;
}

/* took - how long it was here */
static int64_t took(const struct entry *entry)
{
	return assay_clock_mono_ms() - entry->since_ms;
}

/* answer_scanned - a report came */
static bool answer_scanned(struct assay_door *door, struct entry *entry, struct assay_slice message)
{
	const struct assay_ask *ask = &entry->ask;
	struct assay_container kept;
	bool given;

	assay_ask_payloads(ask, message, &kept);
	given = give_answer(door, entry,
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
		.request = ask->mail.request,
		.took_ms = took(entry),
	    });
	assay_container_close(&kept);
	return given;
}

/* answer_unscanned - the door's own report; `message` is empty where there is no copy */
static bool answer_unscanned(
    struct assay_door *door, struct entry *entry, struct assay_slice message)
{
	const struct assay_ask *ask = &entry->ask;
	bool given;
	struct assay_unscanned what = { .status = "unscanned",
		.why = ask->why,
		.error = assay_ask_sentence(ask),
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
	given = give_answer(door, entry,
	    &(struct assay_answer){
		.report = scan.json,
		.action = scan.action,
		.status = scan.status,
		.scan_id = scan.scan_id,
		.tries = ask->tries,
		.bytes = message,
		.tag = entry->tag,
		.request = ask->mail.request,
		.why = ask->why,
		.took_ms = took(entry),
	    });
	assay_scan_release(&scan);
	assay_arena_free(&arena);
	return given;
}

/* deliver - a mail that is done leaves, unless the receiver cannot keep it now */
static void deliver(struct assay_door *door, struct entry *entry)
{
	struct assay_io_map map = { "", 0 };
	struct assay_slice message = ASSAY_SLICE_NONE;
	struct assay_err err;
	bool given = true;

	if (entry->message >= 0 && assay_io_map(entry->message, SIZE_MAX, &map, &err) == ASSAY_OK)
		message = assay_slice(map.p, map.n);
	if (!door->stopping)
		given = entry->ask.answered ? answer_scanned(door, entry, message)
					    : answer_unscanned(door, entry, message);
	assay_io_unmap(&map);
	door->again_ms = given ? 0 : assay_clock_mono_ms() + AGAIN_MS;
	if (given)
		forget(door, entry);
}

/* deliver_all - the oldest first; where order matters only the oldest */
static void deliver_all(struct assay_door *door)
{
	uint64_t from = door->first;
	struct entry *entry;

	if (door->again_ms > assay_clock_mono_ms())
		return;
	door->again_ms = 0;
	while ((entry = next_of(door, from)) != NULL && door->fatal == ASSAY_OK) {
		bool done = entry->ask.state == ASSAY_ASK_DONE;

		if (!done && !door->options.unordered)
			break;
		from = entry->number + 1;
		if (done)
			deliver(door, entry);
		if (door->again_ms != 0)
			break;
	}
	entry = next_of(door, 0);
	door->first = entry != NULL ? entry->number : door->next;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* assay_door_fail - see door.h */
void assay_door_fail(struct assay_door *door, const struct assay_err *why)
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
	char text[ASSAY_SANDBOX_TEXT];
	struct assay_sandbox now;

	if (door->told_weaker || door->options.sandbox == NULL ||
	    (door->options.sandbox->planned & ~active) == 0)
		return;
	now = *door->options.sandbox;
	door->told_weaker = true;
	now.planned &= active;
	assay_sandbox_describe(&now, text);
	assay_log(ASSAY_LOG_INFO, "the sandbox has fewer layers than usual here: %s", text);
}

/* stepped - what follows from a conversation's new state */
static void stepped(struct assay_door *door, struct entry *entry)
{
	struct assay_lines *lines = door->options.lines;
	struct assay_ask *ask = &entry->ask;

	if (ask->state == ASSAY_ASK_LOST) {
		/* Not even asked: whoever takes lines only to drop them shall not be hurried. */
		if (!ask->asked)
			entry->not_before_ms = assay_clock_mono_ms() + NAP_MS;
		lines->bury(lines, entry->line);
		(void)assay_ask_bury(ask);
		entry->line = NULL;
	} else if (ask->state == ASSAY_ASK_DONE && entry->line != NULL) {
		tell_weaker(door, ask->active);
		lines->give(lines, entry->line);
		entry->line = NULL;
	}
	if (ask->state == ASSAY_ASK_DONE && ask->why != NULL && strcmp(ask->why, "unable") == 0) {
		if (ask->err.text[0] == '\0')
			(void)assay_err_set(&ask->err, ASSAY_E_DEAD, "scan processes die at start");
		assay_door_fail(door, &ask->err);
	}
}

/* overloads - when this mail has waited long enough for a scan process; INT64_MAX: it need not */
static int64_t overloads(const struct assay_door *door, const struct entry *entry)
{
	bool waits = entry->ask.state == ASSAY_ASK_WAITING ||
	    (entry->ask.state == ASSAY_ASK_RUNNING && !entry->ask.asked);

	if (!waits || door->options.wait_ms == 0 || entry->ask.tries > 0)
		return INT64_MAX;
	return entry->since_ms + door->options.wait_ms;
}

/* shed - mails that have waited long enough */
static void shed(struct assay_door *door)
{
	struct assay_lines *lines = door->options.lines;
	int64_t now_ms = assay_clock_mono_ms();

	for (size_t i = 0; i < door->high && door->options.wait_ms > 0; i++) {
		struct entry *entry = &door->entry[i];

		if (!entry->used || overloads(door, entry) > now_ms)
			continue;
		if (entry->line != NULL)
			lines->bury(lines, entry->line);
		entry->line = NULL;
		entry->ask.state = ASSAY_ASK_DONE;
		entry->ask.why = "overload";
	}
}

/* assign - lines to waiting mails, oldest first */
static void assign(struct assay_door *door)
{
	struct assay_lines *lines = door->options.lines;
	struct assay_err err = { .code = ASSAY_OK };
	int64_t now_ms = assay_clock_mono_ms();
	struct entry *entry;

	if (door->nap_ms > now_ms)
		return;
	door->nap_ms = 0;
	for (uint64_t from = door->first; (entry = next_of(door, from)) != NULL;) {
		from = entry->number + 1;
		if (entry->ask.state != ASSAY_ASK_WAITING || entry->not_before_ms > now_ms)
			continue;
		entry->line = lines->take(lines, &err);
		door->nap_ms = entry->line == NULL ? -1 : 0;
		if (entry->line == NULL)
			break;
		assay_ask_attach(&entry->ask, entry->line);
		(void)assay_ask_step(&entry->ask, false);
		stepped(door, entry);
		if (door->fatal != ASSAY_OK)
			return;
	}
	if (err.code == ASSAY_E_DEAD || err.code == ASSAY_E_FULL) /* not now */
		door->nap_ms = now_ms + NAP_MS * 10;
	else if (err.code != ASSAY_OK)
		assay_door_fail(door, &err);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What one turn waits for. */
struct watch {
	struct pollfd fds[LINES_MAX + 2];
	struct entry *of[LINES_MAX + 2];
	nfds_t n;
	int64_t wake_ms;
};

/* sooner - not later than this */
static void sooner(struct watch *watch, int64_t ms)
{
	if (ms < watch->wake_ms)
		watch->wake_ms = ms;
}

/* watch_fd - one more descriptor; entry NULL: not a conversation's */
static void watch_fd(struct watch *watch, int fd, struct entry *entry)
{
	watch->of[watch->n] = entry;
	watch->fds[watch->n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* watch_entries - running conversations, and those that shall begin later */
static void watch_entries(struct assay_door *door, struct watch *watch)
{
	for (size_t i = 0; i < door->high; i++) {
		struct entry *entry = &door->entry[i];

		if (!entry->used)
			continue;
		sooner(watch, overloads(door, entry));
		if (entry->ask.state == ASSAY_ASK_RUNNING) {
			watch_fd(watch, entry->line->wire.sock, entry);
			sooner(watch, assay_ask_wake_ms(&entry->ask));
		} else if (entry->ask.state == ASSAY_ASK_WAITING) {
			if (door->nap_ms >= 0 && entry->not_before_ms > door->nap_ms)
				sooner(watch, entry->not_before_ms);
			else if (door->nap_ms > 0)
				sooner(watch, door->nap_ms);
		} else if (door->again_ms > 0) {
			sooner(watch, door->again_ms);
		}
	}
}

/* turn - waits once, at most until `until_ms`, for a conversation, for fd or for the order to end;
 * true: fd is readable */
static bool turn(struct assay_door *door, int fd, int64_t until_ms)
{
	int64_t now_ms = assay_clock_mono_ms();
	struct watch watch = { .n = 0, .wake_ms = now_ms + DOZE_MS };

	sooner(&watch, until_ms);
	if (door->options.tick != NULL)
		sooner(&watch, door->options.tick(door->options.arg, door->n));
	watch_fd(&watch, fd, NULL);
	watch_fd(&watch, door->ending ? -1 : door->options.stop_fd, NULL);
	watch_entries(door, &watch);
	if (poll(watch.fds, watch.n, watch.wake_ms > now_ms ? (int)(watch.wake_ms - now_ms) : 0) <
	    0)
		return false; /* interrupted: the caller comes again */
	if (watch.fds[1].revents != 0)
		door->ending = true;
	for (nfds_t i = 2; i < watch.n; i++) {
		(void)assay_ask_step(&watch.of[i]->ask, watch.fds[i].revents != 0);
		stepped(door, watch.of[i]);
	}
	return watch.fds[0].revents != 0;
}

/* settle - deliver what is done, begin what waits */
static enum assay_status settle(struct assay_door *door, struct assay_err *err)
{
	shed(door);
	deliver_all(door);
	if (door->fatal == ASSAY_OK)
		assign(door);
	/* A conversation may be over as soon as it is begun. */
	if (door->fatal != ASSAY_OK)
		return assay_err_set(err, door->fatal, "%s", door->why_fatal.text);
	return ASSAY_OK;
}

/* has_room - for one more mail */
static bool has_room(const struct assay_door *door)
{
	return door->n == 0 ||
	    (door->n < door->room && door->held < HELD_MAX && door->again_ms == 0);
}

/* take_in - when there is room; takes the request */
static enum assay_status take_in(struct assay_door *door, json_t *request,
    const struct assay_submission *submission, void *tag, struct assay_err *err)
{
	enum assay_status st = settle(door, err);
	bool hurry = submission->unscanned != NULL && door->n < door->room;

	if (st == ASSAY_OK && submission->unscanned != NULL && !hurry && !has_room(door))
		st = assay_err_set(err, ASSAY_E_FULL, "%zu messages wait already", door->n);
	while (st == ASSAY_OK && !door->stopping && !hurry && !has_room(door)) {
		if (door->ending && door->again_ms > 0)
			break;
		(void)turn(door, -1, INT64_MAX);
		st = settle(door, err);
	}
	if (st == ASSAY_OK && (door->stopping || (!hurry && !has_room(door))))
		st = ASSAY_END;
	if (st == ASSAY_OK)
		st = accept_mail(door, request, submission, tag, err);
	else
		json_decref(request);
	/* It is ours now, and will be told: what fails from here on the next call says. */
	if (st == ASSAY_OK)
		(void)settle(door, err);
	return st;
}

/* assay_door_submit - see door.h */
enum assay_status assay_door_submit(struct assay_door *door,
    const struct assay_submission *submission, void *tag, struct assay_err *err)
{
	json_t *request = make_request(door, submission);
	int fd = submission->fd;
	enum assay_status st = take_in(door, request, submission, tag, err);

	assay_io_close(&fd);
	return st;
}

/* assay_door_ask - see door.h */
enum assay_status assay_door_ask(struct assay_door *door, json_t *request,
    const struct assay_submission *submission, struct assay_err *err)
{
	int fd = submission->fd;
	enum assay_status st = take_in(door, request, submission, NULL, err);

	assay_io_close(&fd);
	return st;
}

/* assay_door_flush - every answer given */
enum assay_status assay_door_flush(struct assay_door *door, struct assay_err *err)
{
	enum assay_status st;

	if (door->stopping && door->fatal == ASSAY_OK)
		return ASSAY_END;
	st = settle(door, err);
	while (st == ASSAY_OK && door->n > 0) {
		if (door->ending && door->again_ms > 0)
			return assay_err_set(err, ASSAY_E_FULL,
			    "%zu messages are scanned and cannot be kept; their provider keeps "
			    "them",
			    door->n);
		(void)turn(door, -1, INT64_MAX);
		st = settle(door, err);
	}
	return st;
}

/* assay_door_close - the end; what was not answered is dropped */
void assay_door_close(struct assay_door **door)
{
	struct assay_door *d = *door;

	if (d == NULL)
		return;
	d->options.lines->close(d->options.lines);
	for (size_t i = 0; i < d->room; i++)
		if (d->entry[i].used)
			forget(d, &d->entry[i]);
	free(d->entry);
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

/* assay_door_wait - the scans go on meanwhile */
enum assay_status assay_door_wait(
    struct assay_door *door, int fd, int64_t timeout_ms, struct assay_err *err)
{
	int64_t until_ms = timeout_ms > DOZE_MS ? DOZE_MS : timeout_ms;
	enum assay_status st = settle(door, err);
	bool readable = false, ending = door->ending;

	until_ms += assay_clock_mono_ms();
	while (st == ASSAY_OK && !readable && !door->stopping && door->ending == ending &&
	    assay_clock_mono_ms() < until_ms) {
		readable = turn(door, fd, until_ms);
		st = settle(door, err);
	}
	return st == ASSAY_OK && !readable ? ASSAY_END : st;
}

/* assay_door_socket - those the process was started with */
int assay_door_socket(const struct assay_door *door, size_t i)
{
	return i < door->options.nsockets ? door->options.sockets[i] : -1;
}

/* assay_door_room - is there any? */
bool assay_door_room(const struct assay_door *door)
{
	return has_room(door);
}

/* assay_door_option - of [core] */
int64_t assay_door_option(const struct assay_door *door, const char *name)
{
	return assay_opt_int(door->options.core, name);
}

/* assay_door_stopping - shall the provider come to an end? */
bool assay_door_stopping(const struct assay_door *door)
{
	return door->stopping || door->ending;
}

/* assay_door_keeps - so says whoever opened it */
bool assay_door_keeps(const struct assay_door *door)
{
	return door->options.keeps;
}

/* assay_door_progress - for whoever opened it */
void assay_door_progress(struct assay_door *door, uint64_t bytes)
{
	if (door->options.progress != NULL)
		door->options.progress(door->options.arg, bytes);
}

/* assay_door_core - see door.h */
const struct assay_opts *assay_door_core(const struct assay_door *door)
{
	return door->options.core;
}
