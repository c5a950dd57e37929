/*
 * mbox - every message of an mbox file
 *
 * A provider for `assay scan` and `assay import`: opens the files it is named, reads them in
 * bounded memory and hands each message to the door, in the order of the file. When reports are
 * only shown, a file of one message goes as it is, From_ line and all, and so does one that only
 * looks like an mbox at first sight: its digest is then that of the file. When they are kept
 * (import), files may be packed (mbox/unpack.h) or single messages, and what a file is is seen by
 * its content (mbox/kind.h). Fails for a file that cannot be read, E_UNSUP for one that holds no
 * mail; one that is shortened meanwhile ends there.
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

#include "kind.h"
#include "unpack.h"

#define SOURCE "mbox"
#define IMPORTED "import" /* source of a file that holds one message */

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
	int64_t mtime_ms;
	bool keeps; /* reports are kept: each message needs a name for ever */
	struct assay_unpacked bytes;
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
	if (submission->source == NULL)
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

/* each - the messages of a mailbox, until the door stops; with `most` only so many are counted, and
 * none is submitted. *n: how many */
static enum assay_status each(struct file *file, size_t most, size_t *n, struct assay_err *err)
{
	const struct assay_mbox_source source = { assay_unpacked_read, &file->bytes };
	const size_t size = (size_t)assay_door_option(file->door, "message_size");
	struct assay_mbox_message message;
	struct assay_mbox_reader reader;
	enum assay_status st = ASSAY_OK;

	*n = 0;
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

/* each_plain - of a file that is not packed, from its begin */
static enum assay_status each_plain(
    struct file *file, size_t most, size_t *n, struct assay_err *err)
{
	enum assay_status st = assay_unpacked_open(&file->bytes, file->door, file->fd, false, err);

	if (st == ASSAY_OK)
		st = each(file, most, n, err);
	assay_unpacked_close(&file->bytes);
	return st;
}

/* submit_whole - the file as it is; the door takes fd */
static enum assay_status submit_whole(
    struct file *file, const char *source, const char *source_id, struct assay_err *err)
{
	struct assay_submission whole = {
		.fd = file->fd, .source = source, .source_id = source_id
	};

	file->fd = -1;
	return submit_as(file, &whole, err);
}

/* scan_file - `assay scan`: the messages of a mailbox, or the file that looked like one. The door
 * takes fd */
static enum assay_status scan_file(struct file *file, struct assay_err *err)
{
	struct assay_slice head = ASSAY_SLICE_NONE;
	enum assay_status st = assay_unpacked_open(&file->bytes, file->door, file->fd, false, err);
	size_t messages = 0;

	if (st == ASSAY_OK)
		st = assay_unpacked_head(&file->bytes, &head, err);
	if (st == ASSAY_OK && assay_mbox_looks(head))
		st = each(file, 2, &messages, err);
	assay_unpacked_close(&file->bytes);
	if (st != ASSAY_OK)
		return st;
	return messages < 2 ? submit_whole(file, SOURCE, NULL, err)
			    : each_plain(file, SIZE_MAX, &messages, err);
}

/* ---- import ---------------------------------------------------------------------------------- */

/* submit_packed - a file that holds one message */
static enum assay_status submit_packed(struct file *file, struct assay_err *err)
{
	const size_t most = (size_t)assay_door_option(file->door, "message_size");
	struct assay_submission submission = { .source = IMPORTED, .source_id = file->name };
	enum assay_status st = ASSAY_OK;
	struct assay_buf buf;
	char piece[16384];
	size_t n = 1;

