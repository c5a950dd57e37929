/*
 * core/host.c - see host.h
 *
 * Modules stay mapped until the process ends: some libraries behind them (GLib) cannot be unloaded,
 * and nothing is gained by trying.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/config.h"
#include "core/digest.h"
#include "core/host.h"
#include "core/tell.h"
#include "core/wordlist.h"

enum class { WORKER, DISPATCHER, DECORATOR, ARCHIVER, CONNECTOR, PROVIDER, ANY };

static const char *const class_names[] = { "worker", "dispatcher", "decorator", "archiver",
	"connector", "provider" };

/* Options of [core] that name plugins, and what these must be able to do. */
static const struct {
	const char *option;
	enum class class;
	enum assay_host_lists list;
} lists[] = {
	{ "plugins", ANY, ASSAY_HOST_WORK },
	{ "dispatchers", DISPATCHER, ASSAY_HOST_WORK },
	{ "always_dispatch", WORKER, ASSAY_HOST_WORK },
	{ "start_dispatch", WORKER, ASSAY_HOST_WORK },
	{ "decorators", DECORATOR, ASSAY_HOST_WORK },
	{ "archivers", ARCHIVER, ASSAY_HOST_WORK },
	{ "source_archivers", ARCHIVER, ASSAY_HOST_SOURCES },
	{ "connectors", CONNECTOR, ASSAY_HOST_CONNECTORS },
	{ "providers", PROVIDER, ASSAY_HOST_PROVIDERS },
};

/* A module whose section is typed. */
struct known {
	const struct assay_plugin *plugin;
	const struct assay_opts *opts;
	const char *file;
};

struct assay_host {
	struct assay_arena *arena;
	struct assay_loaded loaded[ASSAY_PLUGINS_MAX];
	size_t n;
	struct known known[ASSAY_PLUGINS_MAX];
	size_t n_known;
	struct assay_vocabulary vocabulary;
	bool describes; /* plugins are not opened when they are loaded */
};

/* ---- the head -------------------------------------------------------------------------------- */

/* assay_host_check_head - was it built for this host */
enum assay_status assay_host_check_head(
    const struct assay_plugin *plugin, const char *file, struct assay_err *err)
{
	if (plugin->abi != ASSAY_ABI)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: made for plugin ABI %u, this is ABI %u; build it again for this version",
		    file, plugin->abi, ASSAY_ABI);
	if (plugin->size != sizeof *plugin)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: its plugin table has %u bytes, ours %zu; build it again for this version",
		    file, plugin->size, sizeof *plugin);
	if (plugin->build == NULL || strcmp(plugin->build, ASSAY_BUILD) != 0)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: built as \"%s\", this is \"%s\"; build both with the same compiler", file,
		    plugin->build != NULL ? plugin->build : "", ASSAY_BUILD);
	return ASSAY_OK;
}

/* serves - does the plugin have a table of that class */
static bool serves(const struct assay_plugin *p, enum class class)
{
	const void *table[] = { p->worker, p->dispatcher, p->decorator, p->archiver, p->connector,
		p->provider };

	return class == ANY || table[class] != NULL;
}

/* has_functions - is no table without the functions that must be there */
static bool has_functions(const struct assay_plugin *p)
{
	return (p->worker == NULL || p->worker->scan != NULL) &&
	    (p->dispatcher == NULL || p->dispatcher->choose != NULL) &&
	    (p->decorator == NULL || p->decorator->decorate != NULL) &&
	    (p->archiver == NULL || p->archiver->ref != NULL) &&
	    (p->connector == NULL || p->connector->save != NULL) &&
	    (p->provider == NULL || p->provider->run != NULL || p->provider->once != NULL);
}

/* check_plugin - what else must be right about it */
static enum assay_status check_plugin(
    const struct assay_plugin *p, const char *file, const char *name, struct assay_err *err)
{
	enum assay_status s = assay_host_check_head(p, file, err);
	char classes[120];

	if (s != ASSAY_OK)
		return s;
	if (p->name == NULL || p->version == NULL || p->licence == NULL || p->summary == NULL)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: name, version, licence or summary is missing; the plugin must be mended",
		    file);
	if (name != NULL && strcmp(name, p->name) != 0)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: calls itself \"%s\"; rename the file to %s.so", file, p->name, p->name);
	if (assay_host_classes(p, classes, sizeof classes)[0] == '\0' || !has_functions(p))
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: serves no class, or lacks a function; the plugin must be mended", file);
	return ASSAY_OK;
}

/* assay_host_classes - in words */
const char *assay_host_classes(const struct assay_plugin *plugin, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (enum class c = WORKER; c < ANY; c++) {
		int n;

		if (!serves(plugin, c) || at >= size)
			continue;
		n = snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "", class_names[c]);
		at += n > 0 ? (size_t)n : 0;
	}
	return text;
}

