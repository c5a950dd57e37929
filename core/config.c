/*
 * core/config.c - see config.h. Reads assay.conf and plugins.d/NAME.conf, lays the command line
 * over them, and keeps the options of every section that was claimed. Writes nothing. Every refusal
 * names where the value stands, why it does not do, and the nearest name there is.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/config.h"
#include "core/coreopts.h"
#include "core/digest.h"
#include "core/home.h"
#include "core/ini.h"
#include "core/limits.h"
#include "core/policyopts.h"

struct assay_config {
	struct assay_arena *arena;
	struct assay_home home;
	const char *conf_dir;
	const char *file; /* NULL: no assay.conf */
	bool no_files;
	struct assay_ini ini;
	const char *const *plugin_opts; /* of the command line; never NULL */
	bool *plugin_opt_used;
	struct assay_map
	    claimed; /* section name -> struct assay_opts, in order; [core], [policy] first */
	const char **plugin_dirs;
	char sha256[ASSAY_DIGEST_TEXT], source_sha256[ASSAY_DIGEST_TEXT];
};

/* Where a value comes from. */
struct place {
	enum assay_origin origin;
	const char *file; /* or what stands on the command line */
	unsigned line;
};

static const char *const no_words[] = { NULL };

/* say_where - "FILE:LINE: " or the words of the command line, into err */
static enum assay_status say_where(
    const struct place *at, const char *section, const char *what, struct assay_err *err)
{
	struct assay_err why = err != NULL ? *err : (struct assay_err){ .text = "" };

	if (at->origin == ASSAY_ORIGIN_COMMAND)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "command line: %s: %s", at->file, why.text);
	return assay_err_set(err, ASSAY_E_CONF, "%s:%u: [%s] %s: %.400s", at->file, at->line,
	    section, what, why.text);
}

/* unknown_option - the refusal, with the nearest name */
static void unknown_option(
    const struct assay_opts *opts, struct assay_slice key, struct assay_err *err)
{
	const char *near = assay_opts_nearest(opts, key);

	if (near != NULL)
		(void)assay_err_set(
		    err, ASSAY_E_CONF, "no such option; did you mean \"%s\"?", near);
	else if (opts->n == 0)
		(void)assay_err_set(
		    err, ASSAY_E_CONF, "no such option; this plugin has none; remove it");
	else
		(void)assay_err_set(
		    err, ASSAY_E_CONF, "no such option; \"assay config -d\" lists what there is");
}

/* apply - one value, with its origin */
static enum assay_status apply(struct assay_opts *opts, const struct place *at,
    struct assay_slice key, struct assay_slice text, struct assay_err *err)
{
	enum assay_status status = assay_opts_set(opts, key, text, err);
	struct assay_opt_value *v;
	char what[128];

	if (status == ASSAY_OK) {
		v = assay_opts_find(opts, key);
		v->origin = at->origin;
		v->file = at->origin == ASSAY_ORIGIN_FILE ? at->file : NULL;
		v->line = at->line;
		return ASSAY_OK;
	}
	if (status == ASSAY_E_NOENT) {
		unknown_option(opts, key, err);
		(void)snprintf(what, sizeof what, "%.*s", (int)key.n, key.p);
	} else {
		(void)snprintf(what, sizeof what, "%.*s = %.*s", (int)key.n, key.p,
		    (int)(text.n < 60 ? text.n : 60), text.n > 0 ? text.p : "");
	}
	return say_where(at, opts->section, what, err);
}

/* apply_ini - all values of one section of a file */
static enum assay_status apply_ini(struct assay_opts *opts, const struct assay_ini *ini,
    const char *section, struct assay_err *err)
{
	for (size_t i = 0; i < ini->n_values; i++) {
		const struct assay_ini_value *v = &ini->value[i];
		struct place at = { ASSAY_ORIGIN_FILE, ini->file, v->line };
		enum assay_status status;

		if (strcmp(v->section, section) != 0)
			continue;
		status = apply(opts, &at, assay_slice_str(v->key), assay_slice_str(v->value), err);
		if (status != ASSAY_OK)
			return status;
	}
	return ASSAY_OK;
}

