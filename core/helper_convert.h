/*
 * core/helper_convert.h - one program over one file of the administrator's: a mailbox that is
 * nobody's but that program's into a directory of messages
 *
 * The file may be a stranger's all the same, so the program runs as programs of workers do: as root
 * it is the user of the scan processes, without a network, in a process namespace of its own; it
 * has limits, nothing to gain, and no descriptor but its three. What it made is foreign: open it
 * without following links. Its directory is removed by the process that watches it as soon as the
 * caller lets go or is gone, however that ends.
 */
#ifndef ASSAY_HELPER_CONVERT_H
#define ASSAY_HELPER_CONVERT_H

#include <sys/types.h>

#include <assay/types.h>

struct assay_sandbox;

struct assay_helper_conversion {
	const struct assay_sandbox *sandbox; /* whose user is taken */
	const char *path;                    /* of the program */
	const char *const *argv; /* its working directory is the private one, the file is "input" */
	const char *base;        /* a directory where the private one is made */
	int file;                /* borrowed; copied */
	int stop_fd;             /* readable: give up; -1: none */
};

struct assay_helper_converted {
	char *dir; /* what it made */
	pid_t pid; /* of who watches it */
	int line;
};

/* Returns when the program has ended well. E_SYNTAX: it did not, with what it said. E_FULL: no
 * room. E_END: to stop. Called before the process has given up its rights. */
ASSAY_MUST_CHECK enum assay_status assay_helper_convert(const struct assay_helper_conversion *what,
    struct assay_helper_converted *made, struct assay_err *err);
/* Lets go. Accepts what is empty. */
void assay_helper_converted_release(struct assay_helper_converted *made);

#endif
