/*
 * core/cmd/cmd_version.c - `assay version`: which assay is this
 *
 * One line on standard output; with --build also what a plugin must have been built with.
 */
#include "base/buf.h"
#include "base/slice.h"

#include "core/cmd/cmd.h"

enum { BUILD };

static const struct assay_arg version_args[] = {
	{ 0, "build", NULL, "Add what plugins must have been built with" },
	{ 0, NULL, NULL, NULL },
};

/* run - print it */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_buf out;
	const char *value;
	bool build = false;
	int which;

	assay_args_init(&args, &assay_cmd_version, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_OPERAND)
			return assay_args_unwanted(&args, value);
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		build |= which == BUILD;
	}
	assay_buf_init(&out, 1024);
	(void)assay_buf_printf(&out, "assay %s\n", ASSAY_VERSION);
	if (build)
		(void)assay_buf_printf(&out, "plugin ABI %u, build %s\n", ASSAY_ABI, ASSAY_BUILD);
	assay_cmd_print(assay_buf_slice(&out));
	assay_buf_release(&out);
	return assay_cmd_close_stdout(0);
}

const struct assay_cmd assay_cmd_version = {
	.name = "version",
	.summary = "Shows the version.",
	.args = version_args,
	.run = run,
};
