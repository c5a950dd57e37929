/* rooms: text base */
/*
 * tests of core/text: utf8, printable, label, charset, iso2022
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/domain.h"
#include "text/label.h"
#include "text/printable.h"
#include "text/url.h"
#include "text/utf8.h"

#define LIT(s) ASSAY_SLICE_LIT(s)
#define FFFD ASSAY_UTF8_REPLACEMENT

/* cleans_to - utf8_clean gives that */
static void cleans_to(struct assay_slice in, const char *want, size_t replaced)
{
	struct assay_buf out;

	assay_buf_init(&out, 1000);
	assert_int_equal(assay_utf8_clean(in, &out), replaced);
	assert_string_equal(assay_buf_slice(&out).p, want);
	assay_buf_release(&out);
}

static void utf8_replaces_what_is_invalid(void **state)
{
	(void)state;
	cleans_to(LIT("abc\xc3\xa9\xf0\x9f\x98\x80"), "abc\xc3\xa9\xf0\x9f\x98\x80", 0);
	cleans_to(LIT("a\0\0b"), "a" FFFD FFFD "b", 2);
	cleans_to(LIT("\xc0\xaf"), FFFD FFFD, 2);
	cleans_to(LIT("\xed\xa0\x80"), FFFD FFFD FFFD, 3);
	cleans_to(LIT("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD, 4);
	cleans_to(LIT("\xe2\x82x\xe2\x82"), FFFD "x" FFFD, 2);
	cleans_to(LIT("\xff"), FFFD, 1);
	cleans_to(LIT(""), "", 0);
	assert_int_equal(assay_utf8_prefix(LIT("ab\xc3\xa9\xc3")), 4);
	assert_int_equal(assay_utf8_cut(LIT("a\xe2\x82\xac"), 3), 1);
	assert_int_equal(assay_utf8_cut(LIT("a\xe2\x82\xac"), 4), 4);
	assert_int_equal(assay_utf8_cut(LIT("\xe2\x82\xac"), 2), 0);
	assert_int_equal(assay_utf8_cut(LIT("\x82\x82\x82\x82\x82\x82"), 5), 5);
	assert_int_equal(assay_utf8_cut(LIT("a\xe2\x82\xac"
					    "b"),
			     4),
	    4);
}

static void utf8_encodes_what_it_decodes(void **state)
{
	char c[4];

	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		const size_t n = assay_utf8_encode(cp, c);
		uint32_t back;

		assert_int_equal(assay_utf8_decode(assay_slice(c, n), &back), n);
		assert_int_equal(back, cp >= 0xd800 && cp < 0xe000 ? 0xfffd : cp);
	}
}

static void utf8_never_leaves_half_a_character(void **state)
{
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 4);
	(void)assay_utf8_clean(LIT("ab\xe2\x82\xac"), &out);
	assert_true(out.full && assay_slice_is(assay_buf_slice(&out), "ab"));
	assay_buf_release(&out);
}

static void printable_escapes_what_is_hidden(void **state)
{
	struct assay_buf out;
	char text[12];

	(void)state;
	assay_buf_init(&out, 1000);
	assert_true(assay_printable_add(
	    &out, LIT("a\x1b[1m\n\\\xc3\xa9\xe2\x80\xae\xff\xc2\x9b\xf3\xa0\x80\x81"), 200));
	assert_string_equal(out.p, "a\\x1b[1m\\x0a\\\\\xc3\xa9\\u202e\\xff\\u009b\\U000e0001");
	assay_buf_clear(&out);
	assert_false(assay_printable_add(&out, LIT("abcdefgh\n"), 8));
	assert_string_equal(out.p, "abcde...");
	assay_buf_clear(&out);
	assert_true(assay_printable_add(&out, LIT("abcdefgh"), 8));
	assert_string_equal(out.p, "abcdefgh");
	assert_string_equal(
	    assay_printable_copy(text, sizeof text, LIT("\r\n\r\n")), "\\x0d\\x0a...");
	assert_string_equal(assay_printable_copy(text, sizeof text, LIT("")), "");
	assert_true(assay_printable_has_bidi(LIT("gpj.\xe2\x80\xae"
						 "exe")));
	assert_false(assay_printable_has_bidi(LIT("a.exe")));
	assay_buf_release(&out);
}

