/*
 * core/child.c - see child.h. Touches descriptors and signals of its own process, reads
 * /proc/self; a child whose parent is gone ends here.
 */
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/child.h"

/* assay_child_note_fds - what is open now */
void assay_child_note_fds(struct assay_child_fds *fds)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	memset(fds->open, dir == NULL, sizeof fds->open);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		uint64_t fd;

		if (assay_slice_u64(assay_slice_str(entry->d_name), &fd) && fd < ASSAY_CHILD_FDS)
			fds->open[fd] = (int)fd != dirfd(dir);
	}
	(void)closedir(dir);
}

/* assay_child_drop_fds - all but standard input, output and error */
void assay_child_drop_fds(struct assay_child_fds *fds, const struct assay_child_fds *others)
{
	for (size_t fd = 3; fd < ASSAY_CHILD_FDS; fd++)
		fds->open[fd] = fds->open[fd] && !others->open[fd];
}

/* assay_child_add_fd - one more */
void assay_child_add_fd(struct assay_child_fds *fds, int fd)
{
	if (fd < 0)
		return;
	ASSAY_ASSERT((unsigned)fd < ASSAY_CHILD_FDS);
	fds->open[fd] = true;
}

/* assay_child_alone - the number of links of /proc/self/task is 2 + threads */
enum assay_status assay_child_alone(struct assay_err *err)
{
	struct stat st;

	if (stat("/proc/self/task", &st) != 0 || st.st_nlink <= 3)
		return ASSAY_OK;
	return assay_err_set(
	    err, ASSAY_E_PLUGIN, "a plugin made a thread: scan processes cannot be forked");
}

/* close_others - whole ranges */
static void close_others(const struct assay_child_fds *own)
{
	unsigned from = 0;

	for (unsigned fd = 0; fd < ASSAY_CHILD_FDS; fd++) {
		if (!own->open[fd])
			continue;
		if (fd > from)
			(void)close_range(from, fd - 1, 0);
		from = fd + 1;
	}
	(void)close_range(from, ~0U, 0);
}

/* assay_child_begin - the first thing a child does */
void assay_child_begin(pid_t parent, const struct assay_child_fds *own)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before the line above. */
	if (getppid() != parent)
		_exit(0);
	close_others(own);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)signal(SIGINT, SIG_IGN);
}
