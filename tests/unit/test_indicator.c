/* rooms: core text base */
/*
 * tests/unit/test_indicator.c - lines of lists as others write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/indicator.h"

#define MD5 "D41D8CD98F00B204E9800998ECF8427E"
#define MD5_LOW "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256 MD5_LOW MD5_LOW

struct line {
	enum assay_indicator_of of;
	const char *line;
	enum assay_indicator is;
	const char *value;
};

static const struct line lines[] = {
	{ ASSAY_INDICATOR_DIGESTS, "", ASSAY_INDICATOR_EMPTY, "" },
	{ ASSAY_INDICATOR_DIGESTS, " \t\r", ASSAY_INDICATOR_EMPTY, "" },
	{ ASSAY_INDICATOR_DIGESTS, "# " MD5, ASSAY_INDICATOR_EMPTY, "" },
	{ ASSAY_INDICATOR_DIGESTS, MD5 "\r", ASSAY_INDICATOR_MD5, MD5_LOW },
	{ ASSAY_INDICATOR_DIGESTS, "\xef\xbb\xbf" MD5, ASSAY_INDICATOR_MD5, MD5_LOW },
	{ ASSAY_INDICATOR_DIGESTS, "\"" MD5 "\",\"x\"", ASSAY_INDICATOR_MD5, MD5_LOW },
	{ ASSAY_INDICATOR_DIGESTS, SHA1 "  *setup.exe", ASSAY_INDICATOR_SHA1, SHA1 },
	{ ASSAY_INDICATOR_DIGESTS, SHA256 ";malware", ASSAY_INDICATOR_SHA256, SHA256 },
	{ ASSAY_INDICATOR_DIGESTS, SHA256 SHA256, ASSAY_INDICATOR_SHA512, SHA256 SHA256 },
	{ ASSAY_INDICATOR_DIGESTS, SHA256 "0", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_DIGESTS, MD5 "x", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_DIGESTS, "hello", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_LINKS, "// x", ASSAY_INDICATOR_EMPTY, "" },
	{ ASSAY_INDICATOR_LINKS, "http://a.example/b?c", ASSAY_INDICATOR_URL,
	    "http://a.example/b?c" },
	{ ASSAY_INDICATOR_LINKS, "hxxps://a[.]example[.]com/b  # why", ASSAY_INDICATOR_URL,
	    "https://a.example.com/b" },
	{ ASSAY_INDICATOR_LINKS, "http://A.example/", ASSAY_INDICATOR_HOST, "a.example" },
	{ ASSAY_INDICATOR_LINKS, "http://a.example", ASSAY_INDICATOR_HOST, "a.example" },
	{ ASSAY_INDICATOR_LINKS, "Evil.Example", ASSAY_INDICATOR_HOST, "evil.example" },
	{ ASSAY_INDICATOR_LINKS, "evil[.]example", ASSAY_INDICATOR_HOST, "evil.example" },
	{ ASSAY_INDICATOR_LINKS,
	    "b\xc3\xbc"
	    "cher.example",
	    ASSAY_INDICATOR_HOST, "xn--bcher-kva.example" },
	{ ASSAY_INDICATOR_LINKS, "192.0.2[.]1", ASSAY_INDICATOR_HOST, "192.0.2.1" },
	{ ASSAY_INDICATOR_LINKS, "hello", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_LINKS, "a b", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_LINKS, "<x>.example", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_SENDERS, "A@B.Example", ASSAY_INDICATOR_ADDRESS, "a@b.example" },
	{ ASSAY_INDICATOR_SENDERS, "\"Eve\" <eve@b.example>", ASSAY_INDICATOR_ADDRESS,
	    "eve@b.example" },
	{ ASSAY_INDICATOR_SENDERS, "eve[at]b[.]example", ASSAY_INDICATOR_ADDRESS, "eve@b.example" },
	{ ASSAY_INDICATOR_SENDERS, "@b.example", ASSAY_INDICATOR_DOMAIN, "b.example" },
	{ ASSAY_INDICATOR_SENDERS, "*@b.example", ASSAY_INDICATOR_DOMAIN, "b.example" },
	{ ASSAY_INDICATOR_SENDERS, "b.example", ASSAY_INDICATOR_DOMAIN, "b.example" },
	{ ASSAY_INDICATOR_SENDERS, "b", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_SENDERS, "a@", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_SENDERS, "<>", ASSAY_INDICATOR_BAD, "" },
	{ ASSAY_INDICATOR_SENDERS, "a@b c@d.example", ASSAY_INDICATOR_BAD, "" },
};

/* test_lines - the table above */
static void test_lines(void **state)
{
	struct assay_arena *arena = assay_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct assay_slice value;

		if (assay_indicator_read(arena, lines[i].of, assay_slice_str(lines[i].line),
			&value) != lines[i].is ||
		    !assay_slice_is(value, lines[i].value))
			fail_msg("%s: %.*s", lines[i].line, (int)value.n, value.p);
	}
	assay_arena_free(&arena);
}

/* main - all of them */
int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
