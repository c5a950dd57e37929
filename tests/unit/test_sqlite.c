/* rooms: plugin_sqlite fakehost text base */
/*
 * tests of plugins/connector/sqlite: idempotent, one of several reports, every comparison, text,
 * batches, what is refused
 */
#include "sqlite_store.h"

#define TIME(t) "\"message_time\":{\"utc\":\"" t "T00:00:00.000Z\"}"

static const char *const mails[] = {
	"{\"n\":\"A\"," TIME(
	    "2026-01-01") ",\"content_sha256\":\"aa\",\"facts\":{\"from\":"
			  "[\"X@Evil.example\"],\"client\":[\"192.0.2.7\"],\"size\":[100,2000],"
			  "\"filename\":"
			  "[\"Plan.docm\"],\"subject\":[\"Wichtige Rechnung\"],\"sha256\":"
			  "[\"00112233445566778899aabbccddeeff\"]},\"verdict\":{\"action\":"
			  "\"quarantine\","
			  "\"rule\":\"macros\"},\"request_meta\":{\"queue_id\":\"Q1\"},"
			  "\"results\":[{\"workers\":{\"smtp\":{\"body\":\"Bitte\\r\\n  "
			  "zahlen\"}}}]}",
	"{\"n\":\"B\"," TIME(
	    "2026-01-03") ",\"content_sha256\":\"bb\",\"facts\":{\"from\":"
			  "[\"y@sub.evil.example\"],\"client\":[\"2001:db8::1\"],\"size\":[5],"
			  "\"message_id\":"
			  "[\"m@b\"],\"subject\":[\"\xe5\x8f\x91\xe7\xa5\xa8 100\"]},"
			  "\"request_meta\":{\"source_id\":\"dir/1\"}}",
	"{\"n\":\"C\"," TIME(
	    "2026-01-02") ",\"content_sha256\":\"cc\",\"facts\":{\"from\":"
			  "[\"z@notevil.example\"]},\"results\":[{\"workers\":{\"smtp\":{\"body\":"
			  "\"\xe8\xaf\xb7\xe5\xbc\x80\xe5\x8f\x91\xe7\xa5\xa8\"}}}]}",
	"{\"n\":\"B2\"," TIME("2026-01-03") ",\"content_sha256\":\"bb\",\"facts\":{\"message_id\":"
					    "[\"m@b\"]}}",
	"{\"n\":\"C2\"," TIME("2026-01-02") ",\"content_sha256\":\"cc\",\"supersedes\":\"3abcde\"}",
};

static void fill(void)
{
	start();
	assert_int_equal(save(mails, 5, NULL), ASSAY_OK);
}

static void one_of_each_mail(void **state)
{
	(void)state;
	fill();
	assert_string_equal(ask("{}"), "B2 C2 A ");
	assert_string_equal(ask("{\"all\":true}"), "B2 B C2 C A ");
	assert_string_equal(ask("{\"limit\":1}"), "B2 ");
	assert_string_equal(ask("{\"want\":\"count\"}"), "{\"count\":3} ");
	assert_int_equal(save(mails, 5, NULL), ASSAY_OK);
	assert_string_equal(ask("{\"want\":\"count\",\"all\":true}"), "{\"count\":5} ");
	assert_true(assay_plugin.connector->has(fake_host_state(host), "dir/1"));
	assert_false(assay_plugin.connector->has(fake_host_state(host), "dir/2"));
	stop();
}

#define GLOB(w, v) "{\"word\":\"" w "\",\"is\":\"glob\",\"value\":\"" v "\"}"

