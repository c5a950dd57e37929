/*
 * core/cmd/import_walk.c - see import.h: files, directories and Maildirs that are imported
 *
 * Opens names of the command line and what is below them, never through a symbolic link; mails
 * themselves are opened by the providers, which see by the content what a file is. Holds no list of
 * names. What cannot be read is one line, and the others go on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/import.h"
#include "core/door.h"
#include "core/host.h"

#define DEPTH_MAX 64
#define WAIT_MS 50

/* One walk: `measure` only counts bytes. */
struct walk {
	struct assay_import *import;
	bool measure;
	struct assay_buf path; /* where we are; absolute, no link in it */
	unsigned depth;
};

/* assay_import_complain - see import.h */
void assay_import_complain(struct assay_import *import, const struct assay_err *err)
{
	int code = assay_cmd_fail(err);

	if (err->code == ASSAY_E_UNSUP)
		code = EX_DATAERR;
	import->count.failed++;
	if (import->failed == 0)
		import->failed = code == EX_DATAERR || code == EX_CANTCREAT || code == EX_TEMPFAIL
		    ? code
		    : EX_NOINPUT;
}

/* refuse - a place, with the reason */
static void refuse(const struct walk *walk, const char *why)
{
	struct assay_err err;

	if (walk->measure)
		return;
	(void)assay_err_set(
	    &err, ASSAY_E_NOENT, "%s: %s; nothing was imported there", walk->path.p, why);
	assay_import_complain(walk->import, &err);
}

/* ---- a file or a Maildir --------------------------------------------------------------------- */

/* hand_over - to the provider that knows such things */
static enum assay_status hand_over(
    const struct walk *walk, const char *provider, struct assay_err *err)
{
	struct assay_import *import = walk->import;
	const struct assay_loaded *loaded = assay_host_find(import->setup->host, provider);
	const char *names[] = { walk->path.p, NULL };

	ASSAY_ASSERT(loaded != NULL);
	return loaded->plugin->provider->once(loaded->state, import->door, names, err);
}

/* settle - what came of it; `named`: by the administrator. ASSAY_END ends the walk */
static enum assay_status settle(
    const struct walk *walk, enum assay_status st, bool named, const struct assay_err *err)
{
	if (assay_door_stopping(walk->import->door))
		return ASSAY_END;
	if (st == ASSAY_E_UNSUP && !named) {
		assay_log(ASSAY_LOG_INFO, "%s: passed over", err->text);
		walk->import->count.passed_over++;
	} else if (st != ASSAY_OK && st != ASSAY_END) {
		assay_import_complain(walk->import, err);
	}
	return ASSAY_OK;
}

/* take_file - a plain one */
static enum assay_status take_file(const struct walk *walk, uint64_t size, bool named)
{
	struct assay_import_pace *pace = &walk->import->pace;
	enum assay_status st;
	struct assay_err err;

	if (walk->measure) {
		pace->total += size;
		return ASSAY_OK;
	}
	st = settle(walk, hand_over(walk, "mbox", &err), named, &err);
	pace->before += size;
	pace->now = 0;
	return st;
}

/* ---- directories ----------------------------------------------------------------------------- */

static enum assay_status take_dir(struct walk *walk, struct assay_err *err);

/* is_dir - a directory of this name in it? */
static bool is_dir(int dir, const char *name)
{
	struct stat about;

	return fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
}

/* measure_side - the files of one directory of a Maildir */
static void measure_side(struct walk *walk, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	struct stat about;

	if (names == NULL)
		assay_io_close(&fd);
	while (names != NULL && (entry = readdir(names)) != NULL)
		if (fstatat(dirfd(names), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(about.st_mode))
			walk->import->pace.total += (uint64_t)about.st_size;
	if (names != NULL)
		(void)closedir(names);
}

/* take_maildir - the mails of one folder */
static enum assay_status take_maildir(struct walk *walk, int dir)
{
	struct assay_err err;

	if (walk->measure) {
		measure_side(walk, dir, "new");
		measure_side(walk, dir, "cur");
		return ASSAY_OK;
	}
	return settle(walk, hand_over(walk, "maildir", &err), true, &err);
}

/* take_entry - one name of a directory; in a Maildir only folders count */
static enum assay_status take_entry(
    struct walk *walk, int dir, const char *name, bool maildir, struct assay_err *err)
{
	const size_t before = walk->path.n;
	enum assay_status st = ASSAY_OK;
	struct stat about;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    (maildir &&
		(strcmp(name, "new") == 0 || strcmp(name, "cur") == 0 || strcmp(name, "tmp") == 0)))
		return ASSAY_OK;
	if (!assay_buf_printf(&walk->path, "/%s", name) ||
	    fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
		refuse(walk, walk->path.full ? "the path is too long" : strerror(errno));
	} else if (S_ISDIR(about.st_mode)) {
		st = take_dir(walk, err);
	} else if (S_ISREG(about.st_mode) && !maildir) {
		st = take_file(walk, (uint64_t)about.st_size, false);
	}
	walk->path.n = before;
	walk->path.p[before] = '\0';
	walk->path.full = false;
	return st;
}

