/*
 * core/cmd/args.c - the one reader of command lines, and the help made from the same rows
 *
 * See cmd.h. Looks at argv only; prints help on standard output and what is wrong on standard
 * error. Not getopt_long: it writes messages of its own, permutes argv and guesses abbreviations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/cmd/cmd.h"

enum { HOME, CONF, PLUGIN_DIR, PLUGIN_OPTS, LOG_LEVEL, HELP };

/* Understood everywhere; the indices are the enum above. */
const struct assay_arg assay_global_args[] = {
	{ 0, "home", "DIR", "Everything below this directory (or $ASSAY_HOME)" },
	{ 0, "conf", "FILE", "This configuration file instead of assay.conf" },
	{ 0, "plugin-dir", "DIR", "Look for plugins here first" },
	{ 0, "plugin-opts", "P:OPTION=VALUE", "Set one option, above all files" },
	{ 0, "log-level", "LEVEL", "error, warning, info or debug" },
	{ 'h', "help", NULL, "Show this and exit" },
	{ 0, NULL, NULL, NULL },
};

/* assay_words_add - one more */
void assay_words_add(struct assay_words *words, const char *word)
{
	words->word = assay_xrealloc(words->word, (words->n + 2) * sizeof *words->word);
	words->word[words->n++] = word;
	words->word[words->n] = NULL;
}

/* assay_words_free - the list, not the words */
void assay_words_free(struct assay_words *words)
{
	free(words->word);
	*words = (struct assay_words){ NULL, 0 };
}

/* assay_words_add_pair - "name=value" */
void assay_words_add_pair(struct assay_words *words, const char *name, const char *value)
{
	size_t n = strlen(name) + strlen(value) + 2;
	char *pair = assay_xmalloc(n);

	(void)snprintf(pair, n, "%s=%s", name, value);
	assay_words_add(words, pair);
}

/* assay_words_free_pairs - the list and the words */
void assay_words_free_pairs(struct assay_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free((char *)(uintptr_t)words->word[i]);
	assay_words_free(words);
}

/* print_args - rows of a table, two columns */
static void print_args(struct assay_buf *out, const struct assay_arg *arg)
{
	for (; arg->letter != 0 || arg->name != NULL; arg++) {
		struct assay_buf left;

		if (arg->help == NULL)
			continue;
		assay_buf_init(&left, 256);
		(void)assay_buf_printf(&left, "  %c%c%s", arg->letter != 0 ? '-' : ' ',
		    arg->letter != 0 ? arg->letter : ' ',
		    arg->name == NULL      ? ""
			: arg->letter != 0 ? ", --"
					   : "  --");
		(void)assay_buf_printf(&left, "%s%s%s", arg->name != NULL ? arg->name : "",
		    arg->value != NULL ? " " : "", arg->value != NULL ? arg->value : "");
		(void)assay_buf_printf(out, "%-39s %s\n", left.p, arg->help);
		assay_buf_release(&left);
	}
}

/* print_help - one screen */
static void print_help(const struct assay_cmd *cmd)
{
	struct assay_buf out;

	assay_buf_init(&out, (size_t)64 * 1024);
	(void)assay_buf_printf(&out, "Usage: assay %s%s%s\n%s\n", cmd->name,
	    cmd->name[0] != '\0' && cmd->synopsis != NULL ? " " : "",
	    cmd->synopsis != NULL ? cmd->synopsis : "", cmd->summary);
	if (cmd->args != NULL && (cmd->args->letter != 0 || cmd->args->name != NULL)) {
		(void)assay_buf_add_str(&out, "\n");
		print_args(&out, cmd->args);
	}
	(void)assay_buf_add_str(&out, "\nWith every command:\n");
	print_args(&out, assay_global_args);
	if (cmd->more != NULL)
		(void)assay_buf_printf(&out, "\n%s\n", cmd->more);
	assay_cmd_print(assay_buf_slice(&out));
	assay_buf_release(&out);
}

/* assay_args_init - at the first argument behind the name */
void assay_args_init(struct assay_args *args, const struct assay_cmd *cmd,
    struct assay_cmd_globals *globals, int argc, char **argv)
{
	*args = (struct assay_args){
		.cmd = cmd, .globals = globals, .argc = argc, .argv = argv, .at = 1
	};
}

/* stop - after one line that says what is wrong */
static int stop(struct assay_args *args, const char *what, const char *name, const char *then)
{
	const char *cmd = args->cmd->name;
	struct assay_err err;

	(void)assay_err_set(&err, ASSAY_E_USAGE, "%s%s%s; %s\"assay%s%s --help\" lists the options",
	    what, name != NULL ? " " : "", name != NULL ? name : "", then,
	    cmd[0] != '\0' ? " " : "", cmd);
	args->exit_code = assay_cmd_fail(&err);
	return ASSAY_ARGS_STOP;
}

