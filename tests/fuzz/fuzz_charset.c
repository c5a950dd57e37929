/* rooms: text base */
/*
 * fuzz target of charset, iso2022, utf8, printable: whatever the charset, the result is valid
 * UTF-8 within its maximum; a conversion cut short is the beginning of the whole one.
 * The first byte chooses the charset.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/label.h"
#include "text/printable.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* printable_holds - valid, no controls, at most as long as asked */
static void printable_holds(struct assay_slice in, size_t max)
{
	struct assay_buf b;

	assay_buf_init(&b, in.n * 10 + 16);
	(void)assay_printable_add(&b, in, max);
	ASSAY_ASSERT(b.n <= max && assay_utf8_is_valid(assay_buf_slice(&b)));
	for (size_t i = 0; i < b.n; i++)
		ASSAY_ASSERT((unsigned char)b.p[i] >= 0x20 && b.p[i] != 0x7f);
	ASSAY_ASSERT(!assay_printable_has_bidi(assay_buf_slice(&b)));
	assay_buf_release(&b);
}

/* charset_holds - one charset */
static void charset_holds(struct assay_slice label, struct assay_slice in)
{
	struct assay_buf whole, part;
	struct assay_charset_guess g;
	size_t replaced;

	assay_buf_init(&whole, in.n * 8 + 64);
	assay_buf_init(&part, in.n / 2);
	ASSAY_ASSERT(assay_charset_to_utf8(label, in, &whole, &replaced) == ASSAY_OK);
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&whole)));
	ASSAY_ASSERT(replaced * 3 <= whole.n);
	(void)!assay_charset_to_utf8(label, in, &part, NULL);
	ASSAY_ASSERT(part.n <= whole.n &&
	    memcmp(assay_buf_slice(&part).p, assay_buf_slice(&whole).p, part.n) == 0);
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&part)));
	assay_buf_clear(&whole);
	assay_charset_decode_guess(label, in, &whole, &g);
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&whole)) && g.used != NULL);
	assay_buf_release(&whole);
	assay_buf_release(&part);
}

/* utf8_holds - cleaning gives valid text without NUL, and changes nothing the second time */
static void utf8_holds(struct assay_slice in)
{
	struct assay_buf a, b;
	size_t n;

	assay_buf_init(&a, in.n * 3);
	assay_buf_init(&b, in.n * 3);
	n = assay_utf8_clean(in, &a);
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&a)));
	ASSAY_ASSERT(memchr(assay_buf_slice(&a).p, '\0', a.n) == NULL);
	ASSAY_ASSERT((n == 0) == assay_slice_eq(in, assay_buf_slice(&a)));
	ASSAY_ASSERT(assay_utf8_clean(assay_buf_slice(&a), &b) == 0);
	assay_buf_release(&a);
	assay_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice in = { (const char *)data + 1, size > 0 ? size - 1 : 0 };
	static bool warm;

	if (size == 0)
		return 0;
	if (!warm)
		ASSAY_ASSERT(assay_charset_warm() == 0);
	warm = true;
	charset_holds(assay_slice_str(assay_label_charsets[data[0] % assay_label_count].name), in);
	(void)assay_charset_name(in);
	utf8_holds(in);
	printable_holds(in, 3);
	printable_holds(in, in.n + 10);
	return 0;
}
