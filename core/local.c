/*
 * core/local.c - lines to scan processes of our own; see door.h. Touches what core/pool.c does.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/door.h"
#include "core/engine.h"
#include "core/pool.h"
#include "core/scanproc.h"

#define JOBS_MAX 512u

/* child - what a forked scan process does */
static int child(void *arg, int sock)
{
	return assay_scanproc_run(arg, sock);
}

/* assay_local_lines - see door.h */
enum assay_status assay_local_lines(
    const struct assay_local_lines *options, struct assay_lines **lines, struct assay_err *err)
{
	struct assay_pool_setup setup = { .child = child, .free_arg = free };
	struct assay_scanproc_options *scanproc;

	*lines = NULL;
	if (options->jobs == 0 || options->jobs > JOBS_MAX)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "between 1 and %u jobs, not %zu", JOBS_MAX, options->jobs);
	scanproc = assay_xcalloc(1, sizeof *scanproc);
	*scanproc = (struct assay_scanproc_options){
		.engine = options->engine,
		.sandbox = options->sandbox,
		.message_max = (uint64_t)assay_opt_int(options->core, "message_size"),
		.recycle = (unsigned)assay_opt_int(options->core, "recycle_after"),
	};
	setup.arg = scanproc;
	setup.n = options->jobs;
	setup.foreign = options->foreign;
	setup.recycle = scanproc->recycle;
	setup.plan = assay_engine_helper(options->engine);
	*lines = assay_pool_lines(&setup);
	return ASSAY_OK;
}
