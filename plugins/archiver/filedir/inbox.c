/*
 * filedir/inbox.c - see inbox.h
 *
 * Walks, and leaves each file it meets to intake.c. A walk keeps no list of files, but for one
 * directory of a file store at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
#include "filestore.h"
#include "inbox.h"
#include "intake.h"
#include "tree.h"

#define SOON_MS 200
#define STORE_NAMES ((size_t)1 << 20) /* of one directory of a file store */
#define WALK_SHARE 9                  /* it rests so many times as long as it walks */
enum { UNREADABLE = 100, TOO_MANY_NAMES, NOT_CLEANED };

/* A watched directory. */
struct root {
	const char *path; /* in the inbox's arena */
	struct assay_seen seen;
	bool missing; /* and that was told */
};

struct assay_inbox {
	struct assay_inbox_options options;
	struct assay_intake intake;
	struct assay_tree tree;
	struct assay_filestore store;
	struct assay_arena *arena; /* for what lives as long */
	struct root *root;
	size_t nroot;
	struct stat ours[ASSAY_INBOX_OURS + 1]; /* that are there; the last is move_to */
	size_t nours;
};

/* A walk through one directory. */
struct walk {
	struct assay_inbox *inbox;
	const char *root;
	struct assay_seen *seen; /* NULL: once */
	enum assay_status failed;
	struct assay_err *err;
};

/* assay_inbox_new - see inbox.h */
struct assay_inbox *assay_inbox_new(const struct assay_inbox_options *options)
{
	struct assay_inbox *inbox = assay_xcalloc(1, sizeof *inbox);

	inbox->arena = assay_arena_new();
	inbox->options = *options;
	inbox->intake.after = options->after;
	inbox->intake.settle_ms = options->settle_ms;
	return inbox;
}

/* assay_inbox_free - see inbox.h */
void assay_inbox_free(struct assay_inbox **inbox)
{
	struct assay_inbox *in = *inbox;

	if (in == NULL)
		return;
	assay_intake_release(&in->intake);
	for (size_t i = 0; i < in->nroot; i++)
		assay_seen_close(&in->root[i].seen);
	assay_filestore_release(&in->store);
	assay_arena_free(&in->arena);
	free(in);
	*inbox = NULL;
}

/* named - a directory as the report shall name it: without slashes behind it */
static const char *named(struct assay_arena *arena, const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return assay_arena_memdup0(arena, path, n);
}

/* ---- a tree of files ------------------------------------------------------------------------ */

/* ignored - by its name */
static bool ignored(const struct assay_inbox *inbox, const char *name)
{
	const char *const *pattern = inbox->options.ignore;

	while (*pattern != NULL && !assay_slice_glob(assay_slice_str(name), *pattern))
		pattern++;
	return *pattern != NULL;
}

/* is_ours - one of the directories we write to? */
static bool is_ours(const struct assay_inbox *inbox, const struct stat *st)
{
	for (size_t i = 0; i < inbox->nours; i++)
		if (inbox->ours[i].st_dev == st->st_dev && inbox->ours[i].st_ino == st->st_ino)
			return true;
	return false;
}

/* find_ours - those that are there by now */
static void find_ours(struct assay_inbox *inbox)
{
	const char *move_to = inbox->options.after.move_to;

	inbox->nours = 0;
	for (int i = 0; i < ASSAY_INBOX_OURS; i++)
		if (stat(inbox->options.ours[i], &inbox->ours[inbox->nours]) == 0)
			inbox->nours++;
	if (move_to != NULL && stat(move_to, &inbox->ours[inbox->nours]) == 0)
		inbox->nours++;
}

/* may_enter - for the walk */
static bool may_enter(void *arg, int dir, const char *name)
{
	const struct assay_inbox *inbox = arg;
	struct stat st;

	return !ignored(inbox, name) && fstat(dir, &st) == 0 && !is_ours(inbox, &st);
}

/* kept_on - what follows from a submission: only what concerns the door ends the walk */
static bool kept_on(struct walk *walk, enum assay_status status)
{
	if (status == ASSAY_OK || status == ASSAY_E_NOENT)
		return true;
	if (status == ASSAY_E_IO && walk->seen != NULL)
		return true;
	walk->failed = status;
	return status == ASSAY_E_IO;
}