/* apply_plugin_opts - "NAME:option=value" of the command line for this section */
static enum assay_status apply_plugin_opts(
    struct assay_config *config, struct assay_opts *opts, struct assay_err *err)
{
	for (size_t i = 0; config->plugin_opts[i] != NULL; i++) {
		struct assay_slice s = assay_slice_str(config->plugin_opts[i]);
		size_t colon = assay_slice_find(s, ':');
		struct assay_slice rest = assay_slice_from(s, colon + 1);
		size_t equals = assay_slice_find(rest, '=');
		struct place at = { ASSAY_ORIGIN_COMMAND, config->plugin_opts[i], 0 };
		enum assay_status status;

		if (!assay_slice_is(assay_slice_trim(assay_slice_head(s, colon)), opts->section))
			continue;
		config->plugin_opt_used[i] = true;
		status = apply(opts, &at, assay_slice_trim(assay_slice_head(rest, equals)),
		    assay_slice_from(rest, equals + 1), err);
		if (status != ASSAY_OK)
			return status;
	}
	return ASSAY_OK;
}

/* apply_core_opts - "name=value" for [core] */
static enum assay_status apply_core_opts(
    struct assay_opts *core, const char *const *words, struct assay_err *err)
{
	for (; words != NULL && *words != NULL; words++) {
		struct assay_slice s = assay_slice_str(*words);
		size_t equals = assay_slice_find(s, '=');
		struct place at = { ASSAY_ORIGIN_COMMAND, assay_arena_strdup(core->arena, *words),
			0 };
		enum assay_status status = apply(
		    core, &at, assay_slice_head(s, equals), assay_slice_from(s, equals + 1), err);

		if (status != ASSAY_OK)
			return status;
	}
	return ASSAY_OK;
}

/* copy_words - the strings of a NULL-ended list, which may be NULL */
static const char *const *copy_words(struct assay_arena *arena, const char *const *words)
{
	const char **copy;
	size_t n = 0;

	if (words == NULL)
		return no_words;
	while (words[n] != NULL)
		n++;
	copy = assay_arena_calloc(arena, n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = assay_arena_strdup(arena, words[i]);
	return copy;
}

/* check_plugin_opts - do they look like PLUGIN:OPTION=VALUE */
static enum assay_status check_plugin_opts(struct assay_config *config, struct assay_err *err)
{
	size_t n = 0;

	for (; config->plugin_opts[n] != NULL; n++) {
		const char *colon = strchr(config->plugin_opts[n], ':');

		if (colon == NULL || colon == config->plugin_opts[n] || strchr(colon, '=') == NULL)
			return assay_err_set(err, ASSAY_E_USAGE,
			    "command line: --plugin-opts %s: write PLUGIN:OPTION=VALUE",
			    config->plugin_opts[n]);
	}
	config->plugin_opt_used = assay_arena_calloc(config->arena, n + 1, sizeof(bool));
	return ASSAY_OK;
}

/* dir_of - what a file lies in */
static const char *dir_of(struct assay_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? "/" : assay_arena_memdup0(arena, path, (size_t)(slash - path));
}

/* read_conf - assay.conf, which may be missing unless it was named */
static enum assay_status read_conf(
    struct assay_config *config, const char *conf_file, struct assay_err *err)
{
	const char *path = conf_file != NULL
	    ? assay_home_absolute(config->arena, conf_file)
	    : assay_arena_printf(config->arena, "%s/assay.conf", config->home.conf);
	enum assay_status status;

	if (path == NULL)
		return assay_err_set(
		    err, ASSAY_E_CONF, "--conf %s: give an absolute path", conf_file);
	config->conf_dir = dir_of(config->arena, path);
	status = assay_ini_read(config->arena, path, &config->ini, err);
	if (status == ASSAY_E_NOENT && conf_file == NULL)
		return ASSAY_OK;
	if (status == ASSAY_E_NOENT)
		return assay_err_set(err, ASSAY_E_CONF,
		    "--conf %s: no such file; leave --conf away to use the defaults", conf_file);
	if (status != ASSAY_OK)
		return status;
	config->file = path;
	if (config->ini.n_values > 0 && config->ini.value[0].section[0] == '\0')
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s:%u: %s stands before the first section; put a line [core] above it", path,
		    config->ini.value[0].line, config->ini.value[0].key);
	return ASSAY_OK;
}

