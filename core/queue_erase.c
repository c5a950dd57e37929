/*
 * core/queue_erase.c - see queue.h: files without some of what was in them. Touches VAR/queue and
 * VAR/spool/rescan. A file gets a new one in its place, whole and on the disk, only if it is still
 * there: a drain may have been faster, and what it has acknowledged must not come again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/map.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/queue_own.h"
#include "core/records.h"

#define FILE_MODE 0600

/* ---- new files ---------------------------------------------------------------------------------
 */

/* assay_queue_fresh_begin - NAME.tmp */
enum assay_status assay_queue_fresh_begin(
    struct assay_queue_fresh *fresh, int dir, const char *name, struct assay_err *err)
{
	struct stat st;

	*fresh = (struct assay_queue_fresh){ .dir = dir };
	(void)snprintf(fresh->name, sizeof fresh->name, "%s", name);
	(void)snprintf(fresh->tmp, sizeof fresh->tmp, "%s.tmp", fresh->name);
	(void)unlinkat(dir, fresh->tmp, 0); /* of somebody who was killed */
	fresh->fd = openat(
	    dir, fresh->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fresh->fd < 0)
		return assay_io_fail(err, "cannot create", fresh->tmp);
	/* Root may do this for the service, whose user must be able to read it. */
	if (geteuid() == 0 &&
	    (fstat(dir, &st) != 0 || fchown(fresh->fd, st.st_uid, st.st_gid) != 0)) {
		enum assay_status failed = assay_io_fail(err, "cannot give away", fresh->tmp);

		assay_io_close(&fresh->fd);
		(void)unlinkat(dir, fresh->tmp, 0);
		return failed;
	}
	return ASSAY_OK;
}

/* assay_queue_fresh_end - under its name; `st` is what came of writing it */
enum assay_status assay_queue_fresh_end(
    struct assay_queue_fresh *fresh, unsigned flags, enum assay_status st, struct assay_err *err)
{
	if (fresh->fd < 0)
		return st;
	if (st == ASSAY_OK && fsync(fresh->fd) != 0)
		st = assay_io_fail(err, "cannot sync", fresh->tmp);
	assay_io_close(&fresh->fd);
	if (st == ASSAY_OK &&
	    renameat2(fresh->dir, fresh->tmp, fresh->dir, fresh->name, flags) != 0)
		st = assay_io_fail(err, "cannot rename to", fresh->name);
	if (st != ASSAY_OK || flags != 0)
		(void)unlinkat(fresh->dir, fresh->tmp, 0);
	return st;
}

/* assay_queue_sync - see queue_own.h */
enum assay_status assay_queue_sync(const struct assay_queue *queue, int dir, struct assay_err *err)
{
	return fsync(dir) == 0 ? ASSAY_OK : assay_io_fail(err, "cannot sync", queue->path);
}

/* ---- some of a file ----------------------------------------------------------------------------
 */

/* What goes: records and payloads by their id, or, where an `about` is in the set, what is said of
 * them. */
struct erased {
	const char *id;              /* this one, or */
	const struct assay_map *set; /* these */
	uint64_t gone, left;
};

/* is_in - one of the ids */
static bool is_in(const struct erased *e, const char *id)
{
	if (id == NULL)
		return false;
	return e->set != NULL ? assay_map_has(e->set, assay_slice_str(id)) : strcmp(e->id, id) == 0;
}

/* is_about - does a document speak of one of them? */
static bool is_about(const struct erased *e, const json_t *json)
{
	static const char *const members[] = { "scan_id", "supersedes", "parent_scan_id" };
	bool about = false;

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		about |= is_in(e, assay_json_get_str(json, members[i]));
	return about;
}

/* goes - does this record? */
static bool goes(const struct erased *e, const struct assay_record *record)
{
	json_t *json = NULL;
	bool about = is_in(e, record->id);

	if (about || e->set == NULL || strcmp(record->kind, "finding") != 0)
		return about;
	if (assay_json_parse(record->json, &json, NULL) == ASSAY_OK)
		about = is_about(e, json);
	json_decref(json);
	return about;
}