static void labels_are_read_as_readers_do(void **state)
{
	static const char *const pairs[][2] = { { "ISO_8859-1:1987", "windows-1252" },
		{ "latin1", "windows-1252" }, { " \"UTF8\" ", "utf-8" }, { "utf-8*en", "utf-8" },
		{ "gb2312", "gb18030" }, { "KS_C_5601-1987", "euc-kr" }, { "x-sjis", "shift_jis" },
		{ "Shift-JIS", "shift_jis" }, { "cp-1252", "windows-1252" },
		{ "iso-8859-8-i", "iso-8859-8" }, { "unicode-1-1-utf-7", "utf-7" },
		{ "ansi_x3.110-1983", "windows-1252" }, { "ANSI_X3.4-1968", "us-ascii" },
		{ "iso-8859-11", "windows-874" }, { "iso-8859-9", "windows-1254" },
		{ "iso-8859-15", "iso-8859-15" }, { "Big5-HKSCS", "big5" },
		{ "HZ-GB-2312", "hz-gb-2312" } };
	static const char *const unknown[] = { "default", "unknown-8bit", "", "\"\"", "no such",
		"utf-8\x80", "x-user-defined",
		"averyveryveryveryveryveryveryverylongcharsetlabel" };

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_string_equal(assay_charset_name(assay_slice_str(pairs[i][0])), pairs[i][1]);
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		assert_null(assay_charset_name(assay_slice_str(unknown[i])));
	assert_null(assay_charset_name(ASSAY_SLICE_NONE));
	for (size_t i = 0; i < assay_label_count; i++)
		assert_ptr_equal(assay_label_find(assay_slice_str(assay_label_charsets[i].name)),
		    &assay_label_charsets[i]);
}

/* converts - a charset's bytes to that UTF-8 */
static void converts(const char *label, struct assay_slice in, const char *want, size_t replaced)
{
	struct assay_buf out;
	size_t got = 99;

	assay_buf_init(&out, 1000);
	assert_int_equal(assay_charset_to_utf8(assay_slice_str(label), in, &out, &got), ASSAY_OK);
	assert_string_equal(assay_buf_slice(&out).p, want);
	assert_int_equal(got, replaced);
	assay_buf_release(&out);
}

static void all_ways_convert(void **state)
{
	(void)state;
	assert_int_equal(assay_charset_warm(), 0);
	converts("latin1", LIT("\x80\xe9"), "\xe2\x82\xac\xc3\xa9", 0);
	converts("us-ascii", LIT("a\xe9"), "a" FFFD, 1);
	converts("utf-8", LIT("\xc3\xa9\xe9"), "\xc3\xa9" FFFD, 1);
	converts("koi8-r", LIT("\xd0\xd2"), "\xd0\xbf\xd1\x80", 0);
	converts("gb2312", LIT("\xc4\xe3\xba\xc3"), "\xe4\xbd\xa0\xe5\xa5\xbd", 0);
	converts("big5", LIT("\xa7\x41"), "\xe4\xbd\xa0", 0);
	converts("x-sjis", LIT("\x82\xb1\x87\x40"), "\xe3\x81\x93\xe2\x91\xa0", 0);
	converts("ks_c_5601-1987", LIT("\xb0\xa1\x81"), "\xea\xb0\x80" FFFD, 1);
	converts("utf-7", LIT("+AGg-i"), "hi", 0);
	converts("utf-16", LIT("h\0i\0"), "hi", 0);
	converts("utf-16", LIT("\0h\0i"), "hi", 0);
	converts("utf-16", LIT("\xff\xfeh\0"), "h", 0);
	converts("utf-16be", LIT("\xd8\x3d\xde\x00\xd8\x3d\0"), "\xf0\x9f\x98\x80" FFFD FFFD, 2);
	converts("utf-32le", LIT("h\0\0\0\0\0\x11\0"), "h" FFFD, 1);
	converts("tcvn", LIT("a\xb3"), "\xc3\xa1", 0);
	converts("ibm037", LIT("\xc8\x89"), "Hi", 0);
}

static void seven_bit_charsets_switch(void **state)
{
	(void)state;
	/* With circled one, a character of NEC's that plain JIS X 0208 has not. */
	converts("iso-2022-jp", LIT("\x1b$B$3-!\x1b(B hi"), "\xe3\x81\x93\xe2\x91\xa0 hi", 0);
	converts("iso-2022-jp", LIT("\x1b$B$3\nok"), "\xe3\x81\x93\nok", 0);
	converts("iso-2022-jp", LIT("\x1b(I1\x1b(J."), "\xef\xbd\xb1.", 0);
	converts("iso-2022-kr", LIT("\x1b$)C\x0e\x30\x21\x0f z"), "\xea\xb0\x80 z", 0);
	converts("iso-2022-cn",
	    LIT("\x1b$)A\x0e"
		"Dc\x0f."),
	    "\xe4\xbd\xa0.", 0);
	converts("hz-gb-2312", LIT("~~x~{Dc~}y~\nz"), "~x\xe4\xbd\xa0yz", 0);
	converts("hz-gb-2312", LIT("~{D"), FFFD, 1);
}

