/*
 * core/columns.c - see columns.h. Data and arithmetic; cannot fail.
 */
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "core/columns.h"

struct range {
	uint32_t first, last;
};

static const struct range wide[] = { { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf },
	{ 0xa960, 0xa97f }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
	{ 0xff01, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd } };
static const struct range none[] = { { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },
	{ 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a },
	{ 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f } };

/* is_in - one of n ranges */
static bool is_in(const struct range *range, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n && cp >= range[i].first; i++)
		if (cp <= range[i].last)
			return true;
	return false;
}

/* width_of - columns of one character */
static size_t width_of(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if (is_in(none, sizeof none / sizeof none[0], cp))
		return 0;
	return is_in(wide, sizeof wide / sizeof wide[0], cp) ? 2 : 1;
}

/* assay_columns_count - of the whole text */
size_t assay_columns_count(const char *text)
{
	struct assay_slice s = assay_slice_str(text);
	size_t columns = 0;

	while (s.n > 0) {
		uint32_t cp;

		s = assay_slice_from(s, assay_utf8_decode(s, &cp));
		columns += width_of(cp);
	}
	return columns;
}

/* assay_columns_cut - the longest beginning that leaves a column for the ellipsis */
void assay_columns_cut(char *text, size_t room, size_t most)
{
	struct assay_slice s = assay_slice_str(text);
	size_t columns = 0;

	if (assay_columns_count(text) <= most)
		return;
	while (s.n > 0) {
		uint32_t cp;
		size_t n = assay_utf8_decode(s, &cp);

		columns += width_of(cp);
		if (columns >= most)
			break;
		s = assay_slice_from(s, n);
	}
	ASSAY_ASSERT((size_t)(s.p - text) + sizeof "…" <= room);
	memcpy(text + (s.p - text), "…", sizeof "…");
}
