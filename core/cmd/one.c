/*
 * core/cmd/one.c - see one.h
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"

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

/* open_file - something that can be read */
static int open_file(const char *name)
{
	int fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO)
					: open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat about;

	if (fd < 0 || fstat(fd, &about) != 0 || !S_ISDIR(about.st_mode))
		return fd;
	assay_io_close(&fd);
	errno = EISDIR;
	return -1;
}

/* assay_cmd_one_scan - the file, or standard input */
enum assay_status assay_cmd_one_scan(
    struct assay_scanner *scanner, const struct assay_cmd_one *one, struct assay_err *err)
{
	struct assay_submission submission = {
		.source = "scan", .filename = one->file, .request = one->request
	};

	submission.fd = open_file(one->file);
	if (submission.fd < 0) {
		const int why = errno;

		json_decref(submission.request);
		return assay_err_set(
		    err, ASSAY_E_NOENT, "%s: cannot be opened: %s", one->file, strerror(why));
	}
	return assay_scanner_scan(scanner, &submission, one->answer, one->arg, err);
}
