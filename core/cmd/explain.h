/*
 * core/cmd/explain.h - options in words, for `assay config`, `assay plugins`, manual and sample
 *
 * Everything is made from the option rows; appends to `out`. Cannot fail.
 */
#ifndef ASSAY_CMD_EXPLAIN_H
#define ASSAY_CMD_EXPLAIN_H

#include <assay/types.h>

#include "core/opts.h"

struct assay_buf;

/* "number, 1 to 512" */
void assay_explain_type(const struct assay_opt *row, struct assay_buf *out);
/* "default", "command line", "FILE:LINE" */
void assay_explain_origin(const struct assay_opt_value *value, struct assay_buf *out);
/* The help of --explain: what, type, default, now. */
void assay_explain_option(
    const struct assay_opts *opts, const struct assay_opt_value *value, struct assay_buf *out);
/* A section of assay.conf with every option commented out at its default. */
void assay_explain_sample(const struct assay_opts *opts, struct assay_buf *out);
/* A section of the manual page, in scdoc. */
void assay_explain_manual(const struct assay_opts *opts, struct assay_buf *out);

#endif
