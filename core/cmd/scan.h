/*
 * core/cmd/scan.h - what the pieces of `assay scan` share
 *
 * cmd_scan.c reads the command line and puts the pieces together, scan_lines.c finds who scans,
 * scan_input.c finds the mails and hands them to the door, scan_output.c does with each answer what
 * was asked for.
 */
#ifndef ASSAY_CMD_SCAN_H
#define ASSAY_CMD_SCAN_H

#include <assay/engine.h>

#include "base/buf.h"
#include "core/cmd/cmd.h"
#include "core/door.h"
#include "core/format.h"
#include "core/setup.h"

/* ---- who scans ------------------------------------------------------------------------------- */

struct assay_scan_how {
	uint64_t jobs; /* 0: as configured */
	bool local;    /* not the service */
	bool no_sandbox;
};

/* Who scans. */
struct assay_scan_lines {
	struct assay_lines *lines;
	const char *run_dir; /* of the service that does; NULL: processes of our own */
	int64_t patience_ms; /* without any scan process of the service */
	int64_t dead_ms;     /* since when there has been none; 0: there is */
};

/* `setup` was opened cold. Without a service that has the same configuration and scan processes it
 * is warmed. */
ASSAY_MUST_CHECK enum assay_status assay_scan_lines(const struct assay_scan_how *how,
    struct assay_setup *setup, struct assay_scan_lines *lines, struct assay_err *err);
/* While something is asked, each second: E_DEAD when the service has had no scan process for too
 * long. */
ASSAY_MUST_CHECK enum assay_status assay_scan_lines_check(
    struct assay_scan_lines *lines, struct assay_err *err);

/* ---- answers --------------------------------------------------------------------------------- */

struct assay_tell; /* core/tell.h */

struct assay_scan_output {
	const struct assay_setup *setup;
	struct assay_door *door;        /* borrowed */
	struct assay_scan_lines *lines; /* borrowed */
	struct assay_format_style style;
	struct assay_buf text;    /* of one report, reused */
	bool printed;             /* something stands on standard output */
	bool bad, incomplete;     /* --exit-verdict: not accept or tag; partial or unscanned */
	struct assay_tell **tell; /* connectors, NULL at the end */
	int failed; /* exit code of the first archiver, connector or form that failed */
};

/* E_CONF: what a connector may be told is not configured right. */
ASSAY_MUST_CHECK enum assay_status assay_scan_output_open(struct assay_scan_output *output,
    const struct assay_setup *setup, const struct assay_format_style *style, struct assay_err *err);
/* For struct assay_door_options: arg is the output. */
enum assay_door_reply assay_scan_output_answer(
    void *arg, const struct assay_answer *answer, const struct assay_door_done *done);
/* Connectors are flushed. */
void assay_scan_output_close(struct assay_scan_output *output);

/* ---- mails ----------------------------------------------------------------------------------- */

struct assay_scan_input {
	const struct assay_setup *setup;
	struct assay_door *door;
	bool recursive;
	bool from_archive; /* operands are references for the source archivers */
	int failed;        /* exit code of the first operand that failed */
};

/* True when some operand may need the provider of mbox files. */
bool assay_scan_input_wants_mbox(const char *const *operands);
/* All operands; a failing one is told in one line and the others go on. An error: none can. */
ASSAY_MUST_CHECK enum assay_status assay_scan_input_run(
    struct assay_scan_input *input, const char *const *operands, struct assay_err *err);

#endif