static void comparisons(void **state)
{
	(void)state;
	fill();
	assert_string_equal(match(GLOB("from", "x@evil.example")), "A ");
	assert_string_equal(match(GLOB("from", "*@evil.example")), "A ");
	assert_string_equal(match(GLOB("from", "x@*")), "A ");
	assert_string_equal(match(GLOB("from", "?@*evil.example")), "B A ");
	assert_string_equal(match(GLOB("filename", "*.docm")), "A ");
	assert_string_equal(match(GLOB("sha256", "*ddeeff")), "A ");
	assert_string_equal(match(GLOB("queue_id", "q1")), "A ");
	assert_string_equal(match(GLOB("verdict", "quarantine")), "A ");
	assert_string_equal(match(GLOB("rule", "ma*")), "A ");
	assert_string_equal(match(GLOB("scan_id", "1abcde")), "A ");
	assert_string_equal(match(GLOB("nothing", "*")), "");
	assert_string_equal(
	    match("{\"word\":\"from\",\"is\":\"domain\",\"value\":\"evil.example\"}"), "B A ");
	assert_string_equal(
	    match(
		"{\"word\":\"client\",\"is\":\"net\",\"from\":\"00000000000000000000ffffc0000200\","
		"\"to\":\"00000000000000000000ffffc00002ff\"}"),
	    "A ");
	assert_string_equal(
	    match("{\"word\":\"size\",\"is\":\"size\",\"from\":101,\"to\":9223372036854775807}"),
	    "A ");
	assert_string_equal(
	    match("{\"word\":\"size\",\"is\":\"size\",\"from\":0,\"to\":100}"), "B A ");
	assert_string_equal(
	    match("{\"word\":\"from\",\"is\":\"one_of\",\"values\":[\"x@evil.example\",\"?\"]}"),
	    "A ");
	assert_string_equal(
	    match("{\"is\":\"time\",\"from\":1767312000000,\"to\":1767398400000}"), "C2 ");
	assert_non_null(strstr(match("{\"word\":\"from\",\"is\":\"strange\"}"), "strange"));
	stop();
}

static void text(void **state)
{
	(void)state;
	fill();
	assert_string_equal(
	    match("{\"is\":\"text\",\"in\":\"all\",\"value\":\"bitte zahlen\"}"), "A ");
	assert_string_equal(match("{\"is\":\"text\",\"in\":\"body\",\"value\":\"rechnung\"}"), "");
	assert_string_equal(match(GLOB("subject", "rechnung")), "A ");
	assert_string_equal(match(GLOB("subject", "\xe5\x8f\x91\xe7\xa5\xa8")), "B ");
	assert_string_equal(ask("{\"all\":true,\"match\":{\"is\":\"text\",\"in\":\"all\",\"value\":"
				"\"\xe5\x8f\x91\xe7\xa5\xa8\"}}"),
	    "B C ");
	assert_string_equal(match("{\"is\":\"text\",\"in\":\"all\",\"value\":\"n\"}"), "A ");
	assert_string_equal(match("{\"is\":\"text\",\"in\":\"all\",\"value\":\"\\\" OR 1\"}"), "");
	assert_string_equal(match("{\"is\":\"text\",\"in\":\"all\",\"value\":\"q' --\"}"), "");
	stop();
}

static void boolean(void **state)
{
	const char *const evil = GLOB("from", "*@evil.example");
	char query[600];

	(void)state;
	fill();
	(void)snprintf(query, sizeof query, "{\"not\":%s}", evil);
	assert_string_equal(match(query), "B2 C2 ");
	(void)snprintf(query, sizeof query, "{\"or\":[%s,%s]}", evil, GLOB("subject", "100"));
	assert_string_equal(match(query), "B A ");
	(void)snprintf(query, sizeof query, "{\"and\":[{\"not\":%s},%s]}", evil,
	    GLOB("from", "*evil.example"));
	assert_string_equal(match(query), "B ");
	(void)snprintf(
	    query, sizeof query, "{\"and\":[%s,{\"is\":\"time\",\"from\":0,\"to\":1}]}", evil);
	assert_string_equal(match(query), "");
	(void)snprintf(query, sizeof query, "{\"or\":[%s,{\"and\":[%s,%s]}]}",
	    GLOB("subject", "100"), evil, GLOB("from", "y*"));
	assert_string_equal(match(query), "B ");
	(void)snprintf(query, sizeof query, "{\"and\":[{\"or\":[%s,{\"and\":[%s,%s]}]},%s]}",
	    GLOB("subject", "100"), evil, GLOB("from", "x*"), GLOB("from", "*evil.example"));
	assert_string_equal(match(query), "B A ");
	(void)snprintf(query, sizeof query, "{\"or\":[{\"and\":[%s,%s]},{\"not\":%s}]}", evil,
	    GLOB("from", "x*"), GLOB("from", "*"));
	assert_string_equal(match(query), "B2 C2 A ");
	stop();
}

