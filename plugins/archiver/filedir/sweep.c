/*
 * filedir/sweep.c - see sweep.h
 *
 * A payload may be put again, which renews its time, while the sweep is about to take it for old:
 * both sides lock the directory for that moment (assay_shelf_lock), and the time is read again
 * under the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "sweep.h"
#include "tree.h"

#define PIECE_MS 100
#define LOOK_AT_CLOCK 64 /* files */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define HOURS 4096 /* buckets of an hour each, from now on back */
#define DAYS 4096  /* then of a day each; the last has all that is older */
#define BUCKETS (HOURS + DAYS)

/* A sweep under way. */
struct assay_sweep_run {
	struct assay_tree tree;
	int64_t begun_ms;
	bool again;              /* the second walk */
	uint64_t bytes[BUCKETS]; /* by age */
	size_t last;             /* second walk: older buckets go */
	uint64_t excess;         /* and so much of this one */
	struct assay_err failed; /* the first that could not be removed */
};

/* One file. */
struct aged {
	int64_t ms; /* when it was written */
	uint64_t size;
};

/* age_of - false when it is gone */
static bool age_of(const struct assay_tree *tree, struct aged *aged)
{
	struct stat st;

	if (fstatat(assay_tree_dir(tree), tree->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	aged->ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	/* Some file systems do not say what a file takes. */
	aged->size = st.st_blocks > 0 ? (uint64_t)st.st_blocks * 512 : (uint64_t)st.st_size;
	return true;
}

/* bucket_of - the older, the higher */
static size_t bucket_of(const struct assay_sweep_run *run, int64_t ms)
{
	const int64_t age = ms < run->begun_ms ? run->begun_ms - ms : 0;
	int64_t days;

	if (age < HOURS * HOUR_MS)
		return (size_t)(age / HOUR_MS);
	days = (age - HOURS * HOUR_MS) / DAY_MS;
	return HOURS + (days < DAYS ? (size_t)days : DAYS - 1);
}

/* remove_old - the file that was met, unless it was renewed meanwhile or somebody is at it */
static bool remove_old(struct assay_sweep_run *run, const struct aged *aged)
{
	const int dir = assay_tree_dir(&run->tree);
	enum assay_status status = ASSAY_E_NOENT;
	struct aged now;
	struct assay_err err;

	/* Where directories cannot be locked, nothing is. */
	if (flock(dir, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return false;
	if (age_of(&run->tree, &now) && now.ms == aged->ms)
		status = assay_tree_remove(&run->tree, &err);
	(void)flock(dir, LOCK_UN);
	if (status != ASSAY_OK && status != ASSAY_E_NOENT && run->failed.code == ASSAY_OK)
		run->failed = err;
	return status == ASSAY_OK;
}

/* goes - shall the file of this age go? */
static bool goes(
    struct assay_sweep_run *run, const struct assay_retention *what, const struct aged *aged)
{
	const size_t bucket = bucket_of(run, aged->ms);

	if (aged->ms < what->before_ms)
		return true;
	if (!run->again || bucket < run->last)
		return false;
	return bucket > run->last || run->excess > 0;
}

/* look - at one file; true when it was removed and counts */
static bool look(const struct assay_sweep *sweep, const struct assay_retention *what)
{
	struct assay_sweep_run *run = sweep->run;
	const enum assay_sweep_kind kind = sweep->kind(run->tree.path, run->tree.name);
	struct aged aged;

	if (kind == ASSAY_SWEEP_FOREIGN || !age_of(&run->tree, &aged))
		return false;
	if (kind == ASSAY_SWEEP_LEFTOVER) {
		if (aged.ms < run->begun_ms - DAY_MS)
			(void)remove_old(run, &aged);
		return false;
	}
	if (!goes(run, what, &aged)) {
		if (!run->again)
			run->bytes[bucket_of(run, aged.ms)] += aged.size;
		return false;
	}
	if (!remove_old(run, &aged))
		return false;
	if (run->again && bucket_of(run, aged.ms) == run->last)
		run->excess -= aged.size < run->excess ? aged.size : run->excess;
	return true;
}

/* walk - from the root; E_NOENT when there is nothing yet */
static enum assay_status walk(struct assay_sweep *sweep, struct assay_err *err)
{
	struct assay_sweep_run *run = sweep->run;

	run->tree.most = sweep->levels;
	run->tree.prune = sweep->prune;
	return assay_tree_open(&run->tree, sweep->root, err);
}

/* too_much - is more left than may be? Then it is known what goes. */
static bool too_much(struct assay_sweep_run *run, uint64_t most)
{
	uint64_t sum = 0;

	for (size_t i = 0; most > 0 && i < BUCKETS; i++) {
		sum += run->bytes[i];
		if (sum > most) {
			run->last = i;
			run->excess = sum - most;
			return true;
		}
	}
	return false;
}

/* ended - a walk came to its end: once more, or done */
static enum assay_status ended(
    struct assay_sweep *sweep, const struct assay_retention *what, struct assay_err *err)
{
	struct assay_sweep_run *run = sweep->run;
	enum assay_status status = ASSAY_END;

	if (run->failed.code == ASSAY_OK)
		run->failed = run->tree.problem;
	if (!run->again && too_much(run, what->most_bytes)) {
		run->again = true;
		if (walk(sweep, err) == ASSAY_OK)
			return ASSAY_OK;
	}
	if (run->failed.code != ASSAY_OK)
		status = assay_err_set(err, ASSAY_E_IO, "%s: %s", sweep->root, run->failed.text);
	assay_sweep_stop(sweep);
	return status;
}

/* assay_sweep_step - see sweep.h */
enum assay_status assay_sweep_step(struct assay_sweep *sweep, const struct assay_retention *what,
    uint64_t *gone, struct assay_err *err)
{
	const int64_t until_ms = assay_clock_mono_ms() + PIECE_MS;
	enum assay_status status;

	*gone = 0;
	if (what->before_ms == 0 && what->most_bytes == 0) {
		assay_sweep_stop(sweep);
		return ASSAY_END;
	}
	if (sweep->run == NULL) {
		sweep->run = assay_xcalloc(1, sizeof *sweep->run);
		sweep->run->begun_ms = assay_clock_wall_ms();
		status = walk(sweep, err);
		if (status != ASSAY_OK) {
			assay_sweep_stop(sweep);
			return status == ASSAY_E_NOENT ? ASSAY_END : status;
		}
	}
	for (unsigned n = 1; assay_tree_next(&sweep->run->tree); n++) {
		if (look(sweep, what))
			++*gone;
		if (n % LOOK_AT_CLOCK == 0 && assay_clock_mono_ms() >= until_ms)
			return ASSAY_OK;
	}
	return ended(sweep, what, err);
}

/* assay_sweep_stop - see sweep.h */
void assay_sweep_stop(struct assay_sweep *sweep)
{
	if (sweep->run != NULL)
		assay_tree_close(&sweep->run->tree);
	free(sweep->run);
	sweep->run = NULL;
}
