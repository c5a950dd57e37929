/*
 * core/cmd/output.c - what a command says: the result on standard output, everything else on
 * standard error
 *
 * See cmd.h. Writes descriptors 1 and 2, unbuffered by stdio, so that the moment something cannot
 * be written is known and reported once, with exit code 73.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"

#include "core/cmd/cmd.h"

static int write_errno; /* the first that went wrong on standard output */

/* assay_cmd_fail - one line, and the exit code */
int assay_cmd_fail(const struct assay_err *err)
{
	assay_log(ASSAY_LOG_ERROR, "%s", err->text);
	return assay_status_exit(err->code);
}

/* assay_cmd_print - all of it, or remember why not */
void assay_cmd_print(struct assay_slice bytes)
{
	while (bytes.n > 0 && write_errno == 0) {
		ssize_t n = write(STDOUT_FILENO, bytes.p, bytes.n);

		if (n >= 0) {
			bytes = assay_slice_from(bytes, (size_t)n);
		} else if (errno == EPIPE) {
			/* The reader has enough: end as if SIGPIPE had come. */
			(void)signal(SIGPIPE, SIG_DFL);
			(void)raise(SIGPIPE);
			write_errno = EPIPE;
		} else if (errno != EINTR && errno != EAGAIN) {
			write_errno = errno;
		}
	}
}

/* assay_cmd_close_stdout - some file systems say only now that nothing was written */
int assay_cmd_close_stdout(int code)
{
	if (close(STDOUT_FILENO) != 0 && write_errno == 0 && errno != EBADF)
		write_errno = errno;
	if (write_errno == 0 || write_errno == EPIPE)
		return code;
	assay_log(ASSAY_LOG_ERROR,
	    "cannot write standard output: %s; make room or write elsewhere, then run it again",
	    strerror(write_errno));
	return EX_CANTCREAT;
}
