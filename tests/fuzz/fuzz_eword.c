/* rooms: mail text base */
/*
 * fuzz target: encoded words; the output is bounded, valid UTF-8, and plain text stays as it is
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/eword.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice raw = assay_slice((const char *)data, size);
	struct assay_slice text = assay_eword_decode(arena, raw);
	struct assay_slice plain = assay_header_unfold(arena, raw);

	ASSAY_ASSERT(assay_utf8_is_valid(text) && text.p[text.n] == '\0');
	ASSAY_ASSERT(memchr(text.p, '\0', text.n) == NULL);
	ASSAY_ASSERT(text.n <= size * 4 + 16);
	if (!assay_eword_any(plain))
		ASSAY_ASSERT(assay_slice_eq(text, plain));
	text = assay_eword_charset(arena, assay_slice_head(raw, 12), assay_slice_from(raw, 12));
	ASSAY_ASSERT(assay_utf8_is_valid(text));
	ASSAY_ASSERT(assay_arena_used(arena) < (size + 100) * 100);
	assay_arena_free(&arena);
	return 0;
}
