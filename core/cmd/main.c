/*
 * core/cmd/main.c - the command: global options, the subcommand, nothing else
 *
 * See cmd.h. The table below is the list of subcommands, in the order --help shows them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"

#include "core/cmd/cmd.h"

static const struct assay_cmd *const commands[] = {
	&assay_cmd_scan,
	&assay_cmd_serve,
	&assay_cmd_status,
	&assay_cmd_reload,
	&assay_cmd_bypass,
	&assay_cmd_milter_check,
	&assay_cmd_import,
	&assay_cmd_search,
	&assay_cmd_show,
	&assay_cmd_stats,
	&assay_cmd_seen,
	&assay_cmd_forget,
	&assay_cmd_hunt,
	&assay_cmd_queue,
	&assay_cmd_plugins,
	&assay_cmd_policy,
	&assay_cmd_config,
	&assay_cmd_version,
	NULL,
};

static const struct assay_arg main_args[] = {
	{ 'V', "version", NULL, "Show the version and exit" },
	{ 0, NULL, NULL, NULL },
};

/* What --help shows when no subcommand is named; the list of them is added to the summary. */
static const struct assay_cmd main_cmd = {
	.name = "",
	.synopsis = "COMMAND [ARGUMENTS]",
	.args = main_args,
};

/* list_commands - for main's help */
static void list_commands(struct assay_buf *out)
{
	(void)assay_buf_add_str(
	    out, "Takes e-mail apart, looks at every piece and says what it found.\n\nCommands:\n");
	for (const struct assay_cmd *const *c = commands; *c != NULL; c++)
		(void)assay_buf_printf(out, "  %-12s %s\n", (*c)->name, (*c)->summary);
	(void)assay_buf_add_str(out, "\n\"assay COMMAND --help\" says more of each.");
}

/* find_command - by name, or an error with the nearest */
static const struct assay_cmd *find_command(const char *name, struct assay_err *err)
{
	const char *names[sizeof commands / sizeof commands[0]];
	const char *near;
	size_t n = 0;

	for (; commands[n] != NULL; n++) {
		if (strcmp(commands[n]->name, name) == 0)
			return commands[n];
		names[n] = commands[n]->name;
	}
	names[n] = NULL;
	near = assay_opts_nearest_of(names, assay_slice_str(name));
	(void)assay_err_set(err, ASSAY_E_USAGE,
	    "unknown command \"%.80s\"; %s%s%s\"assay --help\" lists them", name,
	    near != NULL ? "did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"? " : "");
	return NULL;
}

/* set_level - a word of log_level; "auto", the last of them, is for the service to say */
static void set_level(unsigned word)
{
	if (word <= ASSAY_LOG_DEBUG)
		assay_log_set_level((enum assay_log_level)word);
}

/* assay_cmd_config_load - what the globals say, with the log level */
enum assay_status assay_cmd_config_load(const struct assay_cmd_globals *globals,
    const char *const *core_opts, struct assay_config **config, struct assay_err *err)
{
	struct assay_words all = { NULL, 0 }, level = { NULL, 0 };
	struct assay_config_source source = {
		.home = globals->home,
		.conf_file = globals->conf_file,
		.plugin_dirs = globals->plugin_dirs.word,
		.plugin_opts = globals->plugin_opts.word,
	};
	enum assay_status status;

	for (; core_opts != NULL && *core_opts != NULL; core_opts++)
		assay_words_add(&all, *core_opts);
	if (globals->log_level != NULL) {
		assay_words_add_pair(&level, "log_level", globals->log_level);
		assay_words_add(&all, level.word[0]);
	}
	source.core_opts = all.word;
	status = assay_config_load(&source, config, err);
	if (status == ASSAY_OK)
		set_level(assay_opts_enum(assay_config_core(*config), "log_level"));
	assay_words_free(&all);
	assay_words_free_pairs(&level);
	return status;
}

/* run_main - global options up to the subcommand */
static int run_main(
    struct assay_cmd_globals *globals, struct assay_cmd *self, int argc, char **argv)
{
	const struct assay_cmd *cmd;
	struct assay_args args;
	struct assay_err err;
	const char *value;

	assay_args_init(&args, self, globals, argc, argv);
	switch (assay_args_next(&args, &value)) {
	case ASSAY_ARGS_STOP:
		return args.exit_code;
	case ASSAY_ARGS_END:
		(void)assay_err_set(&err, ASSAY_E_USAGE,
		    "no command given; \"assay --help\" lists them, \"assay scan FILE\" is a "
		    "start");
		return assay_cmd_fail(&err);
	case ASSAY_ARGS_OPERAND:
		cmd = find_command(value, &err);
		if (cmd == NULL)
			return assay_cmd_fail(&err);
		return cmd->run(globals, argc - args.at + 1, argv + args.at - 1);
	default:
		return assay_cmd_version.run(globals, 1, argv);
	}
}

/* assay_cmd_main - the whole program */
int assay_cmd_main(int argc, char **argv)
{
	struct assay_cmd_globals globals = { .home = NULL };
	struct assay_cmd self = main_cmd;
	struct assay_buf list;
	int code;

	/* A reader that goes away is no event to shout about: write(2) says EPIPE. */
	(void)signal(SIGPIPE, SIG_IGN);
	assay_buf_init(&list, (size_t)16 * 1024);
	list_commands(&list);
	self.summary = list.p;
	code = run_main(&globals, &self, argc, argv);
	assay_buf_release(&list);
	assay_words_free(&globals.plugin_dirs);
	assay_words_free(&globals.plugin_opts);
	return code;
}