/* ---- the list of plugins --------------------------------------------------------------------- */

/* assay_host_new - without plugins */
struct assay_host *assay_host_new(void)
{
	struct assay_host *host = assay_xcalloc(1, sizeof *host);
	enum assay_status s;

	host->arena = assay_arena_new();
	assay_vocabulary_init(&host->vocabulary, host->arena);
	s = assay_vocabulary_add(&host->vocabulary, "core", assay_facts_core, NULL);
	ASSAY_ASSERT(s == ASSAY_OK);
	return host;
}

/* find - the plugin of that name, or NULL */
static struct assay_loaded *find(struct assay_host *host, const char *name)
{
	for (size_t i = 0; i < host->n; i++)
		if (strcmp(host->loaded[i].name, name) == 0)
			return &host->loaded[i];
	return NULL;
}

/* assay_host_find - the plugin of that name, or NULL */
const struct assay_loaded *assay_host_find(const struct assay_host *host, const char *name)
{
	for (size_t i = 0; i < host->n; i++)
		if (strcmp(host->loaded[i].name, name) == 0)
			return &host->loaded[i];
	return NULL;
}

/* assay_host_at - by order of loading */
const struct assay_loaded *assay_host_at(const struct assay_host *host, size_t i)
{
	return i < host->n ? &host->loaded[i] : NULL;
}

/* assay_host_vocabulary - all words of facts{} */
const struct assay_vocabulary *assay_host_vocabulary(const struct assay_host *host)
{
	return &host->vocabulary;
}

/* check_facts - every fact must come from a field that is declared */
static enum assay_status check_facts(
    const struct assay_field_node *fields, const struct assay_fact *row, struct assay_err *err)
{
	for (; row != NULL && row->word != NULL; row++)
		if (row->path == NULL || assay_fields_at(fields, row->path) == NULL)
			return assay_err_set(err, ASSAY_E_PLUGIN,
			    "fact \"%s\" comes from \"%s\", which is no declared field; the "
			    "plugin must be mended",
			    row->word, row->path != NULL ? row->path : "");
	return ASSAY_OK;
}

/* open_loaded - its own part */
static enum assay_status open_loaded(struct assay_loaded *loaded, struct assay_err *err)
{
	enum assay_status s = ASSAY_OK;

	if (loaded->plugin->open != NULL)
		s = loaded->plugin->open(loaded->opts, &loaded->state, err);
	loaded->opened = s == ASSAY_OK;
	return s;
}

/* open_plugin - read its tables, open it, put it into the list */
static enum assay_status open_plugin(struct assay_host *host, const struct assay_plugin *p,
    const char *file, const struct assay_opts *opts, struct assay_err *err)
{
	struct assay_loaded *loaded = &host->loaded[host->n];
	enum assay_status s;

	if (host->n == ASSAY_PLUGINS_MAX)
		return assay_err_set(
		    err, ASSAY_E_CONF, "more than %u plugins; load fewer", ASSAY_PLUGINS_MAX);
	*loaded = (struct assay_loaded){
		.plugin = p, .name = p->name, .file = file, .opts = opts, .index = host->n
	};
	s = assay_fields_new(host->arena, p->fields, &loaded->fields, err);
	if (s == ASSAY_OK)
		s = check_facts(loaded->fields, p->facts, err);
	if (s == ASSAY_OK)
		s = assay_vocabulary_add(&host->vocabulary, p->name, p->facts, err);
	if (s == ASSAY_OK && !host->describes)
		s = open_loaded(loaded, err);
	if (s != ASSAY_OK) {
		assay_err_prefix(err, "plugin %s", p->name);
		return s;
	}
	host->n++;
	return ASSAY_OK;
}

/* assay_host_add - a plugin that is linked in */
enum assay_status assay_host_add(struct assay_host *host, const struct assay_plugin *plugin,
    const struct assay_opts *opts, struct assay_err *err)
{
	const struct assay_opt *tables[] = { NULL, NULL };
	enum assay_status s =
	    check_plugin(plugin, plugin->name != NULL ? plugin->name : "plugin", NULL, err);

	if (s != ASSAY_OK)
		return s;
	if (find(host, plugin->name) != NULL)
		return assay_err_set(err, ASSAY_E_CONF, "plugin %s is there twice", plugin->name);
	tables[0] = assay_tell_rows_of(host->arena, plugin);
	if (opts == NULL)
		opts = assay_opts_new(host->arena, plugin->name, tables);
	return open_plugin(host, plugin, NULL, opts, err);
}

/* ---- modules --------------------------------------------------------------------------------- */

/* not_found - say where it was looked for */
static enum assay_status not_found(const char *name, const char *const *dirs, struct assay_err *err)
{
	struct assay_buf where;
	enum assay_status s;

