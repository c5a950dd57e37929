/*
 * core/cmd/cmd_serve.c - `assay serve`: the service, and each of its processes
 *
 * Without --as: the parent (core/serve.h), in the foreground or, with -d, behind the caller's back.
 * With --as ROLE (for the parent only): one child (core/role.h). Says on standard error, or with -d
 * in the system log, what happens.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"

#include "core/check.h"
#include "core/cmd/cmd.h"
#include "core/drain.h"
#include "core/janitor.h"
#include "core/keeper.h"
#include "core/lookup.h"
#include "core/master.h"
#include "core/metrics.h"
#include "core/role.h"
#include "core/serve.h"
#include "core/supervise.h"

enum { DAEMON, NO_SANDBOX, AS };

static const struct assay_arg serve_args[] = {
	{ 'd', "daemon", NULL, "Go into the background when all is up; log to syslog" },
	{ 0, "no-sandbox", NULL, "For debugging only: scan processes may do what you may do" },
	{ 0, "as", "ROLE", NULL },
	{ 0, NULL, NULL, NULL },
};

/* What was asked for. */
struct asked {
	struct assay_cmd_globals *globals;
	bool daemon, no_sandbox, to_syslog;
	const char *role;
	int tell; /* who waits for us to be up; -1: nobody */
};

/* load - the configuration; "auto" is "info" here */
static enum assay_status load(void *arg, struct assay_config **config, struct assay_err *err)
{
	const struct asked *asked = arg;

	assay_log_set_level(ASSAY_LOG_INFO);
	return assay_cmd_config_load(asked->globals, NULL, config, err);
}

/* ---- one process of it ----------------------------------------------------------------------- */

/* dispatch - what the role is; takes config */
static int dispatch(struct assay_role *role, struct assay_config *config, bool no_sandbox)
{
	if (strcmp(role->kind, "check") == 0)
		return assay_check_run(role, config);
	if (strcmp(role->kind, "master") == 0)
		return assay_master_run(role, config, no_sandbox);
	if (strcmp(role->kind, "door") == 0)
		return assay_keeper_run(role, config);
	if (strcmp(role->kind, "rescan") == 0)
		return assay_keeper_rescan(role, config);
	if (strcmp(role->kind, "janitor") == 0)
		return assay_janitor_run(role, config);
	if (strcmp(role->kind, "metrics") == 0)
		return assay_metrics_run(role, config);
	if (strcmp(role->kind, "lookup") == 0)
		return assay_lookup_run(role, config);
	return assay_drain_run(role, config);
}

/* run_role - a child */
static int run_role(struct asked *asked)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_config *config = NULL;
	struct assay_role role;
	struct assay_err err;
	enum assay_status st;
	int code;

	st = assay_role_parse(&role, arena, asked->role, &err);
	if (st == ASSAY_OK)
		st = assay_role_enter(&role, &err);
	if (st == ASSAY_OK)
		st = load(asked, &config, &err);
	if (st != ASSAY_OK) {
		code = assay_role_failed(&role, &err);
	} else if (role.config_sha256 != NULL && strcmp(role.kind, "check") != 0 &&
	    strcmp(role.config_sha256, assay_config_source_sha256(config)) != 0) {
		(void)assay_err_set(&err, ASSAY_E_CONF,
		    "the configuration files have changed since the service read them");
		(void)assay_role_failed(&role, &err);
		assay_config_free(&config);
		code = ASSAY_ROLE_CHANGED;
	} else {
		code = dispatch(&role, config, asked->no_sandbox);
	}
	assay_board_close(&role.board);
	assay_arena_free(&arena);
	return code;
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* add_global - "--name" and "value" for the children */
static void add_global(struct assay_words *args, const char *name, const char *value)
{
	if (value == NULL)
		return;
	assay_words_add(args, name);
	assay_words_add(args, value);
}

/* child_args - the globals again */
static struct assay_words child_args(const struct assay_cmd_globals *globals)
{
	struct assay_words args = { NULL, 0 };

	add_global(&args, "--home", globals->home);
	add_global(&args, "--conf", globals->conf_file);
	add_global(&args, "--log-level", globals->log_level);
	for (size_t i = 0; i < globals->plugin_dirs.n; i++)
		add_global(&args, "--plugin-dir", globals->plugin_dirs.word[i]);
	for (size_t i = 0; i < globals->plugin_opts.n; i++)
		add_global(&args, "--plugin-opts", globals->plugin_opts.word[i]);
	return args;
}

/* tell - the one who waits in front of us, once */
static void tell(struct asked *asked, int code)
{
	struct assay_err err;

	if (asked->tell >= 0 &&
	    assay_io_write_full(asked->tell, &code, sizeof code, &err) != ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "%s", err.text);
	assay_io_close(&asked->tell);
}

/* up - everything runs */
static void up(void *arg)
{
	tell(arg, 0);
}

/* fill_standard - descriptors 0 to 2 are open, whoever started us; `all`: and lead nowhere */
static void fill_standard(bool all)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= 2)
		fd = open("/dev/null", O_RDWR);
	for (int i = 0; all && fd > 2 && i <= 2; i++)
		(void)dup2(fd, i);
	assay_io_close(&fd);
}

/* go_back - -d: true in the process that is to go on */
static bool go_back(struct asked *asked, int *code)
{
	struct assay_err err;

	if (assay_supervise_detach(code, &asked->tell, &err) != ASSAY_OK) {
		*code = assay_cmd_fail(&err);
		return false;
	}
	if (*code < 0) {
		fill_standard(true);
		assay_log_to_syslog(true);
		return true;
	}
	if (*code > 0)
		assay_log(ASSAY_LOG_ERROR,
		    "the service did not start: the system log (facility mail) says why, or run it "
		    "without -d");
	return false;
}

/* run_parent - until it is told to stop */
static int run_parent(struct asked *asked)
{
	struct assay_serve_options options = {
		.no_sandbox = asked->no_sandbox, .load = load, .up = up, .arg = asked
	};
	struct assay_config *config = NULL;
	struct assay_words args;
	struct assay_err err;
	int code = 0;

	asked->to_syslog = asked->daemon || fcntl(STDERR_FILENO, F_GETFD) < 0;
	fill_standard(false);
	assay_log_to_syslog(asked->to_syslog && !asked->daemon);
	if (load(asked, &config, &err) != ASSAY_OK)
		return assay_cmd_fail(&err);
	if (asked->daemon && !go_back(asked, &code)) {
		assay_config_free(&config);
		return code;
	}
	args = child_args(asked->globals);
	options.child_args = args.word;
	options.to_syslog = asked->to_syslog;
	code = assay_serve_run(&options, config);
	tell(asked, code);
	assay_words_free(&args);
	return code;
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct asked asked = { .globals = globals, .tell = -1 };
	struct assay_args args;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_serve, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_OPERAND)
			return assay_args_unwanted(&args, value);
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		asked.daemon |= which == DAEMON;
		asked.no_sandbox |= which == NO_SANDBOX;
		if (which == AS)
			asked.role = value;
	}
	return asked.role != NULL ? run_role(&asked) : run_parent(&asked);
}

const struct assay_cmd assay_cmd_serve = {
	.name = "serve",
	.synopsis = "[-d]",
	.summary = "Runs the service: watchers, scan processes, connectors.",
	.args = serve_args,
	.more = "SIGTERM stops it in order, SIGHUP (or \"assay reload\") reads the configuration "
		"anew;\n\"assay status\" says how it is.",
	.run = run,
};
