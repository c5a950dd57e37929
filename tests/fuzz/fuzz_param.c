/* rooms: mail text base */
/*
 * fuzz target: values with parameters; texts are UTF-8, readings are distinct, limits hold
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* is_text - what may go into a report */
static void is_text(struct assay_slice s)
{
	ASSAY_ASSERT(assay_utf8_is_valid(s));
	ASSAY_ASSERT(s.n == 0 || memchr(s.p, '\0', s.n) == NULL);
}

/* check_readings - of one name: distinct, the first is what get() gives */
static void check_readings(
    struct assay_arena *arena, const struct assay_param_list *list, const char *name)
{
	struct assay_slice r[ASSAY_PARAM_READINGS];
	size_t n = assay_param_readings(arena, list, name, r, ASSAY_PARAM_READINGS);
	struct assay_slice got = assay_slice_trim(assay_param_get(list, name));

	ASSAY_ASSERT(n <= ASSAY_PARAM_READINGS);
	ASSAY_ASSERT(got.n == 0 || (n > 0 && assay_slice_eq(r[0], got)));
	for (size_t i = 0; i < n; i++) {
		is_text(r[i]);
		for (size_t k = 0; k < i; k++)
			ASSAY_ASSERT(!assay_slice_eq(r[i], r[k]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice raw = assay_slice((const char *)data, size);
	struct assay_param_list list, few;

	assay_param_parse(arena, raw, 0, &list);
	is_text(list.value);
	ASSAY_ASSERT(list.n <= list.total && list.n <= ASSAY_PARAM_MAX);
	for (size_t i = 0; i < list.n; i++) {
		is_text(list.param[i].name);
		is_text(list.param[i].value);
		is_text(list.param[i].plain);
		is_text(list.param[i].raw);
		ASSAY_ASSERT(list.param[i].name.n > 0);
		if (i < 10)
			check_readings(arena, &list,
			    assay_arena_memdup0(arena, list.param[i].name.p, list.param[i].name.n));
	}
	assay_param_parse(arena, raw, 1, &few);
	ASSAY_ASSERT(few.n <= 1 && few.n <= list.n);
	ASSAY_ASSERT(assay_arena_used(arena) < (size + 100) * 1000);
	assay_arena_free(&arena);
	return 0;
}
