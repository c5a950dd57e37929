/*
 * core/cmd/scan_input.c - finds what `assay scan` shall scan: files, directories (-r), mbox files
 * (through the provider that knows them), standard input, references of an archiver (-S). Opens
 * names of the command line, never of a mail. What cannot be read is one line on standard error,
 * and the others go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/cmd/scan.h"

#define MBOX "mbox"

/* complain - one line; the first failure's exit code is remembered */
static void complain(struct assay_scan_input *input, const struct assay_err *err)
{
	int code = assay_cmd_fail(err);

	/* Whatever was wrong with it: this input is not there to be scanned. */
	if (input->failed == 0)
		input->failed = code == 65 || code == 73 ? code : 66;
}

/* refuse - an operand, with the reason and what to do */
static void refuse(struct assay_scan_input *input, const char *name, const char *why)
{
	struct assay_err err;

	(void)assay_err_set(&err, ASSAY_E_NOENT, "%s: %s", name, why);
	complain(input, &err);
}

/* begins_like_mbox - "From " and nothing else: the provider looks closer */
static bool begins_like_mbox(int fd)
{
	char head[5];

	return pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
	    memcmp(head, "From ", sizeof head) == 0;
}

/* assay_scan_input_wants_mbox - a directory may hold one, a file shows it */
bool assay_scan_input_wants_mbox(const char *const *operands)
{
	for (; operands != NULL && *operands != NULL; operands++) {
		struct stat st;
		bool found;
		int fd;

		if (stat(*operands, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
			continue;
		if (S_ISDIR(st.st_mode))
			return true;
		/* A pipe in its place now would have us wait. */
		fd = open(*operands, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		found = fd >= 0 && begins_like_mbox(fd);
		assay_io_close(&fd);
		if (found)
			return true;
	}
	return false;
}

/* submit - one descriptor, taken; only what stops everything is returned */
static enum assay_status submit(struct assay_scan_input *input,
    const struct assay_submission *submission, const char *name, struct assay_err *err)
{
	enum assay_status st = assay_door_submit(input->door, submission, NULL, err);

	if (st == ASSAY_OK || assay_door_stopping(input->door))
		return st;
	assay_err_prefix(err, "%s", name);
	complain(input, err);
	return ASSAY_OK;
}

/* scan_mbox - every message of it, through the provider */
static enum assay_status scan_mbox(
    struct assay_scan_input *input, const char *path, struct assay_err *err)
{
	const struct assay_loaded *mbox = assay_host_find(input->setup->host, MBOX);
	const char *names[] = { path, NULL };
	enum assay_status st;

	st = mbox->plugin->provider->once(mbox->state, input->door, names, err);
	if (st == ASSAY_OK || assay_door_stopping(input->door))
		return st;
	complain(input, err);
	return ASSAY_OK;
}

/* scan_fd - an open file, taken */
static enum assay_status scan_fd(
    struct assay_scan_input *input, const char *path, int fd, struct assay_err *err)
{
	struct assay_submission submission = { .fd = fd, .source = "scan", .filename = path };
	struct stat st;

	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode)) {
		refuse(input, path, "neither a file nor a pipe; name a file that holds a message");
		assay_io_close(&fd);
		return ASSAY_OK;
	}
	if (S_ISREG(st.st_mode)) {
		if (assay_host_find(input->setup->host, MBOX) != NULL && begins_like_mbox(fd)) {
			assay_io_close(&fd);
			return scan_mbox(input, path, err);
		}
		submission.message_time_ms =
		    (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
		submission.message_time_source = "mtime";
	}
	return submit(input, &submission, path, err);
}

/* scan_path - one file by its name; `flags` for open(2) */
static enum assay_status scan_path(
    struct assay_scan_input *input, const char *path, int flags, struct assay_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);

	if (fd < 0) {
		(void)assay_err_set(
		    err, ASSAY_E_NOENT, "%s: %s; nothing was scanned there", path, strerror(errno));
		complain(input, err);
		return ASSAY_OK;
	}
	return scan_fd(input, path, fd, err);
}

/* by_name - the order of a walk */
static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* visit - one entry of a walk; links, devices and pipes are passed over */
static enum assay_status visit(
    struct assay_scan_input *input, const FTSENT *entry, struct assay_err *err)
{
	switch (entry->fts_info) {
	case FTS_F:
		/* It may have become a pipe or a link since it was looked at. */
		return scan_path(input, entry->fts_path, O_NONBLOCK | O_NOFOLLOW, err);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		(void)assay_err_set(err, ASSAY_E_NOENT, "%s: %s; nothing was scanned there",
		    entry->fts_path, strerror(entry->fts_errno));
		complain(input, err);
		return ASSAY_OK;
	default:
		return ASSAY_OK;
	}
}

/* scan_tree - a directory and what is below it, by name */
static enum assay_status scan_tree(
    struct assay_scan_input *input, const char *path, struct assay_err *err)
{
	char *roots[] = { (char *)(uintptr_t)path, NULL };
	enum assay_status st = ASSAY_OK;
	const FTSENT *entry;
	FTS *fts;

	fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (fts == NULL) {
		refuse(input, path, strerror(errno));
		return ASSAY_OK;
	}
	while (st == ASSAY_OK && (entry = fts_read(fts)) != NULL)
		st = visit(input, entry, err);
	(void)fts_close(fts);
	return st;
}

/* fetch - -S: the bytes of a reference, from the first archiver that has them */
static enum assay_status fetch(
    struct assay_scan_input *input, const char *ref, struct assay_err *err)
{
	const char *const *name =
	    assay_opt_list(assay_config_core(input->setup->config), "source_archivers");
	struct assay_submission submission = { .source = "scan", .filename = ref };

	(void)assay_err_set(err, ASSAY_E_NOENT, "no archiver has it");
	for (; *name != NULL; name++) {
		const struct assay_loaded *from = assay_host_find(input->setup->host, *name);

		if (from == NULL || from->plugin->archiver == NULL ||
		    from->plugin->archiver->get == NULL)
			continue;
		if (from->plugin->archiver->get(from->state, ref, &submission.fd, err) == ASSAY_OK)
			return submit(input, &submission, ref, err);
	}
	assay_err_prefix(err, "%s", ref);
	complain(input, err);
	return ASSAY_OK;
}

/* scan_stdin - `-` */
static enum assay_status scan_stdin(struct assay_scan_input *input, struct assay_err *err)
{
	struct assay_submission submission = { .source = "scan" };

	submission.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (submission.fd < 0) {
		refuse(input, "standard input", strerror(errno));
		return ASSAY_OK;
	}
	return submit(input, &submission, "standard input", err);
}

/* scan_operand - whatever it is */
static enum assay_status scan_operand(
    struct assay_scan_input *input, const char *name, struct assay_err *err)
{
	struct stat st;

	if (input->from_archive)
		return fetch(input, name, err);
	if (strcmp(name, "-") == 0)
		return scan_stdin(input, err);
	if (stat(name, &st) != 0 || !S_ISDIR(st.st_mode))
		return scan_path(input, name, 0, err);
	if (input->recursive)
		return scan_tree(input, name, err);
	refuse(input, name, "is a directory; add -r to scan the files in it");
	return ASSAY_OK;
}

/* assay_scan_input_run - operands in their order */
enum assay_status assay_scan_input_run(
    struct assay_scan_input *input, const char *const *operands, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (; st == ASSAY_OK && *operands != NULL; operands++)
		st = scan_operand(input, *operands, err);
	if (st == ASSAY_OK)
		st = assay_door_flush(input->door, err);
	return st == ASSAY_END ? ASSAY_OK : st;
}
