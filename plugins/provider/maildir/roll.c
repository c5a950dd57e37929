/*
 * maildir/roll.c - see maildir.h: which folders there are, and what was known of them
 *
 * Touches the journals and a file "watched" beside them, whose time says when the Maildirs were
 * last looked for. Reads directories of others. Fails for one folder at a time, in one line an
 * hour, and goes on with the others.
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
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "maildir.h"

#define MARK "watched"
#define SLACK_MS 60000 /* between a mail's own time and its arrival */
#define TIDY_FROM 4096
#define HELD_MOST ((size_t)64 << 20)
#define MAILBOX_MAX 1024

/* ---- one folder ------------------------------------------------------------------------------ */

/* mailbox_of - the option with what the stars stand for; NULL where there were none */
static char *mailbox_of(const char *format, const struct assay_found *found)
{
	struct assay_buf buf;

	if (found->nstar == 0 || format[0] == '\0')
		return NULL;
	assay_buf_init(&buf, MAILBOX_MAX);
	for (const char *p = format; *p != '\0'; p++) {
		const size_t which = p[0] == '%' ? (size_t)(p[1] - '1') : SIZE_MAX;

		if (which < found->nstar) {
			(void)assay_buf_add_slice(&buf, found->star[which]);
			p++;
		} else {
			(void)assay_buf_add_char(&buf, *p);
		}
	}
	return assay_buf_steal(&buf, NULL);
}

/* journal_of - the file where a folder's keys are */
static char *journal_of(const struct assay_maildir *m, const char *path)
{
	const struct assay_key key = assay_mailname_digest(assay_slice_str(path));
	const size_t room = strlen(m->journal) + 2 * sizeof key.b + sizeof "/.journal";
	char *file = assay_xmalloc(room), *p = file + strlen(m->journal) + 1;

	(void)snprintf(file, room, "%s/", m->journal);
	for (size_t i = 0; i < sizeof key.b; i++, p += 2)
		(void)snprintf(p, 3, "%02x", key.b[i]);
	(void)snprintf(p, sizeof ".journal", ".journal");
	return file;
}

/* assay_roll_folder - see maildir.h */
struct assay_folder *assay_roll_folder(
    const struct assay_maildir *m, const struct assay_found *found)
{
	char *mailbox = mailbox_of(m->mailbox, found);
	struct assay_folder *folder = assay_folder_new(found, mailbox);

	assay_ledger_init(
	    &folder->ledger, m->once ? NULL : journal_of(m, folder->path), folder->path, m->most);
	folder->tidy = TIDY_FROM;
	free(mailbox);
	return folder;
}

/* came_since - after the Maildirs were last looked for? */
static bool came_since(const struct assay_maildir *m, int dir, const char *name)
{
	struct stat st;

	return m->since_ms != 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (int64_t)st.st_mtim.tv_sec * 1000 >= m->since_ms - SLACK_MS;
}

/* note - what lies in a directory counts as handed over, unless it came since */
static enum assay_status note(const struct assay_maildir *m, const struct assay_folder *folder,
    enum assay_folder_side side, struct assay_keyset *noted, struct assay_err *err)
{
	struct assay_folder_stamp stamp;
	enum assay_status st;
	const char *name;
	DIR *names;

	st = assay_folder_list(folder, side, &names, &stamp, err);
	if (st != ASSAY_OK)
		return st == ASSAY_E_NOENT ? ASSAY_OK : st;
	while (!assay_keyset_full(noted) && (name = assay_folder_next(names)) != NULL)
		if (!came_since(m, dirfd(names), name))
			(void)assay_keyset_add(noted, assay_mailname_key(name));
	(void)closedir(names);
	if (assay_keyset_full(noted))
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "%s: more than %zu mails; raise [maildir] max_mails", folder->path, m->most);
	return ASSAY_OK;
}