	assay_buf_init(&buf, most);
	while (st == ASSAY_OK && n > 0 && !buf.full) {
		st = assay_unpacked_read(&file->bytes, piece, sizeof piece, &n, err);
		if (st == ASSAY_OK)
			(void)assay_buf_add(&buf, piece, n);
	}
	if (st == ASSAY_OK && buf.full)
		st = assay_err_set(err, ASSAY_E_LIMIT, "larger than message_size");
	if (st == ASSAY_OK)
		st = submit(file, assay_buf_slice(&buf), &submission, err);
	assay_buf_release(&buf);
	return st;
}

/* import_kind - what the first bytes say it is */
static enum assay_status import_kind(
    struct file *file, bool packed, enum assay_kind *kind, struct assay_err *err)
{
	enum assay_status st = assay_unpacked_open(&file->bytes, file->door, file->fd, packed, err);
	struct assay_slice head = ASSAY_SLICE_NONE;
	const char *what = NULL;

	*kind = ASSAY_KIND_OTHER;
	if (st == ASSAY_OK)
		st = assay_unpacked_head(&file->bytes, &head, err);
	/* Of what is damaged soon there may be messages before. */
	if (st == ASSAY_E_SYNTAX && head.n > 0)
		st = ASSAY_OK;
	if (st != ASSAY_OK)
		return st;
	*kind = assay_kind_of(head, &what);
	if (packed && *kind == ASSAY_KIND_PACKED)
		return assay_err_set(err, ASSAY_E_SYNTAX, "packed twice: unpack it first");
	if (*kind == ASSAY_KIND_CLOSED)
		return assay_err_set(err, ASSAY_E_SYNTAX, "%s%s", packed ? "it holds " : "", what);
	if (*kind == ASSAY_KIND_OTHER)
		return assay_err_set(err, ASSAY_E_UNSUP, "%s%s", packed ? "it holds " : "", what);
	return ASSAY_OK;
}

/* import_file - whatever it is. E_UNSUP: no mail */
static enum assay_status import_file(struct file *file, struct assay_err *err)
{
	enum assay_kind kind;
	enum assay_status st = import_kind(file, false, &kind, err);
	bool packed = kind == ASSAY_KIND_PACKED;
	size_t n;

	if (st == ASSAY_OK && packed) {
		assay_unpacked_close(&file->bytes);
		st = import_kind(file, true, &kind, err);
	}
	if (st == ASSAY_OK && kind == ASSAY_KIND_MBOX)
		st = each(file, SIZE_MAX, &n, err);
	else if (st == ASSAY_OK && kind == ASSAY_KIND_MESSAGE && packed)
		st = submit_packed(file, err);
	else if (st == ASSAY_OK && kind == ASSAY_KIND_MESSAGE)
		st = submit_whole(file, IMPORTED, file->name, err);
	assay_unpacked_close(&file->bytes);
	return st;
}

/* open_file - for reading; what is imported may lie where others can change names */
static enum assay_status open_file(struct file *file, struct assay_err *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat about;

	file->keeps = assay_door_keeps(file->door);
	file->fd = file->keeps ? assay_io_open_plain(file->name, flags) : open(file->name, flags);
	if (file->fd < 0 || fstat(file->fd, &about) != 0)
		return assay_err_set(err, ASSAY_E_NOENT, "%s", strerror(errno));
	if (file->keeps && !S_ISREG(about.st_mode))
		return assay_err_set(err, ASSAY_E_UNSUP, "no plain file");
	file->mtime_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	return ASSAY_OK;
}

/* take_file - open, look, walk */
static enum assay_status take_file(
    const struct mbox *mbox, struct assay_door *door, const char *name, struct assay_err *err)
{
	struct file file = { .options = mbox, .door = door, .name = name };
	enum assay_status st = open_file(&file, err);

	if (st == ASSAY_OK)
		st = file.keeps ? import_file(&file, err) : scan_file(&file, err);
	if (st != ASSAY_OK && st != ASSAY_END)
		assay_err_prefix(err, "%s", name);
	assay_io_close(&file.fd);
	return st;
}

/* mbox_once - the named files */
static enum assay_status mbox_once(
    void *state, struct assay_door *door, const char *const *names, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (; st == ASSAY_OK && *names != NULL; names++)
		st = take_file(state, door, *names, err);
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