/* claim - a new section at its defaults */
static struct assay_opts *claim(
    struct assay_config *config, const char *name, const struct assay_opt *const *tables)
{
	struct assay_opts *opts = assay_opts_new(config->arena, name, tables);

	opts->conf_dir = config->conf_dir;
	opts->state_dir = config->home.var;
	opts->cache_dir = config->home.cache;
	if (!assay_map_add(&config->claimed, assay_slice_str(name), opts))
		ASSAY_BUG("section [%s] is claimed twice", name);
	return opts;
}

/* set_plugin_dirs - command line, [core] plugin_dir, what came with us */
static void set_plugin_dirs(
    struct assay_config *config, const struct assay_opts *core, const char *const *first)
{
	const char *const *more = assay_opt_paths(core, "plugin_dir");
	size_t n = 0, k = 0;

	for (size_t i = 0; first != NULL && first[i] != NULL; i++)
		n++;
	for (size_t i = 0; more[i] != NULL; i++)
		n++;
	config->plugin_dirs = assay_arena_calloc(config->arena, n + 2, sizeof(char *));
	for (; first != NULL && *first != NULL; first++)
		config->plugin_dirs[k++] = assay_arena_strdup(config->arena, *first);
	for (; *more != NULL; more++)
		config->plugin_dirs[k++] = *more;
	config->plugin_dirs[k] = config->home.plugins;
}

/* load_core - [core], from all three places */
static enum assay_status load_core(
    struct assay_config *config, const struct assay_config_source *source, struct assay_err *err)
{
	static const struct assay_opt *const tables[] = { assay_core_rows, assay_limit_rows, NULL };
	struct assay_opts *core = claim(config, "core", tables);
	enum assay_status status = apply_ini(core, &config->ini, "core", err);

	if (status == ASSAY_OK)
		status = apply_plugin_opts(config, core, err);
	if (status == ASSAY_OK)
		status = apply_core_opts(core, source->core_opts, err);
	if (status == ASSAY_OK)
		set_plugin_dirs(config, core, source->plugin_dirs);
	return status;
}

/* load_policy - [policy] */
static enum assay_status load_policy(struct assay_config *config, struct assay_err *err)
{
	static const struct assay_opt *const tables[] = { assay_policy_rows, NULL };
	struct assay_opts *policy = claim(config, "policy", tables);
	enum assay_status status = apply_ini(policy, &config->ini, "policy", err);

	return status == ASSAY_OK ? apply_plugin_opts(config, policy, err) : status;
}

/* assay_config_load - files, [core] and [policy] */
enum assay_status assay_config_load(
    const struct assay_config_source *source, struct assay_config **config, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_config *c = assay_arena_zalloc(arena, sizeof *c);
	enum assay_status status;

	c->arena = arena;
	c->no_files = source->no_files;
	assay_map_init(&c->claimed, arena);
	c->plugin_opts = copy_words(arena, source->plugin_opts);
	status = assay_home_find(arena, source->home, &c->home, err);
	c->conf_dir = c->home.conf;
	if (status == ASSAY_OK)
		status = check_plugin_opts(c, err);
	if (status == ASSAY_OK && !source->no_files)
		status = read_conf(c, source->conf_file, err);
	if (status == ASSAY_OK)
		status = load_core(c, source, err);
	if (status == ASSAY_OK)
		status = load_policy(c, err);
	if (status != ASSAY_OK)
		assay_config_free(&c);
	*config = c;
	return status;
}

