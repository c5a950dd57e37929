/*
 * core/helper_talk.c - see helper_talk.h. Touches the descriptors it is given. Bytes that come are
 * a stranger's: they are counted and kept, nothing else.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/slice.h"
#include "core/helper_talk.h"

#define TICK_MS 200 /* between looks at the directory */
#define CHUNK ((size_t)64 * 1024)

enum { LINE, OUT, ERR, PROGRAM, WATCHED };

enum step { MORE, ENDED, OVER };

/* listen_out - what is there; ENDED at the end of file or at the marker */
static enum step listen_out(struct assay_helper_talk *t)
{
	size_t marker = t->marker != NULL ? strlen(t->marker) : 0;
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(t->out, chunk, sizeof chunk)) > 0) {
		size_t fits = t->output.max - t->output.n;

		(void)assay_buf_add(&t->output, chunk, (size_t)n < fits ? (size_t)n : fits);
		if ((size_t)n > fits)
			return OVER;
	}
	if (marker > 0 && t->output.n >= marker &&
	    memcmp(t->output.p + t->output.n - marker, t->marker, marker) == 0) {
		t->output.n -= marker;
		t->marked = true;
		return ENDED;
	}
	return n == 0 || (errno != EAGAIN && errno != EINTR) ? ENDED : MORE;
}

/* listen_err - the beginning is kept, all of it is read; false at the end of file */
static bool listen_err(struct assay_helper_talk *t)
{
	char chunk[4096];
	ssize_t n = read(t->err, chunk, sizeof chunk);
	size_t fits = t->errors.max - t->errors.n;

	if (n > 0)
		(void)assay_buf_add(&t->errors, chunk, (size_t)n < fits ? (size_t)n : fits);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* send_more - as much as the socket takes; false when it takes no more for good */
static bool send_more(struct assay_helper_talk *t)
{
	off_t at = (off_t)t->sent;
	uint64_t left = t->send_size - t->sent;
	ssize_t n = sendfile(t->out, t->send, &at, left < CHUNK * 4 ? (size_t)left : CHUNK * 4);

	if (n > 0)
		t->sent += (uint64_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* drain - the program is dead: what it still said */
static enum step drain(struct assay_helper_talk *t, const struct pollfd *fds)
{
	t->died = true;
	if (fds[ERR].fd >= 0)
		(void)listen_err(t);
	return fds[OUT].fd >= 0 && listen_out(t) == OVER ? OVER : ENDED;
}

/* step - what poll found */
static enum step step(struct assay_helper_talk *t, struct pollfd *fds)
{
	enum step out = MORE;

	if (fds[LINE].revents != 0) {
		t->orphan = true;
		return ENDED;
	}
	if (fds[ERR].revents != 0 && !listen_err(t))
		fds[ERR].fd = -1;
	if ((fds[OUT].revents & POLLOUT) != 0 && (!send_more(t) || t->sent == t->send_size))
		fds[OUT].events = POLLIN;
	if ((fds[OUT].revents & ~POLLOUT) != 0)
		out = listen_out(t);
	/* A program may close its output and go on working. */
	if (out == ENDED && t->pidfd >= 0 && t->marker == NULL) {
		fds[OUT].fd = -1;
		out = MORE;
	}
	if (out == MORE && fds[PROGRAM].revents != 0)
		return drain(t, fds);
	return out;
}

/* wait_ms - until the next thing that has to be looked at */
static int wait_ms(const struct assay_helper_talk *t, int64_t now_ms)
{
	int64_t left = t->deadline_ms - now_ms;
	int64_t most = t->dir >= 0 ? TICK_MS : INT32_MAX;

	return (int)(left < most ? left : most);
}

/* assay_helper_talk - until something ends it */
enum assay_helper_outcome assay_helper_talk(struct assay_helper_talk *t)
{
	struct pollfd fds[WATCHED] = {
		[LINE] = { .fd = t->line, .events = POLLRDHUP },
		[OUT] = { .fd = t->out, .events = t->send_size > 0 ? POLLIN | POLLOUT : POLLIN },
		[ERR] = { .fd = t->err, .events = POLLIN },
		[PROGRAM] = { .fd = t->pidfd, .events = POLLIN },
	};
	int64_t looked_ms = assay_clock_mono_ms();

	for (;;) {
		int64_t now_ms = assay_clock_mono_ms();
		enum step what;

		if (now_ms >= t->deadline_ms)
			return ASSAY_HELPER_TIMEOUT;
		if (t->dir >= 0 && now_ms - looked_ms >= TICK_MS) {
			looked_ms = now_ms;
			if (!assay_helper_dir_usage(t->dir, &t->dir_most))
				return ASSAY_HELPER_OVER;
		}
		if (poll(fds, WATCHED, wait_ms(t, now_ms)) <= 0)
			continue;
		what = step(t, fds);
		if (what != MORE)
			return what == OVER ? ASSAY_HELPER_OVER : ASSAY_HELPER_ENDED;
	}
}
