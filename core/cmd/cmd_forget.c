/*
 * core/cmd/cmd_forget.c - `assay forget`: erases somebody, or one mail, everywhere
 *
 * Says what goes, asks, and lets core/forget.h do it. On standard output only scan_ids (with
 * --dry-run) or what was erased; who cannot erase is named on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/store.h"
#include "core/forget.h"

#define SEEN "seen"

enum { RCPT, FROM, SCAN, DRY_RUN, YES, STORE };

static const struct assay_arg args_of_forget[] = {
	{ 0, "rcpt", "ADDRESS", "Mails to this recipient" },
	{ 0, "from", "ADDRESS", "Mails of this sender (From, or the envelope's)" },
	{ 0, "scan", "ID", "One mail: all reports of it; scan_id, queue id or Message-ID" },
	{ 0, "dry-run", NULL, "Erase nothing: print the scan_ids" },
	{ 'y', "yes", NULL, "Do not ask" },
	{ 'C', "connector", "NAME", "The store to ask" },
	{ 0, NULL, NULL, NULL },
};

struct asked {
	struct assay_cmd_store store;
	struct assay_forget forget;
	struct assay_forget_who who; /* value NULL: not said yet */
	const char *connector;
	bool dry_run, yes;
};

/* ---- words ----------------------------------------------------------------------------------- */

