/*
 * core/cmd/cmd_config.c - `assay config`: what is configured, where, and is it right
 *
 * Loads the configuration and, unless only [core] is asked for, the plugins (whose tables say what
 * there is). Prints on standard output in the syntax of assay.conf. Exit 78 when something is
 * wrong.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/cmd/cmd.h"
#include "core/check.h"
#include "core/cmd/explain.h"
#include "core/host.h"
#include "core/policy.h"
#include "core/tell.h"

enum { TEST, CHANGED, DEFAULTS, EXPLAIN, SAMPLE, MANUAL, NOTHING };

static const struct assay_arg config_args[] = {
	{ 't', "test", NULL, "Load everything, say whether it is right; exit 78 if not" },
	{ 'n', "changed", NULL, "Only what differs from the default, and where it was set" },
	{ 'd', "defaults", NULL, "Every option at its default" },
	{ 'e', "explain", "KEY", "What an option does, its bounds, and where it was set" },
	{ 0, "sample", NULL, "An assay.conf with everything in it, commented out" },
	{ 0, "manual", NULL, "The option part of assay.conf(5), in scdoc" },
	{ 0, NULL, NULL, NULL },
};

/* What is asked for. */
struct query {
	int what;
	struct assay_words keys;
	struct assay_config *config;
	struct assay_host *host; /* NULL: not needed */
	struct assay_policy *policy;
	struct assay_buf out;
};

/* read_args - false: *code says how to end */
static bool read_args(
    struct query *q, struct assay_cmd_globals *globals, int argc, char **argv, int *code)
{
	struct assay_args args;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_config, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP) {
			*code = args.exit_code;
			return false;
		}
		if (which == ASSAY_ARGS_OPERAND || which == EXPLAIN)
			assay_words_add(&q->keys, value);
		if (which != ASSAY_ARGS_OPERAND)
			q->what = which;
	}
	return true;
}

/* split_key - "section.option", "section:option", or an option of [core] */
static void split_key(const char *key, struct assay_slice *section, struct assay_slice *option)
{
	size_t at = strcspn(key, ".:");

	*section = ASSAY_SLICE_LIT("core");
	*option = assay_slice_str(key);
	if (key[at] != '\0') {
		*section = assay_slice(key, at);
		*option = assay_slice_str(key + at + 1);
	}
}

/* needs_host - are options of plugins asked for */
static bool needs_host(const struct query *q)
{
	struct assay_slice section, option;

	for (size_t i = 0; i < q->keys.n; i++) {
		split_key(q->keys.word[i], &section, &option);
		if (!assay_slice_is(section, "core") && !assay_slice_is(section, "policy"))
			return true;
	}
	return q->keys.n == 0;
}