	assay_buf_init(&where, 400);
	for (; *dirs != NULL; dirs++)
		(void)assay_buf_printf(&where, "%s%s", where.n > 0 ? ", " : "", *dirs);
	s = assay_err_set(err, ASSAY_E_CONF,
	    "there is no plugin \"%s\": no %s.so in %s; see `assay plugins`, or add its directory "
	    "with --plugin-dir",
	    name, name, where.n > 0 ? where.p : "any directory");
	assay_buf_release(&where);
	return s;
}

/* locate - the file of a module, in the arena */
static enum assay_status locate(struct assay_host *host, const struct assay_config *config,
    const char *name, const char **file, struct assay_err *err)
{
	const char *const *dirs = assay_config_plugin_dirs(config);

	if (!assay_slice_is_plain(assay_slice_str(name), "_-"))
		return assay_err_set(err, ASSAY_E_CONF,
		    "\"%s\" is no name of a plugin: letters, digits, - and _ only", name);
	for (const char *const *d = dirs; *d != NULL; d++) {
		*file = assay_arena_printf(host->arena, "%s/%s.so", *d, name);
		if (access(*file, F_OK) == 0)
			return ASSAY_OK;
	}
	return not_found(name, dirs, err);
}

/* load_module - dlopen, check the head */
static enum assay_status load_module(
    const char *file, const char *name, const struct assay_plugin **plugin, struct assay_err *err)
{
	void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	enum assay_status s;

	if (module == NULL)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: cannot be loaded: %s; build or install it again", file, dlerror());
	*plugin = dlsym(module, "assay_plugin");
	if (*plugin == NULL) {
		(void)dlclose(module);
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: exports no assay_plugin; it is no plugin of assay, remove it", file);
	}
	s = check_plugin(*plugin, file, name, err);
	if (s != ASSAY_OK)
		(void)dlclose(module);
	return s;
}

/* know - one module by name: mapped, checked, its section typed; once */
static enum assay_status know(struct assay_host *host, struct assay_config *config,
    const char *name, const struct known **found, struct assay_err *err)
{
	struct known *known = &host->known[host->n_known];
	enum assay_status s;

	for (size_t i = 0; i < host->n_known; i++) {
		*found = &host->known[i];
		if (strcmp((*found)->plugin->name, name) == 0)
			return ASSAY_OK;
	}
	if (host->n_known == ASSAY_PLUGINS_MAX)
		return assay_err_set(
		    err, ASSAY_E_CONF, "more than %u plugins; load fewer", ASSAY_PLUGINS_MAX);
	s = locate(host, config, name, &known->file, err);
	if (s == ASSAY_OK)
		s = load_module(known->file, name, &known->plugin, err);
	if (s == ASSAY_OK)
		s = assay_config_plugin(config, known->plugin->name,
		    assay_tell_rows_of(host->arena, known->plugin), &known->opts, err);
	if (s != ASSAY_OK)
		return s;
	host->n_known++;
	*found = known;
	return ASSAY_OK;
}

/* assay_host_load - one module by name */
enum assay_status assay_host_load(
    struct assay_host *host, struct assay_config *config, const char *name, struct assay_err *err)
{
	const struct known *known;
	enum assay_status s;

	if (find(host, name) != NULL)
		return ASSAY_OK;
	s = know(host, config, name, &known, err);
	return s == ASSAY_OK ? open_plugin(host, known->plugin, known->file, known->opts, err) : s;
}

/* plugin_of - by name, opened or not */
static const struct assay_plugin *plugin_of(const struct assay_host *host, const char *name)
{
	const struct assay_loaded *loaded = assay_host_find(host, name);

	if (loaded != NULL)
		return loaded->plugin;
	for (size_t i = 0; i < host->n_known; i++)
		if (strcmp(host->known[i].plugin->name, name) == 0)
			return host->known[i].plugin;
	return NULL;
}

/* load_one - a plugin that is named somewhere; opened or not */
static enum assay_status load_one(struct assay_host *host, struct assay_config *config,
    const char *name, bool open, struct assay_err *err)
{
	const struct known *known;

	if (open || find(host, name) != NULL)
		return assay_host_load(host, config, name, err);
	return know(host, config, name, &known, err);
}

/* load_list - the plugins the i-th option names */
static enum assay_status load_list(struct assay_host *host, struct assay_config *config, size_t i,
    unsigned open, struct assay_err *err)
{
	const char *option = lists[i].option;
	const char *const *name = assay_opt_list(assay_config_core(config), option);
	char classes[120];

	for (; *name != NULL; name++) {
		const struct assay_plugin *plugin;
		enum assay_status s =
		    load_one(host, config, *name, (open & lists[i].list) != 0, err);

		if (s != ASSAY_OK) {
			assay_err_prefix(err, "[core] %s", option);
			return s;
		}
		plugin = plugin_of(host, *name);
		if (!serves(plugin, lists[i].class))
			return assay_err_set(err, ASSAY_E_CONF,
			    "[core] %s: \"%s\" is no %s (it is: %s); take it out of the list",
			    option, *name, class_names[lists[i].class],
			    assay_host_classes(plugin, classes, sizeof classes));
	}
	return ASSAY_OK;
}

