/*
 * core/scanner.c - the embedding interface of <assay/engine.h>: a setup and a door in one object.
 * Touches what those touch; nothing global.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/door.h"
#include "core/scanner.h"
#include "core/setup.h"

struct assay_scanner {
	struct assay_setup setup;
	struct assay_door *door;
	void (*answer)(void *arg, const struct assay_answer *answer);
	void *arg;
};

/* hand_over - the door's answer to the caller of this one scan */
static enum assay_door_reply hand_over(
    void *arg, const struct assay_answer *answer, const struct assay_door_done *done)
{
	struct assay_scanner *scanner = arg;

	if (scanner->answer != NULL)
		scanner->answer(scanner->arg, answer);
	if (done->fn != NULL)
		done->fn(done->arg, answer->action);
	return ASSAY_DOOR_TAKEN;
}

/* open_door - a door with one scan process */
static enum assay_status open_door(struct assay_scanner *scanner, struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(scanner->setup.config);
	struct assay_local_lines local = { .engine = scanner->setup.engine,
		.core = core,
		.sandbox = &scanner->setup.sandbox,
		.foreign = &scanner->setup.foreign,
		.jobs = 1 };
	struct assay_door_options options = { .engine = scanner->setup.engine,
		.core = core,
		.sandbox = &scanner->setup.sandbox,
		.stop_fd = -1,
		.answer = hand_over,
		.arg = scanner };
	enum assay_status st = assay_local_lines(&local, &options.lines, err);

	return st == ASSAY_OK ? assay_door_open(&options, &scanner->door, err) : st;
}

/* assay_scanner_open - everything that can be done before the first mail */
enum assay_status assay_scanner_open(const struct assay_scanner_options *options,
    struct assay_scanner **scanner, struct assay_err *err)
{
	static const struct assay_scanner_options none;
	struct assay_setup_options setup = { 0 };
	struct assay_config_source source = { 0 };
	struct assay_scanner *s = NULL;
	struct assay_config *config = NULL;
	enum assay_status st;

	if (options == NULL)
		options = &none;
	*scanner = NULL;
	source.home = options->home;
	source.conf_file = options->conf_file;
	source.no_files = options->no_files;
	source.core_opts = options->core_opts;
	source.plugin_opts = options->plugin_opts;
	source.plugin_dirs = options->plugin_dirs;
	setup.no_sandbox = options->no_sandbox;
	st = assay_config_load(&source, &config, err);
	if (st != ASSAY_OK)
		return st;
	s = assay_xcalloc(1, sizeof *s);
	st = assay_setup_open(&s->setup, config, &setup, err);
	if (st == ASSAY_OK)
		st = open_door(s, err);
	if (st != ASSAY_OK)
		assay_scanner_close(&s);
	*scanner = s;
	return st;
}

/* assay_scanner_close - ends the scan process */
void assay_scanner_close(struct assay_scanner **scanner)
{
	struct assay_scanner *s = *scanner;

	if (s == NULL)
		return;
	assay_door_close(&s->door);
	assay_setup_close(&s->setup);
	free(s);
	*scanner = NULL;
}

/* assay_scanner_scan - one mail, one answer */
enum assay_status assay_scanner_scan(struct assay_scanner *scanner,
    const struct assay_submission *submission,
    void (*answer)(void *arg, const struct assay_answer *answer), void *arg, struct assay_err *err)
{
	enum assay_status st;

	scanner->answer = answer;
	scanner->arg = arg;
	st = assay_door_submit(scanner->door, submission, NULL, err);
	if (st == ASSAY_OK)
		st = assay_door_flush(scanner->door, err);
	scanner->answer = NULL;
	return st;
}

/* assay_scanner_policy - see scanner.h */
const struct assay_policy *assay_scanner_policy(const struct assay_scanner *scanner)
{
	return scanner->setup.policy;
}
