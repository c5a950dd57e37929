/* rooms: plugin_filedir fakehost text base */
/*
 * fuzz_fileinfo - the records of a file store, and the names in it
 *
 * However many records: entries, values and the name are bounded, each entry is a pair of texts and
 * stands once. A name that is understood is written as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "filedir/fileinfo.h"
#include "filedir/filestore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_entries - what the report will have */
static void check_entries(const json_t *extra)
{
	if (json_array_size(extra) > ASSAY_FILEINFO_ENTRIES)
		abort();
	for (size_t i = 0; i < json_array_size(extra); i++) {
		const json_t *entry = json_array_get(extra, i);
		const json_t *value = json_object_get(entry, "value");

		/* A NUL becomes three bytes. */
		if (!json_is_string(json_object_get(entry, "key")) || !json_is_string(value) ||
		    json_string_length(value) > 3 * ASSAY_FILEINFO_VALUE)
			abort();
		for (size_t k = 0; k < i; k++)
			if (json_equal(entry, json_array_get(extra, k)))
				abort();
	}
}

/* check_name - the bytes as a name in each directory it could lie in */
static void check_name(const char *text)
{
	struct assay_filestore_name name;
	char again[ASSAY_FILESTORE_NAME];

	for (unsigned dir = 0; dir < ASSAY_FILESTORE_DIRS; dir += 0x11) {
		if (!assay_filestore_parse(text, dir, &name))
			continue;
		assay_filestore_format(&name, again);
		if (strcmp(text, again) != 0 || name.sha256[0] != dir)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice rest = assay_slice(assay_arena_memdup0(arena, data, size), size);
	struct assay_slice record;
	struct assay_fileinfo info;

	check_name(rest.p);
	assay_fileinfo_init(&info);
	while (assay_slice_split(&rest, '\n', &record))
		(void)assay_fileinfo_add(&info, record);
	check_entries(info.extra);
	if (strlen(info.filename) > ASSAY_FILEINFO_VALUE)
		abort();
	assay_fileinfo_release(&info);
	assay_arena_free(&arena);
	return 0;
}
