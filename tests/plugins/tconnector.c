/*
 * tconnector - a connector that appends records to a file, one line each
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "testplugin.h"

static const struct assay_opt options[] = {
	{ "file", ASSAY_OPT_STR, "/tmp/tconnector.jsonl", 0, 0, NULL, "file to append to" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* open_options - keep the file name */
static enum assay_status open_options(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)err;
	*state = (void *)(uintptr_t)assay_opt_str(opts, "file");
	return ASSAY_OK;
}

/* save - append */
static enum assay_status save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	enum assay_status s = ASSAY_OK;
	int fd = open(state, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return assay_err_set(
		    err, ASSAY_E_IO, "%s: %s", (const char *)state, strerror(errno));
	for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
		s = assay_io_write_full(fd, records[i].json.p, records[i].json.n, err);
		if (s == ASSAY_OK)
			s = assay_io_write_full(fd, "\n", 1, err);
	}
	assay_io_close(&fd);
	return s;
}

static const struct assay_connector connector = { .save = save };

const struct assay_plugin assay_plugin = { TEST_HEAD("tconnector", "appends records to a file"),
	.options = options, .needs = ASSAY_NEEDS_FILES, .open = open_options,
	.connector = &connector };