/* assay_config_free - and everything handed out */
void assay_config_free(struct assay_config **config)
{
	if (*config != NULL)
		assay_arena_free(&(struct assay_arena *){ (*config)->arena });
	*config = NULL;
}

/* apply_plugin_file - plugins.d/NAME.conf: [NAME], or no section line at all */
static enum assay_status apply_plugin_file(
    struct assay_config *config, struct assay_opts *opts, struct assay_err *err)
{
	const char *path = assay_arena_printf(
	    config->arena, "%s/plugins.d/%s.conf", config->conf_dir, opts->section);
	struct assay_ini ini;
	enum assay_status status = assay_ini_read(config->arena, path, &ini, err);

	if (status != ASSAY_OK)
		return status == ASSAY_E_NOENT ? ASSAY_OK : status;
	for (size_t i = 0; i < ini.n_sections; i++)
		if (strcmp(ini.section[i].name, opts->section) != 0)
			return assay_err_set(err, ASSAY_E_CONF,
			    "%s:%u: section [%s] does not belong here, only [%s]; put it into "
			    "assay.conf",
			    path, ini.section[i].line, ini.section[i].name, opts->section);
	status = apply_ini(opts, &ini, "", err);
	return status == ASSAY_OK ? apply_ini(opts, &ini, opts->section, err) : status;
}

/* inherit - an option that [core] has as well begins with the value it was given there */
static void inherit(const struct assay_opts *core, struct assay_opts *opts)
{
	for (size_t i = 0; i < opts->n; i++) {
		struct assay_opt_value *own = &opts->value[i];
		const struct assay_opt_value *v =
		    assay_opts_find(core, assay_slice_str(own->row->name));

		if (v != NULL && v->changed && v->row->type == own->row->type) {
			const struct assay_opt *row = own->row;

			*own = *v;
			own->row = row;
		}
	}
}

/* assay_config_plugin - the options of one plugin, from everywhere */
enum assay_status assay_config_plugin(struct assay_config *config, const char *name,
    const struct assay_opt *rows, const struct assay_opts **opts, struct assay_err *err)
{
	const struct assay_opt *const tables[] = { rows, NULL };
	struct assay_opts *o = claim(config, name, tables);
	enum assay_status status = ASSAY_OK;

	*opts = o;
	inherit(assay_config_core(config), o);
	if (!config->no_files && strchr(name, '/') == NULL)
		status = apply_plugin_file(config, o, err);
	if (status == ASSAY_OK)
		status = apply_ini(o, &config->ini, name, err);
	if (status == ASSAY_OK)
		status = apply_plugin_opts(config, o, err);
	return status;
}

/* nearest_section - among those claimed */
static const char *nearest_section(const struct assay_config *config, struct assay_slice name)
{
	const char **names =
	    assay_arena_calloc(config->arena, config->claimed.n + 1, sizeof *names);

	for (size_t i = 0; i < config->claimed.n; i++)
		names[i] = config->claimed.entry[i].key.p;
	return assay_opts_nearest_of(names, name);
}

/* is_module - is there such a plugin, loaded or not */
static bool is_module(const struct assay_config *config, const char *name)
{
	for (const char *const *dir = config->plugin_dirs; *dir != NULL; dir++)
		if (access(assay_arena_printf(config->arena, "%s/%s.so", *dir, name), F_OK) == 0)
			return true;
	return false;
}

/* is_rule - "rule NAME" */
static bool is_rule(const char *section)
{
	return strncmp(section, "rule ", 5) == 0;
}

