/*
 * command - an entry of [exec] commands: who runs on what
 *
 *	NAME [TYPE-GLOB ...]: PROGRAM [ARGUMENT ...]
 *
 * Words are separated by white space; "quoted words" may hold it, and a colon. From the
 * configuration only, read once, all memory in the arena.
 */
#ifndef ASSAY_EXEC_COMMAND_H
#define ASSAY_EXEC_COMMAND_H

#include <assay/types.h>

struct assay_arena;

struct assay_command {
	const char *name;
	const char *const *types; /* globs; empty: every type; NULL ends */
	const char *const *argv;  /* NULL ends */
};

/* E_CONF: it is not of that form. */
ASSAY_MUST_CHECK enum assay_status assay_command_read(struct assay_arena *arena, const char *text,
    struct assay_command *command, struct assay_err *err);
/* Does it want a payload of one of these types? Either may be NULL. */
bool assay_command_wants(
    const struct assay_command *command, const char *detected, const char *declared);

#endif
