/*
 * core/backlog.h - how many connections wait at a listening Unix socket
 *
 * Asks the kernel (sock_diag), not the process that listens: it may hang. Needs no rights; works in
 * the network namespace in which the socket was made.
 */
#ifndef ASSAY_BACKLOG_H
#define ASSAY_BACKLOG_H

#include <assay/types.h>

/* By the path it was bound to; -1: the kernel does not say, or nobody listens there. */
int64_t assay_backlog_count(const char *path);

#endif
