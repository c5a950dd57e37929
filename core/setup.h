/*
 * core/setup.h - from a command line to an engine that can be forked
 *
 * Loads the configuration and the plugins, warms them, prepares the sandbox: all that a process
 * does before the first scan process is forked from it. Fails with one line that names the place
 * in the configuration or the module.
 */
#ifndef ASSAY_SETUP_H
#define ASSAY_SETUP_H

#include <assay/types.h>

#include "core/child.h"
#include "core/config.h"
#include "core/engine.h"
#include "core/helper.h"
#include "core/host.h"
#include "core/policy.h"
#include "core/sandbox.h"

struct assay_setup_options {
	bool no_sandbox;
	bool cold; /* nothing will be scanned here, or assay_setup_warm follows: plugins are opened,
		      not warmed, and there is no sandbox */
	bool no_policy; /* everything is accepted; rules may name words of plugins that are not here
			 */
	const char *const *also; /* plugins to load beside those of [core]; NULL ends; or NULL */
	/* The service's scan master: only what scans is opened (ASSAY_HOST_WORK), for so many scan
	 * processes, which take connections from these listening sockets. */
	bool scan_only;
	unsigned processes;
	int accept[ASSAY_SANDBOX_ACCEPT];
	size_t naccept;
};

struct assay_setup {
	struct assay_config *config;
	struct assay_host *host;
	struct assay_policy *policy;
	struct assay_engine *engine;
	struct assay_sandbox sandbox;
	struct assay_helper *helper;    /* NULL: no plugin has programs */
	struct assay_child_fds foreign; /* descriptors of whoever started us */
	struct assay_setup_options options;
};

/* Takes config, also on failure. */
ASSAY_MUST_CHECK enum assay_status assay_setup_open(struct assay_setup *setup,
    struct assay_config *config, const struct assay_setup_options *options, struct assay_err *err);
/* What `cold` left out. */
ASSAY_MUST_CHECK enum assay_status assay_setup_warm(
    struct assay_setup *setup, bool no_sandbox, struct assay_err *err);
void assay_setup_close(struct assay_setup *setup);

#endif
