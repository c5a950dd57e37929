/*
 * core/helper_socket.h - the addresses of services
 *
 * An address is read and looked up once, before the first mail: a name server that does not answer
 * delays the start and nothing else.
 */
#ifndef ASSAY_HELPER_SOCKET_H
#define ASSAY_HELPER_SOCKET_H

#include <sys/socket.h>

#include <assay/types.h>

struct assay_helper_entry;

/* Fills in the entry's address from its program's. E_PLUGIN: it is none of unix:/path,
 * tcp:host:port. E_NOENT: there is no such host. */
ASSAY_MUST_CHECK enum assay_status assay_helper_socket_find(
    struct assay_helper_entry *entry, struct assay_err *err);
/* A connection that does not block, before the deadline. E_NOENT: nobody listens there. */
ASSAY_MUST_CHECK enum assay_status assay_helper_socket_open(
    const struct assay_helper_entry *entry, int64_t deadline_ms, int *fd, struct assay_err *err);

#endif
