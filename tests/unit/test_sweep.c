/* rooms: plugin_filedir fakehost text base */
/*
 * tests of plugins/archiver/filedir/sweep.c and tree.c: what is old or too much goes,
 * and nothing else does
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static struct keep_dir dir;
static struct fake_host *host;
static int64_t now_ms;

/* start - the plugin over a fresh directory */
static void start(const char *more)
{
	const char *opts[] = { NULL, NULL, more, NULL };

	keep_dir_make(&dir);
	now_ms = assay_clock_wall_ms();
	opts[0] = keep_dir_opt(&dir, "archive_dir", "/a");
	opts[1] = keep_dir_opt(&dir, "results_dir", "/r");
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
}

static void stop(void)
{
	fake_host_close(&host);
	keep_dir_remove(&dir);
}

/* aged - gives a file of the test's directory an age */
static void aged(const char *rest, int64_t age_ms)
{
	const int64_t ms = now_ms - age_ms;
	const struct timespec times[2] = { { ms / 1000, ms % 1000 * 1000000 },
		{ ms / 1000, ms % 1000 * 1000000 } };

	assert_int_equal(utimensat(AT_FDCWD, keep_dir_path(&dir, rest), times, 0), 0);
}

static bool is_there(const char *rest)
{
	return access(keep_dir_path(&dir, rest), F_OK) == 0;
}

/* made - a file with its directories, of an age; bytes it takes on the disk */
static uint64_t made(const char *rest, size_t n, int64_t age_ms)
{
	char path[300];
	char *bytes = calloc(1, n + 1);
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof path, "%s%s", dir.path, rest);
	for (char *p = path + strlen(dir.path) + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(path, 0750);
			*p = '/';
		}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	memset(bytes, 'x', n);
	assert_int_equal(write(fd, bytes, n), n);
	/* What it takes on the disk may be known only then. */
	assert_true(n < 1000 || fsync(fd) == 0);
	assert_int_equal(fstat(fd, &st), 0);
	(void)close(fd);
	free(bytes);
	aged(rest, age_ms);
	return st.st_blocks > 0 ? (uint64_t)st.st_blocks * 512 : (uint64_t)st.st_size;
}

/* payload - a name in the archive; `n` makes it another */
static const char *payload(unsigned n)
{
	static char text[4][100];
	static unsigned at;
	char sha256[65];

	(void)snprintf(sha256, sizeof sha256, "%04x%060x", n * 7919 % 65536, n);
	(void)snprintf(
	    text[++at % 4], sizeof text[0], "/a/%.2s/%.2s/%s", sha256, sha256 + 2, sha256);
	return text[at % 4];
}

typedef enum assay_status expire_fn(
    void *state, const struct assay_retention *what, uint64_t *gone, struct assay_err *err);

/* expired - until there is nothing to do; how many went */
static uint64_t expired(expire_fn *expire, int64_t before_ms, uint64_t most)
{
	const struct assay_retention what = { before_ms, most };
	enum assay_status status = ASSAY_OK;
	uint64_t gone, sum = 0;
	struct assay_err err;

	while (status == ASSAY_OK) {
		status = expire(fake_host_state(host), &what, &gone, &err);
		sum += gone;
	}
	assert_int_equal(status, ASSAY_END);
	return sum;
}

static uint64_t expired_payloads(int64_t before_ms, uint64_t most)
{
	return expired(assay_plugin.archiver->expire, before_ms, most);
}

static uint64_t expired_reports(int64_t before_ms, uint64_t most)
{
	return expired(assay_plugin.connector->expire, before_ms, most);
}

static void nothing_there_is_nothing_to_do(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(expired_payloads(now_ms, 1), 0);
	assert_int_equal(expired_reports(now_ms, 1), 0);
	assert_false(is_there("/a"));
	stop();
}