/* take_tree - every file below the root */
static void take_tree(struct walk *walk)
{
	struct assay_inbox *inbox = walk->inbox;
	struct assay_tree *tree = &inbox->tree;

	while (assay_tree_next(tree) && !assay_door_stopping(inbox->intake.door)) {
		struct assay_intake_file file = { .root = walk->root,
			.path = tree->path,
			.name = tree->name,
			.dir = assay_tree_dir(tree),
			.seen = walk->seen };

		if (ignored(inbox, tree->name) || !assay_intake_wants(&inbox->intake, &file))
			continue;
		if (!kept_on(
			walk, assay_intake_submit(&inbox->intake, &file, NULL, NULL, walk->err)))
			break;
	}
}

/* walk_tree - false: not all of it was met. E_NOENT, E_IO in walk->failed. */
static bool walk_tree(struct walk *walk)
{
	struct assay_inbox *inbox = walk->inbox;
	bool whole;

	inbox->tree.most = inbox->options.recursive ? ASSAY_TREE_DEPTH : 1;
	inbox->tree.enter = may_enter;
	inbox->tree.arg = inbox;
	walk->failed = assay_tree_open(&inbox->tree, walk->root, walk->err);
	if (walk->failed != ASSAY_OK)
		return false;
	take_tree(walk);
	whole = inbox->tree.depth == 0 && inbox->tree.problem.code == ASSAY_OK;
	assay_tree_close(&inbox->tree);
	if (inbox->tree.problem.code != ASSAY_OK) {
		assay_told_warn(
		    &inbox->intake.told, walk->root, UNREADABLE, inbox->tree.problem.text);
		if (walk->failed == ASSAY_OK && walk->seen == NULL) {
			*walk->err = inbox->tree.problem;
			walk->failed = ASSAY_E_IO;
		}
	}
	return whole;
}

/* ---- a file store of Suricata --------------------------------------------------------------- */

/* take_stored - a file with what its records say; false: the walk ends */
static bool take_stored(struct walk *walk, int dir, size_t at)
{
	struct assay_inbox *inbox = walk->inbox;
	char path[ASSAY_FILESTORE_NAME + 4];
	struct assay_intake_file file = {
		.root = walk->root, .path = path, .name = path + 3, .dir = dir, .seen = walk->seen
	};
	struct assay_fileinfo info;
	enum assay_status status = ASSAY_OK;

	(void)snprintf(path, 4, "%02x/", inbox->store.name[at].sha256[0]);
	assay_filestore_format(&inbox->store.name[at], path + 3);
	if (!assay_intake_wants(&inbox->intake, &file))
		return true;
	assay_fileinfo_init(&info);
	assay_filestore_read(&inbox->store, at, dir, &info);
	if (info.found || walk->seen == NULL ||
	    assay_intake_settled(&inbox->intake, &file, inbox->options.metadata_ms))
		status = assay_intake_submit(&inbox->intake, &file, assay_fileinfo_steal(&info),
		    info.filename[0] != '\0' ? info.filename : NULL, walk->err);
	assay_fileinfo_release(&info);
	return kept_on(walk, status);
}

