/* rooms: bloom base */
/*
 * tests of bloom/filter (filter, filter_write, filter_merge, bits): against what was really added,
 * with the writer killed, pages lost, headers torn, files replaced
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bloom/bits.h"
#include "bloom/filter.h"
#include "bloom/table.h"

#define DAY ((int64_t)24 * 3600 * 1000)

struct bench {
	char dir[64], path[128], other[128];
	struct assay_filter_options options;
	struct assay_filter *writer, *reader;
};

/* value - number i of a kind, as text in `text` */
static struct assay_slice value(char text[64], const char *kind, unsigned long i)
{
	const int n = snprintf(text, 64, "%s%lu@example.org", kind, i);

	return (struct assay_slice){ text, (size_t)n };
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	struct assay_err err;

	assert_non_null(b);
	(void)snprintf(b->dir, sizeof b->dir, "/tmp/assay-filter.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	(void)snprintf(b->path, sizeof b->path, "%s/seen/from.bloom", b->dir);
	(void)snprintf(b->other, sizeof b->other, "%s/other.bloom", b->dir);
	b->options = (struct assay_filter_options){ .field = "from", .size = 10000, .rate = 0.01 };
	assert_int_equal(assay_filter_make(b->path, &b->options, &err), ASSAY_OK);
	assert_int_equal(
	    assay_filter_open(b->path, &b->options, ASSAY_FILTER_WRITE, &b->writer, &err),
	    ASSAY_OK);
	assert_int_equal(
	    assay_filter_open(b->path, &b->options, ASSAY_FILTER_READ, &b->reader, &err), ASSAY_OK);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	assay_filter_close(&b->writer);
	assay_filter_close(&b->reader);
	(void)unlink(b->path);
	(void)unlink(b->other);
	*strrchr(b->path, '/') = '\0';
	(void)rmdir(b->path);
	assert_int_equal(rmdir(b->dir), 0);
	free(b);
	return 0;
}

/* add - values [from, to) of a kind */
static void add(struct assay_filter *filter, const char *kind, unsigned long from, unsigned long to)
{
	struct assay_err err;
	char text[64];

	assert_int_equal(assay_filter_lock(filter, &err), ASSAY_OK);
	for (unsigned long i = from; i < to; i++)
		assert_int_equal(assay_filter_add(filter, value(text, kind, i),
				     assay_clock_wall_ms(), NULL, &err),
		    ASSAY_OK);
	assay_filter_unlock(filter);
}

/* count - how many of values [from, to) are said to have been seen */
static unsigned long count(
    struct assay_filter *filter, const char *kind, unsigned long from, unsigned long to)
{
	unsigned long n = 0;
	char text[64];

	for (unsigned long i = from; i < to; i++)
		n += assay_filter_ask(filter, value(text, kind, i)).seen;
	return n;
}

static void keeps_its_rate_while_it_grows(void **state)
{
	struct bench *b = *state;
	struct assay_filter_stats stats;

	assert_int_equal(count(b->reader, "yes", 0, 1000), 0);
	for (unsigned long n = 0; n < 30000; n += 10000) {
		add(b->writer, "yes", n, n + 10000);
		/* The reader was there before: it finds new layers by itself. */
		assert_int_equal(count(b->reader, "yes", 0, n + 10000), n + 10000);
		assert_true(count(b->reader, "no", 0, 100000) <= 1100);
	}
	assay_filter_stats(b->reader, &stats);
	assert_true(stats.layers >= 2);
	assert_true(stats.keys > 29700 && stats.keys <= 30000);
	assert_true(stats.rate_now <= 0.01);
	assay_filter_close(&b->reader);
	assert_int_equal(
	    assay_filter_open(b->path, NULL, ASSAY_FILTER_READ, &b->reader, NULL), ASSAY_OK);
	assert_int_equal(count(b->reader, "yes", 0, 30000), 30000);
}

static void says_what_is_new(void **state)
{
	struct bench *b = *state;
	struct assay_err err;
	char text[64];
	bool isnew;

	assert_int_equal(assay_filter_lock(b->writer, &err), ASSAY_OK);
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(
		    assay_filter_add(b->writer, value(text, "a", 1), 0, &isnew, &err), ASSAY_OK);
		assert_int_equal(isnew, turn == 0);
	}
	/* Bytes are bytes. */
	assert_int_equal(
	    assay_filter_add(b->writer, (struct assay_slice){ "\0\xff", 2 }, 0, &isnew, &err),
	    ASSAY_OK);
	assert_true(isnew);
	assay_filter_unlock(b->writer);
	assert_true(assay_filter_ask(b->reader, (struct assay_slice){ "\0\xff", 2 }).seen);
	assert_false(assay_filter_ask(b->reader, (struct assay_slice){ "\0", 1 }).seen);
	assert_false(assay_filter_ask(b->reader, (struct assay_slice){ "", 0 }).seen);
}

