/* rooms: plugin_clamav fakehost text base */
/*
 * tests of plugins/worker/clamav: signatures of our own found in plain and packed bytes, limits
 * that are told, databases that are missing, broken or changed; clamd's answers of any shape
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/slice.h"
#include "clamav/clamd.h"
#include "clamav/database.h"
#include "fake_host.h"

/* The bytes of MARK; MAIL has them in base64. */
#define MARK "assay test signature"
#define SIGNATURE "Assay.Test:0:*:61737361792074657374207369676e6174757265\n"
#define OTHER "Assay.Other:0:*:616e6f74686572206f6e65206f66206f757273\n"
#define MAIL                                                                                       \
	"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"          \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"                                 \
	"Content-Type: application/octet-stream; name=evil.bin\r\n"                                \
	"Content-Transfer-Encoding: base64\r\n\r\n"                                                \
	"eHh4eHh4eHh4eCBhc3NheSB0ZXN0IHNpZ25hdHVyZSB5eXl5eXl5eXl5\r\n--b--\r\n"

static char home[64]; /* of this test: current directory of the scans */

/* put - a file of the database */
static void put(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/db/%s", home, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* drop - one that put made */
static void drop(const char *name)
{
	char path[200];

	(void)snprintf(path, sizeof path, "%s/db/%s", home, name);
	assert_int_equal(unlink(path), 0);
}

/* prepare - a directory with one signature */
static int prepare(void **state)
{
	char path[80];

	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-test-clamav-XXXXXX");
	if (mkdtemp(home) == NULL || chdir(home) != 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/db", home);
	if (mkdir(path, 0700) != 0)
		return -1;
	put("own.ndb", SIGNATURE);
	return 0;
}

/* release - the directory, which must be empty by now: libclamav leaves nothing */
static int release(void **state)
{
	char path[80];

	(void)state;
	drop("own.ndb");
	(void)snprintf(path, sizeof path, "%s/db", home);
	return rmdir(path) == 0 && chdir("/") == 0 && rmdir(home) == 0 ? 0 : -1;
}

/* open_host - the plugin on our directory, with one more option or NULL */
static struct fake_host *open_host(const char *more)
{
	char database[100];
	const char *opts[] = { database, more, NULL };
	struct fake_host *host;
	struct assay_err err;

	(void)snprintf(database, sizeof database, "database=%s/db", home);
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_allow(host, "max_member_bytes", 1 << 20);
	fake_host_allow(host, "max_unpacked_bytes", 4 << 20);
	return host;
}

/* scan_bytes - one payload */
static void scan_bytes(struct fake_host *host, struct assay_slice bytes, struct fake_scan *scan)
{
	struct fake_payload told = { .bytes = bytes };

	fake_host_scan(host, &told, scan);
}

/* text_at - a string of a result */
static const char *text_at(const struct fake_scan *s, const char *member)
{
	return json_string_value(json_object_get(s->result, member));
}

/* finds - plain, in a mail, and nothing in what is clean; the same result each time */
static void finds(void **state)
{
	struct fake_host *host = open_host(NULL);
	const char *clean = "nothing to be found here";
	struct fake_scan s;

	(void)state;
	for (int i = 0; i < 3; i++) {
		scan_bytes(host, assay_slice_str("x " MARK " y"), &s);
		assert_int_equal(s.status, ASSAY_OK);
		assert_true(json_is_true(json_object_get(s.result, "infected")));
		assert_string_equal(text_at(&s, "signature"), "Assay.Test.UNOFFICIAL");
		assert_memory_equal(text_at(&s, "database"), "1 file (", 8);
		assert_non_null(text_at(&s, "engine"));
		assert_int_equal(json_array_size(s.limits) + json_array_size(s.errors), 0);
		fake_scan_free(&s);
		scan_bytes(host, assay_slice_str(clean), &s);
		assert_true(json_is_false(json_object_get(s.result, "infected")));
		assert_true(json_is_null(json_object_get(s.result, "signature")));
		fake_scan_free(&s);
	}
	scan_bytes(host, assay_slice_str(MAIL), &s);
	assert_string_equal(text_at(&s, "signature"), "Assay.Test.UNOFFICIAL");
	assert_string_equal(text_at(&s, "type"), "CL_TYPE_MAIL");
	assert_true(json_integer_value(json_object_get(s.result, "layer_count")) >= 1);
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(json_object_get(s.result, "layers"), 0), "name")),
	    "evil.bin");
	fake_scan_free(&s);
	scan_bytes(host, ASSAY_SLICE_NONE, &s);
	assert_int_equal(s.status, ASSAY_OK);
	assert_null(s.result);
	fake_scan_free(&s);
	fake_host_close(&host);
}

