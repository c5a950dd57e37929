/*
 * core/serve.h - the parent of the service
 *
 * Holds the lock on the home, checks the configuration (in a child), makes directories, sockets and
 * the scoreboard, starts its children (core/role.h), starts again what died, with a back-off from
 * 100 ms to 30 s, and reloads: a new scan master comes up beside the old one (reload = beside; or
 * after it, = replace), doors, drains and janitor are exchanged one by one, and only when the new
 * configuration loads; else the old one stays and the reason is told. Sockets stay open all the
 * time: no mail is refused. Never opens a mail, loads no plugin, waits for nothing but its
 * children.
 *
 * SIGTERM, SIGINT: stop in order (doors, then scan processes, then drains, then the janitor;
 * whoever takes longer than stop_time is killed; a second one kills at once). SIGHUP: reload.
 * Parent killed: all die (core/role.h).
 */
#ifndef ASSAY_SERVE_H
#define ASSAY_SERVE_H

#include "core/config.h"

struct assay_serve_options {
	bool no_sandbox, to_syslog;
	/* The globals of the command line, to be given to each child; NULL ends. */
	const char *const *child_args;
	/* Reads the configuration anew, for a reload; sets the log level. */
	enum assay_status (*load)(void *arg, struct assay_config **config, struct assay_err *err);
	/* Called in the parent when all is up the first time (for -d); or NULL. */
	void (*up)(void *arg);
	void *arg;
};

/* Until it is told to stop. Takes config. Returns the exit code: 0; 75: another one runs here; 73:
 * directories or sockets; 78: configuration, plugins or rules; 70: the scan master does not start.
 */
int assay_serve_run(const struct assay_serve_options *options, struct assay_config *config);

#endif
