/*
 * mbox - every message of an mbox file
 *
 * A provider for `assay scan` and `assay import`: opens the files it is named, reads them in
 * bounded memory and hands each message to the door, in the order of the file. A file of one
 * message goes as it is, From_ line and all, and so does one that only looks like an mbox at first
 * sight: its digest is then that of the file. Fails for a file that cannot be read; one that is
 * shortened meanwhile ends there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "mail/mbox.h"
#include "mail/mbox_reader.h"

#define SOURCE "mbox"
#define HEAD ((size_t)16 * 1024) /* shows whether it begins like an mbox */

/* State of the plugin. */
struct mbox {
	bool unquote;
};

/* One file at work. */
struct file {
	const struct mbox *options;
	struct assay_door *door;
	const char *name;
	int fd;
	off_t at; /* read so far */
	int64_t mtime_ms;
};

static const struct assay_opt options[] = {
	{ "unquote", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "take one > off lines that the mailbox quotes (>From), as mboxrd does" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* mbox_open - reads the option */
static enum assay_status mbox_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct mbox *mbox = assay_xcalloc(1, sizeof *mbox);

	(void)err;
	mbox->unquote = assay_opt_int(opts, "unquote") != 0;
	*state = mbox;
	return ASSAY_OK;
}

/* submit_as - to the door, which copies it before it returns */
static enum assay_status submit_as(
    const struct file *file, struct assay_submission *submission, struct assay_err *err)
{
	submission->source = SOURCE;
	submission->filename = file->name;
	if (submission->message_time_source == NULL) {
		submission->message_time_ms = file->mtime_ms;
		submission->message_time_source = "mtime";
	}
	return assay_submit(file->door, submission, NULL, err);
}

/* submit - bytes of the file */
static enum assay_status submit(const struct file *file, struct assay_slice bytes,
    struct assay_submission *submission, struct assay_err *err)
{
	submission->bytes = bytes;
	submission->fd = -1;
	return submit_as(file, submission, err);
}

/* submit_unquoted - without the quoting of From lines, where there is any */
static enum assay_status submit_unquoted(const struct file *file, struct assay_slice bytes,
    struct assay_submission *submission, struct assay_err *err)
{
	enum assay_status st;
	struct assay_buf buf;

	if (!file->options->unquote || assay_mbox_quoted(bytes) == 0)
		return submit(file, bytes, submission, err);
	assay_buf_init(&buf, bytes.n);
	if (assay_mbox_unquote(bytes, &buf))
		bytes = assay_buf_slice(&buf);
	st = submit(file, bytes, submission, err);
	assay_buf_release(&buf);
	return st;
}

/* submit_message - one of several; named by file and offset for ever */
static enum assay_status submit_message(
    const struct file *file, const struct assay_mbox_message *message, struct assay_err *err)
{
	struct assay_submission submission = { .content_type = "message/rfc822" };
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice sender, bytes = message->bytes;
	enum assay_status st;

	submission.source_id =
	    assay_arena_printf(arena, "%s:%" PRIu64, file->name, message->from_offset);
	if (assay_mbox_from(message->from, &sender, &submission.message_time_ms))
		submission.message_time_source = SOURCE;
	if (bytes.p == NULL) {
		submission.unscanned = "message_size";
		bytes.n = (size_t)message->length;
	}
	/* Who counts bytes does not quote. */
	if (message->by_length || bytes.p == NULL)
		st = submit(file, bytes, &submission, err);
	else
		st = submit_unquoted(file, bytes, &submission, err);
	assay_arena_free(&arena);
	return st;
}

/* read_file - for the reader of messages */
static enum assay_status read_file(
    void *arg, char *p, size_t room, size_t *n, struct assay_err *err)
{
	struct file *file = arg;
	ssize_t got;

	do
		got = pread(file->fd, p, room, file->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return assay_err_set(err, ASSAY_E_IO, "%s: %s", file->name, strerror(errno));
	file->at += got;
	*n = (size_t)got;
	return ASSAY_OK;
}

/* submit_each - the messages of one file, until the door stops; at most `most` of them, and none is
 * submitted when that is all there is to know. *n: how many */
static enum assay_status submit_each(
    struct file *file, size_t most, size_t *n, struct assay_err *err)
{
	const struct assay_mbox_source source = { read_file, file };
	const size_t size = (size_t)assay_door_option(file->door, "message_size");
	struct assay_mbox_message message;
	struct assay_mbox_reader reader;
	enum assay_status st = ASSAY_OK;

	*n = 0;
	file->at = 0;
	assay_mbox_reader_init(&reader, &source, size);
	while (st == ASSAY_OK && *n < most && !assay_door_stopping(file->door)) {
		st = assay_mbox_reader_next(&reader, &message, err);
		*n += st == ASSAY_OK;
		if (st == ASSAY_OK && most == SIZE_MAX)
			st = submit_message(file, &message, err);
	}
	assay_mbox_reader_release(&reader);
	return st == ASSAY_END && !assay_door_stopping(file->door) ? ASSAY_OK : st;
}

/* submit_whole - a file of one message, or of what only looked like an mbox; the door takes fd */
static enum assay_status submit_whole(struct file *file, struct assay_err *err)
{
	struct assay_submission whole = { .fd = file->fd };

	file->fd = -1;
	return submit_as(file, &whole, err);
}

/* submit_all - the messages of one file */
static enum assay_status submit_all(struct file *file, struct assay_err *err)
{
	char head[HEAD];
	ssize_t n = pread(file->fd, head, sizeof head, 0);
	enum assay_status st = ASSAY_OK;
	size_t messages = 0;

	if (n > 0 && assay_mbox_looks(assay_slice(head, (size_t)n)))
		st = submit_each(file, 2, &messages, err);
	if (st != ASSAY_OK)
		return st;
	return messages < 2 ? submit_whole(file, err) : submit_each(file, SIZE_MAX, &messages, err);
}

/* scan_file - open, look, walk */
static enum assay_status scan_file(
    const struct mbox *mbox, struct assay_door *door, const char *name, struct assay_err *err)
{
	struct file file = { .options = mbox, .door = door, .name = name };
	enum assay_status st;
	struct stat about;

	file.fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file.fd < 0 || fstat(file.fd, &about) != 0) {
		int e = errno;

		assay_io_close(&file.fd);
		return assay_err_set(err, ASSAY_E_NOENT, "%s: %s", name, strerror(e));
	}
	file.mtime_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	st = submit_all(&file, err);
	assay_io_close(&file.fd);
	return st;
}

/* mbox_once - the named files */
static enum assay_status mbox_once(
    void *state, struct assay_door *door, const char *const *names, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (; st == ASSAY_OK && *names != NULL; names++)
		st = scan_file(state, door, *names, err);
	return st;
}

static const struct assay_provider provider = { .once = mbox_once };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "mbox",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "every message of an mbox file, for assay scan and assay import",
	.options = options,
	.needs = ASSAY_NEEDS_FILES,
	.open = mbox_open,
	.close = free,
	.provider = &provider,
};