static void two_writers_take_turns(void **state)
{
	struct bench *b = *state;
	struct assay_filter *second;
	struct assay_err err;

	assert_int_equal(
	    assay_filter_open(b->path, &b->options, ASSAY_FILTER_WRITE, &second, &err), ASSAY_OK);
	for (unsigned long n = 0; n < 30000; n += 3000)
		add(n % 2000 == 0 ? second : b->writer, "yes", n, n + 3000);
	assert_int_equal(count(b->writer, "yes", 0, 30000), 30000);
	assert_int_equal(count(second, "yes", 0, 30000), 30000);
	assay_filter_close(&second);
	assert_true(count(b->reader, "no", 0, 100000) <= 1100);
}

/* ---- crashes --------------------------------------------------------------------------------- */

/* child - adds without end and says how far it came */
static void child(const struct bench *b, int to, unsigned long from)
{
	struct assay_filter *filter;
	char text[64];

	if (assay_filter_open(b->path, &b->options, ASSAY_FILTER_WRITE, &filter, NULL) != ASSAY_OK)
		_exit(1);
	for (unsigned long i = from;; i++) {
		if (i % 64 == from % 64 && assay_filter_lock(filter, NULL) != ASSAY_OK)
			_exit(1);
		if (assay_filter_add(filter, value(text, "yes", i), 0, NULL, NULL) != ASSAY_OK ||
		    write(to, &i, sizeof i) != sizeof i)
			_exit(1);
		if (i % 64 == (from + 63) % 64)
			assay_filter_unlock(filter);
	}
}

static void a_killed_writer_forgets_nothing(void **state)
{
	struct bench *b = *state;
	unsigned long told = 0, next = 0;

	for (int turn = 0; turn < 12; turn++) {
		const unsigned long until = next + 500 + 317 * (unsigned)turn;
		int ends[2];
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(b, ends[1], next);
		(void)close(ends[1]);
		while (told < until && read(ends[0], &told, sizeof told) == sizeof told)
			;
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		while (read(ends[0], &told, sizeof told) == sizeof told)
			;
		(void)close(ends[0]);
		assert_true(told >= until);
		next = told + 1;
		assert_int_equal(count(b->reader, "yes", 0, next), next);
	}
	/* And whoever comes next can go on. */
	add(b->writer, "more", 0, 1000);
	assert_int_equal(count(b->reader, "more", 0, 1000), 1000);
	assert_true(count(b->reader, "no", 0, 100000) <= 1100);
}

/* slurp - a whole file */
static char *slurp(const char *path, size_t *n)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *p;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*n = (size_t)st.st_size;
	p = malloc(*n);
	assert_non_null(p);
	assert_int_equal(read(fd, p, *n), (ssize_t)*n);
	(void)close(fd);
	return p;
}

/* spill - a whole file */
static void spill(const char *path, const char *p, size_t n)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	(void)close(fd);
}