/* unknown_section - the end of the sentence */
static const char *unknown_section(struct assay_config *config, struct assay_slice name)
{
	const char *near = nearest_section(config, name);

	if (near == NULL)
		return "name its plugin in [core] plugins, or remove it";
	return assay_arena_printf(config->arena, "did you mean \"%s\"?", near);
}

/* assay_config_finish - is anything left that nobody knows */
enum assay_status assay_config_finish(struct assay_config *config, struct assay_err *err)
{
	for (size_t i = 0; i < config->ini.n_sections; i++) {
		const struct assay_ini_section *s = &config->ini.section[i];

		if (assay_map_has(&config->claimed, assay_slice_str(s->name)) || is_rule(s->name) ||
		    is_module(config, s->name))
			continue;
		if (strcmp(s->name, "rule") == 0)
			return assay_err_set(err, ASSAY_E_CONF,
			    "%s:%u: [rule]: the rule has no name; write [rule NAME]", config->file,
			    s->line);
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s:%u: [%s]: no such section, and no plugin of that name; %s", config->file,
		    s->line, s->name, unknown_section(config, assay_slice_str(s->name)));
	}
	for (size_t i = 0; config->plugin_opts[i] != NULL; i++) {
		struct assay_slice s = assay_slice_str(config->plugin_opts[i]);

		if (config->plugin_opt_used[i])
			continue;
		s = assay_slice_head(s, assay_slice_find(s, ':'));
		return assay_err_set(err, ASSAY_E_USAGE,
		    "command line: --plugin-opts %s: plugin \"%.*s\" is not loaded; %s",
		    config->plugin_opts[i], (int)s.n, s.p, unknown_section(config, s));
	}
	return ASSAY_OK;
}

/* assay_config_core - [core] */
const struct assay_opts *assay_config_core(const struct assay_config *config)
{
	return config->claimed.entry[0].value;
}

/* assay_config_policy - [policy] */
const struct assay_opts *assay_config_policy(const struct assay_config *config)
{
	return config->claimed.entry[1].value;
}

/* new_rule - one section, with its values in order */
static const struct assay_config_rule *new_rule(
    struct assay_config *config, const struct assay_ini_section *section)
{
	const struct assay_ini *ini = &config->ini;
	struct assay_config_rule *rule = assay_arena_zalloc(config->arena, sizeof *rule);
	const struct assay_ini_value **value;
	size_t n = 0;

	for (size_t i = 0; i < ini->n_values; i++)
		n += ini->value[i].section == section->name;
	value = assay_arena_calloc(config->arena, n + 1, sizeof *value);
	*rule = (struct assay_config_rule){ section->name + strlen("rule "), config->file,
		section->line, value };
	for (size_t i = 0; i < ini->n_values; i++)
		if (ini->value[i].section == section->name)
			*value++ = &ini->value[i];
	return rule;
}

/* assay_config_rule - the i-th "[rule NAME]" */
const struct assay_config_rule *assay_config_rule(struct assay_config *config, size_t i)
{
	for (size_t k = 0; k < config->ini.n_sections; k++)
		if (is_rule(config->ini.section[k].name) && i-- == 0)
			return new_rule(config, &config->ini.section[k]);
	return NULL;
}

/* assay_config_section - by index, for those who print */
const struct assay_opts *assay_config_section(const struct assay_config *config, size_t i)
{
	return i < config->claimed.n ? config->claimed.entry[i].value : NULL;
}

/* assay_config_plugin_dirs - where modules are */
const char *const *assay_config_plugin_dirs(const struct assay_config *config)
{
	return config->plugin_dirs;
}

/* assay_config_path - one of the directories */
const char *assay_config_path(const struct assay_config *config, enum assay_config_dir dir)
{
	switch (dir) {
	case ASSAY_DIR_CONF:
		return config->conf_dir;
	case ASSAY_DIR_VAR:
		return config->home.var;
	case ASSAY_DIR_RUN:
		return config->home.run;
	case ASSAY_DIR_CACHE:
		return config->home.cache;
	}
	return NULL;
}

