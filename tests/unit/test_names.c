/* rooms: plugin_smtp fakehost mail text base */
/*
 * tests of smtp/names.h: file names that lax readers find where the grammar gives another
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "smtp/names.h"

/* found - is `want` among the names of `raw`? */
static bool found(struct assay_arena *arena, const char *raw, const char *want)
{
	struct assay_slice name[8];
	const size_t n = assay_names_lax(arena, assay_slice_str(raw), name, 8);

	for (size_t i = 0; i < n; i++)
		if (assay_slice_is(name[i], want))
			return true;
	return false;
}

static void finds_what_lax_readers_find(void **state)
{
	struct assay_arena *arena = assay_arena_new();

	(void)state;
	assert_true(found(arena, "attachment; filename=(x)file.zip", "file.zip"));
	assert_true(found(arena, "attachment; filename='file.zip'", "file.zip"));
	assert_true(found(arena, "attachment; filename*1=.zip; filename*0=file", ".zipfile"));
	assay_arena_free(&arena);
}

static void leaves_plain_ones_to_the_grammar(void **state)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice name[2];

	(void)state;
	assert_int_equal(
	    assay_names_lax(arena, ASSAY_SLICE_LIT("inline; filename=a.txt"), name, 2), 0);
	assert_int_equal(assay_names_lax(arena, ASSAY_SLICE_LIT(""), name, 2), 0);
	assert_true(
	    assay_names_lax(
		arena, ASSAY_SLICE_LIT("x; name='a'; name='b'; name='c'; name='d'"), name, 2) <= 2);
	assay_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_lax_readers_find),
		cmocka_unit_test(leaves_plain_ones_to_the_grammar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
