/* rooms: core text base */
/*
 * fuzz_compare.c - a pattern of the administrator, a value of a stranger
 *
 * First byte: how the word compares; up to a line feed: the pattern; the rest: the value, which
 * also stands in a header. A pattern that is text fits itself; what is filled in is printable.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/compare.h"
#include "core/fill.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_fill - nothing but printable ASCII, and bounded */
static void check_fill(struct assay_slice value)
{
	json_t *facts = json_object(), *list = json_array(), *text;
	const struct assay_fill fill = { .facts = facts, .rule = "r" };

	assay_json_append(list, assay_json_text(value.p, value.n));
	assay_json_set(facts, "filename", list);
	text = assay_fill_text("a %{filename} 100%% %{rule} %{", &fill, ASSAY_FILL_TEXT);
	ASSAY_ASSERT(json_string_length(text) <= ASSAY_FILL_TEXT);
	for (const char *p = json_string_value(text); *p != '\0'; p++)
		ASSAY_ASSERT(*p >= 0x20 && *p < 0x7f);
	json_decref(text);
	json_decref(facts);
}

/* LLVMFuzzerTestOneInput - one input */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice value = assay_slice((const char *)data + 1, size - 1), pattern;
	struct assay_arena *arena;
	struct assay_compare compare;
	struct assay_err err;

	if (size < 2)
		return 0;
	pattern = assay_slice_head(value, assay_slice_find(value, '\n'));
	value = assay_slice_from(value, pattern.n + 1);
	if (memchr(pattern.p, '\0', pattern.n) != NULL)
		return 0;
	arena = assay_arena_new();
	if (assay_compare_read(arena, (enum assay_fact_compare)(data[0] % 5), pattern, &compare,
		&err) == ASSAY_OK) {
		(void)assay_compare_text(&compare, value);
		if (compare.kind == ASSAY_COMPARES_TEXT)
			ASSAY_ASSERT(assay_compare_text(&compare, pattern));
		if (compare.kind == ASSAY_COMPARES_NET)
			ASSAY_ASSERT(memcmp(compare.net.from, compare.net.to, 16) <= 0);
	}
	check_fill(value);
	assay_arena_free(&arena);
	return 0;
}
