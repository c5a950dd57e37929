/*
 * core/check.c - see check.h. Touches configuration and modules; does not warm them: rules that do
 * not compile are found by the scan master.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/check.h"
#include "core/engine.h"
#include "core/host.h"
#include "core/listen.h"
#include "core/lookup.h"
#include "core/lookup_table.h"
#include "core/opts.h"
#include "core/policy.h"
#include "core/tell.h"

/* load_all - what the scan master and the drains would load */
static enum assay_status load_all(
    struct assay_config *config, struct assay_host **host, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(config);
	struct assay_engine_identity identity = { 0 };
	struct assay_engine *engine = NULL;
	struct assay_policy *policy = NULL;
	enum assay_status st;

	st = assay_host_open(config, host, err);
	if (st == ASSAY_OK)
		st = assay_config_finish(config, err);
	if (st == ASSAY_OK)
		st = assay_policy_new(config, *host, &policy, err);
	assay_policy_free(&policy);
	if (st == ASSAY_OK)
		st = assay_tell_check(*host, assay_opt_list(core, "connectors"), err);
	if (st == ASSAY_OK)
		st = assay_engine_new(*host, core, &identity, &engine, err);
	assay_engine_free(&engine);
	return st;
}

/* where - of the option that has this word in its list, for an error */
static const char *where(const struct assay_opts *opts, const char *word)
{
	for (size_t i = 0; i < opts->n; i++)
		for (const char *const *w = opts->value[i].list; w != NULL && *w != NULL; w++)
			if (*w == word)
				return assay_opts_where(opts, &opts->value[i]);
	return "";
}

/* add_sockets - what one of them wants to be listened on; NULL: nothing */
static enum assay_status add_sockets(const struct assay_opts *opts, const char *name,
    const char *const *spec, struct assay_buf *lines, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (; st == ASSAY_OK && spec != NULL && *spec != NULL; spec++) {
		st = assay_listen_check(*spec, err);
		if (st != ASSAY_OK)
			assay_err_prefix(err, "%s[%s]", where(opts, *spec), opts->section);
		(void)assay_buf_printf(lines, "%s %s\n", name, *spec);
	}
	return st;
}

/* add_provider - those of one provider */
static enum assay_status add_provider(
    const struct assay_loaded *loaded, struct assay_buf *lines, struct assay_err *err)
{
	const struct assay_provider *provider = loaded->plugin->provider;
	const char *const *spec =
	    provider != NULL && provider->sockets != NULL ? provider->sockets(loaded->state) : NULL;

	return add_sockets(loaded->opts, loaded->name, spec, lines, err);
}

/* add_lookup - those of the table for mail servers, which must have something to answer from */
static enum assay_status add_lookup(const struct assay_opts *core, const struct assay_host *host,
    struct assay_buf *lines, struct assay_err *err)
{
	const char *const *spec = assay_opt_list(core, "lookup_listen");
	struct assay_lookup_table table;
	enum assay_status st = ASSAY_OK;

	if (*spec != NULL)
		st = assay_lookup_table_open(&table, host, core, err);
	return st == ASSAY_OK ? add_sockets(core, ASSAY_LOOKUP_LISTENER, spec, lines, err) : st;
}

/* assay_check_sockets - see check.h */
enum assay_status assay_check_sockets(struct assay_config *config, const struct assay_host *host,
    struct assay_buf *lines, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(config);
	const char *const *name = assay_opt_list(core, "providers");
	enum assay_status st = ASSAY_OK;

	for (; st == ASSAY_OK && *name != NULL; name++) {
		const struct assay_loaded *loaded = assay_host_find(host, *name);

		if (loaded != NULL)
			st = add_provider(loaded, lines, err);
	}
	return st == ASSAY_OK ? add_lookup(core, host, lines, err) : st;
}

/* write_sockets - what the providers want to be listened on for them */
static enum assay_status write_sockets(const struct assay_role *role, struct assay_config *config,
    const struct assay_host *host, struct assay_err *err)
{
	enum assay_status st;
	struct assay_buf lines;

	assay_buf_init(&lines, ASSAY_CHECK_LINES);
	st = assay_check_sockets(config, host, &lines, err);
	if (st == ASSAY_OK && role->out_fd >= 0)
		st = assay_io_write_full(role->out_fd, lines.p, lines.n, err);
	assay_buf_release(&lines);
	return st;
}

/* assay_check_run - yes (0) or no */
int assay_check_run(struct assay_role *role, struct assay_config *config)
{
	struct assay_host *host = NULL;
	struct assay_err err;
	enum assay_status st = load_all(config, &host, &err);
	int code = 0;

	if (st == ASSAY_OK)
		st = write_sockets(role, config, host, &err);
	if (st != ASSAY_OK) {
		code = assay_role_failed(role, &err);
	} else if (role->page != NULL) {
		(void)snprintf(role->page->payload_id, sizeof role->page->payload_id, "%s",
		    assay_config_sha256(config));
	}
	assay_host_close(&host);
	assay_config_free(&config);
	return code;
}
