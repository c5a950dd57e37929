/*
 * maildir/intake.c - see maildir.h: one mail to the door, and back
 *
 * Opens mails for reading only. A mail is taken in the ledger before it is submitted and given back
 * when the door did not keep it, so that it is never in flight twice and never forgotten. Failures
 * of one mail are told once an hour for each folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "maildir.h"

#define SOURCE "maildir"
#define FLUSH_MS 500
#define CHASE_MS 200
#define CHASE_STEPS 9
#define REFUSED_MOST 3
#define PAUSE_MS 5000 /* at most; no longer than a rescan */
#define PATH_ROOM (ASSAY_FIND_PATH + ASSAY_MAILNAME_MAX + 8)

/* A mail in flight. */
struct ticket {
	struct assay_maildir *m;
	struct assay_folder *folder;
	struct assay_key key;
};

/* assay_intake_again - see maildir.h */
void assay_intake_again(struct assay_maildir *m, struct assay_folder *folder, int64_t in_ms)
{
	const int64_t at_ms = assay_clock_mono_ms() + in_ms;

	if (folder->again_ms == 0 || folder->again_ms > at_ms)
		folder->again_ms = at_ms;
	if (m->again_ms == 0 || m->again_ms > at_ms)
		m->again_ms = at_ms;
}

/* chase - it was moved or removed while we came: cur/ will show it, if it is still there */
static void chase(struct assay_maildir *m, struct assay_folder *folder)
{
	if (folder->chased < CHASE_STEPS)
		folder->chased++;
	assay_intake_again(m, folder, (int64_t)CHASE_MS << (folder->chased - 1));
}

/* trouble - with one mail; the others are not held up */
static void trouble(
    struct assay_maildir *m, struct assay_folder *folder, const struct assay_err *err)
{
	if (m->once) {
		if (m->failed++ == 0)
			m->first_failure = *err;
		return;
	}
	assay_notice_tell(&folder->notice, "%s; tried again later", err->text);
	assay_intake_again(m, folder, m->rescan_ms);
}

/* unfinished_ms - how long to wait until a file that may still be written is taken for complete.
 * One with a second name (in tmp/) was linked here, and is. */
static int64_t unfinished_ms(const struct assay_maildir *m, const struct stat *about)
{
	const int64_t age_ms = assay_clock_wall_ms() -
	    ((int64_t)about->st_mtim.tv_sec * 1000 + about->st_mtim.tv_nsec / 1000000);

	if (m->once || about->st_nlink > 1 || age_ms >= m->settle_ms || age_ms < -m->settle_ms)
		return 0;
	return m->settle_ms - (age_ms > 0 ? age_ms : 0);
}

/* flush_one - a folder's; what cannot be written stays */
static void flush_one(struct assay_maildir *m, struct assay_folder *folder)
{
	const size_t n = folder->ledger.npending;
	struct assay_err err;

	if (n == 0)
		return;
	if (assay_ledger_flush(&folder->ledger, &err) == ASSAY_OK) {
		m->pending -= n;
		assay_notice_clear(&m->journal_notice);
		return;
	}
	assay_notice_tell(&m->journal_notice,
	    "%s; what was scanned may be scanned again after a restart", err.text);
}

/* assay_intake_flush - see maildir.h */
void assay_intake_flush(struct assay_maildir *m)
{
	for (size_t i = 0; m->pending > 0 && i < m->n; i++)
		flush_one(m, m->folder[i]);
	m->flush_at = m->pending > 0 ? assay_clock_mono_ms() + PAUSE_MS : 0;
}

/* done - the door's answer; after the end there is nobody else who writes it down */
static void done(void *arg, const char *action)
{
	struct ticket *ticket = arg;
	struct assay_maildir *m = ticket->m;
	struct assay_folder *folder = ticket->folder;

	m->in_flight--;
	if (action != NULL) {
		assay_ledger_done(&folder->ledger, ticket->key);
		m->pending++;
		if (m->flush_at == 0)
			m->flush_at = assay_clock_mono_ms() + FLUSH_MS;
	} else {
		assay_ledger_give_back(&folder->ledger, ticket->key);
		assay_intake_again(m, folder, m->rescan_ms);
	}
	if (m->ended)
		flush_one(m, folder);
	free(ticket);
}

/* extra - what the report says beside the mail */
static json_t *extra(const struct assay_folder *folder)
{
	json_t *pair, *list;

	if (folder->mailbox == NULL)
		return NULL;
	list = json_array();
	pair = json_object();
	/* Both take the new reference, also when they fail. */
	(void)json_object_set_new(pair, "key", assay_json_str("mailbox"));
	(void)json_object_set_new(pair, "value", assay_json_str(folder->mailbox));
	(void)json_array_append_new(list, pair);
	return list;
}