/* options - what is not to be taken apart is not; words that are none are refused */
static void options(void **state)
{
	const char *wrong[] = { "parse=archive, mial", NULL }, *worse[] = { "alerts=all", NULL };
	struct fake_host *host = open_host("parse=archive");
	struct assay_err err;
	struct fake_scan s;

	(void)state;
	scan_bytes(host, assay_slice_str(MAIL), &s);
	assert_true(json_is_false(json_object_get(s.result, "infected")));
	fake_scan_free(&s);
	fake_host_close(&host);
	assert_int_equal(fake_host_open(&assay_plugin, wrong, NULL, &host, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "parse: \"mial\" is none of: archive, "));
	assert_int_equal(fake_host_open(&assay_plugin, worse, NULL, &host, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "alerts: \"all\""));
	host = open_host("layers_max=0");
	scan_bytes(host, assay_slice_str(MAIL), &s);
	assert_int_equal(json_array_size(json_object_get(s.result, "layers")), 0);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(s.limits, 0), "effect")), "cut");
	fake_scan_free(&s);
	fake_host_close(&host);
}

/* limits - what is too large is not called clean */
static void limits(void **state)
{
	struct fake_host *host = open_host(NULL);
	char *large = calloc(1, 2 << 20);
	struct fake_scan s;

	(void)state;
	assert_non_null(large);
	memcpy(large, MARK, sizeof MARK - 1);
	scan_bytes(host, assay_slice(large, 2 << 20), &s);
	assert_int_equal(json_array_size(s.limits), 1);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(s.limits, 0), "limit")),
	    "max_member_bytes");
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(s.limits, 0), "effect")), "unseen");
	assert_int_equal(json_array_size(json_object_get(s.result, "signatures")), 0);
	fake_scan_free(&s);
	fake_host_close(&host);
	free(large);
}

/* no_directory - where it cannot write it is not asked: it would say clean */
static void no_directory(void **state)
{
	struct fake_host *host = open_host(NULL);
	char name[80];
	struct fake_scan s;

	(void)state;
	(void)snprintf(name, sizeof name, "assay-clamav-%ld", (long)getpid());
	assert_int_equal(mkdir(name, 0700), 0);
	scan_bytes(host, assay_slice_str(MARK), &s);
	assert_int_equal(s.status, ASSAY_E_PLUGIN);
	assert_null(s.result == NULL ? NULL : json_object_get(s.result, "infected"));
	fake_scan_free(&s);
	assert_int_equal(rmdir(name), 0);
	fake_host_close(&host);
}

static unsigned told; /* changes */

/* look_after - as the scan master does */
static enum assay_status look_after(struct fake_host *host, struct assay_err *err)
{
	bool changed = false;
	enum assay_status st = assay_plugin.watch(fake_host_state(host), &changed, err);

	told += changed;
	return st;
}

/* databases - one that is broken costs itself only; none is said in each report */
static void databases(void **state)
{
	const char *refuse[] = { "", "on_bad_database=refuse", NULL };
	char database[100];
	struct fake_host *host;
	struct assay_err err;
	struct fake_scan s;

	(void)state;
	put("broken.ndb", "this is no signature\n");
	put("readme.txt", "not a database");
	host = open_host(NULL);
	scan_bytes(host, assay_slice_str(MARK), &s);
	assert_true(json_is_true(json_object_get(s.result, "infected")));
	fake_scan_free(&s);
	assert_int_equal(look_after(host, &err), ASSAY_E_PLUGIN);
	assert_non_null(strstr(err.text, "1 of the files"));
	assert_non_null(strstr(err.text, "broken.ndb: "));
	fake_host_close(&host);
	(void)snprintf(database, sizeof database, "database=%s/db", home);
	refuse[0] = database;
	assert_int_equal(fake_host_open(&assay_plugin, refuse, NULL, &host, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "broken.ndb: "));
	drop("broken.ndb");
	drop("readme.txt");
	drop("own.ndb");
	host = open_host(NULL);
	assert_null(assay_plugin.rules_id(fake_host_state(host)));
	assert_int_equal(look_after(host, &err), ASSAY_E_NOENT);
	scan_bytes(host, assay_slice_str(MARK), &s);
	assert_int_equal(s.status, ASSAY_E_NOENT);
	assert_non_null(strstr(s.err.text, "there are no signatures in "));
	assert_null(s.result);
	fake_scan_free(&s);
	fake_host_close(&host);
	put("own.ndb", SIGNATURE);
}