/* find_section - a claimed one, or an error with the nearest */
static const struct assay_opts *find_section(
    const struct query *q, struct assay_slice name, struct assay_err *err)
{
	struct assay_words names = { NULL, 0 };
	const struct assay_opts *opts;
	const char *near;

	for (size_t i = 0; (opts = assay_config_section(q->config, i)) != NULL; i++) {
		if (assay_slice_is(name, opts->section))
			break;
		assay_words_add(&names, opts->section);
	}
	near = opts == NULL ? assay_opts_nearest_of(names.word, name) : NULL;
	assay_words_free(&names);
	if (opts != NULL)
		return opts;
	(void)assay_err_set(err, ASSAY_E_USAGE,
	    "no section [%.*s]; %s%s%s\"assay config -d\" "
	    "lists what there is",
	    (int)name.n, name.p, near != NULL ? "did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "? " : "");
	return NULL;
}

/* print_key - the value, or the explanation, of one option */
static enum assay_status print_key(struct query *q, const char *key, struct assay_err *err)
{
	struct assay_slice section, option;
	const struct assay_opts *opts;
	const struct assay_opt_value *v;
	const char *near;

	split_key(key, &section, &option);
	opts = find_section(q, section, err);
	if (opts == NULL)
		return ASSAY_E_USAGE;
	v = assay_opts_find(opts, option);
	near = assay_opts_nearest(opts, option);
	if (v == NULL)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "no option \"%.*s\" in [%s]; %s%s%s\"assay config -d\" lists what there is",
		    (int)option.n, option.p, opts->section, near != NULL ? "did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "? " : "");
	if (q->what == EXPLAIN)
		assay_explain_option(opts, v, &q->out);
	else
		(void)assay_buf_printf(&q->out, "%s\n", v->text);
	return ASSAY_OK;
}

/* print_value - "key = value", below where it comes from */
static void print_value(struct query *q, const struct assay_opt_value *v)
{
	const char *text = q->what == DEFAULTS && v->row->def != NULL ? v->row->def
	    : q->what == DEFAULTS                                     ? ""
								      : v->text;

	if (q->what != DEFAULTS && v->origin != ASSAY_ORIGIN_DEFAULT) {
		(void)assay_buf_add_str(&q->out, "# ");
		assay_explain_origin(v, &q->out);
		(void)assay_buf_add_str(&q->out, "\n");
	}
	(void)assay_buf_printf(
	    &q->out, "%s =%s%s\n", v->row->name, text[0] != '\0' ? " " : "", text);
}

/* print_section - its options, or only the changed ones */
static void print_section(struct query *q, const struct assay_opts *opts)
{
	bool named = false;

	for (size_t i = 0; i < opts->n; i++) {
		if (q->what == CHANGED && !opts->value[i].changed)
			continue;
		if (!named)
			(void)assay_buf_printf(
			    &q->out, "%s[%s]\n", q->out.n > 0 ? "\n" : "", opts->section);
		named = true;
		print_value(q, &opts->value[i]);
	}
}

/* print_test - what was found to be right */
static void print_test(struct query *q)
{
	const char *file = assay_config_file(q->config);
	size_t n = 0;

	while (assay_host_at(q->host, n) != NULL)
		n++;
	(void)assay_buf_printf(&q->out, "%s: right; %zu plugins loaded\n",
	    file != NULL ? file : "no configuration file, defaults", n);
}

static const char sample_rules[] =
    "\n# What is done with a mail: rules, asked in their order (assay.conf(5), RULES). As shipped\n"
    "# nothing is enforced: see [policy] enforce. For example:\n#\n"
    "#\t[rule programs]\n"
    "#\twhen.extension = exe, scr, com, bat, js, vbs\n"
    "#\taction = quarantine\n#\n"
    "#\t[rule matches]\n"
    "#\twhen.yara = *\n"
    "#\taction = tag\n"
    "#\theader = X-Found: %{yara}\n";

/* print_all - every section in the form asked for */
static void print_all(struct query *q)
{
	const struct assay_opts *opts;

	if (q->what == SAMPLE)
		(void)assay_buf_add_str(&q->out,
		    "# assay.conf - see assay.conf(5)\n#\n"
		    "# Every option there is, commented out at its default. \"key = value\"; an "
		    "indented line\n# continues the value above it. Sizes and times need a unit "
		    "(64K, 10M; 500ms, 60s).\n# \"assay config -t\" says whether all is right, "
		    "\"assay config -n\" what was changed.\n");
	for (size_t i = 0; (opts = assay_config_section(q->config, i)) != NULL; i++) {
		if (opts->n == 0)
			continue;
		if (q->what == SAMPLE)
			assay_explain_sample(opts, &q->out);
		else if (q->what == MANUAL)
			assay_explain_manual(opts, &q->out);
		else
			print_section(q, opts);
	}
	if (q->what == SAMPLE)
		(void)assay_buf_add_str(&q->out, sample_rules);
}

/* test_sockets - could the service listen as it is told to? */
static enum assay_status test_sockets(struct query *q, struct assay_err *err)
{
	enum assay_status status;
	struct assay_buf lines;

	assay_buf_init(&lines, ASSAY_CHECK_LINES);
	status = assay_check_sockets(q->config, q->host, &lines, err);
	assay_buf_release(&lines);
	return status;
}

/* answer - load what is needed and fill q->out */
static enum assay_status answer(
    struct query *q, const struct assay_cmd_globals *globals, struct assay_err *err)
{
	enum assay_status status = assay_cmd_config_load(globals, NULL, &q->config, err);

	if (status == ASSAY_OK && needs_host(q)) {
		status = assay_host_open(q->config, &q->host, err);
		if (status == ASSAY_OK)
			status = assay_config_finish(q->config, err);
		if (status == ASSAY_OK)
			status = assay_policy_new(q->config, q->host, &q->policy, err);
	}
	if (status == ASSAY_OK && q->what == TEST)
		status = assay_host_warm(q->host, err);
	if (status == ASSAY_OK && q->what == TEST)
		status = assay_tell_check(
		    q->host, assay_opt_list(assay_config_core(q->config), "connectors"), err);
	if (status == ASSAY_OK && q->what == TEST)
		status = test_sockets(q, err);
	for (size_t i = 0; status == ASSAY_OK && i < q->keys.n; i++)
		status = print_key(q, q->keys.word[i], err);
	if (status != ASSAY_OK || q->keys.n > 0)
		return status;
	if (q->what == TEST)
		print_test(q);
	else
		print_all(q);
	return ASSAY_OK;
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct query q = { .what = NOTHING };
	struct assay_err err;
	int code = 0;

	assay_buf_init(&q.out, (size_t)1024 * 1024);
	if (read_args(&q, globals, argc, argv, &code)) {
		if (q.what != NOTHING && q.what != EXPLAIN && q.keys.n > 0) {
			(void)assay_err_set(&err, ASSAY_E_USAGE,
			    "\"%s\" is not wanted here; name a KEY without other options",
			    q.keys.word[0]);
			code = assay_cmd_fail(&err);
		} else if (answer(&q, globals, &err) != ASSAY_OK) {
			code = assay_cmd_fail(&err);
		} else {
			assay_cmd_print(assay_buf_slice(&q.out));
			code = assay_cmd_close_stdout(0);
		}
	}
	assay_policy_free(&q.policy);
	assay_host_close(&q.host);
	assay_config_free(&q.config);
	assay_buf_release(&q.out);
	assay_words_free(&q.keys);
	return code;
}

const struct assay_cmd assay_cmd_config = {
	.name = "config",
	.synopsis = "[-t | -n | -d | KEY... | --explain KEY]",
	.summary = "Shows and checks the configuration.",
	.args = config_args,
	.more = "KEY is an option of [core] or PLUGIN.OPTION. Without any, all options and where\n"
		"they were set are shown.",
	.run = run,
};
