/* rooms: plugin_exec fakehost text base */
/*
 * fuzz_exec - what a program says: rows within their bounds, tags are strings
 */
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "exec/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_answer_rows rows = { .fields = json_array(), .tags = json_array() };
	json_t *row;
	size_t i;

	if (!assay_answer_read(assay_slice((const char *)data, size), &rows))
		ASSAY_ASSERT(json_array_size(rows.fields) == 0);
	ASSAY_ASSERT(json_array_size(rows.fields) <= ASSAY_ANSWER_ROWS);
	ASSAY_ASSERT(json_array_size(rows.tags) <= ASSAY_ANSWER_TAGS);
	json_array_foreach(rows.fields, i, row)
	{
		const json_t *value = json_object_get(row, "value");

		ASSAY_ASSERT(json_is_string(json_object_get(row, "key")));
		ASSAY_ASSERT(json_is_string(value) || json_is_null(value));
	}
	json_array_foreach(rows.tags, i, row) ASSAY_ASSERT(json_string_length(row) > 0);
	json_decref(rows.fields);
	json_decref(rows.tags);
	return 0;
}
