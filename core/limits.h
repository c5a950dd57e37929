/*
 * core/limits.h - every limit there is, as rows of [core]
 *
 * One table (DESIGN section 7); the configuration puts it beside core/coreopts.h. Hitting any of
 * them leaves a limits[] entry under the name of the row. Sizes are bytes, times milliseconds.
 *
 *	message_size max_header_bytes max_headers max_header_line max_mime_parts max_mime_depth
 *	max_recursion max_children max_children_message max_member_bytes max_unpacked_bytes
 *	max_ratio ratio_free body_text_kept urls_kept defects_kept errors_kept limits_kept
 *	facts_kept result_max report_max worker_timeout message_timeout bulk_timeout
 */
#ifndef ASSAY_LIMITS_H
#define ASSAY_LIMITS_H

#include <assay/plugin.h>

extern const struct assay_opt assay_limit_rows[];

/* Those the engine itself looks at, read once. */
struct assay_limits {
	uint64_t recursion; /* depth of a payload that is still scanned */
	uint64_t children, children_message;
	uint64_t member_bytes, unpacked_bytes;
	uint64_t ratio, ratio_free;
	uint64_t errors_kept, limits_kept, facts_kept;
	uint64_t result_max, report_max;
	int64_t worker_timeout_ms;
	unsigned needs_depth;     /* max_required_worker_depth */
	unsigned dispatch_passes; /* max_dispatch_passes */
};

void assay_limits_read(struct assay_limits *limits, const struct assay_opts *core);
/* True when `name` is a row. */
bool assay_limits_known(const char *name);

#endif
