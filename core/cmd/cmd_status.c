/*
 * core/cmd/cmd_status.c - `assay status`: how the service is
 *
 * Reads the run directory only (core/health.h), no configuration: it answers whatever hangs, is
 * dead or does not load. Exit 0: well, 1: degraded, 2: down.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "core/cmd/cmd.h"
#include "core/health.h"
#include "core/home.h"
#include "core/json.h"

enum { JSON, METRICS, MAILS };

static const struct assay_arg status_args[] = {
	{ 0, "json", NULL, "As one JSON object" },
	{ 0, "prometheus", NULL, "As metrics in the text format of Prometheus" },
	{ 'm', "mails", NULL, "Only the mails in work: payload, worker, age" },
	{ 0, NULL, NULL, NULL },
};

/* put - in the form asked for */
static void put(const struct assay_health *health, int form, struct assay_buf *out)
{
	json_t *all;

	switch (form) {
	case JSON:
		all = assay_health_json(health);
		(void)assay_json_write(all, ASSAY_JSON_INDENTED, out);
		(void)assay_buf_add_char(out, '\n');
		json_decref(all);
		break;
	case METRICS:
		assay_health_metrics(health, out);
		break;
	case MAILS:
		assay_health_print_mails(health, out);
		break;
	default:
		assay_health_print(health, out);
	}
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_arena *arena;
	struct assay_health health;
	struct assay_args args;
	struct assay_home home;
	struct assay_buf out;
	struct assay_err err;
	const char *value;
	int which, form = -1, code;

	assay_args_init(&args, &assay_cmd_status, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_OPERAND)
			return assay_args_unwanted(&args, value);
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		form = which;
	}
	arena = assay_arena_new();
	if (assay_home_find(arena, globals->home, &home, &err) != ASSAY_OK) {
		code = assay_cmd_fail(&err);
	} else {
		assay_health_read(home.run, &health);
		assay_buf_init(&out, (size_t)16 * 1024 * 1024);
		put(&health, form, &out);
		code = (int)health.level;
		assay_health_release(&health);
		assay_cmd_print(assay_buf_slice(&out));
		assay_buf_release(&out);
		code = assay_cmd_close_stdout(code);
	}
	assay_arena_free(&arena);
	return code;
}

const struct assay_cmd assay_cmd_status = {
	.name = "status",
	.synopsis = "[--json | --prometheus | --mails]",
	.summary = "Says how the service is.",
	.args = status_args,
	.more = "Exit 0: well, 1: degraded, 2: down.",
	.run = run,
};
