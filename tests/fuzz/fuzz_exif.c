/* rooms: plugin_exif fakehost text base */
/*
 * fuzz_exif - what exiftool says of a hostile file: rows within their bounds, values are strings
 */
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "exif/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_tags tags = { json_array(), json_array(), json_array(), 50, 0, 0 };
	json_t *row;
	size_t i;

	if (!assay_tags_read(assay_slice((const char *)data, size), &tags))
		ASSAY_ASSERT(json_array_size(tags.tags) == 0);
	ASSAY_ASSERT(json_array_size(tags.tags) <= 50);
	ASSAY_ASSERT(json_array_size(tags.authors) <= ASSAY_TAGS_NAMES);
	ASSAY_ASSERT(json_array_size(tags.software) <= ASSAY_TAGS_NAMES);
	json_array_foreach(tags.tags, i, row)
	{
		ASSAY_ASSERT(json_is_string(json_object_get(row, "name")));
		ASSAY_ASSERT(
		    json_string_length(json_object_get(row, "value")) <= 3 * ASSAY_TAGS_VALUE);
	}
	json_decref(tags.tags);
	json_decref(tags.authors);
	json_decref(tags.software);
	return 0;
}
