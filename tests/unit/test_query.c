/* rooms: core text base */
/*
 * tests of core/query.c, core/term.c, core/when.c: words, values, grammar, what is refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "core/facts.h"
#include "core/json.h"
#include "core/query.h"
#include "core/when.h"

#define NOW ((int64_t)1767225600000) /* 2026-01-01 */

static const struct assay_fact rows[] = {
	{ "from", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_ADDRESS, "from", "" },
	{ "subject", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "subject", "" },
	{ "encrypted", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_FLAG, "encrypted", "" },
	{ NULL, 0, 0, NULL, NULL },
};

/* parse - the tree as text, or what was said against the query */
static const char *parse(const char *text)
{
	static struct assay_err err;
	static char out[2000];
	struct assay_arena *arena = assay_arena_new();
	struct assay_vocabulary vocabulary;
	struct assay_query_context context = { &vocabulary, NOW };
	json_t *match = NULL;
	struct assay_buf buf;

	assay_vocabulary_init(&vocabulary, arena);
	assert_int_equal(
	    assay_vocabulary_add(&vocabulary, "core", assay_facts_core, NULL), ASSAY_OK);
	assert_int_equal(assay_vocabulary_add(&vocabulary, "smtp", rows, NULL), ASSAY_OK);
	if (assay_query_parse(assay_slice_str(text), &context, &match, &err) != ASSAY_OK) {
		assert_int_equal(err.code, ASSAY_E_USAGE);
		assert_null(match);
		(void)snprintf(out, sizeof out, "%s", err.text);
	} else {
		assay_buf_init(&buf, sizeof out - 1);
		if (match != NULL)
			assert_true(assay_json_write(match, ASSAY_JSON_COMPACT, &buf));
		(void)snprintf(out, sizeof out, "%s", buf.p != NULL ? buf.p : "");
		assay_buf_release(&buf);
		json_decref(match);
	}
	assay_arena_free(&arena);
	return out;
}

#define GLOB(w, v) "{\"word\":\"" w "\",\"is\":\"glob\",\"value\":\"" v "\"}"
#define TEXT(v) "{\"is\":\"text\",\"in\":\"all\",\"value\":\"" v "\"}"

static void values_as_their_words_compare(void **state)
{
	(void)state;
	assert_string_equal(parse("filename:*.DocM"), GLOB("filename", "*.docm"));
	assert_string_equal(parse("subject:\"a \\\"b\\\" )c\""), GLOB("subject", "a \\\"b\\\" )c"));
	assert_string_equal(parse("from:*@evil.example"), GLOB("from", "*@evil.example"));
	assert_string_equal(parse("from:@evil.example"),
	    "{\"word\":\"from\",\"is\":\"domain\",\"value\":\"evil.example\"}");
	assert_string_equal(parse("client:192.0.2.129/24"),
	    "{\"word\":\"client\",\"is\":\"net\",\"from\":\"00000000000000000000ffffc0000200\","
	    "\"to\":\"00000000000000000000ffffc00002ff\"}");
	assert_string_equal(parse("client:2001:db8::1"),
	    "{\"word\":\"client\",\"is\":\"net\",\"from\":\"20010db8000000000000000000000001\","
	    "\"to\":\"20010db8000000000000000000000001\"}");
	assert_string_equal(parse("size:>=2K"),
	    "{\"word\":\"size\",\"is\":\"size\",\"from\":2048,\"to\":9223372036854775807}");
	assert_string_equal(
	    parse("size:7"), "{\"word\":\"size\",\"is\":\"size\",\"from\":7,\"to\":7}");
	assert_string_equal(parse("encrypted:YES"), GLOB("encrypted", "yes"));
	assert_string_equal(parse("verdict:quarantine"), GLOB("verdict", "quarantine"));
	assert_string_equal(parse("body:x"), "{\"is\":\"text\",\"in\":\"body\",\"value\":\"x\"}");
	assert_string_equal(parse("filename:a(1).pdf"), GLOB("filename", "a(1).pdf"));
	assert_string_equal(parse("  "), "");
}

static void grammar(void **state)
{
	(void)state;
	assert_string_equal(parse("a b"), "{\"and\":[" TEXT("a") "," TEXT("b") "]}");
	assert_string_equal(parse("a AND b or not c"),
	    "{\"or\":[{\"and\":[" TEXT("a") "," TEXT("b") "]},{\"not\":" TEXT("c") "}]}");
	assert_string_equal(parse("a (b or c)"),
	    "{\"and\":[" TEXT("a") ",{\"or\":[" TEXT("b") "," TEXT("c") "]}]}");
	assert_string_equal(parse("not(subject:x)"), "{\"not\":" GLOB("subject", "x") "}");
	assert_string_equal(parse("\"and\""), TEXT("and"));
}

static void times(void **state)
{
	struct assay_when w;

	(void)state;
	assert_string_equal(parse("date:2026-01-01..2026-01-02"),
	    "{\"is\":\"time\",\"from\":1767225600000,\"to\":1767398400000}");
	assert_string_equal(parse("since:1d"),
	    "{\"is\":\"time\",\"from\":1767139200000,\"to\":9223372036854775807}");
	assert_true(assay_when_parse(assay_slice_str("2024-02"), NOW, &w));
	assert_int_equal(w.to - w.from, (int64_t)29 * 86400000);
	assert_true(assay_when_parse(assay_slice_str("2025"), NOW, &w));
	assert_int_equal(w.to, NOW);
	assert_true(assay_when_parse(assay_slice_str("2025-12-31t23:59:59Z"), NOW, &w));
	assert_int_equal(w.from, NOW - 1000);
	assert_false(assay_when_parse(assay_slice_str("2025-02-29"), NOW, &w));
	assert_false(assay_when_parse(assay_slice_str("2025-1-1"), NOW, &w));
	assert_false(assay_when_parse(assay_slice_str("2025-13"), NOW, &w));
	assert_false(assay_when_parse(assay_slice_str("5x"), NOW, &w));
	assert_false(assay_when_parse(assay_slice_str(""), NOW, &w));
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *query, *said;
	} cases[] = { { "sbject:x", "did you mean \"subject\"" }, { "from:", "behind \"from:\"" },
		{ "(a", "( is not closed" }, { "a)", ") was never opened" },
		{ "a or", "missing at the end" }, { "and b", "missing before \"and\"" },
		{ "()", "missing before )" }, { "\"a", "not closed" },
		{ "since:soon", "a time is written" }, { "date:..", "a time is written" },
		{ "size:big", "a size is written" }, { "size:99999999999G", "a size is written" },
		{ "client:here", "write an address" }, { "client:1.2.3.4/33", "prefix length" },
		{ "encrypted:maybe", "yes or no" }, { "\xff", "not UTF-8" } };
	char deep[100];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strstr(parse(cases[i].query), cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].query, parse(cases[i].query));
	memset(deep, '(', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	assert_non_null(strstr(parse(deep), "nested deeper"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_as_their_words_compare),
		cmocka_unit_test(grammar),
		cmocka_unit_test(times),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
