/*
 * tests/unit/sleepers.h - other processes, for tests of programs
 *
 * Programs of a test sleep for sleepers_long seconds, which no program of anybody else's does (the
 * test may run twice at a time), so that what is left of them can be found and ended.
 */
#ifndef ASSAY_TEST_SLEEPERS_H
#define ASSAY_TEST_SLEEPERS_H

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/slice.h"

static char sleepers_long[32];

/* sleepers_begin - once per process that runs tests */
static inline void sleepers_begin(void)
{
	(void)snprintf(sleepers_long, sizeof sleepers_long, "100000.%ld", (long)getpid());
}

/* sleepers_shell - the words to run a script, in which LONG is replaced */
static inline const char *const *sleepers_shell(struct assay_arena *arena, const char *text)
{
	const char **argv = assay_arena_calloc(arena, 4, sizeof *argv);
	struct assay_slice rest = assay_slice_str(text);
	const char *script = "";

	while (rest.n > 0) {
		size_t at = assay_slice_search(rest, ASSAY_SLICE_LIT("LONG"));

		script = assay_arena_printf(
		    arena, "%s%.*s%s", script, (int)at, rest.p, at < rest.n ? sleepers_long : "");
		rest = assay_slice_from(rest, at + 4 < rest.n ? at + 4 : rest.n);
	}
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	return argv;
}

/* find_sleepers - processes on this machine that sleep for so long, each given the signal */
static inline unsigned find_sleepers(int number)
{
	DIR *list = opendir("/proc");
	const struct dirent *entry;
	char want[64] = "sleep";
	size_t size = 6 + (size_t)snprintf(want + 6, sizeof want - 6, "%s", sleepers_long) + 1;
	unsigned n = 0;

	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		char name[300], line[64] = "";
		ssize_t got;
		int fd;

		(void)snprintf(name, sizeof name, "/proc/%s/cmdline", entry->d_name);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		got = fd >= 0 ? read(fd, line, sizeof line) : -1;
		assay_io_close(&fd);
		if (got != (ssize_t)size || memcmp(line, want, size) != 0)
			continue;
		n++;
		(void)kill((pid_t)strtol(entry->d_name, NULL, 10), number);
	}
	(void)closedir(list);
	return n;
}

/* can - may we make such a namespace here? */
static inline bool can(int namespace)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(namespace) != 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* serve_one - a service that answers one connection and ends */
static inline void serve_one(int listener, const char *answer)
{
	char room[65536];
	int fd = accept(listener, NULL, NULL);
	ssize_t n = 0, all = 0;

	while (fd >= 0 && all < 2000000 && (n = read(fd, room, sizeof room)) > 0)
		all += n;
	if (strcmp(answer, "count") == 0)
		n = snprintf(room, sizeof room, "%zd", all);
	else
		n = snprintf(room, sizeof room, "%s", answer);
	(void)!write(fd, room, (size_t)n);
	if (strcmp(answer, "hang") == 0)
		(void)pause();
	_exit(0);
}

#endif
