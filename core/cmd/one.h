/*
 * core/cmd/one.h - commands that ask something about one message
 *
 * The file is scanned here, in a scan process of the command's own; nothing is kept and nobody is
 * told. Errors are those of opening the file, and of assay_scanner_scan.
 */
#ifndef ASSAY_CMD_ONE_H
#define ASSAY_CMD_ONE_H

#include <jansson.h>

#include <assay/engine.h>

struct assay_cmd_globals;

/* Opens a scanner as the globals say; core_opts ("name=value", NULL ends) may be NULL. */
ASSAY_MUST_CHECK enum assay_status assay_cmd_one_open(const struct assay_cmd_globals *globals,
    const char *const *core_opts, struct assay_scanner **scanner, struct assay_err *err);

struct assay_cmd_one {
	const char *file; /* "-": standard input */
	json_t *request;  /* more members of the request, taken; or NULL */
	void (*answer)(void *arg, const struct assay_answer *answer); /* called once */
	void *arg;
};

ASSAY_MUST_CHECK enum assay_status assay_cmd_one_scan(
    struct assay_scanner *scanner, const struct assay_cmd_one *one, struct assay_err *err);

#endif
