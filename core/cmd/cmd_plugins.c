/*
 * core/cmd/cmd_plugins.c - `assay plugins`: what is loaded, what it can be told, what it says
 *
 * Loads the plugins of the configuration as a scan would, without warming them; --why scans a
 * message (core/cmd/why.h). Prints on standard output.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/cmd/cmd.h"
#include "core/cmd/explain.h"
#include "core/cmd/why.h"
#include "core/facts.h"
#include "core/host.h"
#include "core/json.h"
#include "core/schema.h"

enum { OPTIONS, FACTS, SCHEMA, WHY, ALWAYS, LIST };

static const struct assay_arg plugins_args[] = {
	{ 'o', "options", "NAME", "The options of one plugin, explained" },
	{ 'f', "facts", NULL, "The vocabulary of facts: word, how it compares, meaning" },
	{ 's', "schema", NULL, "The JSON schema of a report with these plugins" },
	{ 'w', "why", "FILE", "Who looks at this message and all that is in it, and why" },
	{ 'a', "always-dispatch", "NAMES", "With --why: as in `assay scan`" },
	{ 0, NULL, NULL, NULL },
};

/* print_loaded - two lines for each loaded plugin */
static void print_loaded(const struct assay_host *host, struct assay_buf *out)
{
	const struct assay_loaded *l;
	char classes[128];

	for (size_t i = 0; (l = assay_host_at(host, i)) != NULL; i++) {
		const struct assay_plugin *p = l->plugin;
		const char *rules = p->rules_id != NULL ? p->rules_id(l->state) : NULL;

		(void)assay_buf_printf(out, "%-12s %-8s %-20s %s\n", l->name,
		    p->version != NULL ? p->version : "-",
		    assay_host_classes(p, classes, sizeof classes),
		    p->summary != NULL ? p->summary : "");
		(void)assay_buf_printf(out, "%-12s %s%s%s%s%s\n", "",
		    l->file != NULL ? l->file : "built in", p->licence != NULL ? ", " : "",
		    p->licence != NULL ? p->licence : "", rules != NULL ? ", rules " : "",
		    rules != NULL ? rules : "");
	}
}

/* add_modules - names of the modules in one directory */
static void add_modules(const char *dir, struct assay_words *names)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n <= 3 || strcmp(e->d_name + n - 3, ".so") != 0)
			continue;
		e->d_name[n - 3] = '\0';
		assay_words_add(names, strdup(e->d_name));
	}
	if (d != NULL)
		(void)closedir(d);
}

/* print_others - modules that are there but not loaded */
static void print_others(
    const struct assay_config *config, const struct assay_host *host, struct assay_buf *out)
{
	struct assay_words names = { NULL, 0 };
	const char *last = "";

	for (const char *const *dir = assay_config_plugin_dirs(config); *dir != NULL; dir++)
		add_modules(*dir, &names);
	if (names.n > 0)
		qsort(names.word, names.n, sizeof *names.word, assay_slice_by_text);
	for (size_t i = 0; i < names.n; i++) {
		if ((host == NULL || assay_host_find(host, names.word[i]) == NULL) &&
		    strcmp(last, names.word[i]) != 0)
			(void)assay_buf_printf(
			    out, "%-12s %-8s %s\n", names.word[i], "-", "(not loaded)");
		last = names.word[i];
	}
	for (size_t i = 0; i < names.n; i++)
		free((char *)(uintptr_t)names.word[i]);
	assay_words_free(&names);
}

/* print_options - explanations of all options of one plugin */
static enum assay_status print_options(struct assay_config *config, struct assay_host *host,
    const char *name, struct assay_buf *out, struct assay_err *err)
{
	const struct assay_opts *opts = NULL;
	enum assay_status status = ASSAY_OK;

	if (strcmp(name, "core") != 0)
		status = assay_host_load(host, config, name, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; (opts = assay_config_section(config, i)) != NULL; i++)
		if (strcmp(opts->section, name) == 0)
			break;
	for (size_t i = 0; opts != NULL && i < opts->n; i++)
		assay_explain_option(opts, &opts->value[i], out);
	return ASSAY_OK;
}

