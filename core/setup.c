/*
 * core/setup.c - see setup.h. Touches configuration and modules through core/config and core/host;
 * nothing of a mail has been read when it is done.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/dial.h"
#include "core/setup.h"

#define FILE_SLACK ((uint64_t)64 << 20)

/* make_engine - plugins into an engine */
static enum assay_status make_engine(
    struct assay_setup *setup, const struct assay_setup_options *options, struct assay_err *err)
{
	const char *const *also = options->also;
	const struct assay_opts *core = assay_config_core(setup->config);
	struct assay_engine_identity identity = { 0 };
	enum assay_status st;

	st = assay_host_open_some(setup->config,
	    options->scan_only ? ASSAY_HOST_WORK : ASSAY_HOST_ALL, &setup->host, err);
	for (; st == ASSAY_OK && also != NULL && *also != NULL; also++)
		st = assay_host_load(setup->host, setup->config, *also, err);
	if (st == ASSAY_OK)
		st = assay_config_finish(setup->config, err);
	if (st == ASSAY_OK && !options->no_policy)
		st = assay_policy_new(setup->config, setup->host, &setup->policy, err);
	if (st != ASSAY_OK)
		return st;
	identity.instance = assay_opt_str(core, "instance");
	identity.config_sha256 = assay_config_sha256(setup->config);
	st = assay_engine_new(setup->host, core, &identity, &setup->engine, err);
	if (st == ASSAY_OK)
		assay_engine_set_policy(setup->engine, setup->policy);
	return st;
}

/* needs_tmp - is there a worker or dispatcher that cannot do without files? */
static bool needs_tmp(const struct assay_host *host)
{
	const struct assay_loaded *loaded;

	for (size_t i = 0; (loaded = assay_host_at(host, i)) != NULL; i++)
		if ((loaded->plugin->needs & ASSAY_NEEDS_TMP) != 0 && loaded->opened)
			return true;
	return false;
}

/* assay_setup_warm - plugins, the sandbox, the programs */
enum assay_status assay_setup_warm(
    struct assay_setup *setup, bool no_sandbox, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(setup->config);
	struct assay_sandbox_options sandbox = {
		.off = no_sandbox,
		.user = assay_opt_str(core, "scan_user"),
		.memory = (uint64_t)assay_opt_int(core, "scan_memory"),
		/* The largest file a scan process writes holds the payloads to be archived. */
		.file = (uint64_t)assay_opt_int(core, "max_unpacked_bytes") + FILE_SLACK,
		/* While a door is stopped, a report and a container may be on their way from each,
		 * and for what it had asked before. */
		.descriptors = 8 + 2 * setup->options.processes + ASSAY_DIAL_EARLY,
		.naccept = setup->options.naccept,
	};
	enum assay_status st = assay_host_warm(setup->host, err);

	if (needs_tmp(setup->host))
		sandbox.scratch = sandbox.file;
	memcpy(sandbox.accept, setup->options.accept, sizeof sandbox.accept);
	if (st == ASSAY_OK)
		st = assay_sandbox_prepare(&setup->sandbox, &sandbox, err);
	if (st == ASSAY_OK)
		st = assay_helper_new(setup->host, &setup->sandbox,
		    assay_config_path(setup->config, ASSAY_DIR_RUN), &setup->helper, err);
	if (st == ASSAY_OK)
		assay_engine_set_helper(setup->engine, setup->helper);
	/* Compiling rules leaves holes, which each scan process would copy and fill. */
	assay_memory_trim();
	return st;
}

/* assay_setup_open - all of it */
enum assay_status assay_setup_open(struct assay_setup *setup, struct assay_config *config,
    const struct assay_setup_options *options, struct assay_err *err)
{
	enum assay_status st;

	memset(setup, 0, sizeof *setup);
	setup->config = config;
	assay_child_note_fds(&setup->foreign);
	setup->options = *options;
	st = make_engine(setup, options, err);
	if (st == ASSAY_OK && !options->cold)
		st = assay_setup_warm(setup, options->no_sandbox, err);
	if (st != ASSAY_OK)
		assay_setup_close(setup);
	return st;
}

/* assay_setup_close - in reverse order */
void assay_setup_close(struct assay_setup *setup)
{
	assay_helper_free(&setup->helper);
	assay_sandbox_release(&setup->sandbox);
	assay_engine_free(&setup->engine);
	assay_policy_free(&setup->policy);
	assay_host_close(&setup->host);
	assay_config_free(&setup->config);
}
