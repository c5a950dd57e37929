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

/* write_sockets - what the providers want to be listened on for them */
static enum assay_status write_sockets(
    const struct assay_role *role, const struct assay_host *host, struct assay_err *err)
{
	const struct assay_loaded *loaded;
	enum assay_status st = ASSAY_OK;
	struct assay_buf lines;

	assay_buf_init(&lines, (size_t)64 * 1024);
	for (size_t i = 0; (loaded = assay_host_at(host, i)) != NULL; i++) {
		const struct assay_provider *provider = loaded->plugin->provider;
		const char *const *spec = provider != NULL && provider->sockets != NULL
		    ? provider->sockets(loaded->state)
		    : NULL;

		for (; spec != NULL && *spec != NULL; spec++)
			(void)assay_buf_printf(&lines, "%s %s\n", loaded->name, *spec);
	}
	if (role->out_fd >= 0)
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
		st = write_sockets(role, host, &err);
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