static void values_and_counts(void **state)
{
	(void)state;
	fill();
	assert_string_equal(ask("{\"want\":\"values\",\"word\":\"from\"}"),
	    "{\"value\":\"X@Evil.example\"} {\"value\":\"y@sub.evil.example\"} ");
	assert_string_equal(ask("{\"want\":\"values\",\"word\":\"scan_id\",\"limit\":1}"),
	    "{\"value\":\"4abcde\"} ");
	assert_string_equal(ask("{\"want\":\"counts\",\"word\":\"message_id\"}"),
	    "{\"value\":\"m@b\",\"count\":1} ");
	assert_string_equal(ask("{\"want\":\"counts\",\"word\":\"message_id\",\"all\":true}"),
	    "{\"value\":\"m@b\",\"count\":2} ");
	assert_string_equal(ask("{\"want\":\"counts\",\"word\":\"day\",\"limit\":2}"),
	    "{\"value\":\"2026-01-03\",\"count\":1} {\"value\":\"2026-01-02\",\"count\":1} ");
	stop();
}

static void found_by_its_names(void **state)
{
	const char *more[2] = { "{\"n\":\"D\",\"content_sha256\":\"dd\",\"facts\":{\"message_id\":"
				"[\"m@b\"]}}",
		NULL };
	const struct assay_record record = { "report", "1abcXX", assay_slice_str(more[0]) };
	char none[8], several[8];

	(void)state;
	(void)snprintf(none, sizeof none, "%d", (int)ASSAY_E_NOENT);
	(void)snprintf(several, sizeof several, "%d", (int)ASSAY_E_USAGE);
	fill();
	assert_string_equal(fetched("3abcde"), "C");
	assert_string_equal(fetched("1ABC"), "A");
	assert_string_equal(fetched("Q1"), "A");
	assert_string_equal(fetched("<M@b>"), "B2");
	assert_string_equal(fetched("1a"), none);
	assert_string_equal(fetched(""), none);
	assert_int_equal(
	    assay_plugin.connector->save(fake_host_state(host), &record, 1, NULL), ASSAY_OK);
	assert_string_equal(fetched("m@b"), several);
	stop();
}

static void a_batch_is_whole_or_not_at_all(void **state)
{
	const char *const bad[] = { "{\"n\":\"1\"}", "{\"n\":" };
	struct assay_err err;

	(void)state;
	start();
	assert_int_equal(save(bad, 2, &err), ASSAY_E_SYNTAX);
	assert_string_equal(ask("{}"), "");
	assert_int_equal(assay_plugin.connector->flush(fake_host_state(host), NULL), ASSAY_OK);
	stop();
}

static void bodies_are_left_out_when_told(void **state)
{
	(void)state;
	keep_dir_make(&dir);
	open_store("store_bodies=no");
	assert_int_equal(save(mails, 1, NULL), ASSAY_OK);
	assert_string_equal(match("{\"is\":\"text\",\"in\":\"all\",\"value\":\"zahlen\"}"), "");
	assert_string_equal(match(GLOB("subject", "rechnung")), "A ");
	stop();
}

/* refused - what saving and asking say about a file that is none of ours */
static void refused(const char *said)
{
	struct assay_err err;

	open_store(NULL);
	assert_int_not_equal(save(mails, 1, &err), ASSAY_OK);
	assert_non_null(strstr(err.text, said));
	assert_non_null(strstr(ask("{}"), said));
	assert_null(strchr(err.text, '\n'));
	fake_host_close(&host);
}

static void others_files_are_refused(void **state)
{
	(void)state;
	start();
	assert_non_null(strstr(ask("{}"), "no store yet"));
	assert_int_equal(save(mails, 1, NULL), ASSAY_OK);
	fake_host_close(&host);
	run("UPDATE about SET value = 3 WHERE name = 'schema'");
	refused("newer version");
	run("PRAGMA application_id = 1");
	refused("another program");
	keep_dir_write(&dir, STORE_FILE,
	    "this is no database, but long enough to be read"
	    " as one if somebody tried to do so, is it not?");
	refused("no store of assay");
	keep_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_each_mail),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(text),
		cmocka_unit_test(boolean),
		cmocka_unit_test(values_and_counts),
		cmocka_unit_test(found_by_its_names),
		cmocka_unit_test(a_batch_is_whole_or_not_at_all),
		cmocka_unit_test(bodies_are_left_out_when_told),
		cmocka_unit_test(others_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
