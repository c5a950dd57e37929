/*
 * baddata - a worker that breaks the contract in every way its result can
 */
#include <stdio.h>
#include <string.h>

#include "testplugin.h"

TEST_TABLES;

/* deep - lists in lists */
static json_t *deep(unsigned levels)
{
	json_t *value = json_string("bottom");

	while (levels-- > 0) {
		json_t *list = json_array();

		(void)json_array_append_new(list, value);
		value = list;
	}
	return value;
}

/* scan - everything that must not be */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	json_t *json = assay_result_json(result);
	char name[24];

	(void)err;
	if (!test_is_meant(state, payload, result))
		return ASSAY_OK;
	(void)json_object_set_new(json, "said", json_stringn_nocheck("a\0b\xff\xc0\x80", 6));
	(void)json_object_set_new(json, "undeclared", json_integer(1));
	(void)json_object_set_new(json, "deep", deep(1000));
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "key%u", i);
		(void)json_object_set_new(json, name, json_null());
	}
	assay_result_report(result, "verdict", json_string("reject"));
	assay_result_report(result, "direction", json_integer(3));
	assay_result_report(result, "recipients", json_string("all"));
	assay_result_limit(result, "made up\xff", UINT64_MAX, 0, true);
	assay_result_dispatch(result, "no\nsuch worker");
	(void)assay_result_child(result,
	    &(struct assay_child){ .bytes = { NULL, 0 },
		.filename = "../\x1b[2J\xff/\xe2\x80\xaegpj.exe",
		.content_type = "\xff\n",
		.place = "",
		.extra = json_string("no list") });
	return ASSAY_OK;
}

TEST_WORKER("baddata", "values that are not declared");
