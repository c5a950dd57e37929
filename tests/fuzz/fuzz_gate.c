/* rooms: plugin_yara fakehost text base */
/*
 * fuzz_gate - splitting rule files
 *
 * Each text keeps length and line ends of the file, and has at each place what the file had, or a
 * blank, or a letter of `false`; every rule is in some set.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "yara/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check - one text against the file */
static void check(const char *text, struct assay_slice file)
{
	for (size_t i = 0; i < file.n; i++) {
		if (text[i] == file.p[i])
			continue;
		if (file.p[i] == '\n' || text[i] == 0 || strchr(" false", text[i]) == NULL)
			abort();
	}
	if (text[file.n] != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_gate_bitmap bitmap = { { 0 } };
	const struct assay_slice file = assay_slice(assay_arena_memdup0(arena, data, size), size);
	struct assay_gate gate, whole;

	assay_gate_split(arena, file, true, &bitmap, &gate);
	assay_gate_split(arena, file, false, &bitmap, &whole);
	for (int k = 0; k < ASSAY_GATE_SETS; k++)
		if (gate.text[k] != NULL)
			check(gate.text[k], file);
	if (gate.understood && gate.nrule[0] + gate.nrule[1] + gate.nrule[2] < whole.nrule[0])
		abort();
	assay_arena_free(&arena);
	return 0;
}
