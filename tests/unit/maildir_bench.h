/*
 * maildir_bench.h - Maildirs in a fresh directory, and the provider over them with a fake door
 *
 * DIR/mail/USER/Maildir are the Maildirs, DIR/state is where the provider keeps its journals. A run
 * goes on until the door has as many mails as expected and nothing more comes for some waits; a
 * test that never gets there fails after a while.
 */
#ifndef ASSAY_MAILDIR_BENCH_H
#define ASSAY_MAILDIR_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "base/slice.h"
#include "fake_door.h"
#include "fake_host.h"
#include "keep_dir.h"

#define WAITS_MOST 3000
#define QUIET 12 /* waits after the last mail */

struct bench {
	struct keep_dir dir;
	struct assay_door door;
	struct fake_host *host;
	const char *opts[12];
	size_t want, last_n, quiet;
	bool late;                                           /* it took too long */
	void (*at_wait)(struct bench *bench, size_t number); /* 1, 2, ..; or NULL */
};

/* bench_turn - at each wait of the provider */
static inline bool bench_turn(struct assay_door *door, void *arg)
{
	struct bench *b = arg;

	if (b->at_wait != NULL)
		b->at_wait(b, door->waits);
	if (door->n != b->last_n || door->n < b->want)
		b->quiet = 0;
	b->last_n = door->n;
	b->late = door->waits > WAITS_MOST;
	return ++b->quiet < QUIET && !b->late;
}

static inline const char *bench_path(const struct bench *b, const char *rest)
{
	static char text[8][600];
	static unsigned at;
	char *t = text[at++ % 8];

	(void)snprintf(t, sizeof text[0], "%s%s", b->dir.path, rest);
	return t;
}

/* bench_opt - the i-th option; "name=DIR..." when the value begins with / */
static inline void bench_opt(struct bench *b, size_t i, const char *name, const char *value)
{
	static char text[12][600];

	(void)snprintf(
	    text[i], sizeof text[i], "%s=%s%s", name, value[0] == '/' ? b->dir.path : "", value);
	b->opts[i] = text[i];
}

/* bench_make - options as they serve most tests; 0 to 3 are taken */
static inline void bench_make(struct bench *b)
{
	memset(b, 0, sizeof *b);
	keep_dir_make(&b->dir);
	bench_opt(b, 0, "maildirs", "/mail/*/Maildir");
	bench_opt(b, 1, "journal", "/state/maildir");
	bench_opt(b, 2, "rescan", "20ms");
	bench_opt(b, 3, "settle", "0ms");
	assert_int_equal(mkdir(bench_path(b, "/mail"), 0755), 0);
}

static inline void bench_release(struct bench *b)
{
	fake_door_release(&b->door);
	fake_host_close(&b->host);
	keep_dir_remove(&b->dir);
}

/* bench_maildir - /mail/bob/Maildir and what belongs to it */
static inline void bench_maildir(const struct bench *b, const char *rest)
{
	static const char *const in[] = { "", "/tmp", "/new", "/cur" };
	char path[600];

	(void)snprintf(path, sizeof path, "%s%s", b->dir.path, rest);
	for (char *p = path + strlen(b->dir.path) + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			if (mkdir(path, 0755) != 0)
				assert_int_equal(errno, EEXIST);
			*p = '/';
		}
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof path, "%s%s%s", b->dir.path, rest, in[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
}

/* bench_move - within the bench */
static inline void bench_move(const struct bench *b, const char *from, const char *to)
{
	assert_int_equal(rename(bench_path(b, from), bench_path(b, to)), 0);
}

/* bench_deliver - written in tmp/, renamed to where it shall be ("/mail/bob/Maildir/new/NAME") */
static inline void bench_deliver(const struct bench *b, const char *to, const char *text)
{
	keep_dir_write(&b->dir, "/mail/half", text);
	bench_move(b, "/mail/half", to);
}

/* bench_age - as if it had come so many seconds ago */
static inline void bench_age(const struct bench *b, const char *rest, time_t seconds)
{
	const struct timespec when[2] = { { .tv_sec = time(NULL) - seconds },
		{ .tv_sec = time(NULL) - seconds } };

	assert_int_equal(utimensat(AT_FDCWD, bench_path(b, rest), when, 0), 0);
}

/* bench_link - one more name for an old file, "x": the quickest way to many mails */
static inline void bench_link(const struct bench *b, const char *to)
{
	if (access(bench_path(b, "/mail/x"), F_OK) != 0) {
		keep_dir_write(&b->dir, "/mail/x", "x");
		bench_age(b, "/mail/x", 86400);
	}
	assert_int_equal(link(bench_path(b, "/mail/x"), bench_path(b, to)), 0);
}

/* bench_many - mails 0.x, 1.x ... in a directory of a Maildir */
static inline void bench_many(const struct bench *b, const char *rest, unsigned n)
{
	char name[200];

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof name, "%s/%u.x", rest, i);
		bench_link(b, name);
	}
}

/* bench_start - the plugin and a door, both fresh; a test may set the door before bench_go */
static inline void bench_start(struct bench *b)
{
	fake_door_release(&b->door);
	fake_host_close(&b->host);
	fake_door_init(&b->door, bench_turn, b);
	b->door.longest_ms = 4;
	b->quiet = b->last_n = 0;
	assert_int_equal(fake_host_open(&assay_plugin, b->opts, NULL, &b->host, NULL), ASSAY_OK);
}

/* bench_go - until there are so many mails; the plugin stays open */
static inline enum assay_status bench_go(struct bench *b, size_t want)
{
	struct assay_err err = { .text = "" };
	enum assay_status st;

	b->want = want;
	st = assay_plugin.provider->run(fake_host_state(b->host), &b->door, &err);
	if (st != ASSAY_OK)
		print_message("run: %s\n", err.text);
	assert_false(b->late);
	return st;
}

/* bench_run - a whole life: start, as many mails as are wanted and no more, end */
static inline void bench_run(struct bench *b, size_t want)
{
	bench_start(b);
	assert_int_equal(bench_go(b, want), ASSAY_OK);
	for (size_t i = want; i < b->door.n; i++)
		print_message("one too many: %s\n", b->door.mail[i].source_id);
	assert_int_equal(b->door.n, want);
	fake_door_answer(&b->door, NULL);
	fake_host_close(&b->host);
}

/* bench_got - the bytes of the mail with this source_id ("/mail/bob/Maildir/UNIQUE"); "" if none */
static inline const char *bench_got(const struct bench *b, const char *source_id)
{
	const struct fake_mail *mail = fake_door_find(&b->door, bench_path(b, source_id));

	return mail != NULL ? mail->bytes : "";
}

/* bench_mailbox - whose mail it is said to be, or "" */
static inline const char *bench_mailbox(const struct fake_mail *mail)
{
	const json_t *pair = json_array_get(mail->extra, 0);
	const char *key = json_string_value(json_object_get(pair, "key"));

	if (key == NULL)
		return "";
	assert_string_equal(key, "mailbox");
	return json_string_value(json_object_get(pair, "value"));
}

/* The one that tests use, made before each of them and released behind it. */
static struct bench bench;

static inline int bench_setup(void **state)
{
	(void)state;
	bench_make(&bench);
	return 0;
}

static inline int bench_teardown(void **state)
{
	(void)state;
	bench_release(&bench);
	return 0;
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

#endif
