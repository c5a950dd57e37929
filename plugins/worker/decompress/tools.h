/*
 * decompress/tools.h - 7z and unar, for what libarchive cannot: encrypted 7z and rar, deflate64,
 * msi
 *
 * Run by the helper, in a private directory, over a copy of the payload; what they leave there as
 * plain files comes back as bytes. Passwords go in on standard input, one after the other until one
 * fits: 7z reads them there, unar only from a terminal, which script(1) gives it. Nothing of a mail
 * is ever on a command line. Programs that are not installed when the plugin is opened are not
 * asked for.
 */
#ifndef ASSAY_DECOMPRESS_TOOLS_H
#define ASSAY_DECOMPRESS_TOOLS_H

#include <assay/plugin.h>

#define ASSAY_TOOLS_BYTES ((uint64_t)128 << 20) /* of all files of one run */
#define ASSAY_TOOLS_FILES 1000u                 /* that are taken of one run */

enum assay_tool {
	ASSAY_TOOL_7Z,      /* takes out what it can, without a password */
	ASSAY_TOOL_7Z_TRY,  /* tries passwords */
	ASSAY_TOOL_RAR_TRY, /* unar, the same */
	ASSAY_TOOLS
};

struct assay_tools {
	struct assay_program row[ASSAY_TOOLS + 1]; /* those that are there; a NULL name ends it */
	int at[ASSAY_TOOLS];                       /* the row of each; -1: it is not there */
};

/* Looks the programs up in PATH; `wanted` false: none. */
void assay_tools_init(struct assay_tools *tools, bool wanted);

/* One run. The first four are set. */
struct assay_tools_run {
	enum assay_tool tool;
	const struct assay_payload *payload;
	const char *const *passwords; /* for those that try some; NULL ends */
	unsigned timeout_ms;

	struct assay_run_output out;
	const char *password; /* that fitted, or NULL */
};

/* ASSAY_OK: what came out is in run->out. ASSAY_END: no password fits, or nothing came out.
 * E_NOENT: it is not installed. Else as assay_result_run says. */
ASSAY_MUST_CHECK enum assay_status assay_tools_run(const struct assay_tools *tools,
    struct assay_tools_run *run, struct assay_result *result, struct assay_err *err);

#endif
