/* rooms: core text base */
/*
 * tests/unit/test_skips.c - what is remembered of processes that died
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/skips.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

/* text_of - skip[] of what would be asked now */
static char *text_of(const struct assay_skips *skips)
{
	json_t *request = json_object();
	char *text;

	assay_skips_add(skips, request);
	text = json_object_get(request, "skip") != NULL
	    ? json_dumps(json_object_get(request, "skip"), JSON_COMPACT)
	    : json_dumps(json_null(), JSON_ENCODE_ANY);
	json_decref(request);
	return text;
}

/* learn - from skip[] as JSON */
static void learn(struct assay_skips *skips, const char *skip)
{
	json_t *request = json_pack("{s:o}", "skip", json_loads(skip, 0, NULL));

	assert_non_null(request);
	assay_skips_learn(skips, request);
	json_decref(request);
}

static void nothing_is_added_when_nothing_died(void **state)
{
	struct assay_skips skips = { 0 };
	char *text = text_of(&skips);

	(void)state;
	assert_string_equal(text, "null");
	free(text);
}

static void a_pair_is_remembered_once(void **state)
{
	struct assay_skips skips = { 0 };
	char *text;

	(void)state;
	learn(&skips, "[{\"worker\":\"w\",\"sha256\":\"" SHA "00\",\"kind\":\"crashed\"}]");
	learn(&skips, "[{\"worker\":\"w\",\"sha256\":\"" SHA "00\",\"kind\":\"timeout\"}]");
	text = text_of(&skips);
	assert_string_equal(
	    text, "[{\"worker\":\"w\",\"sha256\":\"" SHA "00\",\"kind\":\"crashed\"}]");
	free(text);
}

static void what_holds_for_all_bytes_is_not_remembered(void **state)
{
	struct assay_skips skips = { 0 };
	char *text;

	(void)state;
	learn(&skips, "[{\"worker\":\"w\",\"sha256\":\"*\",\"kind\":\"bypass\"},{\"worker\":1}]");
	text = text_of(&skips);
	assert_string_equal(text, "null");
	free(text);
}

static void memory_is_bounded(void **state)
{
	struct assay_skips skips = { 0 };
	json_t *request = json_object();
	char skip[200];

	(void)state;
	for (int i = 0; i < 100; i++) {
		(void)snprintf(skip, sizeof skip,
		    "[{\"worker\":\"w\",\"sha256\":\"" SHA "%02d\",\"kind\":\"crashed\"}]", i);
		learn(&skips, skip);
	}
	assay_skips_add(&skips, request);
	assert_int_equal(json_array_size(json_object_get(request, "skip")), ASSAY_SKIPS);
	json_decref(request);
}

static void a_worker_may_be_passed_over(void **state)
{
	json_t *request = json_object();
	char *text;

	(void)state;
	assay_skips_add_all(request, "clamav");
	text = json_dumps(request, JSON_COMPACT);
	assert_string_equal(
	    text, "{\"skip\":[{\"worker\":\"clamav\",\"sha256\":\"*\",\"kind\":\"bypass\"}]}");
	free(text);
	json_decref(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_added_when_nothing_died),
		cmocka_unit_test(a_pair_is_remembered_once),
		cmocka_unit_test(what_holds_for_all_bytes_is_not_remembered),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(a_worker_may_be_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
