/* rooms: plugin_smtp fakehost mail text base */
/*
 * tests of smtp/binhex.h: the data fork, its runs, and files that are damaged or none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "smtp/binhex.h"

#define HEAD "(This file must be converted with BinHex 4.0)\r\n"
#define BODY ":\"@%ZG(Kd!&4&@&4dG(Kd!*!&&!#3\"QKPE'a[)''3###3!#\"PEQ3!N!3:"

/* decoded - what comes out, as a string; NULL when there is no file */
static const char *decoded(const char *text, struct assay_buf *out)
{
	assay_buf_clear(out);
	if (!assay_binhex_decode(assay_slice_str(text), out))
		return NULL;
	(void)assay_buf_add_char(out, '\0');
	return out->p;
}

static void gives_the_data_fork(void **state)
{
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 1000);
	assert_string_equal(decoded(HEAD BODY, &out), "hello aaaaaaaa \x90 end");
	assert_string_equal(decoded("words\n\n" HEAD "\r\n" BODY, &out), "hello aaaaaaaa \x90 end");
	assay_buf_release(&out);
}

static void takes_what_is_there(void **state)
{
	char text[] = HEAD BODY;
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 1000);
	for (size_t n = 0; n < sizeof(text); n++) {
		struct assay_slice part = assay_slice(text, n);

		assay_buf_clear(&out);
		if (assay_binhex_decode(part, &out))
			assert_memory_equal(out.p, "hello aaaaaaaa \x90 end", out.n);
	}
	assert_null(decoded("", &out));
	assert_null(decoded("no such file", &out));
	assay_buf_release(&out);
}

static void keeps_to_the_bound(void **state)
{
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 5);
	(void)assay_binhex_decode(ASSAY_SLICE_LIT(HEAD BODY), &out);
	assert_true(out.n <= 5);
	assay_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_data_fork),
		cmocka_unit_test(takes_what_is_there),
		cmocka_unit_test(keeps_to_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
