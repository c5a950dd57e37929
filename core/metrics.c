/*
 * core/metrics.c - see metrics.h. Touches its socket and what core/health.c reads. What a client
 * sends is read, bounded, and not looked at.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/health.h"
#include "core/listen.h"
#include "core/metrics.h"

#define CLIENT_MS 1000
#define BEAT_MS 1000
#define ASKED_MAX 8192u

/* listen_at - in the place of what an earlier one left */
static enum assay_status listen_at(const char *run_dir, int *sock, struct assay_err *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/" ASSAY_RUN_METRICS, run_dir);
	(void)unlink(path);
	return assay_listen_unix(path, 0660, sock, err);
}

/* unlisten - nobody shall find it any more */
static void unlisten(const char *run_dir, int *sock)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/" ASSAY_RUN_METRICS, run_dir);
	if (*sock >= 0)
		(void)unlink(path);
	assay_io_close(sock);
}

/* wait_for - the line is ready before `until` */
static bool wait_for(int line, short events, int64_t until)
{
	struct pollfd fd = { .fd = line, .events = events };
	int64_t left = until - assay_clock_mono_ms();

	return left > 0 && poll(&fd, 1, (int)left) > 0;
}

/* hear - until the empty line that ends a request, or there is enough of it */
static void hear(int line, int64_t until)
{
	char asked[ASKED_MAX + 1];
	size_t n = 0;

	while (n < ASKED_MAX && wait_for(line, POLLIN, until)) {
		ssize_t got = recv(line, asked + n, ASKED_MAX - n, 0);

		if (got <= 0)
			return;
		n += (size_t)got;
		asked[n] = '\0';
		if (strstr(asked, "\r\n\r\n") != NULL || strstr(asked, "\n\n") != NULL)
			return;
	}
}

/* say - all of it, or as much as there is time for */
static void say(int line, const char *p, size_t n, int64_t until)
{
	while (n > 0 && wait_for(line, POLLOUT, until)) {
		ssize_t sent = send(line, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

/* answer - one client */
static void answer(int line, const char *run_dir)
{
	int64_t until = assay_clock_mono_ms() + CLIENT_MS;
	struct assay_health health;
	struct assay_buf body;
	char head[200];
	int n;

	hear(line, until);
	assay_buf_init(&body, (size_t)4 * 1024 * 1024);
	assay_health_read(run_dir, &health);
	assay_health_metrics(&health, &body);
	assay_health_release(&health);
	n = snprintf(head, sizeof head,
	    "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n",
	    body.n);
	say(line, head, (size_t)n, until);
	say(line, body.p, body.n, until);
	/* What it still sends must not make the kernel throw away what we have said. */
	(void)shutdown(line, SHUT_WR);
	assay_buf_release(&body);
}

/* serve - until the parent lets go */
static void serve(struct assay_role *role, int sock, const char *run_dir)
{
	struct pollfd fd[2] = { { .fd = sock, .events = POLLIN },
		{ .fd = role->life, .events = POLLIN } };
	int line;

	while (!assay_role_leaving(role)) {
		role->page->beat_ms = assay_clock_mono_ms();
		(void)poll(fd, 2, BEAT_MS);
		line = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (line < 0)
			continue;
		answer(line, run_dir);
		role->page->records++;
		assay_io_close(&line);
	}
}

/* assay_metrics_run - see metrics.h. Keeps its network namespace: what waits at the other sockets
 * is known there only. */
int assay_metrics_run(struct assay_role *role, struct assay_config *config)
{
	const char *run_dir = assay_config_path(config, ASSAY_DIR_RUN);
	char text[ASSAY_ROLE_TEXT];
	enum assay_status st;
	struct assay_err err;
	int sock = -1, code = 0;

	st = assay_role_drop(role, assay_config_core(config), ASSAY_NEEDS_NETWORK, text, &err);
	if (st == ASSAY_OK)
		st = listen_at(run_dir, &sock, &err);
	if (st == ASSAY_OK) {
		assay_role_ready(role, text);
		serve(role, sock, run_dir);
	} else {
		code = assay_role_failed(role, &err);
	}
	unlisten(run_dir, &sock);
	assay_config_free(&config);
	return code;
}
