/*
 * core/lookout.h - whether what the plugins have loaded is still what lies on the disk
 *
 * Asked by the scan master now and then; the plugins' `watch` answers.
 */
#ifndef ASSAY_LOOKOUT_H
#define ASSAY_LOOKOUT_H

#include "core/host.h"

/* True: something has changed, and a reload would read it. *worry: the first complaint, or its text
 * is "". Both may be said at once. */
bool assay_lookout(const struct assay_host *host, struct assay_err *worry);

#endif
