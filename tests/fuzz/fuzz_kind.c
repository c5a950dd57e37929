/* rooms: plugin_mbox fakehost mail text base */
/*
 * fuzz target: what a file is, by its first bytes; whatever looks like a mailbox has a message
 */
#include "base/err.h"
#include "base/slice.h"
#include "mbox/kind.h"
#include "mail/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice head = assay_slice(size > 0 ? (const char *)data : "", size);
	const char *what = NULL;
	enum assay_kind kind = assay_kind_of(head, &what);

	ASSAY_ASSERT((kind == ASSAY_KIND_EMPTY) == (size == 0) && what != NULL);
	if (kind == ASSAY_KIND_MBOX)
		ASSAY_ASSERT(assay_mbox_looks(head));
	return 0;
}
