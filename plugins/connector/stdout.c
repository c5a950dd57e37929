/*
 * stdout - every report as one line on standard output
 *
 * For pipes and for trying things out. Touches standard output and nothing else; fails with E_DEAD
 * when the reader is gone, E_FULL when the disk below it is full. What was written cannot be taken
 * back: a record that is told again after a failure is there twice.
 */
#include <unistd.h>

#include <assay/plugin.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"

/* Room for what frames a record; records themselves are bounded by who made them. */
#define SLACK 16

/* stdout_save - each record with a line feed, in one write where the system allows it */
static enum assay_status stdout_save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	(void)state;
	for (size_t i = 0; i < n && status == ASSAY_OK; i++) {
		struct assay_buf line;

		assay_buf_init(&line, records[i].json.n + SLACK);
		(void)assay_buf_add_slice(&line, records[i].json);
		(void)assay_buf_add_char(&line, '\n');
		status = assay_io_write_full(STDOUT_FILENO, line.p, line.n, err);
		assay_buf_release(&line);
	}
	if (status != ASSAY_OK)
		assay_err_prefix(err, "standard output");
	return status;
}

static const struct assay_connector connector = { .save = stdout_save };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "stdout",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "reports on standard output, one per line",
	.connector = &connector,
};