/* load_needs - the workers that workers need, opened as those are; they may need more */
static enum assay_status load_needs(
    struct assay_host *host, struct assay_config *config, struct assay_err *err)
{
	for (size_t i = 0; i < host->n_known; i++) {
		const struct assay_plugin *p = host->known[i].plugin;
		const char *const *need = p->worker != NULL ? p->worker->needs_workers : NULL;

		for (; need != NULL && *need != NULL; need++) {
			bool open = find(host, p->name) != NULL;
			enum assay_status s = load_one(host, config, *need, open, err);

			if (s != ASSAY_OK) {
				assay_err_prefix(err, "worker %s needs %s", p->name, *need);
				return s;
			}
		}
	}
	return ASSAY_OK;
}

/* load_all - of the lists; in one order, whichever are opened */
static enum assay_status load_all(
    struct assay_host **host, struct assay_config *config, unsigned open, struct assay_err *err)
{
	enum assay_status s = ASSAY_OK;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0] && s == ASSAY_OK; i++)
		s = load_list(*host, config, i, open, err);
	if (s == ASSAY_OK)
		s = load_needs(*host, config, err);
	/* Who opens no workers does not know all words. */
	if (s == ASSAY_OK && (open & ASSAY_HOST_WORK) != 0)
		s = assay_wordlist_check(*host, err);
	if (s == ASSAY_OK && (open & ASSAY_HOST_WORK) != 0)
		s = assay_wordlist_workers(*host, err);
	if (s != ASSAY_OK)
		assay_host_close(host);
	return s;
}

/* assay_host_open - all plugins of the configuration */
enum assay_status assay_host_open(
    struct assay_config *config, struct assay_host **host, struct assay_err *err)
{
	return assay_host_open_some(config, ASSAY_HOST_ALL, host, err);
}

/* assay_host_open_some - those of some lists */
enum assay_status assay_host_open_some(
    struct assay_config *config, unsigned open, struct assay_host **host, struct assay_err *err)
{
	*host = assay_host_new();
	return load_all(host, config, open, err);
}

/* assay_host_describe - all of them, closed */
enum assay_status assay_host_describe(
    struct assay_config *config, struct assay_host **host, struct assay_err *err)
{
	*host = assay_host_new();
	(*host)->describes = true;
	return load_all(host, config, ASSAY_HOST_ALL, err);
}

/* warm_loaded - what one must have opened before the doors close */
static enum assay_status warm_loaded(const struct assay_loaded *l, struct assay_err *err)
{
	enum assay_status s = ASSAY_OK;

	if (l->opened && l->plugin->warm != NULL)
		s = l->plugin->warm(l->state, err);
	if (s != ASSAY_OK)
		assay_err_prefix(err, "plugin %s", l->name);
	return s;
}

/* assay_host_use - one that was described */
enum assay_status assay_host_use(struct assay_host *host, const char *name, struct assay_err *err)
{
	struct assay_loaded *l = find(host, name);
	enum assay_status s;

	ASSAY_ASSERT(l != NULL);
	if (l->opened)
		return ASSAY_OK;
	assay_digest_warm();
	s = open_loaded(l, err);
	if (s == ASSAY_OK)
		return warm_loaded(l, err);
	assay_err_prefix(err, "plugin %s", name);
	return s;
}

/* assay_host_warm - everything that must be opened before the doors close */
enum assay_status assay_host_warm(struct assay_host *host, struct assay_err *err)
{
	enum assay_status s = ASSAY_OK;

	assay_digest_warm();
	/* Behind the seal it could not be drawn, and would be made of the time and the pid. */
	json_object_seed(0);
	/* Libraries that want local time would look for it in /etc again and again. */
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < host->n && s == ASSAY_OK; i++)
		s = warm_loaded(&host->loaded[i], err);
	return s == ASSAY_OK ? assay_wordlist_workers(host, err) : s;
}

/* assay_host_close - in reverse order */
void assay_host_close(struct assay_host **host)
{
	if (*host == NULL)
		return;
	while ((*host)->n > 0) {
		const struct assay_loaded *l = &(*host)->loaded[--(*host)->n];

		if (l->opened && l->plugin->close != NULL)
			l->plugin->close(l->state);
	}
	assay_arena_free(&(*host)->arena);
	free(*host);
	*host = NULL;
}
