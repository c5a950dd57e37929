/*
 * core/config.h - the configuration: where it lies, what it says, and where each value came from
 *
 * Precedence: command line > assay.conf > plugins.d/PLUGIN.conf > the option table's default. No
 * configuration file at all is fine. Whatever is unknown or does not fit its type or bounds is
 * refused with file:line, the reason and the nearest name (ASSAY_E_CONF; from the command line
 * ASSAY_E_USAGE). Nothing is read after assay_config_finish(); all memory belongs to the
 * configuration.
 *
 * Order of calls: load (types [core] and [policy]) - plugin for each loaded plugin - finish -
 * sha256.
 */
#ifndef ASSAY_CONFIG_H
#define ASSAY_CONFIG_H

#include <assay/plugin.h>

#include "core/opts.h"

struct assay_config;
struct assay_ini_value;

/* What the command line says. Strings are borrowed until assay_config_free; lists end with NULL and
 * may be NULL. */
struct assay_config_source {
	const char *home;      /* --home; NULL: $ASSAY_HOME, the build tree, installed paths */
	const char *conf_file; /* --conf: this file instead of CONF/assay.conf; must exist */
	bool no_files;         /* embedded defaults and the lists below only */
	const char *const *core_opts;   /* "name=value", options of [core] */
	const char *const *plugin_opts; /* "plugin:option=value" */
	const char *const *plugin_dirs; /* --plugin-dir: searched first */
};

enum assay_config_dir {
	ASSAY_DIR_CONF, /* assay.conf, plugins.d/, rules/ */
	ASSAY_DIR_VAR,  /* state that matters */
	ASSAY_DIR_RUN,  /* sockets */
	ASSAY_DIR_CACHE /* what may be made again */
};

ASSAY_MUST_CHECK enum assay_status assay_config_load(
    const struct assay_config_source *source, struct assay_config **config, struct assay_err *err);
/* Frees the options handed out as well. Accepts NULL, leaves NULL. */
void assay_config_free(struct assay_config **config);

/* [core]: options of core/coreopts.h and core/limits.h. */
const struct assay_opts *assay_config_core(const struct assay_config *config);
/* [policy]: options of core/policyopts.h. */
const struct assay_opts *assay_config_policy(const struct assay_config *config);
/* Sections of assay.conf that no option table types, as "[rule NAME]": in the order of the file.
 * Whoever reads them refuses what is wrong in them. NULL at the end. */
struct assay_config_rule {
	const char *name; /* without "rule " */
	const char *file;
	unsigned line;
	const struct assay_ini_value *const *value; /* in order; NULL ends */
};
const struct assay_config_rule *assay_config_rule(struct assay_config *config, size_t i);
/* Types and checks section [name] and the command line's NAME:... options; rows may be NULL (the
 * plugin has no options). An option that [core] has too under the same name and type (our_domains)
 * takes [core]'s value until the plugin is given its own. Called once per plugin; name and rows are
 * borrowed. */
ASSAY_MUST_CHECK enum assay_status assay_config_plugin(struct assay_config *config,
    const char *name, const struct assay_opt *rows, const struct assay_opts **opts,
    struct assay_err *err);
/* Complains about sections and plugin options nobody claimed; those of a plugin that is there but
 * not loaded are let pass. */
ASSAY_MUST_CHECK enum assay_status assay_config_finish(
    struct assay_config *config, struct assay_err *err);

/* Where modules are looked for, in order; ends with NULL. */
const char *const *assay_config_plugin_dirs(const struct assay_config *config);
/* The directory, absolute; it need not exist. */
const char *assay_config_path(const struct assay_config *config, enum assay_config_dir dir);
/* The file in use, or NULL when there is none. */
const char *assay_config_file(const struct assay_config *config);
/* Lower-case hex over all settings that differ from their default, in a fixed order. */
const char *assay_config_sha256(struct assay_config *config);
/* Likewise over all that files and --plugin-opts say now, whether a plugin has claimed it or not:
 * the same in each process of the service until somebody edits a file, and in a command that was
 * given no more (its core_opts aside). */
const char *assay_config_source_sha256(struct assay_config *config);
/* The sections claimed so far: [core], [policy], then plugins in order; NULL at the end. */
const struct assay_opts *assay_config_section(const struct assay_config *config, size_t i);

#endif
