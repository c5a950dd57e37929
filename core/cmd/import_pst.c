/*
 * core/cmd/import_pst.c - see import.h: Outlook files, which readpst(1) makes into files of
 * messages
 *
 * Done before anything else and before rights are given up, since the program shall be a user whom
 * we cannot become later. What it makes lies in $TMPDIR or /var/tmp until the import ends, and
 * takes about the room of the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/import.h"
#include "core/helper.h"
#include "core/sandbox.h"

#define MAGIC "!BDN"
#define PROGRAM "readpst"

/* Deleted mail too; a file for each message, in the folders they were in; one process. */
static const char *const argv_of_program[] = { PROGRAM, "-q", "-D", "-e", "-t", "e", "-j", "0",
	"-o", ".", "input", NULL };

/* is_pst - by its first bytes */
static bool is_pst(int fd)
{
	char head[sizeof MAGIC - 1];

	return pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
	    memcmp(head, MAGIC, sizeof head) == 0;
}

/* convert - one file, whose true name is taken */
static enum assay_status convert(struct assay_import *import, const struct assay_sandbox *sandbox,
    char *file, int fd, struct assay_err *err)
{
	const char *tmp = getenv("TMPDIR");
	struct assay_helper_conversion what = { .sandbox = sandbox,
		.argv = argv_of_program,
		.base = tmp != NULL && tmp[0] == '/' ? tmp : "/var/tmp",
		.file = fd,
		.stop_fd = import->stop_fd };
	struct assay_arena *arena = assay_arena_new();
	struct assay_import_pst *pst;
	enum assay_status st;

	import->pst = assay_xrealloc(import->pst, (import->npst + 1) * sizeof *import->pst);
	pst = &import->pst[import->npst++];
	*pst = (struct assay_import_pst){ .file = file, .made = { .line = -1 } };
	what.path = assay_helper_look_up(arena, PROGRAM);
	if (what.path == NULL) {
		st = assay_err_set(err, ASSAY_E_UNSUP,
		    "an Outlook file is unpacked by " PROGRAM ", which is not here; install it "
		    "(package pst-utils)");
	} else {
		assay_log(ASSAY_LOG_INFO, "%s: " PROGRAM " unpacks it", file);
		st = assay_helper_convert(&what, &pst->made, err);
	}
	if (st == ASSAY_OK)
		pst->dir = realpath(pst->made.dir, NULL);
	if (st != ASSAY_OK && st != ASSAY_END)
		assay_err_prefix(err, "%s", file);
	assay_arena_free(&arena);
	return st;
}

/* look_at - one operand; what is no Outlook file is left to others */
static enum assay_status look_at(struct assay_import *import, const struct assay_sandbox *sandbox,
    const char *name, struct assay_err *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum assay_status st = ASSAY_OK;
	char *file;

	if (fd >= 0 && is_pst(fd) && (file = realpath(name, NULL)) != NULL)
		st = convert(import, sandbox, file, fd, err);
	assay_io_close(&fd);
	return st;
}

/* assay_import_pst_open - see import.h */
enum assay_status assay_import_pst_open(
    struct assay_import *import, const struct assay_opts *core, struct assay_err *err)
{
	const struct assay_sandbox_options options = { .user = assay_opt_str(core, "scan_user") };
	const char *const *name = import->operands.word;
	struct assay_sandbox sandbox;
	enum assay_status st = assay_sandbox_prepare(&sandbox, &options, err);

	if (st != ASSAY_OK)
		return st;
	for (; *name != NULL && st != ASSAY_END; name++) {
		st = look_at(import, &sandbox, *name, err);
		if (st != ASSAY_OK && st != ASSAY_END)
			assay_import_complain(import, err);
	}
	assay_sandbox_release(&sandbox);
	return st == ASSAY_END ? st : ASSAY_OK;
}

/* assay_import_pst_find - see import.h */
const struct assay_import_pst *assay_import_pst_find(
    const struct assay_import *import, const char *file)
{
	for (size_t i = 0; i < import->npst; i++)
		if (strcmp(import->pst[i].file, file) == 0)
			return &import->pst[i];
	return NULL;
}

/* assay_import_pst_close - see import.h */
void assay_import_pst_close(struct assay_import *import)
{
	for (size_t i = 0; i < import->npst; i++) {
		assay_helper_converted_release(&import->pst[i].made);
		free(import->pst[i].file);
		free(import->pst[i].dir);
	}
	free(import->pst);
	import->pst = NULL;
	import->npst = 0;
}
