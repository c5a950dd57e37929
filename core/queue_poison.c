/*
 * core/queue_poison.c - see queue.h: what a queue has put aside. Touches VAR/queue/NAME and poison/
 * below it only. A new file is on the disk before it has a name, and before the old one goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/queue_own.h"
#include "core/records.h"

#define WHY_MAX 600
#define NAME_ROOM ASSAY_QUEUE_NAME_ROOM

/* open_dir - poison/; ASSAY_END: it is not there */
static enum assay_status open_dir(struct assay_queue *queue, struct assay_err *err)
{
	if (queue->poison < 0)
		queue->poison =
		    openat(queue->dir, "poison", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (queue->poison >= 0)
		return ASSAY_OK;
	if (errno == ENOENT)
		return ASSAY_END;
	return assay_io_fail(err, "cannot open directory poison of", queue->path);
}

/* make_dir - and made when it is not there: by a drain, whose user it belongs to */
static enum assay_status make_dir(struct assay_queue *queue, struct assay_err *err)
{
	enum assay_status st = open_dir(queue, err);
	char *path;

	if (st != ASSAY_END)
		return st;
	if (asprintf(&path, "%s/poison", queue->path) < 0)
		ASSAY_BUG("out of memory");
	st = assay_io_open_dir(path, ASSAY_QUEUE_DIR_MODE, &queue->poison, err);
	free(path);
	return st;
}

/* ---- aside -------------------------------------------------------------------------------------
 */

/* put_text - a small file of poison/ */
static enum assay_status put_text(const struct assay_queue *queue, const char *name,
    struct assay_slice text, struct assay_err *err)
{
	struct assay_queue_fresh fresh;
	enum assay_status st = assay_queue_fresh_begin(&fresh, queue->poison, name, err);

	if (st == ASSAY_OK)
		st = assay_io_write_full(fresh.fd, text.p, text.n, err);
	return assay_queue_fresh_end(&fresh, 0, st, err);
}

/* put_why - the reason, on one line */
static enum assay_status put_why(
    const struct assay_queue *queue, const char *entry, const char *why, struct assay_err *err)
{
	char name[NAME_ROOM], text[WHY_MAX];

	(void)snprintf(name, sizeof name, "%s.why", entry);
	(void)snprintf(text, sizeof text - 1, "%s", why);
	assay_err_make_printable(text);
	memcpy(text + strlen(text), "\n", 2);
	return put_text(queue, name, assay_slice_str(text), err);
}

/* ---- aside -------------------------------------------------------------------------------------
 */

/* entry_name - ID and the suffix; what is no name of a file goes by its digest */
static void entry_name(char name[NAME_ROOM], const char *id, const char *suffix)
{
	char hex[ASSAY_DIGEST_TEXT];

	if (!assay_slice_is_plain(assay_slice_str(id), "-_.") || id[0] == '.' || strlen(id) > 200) {
		assay_digest_hex(ASSAY_SHA256, assay_slice_str(id), hex);
		id = hex;
	}
	(void)snprintf(name, NAME_ROOM, "%s%s", id, suffix);
}

/* assay_queue_poison - see queue.h */
enum assay_status assay_queue_poison(struct assay_queue *queue, const struct assay_record *record,
    const char *why, struct assay_err *err)
{
	char name[NAME_ROOM];
	struct assay_buf buf;
	enum assay_status st;

	entry_name(name, record->id, ".record");
	assay_buf_init(&buf, ASSAY_QUEUE_FILE_MAX);
	st = assay_records_put(&buf, record, err);
	if (st == ASSAY_OK)
		st = make_dir(queue, err);
	if (st == ASSAY_OK)
		st = put_why(queue, name, why, err);
	if (st == ASSAY_OK)
		st = put_text(queue, name, assay_buf_slice(&buf), err);
	assay_buf_release(&buf);
	return st == ASSAY_OK ? assay_queue_sync(queue, queue->poison, err) : st;
}

/* assay_queue_poison_payload - see queue.h */
enum assay_status assay_queue_poison_payload(struct assay_queue *queue, const char *sha256,
    struct assay_slice bytes, const char *why, struct assay_err *err)
{
	struct assay_queue_fresh fresh = { .fd = -1 };
	char name[NAME_ROOM];
	enum assay_status st;

	entry_name(name, sha256, ".payload");
	st = make_dir(queue, err);
	if (st == ASSAY_OK)
		st = put_why(queue, name, why, err);
	if (st == ASSAY_OK)
		st = assay_queue_fresh_begin(&fresh, queue->poison, name, err);
	if (st == ASSAY_OK)
		st = assay_container_put(fresh.fd, sha256, bytes, false, err);
	st = assay_queue_fresh_end(&fresh, 0, st, err);
	return st == ASSAY_OK ? assay_queue_sync(queue, queue->poison, err) : st;
}

/* assay_queue_poison_file - see queue.h */
enum assay_status assay_queue_poison_file(
    struct assay_queue *queue, const char *name, const char *why, struct assay_err *err)
{
	enum assay_status st = make_dir(queue, err);

