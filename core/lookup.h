/*
 * core/lookup.h - the process that Postfix asks whether a sender was there before
 *
 * [core] lookup_listen names sockets, which the parent binds (core/listen.h); on them this process
 * speaks socketmap and tcp_table (core/lookup_wire.h) and answers from the filters of `seen`
 * (core/lookup_table.h), whose new layers it sees by itself. It writes nothing but its page of the
 * scoreboard and has no right to anything but reading the filters.
 *
 * Bounds: lookup_clients connections, the one that was silent longest makes room for a new one; a
 * request of ASSAY_LOOKUP_BYTES; a client that does not read its answers is not read from; one that
 * asks nothing for five minutes, or talks nonsense, is hung up on. When it shall go it answers what
 * it has, and hangs up: Postfix asks again on a new connection.
 */
#ifndef ASSAY_LOOKUP_H
#define ASSAY_LOOKUP_H

#include "core/role.h"

/* Its name among the listening sockets, as a door has that of its provider. */
#define ASSAY_LOOKUP_LISTENER "lookup"

/* The process, after assay_role_enter. Takes config. Returns the exit code. */
int assay_lookup_run(struct assay_role *role, struct assay_config *config);

#endif
