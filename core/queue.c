/*
 * core/queue.c - see queue.h; what has been put aside is in queue_poison.c. Touches VAR/queue/NAME
 * (or VAR/spool/rescan) only. That a file is gone is no failure: somebody else had it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/queue_own.h"
#include "core/records.h"

/* ---- directories ------------------------------------------------------------------------------
 */

/* assay_queue_walk - see queue_own.h */
enum assay_status assay_queue_walk(const struct assay_queue *queue, int dir,
    void (*each)(void *arg, const char *name), void *arg, struct assay_err *err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *open = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (open == NULL) {
		assay_io_close(&fd);
		return assay_io_fail(err, "cannot read directory", queue->path);
	}
	while ((entry = readdir(open)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			each(arg, entry->d_name);
	(void)closedir(open);
	return ASSAY_OK;
}

/* assay_queue_names_add - see queue_own.h */
void assay_queue_names_add(
    struct assay_queue_names *names, struct assay_arena *arena, const char *name)
{
	if (names->n == names->cap) {
		const size_t cap = names->cap > 0 ? names->cap * 2 : 64;
		const char **more = assay_arena_calloc(arena, cap, sizeof *more);

		if (names->n > 0)
			memcpy(more, names->name, names->n * sizeof *more);
		names->name = more;
		names->cap = cap;
	}
	if (name != NULL)
		name = assay_arena_strdup(arena, name);
	names->name[names->n] = name;
	names->n += name != NULL;
}

/* assay_queue_is_file - see queue_own.h */
bool assay_queue_is_file(const char *name)
{
	const struct assay_slice s = assay_slice_str(name);

	return (assay_slice_ends(s, ASSAY_RECORDS_SUFFIX) ||
		   assay_slice_ends(s, ASSAY_RECORDS_PAYLOADS) ||
		   assay_slice_ends(s, ASSAY_RECORDS_RESCAN)) &&
	    assay_records_name_read(name, NULL, NULL);
}

/* ---- open and close ---------------------------------------------------------------------------
 */

/* is_name - of a queue */
static bool is_name(const char *name)
{
	const struct assay_slice s = assay_slice_str(name);

	return assay_slice_is_plain(s, "_-") &&
	    (assay_slice_starts(s, "connector-") || assay_slice_starts(s, "archiver-") ||
		assay_slice_is(s, "rescan"));
}

struct walk_names {
	struct assay_queue_names names;
	struct assay_arena *arena;
};

/* add_queue - when it is called like one */
static void add_queue(void *arg, const char *name)
{
	struct walk_names *walk = arg;

	if (is_name(name) && strcmp(name, "rescan") != 0)
		assay_queue_names_add(&walk->names, walk->arena, name);
}

/* assay_queue_names - see queue.h */
enum assay_status assay_queue_names(
    const char *var, struct assay_arena *arena, const char *const **names, struct assay_err *err)
{
	struct assay_queue all = { .path = assay_arena_printf(arena, "%s/queue", var) };
	struct walk_names walk = { .arena = arena };
	enum assay_status st = ASSAY_OK;

	all.dir = open(all.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all.dir >= 0)
		st = assay_queue_walk(&all, all.dir, add_queue, &walk, err);
	else if (errno != ENOENT)
		st = assay_io_fail(err, "cannot open directory", all.path);
	assay_io_close(&all.dir);
	if (walk.names.n > 0)
		qsort(walk.names.name, walk.names.n, sizeof *walk.names.name, assay_slice_by_text);
	assay_queue_names_add(&walk.names, arena, NULL);
	*names = walk.names.name;
	return st;
}

/* assay_queue_open - see queue.h */
enum assay_status assay_queue_open(
    const char *var, const char *name, struct assay_queue **queue, struct assay_err *err)
{
	struct assay_queue *q;
	enum assay_status st;

	*queue = NULL;
	if (!is_name(name))
		return assay_err_set(err, ASSAY_E_USAGE,
		    "\"%.80s\" is no name of a queue; it begins with connector- or archiver-",
		    name);
	q = assay_xcalloc(1, sizeof *q);
	q->dir = q->poison = q->watch = -1;
	q->name = assay_xstrdup(name);
	if (asprintf(&q->path, "%s/%s/%s", var, strcmp(name, "rescan") == 0 ? "spool" : "queue",
		name) < 0)
		ASSAY_BUG("out of memory");
	st = assay_io_open_dir(q->path, ASSAY_QUEUE_DIR_MODE, &q->dir, err);
	if (st != ASSAY_OK)
		assay_queue_close(&q);
	*queue = q;
	return st;
}

/* assay_queue_close - see queue.h */
void assay_queue_close(struct assay_queue **queue)
{
	struct assay_queue *q = *queue;

	if (q == NULL)
		return;
	assay_io_close(&q->dir);
	assay_io_close(&q->poison);
	assay_io_close(&q->watch);
	free(q->name);
	free(q->path);
	free(q);
	*queue = NULL;
}

/* ---- what waits --------------------------------------------------------------------------------
 */

struct walk_size {
	const struct assay_queue *queue;
	struct assay_queue_size *size;
};

/* measure_file - one that waits */
static void measure_file(void *arg, const char *name)
{
	struct walk_size *walk = arg;
	struct assay_queue_size *size = walk->size;
	struct stat st;
	int64_t wall_ms;

	if (!assay_queue_is_file(name) || !assay_records_name_read(name, &wall_ms, NULL) ||
	    fstatat(walk->queue->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	size->files++;
	size->bytes += (uint64_t)st.st_size;
	if (size->oldest_wall_ms == 0 || wall_ms < size->oldest_wall_ms)
		size->oldest_wall_ms = wall_ms;
}

/* measure_poison - one that was put aside */
static void measure_poison(void *arg, const char *name)
{
	const struct assay_slice s = assay_slice_str(name);
	struct walk_size *walk = arg;
	struct stat st;

	walk->size->poison += !assay_slice_ends(s, ".why") && !assay_slice_ends(s, ".tmp");
	if (fstatat(walk->queue->poison, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		walk->size->poison_bytes += (uint64_t)st.st_size;
}

/* assay_queue_measure - see queue.h */
enum assay_status assay_queue_measure(
    struct assay_queue *queue, struct assay_queue_size *size, struct assay_err *err)
{
	struct walk_size walk = { queue, size };
	enum assay_status st;

	*size = (struct assay_queue_size){ 0 };
	st = assay_queue_walk(queue, queue->dir, measure_file, &walk, err);
	if (st != ASSAY_OK)
		return st;
	if (queue->poison < 0)
		queue->poison = openat(queue->dir, "poison", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (queue->poison < 0)
		return ASSAY_OK;
	return assay_queue_walk(queue, queue->poison, measure_poison, &walk, err);
}

struct walk_list {
	char (*name)[ASSAY_RECORDS_NAME];
	size_t n, most;
};

/* by_text - for qsort(3), of names in place */
static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* list_file - one more; of twice as many as are wanted the newer half goes */
static void list_file(void *arg, const char *name)
{
	struct walk_list *walk = arg;

	if (!assay_queue_is_file(name) || strlen(name) >= ASSAY_RECORDS_NAME)
		return;
	if (walk->n == 2 * walk->most) {
		qsort(walk->name, walk->n, sizeof *walk->name, by_text);
		walk->n = walk->most;
	}
	memcpy(walk->name[walk->n++], name, strlen(name) + 1);
}

/* assay_queue_list - see queue.h */
enum assay_status assay_queue_list(struct assay_queue *queue, size_t most,
    struct assay_arena *arena, const char *const **names, struct assay_err *err)
{
	struct walk_list walk = { .most = most };
	struct assay_queue_names list = { NULL, 0, 0 };
	enum assay_status st;

	ASSAY_ASSERT(most > 0 && most <= ASSAY_QUEUE_LIST_MOST);
	walk.name = assay_xcalloc(2 * most, sizeof *walk.name);
	st = assay_queue_walk(queue, queue->dir, list_file, &walk, err);
	if (walk.n > 0)
		qsort(walk.name, walk.n, sizeof *walk.name, by_text);
	for (size_t i = 0; i < walk.n && i < most; i++)
		assay_queue_names_add(&list, arena, walk.name[i]);
	assay_queue_names_add(&list, arena, NULL);
	free(walk.name);
	*names = list.name;
	return st;
}

/* open_file - of this queue, to read */
static enum assay_status open_file(
    const struct assay_queue *queue, const char *name, int *fd, struct assay_err *err)
{
	if (!assay_queue_is_file(name))
		return assay_err_set(
		    err, ASSAY_E_USAGE, "\"%.80s\" is no name of a file in a queue", name);
	*fd = openat(queue->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return *fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot open", name);
}

/* read_bytes - all of a file, in the arena */
static enum assay_status read_bytes(
    int fd, struct assay_arena *arena, struct assay_slice *bytes, struct assay_err *err)
{
	const off_t size = assay_io_size(fd);
	enum assay_status st;
	char *p;

	*bytes = ASSAY_SLICE_LIT("");
	if (size < 0)
		return assay_io_fail(err, "cannot find the size", "");
	if ((uintmax_t)size > ASSAY_QUEUE_FILE_MAX)
		return assay_err_set(err, ASSAY_E_LIMIT, "larger than a file of ours can be");
	if (size == 0)
		return ASSAY_OK;
	p = assay_arena_alloc(arena, (size_t)size);
	*bytes = assay_slice(p, (size_t)size);
	st = assay_io_read_full(fd, p, (size_t)size, err);
	return st == ASSAY_END ? assay_err_set(err, ASSAY_E_IO, "it shrinks") : st;
}

/* parse - records until there is something else */
static void parse(
    struct assay_slice bytes, struct assay_arena *arena, struct assay_queue_file *file)
{
	struct assay_record *list = NULL, record;
	size_t n = 0, cap = 0;
	enum assay_status st;

	file->bytes = bytes.n;
	while ((st = assay_records_next(&bytes, arena, &record, NULL)) == ASSAY_OK) {
		if (n == cap) {
			struct assay_record *more;

			cap = cap > 0 ? cap * 2 : 64;
			more = assay_arena_calloc(arena, cap, sizeof *more);
			if (n > 0)
				memcpy(more, list, n * sizeof *more);
			list = more;
		}
		list[n++] = record;
	}
	file->record = list;
	file->n = n;
	/* An empty one never was whole: each has a record at least. */
	file->broken = st != ASSAY_END || n == 0;
}

/* assay_queue_read_fd - see queue_own.h */
enum assay_status assay_queue_read_fd(
    int fd, struct assay_arena *arena, struct assay_queue_file *file, struct assay_err *err)
{
	struct assay_slice bytes;
	const enum assay_status st = read_bytes(fd, arena, &bytes, err);

	*file = (struct assay_queue_file){ NULL, 0, 0, false };
	if (st == ASSAY_OK)
		parse(bytes, arena, file);
	assay_io_close(&fd);
	return st;
}

/* assay_queue_read - see queue.h */
enum assay_status assay_queue_read(struct assay_queue *queue, const char *name,
    struct assay_arena *arena, struct assay_queue_file *file, struct assay_err *err)
{
	enum assay_status st;
	int fd;

	st = open_file(queue, name, &fd, err);
	if (st != ASSAY_OK)
		return st;
	st = assay_queue_read_fd(fd, arena, file, err);
	if (st != ASSAY_OK)
		assay_err_prefix(err, "%s/%s", queue->path, name);
	return st;
}

/* assay_queue_map - see queue.h */
enum assay_status assay_queue_map(struct assay_queue *queue, const char *name,
    struct assay_container *container, bool *broken, struct assay_err *err)
{
	struct assay_io_map map = { "", 0 };
	uint64_t whole = 0;
	enum assay_status st;
	int fd;

	*container = (struct assay_container){ .map = { "", 0 } };
	st = open_file(queue, name, &fd, err);
	if (st != ASSAY_OK)
		return st;
	st = assay_io_map(fd, SIZE_MAX, &map, err);
	assay_io_close(&fd);
	if (st != ASSAY_OK)
		return st;
	assay_container_all(container, assay_slice(map.p, map.n));
	container->map = map;
	for (size_t i = 0; i < container->n; i++)
		whole += ASSAY_CONTAINER_HEAD + container->kept[i].bytes.n;
	*broken = whole != map.n || whole == 0;
	return ASSAY_OK;
}

/* take_message - request and message out of the mapped file */
static enum assay_status take_message(struct assay_queue_message *message, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_record record;
	enum assay_status st;

	message->message = assay_slice(message->map.p, message->map.n);
	st = assay_records_next(&message->message, arena, &record, err);
	if (st == ASSAY_OK && strcmp(record.kind, "request") == 0)
		st = assay_json_parse(record.json, &message->request, err);
	else if (st == ASSAY_OK || st == ASSAY_END)
		st = assay_err_set(err, ASSAY_E_SYNTAX, "there is no request in it");
	assay_arena_free(&arena);
	return st;
}

/* assay_queue_message - see queue.h */
enum assay_status assay_queue_message(struct assay_queue *queue, const char *name,
    struct assay_queue_message *message, struct assay_err *err)
{
	enum assay_status st;
	int fd;

	*message = (struct assay_queue_message){ .map = { "", 0 } };
	st = open_file(queue, name, &fd, err);
	if (st != ASSAY_OK)
		return st;
	st = assay_io_map(fd, SIZE_MAX, &message->map, err);
	assay_io_close(&fd);
	return st == ASSAY_OK ? take_message(message, err) : st;
}

/* assay_queue_message_release - see queue.h */
void assay_queue_message_release(struct assay_queue_message *message)
{
	json_decref(message->request);
	assay_io_unmap(&message->map);
	*message = (struct assay_queue_message){ .map = { "", 0 } };
}

/* assay_queue_remove - see queue.h */
enum assay_status assay_queue_remove(
    struct assay_queue *queue, const char *name, struct assay_err *err)
{
	ASSAY_ASSERT(assay_queue_is_file(name));
	if (unlinkat(queue->dir, name, 0) == 0 || errno == ENOENT)
		return ASSAY_OK;
	return assay_io_fail(err, "cannot remove", name);
}

/* trim_one - one file away, counted */
static enum assay_status trim_one(struct assay_queue *queue, const char *name,
    struct assay_queue_dropped *dropped, struct assay_err *err)
{
	struct stat st;

	if (fstatat(queue->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return ASSAY_OK; /* the drain was faster */
	dropped->n++;
	dropped->bytes += (uint64_t)st.st_size;
	return assay_queue_remove(queue, name, err);
}

/* assay_queue_trim - see queue.h */
enum assay_status assay_queue_trim(struct assay_queue *queue, uint64_t bytes, size_t most,
    struct assay_queue_dropped *dropped, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const char *const *name = NULL;
	enum assay_status st = assay_queue_list(queue, most, arena, &name, err);

	*dropped = (struct assay_queue_dropped){ 0, 0 };
	for (; st == ASSAY_OK && *name != NULL && dropped->bytes < bytes; name++)
		st = trim_one(queue, *name, dropped, err);
	assay_arena_free(&arena);
	return st;
}

/* ---- news --------------------------------------------------------------------------------------
 */

/* assay_queue_watch - see queue.h */
int assay_queue_watch(struct assay_queue *queue)
{
	if (queue->watch >= 0)
		return queue->watch;
	queue->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (queue->watch >= 0 &&
	    inotify_add_watch(queue->watch, queue->path, IN_CREATE | IN_MOVED_TO) < 0)
		assay_io_close(&queue->watch);
	return queue->watch;
}

/* assay_queue_watched - see queue.h */
void assay_queue_watched(struct assay_queue *queue)
{
	char events[4096];

	while (queue->watch >= 0 && read(queue->watch, events, sizeof events) > 0)
		;
}
