/*
 * core/rescan.c - see rescan.h. Touches the queue "rescan" of the spool; what cannot be removed is
 * a line in the log, and is scanned again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/rescan.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "core/door.h"
#include "core/queue.h"

#define LOOK_MS 2000  /* between two looks at the directory */
#define LOOK_FILES 16 /* of one look */
#define BEAT_MS 1000

/* A file of spool/rescan under way. */
struct again {
	struct assay_rescan *rescan;
	char name[]; /* of the file */
};

/* rescanned - its report is kept: the file may go. Otherwise it comes again */
static void rescanned(void *arg, const char *action)
{
	struct again *again = arg;
	struct assay_err err;

	if (action != NULL &&
	    assay_queue_remove(again->rescan->queue, again->name, &err) != ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "%s", err.text);
	again->rescan->under_way--;
	free(again);
}

/* submit_again - one file */
static enum assay_status submit_again(
    struct assay_rescan *rescan, struct assay_door *door, const char *name, struct assay_err *err)
{
	struct again *again = assay_xcalloc(1, sizeof *again + strlen(name) + 1);
	struct assay_queue_message message;
	enum assay_status st = assay_queue_message(rescan->queue, name, &message, err);

	if (st == ASSAY_OK) {
		again->rescan = rescan;
		memcpy(again->name, name, strlen(name) + 1);
		rescan->under_way++;
		st = assay_door_ask(door, json_incref(message.request),
		    &(struct assay_submission){
			.bytes = message.message, .fd = -1, .done = rescanned, .done_arg = again },
		    err);
		rescan->under_way -= st != ASSAY_OK;
	}
	assay_queue_message_release(&message);
	if (st != ASSAY_OK)
		free(again);
	if (st == ASSAY_E_SYNTAX || st == ASSAY_E_LIMIT)
		return assay_queue_poison_file(rescan->queue, name, err->text, err);
	return st == ASSAY_E_NOENT ? ASSAY_OK : st;
}

/* look - the oldest files, all of them before the next look */
static enum assay_status look(
    struct assay_rescan *rescan, struct assay_door *door, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const char *const *name;
	enum assay_status st = assay_queue_list(rescan->queue, LOOK_FILES, arena, &name, err);

	for (; st == ASSAY_OK && *name != NULL; name++)
		st = submit_again(rescan, door, *name, err);
	while (st == ASSAY_OK && rescan->under_way > 0 && !assay_door_stopping(door)) {
		st = assay_door_wait(door, -1, BEAT_MS, err);
		if (st == ASSAY_END)
			st = ASSAY_OK;
	}
	assay_arena_free(&arena);
	return st;
}

/* assay_rescan_run - see rescan.h */
enum assay_status assay_rescan_run(
    struct assay_rescan *rescan, struct assay_door *door, const char *var, struct assay_err *err)
{
	enum assay_status st;

	*rescan = (struct assay_rescan){ .queue = NULL };
	st = assay_queue_open(var, "rescan", &rescan->queue, err);
	while (st == ASSAY_OK && !assay_door_stopping(door)) {
		st = look(rescan, door, err);
		if (st == ASSAY_OK)
			st = assay_door_wait(door, -1, LOOK_MS, err);
		if (st == ASSAY_END)
			st = ASSAY_OK;
	}
	return st == ASSAY_OK ? assay_door_flush(door, err) : st;
}

/* assay_rescan_close - nothing is under way any more */
void assay_rescan_close(struct assay_rescan *rescan)
{
	assay_queue_close(&rescan->queue);
}
