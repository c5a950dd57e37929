/*
 * core/cmd/cmd_import.c - `assay import`: mail that lies somewhere, into the store
 *
 * Reads the command line, looks for the running service, and then is one more of its doors
 * (core/keeper.h): what it finds is scanned by the service's scan processes, after all mail that
 * somebody waits for, and kept in its spool. The journal of what is done is written after each
 * group is safe; who is killed between the two has a few mails scanned again, which the store
 * knows.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/board.h"
#include "core/cmd/import.h"
#include "core/dial.h"
#include "core/door.h"
#include "core/json.h"
#include "core/keeper.h"
#include "core/role.h"

#define JOBS_MAX 256u
#define NAME_MOST ((size_t)16 * 1024)
#define SENDERS_MAX ((size_t)2000000) /* more are not counted */
#define SILENCE_MS 5000               /* then we look whether the service is still there */
#define GONE_MS 60000                 /* a service that restarts is back by then */

enum { JOBS, DRY_RUN, AGAIN };

static const struct assay_arg args_of_import[] = {
	{ 'j', "jobs", "N", "Messages that are scanned side by side" },
	{ 'n', "dry-run", NULL, "Count what would be imported; nothing is scanned or kept" },
	{ 0, "again", NULL, "Also what was imported before" },
	{ 0, NULL, NULL, NULL },
};

/* ---- being told to stop ---------------------------------------------------------------------- */

static int stop_pipe[2] = { -1, -1 };

/* stop - the first time in good order, the second at once */
static void stop(int number)
{
	const int e = errno;

	if (write(stop_pipe[1], "", 1) != 1)
		_exit(EX_TEMPFAIL);
	(void)signal(number, SIG_DFL);
	errno = e;
}

/* catch_signals - they make stop_pipe readable */
static enum assay_status catch_signals(struct assay_err *err)
{
	const struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESTART };

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
	    sigaction(SIGHUP, &action, NULL) != 0)
		return assay_err_set(
		    err, ASSAY_E_IO, "cannot listen to signals: %s", strerror(errno));
	return ASSAY_OK;
}

/* stopped - was one there? */
static bool stopped(void)
{
	char byte;

	return read(stop_pipe[0], &byte, 1) == 1;
}

/* ---- what the keeper asks -------------------------------------------------------------------- */

/* admit - unless it was imported before */
static bool admit(void *arg, const json_t *request, uint64_t size)
{
	struct assay_import *import = arg;
	const char *scan_id = assay_json_get_str(request, "scan_id");

	assay_import_tell_found(import, request, size);
	if (!import->again && assay_import_journal_has(&import->journal, scan_id)) {
		import->count.known++;
		return false;
	}
	if (import->dry)
		return false;
	import->count.admitted++;
	return true;
}

/* answered - in the group that is kept next */
static void answered(void *arg, const struct assay_answer *answer)
{
	struct assay_import *import = arg;

	import->heard_ms = assay_clock_mono_ms();
	assay_import_tell_answer(import, answer);
}

/* bypassed - a report without a scan would be all that is ever known of it */
static void bypassed(void *arg)
{
	struct assay_import *import = arg;

	if (import->bypassed)
		return;
	import->bypassed = true;
	assay_log(ASSAY_LOG_ERROR, "scanning is switched off (assay bypass)");
	if (write(stop_pipe[1], "", 1) != 1)
		_exit(EX_TEMPFAIL);
}

/* kept - for good */
static void kept(void *arg, const char *scan_id)
{
	struct assay_import *import = arg;

	import->count.kept++;
	assay_import_journal_add(&import->journal, scan_id);
}

/* give_up - the service is gone: what is kept is kept, the rest comes the next time */
_Noreturn static void give_up(struct assay_import *import)
{
	assay_import_tell_end(import);
	assay_import_journal_close(&import->journal);
	assay_import_tell_summary(import);
	assay_log(ASSAY_LOG_ERROR,
	    "the service is gone (%s); start it and run the same command again: it goes on where "
	    "it stopped",
	    import->bulk_path);
	_exit(assay_cmd_close_stdout(EX_TEMPFAIL));
}

/* watch_service - is it there while we wait for it? */
static void watch_service(struct assay_import *import, int64_t now_ms)
{
	struct assay_err err;

	if (import->count.kept == import->count.admitted)
		import->heard_ms = now_ms;
	if (now_ms - import->heard_ms < SILENCE_MS)
		return;
	if (assay_dial_check(import->bulk_path, &err) == ASSAY_OK)
		import->heard_ms = now_ms;
	else if (now_ms - import->heard_ms > GONE_MS)
		give_up(import);
}

