/*
 * core/cmd/import_journal.c - see import.h. Touches VAR/import only. What is wrong with a journal
 * is told and costs time, never a mail: the store knows what it has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/journal.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/import.h"
#include "core/digest.h"

#define KEYS_MAX ((size_t)200000000)
#define NAME_DIGITS 32

/* assay_import_journal_init - none is open */
void assay_import_journal_init(struct assay_import_journal *journal, const char *dir)
{
	*journal = (struct assay_import_journal){ .dir = dir, .lock = -1 };
	assay_keyset_init(&journal->known, KEYS_MAX);
}

/* format_path - on the heap */
ASSAY_PRINTF(1, 2) static char *format_path(const char *format, ...)
{
	char *path;
	va_list args;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		ASSAY_BUG("out of memory");
	va_end(args);
	return path;
}

/* name_file - VAR/import/HEX */
static char *name_file(const char *dir, const char *about)
{
	char hex[ASSAY_DIGEST_TEXT];

	assay_digest_hex(ASSAY_SHA256, assay_slice_str(about), hex);
	return format_path("%s/%.*s", dir, NAME_DIGITS, hex);
}

/* lock_it - for as long as the journal is open */
static enum assay_status lock_it(struct assay_import_journal *journal, struct assay_err *err)
{
	enum assay_status st = assay_io_make_parents(journal->file, 0700, err);
	char *path;

	if (st != ASSAY_OK)
		return st;
	path = format_path("%s.lock", journal->file);
	journal->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal->lock < 0)
		st = assay_io_fail(err, "cannot open", path);
	else if (flock(journal->lock, LOCK_EX | LOCK_NB) != 0)
		st = assay_err_set(err, ASSAY_E_TIMEOUT,
		    "%s: another import is at work there; wait for its end", journal->about);
	free(path);
	return st;
}

/* set_aside - a damaged one, so that it does not stand in the way for ever */
static void set_aside(struct assay_import_journal *journal, const struct assay_err *why)
{
	char *path = format_path("%s.bad", journal->file);

	assay_log(ASSAY_LOG_WARNING,
	    "%s; kept as %s.bad: all mails of %s are imported again, what is in a store stays as "
	    "it is",
	    why->text, journal->file, journal->about);
	if (rename(journal->file, path) != 0)
		assay_log(ASSAY_LOG_WARNING, "%s: %s", journal->file, strerror(errno));
	free(path);
	assay_keyset_release(&journal->known);
}

/* load - what is known */
static enum assay_status load(
    struct assay_import_journal *journal, bool read_only, struct assay_err *err)
{
	enum assay_status st =
	    assay_journal_load(journal->file, journal->about, &journal->known, NULL, err);

	journal->exists = st == ASSAY_OK;
	if (st == ASSAY_E_SYNTAX && !read_only)
		set_aside(journal, err);
	return st == ASSAY_E_NOENT || st == ASSAY_E_SYNTAX ? ASSAY_OK : st;
}

/* assay_import_journal_open - see import.h */
enum assay_status assay_import_journal_open(
    struct assay_import_journal *journal, const char *about, bool read_only, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	if (journal->about != NULL && strcmp(journal->about, about) == 0)
		return ASSAY_OK;
	assay_import_journal_close(journal);
	if (strlen(about) > ASSAY_JOURNAL_NAME || strchr(about, '\n') != NULL)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s: a path that is too long, or has a line end in it, cannot be imported",
		    about);
	journal->about = assay_xstrdup(about);
	journal->file = name_file(journal->dir, about);
	journal->broken = read_only;
	if (!read_only)
		st = lock_it(journal, err);
	if (st == ASSAY_OK)
		st = load(journal, read_only, err);
	if (st != ASSAY_OK)
		assay_import_journal_close(journal);
	return st;
}

/* assay_import_journal_close - see import.h */
void assay_import_journal_close(struct assay_import_journal *journal)
{
	assay_import_journal_flush(journal);
	assay_keyset_release(&journal->known);
	assay_io_close(&journal->lock);
	free(journal->file);
	free(journal->about);
	journal->file = journal->about = NULL;
	journal->npending = 0;
}

/* key_of - the sixteen bytes of a scan_id; false: it is none */
static bool key_of(const char *scan_id, struct assay_key *key)
{
	size_t n = 0;

	for (; *scan_id != '\0' && n < 2 * sizeof key->b; scan_id++) {
		int digit = assay_ascii_hex(*scan_id);

		if (*scan_id == '-')
			continue;
		if (digit < 0)
			return false;
		key->b[n / 2] = (unsigned char)(n % 2 == 0 ? digit << 4 : key->b[n / 2] | digit);
		n++;
	}
	return n == 2 * sizeof key->b && *scan_id == '\0';
}

/* assay_import_journal_digest - see import.h */
struct assay_key assay_import_journal_digest(struct assay_slice bytes)
{
	char hex[ASSAY_DIGEST_TEXT];
	struct assay_key key = { { 0 } };

	assay_digest_hex(ASSAY_SHA256, bytes, hex);
	hex[2 * sizeof key.b] = '\0';
	(void)key_of(hex, &key);
	return key;
}

/* assay_import_journal_has - see import.h */
bool assay_import_journal_has(const struct assay_import_journal *journal, const char *scan_id)
{
	struct assay_key key;

	return scan_id != NULL && key_of(scan_id, &key) && assay_keyset_has(&journal->known, key);
}

/* assay_import_journal_add - see import.h */
void assay_import_journal_add(struct assay_import_journal *journal, const char *scan_id)
{
	struct assay_key key;

	if (journal->file == NULL || !key_of(scan_id, &key) ||
	    !assay_keyset_add(&journal->known, key))
		return;
	if (journal->npending == sizeof journal->pending / sizeof journal->pending[0])
		assay_import_journal_flush(journal);
	journal->pending[journal->npending++] = key;
}

/* write_pending - behind what is there */
static enum assay_status write_pending(struct assay_import_journal *journal, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;
	struct assay_keyset none;

	assay_keyset_init(&none, 1);
	if (!journal->exists)
		st = assay_journal_write(journal->file, journal->about, &none, err);
	journal->exists = st == ASSAY_OK;
	return st != ASSAY_OK ? st
			      : assay_journal_append(journal->file, journal->about,
				    journal->pending, journal->npending, err);
}

/* assay_import_journal_flush - see import.h */
void assay_import_journal_flush(struct assay_import_journal *journal)
{
	struct assay_err err;

	if (journal->npending == 0)
		return;
	if (!journal->broken && write_pending(journal, &err) != ASSAY_OK) {
		journal->broken = true;
		assay_log(ASSAY_LOG_WARNING,
		    "%s; what is imported from now on would be scanned again next time", err.text);
	}
	journal->npending = 0;
}