static void lost_pages_forget_only_what_was_not_synced(void **state)
{
	struct bench *b = *state;
	struct assay_filter *after;
	struct assay_err err;
	size_t synced_n, now_n;
	char *synced, *now, *mix;

	add(b->writer, "yes", 0, 9000);
	assert_int_equal(assay_filter_sync(b->writer, &err), ASSAY_OK);
	synced = slurp(b->path, &synced_n);
	add(b->writer, "later", 0, 30000);
	now = slurp(b->path, &now_n);
	mix = malloc(now_n);
	assert_non_null(mix);
	assert_true(now_n > synced_n);
	srandom(1);
	for (int turn = 0; turn < 50; turn++) {
		for (size_t at = 0; at < now_n; at += 4096) {
			memset(mix + at, 0, 4096);
			if (random() % 2 != 0)
				memcpy(mix + at, now + at, 4096);
			else if (at < synced_n)
				memcpy(mix + at, synced + at, 4096);
		}
		spill(b->other, mix, now_n);
		assert_int_equal(
		    assay_filter_open(b->other, &b->options, ASSAY_FILTER_READ, &after, &err),
		    ASSAY_OK);
		assert_int_equal(count(after, "yes", 0, 9000), 9000);
		assay_filter_close(&after);
	}
	free(mix);
	free(now);
	free(synced);
}

/* ---- files that are not as they should be ---------------------------------------------------- */

/* refused - how opening ends, and that the sentence names the file and what to do */
static enum assay_status refused(const struct bench *b, const struct assay_filter_options *options)
{
	struct assay_filter *filter;
	struct assay_err err = { .text = "" };
	const enum assay_status status =
	    assay_filter_open(b->path, options, ASSAY_FILTER_WRITE, &filter, &err);

	assay_filter_close(&filter);
	if (status != ASSAY_OK) {
		assert_non_null(strstr(err.text, b->path));
		assert_true(strstr(err.text, "--rebuild") != NULL ||
		    strstr(err.text, "move it away") != NULL);
	}
	return status;
}

static void damage_is_refused(void **state)
{
	struct bench *b = *state;
	size_t n;
	char *file;

	add(b->writer, "yes", 0, 100);
	file = slurp(b->path, &n);
	file[100] ^= 1;
	spill(b->path, file, n);
	assert_int_equal(refused(b, &b->options), ASSAY_OK);
	/* A reader that is there already goes on too. */
	assert_int_equal(count(b->reader, "yes", 0, 100), 100);
	file[ASSAY_TABLE_SLOT + 100] ^= 1;
	spill(b->path, file, n);
	assert_int_equal(refused(b, &b->options), ASSAY_E_SYNTAX);
	file[100] ^= 1;
	spill(b->path, file, n - 4096);
	assert_int_equal(refused(b, &b->options), ASSAY_E_SYNTAX);
	spill(b->path, file, 100);
	assert_int_equal(refused(b, &b->options), ASSAY_E_SYNTAX);
	spill(b->path, file, 0);
	assert_int_equal(refused(b, &b->options), ASSAY_E_SYNTAX);
	free(file);
}

static void other_parameters_are_refused(void **state)
{
	struct bench *b = *state;
	struct assay_filter_options o = b->options;

	o.rate = 0.001;
	assert_int_equal(refused(b, &o), ASSAY_E_CONF);
	o = b->options;
	o.monthly = true;
	assert_int_equal(refused(b, &o), ASSAY_E_CONF);
	o = b->options;
	o.field = "from_domain";
	assert_int_equal(refused(b, &o), ASSAY_E_SYNTAX);
	o = b->options;
	o.size = 77; /* a plan may change */
	assert_int_equal(refused(b, &o), ASSAY_OK);
}

static void a_file_in_its_place_is_taken(void **state)
{
	struct bench *b = *state;
	struct assay_err err;

	add(b->writer, "old", 0, 100);
	assert_int_equal(assay_filter_make(b->other, &b->options, &err), ASSAY_OK);
	assert_int_equal(rename(b->other, b->path), 0);
	add(b->writer, "new", 0, 100);
	assert_int_equal(count(b->writer, "new", 0, 100), 100);
	assert_true(count(b->writer, "old", 0, 100) < 10);
	/* Gone altogether: said, and made anew by whoever opens it. */
	assert_int_equal(unlink(b->path), 0);
	assert_int_equal(assay_filter_lock(b->writer, &err), ASSAY_E_NOENT);
	assert_int_equal(assay_filter_make(b->path, &b->options, &err), ASSAY_OK);
	add(b->writer, "new", 0, 100);
}

/* ---- months ---------------------------------------------------------------------------------- */

