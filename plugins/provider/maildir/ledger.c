/*
 * maildir/ledger.c - see ledger.h. Touches its journal only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/journal.h"
#include "ledger.h"

/* assay_ledger_init - see ledger.h */
void assay_ledger_init(struct assay_ledger *ledger, char *file, const char *name, size_t most)
{
	*ledger = (struct assay_ledger){ .file = file, .name = name, .loaded = file == NULL };
	assay_keyset_init(&ledger->known, most);
}

/* assay_ledger_release - see ledger.h */
void assay_ledger_release(struct assay_ledger *ledger)
{
	assay_keyset_release(&ledger->known);
	free(ledger->pending);
	free(ledger->file);
	*ledger = (struct assay_ledger){ .file = NULL };
}

/* assay_ledger_exists - see ledger.h */
bool assay_ledger_exists(const struct assay_ledger *ledger)
{
	struct stat st;

	return ledger->file == NULL || stat(ledger->file, &st) == 0;
}

/* assay_ledger_load - see ledger.h */
enum assay_status assay_ledger_load(struct assay_ledger *ledger, struct assay_err *err)
{
	enum assay_status st;

	if (ledger->loaded)
		return ASSAY_OK;
	st = assay_journal_load(ledger->file, ledger->name, &ledger->known, &ledger->records, err);
	ledger->loaded = st == ASSAY_OK;
	if (st != ASSAY_OK)
		assay_keyset_release(&ledger->known);
	return st;
}

/* assay_ledger_unload - see ledger.h */
bool assay_ledger_unload(struct assay_ledger *ledger)
{
	if (ledger->file == NULL || ledger->in_flight > 0 || ledger->npending > 0)
		return false;
	assay_keyset_release(&ledger->known);
	ledger->loaded = false;
	return true;
}

/* assay_ledger_write - see ledger.h */
enum assay_status assay_ledger_write(
    struct assay_ledger *ledger, const struct assay_keyset *keys, struct assay_err *err)
{
	enum assay_status st;
	struct assay_key key;
	size_t at = 0;

	ASSAY_ASSERT(ledger->in_flight == 0 && ledger->npending == 0 && keys != &ledger->known);
	st = assay_journal_write(ledger->file, ledger->name, keys, err);
	if (st != ASSAY_OK)
		return st;
	ledger->records = keys->n;
	assay_keyset_release(&ledger->known);
	while (assay_keyset_next(keys, &at, &key))
		(void)assay_keyset_add(&ledger->known, key);
	ledger->loaded = true;
	return ASSAY_OK;
}

/* assay_ledger_set_aside - see ledger.h */
void assay_ledger_set_aside(struct assay_ledger *ledger)
{
	const size_t room = strlen(ledger->file) + sizeof ".bad";
	char *bad = assay_xmalloc(room);

	(void)snprintf(bad, room, "%s.bad", ledger->file);
	if (rename(ledger->file, bad) != 0)
		(void)unlink(ledger->file);
	free(bad);
}

/* assay_ledger_take - see ledger.h */
bool assay_ledger_take(struct assay_ledger *ledger, struct assay_key key)
{
	if (!assay_keyset_add(&ledger->known, key))
		return false;
	ledger->in_flight++;
	return true;
}

/* assay_ledger_done - see ledger.h */
void assay_ledger_done(struct assay_ledger *ledger, struct assay_key key)
{
	ledger->in_flight--;
	if (ledger->file == NULL)
		return;
	if (ledger->npending == ledger->room) {
		ledger->room = ledger->room > 0 ? ledger->room * 2 : 16;
		ledger->pending =
		    assay_xrealloc(ledger->pending, ledger->room * sizeof *ledger->pending);
	}
	ledger->pending[ledger->npending++] = key;
}

/* assay_ledger_give_back - see ledger.h */
void assay_ledger_give_back(struct assay_ledger *ledger, struct assay_key key)
{
	ledger->in_flight--;
	(void)assay_keyset_remove(&ledger->known, key);
}

/* assay_ledger_flush - see ledger.h. Where somebody took the file away, it is made again as soon as
 * nothing is in flight that would be taken for done. */
enum assay_status assay_ledger_flush(struct assay_ledger *ledger, struct assay_err *err)
{
	enum assay_status st;

	if (ledger->npending == 0)
		return ASSAY_OK;
	st = assay_journal_append(
	    ledger->file, ledger->name, ledger->pending, ledger->npending, err);
	if (st == ASSAY_E_NOENT && ledger->in_flight == 0)
		st = assay_journal_write(ledger->file, ledger->name, &ledger->known, err);
	if (st != ASSAY_OK)
		return st;
	ledger->records += ledger->npending;
	ledger->npending = ledger->room = 0;
	free(ledger->pending);
	ledger->pending = NULL;
	return ASSAY_OK;
}
