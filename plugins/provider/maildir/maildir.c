/*
 * maildir - mails as they are delivered into Maildirs, and those that lie there
 *
 * A provider: watches new/ of the Maildirs that are configured (inotify, and a look at all of them
 * now and then), opens what comes and hands it to the door. Reads only; keeps in the directory for
 * state which mails were handed over. Nothing that lies in a Maildir ends it: what cannot be read
 * is told once an hour and tried again. `once` hands over all mails of the Maildirs it is named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "maildir.h"

#define SWEEP_AT_ONCE 32   /* mails, before events are heard again */
#define EVENTS_AT_ONCE 256 /* before others have their turn */
#define IN_FLIGHT_MS 500   /* between two looks at what became of mails in flight */
#define GONE_MS 1000       /* after a Maildir was moved or removed all are looked for */
#define ONCE_TRIES 5

static const struct assay_opt options[] = {
	{ "maildirs", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Maildirs that are watched: absolute paths, * stands for a part of one name" },
	{ "folders", ASSAY_OPT_BOOL, "no", 0, 0, NULL, "the Maildir++ folders in them as well" },
	{ "existing", ASSAY_OPT_ENUM, "new", 0, 0, "new|all|none",
	    "which mails are scanned that lie in a Maildir when it is seen for the first time" },
	{ "mailbox", ASSAY_OPT_STR, "%1", 0, 0, NULL,
	    "who got the mails: %1 is what the first * stands for, %2 the second" },
	{ "rescan", ASSAY_OPT_TIME, "60s", 1000, 86400000, NULL,
	    "how often all Maildirs are looked for and at" },
	{ "settle", ASSAY_OPT_TIME, "2s", 0, 3600000, NULL,
	    "how old a file is that was neither renamed nor linked into new/, to be complete" },
	{ "journal", ASSAY_OPT_STR, "maildir", 0, 0, NULL,
	    "directory of what was scanned; below the directory for state when relative" },
	{ "max_mails", ASSAY_OPT_INT, "1000000", 1000, 100000000, NULL,
	    "mails in one folder that are kept account of; more are not scanned" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* existing_of - the option's word */
static enum assay_maildir_existing existing_of(const char *word)
{
	if (strcmp(word, "all") == 0)
		return ASSAY_MAILDIR_EXISTING_ALL;
	return strcmp(word, "none") == 0 ? ASSAY_MAILDIR_EXISTING_NONE : ASSAY_MAILDIR_EXISTING_NEW;
}

/* make - idle, with its options */
static struct assay_maildir *make(const struct assay_opts *opts)
{
	struct assay_maildir *m = assay_xcalloc(1, sizeof *m);

	m->patterns = assay_opt_list(opts, "maildirs");
	m->mailbox = assay_opt_str(opts, "mailbox");
	m->journal = assay_opt_state_path(opts, "journal");
	m->folders = assay_opt_int(opts, "folders") != 0;
	m->existing = existing_of(assay_opt_str(opts, "existing"));
	m->rescan_ms = assay_opt_int(opts, "rescan");
	m->settle_ms = assay_opt_int(opts, "settle");
	m->most = (size_t)assay_opt_int(opts, "max_mails");
	m->watch.fd = -1;
	return m;
}

/* maildir_open - reads the options; opens nothing */
static enum assay_status maildir_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct assay_maildir *m = make(opts);
	enum assay_status st = ASSAY_OK;
	size_t n = 0;

	while (st == ASSAY_OK && m->patterns[n] != NULL)
		st = assay_find_check(m->patterns[n++], err);
	if (st == ASSAY_OK && strlen(m->journal) + 64 >= ASSAY_FIND_PATH)
		st = assay_err_set(err, ASSAY_E_CONF, "the path is too long: %s", m->journal);
	if (st != ASSAY_OK) {
		assay_err_prefix(err, "[maildir] %s", n > 0 ? "maildirs" : "journal");
		free(m);
		return st;
	}
	m->there = assay_xcalloc(n + 1, sizeof *m->there);
	*state = m;
	return ASSAY_OK;
}

/* maildir_close - after the last answer */
static void maildir_close(void *state)
{
	struct assay_maildir *m = state;

	assay_roll_release(m);
	free(m->there);
	free(m);
}

/* ---- run ------------------------------------------------------------------------------------- */

/* waits - does this folder want to be listed? */
static bool waits(const struct assay_folder *folder)
{
	return folder->look[ASSAY_FOLDER_NEW] || folder->look[ASSAY_FOLDER_CUR];
}

/* look_at - both of its directories */
static void look_at(struct assay_folder *folder)
{
	folder->look[ASSAY_FOLDER_NEW] = folder->look[ASSAY_FOLDER_CUR] = !folder->other;
}

/* wake - folders whose time has come */
static void wake(struct assay_maildir *m, int64_t now_ms)
{
	if (m->again_ms == 0 || m->again_ms > now_ms)
		return;
	m->again_ms = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct assay_folder *folder = m->folder[i];

		if (folder->again_ms != 0 && folder->again_ms <= now_ms) {
			folder->again_ms = 0;
			look_at(folder);
		}
		if (folder->again_ms != 0 && (m->again_ms == 0 || m->again_ms > folder->again_ms))
			m->again_ms = folder->again_ms;
	}
}

/* hear_one - what follows from an event */
static enum assay_status hear_one(
    struct assay_maildir *m, const struct assay_watch_event *event, int64_t now_ms)
{
	struct assay_folder *folder = event->owner;

	switch (event->what) {
	case ASSAY_WATCH_WHOLE:
	case ASSAY_WATCH_MADE:
		return assay_intake_take(
		    m, folder, ASSAY_FOLDER_NEW, event->name, event->what == ASSAY_WATCH_WHOLE);
	case ASSAY_WATCH_GONE:
		folder->wd = -1;
		if (m->rescan_at > now_ms + GONE_MS)
			m->rescan_at = now_ms + GONE_MS;
		break;
	case ASSAY_WATCH_LOST:
		for (size_t i = 0; i < m->n; i++)
			look_at(m->folder[i]);
		break;
	}
	return ASSAY_OK;
}

/* hear - what the kernel has to say, up to a bound */
static enum assay_status hear(struct assay_maildir *m, int64_t now_ms)
{
	enum assay_status st = ASSAY_OK;
	struct assay_watch_event event;

	for (int i = 0; st == ASSAY_OK && i < EVENTS_AT_ONCE && m->pause_at == 0 &&
	     !assay_door_stopping(m->door) && assay_watch_next(&m->watch, &event);
	     i++)
		st = hear_one(m, &event, now_ms);
	return st;
}

/* waiting - the next folder in turn that wants to be listed; m->n: none */
static size_t waiting(const struct assay_maildir *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (waits(m->folder[(m->next + i) % m->n]))
			return (m->next + i) % m->n;
	return m->n;
}

/* begin - lists the next folder that wants it; what cannot be listed is tried again later */
static void begin(struct assay_maildir *m)
{
	const size_t at = waiting(m);
	struct assay_folder *folder;
	struct assay_err err;
	enum assay_status st;
	bool cur;

	if (at == m->n)
		return;
	m->next = at + 1;
	folder = m->folder[at];
	cur = folder->look[ASSAY_FOLDER_CUR];
	folder->look[ASSAY_FOLDER_NEW] = folder->look[ASSAY_FOLDER_CUR] = false;
	if (!assay_roll_ready(m, folder))
		return;
	st = assay_sweep_begin(&m->sweep, folder, cur, &err);
	if (st == ASSAY_OK ||
	    st == ASSAY_E_NOENT) /* the next look for all shows whether it is gone */
		return;
	assay_notice_tell(&folder->notice, "%s; tried again later", err.text);
	assay_intake_again(m, folder, m->rescan_ms);
}

/* leave - the sweep, so that others have their turn; the rest is listed anew */
static void leave(struct assay_maildir *m)
{
	struct assay_folder *folder = m->sweep.folder;
	const bool cur = m->sweep.cur;

	(void)assay_sweep_end(&m->sweep);
	folder->look[ASSAY_FOLDER_NEW] = true;
	folder->look[ASSAY_FOLDER_CUR] |= cur;
}

/* finish - a folder of which all was listed */
static void finish(struct assay_maildir *m)
{
	struct assay_folder *folder = m->sweep.folder;

	(void)assay_sweep_end(&m->sweep);
	if (m->sweep.failed) {
		assay_notice_tell(&folder->notice, "%s; tried again later", m->sweep.err.text);
		assay_intake_again(m, folder, m->rescan_ms);
	}
	if (folder->again_ms == 0)
		folder->chased = 0;
	assay_roll_tidy(m, folder);
	assay_roll_trim(m);
}

/* sweep - some mails of the folder that is listed, or of the next one that wants to be */
static enum assay_status sweep(struct assay_maildir *m)
{
	enum assay_status st = ASSAY_OK;
	enum assay_folder_side side;
	const char *name;

	if (m->sweep.folder == NULL)
		begin(m);
	for (int i = 0; st == ASSAY_OK && i < SWEEP_AT_ONCE && m->sweep.folder != NULL &&
	     m->pause_at == 0 && !assay_door_stopping(m->door);
	     i++) {
		if (assay_sweep_pausing(&m->sweep) && waiting(m) < m->n)
			leave(m);
		else if (assay_sweep_next(&m->sweep, &name, &side))
			st = assay_intake_take(m, m->sweep.folder, side, name, false);
		else
			finish(m);
	}
	return st;
}

/* sooner - the earlier of two times, 0 being never */
static int64_t sooner(int64_t a, int64_t b)
{
	return b != 0 && b < a ? b : a;
}

/* doze - until something happens or is due */
static enum assay_status doze(struct assay_maildir *m, struct assay_err *err)
{
	const int64_t now_ms = assay_clock_mono_ms();
	int64_t until =
	    sooner(sooner(m->rescan_at, m->again_ms), sooner(m->rescan_at, m->flush_at));

	until = sooner(until, m->pause_at);
	if (m->in_flight > 0)
		until = sooner(until, now_ms + IN_FLIGHT_MS);
	return assay_door_wait(
	    m->door, m->pause_at != 0 ? -1 : m->watch.fd, until > now_ms ? until - now_ms : 0, err);
}

/* turn - once through everything that is due */
static enum assay_status turn(struct assay_maildir *m, struct assay_err *err)
{
	const int64_t now_ms = assay_clock_mono_ms();
	enum assay_status st = ASSAY_OK;

	if (now_ms >= m->rescan_at)
		assay_roll_call(m);
	wake(m, now_ms);
	if (m->pause_at != 0 && now_ms >= m->pause_at)
		m->pause_at = 0;
	if (m->pause_at == 0)
		st = hear(m, now_ms);
	if (st == ASSAY_OK && m->pause_at == 0)
		st = sweep(m);
	if (m->flush_at != 0 && now_ms >= m->flush_at)
		assay_intake_flush(m);
	if (st != ASSAY_OK || assay_door_stopping(m->door))
		return st;
	if (m->pause_at == 0 && (m->sweep.folder != NULL || waiting(m) < m->n))
		return ASSAY_OK;
	st = doze(m, err);
	return st == ASSAY_END ? ASSAY_OK : st;
}

/* maildir_run - until the door stops */
static enum assay_status maildir_run(void *state, struct assay_door *door, struct assay_err *err)
{
	struct assay_maildir *m = state;
	enum assay_status st = ASSAY_OK;

	if (m->patterns[0] == NULL)
		return assay_err_set(err, ASSAY_E_CONF,
		    "[maildir] maildirs: name at least one Maildir, such as /var/mail/*/Maildir");
	m->door = door;
	if (assay_watch_open(&m->watch, err) != ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING,
		    "maildir: %s (fs.inotify.max_user_instances?); mails are found every %lld s",
		    err->text, (long long)(m->rescan_ms / 1000));
	assay_roll_begin(m);
	while (st == ASSAY_OK && !assay_door_stopping(door))
		st = turn(m, err);
	assay_intake_flush(m);
	(void)assay_sweep_end(&m->sweep);
	m->ended = true;
	return st == ASSAY_END ? ASSAY_OK : st;
}

/* ---- once ------------------------------------------------------------------------------------ */

/* One name of the command line. */
struct errand {
	struct assay_maildir *m;
	bool below; /* the last star stands for a folder in the Maildir */
	size_t found;
	enum assay_status st;
};

/* scan_folder - all its mails; again, when some moved while we came */
static enum assay_status scan_folder(struct assay_maildir *m, struct assay_folder *folder)
{
	enum assay_status st = ASSAY_OK;
	enum assay_folder_side side;
	const char *name;

	for (int try = 0; st == ASSAY_OK && try < ONCE_TRIES; try++) {
		folder->again_ms = 0;
		st = assay_sweep_begin(&m->sweep, folder, true, &m->sweep.err);
		m->sweep.failed |= st != ASSAY_OK;
		while (st == ASSAY_OK && assay_sweep_next(&m->sweep, &name, &side))
			st = assay_intake_take(m, folder, side, name, true);
		(void)assay_sweep_end(&m->sweep);
		if (m->sweep.failed && m->failed++ == 0)
			m->first_failure = m->sweep.err;
		if (m->sweep.failed || folder->again_ms == 0)
			break;
	}
	return st;
}

/* errand_found - a directory that should be a Maildir */
static bool errand_found(void *arg, const struct assay_found *found)
{
	struct errand *errand = arg;
	struct assay_found named = *found;
	struct assay_folder *folder;

	if (assay_folder_stamp_of(found->fd, ASSAY_FOLDER_NEW).ino == 0 &&
	    assay_folder_stamp_of(found->fd, ASSAY_FOLDER_CUR).ino == 0)
		return true;
	errand->found++;
	named.nstar -= errand->below;
	folder = assay_roll_folder(errand->m, &named);
	errand->st = scan_folder(errand->m, folder);
	assay_folder_free(&folder);
	return errand->st == ASSAY_OK && !assay_door_stopping(errand->m->door);
}

/* absolute - the name as the watcher would have it. Where there is a .. in it the system says what
 * it means; else links above the Maildir keep the names that the configuration has for them. */
static enum assay_status absolute(
    const char *name, char path[ASSAY_FIND_PATH], struct assay_err *err)
{
	char here[ASSAY_FIND_PATH] = "", *real;
	int n;

	if (name[0] != '/' && getcwd(here, sizeof here) == NULL)
		return assay_err_set(err, ASSAY_E_NOENT, "%s: %s", name, strerror(errno));
	n = snprintf(path, ASSAY_FIND_PATH, "%s%s%s", here, here[0] != '\0' ? "/" : "", name);
	if (n < ASSAY_FIND_PATH && assay_find_check(path, NULL) == ASSAY_OK)
		return ASSAY_OK;
	real = realpath(name, NULL);
	if (real == NULL)
		return assay_err_set(err, ASSAY_E_NOENT, "%s: %s", name, strerror(errno));
	n = snprintf(path, ASSAY_FIND_PATH, "%s", real);
	free(real);
	if (n >= ASSAY_FIND_PATH)
		return assay_err_set(err, ASSAY_E_NOENT, "%s: the path is too long", name);
	return assay_find_check(path, err);
}

/* run_errand - one name, and the folders in it */
static enum assay_status run_errand(
    struct assay_maildir *m, const char *name, struct assay_err *err)
{
	struct errand errand = { .m = m, .st = ASSAY_OK };
	char path[ASSAY_FIND_PATH + 4];
	enum assay_status st = absolute(name, path, err);

	if (st == ASSAY_OK)
		st = assay_find_each(path, errand_found, &errand, err);
	if (st == ASSAY_OK && errand.found == 0)
		return assay_err_set(err, ASSAY_E_NOENT,
		    "%s: no Maildir is there (a directory with new/ and cur/ in it)", name);
	if (st == ASSAY_OK && errand.st == ASSAY_OK && m->folders &&
	    !assay_door_stopping(m->door)) {
		(void)snprintf(path + strlen(path), 4, "/.*");
		errand.below = true;
		st = assay_find_each(path, errand_found, &errand, err);
	}
	if (errand.st != ASSAY_OK && errand.st != ASSAY_END)
		*err = m->first_failure;
	return errand.st != ASSAY_OK ? errand.st : st;
}

/* maildir_once - all mails of these Maildirs, without a journal: who asks again gets them again */
static enum assay_status maildir_once(
    void *state, struct assay_door *door, const char *const *names, struct assay_err *err)
{
	const struct assay_maildir *options_of = state;
	struct assay_maildir *m = assay_xcalloc(1, sizeof *m);
	enum assay_status st = ASSAY_OK;

	m->mailbox = options_of->mailbox;
	m->folders = options_of->folders;
	m->most = options_of->most;
	m->watch.fd = -1;
	m->once = true;
	m->door = door;
	for (; st == ASSAY_OK && *names != NULL; names++)
		st = assay_door_stopping(door) ? ASSAY_END : run_errand(m, *names, err);
	if (st == ASSAY_OK && m->failed > 0)
		st = assay_err_set(err, ASSAY_E_IO, "%s%s", m->first_failure.text,
		    m->failed > 1 ? "; and others, which were not scanned"
				  : "; it was not scanned");
	free(m);
	return st;
}

static const struct assay_provider provider = { .run = maildir_run, .once = maildir_once };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "maildir",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "mails as they are delivered into Maildirs, and those that lie there",
	.options = options,
	.needs = ASSAY_NEEDS_FILES,
	.open = maildir_open,
	.close = maildir_close,
	.provider = &provider,
};
