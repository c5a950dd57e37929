/*
 * core/helper.h - the programs of plugins, and the process that runs them
 *
 * Beside each scan process lives a helper: the only process that executes programs or reaches
 * services for workers. What it may run was fixed before the first mail was read, in the tables of
 * the plugins (struct assay_program); from the scan process, which a mail may own, it takes the
 * number of a program, sealed bytes, and values for environment variables that the table names.
 *
 * As root it takes the user of the scan processes and gets a process namespace of its own, so that
 * nothing it started outlives it, and an empty network namespace unless a program was granted the
 * network. It can gain no privileges. It leaves when its scan process does, with everything it has
 * started and with its private directories.
 *
 * Who forks a scan process calls start before and end after it, and attach in it. All of that can
 * fail without harm: the programs' results are missing then, and each report says so.
 */
#ifndef ASSAY_HELPER_H
#define ASSAY_HELPER_H

#include <sys/socket.h>
#include <sys/types.h>

#include <assay/plugin.h>

#include "core/helper_wire.h"

struct assay_host;
struct assay_loaded;
struct assay_sandbox;

/* A row of a plugin's table, as it is run. */
struct assay_helper_entry {
	const struct assay_loaded *loaded;
	struct assay_program program;    /* defaults filled in */
	const char *path;                /* ONCE, STAY; NULL: not there */
	struct sockaddr_storage address; /* SOCKET */
	socklen_t address_size;          /* 0: there is no such host */
};

struct assay_helper {
	struct assay_arena *arena;
	struct assay_helper_entry entry[ASSAY_HELPER_PROGRAMS];
	size_t n;
	const struct assay_sandbox *sandbox; /* whose user is taken */
	const char *base;                    /* where private directories are made */
	bool network;                        /* some program may reach the network */
	struct assay_wire line; /* of a scan process, to its helper; sock -1: there is none */
	bool lost;              /* there was one */
};

/* The tables of all loaded plugins; *helper stays NULL when there is none. Says at log level
 * warning which programs are missing. E_PLUGIN: a table is wrong. Borrows all; run_dir may be NULL
 * or not exist. */
ASSAY_MUST_CHECK enum assay_status assay_helper_new(const struct assay_host *host,
    const struct assay_sandbox *sandbox, const char *run_dir, struct assay_helper **helper,
    struct assay_err *err);
/* The absolute name of a program, or NULL; relative words of PATH do not count. */
const char *assay_helper_look_up(struct assay_arena *arena, const char *name);
/* Accepts NULL, leaves NULL. */
void assay_helper_free(struct assay_helper **helper);

/* A helper at work, seen by the process that forked it. */
struct assay_helper_process {
	pid_t pid; /* 0: none */
	char *dir; /* its private directory */
};

/* Forks one. *sock is the scan process' end of the line; close it when that is forked. */
ASSAY_MUST_CHECK enum assay_status assay_helper_start(struct assay_helper *helper,
    struct assay_helper_process *process, int *sock, struct assay_err *err);
/* In the scan process: takes sock. */
void assay_helper_attach(struct assay_helper *helper, int sock);
/* Its scan process is gone, so it goes, too: waits, kills it when that takes longer than
 * patience_ms, and sees that its directory is removed. */
void assay_helper_end(struct assay_helper_process *process, int64_t patience_ms);

#endif