static void the_old_go_and_only_ours(void **state)
{
	char other[200], left[200], young[200];

	(void)state;
	start(NULL);
	(void)made(payload(1), 10, 31 * DAY);
	(void)made(payload(2), 10, 29 * DAY);
	/* Not where it belongs, not a digest, not ours. */
	(void)snprintf(other, sizeof other, "/a/zz/zz/%s", strrchr(payload(1), '/') + 1);
	(void)made(other, 10, 99 * DAY);
	(void)made("/a/README", 10, 99 * DAY);
	(void)made("/a/00/00/notes.txt", 10, 99 * DAY);
	/* What a crash has left, old and at work. */
	(void)snprintf(left, sizeof left, "%.9s.%s.123.tmp", payload(3), payload(3) + 9);
	(void)made(left, 10, 2 * DAY);
	(void)snprintf(young, sizeof young, "%.9s.%s.123.tmp", payload(4), payload(4) + 9);
	(void)made(young, 10, HOUR);
	assert_int_equal(expired_payloads(0, 0), 0);
	assert_int_equal(expired_payloads(now_ms - 30 * DAY, 0), 1);
	assert_false(is_there(payload(1)));
	assert_true(is_there(payload(2)));
	assert_true(is_there(other));
	assert_true(is_there("/a/README"));
	assert_true(is_there("/a/00/00/notes.txt"));
	assert_false(is_there(left));
	assert_true(is_there(young));
	assert_int_equal(expired_payloads(now_ms - 30 * DAY, 0), 0);
	stop();
}

static void the_oldest_go_until_it_fits(void **state)
{
	uint64_t size = 0;

	(void)state;
	start(NULL);
	/* Hours, days, and longer ago than there are buckets. */
	for (unsigned i = 0; i < 20; i++)
		size += made(payload(i), 5000, i * 7 * HOUR);
	for (unsigned i = 20; i < 40; i++)
		size += made(payload(i), 5000, (i - 10) * 20 * DAY);
	size += made(payload(40), 5000, now_ms - DAY);
	assert_int_equal(expired_payloads(0, size), 0);
	assert_int_equal(expired_payloads(0, size - 1), 1);
	assert_false(is_there(payload(40)));
	assert_int_equal(expired_payloads(0, size / 2), 20);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(is_there(payload(i)), i < 20);
	/* Of one hour, some. */
	for (unsigned i = 50; i < 60; i++)
		(void)made(payload(i), 5000, 3000 * HOUR);
	assert_int_equal(expired_payloads(0, size / 41 * 25), 5);
	assert_int_equal(expired_payloads(now_ms + DAY, 1), 25);
	assert_int_equal(keep_dir_files(&dir), 0);
	stop();
}

static void a_put_renews(void **state)
{
	static const char *const abc =
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char path[200];

	(void)state;
	start(NULL);
	(void)snprintf(path, sizeof path, "/a/ba/78/%s", abc);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(assay_plugin.archiver->put(
				     fake_host_state(host), abc, ASSAY_SLICE_LIT("abc"), NULL),
		    ASSAY_OK);
		assert_int_equal(expired_payloads(now_ms - 30 * DAY, 0), 0);
		assert_true(is_there(path));
		aged(path, 40 * DAY);
	}
	assert_int_equal(expired_payloads(now_ms - 30 * DAY, 0), 1);
	assert_false(is_there(path));
	stop();
}

static void may_end_half_way(void **state)
{
	const struct assay_retention what = { .most_bytes = 1 }, none = { 0 };
	expire_fn *const expire = assay_plugin.archiver->expire;
	uint64_t gone = 7;

	(void)state;
	start(NULL);
	for (unsigned i = 0; i < 3; i++)
		(void)made(payload(i), 2000, 0);
	/* It has measured, and would remove now. */
	assert_int_equal(expire(fake_host_state(host), &what, &gone, NULL), ASSAY_OK);
	assert_int_equal(gone, 0);
	assert_int_equal(expire(fake_host_state(host), &none, &gone, NULL), ASSAY_END);
	assert_int_equal(keep_dir_files(&dir), 3);
	assert_int_equal(expire(fake_host_state(host), &what, &gone, NULL), ASSAY_OK);
	stop();
}