/* tick - in each turn of the door */
static int64_t tick(void *arg)
{
	struct assay_import *import = arg;
	int64_t now_ms = assay_clock_mono_ms();

	assay_import_journal_flush(&import->journal);
	if (!import->dry)
		watch_service(import, now_ms);
	return assay_import_tell_pace(import);
}

/* progress - of the file at work */
static void progress(void *arg, uint64_t bytes)
{
	struct assay_import *import = arg;

	import->pace.now = bytes;
	/* What was imported before makes no turns. */
	(void)assay_import_tell_pace(import);
}

/* rename_source - what lies in a directory that was made of an Outlook file is the file's */
static const char *rename_source(void *arg, const char *name)
{
	struct assay_import *import = arg;
	const struct assay_import_pst *pst = import->inside;

	if (pst == NULL || name == NULL || strncmp(name, pst->dir, strlen(pst->dir)) != 0)
		return name;
	assay_buf_clear(&import->name);
	(void)assay_buf_printf(&import->name, "%s%s", pst->file, name + strlen(pst->dir));
	return import->name.p;
}

/* work - everything that was named */
static enum assay_status work(
    void *arg, const struct assay_setup *setup, struct assay_door *door, struct assay_err *err)
{
	struct assay_import *import = arg;

	import->setup = setup;
	import->door = door;
	assay_import_walk_measure(import);
	import->pace.began_ms = import->pace.said_ms = import->pace.sampled_ms = import->heard_ms =
	    assay_clock_mono_ms();
	return assay_import_walk(import, err);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* check_same - what we keep goes where the service's own configuration says */
static enum assay_status check_same(struct assay_config *config, struct assay_err *err)
{
	struct assay_board_head head;
	struct assay_board board;
	enum assay_status st =
	    assay_board_open(assay_config_path(config, ASSAY_DIR_RUN), &board, err);

	if (st != ASSAY_OK)
		return st;
	assay_board_read_head(&board, &head);
	assay_board_close(&board);
	if (strcmp(head.source_sha256, assay_config_source_sha256(config)) == 0)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF,
	    "the service runs with another configuration than this command: assay reload, and no "
	    "--plugin-opts here");
}

/* check_use - somebody must keep the reports */
static enum assay_status check_use(const struct assay_config *config, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(config);

	if (assay_opt_list(core, "connectors")[0] != NULL ||
	    assay_opt_list(core, "archivers")[0] != NULL)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF,
	    "nothing is configured that would keep the reports: name a store, [core] connectors = "
	    "sqlite, and assay reload");
}

/* check_rights - may we write where the service reads? */
static enum assay_status check_rights(const struct assay_config *config, struct assay_err *err)
{
	const char *var = assay_config_path(config, ASSAY_DIR_VAR);
	enum assay_status st = ASSAY_OK;
	struct assay_buf spool;

	assay_buf_init(&spool, 4096);
	(void)assay_buf_printf(&spool, "%s/spool/tmp", var);
	if (geteuid() != 0 && access(spool.p, W_OK) != 0 && errno == EACCES)
		st = assay_err_set(err, ASSAY_E_USAGE,
		    "%s: not yours to write; run this as root or as the user of the service",
		    spool.p);
	assay_buf_release(&spool);
	return st;
}

/* check_service - it must be there, the same as we are, and we must be allowed to */
static enum assay_status check_service(
    struct assay_config *config, const char *bulk_path, struct assay_err *err)
{
	enum assay_status st = check_use(config, err);

	if (st == ASSAY_OK)
		st = check_rights(config, err);
	if (st != ASSAY_OK)
		return st;
	st = assay_dial_check(bulk_path, err);
	if (st == ASSAY_E_DEAD)
		return assay_err_set(err, ASSAY_E_DEAD,
		    "no service is running here (%s): it is what scans and stores; start it "
		    "(assay serve -d) and run this again",
		    bulk_path);
	return st == ASSAY_OK ? check_same(config, err) : st;
}

/* outcome - the exit code, in words where there is something to do */
static int outcome(struct assay_import *import, int code)
{
	const bool cut = stopped();

	if (code == 0)
		code = import->failed;
	if (code != 0 || !cut)
		return code;
	assay_log(
	    ASSAY_LOG_WARNING, "stopped; run the same command again: it goes on where it stopped");
	return EX_TEMPFAIL;
}

/* begin - what is there before the first mail is looked at */
static enum assay_status begin(
    struct assay_import *import, const struct assay_config *config, struct assay_err *err)
{
	enum assay_status st = catch_signals(err);

