/*
 * core/cmd/one.c - see one.h
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#include "core/cmd/cmd.h"
#include "core/cmd/one.h"

/* assay_cmd_one_open - a scanner of the command's own */
enum assay_status assay_cmd_one_open(const struct assay_cmd_globals *globals,
    const char *const *core_opts, struct assay_scanner **scanner, struct assay_err *err)
{
	const struct assay_scanner_options options = { .home = globals->home,
		.conf_file = globals->conf_file,
		.core_opts = core_opts,
		.plugin_opts = globals->plugin_opts.word,
		.plugin_dirs = globals->plugin_dirs.word };

	return assay_scanner_open(&options, scanner, err);
}

/* assay_cmd_one_scan - the file, or standard input */
enum assay_status assay_cmd_one_scan(
    struct assay_scanner *scanner, const struct assay_cmd_one *one, struct assay_err *err)
{
	struct assay_submission submission = {
		.source = "scan", .filename = one->file, .request = one->request
	};

	submission.fd = strcmp(one->file, "-") == 0
	    ? dup(STDIN_FILENO)
	    : open(one->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (submission.fd < 0) {
		json_decref(submission.request);
		return assay_err_set(err, ASSAY_E_NOENT, "%s: cannot be opened", one->file);
	}
	return assay_scanner_scan(scanner, &submission, one->answer, one->arg, err);
}