/* assay_args_unwanted - an operand where none is taken */
int assay_args_unwanted(struct assay_args *args, const char *operand)
{
	(void)stop(args, "not wanted here:", operand, "");
	return args->exit_code;
}

/* find_long - a row by its long name */
static int find_long(const struct assay_arg *table, struct assay_slice name)
{
	for (int i = 0; table != NULL && (table[i].letter != 0 || table[i].name != NULL); i++)
		if (table[i].name != NULL && assay_slice_is(name, table[i].name))
			return i;
	return -1;
}

/* find_letter - a row by its letter */
static int find_letter(const struct assay_arg *table, char letter)
{
	for (int i = 0; table != NULL && (table[i].letter != 0 || table[i].name != NULL); i++)
		if (table[i].letter == letter)
			return i;
	return -1;
}

/* unknown - with the nearest long name of both tables */
static int unknown(struct assay_args *args, struct assay_slice name)
{
	const struct assay_arg *const tables[] = { args->cmd->args, assay_global_args };
	char given[80], then[120] = "";
	struct assay_words names = { NULL, 0 };
	const char *near;

	for (size_t t = 0; t < 2; t++)
		for (const struct assay_arg *a = tables[t];
		     a != NULL && (a->letter != 0 || a->name != NULL); a++)
			if (a->name != NULL)
				assay_words_add(&names, a->name);
	near = assay_opts_nearest_of(names.word, name);
	assay_words_free(&names);
	if (near != NULL)
		(void)snprintf(then, sizeof then, "did you mean --%s? ", near);
	(void)snprintf(given, sizeof given, "--%.*s", (int)(name.n < 60 ? name.n : 60), name.p);
	return stop(args, "unknown option", given, then);
}

/* set_global - an option every command has */
static int set_global(struct assay_args *args, int which, const char **next)
{
	struct assay_cmd_globals *g = args->globals;
	const char *value = *next;

	switch (which) {
	case HOME:
		g->home = value;
		break;
	case CONF:
		g->conf_file = value;
		break;
	case PLUGIN_DIR:
		assay_words_add(&g->plugin_dirs, value);
		break;
	case PLUGIN_OPTS:
		assay_words_add(&g->plugin_opts, value);
		break;
	case LOG_LEVEL:
		g->log_level = value;
		break;
	case HELP:
		print_help(args->cmd);
		args->exit_code = assay_cmd_close_stdout(0);
		return ASSAY_ARGS_STOP;
	}
	return assay_args_next(args, next);
}

/* next_long - "--name", "--name=value", "--name value" */
static int next_long(struct assay_args *args, const char *word, const char **value)
{
	struct assay_slice name = assay_slice_str(word + 2);
	size_t equals = assay_slice_find(name, '=');
	const char *inside = equals < name.n ? name.p + equals + 1 : NULL;
	const struct assay_arg *table = args->cmd->args;
	int i;

	name = assay_slice_head(name, equals);
	i = find_long(table, name);
	if (i < 0) {
		table = assay_global_args;
		i = find_long(table, name);
	}
	if (i < 0)
		return unknown(args, name);
	if (table[i].value == NULL && inside != NULL)
		return stop(args, "no value is wanted by", word, "");
	*value = inside;
	if (table[i].value != NULL && inside == NULL) {
		if (args->at >= args->argc)
			return stop(args, "a value is missing behind", word, "");
		*value = args->argv[args->at++];
	}
	return table == assay_global_args ? set_global(args, i, value) : i;
}

/* next_letter - "-x", "-xVALUE", "-x VALUE", bundles */
static int next_letter(struct assay_args *args, const char **value)
{
	char option[3] = { '-', *args->bundle++, '\0' };
	const struct assay_arg *table = args->cmd->args;
	int i = find_letter(table, option[1]);

	if (i < 0) {
		table = assay_global_args;
		i = find_letter(table, option[1]);
	}
	if (i < 0)
		return stop(args, "unknown option", option, "");
	*value = NULL;
	if (table[i].value != NULL) {
		if (*args->bundle != '\0')
			*value = args->bundle;
		else if (args->at < args->argc)
			*value = args->argv[args->at++];
		else
			return stop(args, "a value is missing behind", option, "");
		args->bundle = NULL;
	}
	return table == assay_global_args ? set_global(args, i, value) : i;
}

/* assay_args_next - the next option or operand */
int assay_args_next(struct assay_args *args, const char **value)
{
	const char *word;

	if (args->bundle != NULL && *args->bundle != '\0')
		return next_letter(args, value);
	args->bundle = NULL;
	if (args->at >= args->argc)
		return ASSAY_ARGS_END;
	word = args->argv[args->at++];
	*value = word;
	if (args->no_more_options || word[0] != '-' || word[1] == '\0')
		return ASSAY_ARGS_OPERAND;
	if (strcmp(word, "--") == 0) {
		args->no_more_options = true;
		return assay_args_next(args, value);
	}
	if (word[1] == '-')
		return next_long(args, word, value);
	args->bundle = word + 1;
	return next_letter(args, value);
}
