/*
 * mbox - every message of an mbox file
 *
 * A provider for `assay scan` and `assay import`: opens the files it is named, maps them read-only
 * and hands each message to the door, in the order of the file. A file of one message goes as it
 * is, From_ line and all, and so does one that only looks like an mbox at first sight: its digest
 * is then that of the file. Fails for a file that cannot be read; whoever shortens a file while it
 * is read ends the process.
 */
#include <errno.h>
#include <fcntl.h>
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

#define SOURCE "mbox"

/* State of the plugin. */
struct mbox {
	bool unquote;
};

/* One file at work. */
struct file {
	const struct mbox *options;
	struct assay_door *door;
	const char *name;
	struct assay_slice bytes;
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

/* submit - one message to the door, which copies it before it returns */
static enum assay_status submit(const struct file *file, struct assay_slice bytes,
    struct assay_submission *submission, struct assay_err *err)
{
	submission->bytes = bytes;
	submission->fd = -1;
	submission->source = SOURCE;
	submission->filename = file->name;
	if (submission->message_time_source == NULL) {
		submission->message_time_ms = file->mtime_ms;
		submission->message_time_source = "mtime";
	}
	return assay_submit(file->door, submission, NULL, err);
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
	struct assay_slice sender, bytes = { file->bytes.p + message->offset, message->length };
	struct assay_arena *arena = assay_arena_new();
	enum assay_status st;

	submission.source_id =
	    assay_arena_printf(arena, "%s:%zu", file->name, message->from_offset);
	if (assay_mbox_from(assay_slice(file->bytes.p + message->from_offset, message->from_length),
		&sender, &submission.message_time_ms))
		submission.message_time_source = SOURCE;
	/* Who counts bytes does not quote. */
	if (message->by_length)
		st = submit(file, bytes, &submission, err);
	else
		st = submit_unquoted(file, bytes, &submission, err);
	assay_arena_free(&arena);
	return st;
}

/* submit_all - the messages of one file */
static enum assay_status submit_all(const struct file *file, struct assay_err *err)
{
	struct assay_mbox_message first, message;
	struct assay_mbox mbox;
	enum assay_status st;

	assay_mbox_open(&mbox, file->bytes);
	if (!assay_mbox_looks(file->bytes) || !assay_mbox_next(&mbox, &first) ||
	    !assay_mbox_next(&mbox, &message)) {
		struct assay_submission whole = { 0 };

		return submit(file, file->bytes, &whole, err);
	}
	st = submit_message(file, &first, err);
	while (st == ASSAY_OK && !assay_door_stopping(file->door)) {
		st = submit_message(file, &message, err);
		if (!assay_mbox_next(&mbox, &message))
			break;
	}
	return st;
}

/* scan_file - open, map, walk */
static enum assay_status scan_file(
    const struct mbox *mbox, struct assay_door *door, const char *name, struct assay_err *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct file file = { .options = mbox, .door = door, .name = name };
	struct assay_io_map map = { "", 0 };
	enum assay_status st;
	struct stat about;

	if (fd < 0 || fstat(fd, &about) != 0) {
		int e = errno;

		assay_io_close(&fd);
		return assay_err_set(err, ASSAY_E_NOENT, "%s: %s", name, strerror(e));
	}
	file.mtime_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	st = assay_io_map(fd, SIZE_MAX, &map, err);
	assay_io_close(&fd);
	if (st != ASSAY_OK) {
		assay_err_prefix(err, "%s", name);
		return st;
	}
	file.bytes = assay_slice(map.p, map.n);
	st = submit_all(&file, err);
	assay_io_unmap(&map);
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
