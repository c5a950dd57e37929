/*
 * syslog/target.h - where lines go: a socket that is opened when needed and again when it broke
 *
 * Addresses: unix:/path (datagram, or stream where that is what listens there), udp:HOST:PORT and
 * tcp:HOST:PORT; host 127.0.0.1 and port 514 when left out; [::1]:514 for IPv6. On a stream lines
 * are counted (RFC 6587 3.4.1) over TCP and end in a line feed on a Unix socket. A datagram that
 * was sent, or bytes that the kernel took, are all that can be known. Waits at most five seconds.
 */
#ifndef ASSAY_SYSLOG_TARGET_H
#define ASSAY_SYSLOG_TARGET_H

#include <assay/types.h>

struct assay_target {
	const char *address; /* as configured; borrowed */
	char host[256], port[32];
	enum { ASSAY_TARGET_UNIX, ASSAY_TARGET_UDP, ASSAY_TARGET_TCP } kind;
	bool stream;
	int fd; /* -1: not open */
};

/* E_CONF: no such address. Opens nothing. */
ASSAY_MUST_CHECK enum assay_status assay_target_init(
    struct assay_target *target, const char *address, struct assay_err *err);
/* One line without its end. E_LIMIT: too long for a datagram there; E_DEAD, E_IO, E_TIMEOUT: not
 * sent, try again. */
ASSAY_MUST_CHECK enum assay_status assay_target_send(
    struct assay_target *target, struct assay_slice line, struct assay_err *err);
void assay_target_close(struct assay_target *target);

#endif