	ASSAY_ASSERT(assay_queue_is_file(name));
	if (st == ASSAY_OK)
		st = put_why(queue, name, why, err);
	if (st == ASSAY_OK && renameat(queue->dir, name, queue->poison, name) != 0 &&
	    errno != ENOENT)
		st = assay_io_fail(err, "cannot put aside", name);
	return st == ASSAY_OK ? assay_queue_sync(queue, queue->poison, err) : st;
}

/* ---- what lies there ---------------------------------------------------------------------------
 */

struct walk_poison {
	struct assay_queue_names names;
	struct assay_arena *arena;
};

/* is_entry - a file of poison/ that is neither a reason nor half written */
static bool is_entry(const char *name)
{
	const struct assay_slice s = assay_slice_str(name);

	return assay_slice_ends(s, ".record") || assay_slice_ends(s, ".payload") ||
	    assay_queue_is_file(name);
}

/* add_entry - one more */
static void add_entry(void *arg, const char *name)
{
	struct walk_poison *walk = arg;

	if (is_entry(name) && strlen(name) + 8 < NAME_ROOM)
		assay_queue_names_add(&walk->names, walk->arena, name);
}

/* entries - sorted names in poison/ */
static enum assay_status entries(struct assay_queue *queue, struct assay_arena *arena,
    struct assay_queue_names *names, struct assay_err *err)
{
	struct walk_poison walk = { .arena = arena };
	enum assay_status st = open_dir(queue, err);