/* other_records - those that stay, into `out` */
static enum assay_status other_records(struct erased *e, const struct assay_queue_file *file,
    struct assay_buf *out, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (size_t i = 0; i < file->n && st == ASSAY_OK; i++) {
		if (goes(e, &file->record[i])) {
			e->gone++;
		} else {
			e->left++;
			st = assay_records_put(out, &file->record[i], err);
		}
	}
	return st;
}

/* without_records - a record file anew, if anything goes */
static enum assay_status without_records(
    struct assay_queue *queue, const char *name, struct erased *e, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_fresh fresh = { .fd = -1 };
	struct assay_queue_file file;
	struct assay_buf buf;
	enum assay_status st = assay_queue_read(queue, name, arena, &file, err);

	assay_buf_init(&buf, ASSAY_QUEUE_FILE_MAX);
	if (st == ASSAY_OK)
		st = other_records(e, &file, &buf, err);
	if (st == ASSAY_OK && e->gone > 0 && e->left > 0) {
		st = assay_queue_fresh_begin(&fresh, queue->dir, name, err);
		if (st == ASSAY_OK)
			st = assay_io_write_full(fresh.fd, buf.p, buf.n, err);
		st = assay_queue_fresh_end(&fresh, RENAME_EXCHANGE, st, err);
	}
	assay_buf_release(&buf);
	assay_arena_free(&arena);
	return st;
}

/* write_others - the payloads that stay */
static enum assay_status write_others(
    int fd, const struct erased *e, const struct assay_container *all, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (size_t i = 0; i < all->n && st == ASSAY_OK; i++)
		if (!is_in(e, all->kept[i].sha256))
			st = assay_container_put(
			    fd, all->kept[i].sha256, all->kept[i].bytes, false, err);
	return st;
}

/* without_payloads - likewise */
static enum assay_status without_payloads(
    struct assay_queue *queue, const char *name, struct erased *e, struct assay_err *err)
{
	struct assay_queue_fresh fresh = { .fd = -1 };
	struct assay_container all;
	bool broken;
	enum assay_status st = assay_queue_map(queue, name, &all, &broken, err);

	for (size_t i = 0; i < all.n; i++)
		(*(is_in(e, all.kept[i].sha256) ? &e->gone : &e->left))++;
	if (st == ASSAY_OK && e->gone > 0 && e->left > 0) {
		st = assay_queue_fresh_begin(&fresh, queue->dir, name, err);
		if (st == ASSAY_OK)
			st = write_others(fresh.fd, e, &all, err);
		st = assay_queue_fresh_end(&fresh, RENAME_EXCHANGE, st, err);
	}
	assay_container_close(&all);
	return st;
}

/* without_message - a file of "rescan" has one message: it goes, or not */
static enum assay_status without_message(
    struct assay_queue *queue, const char *name, struct erased *e, struct assay_err *err)
{
	struct assay_queue_message message;
	enum assay_status st = assay_queue_message(queue, name, &message, err);

	if (st == ASSAY_OK && (is_in(e, name) || is_about(e, message.request)))
		e->gone++;
	else
		e->left++;
	assay_queue_message_release(&message);
	/* What cannot be read is seen by whoever comes to it. */
	return st == ASSAY_E_SYNTAX ? ASSAY_OK : st;
}

/* without - one file of the queue; what it has left and lost is counted anew */
static enum assay_status without(
    struct assay_queue *queue, const char *name, struct erased *e, struct assay_err *err)
{
	const struct assay_slice s = assay_slice_str(name);
	enum assay_status st;

	e->gone = e->left = 0;
	if (assay_slice_ends(s, ASSAY_RECORDS_PAYLOADS))
		st = without_payloads(queue, name, e, err);
	else if (assay_slice_ends(s, ASSAY_RECORDS_RESCAN))
		st = without_message(queue, name, e, err);
	else
		st = without_records(queue, name, e, err);
	if (st == ASSAY_OK && e->gone > 0 && e->left == 0)
		st = assay_queue_remove(queue, name, err);
	return st;
}