	assay_keyset_init(&import->senders, SENDERS_MAX);
	assay_buf_init(&import->name, NAME_MOST);
	assay_buf_init(&import->dir, NAME_MOST);
	(void)assay_buf_printf(&import->dir, "%s/import", assay_config_path(config, ASSAY_DIR_VAR));
	assay_import_journal_init(&import->journal, import->dir.p);
	import->stop_fd = stop_pipe[0];
	import->pace.terminal = isatty(STDERR_FILENO) == 1;
	return st == ASSAY_OK ? assay_import_pst_open(import, assay_config_core(config), err) : st;
}

/* end - with the summary, when there was anything to do */
static void end(struct assay_import *import)
{
	assay_import_journal_close(&import->journal);
	assay_import_pst_close(import);
	assay_import_tell_end(import);
	if (import->setup != NULL)
		assay_import_tell_summary(import);
	assay_keyset_release(&import->senders);
	assay_buf_release(&import->name);
	assay_buf_release(&import->dir);
}

/* import_all - as one more door of the service; takes config */
static int import_all(struct assay_import *import, struct assay_config *config)
{
	static const char *const also[] = { "mbox", "maildir", NULL };
	struct assay_keeper_guest guest = { .also = also,
		.jobs = (size_t)import->jobs,
		.dry = import->dry,
		.admit = admit,
		.bypassed = bypassed,
		.answered = answered,
		.kept = kept,
		.tick = tick,
		.progress = progress,
		.rename = rename_source,
		.work = work,
		.arg = import };
	struct assay_err err;
	enum assay_status st = begin(import, config, &err);
	int code;

	if (st == ASSAY_OK) {
		guest.stop_fd = import->stop_fd;
		code = assay_keeper_guest(config, &guest);
	} else {
		assay_config_free(&config);
		code = st == ASSAY_END ? 0 : assay_cmd_fail(&err);
	}
	end(import);
	return outcome(import, code);
}

/* load_and_import - everything behind the command line */
static int load_and_import(struct assay_import *import, const struct assay_cmd_globals *globals)
{
	struct assay_config *config = NULL;
	struct assay_buf path;
	struct assay_err err;
	enum assay_status st = assay_cmd_config_load(globals, NULL, &config, &err);
	int code;

	if (st != ASSAY_OK)
		return assay_cmd_fail(&err);
	assay_buf_init(&path, 4096);
	(void)assay_buf_printf(
	    &path, "%s/" ASSAY_RUN_BULK, assay_config_path(config, ASSAY_DIR_RUN));
	import->bulk_path = path.p;
	if (!import->dry)
		st = check_service(config, path.p, &err);
	if (st == ASSAY_OK) {
		code = import_all(import, config);
	} else {
		assay_config_free(&config);
		code = assay_cmd_fail(&err);
	}
	assay_buf_release(&path);
	return code;
}

/* set_jobs - how many */
static enum assay_status set_jobs(
    struct assay_import *import, const char *text, struct assay_err *err)
{
	if (assay_slice_u64(assay_slice_str(text), &import->jobs) && import->jobs >= 1 &&
	    import->jobs <= JOBS_MAX)
		return ASSAY_OK;
	return assay_err_set(
	    err, ASSAY_E_USAGE, "--jobs %s: a number from 1 to %u", text, JOBS_MAX);
}

/* run - `assay import ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_import import = { .jobs = 0 };
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which, code;

	assay_args_init(&args, &assay_cmd_import, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			assay_words_add(&import.operands, value);
		else if (which == JOBS && set_jobs(&import, value, &err) != ASSAY_OK)
			return assay_cmd_fail(&err);
		import.dry |= which == DRY_RUN;
		import.again |= which == AGAIN;
	}
	if (import.operands.n == 0) {
		(void)assay_err_set(
		    &err, ASSAY_E_USAGE, "nothing to import: name mailboxes or directories");
		return assay_cmd_fail(&err);
	}
	code = assay_cmd_close_stdout(load_and_import(&import, globals));
	assay_words_free(&import.operands);
	return code;
}

const struct assay_cmd assay_cmd_import = {
	.name = "import",
	.synopsis = "PATH...",
	.summary = "Puts old mail through the service and into the store.",
	.more =
	    "PATH is an mbox file, also one that is packed (gzip, bzip2, xz, zstd), a message,\n"
	    "a Maildir, or a directory with any of these below it. What was imported before is\n"
	    "passed over, so an import that was interrupted goes on when it is called again.",
	.args = args_of_import,
	.run = run,
};
