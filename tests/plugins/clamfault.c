/*
 * clamfault - the clamav plugin with a libclamav that breaks on purpose
 *
 * The plugin's own objects, linked so that its way into the library comes by here first. A payload
 * that holds "assay-crash", "assay-hang", "assay-eat" or "assay-fail" gets what it asks for.
 */
#include <clamav.h>

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

cl_fmap_t *__real_cl_fmap_open_memory(const void *start, size_t len);
cl_fmap_t *__wrap_cl_fmap_open_memory(const void *start, size_t len);

/* holds - the text somewhere in the bytes */
static bool holds(const void *start, size_t len, const char *text)
{
	return assay_slice_search(assay_slice(start, len), assay_slice_str(text)) < len;
}

/* eat - until there is no more, touching all of it */
_Noreturn static void eat(void)
{
	for (size_t i = 0; i < 4096; i++) {
		char *volatile block = malloc((size_t)16 << 20);

		if (block == NULL)
			abort();
		memset(block, (int)i, (size_t)16 << 20);
	}
	abort();
}

/* __wrap_cl_fmap_open_memory - in place of libclamav's */
cl_fmap_t *__wrap_cl_fmap_open_memory(const void *start, size_t len)
{
	volatile int *nowhere = NULL;

	if (holds(start, len, "assay-crash"))
		*nowhere = 1;
	while (holds(start, len, "assay-hang"))
		;
	if (holds(start, len, "assay-eat"))
		eat();
	if (holds(start, len, "assay-fail"))
		return NULL;
	return __real_cl_fmap_open_memory(start, len);
}
