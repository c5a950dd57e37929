/*
 * filedir/settle.c - see settle.h
 *
 * A table with one place per file, by its number: two files that meet in one place make each other
 * wait, as long as the clock is wrong.
 */
#include "settle.h"

/* assay_settle_is - see settle.h */
bool assay_settle_is(struct assay_settle *settle, const struct stat *st, int64_t least_ms,
    struct assay_settle_now now)
{
	struct assay_settle_slot *slot = &settle->slot[st->st_ino % ASSAY_SETTLE_SLOTS];
	const int64_t changed_ms =
	    (int64_t)st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / 1000000;

	if (least_ms == 0 || changed_ms <= now.wall_ms - least_ms)
		return true;
	if (slot->since_ms != 0 && slot->dev == st->st_dev && slot->ino == st->st_ino &&
	    slot->size == st->st_size && slot->ctim.tv_sec == st->st_ctim.tv_sec &&
	    slot->ctim.tv_nsec == st->st_ctim.tv_nsec)
		return now.mono_ms - slot->since_ms >= least_ms;
	*slot = (struct assay_settle_slot){ st->st_dev, st->st_ino, st->st_size, st->st_ctim,
		now.mono_ms };
	return false;
}