/* assay_queue_drop - see queue.h */
enum assay_status assay_queue_drop(
    struct assay_queue *queue, const char *name, const char *id, struct assay_err *err)
{
	struct erased e = { .id = id };
	enum assay_status st;

	ASSAY_ASSERT(assay_queue_is_file(name));
	st = without(queue, name, &e, err);
	if (st == ASSAY_OK && e.gone == 0)
		return assay_err_set(err, ASSAY_E_NOENT, "%s is not in %s", id, name);
	return st == ASSAY_OK ? assay_queue_sync(queue, queue->dir, err) : st;
}

/* ---- out of everything -------------------------------------------------------------------------
 */

/* erase_waiting - out of all files that wait */
static enum assay_status erase_waiting(struct assay_queue *queue, struct assay_arena *arena,
    struct erased *e, uint64_t *gone, struct assay_err *err)
{
	const char *const *name = NULL;
	enum assay_status st = assay_queue_list(queue, ASSAY_QUEUE_LIST_MOST, arena, &name, err);
	uint64_t n = 0;

	for (; st == ASSAY_OK && *name != NULL; name++) {
		st = without(queue, *name, e, err);
		n += e->gone;
		if (st == ASSAY_E_NOENT)
			st = ASSAY_OK; /* the drain was faster */
	}
	*gone += n;
	return st == ASSAY_OK && n > 0 ? assay_queue_sync(queue, queue->dir, err) : st;
}

/* aside_goes - is it, or is something of it, one of them? A damaged file goes as a whole. */
static bool aside_goes(
    struct assay_queue *queue, const struct assay_queue_poisoned *p, const struct erased *e)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_file file;
	bool any = is_in(e, p->id);

	if (!any && assay_queue_read_poison(queue, p->name, arena, &file, NULL) == ASSAY_OK)
		for (size_t i = 0; i < file.n; i++)
			any |= goes(e, &file.record[i]);
	assay_arena_free(&arena);
	return any;
}

/* erase_aside - out of poison/ */
static enum assay_status erase_aside(struct assay_queue *queue, struct assay_arena *arena,
    const struct erased *e, uint64_t *gone, struct assay_err *err)
{
	const struct assay_queue_poisoned *p = NULL;
	enum assay_status st = assay_queue_poisons(queue, arena, &p, err);

	for (; st == ASSAY_OK && p->id != NULL; p++) {
		if (!aside_goes(queue, p, e))
			continue;
		st = assay_queue_forget(queue, p->id, err);
		*gone += st == ASSAY_OK;
		if (st == ASSAY_E_NOENT)
			st = ASSAY_OK;
	}
	return st;
}

/* erase_from - one queue */
static enum assay_status erase_from(
    const char *var, const char *name, struct erased *e, uint64_t *gone, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue *queue = NULL;
	enum assay_status st = assay_queue_open(var, name, &queue, err);

	if (st == ASSAY_OK)
		st = erase_waiting(queue, arena, e, gone, err);
	if (st == ASSAY_OK)
		st = erase_aside(queue, arena, e, gone, err);
	assay_queue_close(&queue);
	assay_arena_free(&arena);
	return st;
}

/* assay_queue_erase - see queue.h */
enum assay_status assay_queue_erase(
    const char *var, const char *const *ids, size_t n, uint64_t *gone, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const char *const *name = NULL;
	struct erased e = { .id = NULL };
	struct assay_map set;
	enum assay_status st;

	*gone = 0;
	assay_map_init(&set, arena);
	for (size_t i = 0; i < n; i++)
		(void)assay_map_add(&set, assay_slice_str(ids[i]), NULL);
	e.set = &set;
	st = assay_queue_names(var, arena, &name, err);
	for (; st == ASSAY_OK && *name != NULL; name++)
		st = erase_from(var, *name, &e, gone, err);
	if (st == ASSAY_OK && access(assay_arena_printf(arena, "%s/spool/rescan", var), F_OK) == 0)
		st = erase_from(var, "rescan", &e, gone, err);
	assay_arena_free(&arena);
	return st;
}