/* read_names - all that is in a directory, which is taken */
static enum assay_status read_names(struct walk *walk, DIR *names, struct assay_err *err)
{
	const int dir = dirfd(names);
	const bool maildir = is_dir(dir, "cur") && is_dir(dir, "new");
	enum assay_status st = maildir ? take_maildir(walk, dir) : ASSAY_OK;
	const struct dirent *entry;

	for (errno = 0; st == ASSAY_OK && (entry = readdir(names)) != NULL; errno = 0)
		st = take_entry(walk, dir, entry->d_name, maildir, err);
	if (st == ASSAY_OK && errno != 0)
		refuse(walk, strerror(errno));
	(void)closedir(names);
	return st;
}

/* take_dir - walk->path and what is below */
static enum assay_status take_dir(struct walk *walk, struct assay_err *err)
{
	int fd = assay_io_open_plain(walk->path.p, O_RDONLY | O_DIRECTORY);
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
	enum assay_status st;

	if (names == NULL || walk->depth == DEPTH_MAX) {
		refuse(walk, names == NULL ? strerror(errno) : "too deep");
		if (names != NULL)
			(void)closedir(names);
		else
			assay_io_close(&fd);
		return ASSAY_OK;
	}
	walk->depth++;
	st = read_names(walk, names, err);
	walk->depth--;
	return st;
}

/* ---- operands -------------------------------------------------------------------------------- */

/* await_kept - until all that is under way is kept: then another journal may be opened */
static enum assay_status await_kept(struct assay_import *import, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	while (st == ASSAY_OK && import->count.kept < import->count.admitted &&
	    !assay_door_stopping(import->door)) {
		st = assay_door_wait(import->door, -1, WAIT_MS, err);
		st = st == ASSAY_END ? ASSAY_OK : st;
	}
	return st;
}

/* open_journal - of the directory, or of the one that the file is in */
static enum assay_status open_journal(
    struct assay_import *import, const char *path, bool dir, struct assay_err *err)
{
	char *about = assay_xstrdup(path), *slash = strrchr(about, '/');
	enum assay_status st = ASSAY_OK;

	if (!dir && slash != NULL)
		slash[slash == about ? 1 : 0] = '\0';
	if (import->journal.about == NULL || strcmp(import->journal.about, about) != 0)
		st = await_kept(import, err);
	if (st == ASSAY_OK)
		st = assay_import_journal_open(&import->journal, about, import->dry, err);
	free(about);
	return st;
}

/* take_pst - what was made of it, if anything */
static enum assay_status take_pst(struct walk *walk, struct assay_err *err)
{
	if (walk->import->inside->dir == NULL)
		return ASSAY_OK;
	assay_buf_clear(&walk->path);
	(void)assay_buf_add_str(&walk->path, walk->import->inside->dir);
	return take_dir(walk, err);
}

/* take_operand - whatever it is; walk->path is its true name */
static enum assay_status take_operand(
    struct walk *walk, const struct stat *about, struct assay_err *err)
{
	const bool dir = S_ISDIR(about->st_mode);
	enum assay_status st = ASSAY_OK;

	if (!dir && !S_ISREG(about->st_mode)) {
		refuse(walk, "neither a file nor a directory");
		return ASSAY_OK;
	}
	if (!walk->measure)
		st = open_journal(walk->import, walk->path.p, dir, err);
	if (st == ASSAY_E_TIMEOUT || st == ASSAY_E_USAGE) {
		assay_import_complain(walk->import, err);
		return ASSAY_OK;
	}
	if (st != ASSAY_OK)
		return st;
	if (dir)
		return take_dir(walk, err);
	walk->import->inside = assay_import_pst_find(walk->import, walk->path.p);
	st = walk->import->inside != NULL ? take_pst(walk, err)
					  : take_file(walk, (uint64_t)about->st_size, true);
	walk->import->inside = NULL;
	return st;
}

/* walk_all - operands in their order */
static enum assay_status walk_all(struct walk *walk, struct assay_err *err)
{
	const char *const *name = walk->import->operands.word;
	enum assay_status st = ASSAY_OK;
	struct stat about;

	assay_buf_init(&walk->path, PATH_MAX);
	for (; st == ASSAY_OK && *name != NULL; name++) {
		char *real = realpath(*name, NULL);

		assay_buf_clear(&walk->path);
		(void)assay_buf_add_str(&walk->path, real != NULL ? real : *name);
		if (real == NULL || lstat(real, &about) != 0)
			refuse(walk, strerror(errno));
		else
			st = take_operand(walk, &about, err);
		free(real);
	}
	assay_buf_release(&walk->path);
	return st;
}

/* assay_import_walk_measure - see import.h */
void assay_import_walk_measure(struct assay_import *import)
{
	struct walk walk = { .import = import, .measure = true };
	struct assay_err err;

	(void)walk_all(&walk, &err);
}

/* assay_import_walk - see import.h */
enum assay_status assay_import_walk(struct assay_import *import, struct assay_err *err)
{
	struct walk walk = { .import = import };
	enum assay_status st = walk_all(&walk, err);

	return st == ASSAY_OK ? await_kept(import, err) : st;
}