/* first_sight - a folder without a journal gets one */
static enum assay_status first_sight(
    const struct assay_maildir *m, struct assay_folder *folder, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;
	struct assay_keyset noted;

	assay_keyset_init(&noted, m->most);
	if (m->existing != ASSAY_MAILDIR_EXISTING_ALL)
		st = note(m, folder, ASSAY_FOLDER_CUR, &noted, err);
	if (st == ASSAY_OK && m->existing == ASSAY_MAILDIR_EXISTING_NONE)
		st = note(m, folder, ASSAY_FOLDER_NEW, &noted, err);
	if (st == ASSAY_OK)
		st = assay_ledger_write(&folder->ledger, &noted, err);
	assay_keyset_release(&noted);
	return st;
}

/* assay_roll_ready - see maildir.h */
bool assay_roll_ready(struct assay_maildir *m, struct assay_folder *folder)
{
	struct assay_err err;
	enum assay_status st;

	if (folder->ledger.loaded)
		return true;
	st = assay_ledger_load(&folder->ledger, &err);
	if (st == ASSAY_E_SYNTAX) {
		assay_notice_tell(&folder->notice,
		    "%s; it was put aside as .bad, and a new one is made", err.text);
		assay_ledger_set_aside(&folder->ledger);
		st = ASSAY_E_NOENT;
	}
	if (st == ASSAY_E_NOENT)
		st = first_sight(m, folder, &err);
	if (st != ASSAY_OK) {
		assay_notice_tell(&folder->notice, "%s; %s is not scanned before that is mended",
		    err.text, folder->path);
		assay_intake_again(m, folder, m->rescan_ms);
		return false;
	}
	m->held += assay_keyset_bytes(&folder->ledger.known);
	return true;
}

/* present - known names that are there; false: it changed meanwhile, or could not be read */
static bool present(const struct assay_folder *folder, struct assay_keyset *there)
{
	int dir = assay_find_open(folder->path, folder->fixed);
	bool same = dir >= 0;

	for (unsigned side = 0; same && side < ASSAY_FOLDER_SIDES; side++) {
		struct assay_folder_stamp before, after;
		const char *name;
		DIR *names;

		if (assay_folder_list(folder, side, &names, &before, NULL) != ASSAY_OK) {
			same = false;
			break;
		}
		while ((name = assay_folder_next(names)) != NULL) {
			const struct assay_key key = assay_mailname_key(name);

			if (assay_keyset_has(&folder->ledger.known, key))
				(void)assay_keyset_add(there, key);
		}
		same = errno == 0;
		(void)closedir(names);
		after = assay_folder_stamp_of(dir, side);
		same &= assay_folder_stamp_same(&before, &after);
	}
	assay_io_close(&dir);
	return same;
}

/* assay_roll_tidy - see maildir.h */
void assay_roll_tidy(struct assay_maildir *m, struct assay_folder *folder)
{
	struct assay_ledger *ledger = &folder->ledger;
	struct assay_keyset there;
	struct assay_err err;

	if (ledger->file == NULL || !ledger->loaded || ledger->records < folder->tidy ||
	    ledger->in_flight > 0 || ledger->npending > 0)
		return;
	assay_keyset_init(&there, m->most);
	if (present(folder, &there)) {
		folder->tidy = 2 * there.n + TIDY_FROM;
		if (ledger->records >= folder->tidy &&
		    assay_ledger_write(ledger, &there, &err) != ASSAY_OK)
			assay_notice_tell(&m->journal_notice, "%s", err.text);
	}
	assay_keyset_release(&there);
}

