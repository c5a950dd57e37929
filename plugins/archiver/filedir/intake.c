/*
 * filedir/intake.c - see intake.h. Opens files of watched directories for reading, by descriptors
 * of their directories and without following links.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "intake.h"

#define SOURCE "filedir"

/* What may be wrong with a file, for assay_told_warn. */
enum { NOT_READ = 1, NOT_DONE, TOO_MANY, UNSCANNED };

/* A file under way. */
struct assay_intake_item {
	struct assay_intake *intake;
	struct assay_intake_item *next, **link; /* in intake->items */
	struct assay_seen *seen;                /* or NULL */
	struct assay_key key;
	struct stat was;
	bool unscanned; /* so says its report */
	const char *root;
	char path[]; /* below root */
};

/* add_item - one more under way */
static struct assay_intake_item *add_item(
    struct assay_intake *intake, const struct assay_intake_file *file, const struct stat *st)
{
	const size_t n = strlen(file->path) + 1;
	struct assay_intake_item *item = assay_xmalloc(sizeof *item + n);

	*item = (struct assay_intake_item){ .intake = intake,
		.next = intake->items,
		.link = &intake->items,
		.seen = file->seen,
		.key = file->key,
		.was = *st,
		.root = file->root };
	memcpy(item->path, file->path, n);
	if (item->next != NULL)
		item->next->link = &item->next;
	intake->items = item;
	return item;
}

/* drop_item - no longer under way; done: nor to be taken again */
static void drop_item(struct assay_intake_item *item, bool done)
{
	if (item->seen != NULL)
		assay_seen_end(item->seen, item->key, done);
	*item->link = item->next;
	if (item->next != NULL)
		item->next->link = item->link;
	free(item);
}

/* finish - the file may go, or is remembered; true: it is to be remembered */
static bool finish(const struct assay_intake_item *item)
{
	const struct assay_after *after = &item->intake->after;
	const struct assay_after_file file = { item->root, item->path, &item->was };
	enum assay_status status;
	struct assay_err err;

	if (item->unscanned && after->what != ASSAY_AFTER_LEAVE) {
		(void)assay_err_set(&err, ASSAY_E_LIMIT,
		    "%s could not be scanned and stays; see its report", item->path);
		assay_told_warn(&item->intake->told, item->root, UNSCANNED, err.text);
		return true;
	}
	status = assay_after_do(after, &file, &err);
	if (status == ASSAY_OK)
		return after->what == ASSAY_AFTER_LEAVE;
	/* Gone, or written anew: that one is taken by itself. */
	if (status == ASSAY_E_NOENT)
		return false;
	assay_err_prefix(&err, "%s stays where it is", item->path);
	assay_told_warn(&item->intake->told, item->root, NOT_DONE, err.text);
	return true;
}

/* on_verdict - just before on_done */
static void on_verdict(void *arg, const struct assay_verdict *verdict)
{
	struct assay_intake_item *item = arg;

	item->unscanned = verdict->status != NULL && strcmp(verdict->status, "unscanned") == 0;
}

/* on_done - the door's word about a file */
static void on_done(void *arg, const char *action)
{
	struct assay_intake_item *item = arg;

	drop_item(item, action != NULL && item->seen != NULL && finish(item));
}

/* assay_intake_settled - see intake.h */
bool assay_intake_settled(
    struct assay_intake *intake, const struct assay_intake_file *file, int64_t least_ms)
{
	const struct assay_settle_now now = { assay_clock_wall_ms(), assay_clock_mono_ms() };

	if (assay_settle_is(&intake->settle, &file->st, least_ms, now))
		return true;
	intake->unsettled++;
	return false;
}

/* assay_intake_wants - see intake.h */
bool assay_intake_wants(struct assay_intake *intake, struct assay_intake_file *file)
{
	if (fstatat(file->dir, file->name, &file->st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(file->st.st_mode))
		return false;
	if (file->seen == NULL)
		return true;
	file->key = assay_seen_key(file->path, &file->st);
	return !assay_seen_has(file->seen, file->key) &&
	    assay_intake_settled(intake, file, intake->settle_ms);
}

/* cannot - told, once for the directory */
static enum assay_status cannot(struct assay_intake *intake, const struct assay_intake_file *file,
    unsigned what, struct assay_err *err)
{
	assay_err_prefix(err, "%s", file->path);
	assay_told_warn(&intake->told, file->root, what, err->text);
	return err->code;
}

/* open_file - the very file that was looked at; -1: it is another by now, or cannot be read */
static enum assay_status open_file(
    const struct assay_intake_file *file, int *fd, struct assay_err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat st;

	*fd = openat(file->dir, file->name, flags);
	if (*fd < 0)
		return assay_io_fail(err, "cannot open", "");
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && assay_after_same(&st, &file->st))
		return ASSAY_OK;
	assay_io_close(fd);
	return assay_err_set(err, ASSAY_E_NOENT, "it changes");
}

/* hand_over - fd, extra: taken */
static enum assay_status hand_over(struct assay_intake *intake,
    const struct assay_intake_file *file, struct assay_submission *submission,
    struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const struct timespec *t = &file->st.st_mtim;
	const char *path = assay_arena_printf(arena, "%s/%s", file->root, file->path);
	struct assay_intake_item *item = add_item(intake, file, &file->st);
	enum assay_status status;
	int64_t begun_ms;

	submission->source = SOURCE;
	submission->source_id =
	    assay_arena_printf(arena, "%s@%lld.%09ld", path, (long long)t->tv_sec, t->tv_nsec);
	if (submission->filename == NULL)
		submission->filename = path;
	submission->message_time_ms = (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
	submission->message_time_source = "mtime";
	submission->verdict = on_verdict;
	submission->done = on_done;
	submission->done_arg = item;
	begun_ms = assay_clock_mono_ms();
	status = assay_submit(intake->door, submission, NULL, err);
	intake->waited_ms += assay_clock_mono_ms() - begun_ms;
	if (status != ASSAY_OK)
		drop_item(item, false);
	assay_arena_free(&arena);
	return status;
}

/* admit - opened, and noted as under way */
static enum assay_status admit(struct assay_intake *intake, const struct assay_intake_file *file,
    int *fd, struct assay_err *err)
{
	const enum assay_status status = open_file(file, fd, err);

	if (status == ASSAY_E_NOENT) /* somebody is at it */
		intake->unsettled++;
	else if (status != ASSAY_OK)
		return cannot(intake, file, NOT_READ, err);
	if (status != ASSAY_OK || file->seen == NULL || assay_seen_begin(file->seen, file->key))
		return status;
	assay_io_close(fd);
	(void)assay_err_set(err, ASSAY_E_IO,
	    "no more than %zu files can be remembered; see the option after of filedir",
	    ASSAY_SEEN_MOST);
	return cannot(intake, file, TOO_MANY, err);
}

/* assay_intake_submit - see intake.h */
enum assay_status assay_intake_submit(struct assay_intake *intake,
    const struct assay_intake_file *file, json_t *extra, const char *filename,
    struct assay_err *err)
{
	struct assay_submission submission = { .extra = extra, .filename = filename };
	enum assay_status status = admit(intake, file, &submission.fd, err);

	if (status != ASSAY_OK) {
		json_decref(extra);
		return status;
	}
	status = hand_over(intake, file, &submission, err);
	return status == ASSAY_E_IO ? cannot(intake, file, NOT_READ, err) : status;
}

/* assay_intake_release - see intake.h */
void assay_intake_release(struct assay_intake *intake)
{
	while (intake->items != NULL)
		drop_item(intake->items, false);
}
