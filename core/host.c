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
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/config.h"
#include "core/digest.h"
#include "core/host.h"
#include "core/tell.h"

#define PLUGINS_MAX 128u

enum class { WORKER, DISPATCHER, DECORATOR, ARCHIVER, CONNECTOR, PROVIDER, ANY };

static const char *const class_names[] = { "worker", "dispatcher", "decorator", "archiver",
	"connector", "provider" };

/* Options of [core] that name plugins, and what these must be able to do. */
static const struct {
	const char *option;
	enum class class;
} lists[] = {
	{ "plugins", ANY },
	{ "dispatchers", DISPATCHER },
	{ "always_dispatch", WORKER },
	{ "start_dispatch", WORKER },
	{ "decorators", DECORATOR },
	{ "archivers", ARCHIVER },
	{ "source_archivers", ARCHIVER },
	{ "connectors", CONNECTOR },
	{ "providers", PROVIDER },
};

struct assay_host {
	struct assay_arena *arena;
	struct assay_loaded loaded[PLUGINS_MAX];
	size_t n;
	struct assay_vocabulary vocabulary;
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

/* open_plugin - read its tables, open it, put it into the list */
static enum assay_status open_plugin(struct assay_host *host, const struct assay_plugin *p,
    const char *file, const struct assay_opts *opts, struct assay_err *err)
{
	struct assay_loaded *loaded = &host->loaded[host->n];
	enum assay_status s;

	if (host->n == PLUGINS_MAX)
		return assay_err_set(
		    err, ASSAY_E_CONF, "more than %u plugins; load fewer", PLUGINS_MAX);
	*loaded = (struct assay_loaded){
		.plugin = p, .name = p->name, .file = file, .opts = opts, .index = host->n
	};
	s = assay_fields_new(host->arena, p->fields, &loaded->fields, err);
	if (s == ASSAY_OK)
		s = check_facts(loaded->fields, p->facts, err);
	if (s == ASSAY_OK)
		s = assay_vocabulary_add(&host->vocabulary, p->name, p->facts, err);
	if (s == ASSAY_OK && p->open != NULL)
		s = p->open(opts, &loaded->state, err);
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

/* assay_host_load - one module by name */
enum assay_status assay_host_load(
    struct assay_host *host, struct assay_config *config, const char *name, struct assay_err *err)
{
	const struct assay_plugin *plugin;
	const struct assay_opts *opts;
	const char *file = NULL;
	enum assay_status s;

	if (find(host, name) != NULL)
		return ASSAY_OK;
	s = locate(host, config, name, &file, err);
	if (s == ASSAY_OK)
		s = load_module(file, name, &plugin, err);
	if (s == ASSAY_OK)
		s = assay_config_plugin(
		    config, plugin->name, assay_tell_rows_of(host->arena, plugin), &opts, err);
	return s == ASSAY_OK ? open_plugin(host, plugin, file, opts, err) : s;
}

/* load_list - the plugins one option names */
static enum assay_status load_list(struct assay_host *host, struct assay_config *config,
    const char *option, enum class class, struct assay_err *err)
{
	const char *const *name = assay_opt_list(assay_config_core(config), option);
	char classes[120];

	for (; *name != NULL; name++) {
		enum assay_status s = assay_host_load(host, config, *name, err);
		const struct assay_loaded *loaded;

		if (s != ASSAY_OK) {
			assay_err_prefix(err, "[core] %s", option);
			return s;
		}
		loaded = find(host, *name);
		if (!serves(loaded->plugin, class))
			return assay_err_set(err, ASSAY_E_CONF,
			    "[core] %s: \"%s\" is no %s (it is: %s); take it out of the list",
			    option, *name, class_names[class],
			    assay_host_classes(loaded->plugin, classes, sizeof classes));
	}
	return ASSAY_OK;
}

/* load_needs - the workers that loaded workers need; those may need more */
static enum assay_status load_needs(
    struct assay_host *host, struct assay_config *config, struct assay_err *err)
{
	for (size_t i = 0; i < host->n; i++) {
		const struct assay_worker *w = host->loaded[i].plugin->worker;
		const char *const *need = w != NULL ? w->needs_workers : NULL;

		for (; need != NULL && *need != NULL; need++) {
			enum assay_status s = assay_host_load(host, config, *need, err);

			if (s != ASSAY_OK) {
				assay_err_prefix(
				    err, "worker %s needs %s", host->loaded[i].name, *need);
				return s;
			}
		}
	}
	return ASSAY_OK;
}

/* assay_host_open - all plugins of the configuration */
enum assay_status assay_host_open(
    struct assay_config *config, struct assay_host **host, struct assay_err *err)
{
	enum assay_status s = ASSAY_OK;

	*host = assay_host_new();
	for (size_t i = 0; i < sizeof lists / sizeof lists[0] && s == ASSAY_OK; i++)
		s = load_list(*host, config, lists[i].option, lists[i].class, err);
	if (s == ASSAY_OK)
		s = load_needs(*host, config, err);
	if (s != ASSAY_OK)
		assay_host_close(host);
	return s;
}

/* assay_host_warm - everything that must be opened before the doors close */
enum assay_status assay_host_warm(struct assay_host *host, struct assay_err *err)
{
	assay_digest_warm();
	for (size_t i = 0; i < host->n; i++) {
		const struct assay_loaded *l = &host->loaded[i];
		enum assay_status s = ASSAY_OK;

		if (l->plugin->warm != NULL)
			s = l->plugin->warm(l->state, err);
		if (s != ASSAY_OK) {
			assay_err_prefix(err, "plugin %s", l->name);
			return s;
		}
	}
	return ASSAY_OK;
}

/* assay_host_close - in reverse order */
void assay_host_close(struct assay_host **host)
{
	if (*host == NULL)
		return;
	while ((*host)->n > 0) {
		const struct assay_loaded *l = &(*host)->loaded[--(*host)->n];

		if (l->plugin->close != NULL)
			l->plugin->close(l->state);
	}
	assay_arena_free(&(*host)->arena);
	free(*host);
	*host = NULL;
}
