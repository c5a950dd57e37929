/* rooms: plugin_smtp fakehost mail text base */
/*
 * tests of smtp/gunzip.h: a member, a bomb that does not fit, what is no gzip file
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "smtp/gunzip.h"

static const char member[] =
    "\x1f\x8b\x08\0\0\0\0\0\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00"
    "\x80\x88\xf9\xe5\x11\0\0\0";

static void gives_the_content(void **state)
{
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 100);
	assert_true(assay_gunzip(assay_slice(member, sizeof(member) - 1), &out));
	assert_true(assay_slice_is(assay_buf_slice(&out), "hello hello hello"));
	assay_buf_release(&out);
}

static void fits_into_the_bound(void **state)
{
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 7);
	(void)assay_gunzip(assay_slice(member, sizeof(member) - 1), &out);
	assert_true(out.n <= 7);
	assay_buf_release(&out);
}

static void refuses_what_is_none(void **state)
{
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 100);
	assert_false(assay_gunzip(ASSAY_SLICE_LIT(""), &out));
	assert_false(assay_gunzip(ASSAY_SLICE_LIT("plain text, not compressed"), &out));
	for (size_t n = 0; n < sizeof(member) - 1; n++) {
		assay_buf_clear(&out);
		(void)assay_gunzip(assay_slice(member, n), &out);
		if (out.n > 0)
			assert_memory_equal(out.p, "hello hello hello", out.n);
	}
	assay_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_content),
		cmocka_unit_test(fits_into_the_bound),
		cmocka_unit_test(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
