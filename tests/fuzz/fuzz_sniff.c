/* rooms: plugin_mimetype fakehost text base */
/*
 * fuzz_sniff - our own look at the type of bytes
 *
 * No outside of the bytes is read, and what is said of them is a type in the table.
 */
#include <stdlib.h>

#include "mimetype/kind.h"
#include "mimetype/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size, so that the sanitizer sees its end. */
	const struct assay_slice bytes = { size > 0 ? malloc(size) : "", size };
	const char *type;

	for (size_t i = 0; i < size; i++)
		((char *)bytes.p)[i] = (char)data[i];
	type = assay_sniff_type(bytes);
	if (type != NULL && assay_kind_find(type) == NULL)
		abort();
	(void)assay_sniff_mail(bytes);
	(void)assay_sniff_is_text(bytes);
	(void)assay_sniff_has_tag(bytes);
	if (size > 0)
		free((char *)bytes.p);
	return 0;
}
