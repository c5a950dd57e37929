/*
 * clamav/look.h - one payload through libclamav, in the scan process
 *
 * libclamav reads the bytes where they are; what it unpacks it writes into a directory that is made
 * and removed for each payload, in the current one (ASSAY_NEEDS_TMP). Where that cannot be made it
 * would answer "clean" to everything, so it is not asked. It is given no name of a mail, and its
 * own memory of clean files is off unless wanted.
 */
#ifndef ASSAY_CLAMAV_LOOK_H
#define ASSAY_CLAMAV_LOOK_H

#include <clamav.h>

#include <assay/plugin.h>

struct assay_clamav_how {
	struct cl_engine *engine; /* compiled */
	struct cl_scan_options options;
	unsigned files_max, depth_max, timeout_ms;
	size_t layers_max;
	int ready; /* number of the process whose limits the engine has; 0: none */
};

/* Answers into the result: everything but engine and database. E_PLUGIN: libclamav could not look;
 * what it found before is kept. */
ASSAY_MUST_CHECK enum assay_status assay_clamav_look(struct assay_clamav_how *how,
    const struct assay_payload *payload, struct assay_result *result, struct assay_err *err);

#endif