/* assay_roll_trim - see maildir.h */
void assay_roll_trim(struct assay_maildir *m)
{
	if (m->held < HELD_MOST)
		return;
	m->held = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct assay_ledger *ledger = &m->folder[i]->ledger;

		if (m->folder[i] == m->sweep.folder || !assay_ledger_unload(ledger))
			m->held += assay_keyset_bytes(&ledger->known);
	}
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* by_path - for qsort and the search */
static int by_path(const void *a, const void *b)
{
	const struct assay_folder *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

/* find - a folder that was sorted in */
static struct assay_folder *find(const struct assay_maildir *m, const char *path)
{
	size_t low = 0, high = m->sorted;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const int order = strcmp(m->folder[mid]->path, path);

		if (order == 0)
			return m->folder[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* add - at the end, to be sorted in later */
static struct assay_folder *add(struct assay_maildir *m, const struct assay_found *found)
{
	if (m->n == ASSAY_MAILDIR_FOLDERS) {
		assay_notice_tell(&m->roll_notice,
		    "more than %d Maildirs; %s and others are not looked at", ASSAY_MAILDIR_FOLDERS,
		    found->path);
		return NULL;
	}
	if (m->n == m->room) {
		m->room = m->room > 0 ? m->room * 2 : 16;
		m->folder = assay_xrealloc(m->folder, m->room * sizeof *m->folder);
	}
	m->folder[m->n] = assay_roll_folder(m, found);
	return m->folder[m->n++];
}

/* watch - new/ of a folder; without it, it is looked at now and then */
static void watch(struct assay_maildir *m, struct assay_folder *folder, int dir)
{
	int fd = openat(dir, assay_folder_side_name(ASSAY_FOLDER_NEW),
	    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct assay_folder *other = NULL;
	struct stat st;

	folder->other = false;
	if (fd < 0 || m->watch.fd < 0 || fstat(fd, &st) != 0) {
		assay_io_close(&fd);
		return;
	}
	folder->wd = assay_watch_add(&m->watch, fd, folder, (void **)&other);
	if (other != NULL) {
		folder->other = true;
		assay_notice_tell(&folder->notice, "%s is the same directory as %s; it is left out",
		    folder->path, other->path);
	} else if (folder->wd < 0) {
		assay_notice_tell(&m->watch_notice,
		    "cannot watch %s: %s; its mails are found every %lld s all the same%s",
		    folder->path, strerror(errno), (long long)(m->rescan_ms / 1000),
		    errno == ENOSPC ? " (raise fs.inotify.max_user_watches)" : "");
	}
	folder->watched_dev = st.st_dev;
	folder->watched_ino = st.st_ino;
	assay_io_close(&fd);
}

/* check - a folder that is there: is it the one we know, and has it changed? */
static void check(struct assay_maildir *m, struct assay_folder *folder, int dir)
{
	struct assay_folder_stamp now[ASSAY_FOLDER_SIDES];

	for (unsigned side = 0; side < ASSAY_FOLDER_SIDES; side++)
		now[side] = assay_folder_stamp_of(dir, side);
	if (folder->wd >= 0 &&
	    (now[ASSAY_FOLDER_NEW].dev != folder->watched_dev ||
		now[ASSAY_FOLDER_NEW].ino != folder->watched_ino))
		assay_watch_remove(&m->watch, &folder->wd);
	if (folder->wd < 0) {
		/* What moves to cur/ from here on was not there before: first the sight, then the
		 * watch. */
		if (!assay_ledger_exists(&folder->ledger))
			(void)assay_roll_ready(m, folder);
		watch(m, folder, dir);
	}
	for (unsigned side = 0; side < ASSAY_FOLDER_SIDES; side++)
		folder->look[side] = !folder->other &&
		    (folder->look[side] ||
			!assay_folder_stamp_same(&folder->stamp[side], &now[side]));
}

/* A walk of one pattern. */
struct call {
	struct assay_maildir *m;
	bool below; /* the last star stands for a folder in a Maildir */
	bool found, failed;
};

/* found - a directory that may be a Maildir */
static bool found(void *arg, const struct assay_found *what)
{
	struct call *call = arg;
	struct assay_maildir *m = call->m;
	struct assay_found named = *what;
	struct assay_folder *folder;

	if (assay_folder_stamp_of(what->fd, ASSAY_FOLDER_NEW).ino == 0)
		return true;
	call->found = true;
	folder = find(m, what->path);
	named.nstar -= call->below;
	if (folder == NULL)
		folder = add(m, &named);
	if (folder != NULL) {
		folder->round = m->round;
		check(m, folder, what->fd);
	}
	return !assay_door_stopping(m->door);
}

/* walk - one pattern; what was found is sorted in */
static void walk(struct assay_maildir *m, const char *pattern, struct call *call)
{
	struct assay_err err;

	if (assay_find_each(pattern, found, call, &err) != ASSAY_OK) {
		call->failed = true;
		assay_notice_tell(&m->roll_notice, "%s", err.text);
	}
	if (m->sorted < m->n)
		qsort(m->folder, m->n, sizeof *m->folder, by_path);
	m->sorted = m->n;
}

/* call_pattern - the Maildirs it means, and the folders in them */
static void call_pattern(struct assay_maildir *m, size_t i)
{
	struct call call = { .m = m };
	char below[ASSAY_FIND_PATH + 4];

	walk(m, m->patterns[i], &call);
	if (m->folders) {
		(void)snprintf(below, sizeof below, "%s/.*", m->patterns[i]);
		call.below = true;
		walk(m, below, &call);
	}
	if (!call.found && call.failed)
		return;
	if (!call.found && m->there[i] != ASSAY_MAILDIR_MISSING)
		assay_log(ASSAY_LOG_WARNING,
		    "maildir: %s: there is no Maildir (with a directory new/ in it); it is looked "
		    "for "
		    "every %lld s",
		    m->patterns[i], (long long)(m->rescan_ms / 1000));
	m->there[i] = call.found ? ASSAY_MAILDIR_FOUND : ASSAY_MAILDIR_MISSING;
}

/* drop_missing - folders that were not found, as soon as none of their mails is in flight. The
 * journals stay: they may come back. */
static void drop_missing(struct assay_maildir *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct assay_folder *folder = m->folder[i];

		if (folder->round == m->round || folder->ledger.in_flight > 0 ||
		    folder->ledger.npending > 0) {
			m->folder[kept++] = folder;
			continue;
		}
		if (m->sweep.folder == folder)
			(void)assay_sweep_end(&m->sweep);
		assay_watch_remove(&m->watch, &folder->wd);
		assay_folder_free(&folder);
	}
	m->n = m->sorted = kept;
}

/* mark_file - whose time says when the Maildirs were last looked for */
static void mark_file(const struct assay_maildir *m, char path[ASSAY_FIND_PATH])
{
	(void)snprintf(path, ASSAY_FIND_PATH, "%s/" MARK, m->journal);
}

/* mark - now; without it the next start takes for old what came in between */
static void mark(struct assay_maildir *m, int64_t wall_ms)
{
	const struct timespec when[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_sec = wall_ms / 1000, .tv_nsec = wall_ms % 1000 * 1000000 } };
	char path[ASSAY_FIND_PATH];
	struct assay_err err;
	int fd;

	m->since_ms = wall_ms;
	mark_file(m, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0 && errno == ENOENT && assay_io_make_parents(path, 0700, &err) == ASSAY_OK)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0 || futimens(fd, when) != 0)
		assay_notice_tell(&m->journal_notice, "%s: %s", path, strerror(errno));
	assay_io_close(&fd);
}

/* assay_roll_begin - see maildir.h */
void assay_roll_begin(struct assay_maildir *m)
{
	char path[ASSAY_FIND_PATH];
	struct stat st;

	mark_file(m, path);
	if (stat(path, &st) == 0)
		m->since_ms = (int64_t)st.st_mtim.tv_sec * 1000;
}

/* assay_roll_call - see maildir.h */
void assay_roll_call(struct assay_maildir *m)
{
	const int64_t wall_ms = assay_clock_wall_ms();

	m->round++;
	for (size_t i = 0; m->patterns[i] != NULL && !assay_door_stopping(m->door); i++)
		call_pattern(m, i);
	m->rescan_at = assay_clock_mono_ms() + m->rescan_ms;
	if (assay_door_stopping(m->door))
		return;
	drop_missing(m);
	if (m->n != m->told)
		assay_log(ASSAY_LOG_INFO, "maildir: %zu folders are watched", m->n);
	m->told = m->n;
	mark(m, wall_ms);
}

/* assay_roll_release - see maildir.h */
void assay_roll_release(struct assay_maildir *m)
{
	assay_intake_flush(m);
	(void)assay_sweep_end(&m->sweep);
	assay_watch_close(&m->watch);
	for (size_t i = 0; i < m->n; i++)
		assay_folder_free(&m->folder[i]);
	free(m->folder);
	m->folder = NULL;
	m->n = m->sorted = m->room = 0;
}
