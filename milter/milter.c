/*
 * milter - mail servers ask what to do with the mail they are being given
 *
 * A provider for Postfix and Sendmail: the service listens on the sockets named in `listen`, and an
 * engine (engine.h) takes messages out of SMTP sessions, hands them to the door and tells the
 * server the verdict, which is the policy's. Nothing of a message is read here but its header
 * lines, which come apart from each other. Fails when it can wait for nobody; what a server does
 * then is its own configuration (milter_default_action).
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "engine.h"

#ifndef HAS_LIBMILTER
#define HAS_LIBMILTER 0
#endif

/* State of the plugin. */
struct milter {
	struct assay_engine_options engine;
	const char *const *listen;
	bool libmilter;
};

static const struct assay_opt options[] = {
	{ "listen", ASSAY_OPT_LIST,
	    "unix:/var/spool/postfix/assay/milter.sock mode=0660 group=postfix", 0, 0, NULL,
	    "Sockets for mail servers: unix:PATH [mode=0660] [group=NAME], inet:PORT@ADDRESS, "
	    "inet6:PORT@ADDRESS, systemd:NAME" },
	{ "engine", ASSAY_OPT_ENUM, "native", 0, 0, "native|libmilter",
	    "Who speaks the protocol; with libmilter a slow scan may hold up other sessions" },
	{ "max_sessions", ASSAY_OPT_INT, "500", 1, 500, NULL,
	    "Connections of mail servers; more wait in the socket" },
	{ "idle_timeout", ASSAY_OPT_TIME, "7210s", 1000, 86400000, NULL,
	    "How long a server may say nothing: as long as its SMTP client may" },
	{ "progress", ASSAY_OPT_TIME, "10s", 100, 3600000, NULL,
	    "Time between two signs of life to a server that waits for a verdict" },
	{ "drain_time", ASSAY_OPT_TIME, "10s", 0, 3600000, NULL,
	    "When the service stops or reloads: time for servers to end sessions by themselves" },
	{ "memory", ASSAY_OPT_SIZE, "64M", 1 << 20, INT64_MAX, NULL,
	    "Memory for messages that come in; more of them go to files" },
	{ "tmp_dir", ASSAY_OPT_STR, "spool/tmp", 0, 0, NULL,
	    "Directory of those files, below that for state" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* check_options - what their rows cannot */
static enum assay_status check_options(
    const struct assay_opts *opts, const struct milter *milter, struct assay_err *err)
{
	if (milter->listen[0] == NULL)
		return assay_opt_refuse(opts, "listen",
		    "names no socket; write unix:/path, inet:port@address or systemd:name", err);
	if (milter->libmilter && !HAS_LIBMILTER)
		return assay_opt_refuse(opts, "engine",
		    "this assay was built without libmilter; use engine = native", err);
	if (milter->libmilter && milter->listen[1] != NULL)
		return assay_opt_refuse(opts, "listen",
		    "libmilter serves one socket; name one, or use engine = native", err);
	return ASSAY_OK;
}

/* milter_open - reads the options; nothing is touched */
static enum assay_status milter_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct milter *milter = assay_xcalloc(1, sizeof *milter);
	enum assay_status st;

	milter->listen = assay_opt_list(opts, "listen");
	milter->libmilter = strcmp(assay_opt_str(opts, "engine"), "libmilter") == 0;
	milter->engine = (struct assay_engine_options){
		.max_sessions = (size_t)assay_opt_int(opts, "max_sessions"),
		.idle_ms = assay_opt_int(opts, "idle_timeout"),
		.progress_ms = assay_opt_int(opts, "progress"),
		.drain_ms = assay_opt_int(opts, "drain_time"),
		.memory = (uint64_t)assay_opt_int(opts, "memory"),
		.tmp_dir = assay_opt_state_path(opts, "tmp_dir"),
	};
	st = check_options(opts, milter, err);
	if (st == ASSAY_OK) {
		*state = milter;
		return ASSAY_OK;
	}
	free(milter);
	return st;
}

/* run_engine - the one that is configured */
static enum assay_status run_engine(
    const struct milter *milter, struct assay_door *door, struct assay_err *err)
{
#if HAS_LIBMILTER
	if (milter->libmilter)
		return assay_libmilter_run(&milter->engine, door, err);
#endif
	return assay_native_run(&milter->engine, door, err);
}

/* milter_run - until the door stops */
static enum assay_status milter_run(void *state, struct assay_door *door, struct assay_err *err)
{
	const struct milter *milter = state;
	struct assay_arena *arena = assay_arena_new();
	enum assay_status st = assay_io_make_parents(
	    assay_arena_printf(arena, "%s/x", milter->engine.tmp_dir), 0700, err);

	assay_arena_free(&arena);
	if (st == ASSAY_OK)
		st = run_engine(milter, door, err);
	return st;
}

/* milter_sockets - what the service listens on */
static const char *const *milter_sockets(void *state)
{
	return ((const struct milter *)state)->listen;
}

static const struct assay_provider provider = {
	.run = milter_run,
	.flags = ASSAY_PROVIDER_INLINE,
	.sockets = milter_sockets,
};

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "milter",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "mail servers (Postfix, Sendmail) ask what to do with their mail",
	.options = options,
	.open = milter_open,
	.close = free,
	.provider = &provider,
};
