/*
 * core/cmd/cmd.h - what the subcommands of `assay` share
 *
 * A subcommand is one file core/cmd/cmd_NAME.c that defines `const struct assay_cmd
 * assay_cmd_NAME` (a row in core/cmd/main.c names it): data plus one function that returns the
 * exit code of RESULT section 2. Standard output carries the result and nothing else; what is said
 * to people goes to standard error, one line each, "assay: error: what, where, what to do".
 */
#ifndef ASSAY_CMD_H
#define ASSAY_CMD_H

#include <assay/types.h>

#include "core/config.h"

struct assay_cmd;

/* ---- arguments ------------------------------------------------------------------------------ */

/* A row of a subcommand's options; a row without letter and name ends the table. `value` is the
 * word for the argument ("FILE"), NULL for a flag. --help of the subcommand is made from these; a
 * row without help is not for people. */
struct assay_arg {
	char letter;      /* 0: none */
	const char *name; /* long name without dashes; NULL: none */
	const char *value;
	const char *help;
};

/* Global options: read before the subcommand's name and, by assay_args_next, behind it as well:
 * --home, --conf, --plugin-dir, --plugin-opts, --log-level, --help. */
struct assay_words {
	const char **word; /* NULL at the end; NULL when empty */
	size_t n;
};
struct assay_cmd_globals {
	const char *home, *conf_file, *log_level;
	struct assay_words plugin_dirs, plugin_opts;
};

/* Walks over argv (argv[0] is the subcommand). -x, -xVALUE, -x VALUE, bundles, --name VALUE,
 * --name=VALUE; options and operands may be mixed; -- ends the options; - is an operand. */
struct assay_args {
	const struct assay_cmd *cmd;
	struct assay_cmd_globals *globals;
	int argc;
	char **argv;
	int at;
	const char *bundle; /* rest of a bundle of letters, or NULL */
	bool no_more_options;
	int exit_code; /* of ASSAY_ARGS_STOP */
};

enum {
	ASSAY_ARGS_END = -1,     /* all read */
	ASSAY_ARGS_OPERAND = -2, /* *value is an operand */
	ASSAY_ARGS_STOP = -3     /* --help was printed, or what is wrong: return args->exit_code */
};

void assay_args_init(struct assay_args *args, const struct assay_cmd *cmd,
    struct assay_cmd_globals *globals, int argc, char **argv);
/* The index of the row in cmd->args (with *value, NULL for a flag), or one of the above. */
int assay_args_next(struct assay_args *args, const char **value);
/* Says that this operand is not wanted; returns 64. */
int assay_args_unwanted(struct assay_args *args, const char *operand);

/* Borrows. */
void assay_words_add(struct assay_words *words, const char *word);
void assay_words_free(struct assay_words *words);
/* "name=value" on the heap, for core_opts: a list that holds nothing else ... */
void assay_words_add_pair(struct assay_words *words, const char *name, const char *value);
/* ... is freed with its words by this. */
void assay_words_free_pairs(struct assay_words *words);

/* ---- subcommands ---------------------------------------------------------------------------- */

struct assay_cmd {
	const char *name;
	const char *synopsis; /* behind the name: "PATH... | -" */
	const char *summary;  /* one line */
	const char *more;     /* behind the options in --help; or NULL */
	const struct assay_arg *args;
	int (*run)(struct assay_cmd_globals *globals, int argc, char **argv);
};

extern const struct assay_cmd assay_cmd_bypass;
extern const struct assay_cmd assay_cmd_config;
extern const struct assay_cmd assay_cmd_forget;
extern const struct assay_cmd assay_cmd_import;
extern const struct assay_cmd assay_cmd_hunt;
extern const struct assay_cmd assay_cmd_milter_check;
extern const struct assay_cmd assay_cmd_plugins;
extern const struct assay_cmd assay_cmd_policy;
extern const struct assay_cmd assay_cmd_queue;
extern const struct assay_cmd assay_cmd_reload;
extern const struct assay_cmd assay_cmd_scan; /* cmd_scan.c */
extern const struct assay_cmd assay_cmd_search;
extern const struct assay_cmd assay_cmd_seen;
extern const struct assay_cmd assay_cmd_serve;
extern const struct assay_cmd assay_cmd_show;
extern const struct assay_cmd assay_cmd_stats;
extern const struct assay_cmd assay_cmd_status;
extern const struct assay_cmd assay_cmd_version;

/* Loads the configuration the globals (and core_opts, NULL-terminated, may be NULL) describe and
 * sets the log level. */
ASSAY_MUST_CHECK enum assay_status assay_cmd_config_load(const struct assay_cmd_globals *globals,
    const char *const *core_opts, struct assay_config **config, struct assay_err *err);

/* Who gives the command, as far as it can be told: for records of what was done. */
void assay_cmd_user(char *name, size_t size);
/* Makes the service that runs there read its configuration and files anew; `waits` until it has.
 * E_DEAD: none runs; E_CONF: it does not load, the old is in force; E_TIMEOUT. */
ASSAY_MUST_CHECK enum assay_status assay_cmd_reload_service(
    const char *run_dir, bool waits, struct assay_err *err);
/* Prints "assay: error: TEXT" and returns the exit code that belongs to it. */
int assay_cmd_fail(const struct assay_err *err);
/* Writes to standard output; a closed pipe ends the program silently. Anything else that goes wrong
 * is remembered for assay_cmd_close_stdout. */
void assay_cmd_print(struct assay_slice bytes);
/* Flushes and closes standard output: `code`, or 73 after one line when not all could be written.
 */
int assay_cmd_close_stdout(int code);
/* The whole program behind main(). */
ASSAY_API int assay_cmd_main(int argc, char **argv);

#endif
