/*
 * fake_sealed.c - assay_sealed_* of the contract for fake_door.h: a child, and no sandbox
 *
 * The work is done as in the real one (core/sealed.c), by a fork that writes a pipe.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"

struct assay_sealed {
	pid_t pid;
	int out;
};

/* assay_sealed_start - see plugin.h */
enum assay_status assay_sealed_start(struct assay_door *door, const struct assay_sealed_work *work,
    struct assay_sealed **child, struct assay_err *err)
{
	struct assay_sealed *c = assay_xcalloc(1, sizeof *c);
	int ends[2];

	(void)door;
	*child = c;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return assay_io_fail(err, "cannot make", "a pipe");
	c->pid = fork();
	if (c->pid == 0) {
		(void)close(ends[0]);
		_exit(work->run(work->arg, work->in, ends[1]));
	}
	(void)close(ends[1]);
	c->out = ends[0];
	return ASSAY_OK;
}

/* assay_sealed_out - see plugin.h */
int assay_sealed_out(const struct assay_sealed *child)
{
	return child->out;
}

/* assay_sealed_end - see plugin.h */
enum assay_status assay_sealed_end(struct assay_sealed **child, int *said, struct assay_err *err)
{
	int status = 0;

	*said = 0;
	if (*child == NULL)
		return ASSAY_OK;
	assay_io_close(&(*child)->out);
	ASSAY_ASSERT(waitpid((*child)->pid, &status, 0) == (*child)->pid);
	free(*child);
	*child = NULL;
	if (WIFSIGNALED(status))
		return assay_err_set(err, ASSAY_E_DEAD, "killed");
	*said = WEXITSTATUS(status);
	return ASSAY_OK;
}