/* look_often - for some turns; all is well */
static void look_often(struct fake_host *host)
{
	struct assay_err err;

	for (int i = 0; i < 5; i++) {
		(void)usleep(2000);
		assert_int_equal(look_after(host, &err), ASSAY_OK);
	}
}

/* watches - a change is told once, when the directory has come to rest; an empty one is none */
static void watches(void **state)
{
	struct fake_host *host = open_host("watch=1ms");
	struct assay_err err;

	(void)state;
	told = 0;
	look_often(host);
	assert_int_equal(told, 0);
	put("second.ndb", OTHER);
	(void)usleep(2000);
	assert_int_equal(look_after(host, &err), ASSAY_OK);
	assert_int_equal(told, 0);
	look_often(host);
	assert_int_equal(told, 1);
	drop("second.ndb");
	drop("own.ndb");
	for (int i = 0; i < 3; i++) {
		(void)usleep(2000);
		assert_int_equal(look_after(host, &err), ASSAY_E_NOENT);
	}
	assert_non_null(strstr(err.text, "stay in use"));
	assert_int_equal(told, 1);
	fake_host_close(&host);
	put("own.ndb", SIGNATURE);
	host = open_host("watch=0s");
	put("second.ndb", OTHER);
	look_often(host);
	assert_int_equal(told, 1);
	drop("second.ndb");
	fake_host_close(&host);
}

/* stamps - any change of a database file, and of nothing else */
static void stamps(void **state)
{
	char dir[80], one[ASSAY_CLAMAV_STAMP], two[ASSAY_CLAMAV_STAMP];

	(void)state;
	(void)snprintf(dir, sizeof dir, "%s/db", home);
	assay_clamav_database_stamp(dir, one);
	assert_int_equal(strlen(one), 64);
	put("freshclam.dat", "x");
	assay_clamav_database_stamp(dir, two);
	assert_string_equal(one, two);
	drop("freshclam.dat");
	put("more.hdb", "00000000000000000000000000000000:1:X\n");
	assay_clamav_database_stamp(dir, two);
	assert_string_not_equal(one, two);
	drop("more.hdb");
	assay_clamav_database_stamp("/nowhere/at/all", two);
	assert_string_equal(two, "");
}

/* said - what one answer of clamd means */
static struct assay_clamd_answer said(const char *text)
{
	struct assay_clamd_answer answer;

	assay_clamd_read(assay_slice_str(text), &answer);
	return answer;
}

/* answers - of clamd, in any order and shape */
static void answers(void **state)
{
	struct assay_clamd_answer a =
	    said("1: ClamAV 1.4.6/27104/Thu Nov 20 09:00:00 2025\n2: stream: OK\n");

	(void)state;
	assert_int_equal(a.kind, ASSAY_CLAMD_CLEAN);
	assert_true(assay_slice_is(a.engine, "1.4.6"));
	assert_true(assay_slice_is(a.database, "27104/Thu Nov 20 09:00:00 2025"));
	a = said("2: stream: Win.Test FOUND\n1: ClamAV 1.4.6\n");
	assert_int_equal(a.kind, ASSAY_CLAMD_FOUND);
	assert_true(assay_slice_is(a.text, "Win.Test"));
	assert_true(assay_slice_is(a.engine, "1.4.6"));
	assert_int_equal(a.database.n, 0);
	assert_int_equal(said("INSTREAM size limit exceeded. ERROR\n").kind, ASSAY_CLAMD_TOO_LARGE);
	a = said("1: stream: Time limit reached. ERROR\n");
	assert_int_equal(a.kind, ASSAY_CLAMD_FAILED);
	assert_true(assay_slice_is(a.text, "Time limit reached. ERROR"));
	assert_int_equal(said("").kind, ASSAY_CLAMD_NONE);
	assert_int_equal(said("1: ClamAV 1.4.6\n").kind, ASSAY_CLAMD_NONE);
	assert_int_equal(said("stream:  FOUND").kind, ASSAY_CLAMD_FAILED);
	assert_int_equal(said(" FOUND").kind, ASSAY_CLAMD_FAILED);
	assert_int_equal(said("hello").kind, ASSAY_CLAMD_FAILED);
	/* Not even a second "OK" makes good what was found. */
	assert_int_equal(said("1: stream: X FOUND\n2: stream: OK\n").kind, ASSAY_CLAMD_FOUND);
	assert_int_equal(said("1: stream: OK\n2: stream: X FOUND\n").kind, ASSAY_CLAMD_FOUND);
}