	if (st == ASSAY_OK)
		st = assay_queue_walk(queue, queue->poison, add_entry, &walk, err);
	else if (st == ASSAY_END)
		st = ASSAY_OK;
	*names = walk.names;
	if (names->n > 0)
		qsort(names->name, names->n, sizeof *names->name, assay_slice_by_text);
	return st;
}

/* id_of - an entry without the suffix we gave it */
static const char *id_of(struct assay_arena *arena, const char *entry)
{
	const char *dot = assay_queue_is_file(entry) ? NULL : strrchr(entry, '.');

	return dot == NULL ? entry : assay_arena_memdup0(arena, entry, (size_t)(dot - entry));
}

/* read_why - the reason that lies beside an entry */
static const char *read_why(
    const struct assay_queue *queue, struct assay_arena *arena, const char *entry)
{
	char text[WHY_MAX];
	ssize_t n = -1;
	int fd = openat(queue->poison, assay_arena_printf(arena, "%s.why", entry),
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0)
		n = read(fd, text, sizeof text - 1);
	assay_io_close(&fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	assay_err_make_printable(text);
	return assay_arena_strdup(arena, text);
}

/* assay_queue_poisons - see queue.h */
enum assay_status assay_queue_poisons(struct assay_queue *queue, struct assay_arena *arena,
    const struct assay_queue_poisoned **list, struct assay_err *err)
{
	struct assay_queue_names names;
	struct assay_queue_poisoned *all;
	enum assay_status st = entries(queue, arena, &names, err);
	size_t n = 0;

	all = assay_arena_calloc(arena, names.n + 1, sizeof *all);
	for (size_t i = 0; i < names.n; i++) {
		struct stat sb;

		if (fstatat(queue->poison, names.name[i], &sb, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		all[n++] = (struct assay_queue_poisoned){
			.id = id_of(arena, names.name[i]),
			.name = names.name[i],
			.why = read_why(queue, arena, names.name[i]),
			.bytes = (uint64_t)sb.st_size,
			.wall_ms = (int64_t)sb.st_mtim.tv_sec * 1000,
		};
	}
	*list = all;
	return st;
}

/* assay_queue_read_poison - see queue.h */
enum assay_status assay_queue_read_poison(struct assay_queue *queue, const char *name,
    struct assay_arena *arena, struct assay_queue_file *file, struct assay_err *err)
{
	int fd;

	if (!is_entry(name) || assay_slice_ends(assay_slice_str(name), ".payload") ||
	    assay_slice_ends(assay_slice_str(name), ASSAY_RECORDS_PAYLOADS))
		return assay_err_set(err, ASSAY_E_USAGE, "%.100s holds no record", name);
	fd = openat(queue->poison, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 ? assay_queue_read_fd(fd, arena, file, err)
		       : assay_io_fail(err, "cannot open", name);
}

/* wanted - is it the entry of that id; NULL: any */
static bool wanted(struct assay_arena *arena, const char *entry, const char *id)
{
	return id == NULL || strcmp(id_of(arena, entry), id) == 0;
}

/* drop_why - the reason goes with its entry */
static void drop_why(const struct assay_queue *queue, const char *entry)
{
	char name[NAME_ROOM];

	(void)snprintf(name, sizeof name, "%s.why", entry);
	(void)unlinkat(queue->poison, name, 0);
}

/* drop_entry - with its reason; gone is fine */
static enum assay_status drop_entry(
    const struct assay_queue *queue, const char *entry, struct assay_err *err)
{
	if (unlinkat(queue->poison, entry, 0) != 0 && errno != ENOENT)
		return assay_io_fail(err, "cannot remove", entry);
	drop_why(queue, entry);
	return ASSAY_OK;
}

/* put_back - one entry, as the newest of the queue; a whole file in its old place */
static enum assay_status put_back(
    struct assay_queue *queue, const char *entry, struct assay_err *err)
{
	const bool payload = assay_slice_ends(assay_slice_str(entry), ".payload");
	char name[ASSAY_RECORDS_NAME];
	int r;

	if (assay_queue_is_file(entry)) {
		r = renameat(queue->poison, entry, queue->dir, entry);
	} else {
		do {
			assay_records_name(name, &queue->names,
			    payload ? ASSAY_RECORDS_PAYLOADS : ASSAY_RECORDS_SUFFIX);
			r = renameat2(queue->poison, entry, queue->dir, name, RENAME_NOREPLACE);
		} while (r != 0 && errno == EEXIST);
	}
	if (r != 0)
		return assay_io_fail(err, "cannot put back", entry);
	drop_why(queue, entry);
	return ASSAY_OK;
}

/* no_entry - nothing of that name was put aside */
static enum assay_status no_entry(
    const struct assay_queue *queue, const char *id, struct assay_err *err)
{
	return assay_err_set(
	    err, ASSAY_E_NOENT, "%s: nothing called \"%.100s\" was put aside", queue->name, id);
}

/* assay_queue_retry - see queue.h */
enum assay_status assay_queue_retry(
    struct assay_queue *queue, const char *id, size_t *n, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_names names;
	enum assay_status st = entries(queue, arena, &names, err);

	*n = 0;
	for (size_t i = 0; i < names.n && st == ASSAY_OK; i++) {
		if (!wanted(arena, names.name[i], id))
			continue;
		st = put_back(queue, names.name[i], err);
		*n += st == ASSAY_OK;
		if (st == ASSAY_E_NOENT)
			st = ASSAY_OK; /* somebody else was faster */
	}
	assay_arena_free(&arena);
	if (st == ASSAY_OK && *n > 0)
		st = assay_queue_sync(queue, queue->dir, err);
	else if (st == ASSAY_OK && id != NULL)
		st = no_entry(queue, id, err);
	return st;
}

/* assay_queue_forget - see queue.h */
enum assay_status assay_queue_forget(
    struct assay_queue *queue, const char *id, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_queue_names names;
	enum assay_status st = entries(queue, arena, &names, err);
	size_t n = 0;

	for (size_t i = 0; i < names.n && st == ASSAY_OK; i++) {
		if (!wanted(arena, names.name[i], id))
			continue;
		st = drop_entry(queue, names.name[i], err);
		n++;
	}
	assay_arena_free(&arena);
	if (st == ASSAY_OK)
		st = n > 0 ? assay_queue_sync(queue, queue->poison, err) : no_entry(queue, id, err);
	return st;
}

/* by_age - for qsort(3): the oldest first */
static int by_age(const void *a, const void *b)
{
	const struct assay_queue_poisoned *x = a, *y = b;

	return (x->wall_ms > y->wall_ms) - (x->wall_ms < y->wall_ms);
}

/* assay_queue_trim_poison - see queue.h */
enum assay_status assay_queue_trim_poison(struct assay_queue *queue, uint64_t bytes,
    struct assay_queue_dropped *dropped, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const struct assay_queue_poisoned *list;
	struct assay_queue_poisoned *sorted;
	enum assay_status st = assay_queue_poisons(queue, arena, &list, err);
	size_t n = 0;

	*dropped = (struct assay_queue_dropped){ 0, 0 };
	while (st == ASSAY_OK && list[n].id != NULL)
		n++;
	sorted = assay_arena_calloc(arena, n + 1, sizeof *sorted);
	if (n > 0) {
		memcpy(sorted, list, n * sizeof *sorted);
		qsort(sorted, n, sizeof *sorted, by_age);
	}
	for (size_t i = 0; i < n && st == ASSAY_OK && dropped->bytes < bytes; i++) {
		st = drop_entry(queue, sorted[i].name, err);
		dropped->n++;
		dropped->bytes += sorted[i].bytes;
	}
	assay_arena_free(&arena);
	return st;
}
