/*
 * core/helper_wire.h - what a scan process and its helper say to each other
 *
 * RUN asks for one program of the table: its number, the time it may take, values for the
 * environment variables that its row names. RAN says what came of it; its descriptor is a memory
 * file with standard output, standard error and the files, one behind the other, and behind them
 * the table of the files (size u64, length of the name u16, name).
 *
 * Both are decoded strictly: a mail may own the process that sent a RUN, and what stands in a RAN
 * was written by a program that a mail may own. Nothing here trusts, opens or runs anything.
 */
#ifndef ASSAY_HELPER_WIRE_H
#define ASSAY_HELPER_WIRE_H

#include <assay/plugin.h>

#include "core/wire.h"

#define ASSAY_HELPER_PROGRAMS 64u /* in all tables */
#define ASSAY_HELPER_VALUES 32u   /* environment variables of one program */
#define ASSAY_HELPER_VALUE 1000u  /* bytes of one */
#define ASSAY_HELPER_NAME 1024u   /* bytes of a file's name below ASSAY_OUT */
#define ASSAY_HELPER_ERRORS 4096u /* bytes of standard error */

struct assay_helper_run {
	unsigned program;                              /* in the helper's table */
	unsigned timeout_ms;                           /* > 0 */
	struct assay_slice value[ASSAY_HELPER_VALUES]; /* absent: not set */
};

enum assay_helper_outcome {
	ASSAY_HELPER_ENDED,   /* by itself */
	ASSAY_HELPER_TIMEOUT, /* killed */
	ASSAY_HELPER_OVER,    /* killed: more output or files than allowed */
	ASSAY_HELPER_ABSENT,  /* the program or service is not there */
	ASSAY_HELPER_UNABLE,  /* not started; `errors` says why */
	ASSAY_HELPER_FULL,    /* the same: no space */
	ASSAY_HELPER_OUTCOMES
};

struct assay_helper_ran {
	enum assay_helper_outcome outcome;
	int exit, signal;                   /* as in struct assay_run_output */
	uint32_t nfiles;                    /* in the table */
	uint32_t left_out;                  /* files not taken */
	uint64_t out, errors, files, table; /* bytes of the four pieces */
};

ASSAY_MUST_CHECK enum assay_status assay_helper_send_run(
    int sock, const struct assay_helper_run *run, int input, struct assay_err *err);
/* Values live as long as the frame. */
ASSAY_MUST_CHECK enum assay_status assay_helper_get_run(
    const struct assay_wire_frame *frame, struct assay_helper_run *run, struct assay_err *err);

/* content -1: none of the pieces has a byte. */
ASSAY_MUST_CHECK enum assay_status assay_helper_send_ran(
    int sock, const struct assay_helper_ran *ran, int content, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_helper_get_ran(
    const struct assay_wire_frame *frame, struct assay_helper_ran *ran, struct assay_err *err);

/* A row of the table of files. False when the name is too long or out is full. */
bool assay_helper_put_file(struct assay_buf *table, uint64_t size, const char *name);
/* The pieces of the memory file into *out; names are made UTF-8 in the arena. */
ASSAY_MUST_CHECK enum assay_status assay_helper_get_files(const struct assay_helper_ran *ran,
    struct assay_slice content, struct assay_arena *arena, struct assay_run_output *out,
    struct assay_err *err);

#endif
