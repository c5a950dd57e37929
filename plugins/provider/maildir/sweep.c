/*
 * maildir/sweep.c - see sweep.h. Touches directories through folder.h only. cur/ that is not there
 * is empty; one that cannot be listed has no names, and the sweep has failed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "sweep.h"

/* open_side - for listing */
static enum assay_status open_side(struct assay_sweep *sweep, struct assay_err *err)
{
	return assay_folder_list(
	    sweep->folder, sweep->side, &sweep->names, &sweep->stamp[sweep->side], err);
}

/* close_side - the other one's turn, if that is wanted */
static void close_side(struct assay_sweep *sweep)
{
	enum assay_status st;

	if (sweep->names != NULL)
		(void)closedir(sweep->names);
	sweep->names = NULL;
	sweep->ended = sweep->side == ASSAY_FOLDER_CUR || !sweep->cur;
	if (sweep->ended)
		return;
	sweep->side = ASSAY_FOLDER_CUR;
	st = open_side(sweep, &sweep->err);
	sweep->ended = st != ASSAY_OK;
	sweep->failed |= st != ASSAY_OK && st != ASSAY_E_NOENT;
}

/* assay_sweep_begin - see sweep.h */
enum assay_status assay_sweep_begin(
    struct assay_sweep *sweep, struct assay_folder *folder, bool cur, struct assay_err *err)
{
	enum assay_status st;

	ASSAY_ASSERT(sweep->folder == NULL && folder->ledger.loaded);
	*sweep = (struct assay_sweep){ .folder = folder, .cur = cur, .arena = sweep->arena };
	st = open_side(sweep, err);
	if (st == ASSAY_E_NOENT && cur) {
		/* A folder that somebody has archived may have cur/ only. */
		sweep->side = ASSAY_FOLDER_CUR;
		st = open_side(sweep, err);
	}
	if (st != ASSAY_OK)
		sweep->folder = NULL;
	else if (sweep->arena == NULL)
		sweep->arena = assay_arena_new();
	return st;
}

/* fill - the next batch of names that are not in the ledger */
static void fill(struct assay_sweep *sweep)
{
	const struct assay_keyset *known = &sweep->folder->ledger.known;
	const char *name = "";

	assay_arena_reset(sweep->arena);
	sweep->n = sweep->at = 0;
	while (sweep->n < ASSAY_SWEEP_BATCH && (name = assay_folder_next(sweep->names)) != NULL)
		if (!assay_keyset_has(known, assay_mailname_key(name)))
			sweep->name[sweep->n++] = assay_arena_strdup(sweep->arena, name);
	if (name == NULL && errno != 0) {
		sweep->failed = true;
		(void)assay_err_set(&sweep->err, ASSAY_E_IO, "%s/%s: %s", sweep->folder->path,
		    assay_folder_side_name(sweep->side), strerror(errno));
	}
	qsort(sweep->name, sweep->n, sizeof sweep->name[0], assay_slice_by_text);
}

/* assay_sweep_next - see sweep.h */
bool assay_sweep_next(struct assay_sweep *sweep, const char **name, enum assay_folder_side *side)
{
	while (sweep->at == sweep->n && !sweep->ended) {
		fill(sweep);
		if (sweep->n == 0)
			close_side(sweep);
	}
	if (sweep->at == sweep->n)
		return false;
	*name = sweep->name[sweep->at++];
	*side = sweep->side;
	return true;
}

/* assay_sweep_pausing - see sweep.h */
bool assay_sweep_pausing(const struct assay_sweep *sweep)
{
	return sweep->n > 0 && sweep->at == sweep->n && !sweep->ended;
}

/* assay_sweep_end - see sweep.h */
bool assay_sweep_end(struct assay_sweep *sweep)
{
	struct assay_folder *folder = sweep->folder;
	const bool all = sweep->ended && sweep->at == sweep->n;

	if (sweep->names != NULL)
		(void)closedir(sweep->names);
	sweep->names = NULL;
	if (folder != NULL && all && !sweep->failed) {
		folder->stamp[ASSAY_FOLDER_NEW] = sweep->stamp[ASSAY_FOLDER_NEW];
		if (sweep->cur)
			folder->stamp[ASSAY_FOLDER_CUR] = sweep->stamp[ASSAY_FOLDER_CUR];
	}
	assay_arena_free(&sweep->arena);
	sweep->folder = NULL;
	return all;
}
