/* rooms: mail text base */
/*
 * fuzz target: the header block; slices stay inside, bounds are in order, fields do not overlap
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* inside - s lies in the input */
static void inside(struct assay_slice bytes, struct assay_slice s)
{
	ASSAY_ASSERT(s.n == 0 || (s.p >= bytes.p && s.p + s.n <= bytes.p + bytes.n));
}

/* check_fields - in wire order, one behind the other, inside the block */
static void check_fields(struct assay_arena *arena, const struct assay_header *h)
{
	size_t pos = h->start;

	for (size_t i = 0; i < h->n; i++) {
		const struct assay_header_field *f = &h->field[i];
		struct assay_slice text = assay_header_unfold(arena, f->value);

		ASSAY_ASSERT(f->offset >= pos && f->length > 0 && f->name.n > 0);
		ASSAY_ASSERT(f->offset + f->length <= h->bytes.n);
		pos = f->offset + f->length;
		ASSAY_ASSERT(pos <= h->end);
		inside(h->bytes, f->name);
		inside(h->bytes, f->value);
		ASSAY_ASSERT(assay_utf8_is_valid(text) && text.p[text.n] == '\0');
		ASSAY_ASSERT(memchr(text.p, '\0', text.n) == NULL);
		ASSAY_ASSERT(memchr(text.p, '\n', text.n) == NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_header_limits limits = { .fields = 20, .bytes = 500, .field = 50 };
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice bytes = assay_slice((const char *)data, size);
	struct assay_header h, few;

	for (int eol = ASSAY_HEADER_EOL_AUTO; eol <= ASSAY_HEADER_EOL_CR; eol++) {
		assay_header_read(arena, bytes, (enum assay_header_eol)eol, NULL, &h);
		ASSAY_ASSERT(h.start <= h.end && h.end <= h.body && h.body <= size);
		ASSAY_ASSERT(h.n <= h.field_total && h.ndefect <= h.defect_total);
		for (size_t i = 0; i < h.nother; i++)
			ASSAY_ASSERT(h.other_body[i] <= size);
		for (size_t i = 0; i < h.ndefect; i++)
			ASSAY_ASSERT(h.defect[i].offset <= size);
		check_fields(arena, &h);
		/* Limits change what is stored, never where the body is. */
		assay_header_read(arena, bytes, (enum assay_header_eol)eol, &limits, &few);
		ASSAY_ASSERT(few.body == h.body && few.field_total == h.field_total);
		ASSAY_ASSERT(few.n <= 20);
		check_fields(arena, &few);
	}
	assay_arena_free(&arena);
	return 0;
}
