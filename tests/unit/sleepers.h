/*
 * tests/unit/sleepers.h - other processes, for tests of programs
 *
 * Programs of a test sleep for LONG, which no program of anybody else's does, so that what is left
 * of them can be found and ended.
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

#include "base/io.h"

#define LONG "100000.25"

/* find_sleepers - processes on this machine that sleep for LONG, each given the signal */
static inline unsigned find_sleepers(int number)
{
	DIR *list = opendir("/proc");
	const struct dirent *entry;
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
		if (got != sizeof "sleep\0" LONG || memcmp(line, "sleep\0" LONG, (size_t)got) != 0)
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
