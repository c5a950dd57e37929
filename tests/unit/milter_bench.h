/*
 * milter_bench.h - a mail server in a child process against the milter provider, over a door in
 * memory; for test_milter and test_libmilter
 *
 * The server says what is wrong and exits with 1; the provider runs in the test over a door that is
 * told by each test what to answer.
 */
#ifndef ASSAY_MILTER_BENCH_H
#define ASSAY_MILTER_BENCH_H

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "fake_door.h"
#include "fake_host.h"
#include "mta/mta.h"

struct bed {
	char dir[64], path[100];
	int listener;
	struct fake_host *host;
	struct assay_door door;
	pid_t server;
	int exited; /* its status; -1: it runs */
	bool (*judge)(struct bed *bed);
	int64_t begun_ms;
	enum assay_status st;
	struct assay_err err;
};

/* In the child. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);   \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static const struct assay_mta_mail simple = { .client_name = "client.example",
	.client_addr = "192.0.2.1",
	.helo = "client.example",
	.sender = "<a@example.org>",
	.rcpt = "<b@example.net>",
	.queue_id = "4ABC",
	.bytes = { "Subject: x\nX-Assay-Verdict: mine\n\nbody\r\n", 40 } };

static inline int setup(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct bed *bed = assay_xcalloc(1, sizeof *bed);

	(void)snprintf(bed->dir, sizeof bed->dir, "/tmp/assay-milter-XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	(void)snprintf(bed->path, sizeof bed->path, "%s/s", bed->dir);
	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", bed->path);
	bed->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bed->listener, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(bed->listener, 128), 0);
	*state = bed;
	return 0;
}

static inline int teardown(void **state)
{
	struct bed *bed = *state;
	char tmp[80];

	if (bed->server > 0) {
		(void)kill(bed->server, SIGKILL);
		(void)waitpid(bed->server, NULL, 0);
	}
	fake_door_release(&bed->door);
	fake_host_close(&bed->host);
	assay_io_close(&bed->listener);
	(void)unlink(bed->path);
	(void)snprintf(tmp, sizeof tmp, "%s/tmp", bed->dir);
	(void)rmdir(tmp);
	assert_int_equal(rmdir(bed->dir), 0);
	free(bed);
	return 0;
}

/* turn - what the test does at each wait; ends when the server has */
static inline bool turn(struct assay_door *door, void *arg)
{
	struct bed *bed = arg;
	int status;

	(void)door;
	if (bed->exited < 0 && waitpid(bed->server, &status, WNOHANG) == bed->server) {
		bed->exited = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
		bed->server = 0;
	}
	/* A test that hangs shall say so. */
	assert_true(assay_clock_mono_ms() < bed->begun_ms + 60000);
	return bed->judge(bed) && bed->exited < 0;
}

/* run - the provider against this server; opts as for fake_host_open */
static inline void run(struct bed *bed, void (*server)(struct bed *bed), const char *const *opts,
    bool (*judge)(struct bed *bed))
{
	const char *all[20] = { NULL };
	char tmp[100];
	size_t n = 0;

	(void)snprintf(tmp, sizeof tmp, "tmp_dir=%s/tmp", bed->dir);
	all[n++] = tmp;
	for (; opts != NULL && *opts != NULL; opts++)
		all[n++] = *opts;
	fake_door_init(&bed->door, turn, bed);
	bed->door.hold = true;
	bed->door.sockets = &bed->listener;
	bed->door.nsockets = 1;
	bed->judge = judge;
	bed->exited = -1;
	bed->begun_ms = assay_clock_mono_ms();
	assert_int_equal(fake_host_open(&assay_plugin, all, NULL, &bed->host, &bed->err), ASSAY_OK);
	bed->server = fork();
	assert_true(bed->server >= 0);
	if (bed->server == 0) {
		server(bed);
		_exit(0);
	}
}

/* go - and its end */
static inline void go(struct bed *bed)
{
	bed->st = assay_plugin.provider->run(fake_host_state(bed->host), &bed->door, &bed->err);
}

/* ---- servers --------------------------------------------------------------------------------- */

/* dial - a connection that gives up after 20 s */
static inline int dial(const struct bed *bed)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", bed->path);
	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
	CHECK(connect(fd, (struct sockaddr *)&name, sizeof name) == 0);
	return fd;
}

static inline void open_mta(const struct bed *bed, struct assay_mta *mta)
{
	struct assay_err err;

	if (assay_mta_open(mta, dial(bed), &err) != ASSAY_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	CHECK(mta->fd >= 0);
}

/* answered - the whole mail, and the letter of the answer */
static inline char answered(struct assay_mta *mta, struct assay_mta_answer *answer)
{
	struct assay_err err;

	if (assay_mta_ask(mta, &simple, answer, &err) == ASSAY_OK)
		return answer->letter;
	(void)fprintf(stderr, "%s\n", err.text);
	return '\0';
}

static inline bool accept_all(struct bed *bed)
{
	const struct assay_verdict verdict = { .action = "accept",
		.answered = "accept",
		.enforced = true,
		.scan_id = "id",
		.status = "scanned" };

	for (size_t i = 0; i < bed->door.n; i++)
		if (bed->door.mail[i].done != NULL)
			fake_door_judge(&bed->door.mail[i], &verdict);
	return true;
}

#endif
