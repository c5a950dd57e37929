/*
 * core/cmd/scan_lines.c - who scans for `assay scan`: the running service, or processes of our own
 *
 * The service is asked only if home and configuration agree, so that the answer is the same. It is
 * found by its scoreboard; what is not there, not ours to reach or of another configuration is
 * passed over silently (log level info), never an error. A service without scan processes would let
 * us wait for ever: it is passed over with a warning, and given up when that comes later.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/board.h"
#include "core/cmd/scan.h"
#include "core/dial.h"
#include "core/health.h"
#include "core/line.h"
#include "core/role.h"

/* tell_sandbox - at log level debug; at info when something is missing here */
static void tell_sandbox(const struct assay_sandbox *sandbox)
{
	char text[ASSAY_SANDBOX_TEXT];

	if (sandbox->options.off) {
		(void)fprintf(
		    stderr, "assay: warning: --no-sandbox: a mail can do whatever this user can\n");
		return;
	}
	assay_sandbox_describe(sandbox, text);
	assay_log(strstr(text, "missing") != NULL ? ASSAY_LOG_INFO : ASSAY_LOG_DEBUG, "sandbox: %s",
	    text);
}

/* own_lines - scan processes of our own */
static enum assay_status own_lines(const struct assay_scan_how *how, struct assay_setup *setup,
    struct assay_lines **lines, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(setup->config);
	const struct assay_local_lines local = { .engine = setup->engine,
		.core = core,
		.sandbox = &setup->sandbox,
		.foreign = &setup->foreign,
		.jobs = how->jobs > 0 ? (size_t)how->jobs : (size_t)assay_opt_int(core, "jobs") };
	enum assay_status st = assay_setup_warm(setup, how->no_sandbox, err);

	if (st == ASSAY_OK)
		tell_sandbox(&setup->sandbox);
	return st == ASSAY_OK ? assay_local_lines(&local, lines, err) : st;
}

/* is_of_use - does that service scan as we would? */
static bool is_of_use(
    const struct assay_board_head *head, struct assay_config *config, const char *run_dir)
{
	if (strcmp(head->source_sha256, assay_config_source_sha256(config)) != 0) {
		assay_log(ASSAY_LOG_INFO,
		    "the service runs with another configuration: scanning by ourselves");
		return false;
	}
	if (!assay_health_scans(run_dir)) {
		assay_log(ASSAY_LOG_WARNING,
		    "the service has no scan processes (assay status): scanning by ourselves");
		return false;
	}
	return true;
}

/* their_lines - to the scan processes of a service that runs here with this configuration; NULL:
 * there is none, or it is none of our business */
static struct assay_lines *their_lines(
    const struct assay_scan_how *how, struct assay_setup *setup, const char *run_dir)
{
	struct assay_lines *lines = NULL;
	struct assay_board_head head;
	struct assay_board board;
	struct assay_err err;
	struct assay_buf path;

	if (how->local || how->no_sandbox || assay_board_open(run_dir, &board, &err) != ASSAY_OK)
		return NULL;
	assay_board_read_head(&board, &head);
	assay_board_close(&board);
	assay_buf_init(&path, 4096);
	if (assay_buf_printf(&path, "%s/" ASSAY_RUN_BULK, run_dir) &&
	    assay_dial_check(path.p, &err) == ASSAY_OK &&
	    is_of_use(&head, setup->config, run_dir) &&
	    assay_dial_new(path.p, how->jobs > 0 ? (size_t)how->jobs : head.bulk_max, &lines,
		&err) == ASSAY_OK)
		assay_log(ASSAY_LOG_DEBUG, "the running service scans");
	assay_buf_release(&path);
	return lines;
}

/* assay_scan_lines - see scan.h */
enum assay_status assay_scan_lines(const struct assay_scan_how *how, struct assay_setup *setup,
    struct assay_scan_lines *lines, struct assay_err *err)
{
	const char *run_dir = assay_config_path(setup->config, ASSAY_DIR_RUN);

	*lines = (struct assay_scan_lines){ .lines = their_lines(how, setup, run_dir),
		.patience_ms = assay_opt_int(assay_config_core(setup->config), "overload_wait") };
	if (lines->lines == NULL)
		return own_lines(how, setup, &lines->lines, err);
	lines->run_dir = run_dir;
	return ASSAY_OK;
}

/* assay_scan_lines_check - see scan.h */
enum assay_status assay_scan_lines_check(struct assay_scan_lines *lines, struct assay_err *err)
{
	const int64_t now_ms = assay_clock_mono_ms();

	if (lines->run_dir == NULL || assay_health_scans(lines->run_dir))
		lines->dead_ms = 0;
	else if (lines->dead_ms == 0)
		lines->dead_ms = now_ms;
	else if (now_ms - lines->dead_ms >= lines->patience_ms)
		return assay_err_set(err, ASSAY_E_DEAD,
		    "the service has had no scan process for %lld s: what is not reported was not "
		    "scanned (assay status says why, --local scans without it)",
		    (long long)(now_ms - lines->dead_ms) / 1000);
	return ASSAY_OK;
}