#define ID(n) "0123456" n "-89ab-4cde-8f01-23456789abcd"

static void reports_go_with_their_days(void **state)
{
	(void)state;
	start("date_mode=yes");
	(void)made("/r/2026/01/02/" ID("1") ".json", 10, 91 * DAY);
	(void)made("/r/2026/01/02/" ID("2") ".finding.json", 10, 91 * DAY);
	(void)made("/r/2026/01/03/" ID("3") ".json", 10, 91 * DAY);
	(void)made("/r/2026/01/03/" ID("4") ".json", 10, 89 * DAY);
	(void)made("/r/hash/2025/12/31/" ID("1") ".json", 10, 91 * DAY);
	(void)made("/r/2026/01/02/." ID("5") ".json.77.tmp", 10, 91 * DAY);
	(void)made("/r/2026/01/04/letter.json", 10, 91 * DAY);
	assert_int_equal(expired_reports(now_ms - 90 * DAY, 0), 4);
	assert_false(is_there("/r/2026/01/02"));
	assert_false(is_there("/r/hash"));
	assert_true(is_there("/r/2026/01/03/" ID("4") ".json"));
	assert_true(is_there("/r/2026/01/04/letter.json"));
	assert_true(is_there("/r"));
	assert_int_equal(keep_dir_files(&dir), 2);
	stop();
}

static void no_link_leads_out(void **state)
{
	(void)state;
	start(NULL);
	(void)made("/else/00/00/x", 10, 99 * DAY);
	(void)made("/else/" ID("1") ".json", 10, 99 * DAY);
	(void)made("/r/" ID("2") ".json", 10, 99 * DAY);
	assert_int_equal(symlink(keep_dir_path(&dir, "/else"), keep_dir_path(&dir, "/r/x")), 0);
	assert_int_equal(symlink(keep_dir_path(&dir, "/else/" ID("1") ".json"),
			     keep_dir_path(&dir, "/r/" ID("3") ".json")),
	    0);
	assert_int_equal(expired_reports(now_ms, 0), 1);
	assert_true(is_there("/else/" ID("1") ".json"));
	stop();
}

static void says_what_it_cannot_remove(void **state)
{
	const struct assay_retention what = { .before_ms = INT64_MAX };
	struct assay_err err;
	uint64_t gone;

	(void)state;
	start(NULL);
	keep_dir_write(&dir, "/r", "a file");
	assert_int_equal(
	    assay_plugin.connector->expire(fake_host_state(host), &what, &gone, &err), ASSAY_END);
	assert_int_equal(unlink(keep_dir_path(&dir, "/r")), 0);
	(void)made("/r/" ID("1") ".json", 1, DAY);
	if (mount("none", keep_dir_path(&dir, "/r"), "tmpfs", 0, "size=64k") != 0) {
		stop();
		skip();
	}
	(void)made("/r/" ID("1") ".json", 1, DAY);
	assert_int_equal(
	    mount("none", keep_dir_path(&dir, "/r"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(
	    assay_plugin.connector->expire(fake_host_state(host), &what, &gone, &err), ASSAY_E_IO);
	assert_int_equal(gone, 0);
	assert_non_null(strstr(err.text, dir.path));
	assert_non_null(strstr(err.text, "Read-only"));
	assert_int_equal(umount2(keep_dir_path(&dir, "/r"), MNT_DETACH), 0);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_there_is_nothing_to_do),
		cmocka_unit_test(the_old_go_and_only_ours),
		cmocka_unit_test(the_oldest_go_until_it_fits),
		cmocka_unit_test(a_put_renews),
		cmocka_unit_test(may_end_half_way),
		cmocka_unit_test(reports_go_with_their_days),
		cmocka_unit_test(no_link_leads_out),
		cmocka_unit_test(says_what_it_cannot_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
