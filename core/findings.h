/*
 * core/findings.h - later facts about reports, from a command to whom they concern
 *
 * Where a service runs, they go through its spool (core/spool.h), so that every connector of [core]
 * is told. Where none runs, they are told to the store alone, which the command has open.
 *
 * As root the files of the spool are given to the user of the service. Memory: some thousand
 * findings.
 */
#ifndef ASSAY_FINDINGS_H
#define ASSAY_FINDINGS_H

#include "core/config.h"
#include "core/finding.h"

struct assay_findings;
struct assay_host;
struct assay_loaded;

/* Borrows all of it. The store is a connector. */
ASSAY_MUST_CHECK enum assay_status assay_findings_open(const struct assay_config *config,
    const struct assay_host *host, const struct assay_loaded *store,
    struct assay_findings **findings, struct assay_err *err);
/* Safe when flush has returned, at the latest. */
ASSAY_MUST_CHECK enum assay_status assay_findings_add(
    struct assay_findings *findings, const struct assay_finding *finding, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_findings_flush(
    struct assay_findings *findings, struct assay_err *err);
/* Do they go to a running service? */
bool assay_findings_served(const struct assay_findings *findings);
/* What was not flushed is lost. Accepts NULL, leaves NULL. */
void assay_findings_close(struct assay_findings **findings);

#endif
