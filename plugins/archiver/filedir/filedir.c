/*
 * filedir - payloads and reports as files, and files as payloads: three classes in one plugin
 *
 * The archiver keeps payloads by their sha256 (archive.h), the connector writes a file per report
 * or per worker (results.h), the provider takes in the files of directories (inbox.h). Touches
 * nothing but these directories, and those only when there is something to write or to read. Fails
 * with E_FULL when the disk is full (try again), E_IO when it may not write; neither leaves half a
 * file.
 */
#include <stdlib.h>

#include <assay/plugin.h>

#include "archive.h"
#include "base/arena.h"
#include "base/err.h"
#include "inbox.h"
#include "results.h"
#include "sweep.h"

struct filedir {
	struct assay_archive archive;
	struct assay_results results;
	struct assay_sweep old_payloads, old_results;
	struct assay_inbox *inbox;
};

static const struct assay_opt options[] = {
	{ "archive_dir", ASSAY_OPT_STR, "archive", 0, 0, NULL,
	    "where payloads are kept; below the directory for state when relative" },
	{ "compress", ASSAY_OPT_ENUM, "no", 0, 0, "no|zstd", "how payloads are compressed" },
	{ "max_size", ASSAY_OPT_SIZE, "512M", 1, INT64_MAX, NULL,
	    "largest payload that is read back" },
	{ "results_dir", ASSAY_OPT_STR, "results", 0, 0, NULL,
	    "where reports are written; below the directory for state when relative" },
	{ "date_mode", ASSAY_OPT_BOOL, "no", 0, 0, NULL,
	    "a folder per day of the scan, UTC: YYYY/MM/DD" },
	{ "by_plugin", ASSAY_OPT_BOOL, "no", 0, 0, NULL, "a folder per worker, as stoQ v1" },
	{ "watch", ASSAY_OPT_LIST, "", 0, 0, NULL, "directories whose files are scanned" },
	{ "recursive", ASSAY_OPT_BOOL, "no", 0, 0, NULL, "those in directories below them, too" },
	{ "after", ASSAY_OPT_ENUM, "leave", 0, 0, "leave|remove|move",
	    "what becomes of a file when its report is kept" },
	{ "move_to", ASSAY_OPT_STR, "", 0, 0, NULL,
	    "where it is moved to; below the directory for state when relative" },
	{ "metadata", ASSAY_OPT_ENUM, "none", 0, 0, "none|suricata",
	    "what lies beside the files: the records of a file store of Suricata" },
	{ "metadata_wait", ASSAY_OPT_TIME, "10s", 0, 86400000, NULL,
	    "how long the first of them is waited for" },
	{ "rescan", ASSAY_OPT_TIME, "30s", 100, 86400000, NULL, "time between two looks" },
	{ "settle", ASSAY_OPT_TIME, "2s", 0, 86400000, NULL,
	    "how long a file must not have changed before it is read" },
	{ "ignore", ASSAY_OPT_LIST, ".*, *.tmp, *.part", 0, 0, NULL,
	    "names of files and directories that are passed over" },
	{ "journal", ASSAY_OPT_STR, "filedir", 0, 0, NULL,
	    "where it is noted which files were scanned; below the directory for state when "
	    "relative" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* open_archiver - where payloads lie */
static void open_archiver(struct filedir *f, const struct assay_opts *opts)
{
	f->archive.root = assay_opt_state_path(opts, "archive_dir");
	f->archive.compress = assay_opt_str(opts, "compress")[0] == 'z';
	f->archive.max_size = (uint64_t)assay_opt_int(opts, "max_size");
	f->old_payloads = (struct assay_sweep){
		.root = f->archive.root, .levels = ASSAY_ARCHIVE_LEVELS, .kind = assay_archive_kind
	};
}

/* open_connector - where reports lie */
static void open_connector(struct filedir *f, const struct assay_opts *opts)
{
	f->results.root = assay_opt_state_path(opts, "results_dir");
	f->results.by_date = assay_opt_int(opts, "date_mode") != 0;
	f->results.by_plugin = assay_opt_int(opts, "by_plugin") != 0;
	f->old_results = (struct assay_sweep){ .root = f->results.root,
		.levels = ASSAY_RESULTS_LEVELS,
		.prune = true,
		.kind = assay_results_kind };
}

/* open_provider - where files come from */
static enum assay_status open_provider(
    struct filedir *f, const struct assay_opts *opts, struct assay_err *err)
{
	struct assay_inbox_options inbox = {
		.watch = assay_opt_paths(opts, "watch"),
		.ignore = assay_opt_list(opts, "ignore"),
		.recursive = assay_opt_int(opts, "recursive") != 0,
		.suricata = assay_opt_str(opts, "metadata")[0] == 's',
		.rescan_ms = assay_opt_int(opts, "rescan"),
		.settle_ms = assay_opt_int(opts, "settle"),
		.metadata_ms = assay_opt_int(opts, "metadata_wait"),
		.journal = assay_opt_state_path(opts, "journal"),
		.ours = { f->archive.root, f->results.root },
	};
	const char *after = assay_opt_str(opts, "after");

	if (after[0] == 'r')
		inbox.after.what = ASSAY_AFTER_REMOVE;
	if (after[0] == 'm') {
		inbox.after.what = ASSAY_AFTER_MOVE;
		inbox.after.move_to = assay_opt_state_path(opts, "move_to");
		if (assay_opt_str(opts, "move_to")[0] == '\0')
			return assay_err_set(err, ASSAY_E_CONF,
			    "[filedir] after = move needs move_to, a directory on the same file "
			    "system");
	}
	f->inbox = assay_inbox_new(&inbox);
	return ASSAY_OK;
}

/* filedir_open - where things lie; nothing is made yet */
static enum assay_status filedir_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct filedir *f = assay_xcalloc(1, sizeof *f);
	enum assay_status status;

	open_archiver(f, opts);
	open_connector(f, opts);
	status = open_provider(f, opts, err);
	if (status == ASSAY_OK)
		*state = f;
	else
		free(f);
	return status;
}

/* filedir_close - frees the state */
static void filedir_close(void *state)
{
	struct filedir *f = state;

	assay_sweep_stop(&f->old_payloads);
	assay_sweep_stop(&f->old_results);
	assay_inbox_free(&f->inbox);
	free(f);
}

/* filedir_ref - what stands in the report */
static void filedir_ref(void *state, const char *sha256, char *ref, size_t size)
{
	(void)state;
	assay_archive_ref(sha256, ref, size);
}

/* filedir_put - one payload */
static enum assay_status filedir_put(
    void *state, const char *sha256, struct assay_slice bytes, struct assay_err *err)
{
	const struct filedir *f = state;

	return assay_archive_put(&f->archive, sha256, bytes, err);
}

/* filedir_get - one payload back */
static enum assay_status filedir_get(void *state, const char *ref, int *fd, struct assay_err *err)
{
	const struct filedir *f = state;

	return assay_archive_get(&f->archive, ref, fd, err);
}

/* filedir_save - each record durable before the next */
static enum assay_status filedir_save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	const struct filedir *f = state;
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = assay_results_save(&f->results, &records[i], err);
	return status;
}

