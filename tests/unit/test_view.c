/* rooms: enginebench core text base */
/*
 * tests of core/view and core/schema: other forms of a report, and the description of its form
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "core/json.h"
#include "core/schema.h"
#include "core/view.h"
#include "engine_bench.h"

/* ids - the payload_ids of a document, as one text */
static const char *ids(struct bench *t, json_t *document)
{
	json_t *list = json_array(), *payload;
	const char *text;
	size_t i;

	json_array_foreach(json_object_get(document, "results"), i, payload)
	    json_array_append(list, json_object_get(payload, "payload_id"));
	text = bench_text(t, list);
	json_decref(list);
	json_decref(document);
	return text;
}

/* test_split - a document per payload and worker, none lost */
static void test_split(void **state)
{
	struct bench *t = *state;
	json_t *documents, *one;

	bench_set(t, "always_dispatch", "peel, one");
	documents = assay_view_split(bench_scan(t, "(a)(b)"));
	assert_int_equal(json_array_size(documents), 6);
	one = json_array_get(documents, 3);
	assert_string_equal(
	    bench_text(
		t, json_object_get(json_array_get(json_object_get(one, "results"), 0), "workers")),
	    "{\"one\":{\"said\":\"one\"}}");
	assert_string_equal(assay_json_get_str(one, "schema"), "assay/1");
	json_decref(documents);
	bench_set(t, "always_dispatch", "");
	documents = assay_view_split(bench_scan(t, "abc"));
	assert_int_equal(json_array_size(documents), 1);
	json_decref(documents);
}

/* test_subtree - a payload and what came out of it, each once */
static void test_subtree(void **state)
{
	struct bench *t = *state;
	const json_t *report;

	bench_set(t, "always_dispatch", "peel");
	report = bench_scan(t, "((a)(b)((a)))(c)");
	assert_string_equal(ids(t, assay_view_subtree(report, "0")),
	    "[\"0\",\"0.1\",\"0.2\",\"0.1.1\",\"0.1.2\",\"0.1.3\"]");
	assert_string_equal(
	    ids(t, assay_view_subtree(report, "0.1")), "[\"0.1\",\"0.1.1\",\"0.1.2\",\"0.1.3\"]");
	assert_string_equal(ids(t, assay_view_subtree(report, "0.1.3")), "[\"0.1.3\",\"0.1.1\"]");
	assert_null(assay_view_subtree(report, "0.7"));
}

/* test_damaged - reports that are not ours give less, no more */
static void test_damaged(void **state)
{
	static const char *const odd[] = { "{}", "[]", "null", "{\"results\":7}",
		"{\"results\":[1,null,{},{\"payload_id\":7,\"workers\":[]}]}",
		"{\"results\":[{\"payload_id\":\"0\",\"extracted_from\":[\"0\",3]}]}" };

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		json_t *report, *view;

		assert_int_equal(
		    assay_json_parse(assay_slice_str(odd[i]), &report, NULL), ASSAY_OK);
		view = assay_view_split(report);
		json_decref(view);
		view = assay_view_subtree(report, "0");
		json_decref(view);
		json_decref(report);
	}
}

/* described - has everything below a type, a description and a privacy class */
static void described(const json_t *schema, const char *name)
{
	const char *key;
	json_t *value;

	if (assay_json_get_str(schema, "x-privacy") == NULL ||
	    json_object_get(schema, "type") == NULL)
		fail_msg("%s lacks type or x-privacy", name);
	if (json_object_get(schema, "items") != NULL)
		schema = json_object_get(schema, "items");
	json_object_foreach(json_object_get(schema, "properties"), key, value)
	    described(value, key);
}

/* test_schema - every property is described; a report has no member that is not */
static void test_schema(void **state)
{
	struct bench *t = *state;
	json_t *schema = assay_schema(t->host), *properties, *value;
	const json_t *report = bench_scan(t, "abc");
	const char *key;

	properties = json_object_get(schema, "properties");
	json_object_foreach(properties, key, value) described(value, key);
	json_object_foreach((json_t *)(uintptr_t)report, key, value)
	    assert_non_null(json_object_get(properties, key));
	properties = json_object_get(
	    json_object_get(json_object_get(properties, "results"), "items"), "properties");
	json_object_foreach((json_t *)(uintptr_t)bench_payload(t, 0), key, value)
	    assert_non_null(json_object_get(properties, key));
	properties = json_object_get(json_object_get(properties, "workers"), "properties");
	assert_non_null(json_object_get(properties, "multi"));
	assert_null(json_object_get(properties, "chooser"));
	json_decref(schema);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = { T(test_split), T(test_subtree), T(test_damaged),
		T(test_schema) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
