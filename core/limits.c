/*
 * core/limits.c - see limits.h. Data: change a default here and nowhere else.
 */
#include <string.h>

#include "core/limits.h"

/* clang-format off */
const struct assay_opt assay_limit_rows[] = {
	{ .name = "message_size", .type = ASSAY_OPT_SIZE, .def = "50M", .min = 1024, .max = 1 << 30,
	  .help = "Largest message a door takes; a larger one is reported unscanned" },
	{ .name = "max_header_bytes", .type = ASSAY_OPT_SIZE, .def = "1M", .min = 1024, .max = 1 << 30,
	  .help = "Bytes of one header block that are read as headers" },
	{ .name = "max_headers", .type = ASSAY_OPT_INT, .def = "2000", .min = 1, .max = 1000000,
	  .help = "Header fields kept of one message" },
	{ .name = "max_header_line", .type = ASSAY_OPT_SIZE, .def = "64K", .min = 256, .max = 1 << 30,
	  .help = "Bytes kept of one header field, folded lines included" },
	{ .name = "max_mime_parts", .type = ASSAY_OPT_INT, .def = "1000", .min = 1, .max = 1000000,
	  .help = "MIME parts looked at in one message" },
	{ .name = "max_mime_depth", .type = ASSAY_OPT_INT, .def = "32", .min = 1, .max = 200,
	  .help = "Multiparts inside multiparts; deeper ones are kept whole" },
	{ .name = "max_recursion", .type = ASSAY_OPT_INT, .def = "10", .min = 0, .max = 100,
	  .help = "Depth of the payload tree that is scanned; deeper payloads are only listed" },
	{ .name = "max_children", .type = ASSAY_OPT_INT, .def = "1000", .min = 0, .max = 1000000,
	  .help = "Payloads taken out of one payload" },
	{ .name = "max_children_message", .type = ASSAY_OPT_INT, .def = "2000", .min = 0, .max = 1000000,
	  .help = "Payloads taken out of one message, at all depths" },
	{ .name = "max_member_bytes", .type = ASSAY_OPT_SIZE, .def = "100M", .min = 0, .max = 1LL << 40,
	  .help = "Bytes of one unpacked or decoded payload" },
	{ .name = "max_unpacked_bytes", .type = ASSAY_OPT_SIZE, .def = "500M", .min = 0, .max = 1LL << 40,
	  .help = "Bytes unpacked or decoded out of one message" },
	{ .name = "max_ratio", .type = ASSAY_OPT_INT, .def = "100", .min = 1, .max = 1000000,
	  .help = "Bytes made out of one payload, as a multiple of its size" },
	{ .name = "ratio_free", .type = ASSAY_OPT_SIZE, .def = "64K", .min = 0, .max = 1 << 30,
	  .help = "Bytes made out of one payload before max_ratio counts" },
	{ .name = "body_text_kept", .type = ASSAY_OPT_SIZE, .def = "64K", .min = 0, .max = 1 << 30,
	  .help = "Bytes of each body text kept in the report" },
	{ .name = "urls_kept", .type = ASSAY_OPT_INT, .def = "1000", .min = 0, .max = 1000000,
	  .help = "Links kept in the report; all are counted" },
	{ .name = "defects_kept", .type = ASSAY_OPT_INT, .def = "1000", .min = 1, .max = 1000000,
	  .help = "Entries of defects[] kept per message; all are counted" },
	{ .name = "errors_kept", .type = ASSAY_OPT_INT, .def = "1000", .min = 1, .max = 1000000,
	  .help = "Entries of errors[] kept per report; all are counted" },
	{ .name = "limits_kept", .type = ASSAY_OPT_INT, .def = "1000", .min = 1, .max = 1000000,
	  .help = "Entries of limits[] kept per report; all are counted" },
	{ .name = "facts_kept", .type = ASSAY_OPT_INT, .def = "1000", .min = 1, .max = 1000000,
	  .help = "Values kept of one fact" },
	{ .name = "result_max", .type = ASSAY_OPT_SIZE, .def = "1M", .min = 4096, .max = 1 << 30,
	  .help = "Size of one worker's result; bodies and matched strings are cut first" },
	{ .name = "report_max", .type = ASSAY_OPT_SIZE, .def = "16M", .min = 1 << 20, .max = 16 << 20,
	  .help = "Size of a report; bodies and matched strings are cut first" },
	{ .name = "worker_timeout", .type = ASSAY_OPT_TIME, .def = "30s", .min = 10, .max = 86400000,
	  .help = "Time of one worker on one payload, unless the worker sets its own" },
	{ .name = "message_timeout", .type = ASSAY_OPT_TIME, .def = "60s", .min = 10, .max = 86400000,
	  .help = "Time of one message while somebody waits for the verdict" },
	{ .name = "bulk_timeout", .type = ASSAY_OPT_TIME, .def = "300s", .min = 10, .max = 86400000,
	  .help = "Time of one message when nobody waits (watchers, imports, files)" },
	{ .name = "rescan_timeout", .type = ASSAY_OPT_TIME, .def = "900s", .min = 10, .max = 86400000,
	  .help = "Time of one message that was not finished before and is scanned again later" },
	{ .name = NULL },
};
/* clang-format on */

/* get - a number of [core] that is not negative */
static uint64_t get(const struct assay_opts *core, const char *name)
{
	int64_t value = assay_opt_int(core, name);

	return value > 0 ? (uint64_t)value : 0;
}

/* assay_limits_read - the engine's own limits */
void assay_limits_read(struct assay_limits *limits, const struct assay_opts *core)
{
	*limits = (struct assay_limits){
		.recursion = get(core, "max_recursion"),
		.children = get(core, "max_children"),
		.children_message = get(core, "max_children_message"),
		.member_bytes = get(core, "max_member_bytes"),
		.unpacked_bytes = get(core, "max_unpacked_bytes"),
		.ratio = get(core, "max_ratio"),
		.ratio_free = get(core, "ratio_free"),
		.errors_kept = get(core, "errors_kept"),
		.limits_kept = get(core, "limits_kept"),
		.facts_kept = get(core, "facts_kept"),
		.result_max = get(core, "result_max"),
		.report_max = get(core, "report_max"),
		.worker_timeout_ms = assay_opt_int(core, "worker_timeout"),
		.needs_depth = (unsigned)get(core, "max_required_worker_depth"),
		.dispatch_passes = (unsigned)get(core, "max_dispatch_passes"),
	};
}

/* assay_limits_known - is there a limit of that name */
bool assay_limits_known(const char *name)
{
	for (const struct assay_opt *row = assay_limit_rows; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return true;
	return false;
}
