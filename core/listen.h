/*
 * core/listen.h - what the parent of the service listens on for its providers
 *
 * A provider names its sockets (`sockets` of struct assay_provider); the child that tries a
 * configuration writes them down, one line "DOOR SPEC" each, and the parent, which loads no plugin,
 * binds them, keeps them over reloads and hands them to the door. SPEC is one of
 *
 * - unix:/path [mode=0660] [group=NAME]; the last directory of the path is made (0755) when it is
 *   missing; a socket nobody listens on is replaced
 * - inet:port@host, inet6:port@host; host: an address, in brackets or not; "*" or none: any
 * - systemd:name, as passed by the service manager (sd_listen_fds(3)): stays open when nobody wants
 *   it any more
 *
 * Sockets are non-blocking and close-on-exec. All lines come from our own configuration.
 */
#ifndef ASSAY_LISTEN_H
#define ASSAY_LISTEN_H

#include <sys/types.h>

#include <assay/types.h>

struct sockaddr_un;

#define ASSAY_LISTEN_MOST 16u
#define ASSAY_LISTEN_SPEC 240u

struct assay_listen {
	char door[64]; /* "": unused */
	char spec[ASSAY_LISTEN_SPEC];
	int fd;
	bool wanted, fresh;
};

struct assay_listens {
	struct assay_listen at[ASSAY_LISTEN_MOST];
};

void assay_listens_init(struct assay_listens *listens);
/* Closes all; removes the paths of Unix sockets when `tidy`. */
void assay_listens_close(struct assay_listens *listens, bool tidy);
/* Could there be such a socket? Nothing is opened. E_CONF: not such a SPEC, or no such group. */
ASSAY_MUST_CHECK enum assay_status assay_listen_check(const char *spec, struct assay_err *err);
/* Opens what these lines name and is not open yet, and marks what they do not name. On failure
 * everything that was open before is open still, and nothing else. E_CONF: not such a line; E_FULL:
 * it cannot be had; E_DEAD: somebody else listens there. */
ASSAY_MUST_CHECK enum assay_status assay_listens_open(
    struct assay_listens *listens, struct assay_slice lines, struct assay_err *err);
/* Closes what the last call did not name: once the doors that had it are gone. */
void assay_listens_prune(struct assay_listens *listens);
/* As before the last call of open. */
void assay_listens_undo(struct assay_listens *listens);
/* A connection to such a socket, as one who has something to say: blocking. A path alone is a Unix
 * socket; mode= and group= are passed over; "any address" is the loopback one. E_CONF, E_NOENT,
 * E_DEAD (nobody listens there), E_IO. */
ASSAY_MUST_CHECK enum assay_status assay_listen_dial(
    const char *spec, int *fd, struct assay_err *err);
/* The address of a Unix socket. E_CONF: the path is too long for one. */
ASSAY_MUST_CHECK enum assay_status assay_listen_address(
    const char *path, struct sockaddr_un *at, struct assay_err *err);
/* Listens there, with `mode` from its first moment on. What lay there must be gone. E_CONF,
 * E_FULL. */
ASSAY_MUST_CHECK enum assay_status assay_listen_unix(
    const char *path, mode_t mode, int *fd, struct assay_err *err);
/* Those of one door, in the order of its lines; how many. */
size_t assay_listens_of(
    const struct assay_listens *listens, const char *door, int fds[ASSAY_LISTEN_MOST]);

#endif