/* month_of - as it is answered */
static unsigned month_of(int64_t ms)
{
	char text[ASSAY_TIME_TEXT];
	unsigned year, month;

	assay_clock_format(ms, text);
	assert_int_equal(sscanf(text, "%4u-%2u", &year, &month), 2);
	return year * 100 + month;
}

/* soil - a page of a file */
static void soil(const char *path, off_t at)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	char page[4096];

	memset(page, 0xff, sizeof page);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
	(void)close(fd);
}

static void months_are_told_and_forgotten(void **state)
{
	struct bench *b = *state;
	const int64_t now = assay_clock_wall_ms(), then = now - 62 * DAY, old = now - 400 * DAY;
	struct assay_filter_options o = b->options;
	struct assay_filter_stats stats;
	struct assay_err err;
	char text[64];
	uint64_t bytes;

	o.monthly = true;
	assert_int_equal(assay_filter_make(b->other, &o, &err), ASSAY_OK);
	assay_filter_close(&b->writer);
	assay_filter_close(&b->reader);
	assert_int_equal(
	    assay_filter_open(b->other, &o, ASSAY_FILTER_WRITE, &b->writer, &err), ASSAY_OK);
	assert_int_equal(
	    assay_filter_open(b->other, &o, ASSAY_FILTER_READ, &b->reader, &err), ASSAY_OK);
	assert_int_equal(assay_filter_lock(b->writer, &err), ASSAY_OK);
	for (unsigned long i = 0; i < 300; i++) {
		const int64_t when[] = { old, then, now + 900 * DAY };

		for (unsigned k = (unsigned)i % 3; k < 3; k++)
			assert_int_equal(assay_filter_add(b->writer, value(text, "a", i),
					     when[k % 3], NULL, &err),
			    ASSAY_OK);
		assert_int_equal(
		    assay_filter_add(b->writer, value(text, "old", i), old, NULL, &err), ASSAY_OK);
	}
	assay_filter_unlock(b->writer);
	/* The last time counts, and nothing comes from the future. */
	assert_int_equal(assay_filter_ask(b->reader, value(text, "a", 0)).month, month_of(now));
	assert_int_equal(assay_filter_ask(b->reader, value(text, "old", 7)).month, month_of(old));
	assay_filter_stats(b->reader, &stats);
	assert_int_equal(stats.first_month, month_of(old));
	assert_int_equal(stats.last_month, month_of(now));
	bytes = stats.bytes;

	o.keep_months = 3;
	assay_filter_close(&b->writer);
	assert_int_equal(
	    assay_filter_open(b->other, &o, ASSAY_FILTER_WRITE, &b->writer, &err), ASSAY_OK);
	add(b->writer, "b", 0, 10);
	assert_true(count(b->reader, "old", 0, 300) < 10);
	assert_int_equal(count(b->reader, "a", 0, 300), 300);
	assay_filter_stats(b->reader, &stats);
	assert_int_equal(stats.first_month, month_of(then));
	/* Its place is used again, and is empty, whatever a crash left there; what is too old to be
	 * kept is not kept. */
	soil(b->other, ASSAY_TABLE_DATA);
	assert_int_equal(assay_filter_lock(b->writer, &err), ASSAY_OK);
	assert_int_equal(
	    assay_filter_add(b->writer, value(text, "c", 0), now - 31 * DAY, NULL, &err), ASSAY_OK);
	assert_int_equal(
	    assay_filter_add(b->writer, value(text, "a", 0), now - 31 * DAY, NULL, &err), ASSAY_OK);
	assert_int_equal(
	    assay_filter_add(b->writer, value(text, "d", 0), old, NULL, &err), ASSAY_OK);
	assay_filter_unlock(b->writer);
	assay_filter_stats(b->reader, &stats);
	assert_int_equal(stats.bytes, bytes);
	assert_true(count(b->reader, "old", 0, 300) < 10);
	assert_true(assay_filter_ask(b->reader, value(text, "c", 0)).seen);
	assert_false(assay_filter_ask(b->reader, value(text, "d", 0)).seen);
	assert_int_equal(assay_filter_ask(b->reader, value(text, "a", 0)).month, month_of(now));
}