/* print_facts - a line for each word */
static void print_facts(const struct assay_host *host, struct assay_buf *out)
{
	static const char *const compare[] = { "glob", "net", "size", "address", "flag" };
	const struct assay_map *words = &assay_host_vocabulary(host)->words;

	for (size_t i = 0; i < words->n; i++) {
		const struct assay_word *w = words->entry[i].value;

		(void)assay_buf_printf(out, "%-14s %-8s %-8s %-10s %s\n", w->word,
		    w->level == ASSAY_FACT_MESSAGE ? "message" : "payload", compare[w->compare],
		    w->plugin, w->help != NULL ? w->help : "");
	}
}

/* print_schema - docs/assay-1.schema.json */
static void print_schema(const struct assay_host *host, struct assay_buf *out)
{
	json_t *schema = assay_schema(host);

	(void)assay_json_write(schema, ASSAY_JSON_INDENTED, out);
	(void)assay_buf_add_char(out, '\n');
	json_decref(schema);
}

/* answer - load, and fill out */
static enum assay_status answer(const struct assay_cmd_globals *globals, int what, const char *name,
    struct assay_buf *out, struct assay_err *err)
{
	struct assay_config *config = NULL;
	struct assay_host *host = NULL;
	enum assay_status status = assay_cmd_config_load(globals, NULL, &config, err);

	if (status == ASSAY_OK)
		status = assay_host_open(config, &host, err);
	if (status == ASSAY_OK && what == OPTIONS)
		status = print_options(config, host, name, out, err);
	if (status == ASSAY_OK)
		status = assay_config_finish(config, err);
	if (status == ASSAY_OK && what == FACTS)
		print_facts(host, out);
	if (status == ASSAY_OK && what == SCHEMA)
		print_schema(host, out);
	if (status == ASSAY_OK && what == LIST)
		print_loaded(host, out);
	/* Also when one could not be loaded: the list says what could have been meant. */
	if (config != NULL && what == LIST)
		print_others(config, host, out);
	assay_host_close(&host);
	assay_config_free(&config);
	return status;
}

/* What the command line says. */
struct ask {
	int what;
	const char *name, *always;
};

/* read_args - false: *code says how to end */
static bool read_args(
    struct ask *ask, struct assay_cmd_globals *globals, int argc, char **argv, int *code)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_plugins, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP || which == ASSAY_ARGS_OPERAND) {
			*code = which == ASSAY_ARGS_STOP ? args.exit_code
							 : assay_args_unwanted(&args, value);
			return false;
		}
		if (which == ALWAYS) {
			ask->always = value;
			continue;
		}
		ask->what = which;
		if (value != NULL)
			ask->name = value;
	}
	if (ask->always == NULL || ask->what == WHY)
		return true;
	(void)assay_err_set(&err, ASSAY_E_USAGE, "--always-dispatch belongs to --why FILE");
	*code = assay_cmd_fail(&err);
	return false;
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct ask ask = { .what = LIST };
	enum assay_status status;
	struct assay_buf out;
	struct assay_err err;
	int code = 0;

	if (!read_args(&ask, globals, argc, argv, &code))
		return code;
	assay_buf_init(&out, (size_t)4 * 1024 * 1024);
	status = ask.what == WHY ? assay_why(globals, ask.name, ask.always, &out, &err)
				 : answer(globals, ask.what, ask.name, &out, &err);
	code = status == ASSAY_OK ? 0 : assay_cmd_fail(&err);
	assay_cmd_print(assay_buf_slice(&out));
	assay_buf_release(&out);
	return assay_cmd_close_stdout(code);
}

const struct assay_cmd assay_cmd_plugins = {
	.name = "plugins",
	.synopsis = "[--options NAME | --facts | --schema | --why FILE]",
	.summary = "Lists the plugins and what they offer.",
	.args = plugins_args,
	.run = run,
};
