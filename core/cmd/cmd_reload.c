/*
 * core/cmd/cmd_reload.c - `assay reload`: the service reads its configuration and rules anew
 *
 * Sends SIGHUP to the parent and waits until the scoreboard says what came of it. Exit 0: the new
 * configuration is in force; 78: it does not load, the old one is; 75: no service runs here, or it
 * takes too long.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/board.h"
#include "core/cmd/cmd.h"
#include "core/home.h"
#include "core/site.h"
#include "core/supervise.h"

#define WAIT_MS 120000
#define LOOK_MS 50

enum { NO_WAIT };

static const struct assay_arg reload_args[] = {
	{ 0, "no-wait", NULL, "Do not wait for what comes of it" },
	{ 0, NULL, NULL, NULL },
};

/* find - the parent, and its scoreboard */
static enum assay_status find(
    const char *run_dir, pid_t *pid, struct assay_board *board, struct assay_err *err)
{
	*pid = assay_site_holder(run_dir, err);
	if (*pid < 0)
		return err->code;
	if (*pid == 0)
		return assay_err_set(err, ASSAY_E_DEAD,
		    "no service runs in %.300s: \"assay serve\" starts one", run_dir);
	return assay_board_open(run_dir, board, err);
}

/* wait_for - until so many reloads are over */
static enum assay_status wait_for(
    const char *run_dir, const struct assay_board *board, uint32_t reloads, struct assay_err *err)
{
	int64_t until = assay_clock_mono_ms() + WAIT_MS;
	struct assay_board_head head;
	struct assay_err ignored;

	for (;;) {
		assay_board_read_head(board, &head);
		if ((int32_t)(head.reloads - reloads) >= 0)
			break;
		if (head.stopping || assay_site_holder(run_dir, &ignored) == 0)
			return assay_err_set(err, ASSAY_E_DEAD, "the service ended");
		if (assay_clock_mono_ms() > until)
			return assay_err_set(err, ASSAY_E_TIMEOUT,
			    "the reload is not over after %d s: \"assay status\" says how it goes",
			    WAIT_MS / 1000);
		(void)poll(NULL, 0, LOOK_MS);
	}
	if (head.reload_error[0] != '\0')
		return assay_err_set(err, ASSAY_E_CONF, "the reload failed: %s", head.reload_error);
	return ASSAY_OK;
}

/* assay_cmd_reload_service - see cmd.h */
enum assay_status assay_cmd_reload_service(const char *run_dir, bool waits, struct assay_err *err)
{
	struct assay_board_slot parent;
	struct assay_board_head head;
	struct assay_board board;
	enum assay_status st;
	bool busy;
	pid_t pid;

	st = find(run_dir, &pid, &board, err);
	if (st != ASSAY_OK)
		return st;
	assay_board_read_head(&board, &head);
	/* One that is under way may have read the files before they were changed. */
	busy = assay_board_read(&board, ASSAY_SLOT_PARENT, &parent) &&
	    parent.state == ASSAY_BOARD_BUSY;
	if (kill(pid, SIGHUP) != 0)
		st = assay_err_set(err, ASSAY_E_IO, "cannot signal the service (pid %ld): %s",
		    (long)pid, strerror(errno));
	else if (waits)
		st = wait_for(run_dir, &board, head.reloads + (busy ? 2 : 1), err);
	assay_board_close(&board);
	return st;
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_arena *arena;
	struct assay_args args;
	struct assay_home home;
	struct assay_err err;
	enum assay_status st;
	const char *value;
	bool waits = true;
	int which, code;

	assay_args_init(&args, &assay_cmd_reload, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_OPERAND)
			return assay_args_unwanted(&args, value);
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		waits &= which != NO_WAIT;
	}
	arena = assay_arena_new();
	st = assay_home_find(arena, globals->home, &home, &err);
	if (st == ASSAY_OK)
		st = assay_cmd_reload_service(home.run, waits, &err);
	code = st == ASSAY_OK ? 0 : assay_cmd_fail(&err);
	if (st == ASSAY_OK && waits)
		assay_cmd_print(ASSAY_SLICE_LIT("the new configuration is in force\n"));
	assay_arena_free(&arena);
	return st == ASSAY_OK ? assay_cmd_close_stdout(code) : code;
}

const struct assay_cmd assay_cmd_reload = {
	.name = "reload",
	.synopsis = "[--no-wait]",
	.summary = "Makes the service read its configuration and rules anew.",
	.args = reload_args,
	.more = "No mail is refused meanwhile. What does not load is told, and the old stays.",
	.run = run,
};