/* clean_up - a record whose file has gone the way of option after goes the same way */
static void clean_up(struct walk *walk, int dir, const struct assay_filestore_name *record)
{
	struct assay_inbox *inbox = walk->inbox;
	const struct assay_settle_now now = { assay_clock_wall_ms(), assay_clock_mono_ms() };
	struct assay_filestore_name file = *record;
	char name[ASSAY_FILESTORE_NAME], path[ASSAY_FILESTORE_NAME + 4];
	struct assay_err err;
	struct stat st;

	file.record = false;
	assay_filestore_format(&file, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return;
	(void)snprintf(path, sizeof path, "%02x/", record->sha256[0]);
	assay_filestore_format(record, path + 3);
	if (fstatat(dir, path + 3, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !assay_settle_is(&inbox->intake.settle, &st, inbox->options.metadata_ms, now))
		return;
	if (assay_after_do(&inbox->options.after,
		&(struct assay_after_file){ walk->root, path, &st }, &err) == ASSAY_E_IO)
		assay_told_warn(&inbox->intake.told, walk->root, NOT_CLEANED, err.text);
}

/* take_dir - one of the 256; false: the walk ends */
static bool take_dir(struct walk *walk, int dir)
{
	const struct assay_filestore *store = &walk->inbox->store;
	const bool cleans =
	    walk->seen != NULL && walk->inbox->options.after.what != ASSAY_AFTER_LEAVE;
	size_t file = SIZE_MAX;

	for (size_t i = 0; i < store->n; i++) {
		if (assay_door_stopping(walk->inbox->intake.door))
			return false;
		if (!store->name[i].record) {
			file = i;
			if (!take_stored(walk, dir, i))
				return false;
		} else if (cleans &&
		    (file == SIZE_MAX ||
			!assay_filestore_same(&store->name[file], &store->name[i]))) {
			clean_up(walk, dir, &store->name[i]);
		}
	}
	return true;
}

/* load_dir - its names; false: not all of them */
static bool load_dir(struct walk *walk, int dir, unsigned number)
{
	struct assay_inbox *inbox = walk->inbox;
	struct assay_err err;

	if (assay_filestore_load(&inbox->store, dir, number, STORE_NAMES, &err) != ASSAY_OK) {
		assay_told_warn(&inbox->intake.told, walk->root, UNREADABLE, err.text);
		return false;
	}
	if (!inbox->store.cut)
		return true;
	assay_told_warn(&inbox->intake.told, walk->root, TOO_MANY_NAMES,
	    "more than a million names in one directory; the others wait until some have gone");
	return false;
}

/* walk_store - all directories; false: not all was met */
static bool walk_store(struct walk *walk)
{
	const int root = open(walk->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool whole = true, on = true;

	if (root < 0) {
		walk->failed = assay_io_fail(walk->err, "cannot read the directory", walk->root);
		return false;
	}
	for (unsigned i = 0; on && i < ASSAY_FILESTORE_DIRS; i++) {
		char name[4];
		int dir;

		(void)snprintf(name, sizeof name, "%02x", i);
		dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0) {
			whole = whole && errno == ENOENT;
			continue;
		}
		whole = load_dir(walk, dir, i) && whole;
		on = take_dir(walk, dir);
		assay_io_close(&dir);
	}
	(void)close(root);
	return whole && on;
}

/* ---- again and again ------------------------------------------------------------------------ */

/* is_back - the directory, after it was missing */
static void is_back(struct root *root)
{
	if (root->missing)
		assay_log(ASSAY_LOG_INFO, "filedir: %s is there now", root->path);
	root->missing = false;
}

/* is_missing - told when it begins */
static void is_missing(struct root *root, const char *why)
{
	if (!root->missing)
		assay_log(ASSAY_LOG_WARNING, "filedir: %s; it is looked for again and again", why);
	root->missing = true;
}

/* look - at one directory; only what concerns the door is returned */
static enum assay_status look(struct assay_inbox *inbox, struct root *root, struct assay_err *err)
{
	struct assay_err why;
	struct walk walk = { inbox, root->path, &root->seen, ASSAY_OK, &why };
	bool whole;

	assay_seen_walk(&root->seen);
	whole = inbox->options.suricata ? walk_store(&walk) : walk_tree(&walk);
	assay_seen_walked(&root->seen, whole);
	if (walk.failed == ASSAY_E_NOENT || walk.failed == ASSAY_E_IO) {
		is_missing(root, why.text);
		return ASSAY_OK;
	}
	is_back(root);
	if (walk.failed == ASSAY_OK || walk.failed == ASSAY_END)
		return walk.failed;
	return assay_err_set(err, walk.failed, "%s", why.text);
}

/* open_root - what must be so before files are taken from it */
static enum assay_status open_root(
    struct assay_inbox *inbox, const char *path, struct assay_err *err)
{
	struct root *root = &inbox->root[inbox->nroot];
	enum assay_status status;
	struct stat st;

	root->path = named(inbox->arena, path);
	if (stat(root->path, &st) == 0 && is_ours(inbox, &st))
		return assay_err_set(err, ASSAY_E_CONF,
		    "[filedir] watch: %s is where filedir writes itself", root->path);
	status = assay_after_check(&inbox->options.after, root->path, err);
	if (status == ASSAY_OK)
		status = assay_seen_open(
		    &root->seen, root->path, inbox->options.journal, &inbox->intake.told, err);
	inbox->nroot += status == ASSAY_OK;
	return status;
}

/* begin - what run needs, once */
static enum assay_status begin(struct assay_inbox *inbox, struct assay_err *err)
{
	const char *const *watch = inbox->options.watch;
	enum assay_status status = ASSAY_OK;
	size_t n = 0;

	while (watch[n] != NULL)
		n++;
	if (n == 0)
		return assay_err_set(
		    err, ASSAY_E_CONF, "[filedir] watch names no directory; nothing can come in");
	if (inbox->root == NULL)
		inbox->root = assay_arena_calloc(inbox->arena, n, sizeof *inbox->root);
	find_ours(inbox);
	while (status == ASSAY_OK && inbox->nroot < n)
		status = open_root(inbox, watch[inbox->nroot], err);
	return status;
}

/* flush_all - journals, as far as it can be done */
static void flush_all(struct assay_inbox *inbox)
{
	for (size_t i = 0; i < inbox->nroot; i++)
		assay_seen_flush(&inbox->root[i].seen);
}

/* rest - until it is time to look again; the door goes on meanwhile */
static enum assay_status rest(struct assay_inbox *inbox, int64_t until_ms, struct assay_err *err)
{
	enum assay_status status = ASSAY_END;
	int64_t left_ms;

	while (!assay_door_stopping(inbox->intake.door) &&
	    (left_ms = until_ms - assay_clock_mono_ms()) > 0) {
		status = assay_door_wait(inbox->intake.door, -1, left_ms, err);
		flush_all(inbox);
		if (status != ASSAY_OK && status != ASSAY_END)
			return status;
	}
	return ASSAY_OK;
}

/* pause_ms - after a look that took so long, with the time the door took */
static int64_t pause_ms(const struct assay_inbox *inbox, int64_t took_ms)
{
	const struct assay_inbox_options *o = &inbox->options;
	int64_t ms = o->rescan_ms;

	took_ms -= inbox->intake.waited_ms;
	if (inbox->intake.unsettled > 0 && o->settle_ms < ms)
		ms = o->settle_ms > SOON_MS ? o->settle_ms : SOON_MS;
	return ms > took_ms * WALK_SHARE ? ms : took_ms * WALK_SHARE;
}

/* assay_inbox_run - see inbox.h */
enum assay_status assay_inbox_run(
    struct assay_inbox *inbox, struct assay_door *door, struct assay_err *err)
{
	enum assay_status status = begin(inbox, err);

	inbox->intake.door = door;
	while (status == ASSAY_OK && !assay_door_stopping(door)) {
		const int64_t begun_ms = assay_clock_mono_ms();
		int64_t now_ms;

		inbox->intake.unsettled = 0;
		inbox->intake.waited_ms = 0;
		find_ours(inbox);
		for (size_t i = 0; i < inbox->nroot && status == ASSAY_OK; i++)
			status = look(inbox, &inbox->root[i], err);
		now_ms = assay_clock_mono_ms();
		if (status == ASSAY_OK)
			status = rest(inbox, now_ms + pause_ms(inbox, now_ms - begun_ms), err);
	}
	flush_all(inbox);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* ---- once ----------------------------------------------------------------------------------- */

/* once_file - a file by its name */
static void once_file(struct walk *walk)
{
	const char *slash = strrchr(walk->root, '/');
	struct assay_intake_file file = { .dir = AT_FDCWD, .root = ".", .path = walk->root };
	struct assay_arena *arena = assay_arena_new();

	file.name = walk->root;
	if (slash != NULL) {
		/* What becomes source_id is the name as given. */
		file.path = slash + 1;
		file.root = assay_arena_memdup0(arena, walk->root, (size_t)(slash - walk->root));
	}
	if (assay_intake_wants(&walk->inbox->intake, &file))
		(void)kept_on(walk,
		    assay_intake_submit(&walk->inbox->intake, &file, NULL, walk->root, walk->err));
	assay_arena_free(&arena);
}

/* once_name - a file, a directory, or nothing that can be read */
static void once_name(struct walk *walk)
{
	struct stat st, link;

	if (stat(walk->root, &st) != 0 || lstat(walk->root, &link) != 0)
		walk->failed = assay_io_fail(walk->err, "cannot read", walk->root);
	else if (S_ISREG(link.st_mode))
		once_file(walk);
	else if (!S_ISDIR(st.st_mode))
		walk->failed = assay_err_set(
		    walk->err, ASSAY_E_IO, "%s is neither a file nor a directory", walk->root);
	else if (walk->inbox->options.suricata)
		(void)walk_store(walk);
	else
		(void)walk_tree(walk);
}

/* assay_inbox_once - see inbox.h */
enum assay_status assay_inbox_once(struct assay_inbox *inbox, struct assay_door *door,
    const char *const *names, struct assay_err *err)
{
	enum assay_status failed = ASSAY_OK;

	inbox->intake.door = door;
	find_ours(inbox);
	for (; *names != NULL && !assay_door_stopping(door); names++) {
		struct assay_arena *arena = assay_arena_new();
		struct assay_err why;
		struct walk walk = { inbox, named(arena, *names), NULL, ASSAY_OK, &why };

		once_name(&walk);
		assay_arena_free(&arena);
		if (walk.failed == ASSAY_OK)
			continue;
		failed = walk.failed;
		if (failed != ASSAY_END)
			(void)assay_err_set(err, failed, "%s", why.text);
		if (failed != ASSAY_E_IO && failed != ASSAY_E_NOENT)
			break;
	}
	return failed;
}