/* filedir_erase_payload - one payload, in either form */
static enum assay_status filedir_erase_payload(
    void *state, const char *sha256, struct assay_err *err)
{
	const struct filedir *f = state;

	return assay_archive_erase(&f->archive, sha256, err);
}

/* filedir_expire_payloads - a piece of the work */
static enum assay_status filedir_expire_payloads(
    void *state, const struct assay_retention *what, uint64_t *gone, struct assay_err *err)
{
	struct filedir *f = state;

	return assay_sweep_step(&f->old_payloads, what, gone, err);
}

/* filedir_erase_reports - with what was said of them */
static enum assay_status filedir_erase_reports(
    void *state, const char *const *scan_ids, size_t n, struct assay_err *err)
{
	const struct filedir *f = state;

	return assay_results_erase(&f->results, scan_ids, n, err);
}

/* filedir_expire_reports - a piece of the work */
static enum assay_status filedir_expire_reports(
    void *state, const struct assay_retention *what, uint64_t *gone, struct assay_err *err)
{
	struct filedir *f = state;

	return assay_sweep_step(&f->old_results, what, gone, err);
}

/* filedir_run - the watched directories, until the door stops */
static enum assay_status filedir_run(void *state, struct assay_door *door, struct assay_err *err)
{
	const struct filedir *f = state;

	return assay_inbox_run(f->inbox, door, err);
}

/* filedir_once - what is named, as it is */
static enum assay_status filedir_once(
    void *state, struct assay_door *door, const char *const *names, struct assay_err *err)
{
	const struct filedir *f = state;

	return assay_inbox_once(f->inbox, door, names, err);
}

static const struct assay_archiver archiver = {
	.ref = filedir_ref,
	.put = filedir_put,
	.get = filedir_get,
	.erase = filedir_erase_payload,
	.expire = filedir_expire_payloads,
};

static const struct assay_connector connector = {
	.save = filedir_save,
	.erase = filedir_erase_reports,
	.expire = filedir_expire_reports,
};

static const struct assay_provider provider = { .run = filedir_run, .once = filedir_once };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "filedir",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "payloads and reports as files, files as payloads",
	.options = options,
	.needs = ASSAY_NEEDS_FILES,
	.open = filedir_open,
	.close = filedir_close,
	.archiver = &archiver,
	.connector = &connector,
	.provider = &provider,
};