/* ---- from host to host ----------------------------------------------------------------------- */

static void what_was_exported_can_be_merged(void **state)
{
	struct bench *b = *state;
	struct assay_filter *other;
	struct assay_filter_stats stats;
	struct assay_err err;

	add(b->writer, "both", 0, 15000);
	assert_int_equal(assay_filter_export(b->writer, b->other, &err), ASSAY_OK);
	assert_int_equal(assay_filter_export(b->writer, b->other, &err), ASSAY_E_USAGE);
	assert_int_equal(
	    assay_filter_open(b->other, &b->options, ASSAY_FILTER_WRITE, &other, &err), ASSAY_OK);
	assert_int_equal(count(other, "both", 0, 15000), 15000);
	add(other, "there", 0, 500);
	add(b->writer, "here", 0, 500);
	assert_int_equal(assay_filter_lock(b->writer, &err), ASSAY_OK);
	assert_int_equal(assay_filter_merge(b->writer, other, &err), ASSAY_OK);
	assay_filter_unlock(b->writer);
	assay_filter_close(&other);
	assert_int_equal(count(b->reader, "both", 0, 15000), 15000);
	assert_int_equal(count(b->reader, "here", 0, 500), 500);
	assert_int_equal(count(b->reader, "there", 0, 500), 500);
	/* Of one stock: joined, not put beside. */
	assay_filter_stats(b->reader, &stats);
	assert_true(stats.layers <= 3);
	assert_true(stats.keys > 15700 && stats.keys < 16300);
}

static void a_stranger_is_put_beside(void **state)
{
	struct bench *b = *state;
	struct assay_filter_options o = b->options;
	struct assay_filter *other;
	struct assay_filter_stats stats;
	struct assay_err err;

	o.rate = 0.0001;
	add(b->writer, "here", 0, 500);
	assert_int_equal(assay_filter_make(b->other, &o, &err), ASSAY_OK);
	assert_int_equal(
	    assay_filter_open(b->other, &o, ASSAY_FILTER_WRITE, &other, &err), ASSAY_OK);
	add(other, "there", 0, 500);
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(assay_filter_lock(b->writer, &err), ASSAY_OK);
		assert_int_equal(assay_filter_merge(b->writer, other, &err), ASSAY_OK);
		assay_filter_unlock(b->writer);
	}
	assay_filter_close(&other);
	add(b->writer, "here", 500, 1000);
	assert_int_equal(count(b->reader, "here", 0, 1000), 1000);
	assert_int_equal(count(b->reader, "there", 0, 500), 500);
	assay_filter_stats(b->reader, &stats);
	assert_int_equal(stats.layers, 2);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void sizes_are_as_planned(void **state)
{
	static const double rates[] = { 0.5, 0.1, 0.001, 1e-6, 1e-9 };
	struct assay_err err;
	uint64_t capacity;
	uint32_t hashes;

	(void)state;
	assert_int_equal(assay_bits_check(&err), ASSAY_OK);
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
		for (uint64_t n = 1000; n < 100000000; n *= 7) {
			const uint64_t bits = assay_bits_for(n, rates[i]);

			assay_bits_plan(bits, rates[i], &hashes, &capacity);
			assert_true(capacity >= n || bits == ASSAY_BITS_MOST);
			assert_true(assay_bits_rate(bits, hashes, capacity) <= rates[i] * 1.0001);
			assert_true(assay_bits_rate(bits, hashes, capacity + capacity / 100 + 1) >
			    rates[i] * 0.9999);
		}
	assert_int_equal(assay_bits_for(50000000, 0.001 * 0.6), ASSAY_BITS_MOST);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_its_rate_while_it_grows),
		TEST(says_what_is_new),
		TEST(two_writers_take_turns),
		TEST(a_killed_writer_forgets_nothing),
		TEST(lost_pages_forget_only_what_was_not_synced),
		TEST(damage_is_refused),
		TEST(other_parameters_are_refused),
		TEST(a_file_in_its_place_is_taken),
		TEST(months_are_told_and_forgotten),
		TEST(what_was_exported_can_be_merged),
		TEST(a_stranger_is_put_beside),
		cmocka_unit_test(sizes_are_as_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
