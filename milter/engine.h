/*
 * milter/engine.h - what drives sessions: a loop of our own, or libmilter
 *
 * Takes connections from the door's sockets, makes messages of them (session.h), hands these to
 * the door and tells the mail server what came of it (reply.h), until the door stops and the
 * sessions are over. Returns ASSAY_OK then, or why it cannot go on.
 */
#ifndef ASSAY_MILTER_ENGINE_H
#define ASSAY_MILTER_ENGINE_H

#include <assay/plugin.h>

struct assay_engine_options {
	size_t max_sessions; /* at once; more wait in the socket */
	int64_t idle_ms;     /* a server that says nothing for so long is hung up on */
	int64_t progress_ms; /* between two signs of life while a scan lasts */
	int64_t drain_ms;    /* for servers between two messages, when the door stops */
	uint64_t memory;     /* messages that come in; beyond it they go to files in */
	const char *tmp_dir;
};

/* milter/native.c */
ASSAY_MUST_CHECK enum assay_status assay_native_run(
    const struct assay_engine_options *options, struct assay_door *door, struct assay_err *err);

/* milter/libmilter.c, where libmilter is; once in a process */
ASSAY_MUST_CHECK enum assay_status assay_libmilter_run(
    const struct assay_engine_options *options, struct assay_door *door, struct assay_err *err);

#endif