/* submit - an open mail, which the door takes */
static enum assay_status submit(struct assay_maildir *m, struct assay_folder *folder,
    const struct assay_folder_mail *mail, struct ticket *ticket, struct assay_err *err)
{
	const struct assay_slice unique = assay_mailname_unique(mail->name);
	char path[PATH_ROOM], source_id[PATH_ROOM];
	struct assay_submission submission = {
		.fd = mail->fd,
		.source = SOURCE,
		.source_id = source_id,
		.filename = path,
		.content_type = "message/rfc822",
		.message_time_ms = (int64_t)mail->about.st_mtim.tv_sec * 1000 +
		    mail->about.st_mtim.tv_nsec / 1000000,
		.message_time_source = "mtime",
		.extra = extra(folder),
		.done = ticket != NULL ? done : NULL,
		.done_arg = ticket,
	};

	(void)snprintf(path, sizeof path, "%s/%s/%s", folder->path,
	    assay_folder_side_name(mail->side), mail->name);
	(void)snprintf(
	    source_id, sizeof source_id, "%s/%.*s", folder->path, (int)unique.n, unique.p);
	return assay_submit(m->door, &submission, NULL, err);
}

/* refused - the door did not take it. The reason may be this mail or the door: when several are
 * refused in a row it is the door, and all wait. */
static enum assay_status refused(struct assay_maildir *m, struct assay_folder *folder,
    enum assay_status st, const struct assay_err *err)
{
	if (st == ASSAY_END || assay_door_stopping(m->door))
		return ASSAY_END;
	m->refused++;
	if (m->once) {
		trouble(m, folder, err);
		return m->refused >= REFUSED_MOST ? st : ASSAY_OK;
	}
	assay_notice_tell(&m->door_notice, "%s: %s; tried again later", folder->path, err->text);
	assay_intake_again(m, folder, m->rescan_ms);
	if (m->refused >= REFUSED_MOST)
		m->pause_at =
		    assay_clock_mono_ms() + (m->rescan_ms < PAUSE_MS ? m->rescan_ms : PAUSE_MS);
	return ASSAY_OK;
}

/* hand_over - taken in the ledger from here on; who scans a folder once need not know the end */
static enum assay_status hand_over(struct assay_maildir *m, struct assay_folder *folder,
    const struct assay_folder_mail *mail, struct assay_key key)
{
	struct ticket *ticket = NULL;
	enum assay_status st;
	struct assay_err err = { .code = ASSAY_OK };

	(void)assay_ledger_take(&folder->ledger, key);
	if (!m->once) {
		ticket = assay_xmalloc(sizeof *ticket);
		*ticket = (struct ticket){ m, folder, key };
		m->in_flight++;
	}
	st = submit(m, folder, mail, ticket, &err);
	if (st == ASSAY_OK) {
		m->refused = 0;
		if (m->once)
			assay_ledger_done(&folder->ledger, key);
		return ASSAY_OK;
	}
	if (!m->once)
		m->in_flight--;
	free(ticket);
	assay_ledger_give_back(&folder->ledger, key);
	return refused(m, folder, st, &err);
}

/* full - more mails in one folder than we keep account of */
static void full(struct assay_maildir *m, struct assay_folder *folder)
{
	struct assay_err err;

	(void)assay_err_set(&err, ASSAY_E_LIMIT,
	    "%s: more than %zu mails; the others are not scanned: raise [maildir] max_mails",
	    folder->path, m->most);
	trouble(m, folder, &err);
}

/* assay_intake_take - see maildir.h */
enum assay_status assay_intake_take(struct assay_maildir *m, struct assay_folder *folder,
    enum assay_folder_side side, const char *name, bool whole)
{
	struct assay_folder_mail mail;
	struct assay_err err;
	struct assay_key key;
	int64_t wait_ms;

	if (!assay_mailname_ok(name) || !assay_roll_ready(m, folder))
		return ASSAY_OK;
	key = assay_mailname_key(name);
	if (assay_keyset_has(&folder->ledger.known, key))
		return ASSAY_OK;
	if (assay_keyset_full(&folder->ledger.known)) {
		full(m, folder);
		return ASSAY_OK;
	}
	switch (assay_folder_open_mail(folder, side, name, &mail, &err)) {
	case ASSAY_OK:
		break;
	case ASSAY_E_NOENT:
		chase(m, folder);
		return ASSAY_OK;
	case ASSAY_END:
		return ASSAY_OK;
	default:
		trouble(m, folder, &err);
		return ASSAY_OK;
	}
	wait_ms = whole ? 0 : unfinished_ms(m, &mail.about);
	if (wait_ms > 0) {
		assay_io_close(&mail.fd);
		assay_intake_again(m, folder, wait_ms);
		return ASSAY_OK;
	}
	return hand_over(m, folder, &mail, key);
}