/* counted - "12 reports", "1 report" */
static const char *counted(struct asked *asked, uint64_t n, const char *what)
{
	return assay_arena_printf(
	    asked->forget.arena, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

/* all_of_it - what goes, in words */
static const char *all_of_it(struct asked *asked)
{
	const struct assay_forget *f = &asked->forget;

	return assay_arena_printf(f->arena, "%s, %s that nobody else has, %s waiting in queues",
	    counted(asked, f->reports, "report"), counted(asked, f->going, "payload"),
	    counted(asked, f->waiting, "record"));
}

/* warn_of - a connector that keeps what it has */
static void warn_of(const char *name)
{
	if (strcmp(name, SEEN) == 0)
		assay_log(ASSAY_LOG_WARNING,
		    "%s: its filters hold no addresses, but go on saying that one was there; to "
		    "make "
		    "them anew, remove them and say `assay seen --rebuild`",
		    name);
	else
		assay_log(ASSAY_LOG_WARNING,
		    "%s cannot take back what it was told; remove these scan_ids where it wrote "
		    "them (--dry-run lists them)",
		    name);
}

/* warn - of those that keep what they have */
static void warn(const struct asked *asked)
{
	const char *name;
	size_t at = 0;

	while ((name = assay_forget_cannot(&asked->forget, false, &at)) != NULL)
		warn_of(name);
	at = 0;
	while ((name = assay_forget_cannot(&asked->forget, true, &at)) != NULL)
		assay_log(ASSAY_LOG_WARNING,
		    "%s cannot erase payloads; remove them where it keeps them", name);
}

/* list_scans - one per line */
static void list_scans(struct asked *asked)
{
	const struct assay_map *scans = &asked->forget.scans;

	for (size_t i = 0; i < scans->n; i++) {
		json_t *id = json_stringn(scans->entry[i].key.p, scans->entry[i].key.n);

		assay_cmd_store_add(&asked->store, id, 200);
		(void)assay_buf_add_char(&asked->store.out, '\n');
		json_decref(id);
		assay_cmd_store_print(&asked->store);
	}
}

/* is_sure - asks, on the terminal; E_USAGE: there is nobody to ask */
static enum assay_status is_sure(struct asked *asked, bool *sure, struct assay_err *err)
{
	char answer[16] = "";

	*sure = asked->yes;
	if (asked->yes)
		return ASSAY_OK;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s would be erased; say so with --yes, or list them with --dry-run",
		    all_of_it(asked));
	(void)fprintf(stderr, "Erase %s? [y/N] ", all_of_it(asked));
	(void)fflush(stderr);
	if (fgets(answer, sizeof answer, stdin) != NULL)
		*sure = answer[0] == 'y' || answer[0] == 'Y';
	return ASSAY_OK;
}

/* ---- what is done ---------------------------------------------------------------------------- */

/* erase - after asking; *done: it was */
static enum assay_status erase(struct asked *asked, bool *done, struct assay_err *err)
{
	const char *var = assay_config_path(asked->store.config, ASSAY_DIR_VAR);
	const char *what = all_of_it(asked);
	char by[100];
	enum assay_status status = is_sure(asked, done, err);

	if (status != ASSAY_OK || !*done)
		return status;
	warn(asked);
	assay_cmd_user(by, sizeof by);
	status = assay_forget_erase(&asked->forget, var, by, err);
	if (status != ASSAY_OK) {
		assay_err_prefix(err, "not all is erased yet, run this again");
		return status;
	}
	(void)assay_buf_printf(&asked->store.out, "erased %s\n", what);
	assay_cmd_store_print(&asked->store);
	return ASSAY_OK;
}

/* find - all that goes */
static enum assay_status find(struct asked *asked, struct assay_err *err)
{
	const char *var = assay_config_path(asked->store.config, ASSAY_DIR_VAR);
	enum assay_status status = assay_forget_find(&asked->forget, &asked->who, err);

	if (status == ASSAY_OK)
		status = assay_forget_queued(&asked->forget, var, err);
	return status == ASSAY_OK ? assay_forget_weigh(&asked->forget, err) : status;
}

/* forget - everything behind the command line */
static int forget(struct asked *asked, const struct assay_cmd_globals *globals)
{
	struct assay_err err;
	bool done = true;
	enum assay_status status =
	    assay_cmd_store_open(&asked->store, globals, asked->connector, &err);

	if (status == ASSAY_OK) {
		assay_forget_init(&asked->forget, asked->store.host,
		    assay_config_core(asked->store.config), asked->store.loaded);
		status = find(asked, &err);
	}
	if (status == ASSAY_OK && asked->forget.reports + asked->forget.waiting == 0) {
		done = false;
	} else if (status == ASSAY_OK && asked->dry_run) {
		warn(asked);
		(void)fprintf(stderr, "%s would be erased\n", all_of_it(asked));
		list_scans(asked);
	} else if (status == ASSAY_OK) {
		status = erase(asked, &done, &err);
	}
	assay_forget_release(&asked->forget);
	assay_cmd_store_close(&asked->store);
	if (status != ASSAY_OK)
		return assay_cmd_fail(&err);
	return done ? 0 : 1;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* take - one option */
static enum assay_status take(
    struct asked *asked, int which, const char *value, struct assay_err *err)
{
	static const enum assay_forget_by by[] = {
		[RCPT] = ASSAY_FORGET_RCPT, [FROM] = ASSAY_FORGET_FROM, [SCAN] = ASSAY_FORGET_SCAN
	};

	asked->dry_run |= which == DRY_RUN;
	asked->yes |= which == YES;
	if (which == STORE)
		asked->connector = value;
	if (which > SCAN)
		return ASSAY_OK;
	if (asked->who.value != NULL || assay_slice_trim(assay_slice_str(value)).n == 0)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "give one of --rcpt ADDRESS, --from ADDRESS and --scan ID");
	asked->who = (struct assay_forget_who){ by[which], value };
	return ASSAY_OK;
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(struct asked *asked, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_forget, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			return assay_args_unwanted(&args, value);
		if (take(asked, which, value, &err) != ASSAY_OK)
			return assay_cmd_fail(&err);
	}
	if (asked->who.value != NULL)
		return -1;
	(void)assay_err_set(
	    &err, ASSAY_E_USAGE, "whom, or what? give --rcpt ADDRESS, --from ADDRESS or --scan ID");
	return assay_cmd_fail(&err);
}

/* run - `assay forget ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct asked asked = { .dry_run = false };
	int code = read_args(&asked, globals, argc, argv);

	if (code < 0)
		code = assay_cmd_close_stdout(forget(&asked, globals));
	return code;
}

const struct assay_cmd assay_cmd_forget = {
	.name = "forget",
	.synopsis = "--rcpt ADDRESS | --from ADDRESS | --scan ID",
	.summary = "Erases somebody, or one mail, everywhere reports and payloads are kept.",
	.more =
	    "A mail to several recipients is erased for all of them. What goes: reports and what\n"
	    "was said of them in all connectors that can erase, payloads that no other report "
	    "has,\n"
	    "and what waits in queues. A finding \"erased\" without names stays in the store, and\n"
	    "keeps it from coming back. Exit 1: nothing was found, or you said no.",
	.args = args_of_forget,
	.run = run,
};
