/*
 * core/lookout.h - whether what the plugins have loaded is still what lies on the disk
 *
 * Asked by the scan master now and then; the plugins' `watch` answers.
 */
#ifndef ASSAY_LOOKOUT_H
#define ASSAY_LOOKOUT_H

#include "core/host.h"

struct assay_lookout {
	bool changed;           /* a reload would read something else */
	struct assay_err worry; /* the first complaint; its text may be "" */
	char loaded[200];       /* "clamav: daily 27104, 3 hours old", of all who say; "" */
};

void assay_lookout(const struct assay_host *host, struct assay_lookout *seen);

#endif