/* What a stand-in for clamd answers. */
static const char *clamd_says;

/* play - in place of clamd; looks at the question */
static enum assay_status play(void *arg, size_t program, const struct assay_run_input *in,
    struct assay_run_output *out, struct assay_err *err)
{
	static const char head[] = "nIDSESSION\nnVERSION\nnINSTREAM\n\0\0\1\4";

	(void)arg;
	assert_int_equal(program, 0);
	assert_int_equal(in->bytes.n, 260);
	assert_int_equal(in->before.n, sizeof head - 1);
	assert_memory_equal(in->before.p, head, sizeof head - 1);
	assert_memory_equal(in->after.p, "\0\0\0\0nEND\n", 9);
	if (clamd_says == NULL)
		return assay_err_set(err, ASSAY_E_NOENT, "clamd cannot be reached");
	out->out = assay_slice_str(clamd_says);
	return ASSAY_OK;
}

/* by_clamd - its answers as results; no answer is never clean */
static void by_clamd(void **state)
{
	const char *opts[] = { "mode=clamd", NULL };
	const char payload[260] = "x";
	struct fake_host *host;
	struct assay_err err;
	struct fake_scan s;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_run(host, play, NULL);
	clamd_says = "2: stream: Win.Test FOUND\n1: ClamAV 1.4.6/27104/Thu\n";
	scan_bytes(host, assay_slice(payload, sizeof payload), &s);
	assert_true(json_is_true(json_object_get(s.result, "infected")));
	assert_string_equal(text_at(&s, "database"), "27104/Thu");
	fake_scan_free(&s);
	clamd_says = "1: stream: Heuristics.Limits.Exceeded.MaxFiles FOUND\n";
	scan_bytes(host, assay_slice(payload, sizeof payload), &s);
	assert_true(json_is_false(json_object_get(s.result, "infected")));
	assert_int_equal(json_array_size(s.limits), 1);
	fake_scan_free(&s);
	clamd_says = "1: stream: Heuristics.Phishing.Email FOUND\n";
	scan_bytes(host, assay_slice(payload, sizeof payload), &s);
	assert_true(json_is_false(json_object_get(s.result, "infected")));
	assert_int_equal(json_array_size(json_object_get(s.result, "signatures")), 1);
	fake_scan_free(&s);
	clamd_says = "INSTREAM size limit exceeded. ERROR\n";
	scan_bytes(host, assay_slice(payload, sizeof payload), &s);
	assert_int_equal(s.status, ASSAY_OK);
	assert_null(s.result);
	assert_int_equal(json_array_size(s.limits), 1);
	fake_scan_free(&s);
	for (int i = 0; i < 3; i++) {
		clamd_says = i == 0 ? "" : i == 1 ? "UNKNOWN COMMAND\n" : NULL;
		scan_bytes(host, assay_slice(payload, sizeof payload), &s);
		assert_int_not_equal(s.status, ASSAY_OK);
		assert_null(s.result);
		fake_scan_free(&s);
	}
	fake_host_close(&host);
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(options),
		cmocka_unit_test(limits),
		cmocka_unit_test(no_directory),
		cmocka_unit_test(databases),
		cmocka_unit_test(watches),
		cmocka_unit_test(stamps),
		cmocka_unit_test(answers),
		cmocka_unit_test(by_clamd),
	};

	return cmocka_run_group_tests(tests, prepare, release);
}
