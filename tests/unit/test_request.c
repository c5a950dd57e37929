/* rooms: core text base */
/*
 * tests of core/request and core/host: what a door may ask, ids, and which plugins are refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/host.h"
#include "core/json.h"
#include "core/request.h"

/* parse - the status of a request */
static enum assay_status parse(const char *text)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_request r;
	struct assay_err err = { .code = ASSAY_OK };
	enum assay_status s = assay_request_parse(&r, arena, assay_slice_str(text), &err);

	assert_int_equal(s == ASSAY_OK, err.text[0] == '\0');
	assay_arena_free(&arena);
	return s;
}

/* test_members - types are checked, unknown members are not */
static void test_members(void **state)
{
	(void)state;
	assert_int_equal(parse("{}"), ASSAY_OK);
	assert_int_equal(parse("{\"new_in_3_0\":1,\"source\":null,\"skip\":[]}"), ASSAY_OK);
	assert_int_equal(parse(""), ASSAY_E_SYNTAX);
	assert_int_equal(parse("[]"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"source\":1}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"scan_id\":\"1\"}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"bulk\":\"yes\"}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"dispatchers\":\"yara\"}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"dispatchers\":[1]}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"skip\":[{\"worker\":\"x\"}]}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"message_time\":{\"utc\":\"now\"}}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"max_recursion\":-1}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"extra_data\":{}}"), ASSAY_E_SYNTAX);
	assert_int_equal(parse("{\"envelope\":[]}"), ASSAY_E_SYNTAX);
}

/* test_values - what is read */
static void test_values(void **state)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_request r;
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_request_parse(&r, arena,
			     ASSAY_SLICE_LIT("{\"source\":\"mbox\",\"archive_payloads\":false,"
					     "\"decorators\":[\"a\",\"b\"],\"max_recursion\":3,"
					     "\"message_time\":{\"utc\":5,\"source\":\"mtime\"}}"),
			     &err),
	    ASSAY_OK);
	assert_string_equal(r.source, "mbox");
	assert_false(r.archive_payloads);
	assert_string_equal(r.decorators[1], "b");
	assert_null(r.decorators[2]);
	assert_null(r.dispatchers);
	assert_int_equal(r.max_recursion, 3);
	assert_int_equal(r.message_time_ms, 5);
	assay_arena_free(&arena);
}

/* test_ids - given, derived from source_id and bytes, or random */
static void test_ids(void **state)
{
	static const char given[] = "01234567-89ab-4def-8123-456789abcdef";
	char one[ASSAY_UUID_TEXT], two[ASSAY_UUID_TEXT];
	struct assay_request r;

	(void)state;
	assay_request_init(&r);
	assay_request_scan_id(&r, "00", one);
	assay_request_scan_id(&r, "00", two);
	assert_string_not_equal(one, two);
	assert_true(assay_request_is_uuid(one));
	assert_int_equal(one[14], '4');
	r.source_id = "cur/1.mail";
	assay_request_scan_id(&r, "00", one);
	assay_request_scan_id(&r, "00", two);
	assert_string_equal(one, two);
	assert_int_equal(one[14], '8');
	assert_non_null(strchr("89ab", one[19]));
	assay_request_scan_id(&r, "01", two);
	assert_string_not_equal(one, two);
	r.scan_id = given;
	assay_request_scan_id(&r, "00", one);
	assert_string_equal(one, given);
	assert_false(assay_request_is_uuid("01234567-89ab-4def-8123-456789abcde"));
	assert_false(assay_request_is_uuid("01234567-89ab-4def-8123-456789abcdefa"));
	assert_false(assay_request_is_uuid("01234567x89ab-4def-8123-456789abcdef"));
}

/* scan_nothing - a worker */
static enum assay_status scan_nothing(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)state;
	(void)payload;
	(void)result;
	(void)err;
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan_nothing };
static const struct assay_worker no_worker = { .scan = NULL };
static const struct assay_plugin good = { ASSAY_PLUGIN_HEAD, .name = "good", .version = "1",
	.licence = "none", .summary = "good", .worker = &worker };

/* A fact from a field that is not there. */
static const struct assay_fact lost[] = { { "lost", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB,
					      "nowhere[].x", "x" },
	{ NULL, 0, 0, NULL, NULL } };

/* refused - with these words */
static void refused(const struct assay_plugin *plugin, const char *words)
{
	struct assay_host *host = assay_host_new();
	struct assay_err err = { .code = ASSAY_OK };

	assert_int_not_equal(assay_host_add(host, plugin, NULL, &err), ASSAY_OK);
	if (strstr(err.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	assert_null(assay_host_find(host, "good"));
	assay_host_close(&host);
	assert_null(host);
}

/* test_refused - wrong heads and empty tables; both values are named */
static void test_refused(void **state)
{
	struct assay_plugin p = good;

	(void)state;
	p.abi = 77;
	refused(&p, "ABI 77, this is ABI 1");
	p = good;
	p.size = 8;
	refused(&p, "8 bytes, ours");
	p = good;
	p.build = "tcc";
	refused(&p, "\"tcc\"");
	p.build = NULL;
	refused(&p, "\"\"");
	p = good;
	p.version = NULL;
	refused(&p, "missing");
	p = good;
	p.facts = lost;
	refused(&p, "fact \"lost\" comes from \"nowhere[].x\"");
	p = good;
	p.worker = NULL;
	refused(&p, "no class");
	p.worker = &no_worker;
	refused(&p, "lacks a function");
}

/* test_host - order, finding, twice */
static void test_host(void **state)
{
	struct assay_host *host = assay_host_new();
	struct assay_plugin other = good;
	struct assay_err err = { .code = ASSAY_OK };
	char classes[64];

	(void)state;
	other.name = "other";
	assert_int_equal(assay_host_add(host, &good, NULL, &err), ASSAY_OK);
	assert_int_equal(assay_host_add(host, &other, NULL, &err), ASSAY_OK);
	assert_int_equal(assay_host_add(host, &good, NULL, &err), ASSAY_E_CONF);
	assert_string_equal(assay_host_at(host, 1)->name, "other");
	assert_null(assay_host_at(host, 2));
	assert_null(assay_host_find(host, "nobody"));
	assert_int_equal(assay_host_find(host, "other")->index, 1);
	assert_string_equal(assay_host_classes(&good, classes, sizeof classes), "worker");
	assay_host_close(&host);
	assay_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_members),
		cmocka_unit_test(test_values), cmocka_unit_test(test_ids),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_host) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
