/*
 * core/host.h - the plugin host: finds, checks, opens and closes plugins
 *
 * The only place that calls dlopen. A module is NAME.so in one of the configuration's plugin
 * directories and exports `assay_plugin` (<assay/plugin.h>). Its head (ABI, size, build) is checked
 * before anything else is looked at. Everything wrong is ASSAY_E_PLUGIN or E_CONF with one line
 * that names the file and what to do; nothing is half loaded. Modules stay mapped until the
 * process ends; assay_host_close closes the plugins in them.
 */
#ifndef ASSAY_HOST_H
#define ASSAY_HOST_H

#include <assay/plugin.h>

#include "core/facts.h"
#include "core/fields.h"

struct assay_config;
struct assay_host;

#define ASSAY_PLUGINS_MAX 128u

/* One plugin, loaded. */
struct assay_loaded {
	const struct assay_plugin *plugin;
	const char *name;
	const char *file; /* NULL: registered statically */
	const struct assay_opts *opts;
	void *state;
	bool opened;
	struct assay_field_node *fields; /* of its result */
	size_t index;                    /* in order of loading */
};

/* An empty host, for tests and embedding; add plugins, then warm. */
struct assay_host *assay_host_new(void);
/* Loads the plugins that [core] names: `plugins`, then those of dispatchers, always_dispatch,
 * start_dispatch, decorators, archivers, source_archivers, connectors, providers, then what loaded
 * workers need. Checks that each serves the class it is listed for. Does not warm and does not
 * call assay_config_finish. */
ASSAY_MUST_CHECK enum assay_status assay_host_open(
    struct assay_config *config, struct assay_host **host, struct assay_err *err);
/* The same for a process that needs only some of them: opens those of the lists of [core] that
 * `open` has. The others are found, checked, and their sections typed, so that errors and the
 * configuration's sha256 are everybody's; assay_host_find does not know them until assay_host_load
 * opens one. */
enum assay_host_lists {
	ASSAY_HOST_WORK = 1,       /* plugins, dispatchers, workers, decorators, archivers */
	ASSAY_HOST_SOURCES = 2,    /* source_archivers */
	ASSAY_HOST_CONNECTORS = 4, /* connectors */
	ASSAY_HOST_PROVIDERS = 8,  /* providers */
	ASSAY_HOST_ALL = 15
};
ASSAY_MUST_CHECK enum assay_status assay_host_open_some(
    struct assay_config *config, unsigned open, struct assay_host **host, struct assay_err *err);
/* The same for a process that opens one plugin and looks at the tables of the others: all of [core]
 * are loaded (assay_host_find), none is opened before assay_host_use. */
ASSAY_MUST_CHECK enum assay_status assay_host_describe(
    struct assay_config *config, struct assay_host **host, struct assay_err *err);
/* Opens and warms one that was described; ASSAY_OK when it is open already. */
ASSAY_MUST_CHECK enum assay_status assay_host_use(
    struct assay_host *host, const char *name, struct assay_err *err);
/* Registers a plugin that is linked in. opts NULL: the defaults of its table. */
ASSAY_MUST_CHECK enum assay_status assay_host_add(struct assay_host *host,
    const struct assay_plugin *plugin, const struct assay_opts *opts, struct assay_err *err);
/* Loads one module by name through the configuration; ASSAY_OK when it is there already. */
ASSAY_MUST_CHECK enum assay_status assay_host_load(
    struct assay_host *host, struct assay_config *config, const char *name, struct assay_err *err);
/* The head and nothing but the head: E_PLUGIN names `file` and both values. */
ASSAY_MUST_CHECK enum assay_status assay_host_check_head(
    const struct assay_plugin *plugin, const char *file, struct assay_err *err);
/* Digests, converters and the `warm` of each plugin that is open; once, before forking and sealing.
 */
ASSAY_MUST_CHECK enum assay_status assay_host_warm(struct assay_host *host, struct assay_err *err);
/* NULL when it is not loaded. */
const struct assay_loaded *assay_host_find(const struct assay_host *host, const char *name);
/* In order of loading; NULL at the end. */
const struct assay_loaded *assay_host_at(const struct assay_host *host, size_t i);
const struct assay_vocabulary *assay_host_vocabulary(const struct assay_host *host);
/* Closes plugins in reverse order and unloads. Accepts NULL, leaves NULL. */
void assay_host_close(struct assay_host **host);

/* "worker, dispatcher": the classes a plugin serves. */
const char *assay_host_classes(const struct assay_plugin *plugin, char *text, size_t size);

#endif
