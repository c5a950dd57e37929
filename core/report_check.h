/*
 * core/report_check.h - the door's one check of a report that came across the wall
 *
 * Strict JSON (RFC 8259) in one pass without building anything: size, UTF-8 without U+0000, depth,
 * that numbers are of 64 bits, that no control
 * is unescaped (DEL and C1 as well) and that the first member is "schema": "assay/1". Linear, no
 * recursion, no allocation. After it the bytes may be stored, sent and parsed; what the text in
 * them says is still a stranger's.
 */
#ifndef ASSAY_REPORT_CHECK_H
#define ASSAY_REPORT_CHECK_H

#include <assay/types.h>

#define ASSAY_REPORT_DEPTH 64u
#define ASSAY_REPORT_SCHEMA "assay/1"
/* The bound of [core] report_max plus what the document needs around it. */
#define ASSAY_REPORT_BYTES ((size_t)20 * 1024 * 1024)

ASSAY_MUST_CHECK enum assay_status assay_report_check(
    struct assay_slice report, struct assay_err *err);

/* The verdict of a checked report, which is its last member: JSON; {"", 0} when there is none. */
struct assay_slice assay_report_verdict(struct assay_slice report);

#endif
