/* rooms: plugin_clamav fakehost text base */
/*
 * fuzz target: any answer of clamd; what is told of it lies in it, a finding has a name, and
 * "clean" is said by nobody but clamd
 */
#include "base/err.h"
#include "base/slice.h"
#include "clamav/clamd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_inside - a slice that is empty, or a part of the answer */
static void check_inside(struct assay_slice said, struct assay_slice part)
{
	if (part.n > 0)
		ASSAY_ASSERT(part.p >= said.p && part.p + part.n <= said.p + said.n);
}

/* LLVMFuzzerTestOneInput - one answer */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice said = assay_slice((const char *)data, size);
	const struct assay_slice ok = ASSAY_SLICE_LIT("OK"), found = ASSAY_SLICE_LIT(" FOUND");
	struct assay_clamd_answer answer;

	assay_clamd_read(said, &answer);
	check_inside(said, answer.text);
	check_inside(said, answer.engine);
	check_inside(said, answer.database);
	if (answer.kind == ASSAY_CLAMD_FOUND)
		ASSAY_ASSERT(answer.text.n > 0 && assay_slice_search(said, found) < said.n);
	if (answer.kind == ASSAY_CLAMD_CLEAN)
		ASSAY_ASSERT(assay_slice_search(said, ok) < said.n);
	return 0;
}
