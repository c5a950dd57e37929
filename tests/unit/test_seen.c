/* rooms: plugin_seen fakehost mail text base */
/*
 * tests of plugins/decorator/seen: what is asked, what settles, in which form values are compared,
 * what comes of age, and files that are not as they should be
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"
#include "seen/values.h"

#define FIELDS                                                                                     \
	"bloomfield_list=from,from_domain,envelope_from,from_pair,from_to,attachment_sha256,"      \
	"correspondent,subject"

static struct keep_dir dir;
static struct fake_host *host;
static struct assay_err err;

/* start - the plugin over what is in the directory; more may be NULL */
static enum assay_status start(const char *more)
{
	const char *opts[] = { NULL, "bloom_size=2000", FIELDS, more, NULL };

	opts[0] = keep_dir_opt(&dir, "bloom_directory", "/seen");
	return fake_host_open(&assay_plugin, opts, NULL, &host, &err);
}

static int set_up(void **state)
{
	(void)state;
	keep_dir_make(&dir);
	assert_int_equal(start(NULL), ASSAY_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_host_close(&host);
	keep_dir_remove(&dir);
	return 0;
}

/* again - as after a restart */
static void again(const char *more)
{
	fake_host_close(&host);
	assert_int_equal(start(more), ASSAY_OK);
}

/* time_text - so many ms ago, in one of a few static places */
static const char *time_text(int64_t ago)
{
	static char text[4][ASSAY_TIME_TEXT];
	static unsigned at;
	char *t = text[at++ % 4];

	assay_clock_format(assay_clock_wall_ms() - ago, t);
	return t;
}

/* mail - the report of one from `from`, sent so long ago; members of `with` win; takes it */
static json_t *mail(const char *from, int64_t ago, json_t *with)
{
	json_t *report = json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:{s:s}, s:{s:s, s:n}, s:{s:[s], "
				   "s:[s], s:[s], s:[s, s]}}",
	    "status", "scanned", "time", time_text(0), "message_time", "utc", time_text(ago),
	    "source", "milter", "direction", "in", "request_meta", "source", "maildir", "verdict",
	    "action", "accept", "answered", "facts", "from", from, "subject", "Hello  World",
	    "mailfrom", "Bounce@EXAMPLE.com", "rcpt", "a@our.example", "b@our.example");

	assert_non_null(report);
	if (with != NULL)
		assert_int_equal(json_object_update(report, with), 0);
	json_decref(with);
	return report;
}

/* tell - the connector; takes the report */
static enum assay_status tell(json_t *report)
{
	char *text = json_dumps(report, JSON_COMPACT);
	const struct assay_record record = { "report", "id", assay_slice_str(text) };
	const enum assay_status status =
	    assay_plugin.connector->save(fake_host_state(host), &record, 1, &err);

	json_decref(report);
	free(text);
	return status;
}

/* asked - what the decorator says of a report; takes it */
static json_t *asked(json_t *report)
{
	json_t *out = json_object();

	assert_int_equal(
	    assay_plugin.decorator->decorate(fake_host_state(host), report, out, &err), ASSAY_OK);
	json_decref(report);
	return out;
}

/* isnew - of the i-th value of a field; its form is compared with `value` */
static bool isnew(const json_t *out, const char *field, size_t i, const char *value)
{
	const json_t *row = json_array_get(json_object_get(out, field), i);

	assert_string_equal(json_string_value(json_object_get(row, "value")), value);
	return json_is_true(json_object_get(row, "isnew"));
}

/* knows - is this sender known? */
static bool knows(const char *from)
{
	json_t *out = asked(mail(from, 0, NULL));
	const json_t *row = json_array_get(json_object_get(out, "from"), 0);
	const bool seen = json_is_false(json_object_get(row, "isnew"));

	json_decref(out);
	return seen;
}

static void a_sender_is_new_once(void **state)
{
	json_t *out;

	(void)state;
	out = asked(mail("Bob@Example.ORG", 0, NULL));
	assert_true(isnew(out, "from", 0, "bob@example.org"));
	assert_true(isnew(out, "envelope_from", 0, "bounce@example.com"));
	assert_true(isnew(out, "subject", 0, "hello  world"));
	assert_int_equal(json_array_size(json_object_get(out, "new")), 5);
	json_decref(out);
	/* Asking keeps nothing. */
	assert_false(knows("bob@example.org"));
	assert_int_equal(tell(mail("BOB@example.org", 0, NULL)), ASSAY_OK);
	out = asked(mail("bob@EXAMPLE.org", 0, NULL));
	assert_false(isnew(out, "from", 0, "bob@example.org"));
	/* We have not written to him. */
	assert_int_equal(json_array_size(json_object_get(out, "new")), 1);
	json_decref(out);
	assert_false(knows("bob2@example.org"));
	again(NULL);
	assert_true(knows("bob@example.org"));
	/* The empty sender is nobody. */
	out =
	    asked(mail("bob@example.org", 0, json_pack("{s:{s:[s]}}", "facts", "mailfrom", "<>")));
	assert_int_equal(json_array_size(json_object_get(out, "envelope_from")), 0);
	json_decref(out);
}

static void only_what_was_let_through_settles(void **state)
{
	static const struct {
		const char *name, *json;
		bool settles;
	} mails[] = {
		{ "tag@a.b", "{\"verdict\":{\"action\":\"tag\",\"answered\":null}}", true },
		{ "quarantine@a.b", "{\"verdict\":{\"action\":\"quarantine\",\"answered\":null}}",
		    false },
		{ "observed@a.b", "{\"verdict\":{\"action\":\"reject\",\"answered\":\"accept\"}}",
		    true },
		{ "refused@a.b", "{\"verdict\":{\"action\":\"accept\",\"answered\":\"tempfail\"}}",
		    false },
		{ "partial@a.b", "{\"status\":\"partial\"}", false },
		{ "unscanned@a.b", "{\"status\":\"unscanned\"}", false },
		{ "command@a.b", "{\"request_meta\":{\"source\":\"scan\"}}", false },
		{ "none@a.b", "{\"verdict\":null}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++) {
		json_t *with = json_loads(mails[i].json, 0, NULL);

		assert_non_null(with);
		assert_int_equal(tell(mail(mails[i].name, 0, with)), ASSAY_OK);
		assert_int_equal(knows(mails[i].name), mails[i].settles);
	}
	again("settle_on=quarantine");
	assert_int_equal(
	    tell(mail("x@a.b", 0, json_pack("{s:{s:s}}", "verdict", "action", "quarantine"))),
	    ASSAY_OK);
	assert_true(knows("x@a.b"));
}

static void findings_and_rubbish_are_no_mail(void **state)
{
	const struct assay_record finding = { "finding", "f", assay_slice_str("{\"status\":1}") };
	const struct assay_record rubbish = { "report", "r", assay_slice_str("{") };
	const struct assay_record odd = { "report", "o",
		assay_slice_str("{\"status\":\"scanned\",\"verdict\":{\"action\":\"accept\"},"
				"\"facts\":{\"from\":[1,null,{},\"\",\"x\"]},\"results\":7}") };
	const struct assay_connector *c = assay_plugin.connector;

	(void)state;
	assert_int_equal(c->save(fake_host_state(host), &finding, 1, &err), ASSAY_OK);
	assert_int_equal(c->save(fake_host_state(host), &rubbish, 1, &err), ASSAY_E_SYNTAX);
	assert_int_equal(c->save(fake_host_state(host), &odd, 1, &err), ASSAY_OK);
	assert_int_equal(c->flush(fake_host_state(host), &err), ASSAY_OK);
	assert_true(knows("x"));
}

static void fields_that_are_made(void **state)
{
	json_t *results = json_pack("{s:[{s:{s:{s:[{s:s, s:s}], s:[{s:s}, {s:s}]}}}]}", "results",
	    "workers", "smtp", "from", "name", " Bob  The\tBuilder ", "addr",
	    "Bob@B\xc3\xbc"
	    "cher.example",
	    "attachments", "sha256", "AA", "sha256", "aa");
	json_t *out;

	(void)state;
	assert_non_null(results);
	out = asked(mail("Bob@B.example", 0, results));
	assert_true(isnew(out, "from_pair", 0, "bob the builder <bob@xn--bcher-kva.example>"));
	assert_true(isnew(out, "attachment_sha256", 0, "aa"));
	assert_int_equal(json_array_size(json_object_get(out, "attachment_sha256")), 1);
	assert_true(isnew(out, "from_to", 1, "bob@b.example > b@our.example"));
	json_decref(out);
}

static void whom_we_wrote_to_is_no_stranger(void **state)
{
	json_t *out;

	(void)state;
	assert_int_equal(tell(mail("us@our.example", 0, NULL)), ASSAY_OK);
	out = asked(mail("b@our.example", 0, NULL));
	assert_true(isnew(out, "correspondent", 0, "b@our.example"));
	json_decref(out);
	assert_int_equal(
	    tell(mail("us@our.example", 0, json_pack("{s:s}", "direction", "out"))), ASSAY_OK);
	out = asked(mail("b@our.example", 0, NULL));
	assert_false(isnew(out, "correspondent", 0, "b@our.example"));
	assert_true(isnew(out, "from", 0, "b@our.example"));
	json_decref(out);
}

static void a_value_comes_of_age(void **state)
{
	json_t *with = json_pack(
	    "{s:{s:s, s:s}}", "message_time", "utc", "2001-01-01T00:00:00.000Z", "source", "date");

	(void)state;
	again("min_age=1h");
	assert_int_equal(tell(mail("old@a.b", 7200000, NULL)), ASSAY_OK);
	assert_int_equal(tell(mail("young@a.b", 1800000, NULL)), ASSAY_OK);
	assert_int_equal(tell(mail("young@a.b", 1000, NULL)), ASSAY_OK);
	/* What a sender writes into Date makes him no older. */
	assert_int_equal(tell(mail("liar@a.b", 0, with)), ASSAY_OK);
	assert_int_equal(assay_plugin.connector->idle(fake_host_state(host), &err), ASSAY_OK);
	assert_true(knows("old@a.b"));
	assert_false(knows("young@a.b"));
	assert_false(knows("liar@a.b"));
	again("min_age=20m");
	assert_int_equal(assay_plugin.connector->idle(fake_host_state(host), &err), ASSAY_OK);
	assert_true(knows("young@a.b"));
	assert_false(knows("liar@a.b"));
	again("min_age=1h");
	assert_true(knows("young@a.b"));
	assert_int_equal(tell(mail("young@a.b", 0, NULL)), ASSAY_OK);
	assert_true(knows("young@a.b"));
	again("min_age=1ms");
	assert_int_equal(assay_plugin.connector->idle(fake_host_state(host), &err), ASSAY_OK);
	assert_true(knows("liar@a.b"));
}

static void a_torn_young_one_is_cut_off(void **state)
{
	char path[300];
	FILE *f;

	(void)state;
	again("min_age=1h");
	assert_int_equal(tell(mail("one@a.b", 1800000, NULL)), ASSAY_OK);
	(void)snprintf(path, sizeof path, "%s/seen/from.young", dir.path);
	f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fwrite("\0\0\0\0\0\0\0\0\xff\xff\0\0torn", 1, 16, f), 16);
	assert_int_equal(fclose(f), 0);
	again("min_age=20m");
	assert_int_equal(assay_plugin.connector->idle(fake_host_state(host), &err), ASSAY_OK);
	assert_true(knows("one@a.b"));
}

/* ---- enquiries ------------------------------------------------------------------------------- */

static bool keep_row(void *arg, const json_t *row)
{
	return json_array_append(arg, (json_t *)(uintptr_t)row) == 0;
}

/* enquire - the rows, as text; free it */
static char *enquire(const char *query, enum assay_status expected)
{
	json_t *q = json_loads(query, 0, NULL), *rows = json_array();
	char *text;

	assert_non_null(q);
	assert_int_equal(
	    assay_plugin.connector->query(fake_host_state(host), q, keep_row, rows, &err),
	    expected);
	text = json_dumps(rows, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(rows);
	json_decref(q);
	return text;
}

/* says - the rows are these */
static void says(const char *query, const char *expected)
{
	char *text = enquire(query, ASSAY_OK);

	assert_string_equal(text, expected);
	free(text);
}

static void can_be_asked(void **state)
{
	char *text;

	(void)state;
	says("{\"want\":\"ask\",\"field\":\"from\",\"values\":[\"Bob <BOB@x.Example>\",\"\"]}",
	    "[{\"value\":\"bob@x.example\",\"isnew\":true,\"last_seen\":null},"
	    "{\"value\":null,\"isnew\":true,\"last_seen\":null}]");
	says("{\"want\":\"add\",\"field\":\"from\",\"values\":[\"bob@x.example\"]}",
	    "[{\"value\":\"bob@x.example\",\"isnew\":true,\"last_seen\":null}]");
	says("{\"want\":\"add\",\"field\":\"from\",\"values\":[\"bob@x.example\"]}",
	    "[{\"value\":\"bob@x.example\",\"isnew\":false,\"last_seen\":null}]");
	assert_true(knows("bob@x.example"));
	says("{\"want\":\"repair\"}", "[]");
	text = enquire("{\"want\":\"stats\"}", ASSAY_OK);
	assert_non_null(strstr(text, "\"values\":1,\"planned\":2000,"));
	free(text);
	free(enquire("{\"want\":\"ask\",\"field\":\"nothing\",\"values\":[\"x\"]}", ASSAY_E_USAGE));
	free(enquire("{\"want\":\"reports\"}", ASSAY_E_USAGE));
	free(enquire("{}", ASSAY_E_USAGE));
	free(enquire("{\"want\":\"merge\",\"field\":\"from\"}", ASSAY_E_USAGE));
	free(enquire(
	    "{\"want\":\"merge\",\"field\":\"from\",\"file\":\"/dev/null\"}", ASSAY_E_SYNTAX));
}

static void forms_are_one(void **state)
{
	static const char *const same[][3] = {
		{ "from", "Bob (the builder) <BOB@Example.ORG.>", "bob@example.org" },
		{ "from",
		    "bob@b\xc3\xbc"
		    "cher.example",
		    "bob@xn--bcher-kva.example" },
		{ "from_domain", " Example.ORG. ", "example.org" },
		{ "from_pair", "\"Bob  B\" <b@X.y>", "bob b <b@x.y>" },
		{ "from_pair", "pay <a@b.c> <B@X.y>", "pay <a@b.c> <b@x.y>" },
		{ "from_pair", "B@X.y", "<b@x.y>" },
		{ "from_to", "<A@b.c> > D@E.f", "a@b.c > d@e.f" },
		{ "from_to", "a@b.c", "" },
		{ "subject", " Hello ", "hello" },
		{ "rcpt", "X@Y.z", "x@y.z" },
	};
	struct assay_arena *arena = assay_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		assert_true(assay_slice_is(
		    assay_values_normal(arena, same[i][0], assay_slice_str(same[i][1])),
		    same[i][2]));
	assay_arena_free(&arena);
}

static void what_a_mail_server_asks_is_a_whole_key(void **state)
{
	static const char *const asked[][3] = {
		{ "from", "A@B.C", "a@b.c" },
		{ "envelope_from", "a+x@b.c", "a+x@b.c" },
		{ "from", "a@", "" },
		{ "from", "@b.c", "" },
		{ "from", "b.c", "" },
		{ "from", "<>", "" },
		{ "from", "", "" },
		{ "from_domain", "x@B.c", "b.c" },
		{ "from_domain", "B.c", "b.c" },
		{ "from_domain", "c", "" },
		{ "from_domain", ".b.c", "" },
		{ "from_domain", "x@", "" },
		{ "client", "192.0.2.1", "192.0.2.1" },
	};
	struct assay_arena *arena = assay_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		assert_true(assay_slice_is(
		    assay_values_asked(arena, asked[i][0], assay_slice_str(asked[i][1])),
		    asked[i][2]));
	assay_arena_free(&arena);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void what_is_damaged_is_refused_and_repaired(void **state)
{
	char path[300];
	char *text;
	FILE *f;

	(void)state;
	assert_int_equal(tell(mail("a@b.c", 0, NULL)), ASSAY_OK);
	fake_host_close(&host);
	assert_int_equal(start("bloom_fp_rate=0.01"), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "bloom_fp_rate"));
	assert_int_equal(start("bloom_fp_rate=much"), ASSAY_E_CONF);
	assert_int_equal(start("bloom_months=3"), ASSAY_E_CONF);
	assert_int_equal(start("bloomfield_list=../x"), ASSAY_E_CONF);
	assert_int_equal(start("bloomfield_list=from,from"), ASSAY_E_CONF);
	again(NULL);
	assert_true(knows("a@b.c"));
	(void)snprintf(path, sizeof path, "%s/seen/from.bloom", dir.path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("rubbish", f) >= 0);
	assert_int_equal(fclose(f), 0);
	text = enquire("{\"want\":\"repair\"}", ASSAY_OK);
	assert_non_null(strstr(text, ".bad\""));
	free(text);
	again(NULL);
	assert_false(knows("a@b.c"));
	assert_int_equal(tell(mail("a@b.c", 0, NULL)), ASSAY_OK);
	assert_true(knows("a@b.c"));
}

static void a_full_disk_lets_the_queue_wait(void **state)
{
	(void)state;
	fake_host_close(&host);
	if (!keep_dir_small(&dir)) {
		assert_int_equal(start(NULL), ASSAY_OK);
		skip();
	}
	assert_int_equal(start(NULL), ASSAY_OK);
	assert_int_equal(tell(mail("a@b.c", 0, NULL)), ASSAY_E_FULL);
	assert_false(knows("a@b.c"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sender_is_new_once),
		TEST(only_what_was_let_through_settles),
		TEST(findings_and_rubbish_are_no_mail),
		TEST(fields_that_are_made),
		TEST(whom_we_wrote_to_is_no_stranger),
		TEST(a_value_comes_of_age),
		TEST(a_torn_young_one_is_cut_off),
		TEST(can_be_asked),
		TEST(forms_are_one),
		TEST(what_a_mail_server_asks_is_a_whole_key),
		TEST(what_is_damaged_is_refused_and_repaired),
		TEST(a_full_disk_lets_the_queue_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