static void unknown_and_full_are_said(void **state)
{
	struct assay_buf out;
	size_t n;

	(void)state;
	assay_buf_init(&out, 4);
	assert_int_equal(assay_charset_to_utf8(LIT("nonsense"), LIT("a"), &out, &n), ASSAY_E_UNSUP);
	assert_int_equal(out.n, 0);
	assert_int_equal(
	    assay_charset_to_utf8(LIT("gbk"), LIT("\xc4\xe3\xba\xc3"), &out, NULL), ASSAY_E_LIMIT);
	assert_true(assay_slice_is(assay_buf_slice(&out), "\xe4\xbd\xa0"));
	assay_buf_release(&out);
}

/* guesses - decode_guess takes that charset */
static void guesses(const char *label, struct assay_slice in, const char *used, const char *want)
{
	struct assay_charset_guess g;
	struct assay_buf out;

	assay_buf_init(&out, 1000);
	assay_charset_decode_guess(
	    label != NULL ? assay_slice_str(label) : ASSAY_SLICE_NONE, in, &out, &g);
	assert_string_equal(g.used, used);
	assert_string_equal(assay_buf_slice(&out).p, want);
	assay_buf_release(&out);
}

static void guesses_are_those_of_readers(void **state)
{
	(void)state;
	guesses(NULL, LIT("\xc3\xa9"), "utf-8", "\xc3\xa9");
	guesses(NULL, LIT("\xe9"), "windows-1252", "\xc3\xa9");
	guesses("us-ascii", LIT("\xc3\xa9"), "utf-8", "\xc3\xa9");
	guesses("utf-8", LIT("caf\xe9"), "windows-1252", "caf\xc3\xa9");
	guesses("utf-8", LIT("\xc3\xa9\xc3\xa8\xe9"), "utf-8", "\xc3\xa9\xc3\xa8" FFFD);
	guesses("koi8-r", LIT("\xff\xfeh\0"), "utf-16le", "h");
	guesses("koi8-r",
	    LIT("\xef\xbb\xbf"
		"a"),
	    "utf-8", "a");
	guesses("euc-jp", LIT("\xe2\x80\xa6"), "utf-8", "\xe2\x80\xa6");
	guesses("unknown-8bit", LIT("\xe9"), "windows-1252", "\xc3\xa9");
	guesses("latin1", LIT("\xc3\xa9"), "windows-1252", "\xc3\x83\xc2\xa9");
	guesses(NULL, LIT(""), "utf-8", "");
}

static void nothing_is_opened_after_warming(void **state)
{
	char in[256], host[ASSAY_URL_HOST_MAX];
	struct rlimit before, none;
	struct assay_buf out;

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (char)i;
	assay_buf_init(&out, 10000);
	assert_int_equal(assay_charset_warm(), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (size_t i = 0; i < assay_label_count; i++) {
		assay_buf_clear(&out);
		assert_int_equal(
		    assay_charset_to_utf8(assay_slice_str(assay_label_charsets[i].name),
			assay_slice(in, sizeof in), &out, NULL),
		    ASSAY_OK);
		assert_true(out.n > 0);
	}
	assert_int_equal(assay_url_host(LIT("b\xc3\xbc"
					    "cher.de"),
			     host),
	    16);
	assert_int_equal(assay_domain_registrable(LIT("a.b.co.uk")).n, 7);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assay_buf_release(&out);
}

static int cool(void **state)
{
	(void)state;
	assay_charset_cool();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_replaces_what_is_invalid),
		cmocka_unit_test(utf8_encodes_what_it_decodes),
		cmocka_unit_test(utf8_never_leaves_half_a_character),
		cmocka_unit_test(printable_escapes_what_is_hidden),
		cmocka_unit_test(labels_are_read_as_readers_do),
		cmocka_unit_test(all_ways_convert),
		cmocka_unit_test(seven_bit_charsets_switch),
		cmocka_unit_test(unknown_and_full_are_said),
		cmocka_unit_test(guesses_are_those_of_readers),
		cmocka_unit_test(nothing_is_opened_after_warming),
	};

	return cmocka_run_group_tests(tests, NULL, cool);
}
