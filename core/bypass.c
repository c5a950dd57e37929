/*
 * core/bypass.c - see bypass.h. Touches one file in the run directory. Written by `assay bypass`
 * only, so it is trusted as far as the run directory is; what is read from it is bounded and made
 * printable all the same. Failing to read is "nothing": mail is scanned.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/bypass.h"
#include "core/json.h"
#include "core/role.h"

#define FILE_MAX ((size_t)8 * 1024)

struct assay_bypass_file {
	char *path;
	bool there;       /* when it was looked at last */
	struct stat seen; /* likewise */
	struct assay_bypass what;
};

/* path_of - below the run directory, on the heap */
static char *path_of(const char *run_dir)
{
	size_t n = strlen(run_dir) + sizeof "/" ASSAY_RUN_BYPASS;
	char *path = assay_xmalloc(n);

	(void)snprintf(path, n, "%s/" ASSAY_RUN_BYPASS, run_dir);
	return path;
}

/* assay_bypass_open - looks at nothing yet */
struct assay_bypass_file *assay_bypass_open(const char *run_dir)
{
	struct assay_bypass_file *file = assay_xcalloc(1, sizeof *file);

	file->path = path_of(run_dir);
	return file;
}

/* assay_bypass_close - accepts NULL, leaves NULL */
void assay_bypass_close(struct assay_bypass_file **file)
{
	if (*file == NULL)
		return;
	free((*file)->path);
	free(*file);
	*file = NULL;
}

/* same - is that the file we have read? */
static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* get_text - a member, cut and printable */
static void get_text(const json_t *json, const char *name, char *to, size_t size)
{
	const char *text = assay_json_get_str(json, name);

	(void)snprintf(to, size, "%s", text != NULL ? text : "");
	assay_err_make_printable(to);
}

/* understand - false: it makes no sense */
static bool understand(struct assay_slice text, struct assay_bypass *what, struct assay_err *err)
{
	json_t *json = NULL;

	if (assay_json_parse(text, &json, err) != ASSAY_OK)
		return false;
	what->until_wall_ms = assay_json_get_int(json, "until_ms", 0);
	get_text(json, "worker", what->worker, sizeof what->worker);
	get_text(json, "rule", what->rule, sizeof what->rule);
	get_text(json, "reason", what->reason, sizeof what->reason);
	get_text(json, "by", what->by, sizeof what->by);
	json_decref(json);
	if (what->until_wall_ms <= 0)
		(void)assay_err_set(err, ASSAY_E_SYNTAX, "it does not say until when");
	return what->until_wall_ms > 0;
}

/* read_file - into file->what, which stays empty when that fails */
static void read_file(struct assay_bypass_file *file)
{
	struct assay_buf buf;
	struct assay_err err;
	enum assay_status st;

	assay_buf_init(&buf, FILE_MAX);
	st = assay_io_read_file(file->path, &buf, &err);
	if (st == ASSAY_E_NOENT)
		file->there = false;
	else if (st != ASSAY_OK || !understand(assay_buf_slice(&buf), &file->what, &err)) {
		assay_log(ASSAY_LOG_WARNING,
		    "%s makes no sense (%s): mail is scanned; \"assay bypass off\" removes it",
		    file->path, err.text);
		file->what = (struct assay_bypass){ 0 };
	}
	assay_buf_release(&buf);
}

/* assay_bypass_now - one stat(2) unless it changed */
bool assay_bypass_now(struct assay_bypass_file *file, struct assay_bypass *now)
{
	struct stat st;

	if (stat(file->path, &st) != 0) {
		file->there = false;
		return false;
	}
	if (!file->there || !same(&st, &file->seen)) {
		file->there = true;
		file->seen = st;
		file->what = (struct assay_bypass){ 0 };
		read_file(file);
	}
	if (!file->there || file->what.until_wall_ms <= assay_clock_wall_ms())
		return false;
	*now = file->what;
	return true;
}

/* set_text - a member where there is something to say */
static void set_text(json_t *json, const char *name, const char *text)
{
	if (text[0] != '\0')
		assay_json_set(json, name, assay_json_str(text));
}

/* assay_bypass_write - whole or not at all; readable to all who may enter the directory */
enum assay_status assay_bypass_write(
    const char *run_dir, const struct assay_bypass *what, struct assay_err *err)
{
	char *path = path_of(run_dir);
	json_t *json = json_object();
	struct assay_buf buf;
	enum assay_status st;
	mode_t mask;

	assay_json_set(json, "until_ms", assay_json_int(what->until_wall_ms));
	assay_json_set(json, "until", assay_json_time(what->until_wall_ms));
	set_text(json, "worker", what->worker);
	set_text(json, "rule", what->rule);
	set_text(json, "reason", what->reason);
	set_text(json, "by", what->by);
	assay_buf_init(&buf, FILE_MAX);
	(void)assay_json_write(json, ASSAY_JSON_INDENTED, &buf);
	(void)assay_buf_add_char(&buf, '\n');
	/* Whoever says it, doors of another user read it. */
	mask = umask(022);
	st = assay_io_replace_file(path, 0644, buf.p, buf.n, err);
	(void)umask(mask);
	assay_buf_release(&buf);
	json_decref(json);
	free(path);
	return st;
}

/* assay_bypass_remove - not there is fine */
enum assay_status assay_bypass_remove(const char *run_dir, struct assay_err *err)
{
	char *path = path_of(run_dir);
	enum assay_status st = ASSAY_OK;

	if (unlink(path) != 0 && errno != ENOENT)
		st = assay_io_fail(err, "cannot remove", path);
	free(path);
	return st;
}
