/*
 * core/helper_serve.h - what a helper does all its life
 *
 * Reads a RUN, runs what it names, answers with a RAN, until its scan process is gone or says
 * something that makes no sense. One call at a time.
 */
#ifndef ASSAY_HELPER_SERVE_H
#define ASSAY_HELPER_SERVE_H

#include <assay/types.h>

struct assay_helper;

struct assay_helper_place {
	const struct assay_helper *helper;
	int line;         /* to the scan process; taken */
	int dir;          /* the private directory, open */
	const char *path; /* its absolute name */
	bool init;        /* first process of a process namespace */
};

/* Everything it started is gone when it returns. The exit code of the process. */
int assay_helper_serve(const struct assay_helper_place *place);

#endif
