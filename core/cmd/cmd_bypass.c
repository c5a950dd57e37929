/*
 * core/cmd/cmd_bypass.c - `assay bypass`: mail goes on unscanned, for a while
 *
 * Writes one file in the run directory (core/bypass.h), which doors look at before each mail. Needs
 * no process, no configuration and no plugin; whoever may write there may do it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/bypass.h"
#include "core/cmd/cmd.h"
#include "core/home.h"
#include "core/human.h"

enum { FOR, RULE, WORKER, REASON };

static const struct assay_arg bypass_args[] = {
	{ 0, "for", "TIME", "How long: 30m, 1h (the default), 2d" },
	{ 0, "rule", "RULE", "Only this rule of the policy does not fire" },
	{ 0, "worker", "WORKER", "Only this worker is passed over" },
	{ 0, "reason", "TEXT", "Why; it stands in reports and in the status" },
	{ 0, NULL, NULL, NULL },
};

/* --for, typed as in the configuration */
static const struct assay_opt rows[] = {
	{ "for", ASSAY_OPT_TIME, "1h", 1000, INT64_C(30) * 86400000, NULL, "" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* What was asked for. */
struct asked {
	const char *verb, *time, *rule, *worker, *reason;
};

/* read_args - false: *code says how to end */
static bool read_args(
    struct asked *asked, struct assay_cmd_globals *globals, int argc, char **argv, int *code)
{
	struct assay_args args;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_bypass, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP) {
			*code = args.exit_code;
			return false;
		}
		if (which == FOR)
			asked->time = value;
		else if (which == RULE)
			asked->rule = value;
		else if (which == WORKER)
			asked->worker = value;
		else if (which == REASON)
			asked->reason = value;
		else if (asked->verb == NULL &&
		    (strcmp(value, "on") == 0 || strcmp(value, "off") == 0))
			asked->verb = value;
		else {
			*code = assay_args_unwanted(&args, value);
			return false;
		}
	}
	return true;
}

/* set_name - of what is passed over */
static enum assay_status set_name(
    char *to, size_t size, const char *name, const char *what, struct assay_err *err)
{
	if (name == NULL)
		return ASSAY_OK;
	if (!assay_slice_is_plain(assay_slice_str(name), "_-.") || strlen(name) >= size)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "--%s %.60s: that is no name of a %s", what, name, what);
	(void)snprintf(to, size, "%s", name);
	return ASSAY_OK;
}

/* set_until - from --for */
static enum assay_status set_until(
    struct assay_bypass *what, const char *text, struct assay_err *err)
{
	const struct assay_opt *const tables[] = { rows, NULL };
	struct assay_arena *arena = assay_arena_new();
	struct assay_opts *opts = assay_opts_new(arena, "bypass", tables);
	enum assay_status st = ASSAY_OK;

	if (text != NULL)
		st = assay_opts_set(opts, ASSAY_SLICE_LIT("for"), assay_slice_str(text), err);
	if (st == ASSAY_OK)
		what->until_wall_ms = assay_clock_wall_ms() + assay_opt_int(opts, "for");
	else
		assay_err_prefix(err, "--for %.40s", text);
	assay_arena_free(&arena);
	return st == ASSAY_OK ? ASSAY_OK : ASSAY_E_USAGE;
}

/* turn_on - checks, then writes */
static enum assay_status turn_on(
    const struct asked *asked, const char *run_dir, struct assay_err *err)
{
	struct assay_bypass what = { .until_wall_ms = 0 };
	enum assay_status st;

	if (asked->reason == NULL || asked->reason[0] == '\0')
		return assay_err_set(err, ASSAY_E_USAGE,
		    "bypass on: say why with --reason TEXT; it will stand in each report");
	if (asked->rule != NULL && asked->worker != NULL)
		return assay_err_set(err, ASSAY_E_USAGE, "bypass on: --rule or --worker, not both");
	(void)snprintf(what.reason, sizeof what.reason, "%s", asked->reason);
	assay_cmd_user(what.by, sizeof what.by);
	st = set_name(what.worker, sizeof what.worker, asked->worker, "worker", err);
	if (st == ASSAY_OK)
		st = set_name(what.rule, sizeof what.rule, asked->rule, "rule", err);
	if (st == ASSAY_OK)
		st = set_until(&what, asked->time, err);
	if (st != ASSAY_OK) {
		err->code = ASSAY_E_USAGE;
		return st;
	}
	if (access(run_dir, X_OK) != 0)
		return assay_err_set(err, ASSAY_E_NOENT,
		    "there is no directory %.300s that you may enter: no service has run here",
		    run_dir);
	return assay_bypass_write(run_dir, &what, err);
}

/* show - what holds now */
static void show(const char *run_dir)
{
	struct assay_bypass_file *file = assay_bypass_open(run_dir);
	char until[ASSAY_TIME_TEXT], left[ASSAY_HUMAN_TEXT];
	struct assay_bypass now;
	struct assay_buf out;

	assay_buf_init(&out, 4096);
	if (assay_bypass_now(file, &now)) {
		assay_clock_format(now.until_wall_ms, until);
		(void)assay_buf_printf(&out, "%s%s until %.19sZ (%s): %s (%s)\n",
		    now.worker[0] != '\0'     ? "mail is not shown to "
			: now.rule[0] != '\0' ? "mail passes rule "
					      : "mail goes on unscanned",
		    now.worker[0] != '\0' ? now.worker : now.rule, until,
		    assay_human_age(left, now.until_wall_ms - assay_clock_wall_ms()), now.reason,
		    now.by);
	} else {
		(void)assay_buf_add_str(&out, "there is no bypass: mail is scanned\n");
	}
	assay_bypass_close(&file);
	assay_cmd_print(assay_buf_slice(&out));
	assay_buf_release(&out);
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct asked asked = { .verb = NULL };
	enum assay_status st;
	struct assay_arena *arena;
	struct assay_home home;
	struct assay_err err;
	int code = 0;

	if (!read_args(&asked, globals, argc, argv, &code))
		return code;
	arena = assay_arena_new();
	st = assay_home_find(arena, globals->home, &home, &err);
	if (st == ASSAY_OK && asked.verb != NULL)
		st = strcmp(asked.verb, "on") == 0 ? turn_on(&asked, home.run, &err)
						   : assay_bypass_remove(home.run, &err);
	if (st == ASSAY_OK) {
		show(home.run);
		code = assay_cmd_close_stdout(0);
	} else {
		code = assay_cmd_fail(&err);
	}
	assay_arena_free(&arena);
	return code;
}

const struct assay_cmd assay_cmd_bypass = {
	.name = "bypass",
	.synopsis = "[on [OPTIONS] --reason TEXT | off]",
	.summary = "Lets mail go on unscanned for a while.",
	.args = bypass_args,
	.more =
	    "Acts at the next mail, needs no running process, and ends by itself. Without on or\n"
	    "off it says what holds now.",
	.run = run,
};
