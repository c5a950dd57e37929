/*
 * core/dial.h - lines to the scan processes of a running service
 *
 * Connects to its inline or bulk socket, once per mail. A connection waits in the socket's queue
 * until a scan process takes it and says READY. The first ASSAY_DIAL_EARLY of them have their
 * request beside them in the queue: who takes one does not wait for the door, which may be writing
 * to the disk. They are few because their answers may all be on their way while the door is
 * stopped, and scan processes have few descriptors (core/sandbox.h). That nobody listens or the
 * queue is full is E_DEAD, "none now": the door tries again.
 */
#ifndef ASSAY_DIAL_H
#define ASSAY_DIAL_H

#include "core/line.h"

#define ASSAY_DIAL_EARLY 8u

/* `path` of a Unix socket, copied. most: conversations side by side. E_CONF: the path is too long
 * for a socket. */
ASSAY_MUST_CHECK enum assay_status assay_dial_new(
    const char *path, size_t most, struct assay_lines **lines, struct assay_err *err);
/* Does anybody listen there, and may we? E_DEAD, E_NOENT, E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_dial_check(const char *path, struct assay_err *err);

#endif
