/* rooms: core text base */
/*
 * tests of core/finding: made as described, and refused when it is none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/finding.h"
#include "core/json.h"
#include "core/request.h"

#define SCAN "01234567-89ab-4def-8123-456789abcdef"

/* made - a finding with all there can be */
static json_t *made(void)
{
	json_t *facts = json_pack("{s:[s], s:[i]}", "yara", "evil", "size", 7);
	json_t *rules = json_pack("[s]", "evil");
	const struct assay_finding finding = { .scan_id = SCAN,
		.payload_id = "0.1",
		.time_ms = 1767312000000,
		.kind = "hunt",
		.by = "eve\x01\xff",
		.note = NULL,
		.label = "true_positive",
		.facts = facts,
		.rules = rules };
	json_t *json = assay_finding_json(&finding);

	json_decref(facts);
	json_decref(rules);
	return json;
}

static void says_what_it_was_told(void **state)
{
	json_t *json = made(), *other = made();

	(void)state;
	assert_int_equal(assay_finding_check(json, NULL), ASSAY_OK);
	assert_string_equal(assay_json_get_str(json, "scan_id"), SCAN);
	assert_string_equal(assay_json_get_str(json, "time"), "2026-01-02T00:00:00.000Z");
	assert_true(json_is_null(json_object_get(json, "note")));
	assert_true(assay_request_is_uuid(assay_json_get_str(json, "finding_id")));
	assert_string_not_equal(
	    assay_json_get_str(json, "finding_id"), assay_json_get_str(other, "finding_id"));
	json_decref(json);
	json_decref(other);
}

/* described - the schema of findings */
static json_t *described(void)
{
	json_t *schema = json_load_file(
	    ASSAY_SOURCE_DIR "/docs/assay-finding-1.schema.json", JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(schema);
	return schema;
}

/* is_in - of a list of texts */
static bool is_in(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text != NULL ? json_is_string(json_array_get(list, i)) &&
			    strcmp(json_string_value(json_array_get(list, i)), text) == 0
				 : json_is_null(json_array_get(list, i)))
			return true;
	return false;
}

static void is_as_described(void **state)
{
	static const char *const kinds[] = ASSAY_FINDING_KINDS,
				 *const labels[] = ASSAY_FINDING_LABELS;
	json_t *schema = described(), *finding = made(), *value;
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *kind = json_object_get(json_object_get(properties, "kind"), "enum");
	const json_t *label = json_object_get(json_object_get(properties, "label"), "enum");
	const char *name;
	size_t n = 0;

	(void)state;
	json_object_foreach(finding, name, value)
	{
		assert_non_null(json_object_get(properties, name));
		assert_true(is_in(json_object_get(schema, "required"), name));
	}
	assert_int_equal(json_object_size(properties), json_object_size(finding));
	for (; kinds[n] != NULL; n++)
		assert_true(is_in(kind, kinds[n]));
	assert_int_equal(json_array_size(kind), n);
	for (n = 0; labels[n] != NULL; n++)
		assert_true(is_in(label, labels[n]));
	assert_true(is_in(label, NULL));
	assert_int_equal(json_array_size(label), n + 1);
	json_decref(schema);
	json_decref(finding);
}

static void what_is_none_is_refused(void **state)
{
	static const struct {
		const char *member, *value;
	} bad[] = { { "schema", "\"assay/1\"" }, { "finding_id", "\"x\"" }, { "scan_id", "null" },
		{ "payload_id", "1" }, { "time", "0" }, { "kind", "[]" }, { "by", "null" },
		{ "note", "{}" }, { "label", "true" }, { "facts", "{\"a\":\"b\"}" },
		{ "facts", "{\"a\":[1.5]}" }, { "facts", "null" }, { "rules", "[1]" } };
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_t *json = made();

		assay_json_set(
		    json, bad[i].member, json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
		assert_int_equal(assay_finding_check(json, &err), ASSAY_E_SYNTAX);
		assert_non_null(strstr(err.text, bad[i].member));
		(void)json_object_del(json, bad[i].member);
		assert_int_equal(assay_finding_check(json, &err), ASSAY_E_SYNTAX);
		json_decref(json);
	}
	assert_int_equal(assay_finding_check(NULL, &err), ASSAY_E_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_it_was_told),
		cmocka_unit_test(is_as_described),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
