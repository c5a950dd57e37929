/*
 * core/coreopts.h - the option rows of [core], limits apart
 *
 * The rows of DESIGN's limits stand in core/limits.h (assay_limit_rows); the configuration puts
 * both tables together. Data only.
 */
#ifndef ASSAY_COREOPTS_H
#define ASSAY_COREOPTS_H

#include <assay/plugin.h>

/* plugins, plugin_dir, dispatchers, always_dispatch, start_dispatch, decorators, archivers,
 * source_archivers, connectors, providers, our_domains, our_networks, max_required_worker_depth,
 * max_dispatch_passes, instance, log_level, jobs, recycle_after, scan_memory, scan_user */
extern const struct assay_opt assay_core_rows[];

#endif
