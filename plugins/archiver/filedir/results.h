/*
 * filedir/results.h - reports as files
 *
 * ROOT/[YYYY/MM/DD/]SCAN_ID.json, one line each; a finding is FINDING_ID.finding.json. By plugin
 * (as stoQ v1): ROOT/WORKER/[YYYY/MM/DD/]SCAN_ID.json with that worker's results, and
 * ROOT/report/... with the rest, so that nothing is lost. The day is that of the scan, UTC. A file
 * that is there stays: saving twice changes nothing.
 */
#ifndef ASSAY_FILEDIR_RESULTS_H
#define ASSAY_FILEDIR_RESULTS_H

#include <assay/plugin.h>

#include "sweep.h"

/* Directories on the way to a report, the root one of them. */
#define ASSAY_RESULTS_LEVELS 5

struct assay_results {
	const char *root;
	bool by_date, by_plugin;
};

/* Durable when it returns. E_SYNTAX: an id that is no UUID, or no JSON where it must be read. */
ASSAY_MUST_CHECK enum assay_status assay_results_save(
    const struct assay_results *results, const struct assay_record *record, struct assay_err *err);
/* Removes the reports of these scans, wherever in the tree they lie, with the parts of them by
 * plugin and the findings about them; a finding of kind "erased" stays. Reads all names and all
 * findings. E_IO: not everything could be read or removed. */
ASSAY_MUST_CHECK enum assay_status assay_results_erase(const struct assay_results *results,
    const char *const *scan_ids, size_t n, struct assay_err *err);
/* Of a path below the root: is it a report or finding of ours? */
enum assay_sweep_kind assay_results_kind(const char *path, const char *name);

#endif