/* assay_config_file - assay.conf in use */
const char *assay_config_file(const struct assay_config *config)
{
	return config->file;
}

/* add_changed - section, option and meaning of one changed value, each ended by a NUL */
static void add_changed(struct assay_buf *out, const char *section, const struct assay_opt_value *v)
{
	(void)assay_buf_printf(out, "%s%c%s%c", section, '\0', v->row->name, '\0');
	if (v->row->type == ASSAY_OPT_LIST)
		for (const char *const *w = v->list; *w != NULL; w++)
			(void)assay_buf_add(out, *w, strlen(*w) + 1);
	else if (v->row->type == ASSAY_OPT_STR)
		(void)assay_buf_add(out, v->text, strlen(v->text) + 1);
	else
		(void)assay_buf_printf(out, "%lld%c", (long long)v->number, '\0');
	(void)assay_buf_add(out, "", 1);
}

/* assay_config_sha256 - of what was changed, in the order of claims and tables */
const char *assay_config_sha256(struct assay_config *config)
{
	struct assay_buf buf;

	assay_buf_init(&buf, 8 * ASSAY_INI_MAX);
	for (size_t i = 0; i < config->claimed.n; i++) {
		const struct assay_opts *opts = config->claimed.entry[i].value;

		for (size_t k = 0; k < opts->n; k++)
			if (opts->value[k].changed)
				add_changed(&buf, opts->section, &opts->value[k]);
	}
	assay_digest_hex(ASSAY_SHA256, assay_buf_slice(&buf), config->sha256);
	assay_buf_release(&buf);
	return config->sha256;
}

/* add_ini - all of a file that has a meaning */
static void add_ini(struct assay_buf *out, const struct assay_ini *ini)
{
	for (size_t i = 0; i < ini->n_values; i++) {
		const struct assay_ini_value *v = &ini->value[i];

		(void)assay_buf_printf(
		    out, "%s%c%s%c%s%c", v->section, '\0', v->key, '\0', v->value, '\0');
	}
	for (size_t i = 0; i < ini->n_sections; i++)
		(void)assay_buf_add(out, ini->section[i].name, strlen(ini->section[i].name) + 1);
}

/* is_conf - for scandir */
static int is_conf(const struct dirent *entry)
{
	return assay_slice_ends(assay_slice_str(entry->d_name), ".conf");
}

/* by_name - for scandir, whatever the locale */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* add_plugin_files - plugins.d, those of plugins that are not loaded too */
static void add_plugin_files(struct assay_config *config, struct assay_buf *out)
{
	const char *dir = assay_arena_printf(config->arena, "%s/plugins.d", config->conf_dir);
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_conf, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name;
		struct assay_ini ini;
		struct assay_err err;

		(void)assay_buf_add(out, name, strlen(name) + 1);
		if (assay_ini_read(config->arena,
			assay_arena_printf(config->arena, "%s/%s", dir, name), &ini,
			&err) == ASSAY_OK)
			add_ini(out, &ini);
		else
			(void)assay_buf_add_str(out, err.text);
		free(entry[i]);
	}
	free(entry);
}

/* assay_config_source_sha256 - of what was said, not of what it means */
const char *assay_config_source_sha256(struct assay_config *config)
{
	struct assay_buf buf;

	assay_buf_init(&buf, 8 * ASSAY_INI_MAX);
	for (size_t i = 0; config->plugin_opts[i] != NULL; i++)
		(void)assay_buf_add(
		    &buf, config->plugin_opts[i], strlen(config->plugin_opts[i]) + 1);
	if (!config->no_files) {
		add_ini(&buf, &config->ini);
		add_plugin_files(config, &buf);
	}
	assay_digest_hex(ASSAY_SHA256, assay_buf_slice(&buf), config->source_sha256);
	assay_buf_release(&buf);
	return config->source_sha256;
}
