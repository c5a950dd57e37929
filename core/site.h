/*
 * core/site.h - the place of one service: directories, the lock, sockets, the scoreboard
 *
 * Made by the parent before anything else. The lock is a record lock (fcntl) on service.lock in the
 * run directory and one on VAR/service.lock: it ends with the process that holds it, and who asks
 * for the holder (`assay status`) disturbs nobody. Directories that are made belong to [core] user
 * (0750); those that are there keep their owner, and must be writable for that user. Sockets are
 * listening, 0660, of the group of that user.
 */
#ifndef ASSAY_SITE_H
#define ASSAY_SITE_H

#include "core/config.h"
#include "core/role.h"

struct assay_site {
	char *run, *var;
	struct assay_role_user user;
	int run_lock, var_lock;
	int inline_sock, bulk_sock;
	struct assay_board board;
};

/* E_DEAD: another service runs here (its pid is told); E_FULL: something cannot be made; E_CONF: a
 * path is too long for a socket. Nothing is left behind then. */
ASSAY_MUST_CHECK enum assay_status assay_site_open(
    struct assay_site *site, const struct assay_config *config, struct assay_err *err);
/* Removes sockets, pid file and scoreboard when `tidy`. */
void assay_site_close(struct assay_site *site, bool tidy);
/* Who holds the lock of this run directory; 0: nobody; -1: it cannot be told (err). */
pid_t assay_site_holder(const char *run_dir, struct assay_err *err);

#endif
