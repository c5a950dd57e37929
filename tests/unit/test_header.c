/* rooms: mail text base */
/*
 * tests of smtp/mail: header, eword, msgid, date
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/date.h"
#include "mail/eword.h"
#include "mail/header.h"
#include "mail/msgid.h"

static struct assay_arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = assay_arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assay_arena_free(&arena);
	return 0;
}

static struct assay_header read_auto(struct assay_slice bytes)
{
	struct assay_header h;

	assay_header_read(arena, bytes, ASSAY_HEADER_EOL_AUTO, NULL, &h);
	return h;
}

#define READ(text) read_auto(ASSAY_SLICE_LIT(text))

static void is_slice(struct assay_slice s, const char *want)
{
	if (!assay_slice_is(s, want))
		fail_msg("'%.*s' is not '%s'", (int)s.n, s.p, want);
}

static size_t defects(const struct assay_header *h, enum assay_header_code code)
{
	size_t n = 0;

	for (size_t i = 0; i < h->ndefect; i++)
		n += h->defect[i].code == code;
	return n;
}

static void fields_and_bounds(void **state)
{
	struct assay_header h = READ("A: b\r\nSubject: x\r\n y\r\n\r\nbody");

	(void)state;
	assert_int_equal(h.n, 2);
	assert_int_equal(h.ndefect, 0);
	is_slice(h.field[0].name, "A");
	is_slice(h.field[1].value, " x\r\n y");
	assert_int_equal(h.field[1].offset, 6);
	assert_int_equal(h.field[1].length, 16);
	assert_int_equal(h.end, 22);
	assert_int_equal(h.body, 24);
	assert_ptr_equal(assay_header_find(&h, "subject", 0), &h.field[1]);
	assert_null(assay_header_find(&h, "subject", 1));
	is_slice(assay_header_unfold(arena, h.field[1].value), "x y");
}

static void all_line_ends(void **state)
{
	struct assay_header h = READ("A: b\rC: d\r\rbody\r");

	(void)state;
	assert_int_equal(h.eol, ASSAY_HEADER_EOL_CR);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.body, 11);
	h = READ("A: b\nC: d\r\n\nbody");
	assert_int_equal(h.n, 2);
	assert_int_equal(h.body, 12);
	h = READ("A: b\rc\nC: d\n\n");
	assert_int_equal(h.n, 2);
	assert_int_equal(defects(&h, ASSAY_HEADER_BARE_CR), 1);
	h = READ("A: b\r\r\nC: d\r\r\n\r\r\nbody");
	assert_int_equal(h.n, 2);
	assert_int_equal(h.bytes.n - h.body, 4);
}

static void what_stands_before(void **state)
{
	struct assay_header h = READ("From x Mon\nFrom: a@b\n\nbody");

	(void)state;
	is_slice(h.mbox_line, "From x Mon");
	assert_int_equal(h.start, 11);
	h = READ("\n\r\nFrom: a@b\n\nbody");
	assert_int_equal(h.n, 1);
	assert_int_equal(defects(&h, ASSAY_HEADER_BLANK_BEFORE), 1);
	assert_int_equal(h.other_body[0], 1);
	h = READ("junk here\nFrom: a@b\n\nbody");
	assert_int_equal(h.n, 1);
	assert_int_equal(defects(&h, ASSAY_HEADER_JUNK_BEFORE), 1);
	assert_int_equal(h.other_body[0], 0);
	h = READ("Hello,\nplease note: it is late\n\nFrom: a\n");
	assert_int_equal(h.n, 0);
	assert_int_equal(h.body, 0);
	assert_int_equal(defects(&h, ASSAY_HEADER_NO_HEADER), 1);
	h = READ("\xef\xbb\xbf"
		 "From: a@b\n\nbody");
	is_slice(h.field[0].name, "From");
	h = READ("");
	assert_int_equal(h.body, 0);
}

static void odd_lines(void **state)
{
	struct assay_header h = READ("A: b\nno colon here\n more\nC : d\n \nE: f");

	(void)state;
	assert_int_equal(h.n, 3);
	is_slice(h.field[0].value, " b");
	is_slice(h.field[1].name, "C");
	assert_int_equal(defects(&h, ASSAY_HEADER_NO_COLON), 1);
	assert_int_equal(defects(&h, ASSAY_HEADER_SPACE_COLON), 1);
	assert_int_equal(defects(&h, ASSAY_HEADER_BLANK_FOLD), 1);
	assert_int_equal(defects(&h, ASSAY_HEADER_NO_END), 1);
	assert_int_equal(h.nother, 2);
	assert_int_equal(h.other_body[0], 5);
	assert_int_equal(h.other_body[1], 33);
	assert_int_equal(h.body, h.bytes.n);
	h = read_auto(assay_slice("A: b\0c\xe4\n\n", 10));
	assert_int_equal(defects(&h, ASSAY_HEADER_NUL), 1);
	assert_int_equal(defects(&h, ASSAY_HEADER_8BIT), 1);
	is_slice(assay_header_unfold(arena, h.field[0].value),
	    "b\xef\xbf\xbd"
	    "c\xc3\xa4");
}

static void limits_cut_what_is_stored_only(void **state)
{
	struct assay_header_limits limits = { .fields = 2, .bytes = 1000, .field = 3 };
	struct assay_header h;

	(void)state;
	assay_header_read(arena, ASSAY_SLICE_LIT("A: bcdef\nB: c\nC: d\n\nbody"),
	    ASSAY_HEADER_EOL_AUTO, &limits, &h);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.field_total, 3);
	is_slice(h.field[0].value, " bc");
	assert_true(h.field[0].cut && h.cut_field && h.cut_fields);
	assert_int_equal(h.body, 20);
	limits = (struct assay_header_limits){ .bytes = 9 };
	assay_header_read(
	    arena, ASSAY_SLICE_LIT("A: bcdef\nB: c\n\n"), ASSAY_HEADER_EOL_AUTO, &limits, &h);
	assert_int_equal(h.n, 1);
	assert_true(h.cut_bytes);
}

static void decodes_as(const char *raw, const char *want)
{
	is_slice(assay_eword_decode(arena, assay_slice_str(raw)), want);
}

static void encoded_words(void **state)
{
	(void)state;
	decodes_as(" plain\r\n text ", "plain text");
	decodes_as("=?UTF-8?B?SGVsbG8=?= =?UTF-8?B?IHdvcmxk?=", "Hello world");
	decodes_as("=?utf-8?q?J=C3=BCrgen_M?= x", "J\xc3\xbcrgen M x");
	decodes_as("a =?utf-8?q?b?=\r\n =?iso-8859-1?Q?=E4?= c", "a b\xc3\xa4 c");
	/* a character split between two words */
	decodes_as("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "\xe2\x82\xac");
	decodes_as("=?utf-8?Q?=E2?= =?UTF-8?Q?=82=AC?=", "\xe2\x82\xac");
	/* padding missing, spaces inside, language, glued, quotes, unknown charset */
	decodes_as("=?utf-8?B?SGVsbG8?=", "Hello");
	decodes_as("=?utf-8?Q?a b?=", "a b");
	decodes_as("=?utf-8*en?Q?a?=", "a");
	decodes_as("x=?utf-8?Q?a?==?utf-8?Q?b?=y", "xaby");
	decodes_as("\"=?utf-8?Q?a?=\"", "\"a\"");
	decodes_as("=?x-none?Q?=E4?=", "\xc3\xa4");
	decodes_as("=?x-none?Q?=C3=A4?=", "\xc3\xa4");
	decodes_as("caf\xe9 =?utf-8?Q?=C3=A9?=", "caf\xc3\xa9 \xc3\xa9");
	decodes_as("=?utf-8?Q?=00?=", "\xef\xbf\xbd");
}

static void what_is_no_word_stays(void **state)
{
	(void)state;
	decodes_as("=?utf-8?Q?abc", "=?utf-8?Q?abc");
	decodes_as("=?utf-8?X?abc?=", "=?utf-8?X?abc?=");
	decodes_as("=?=?=?", "=?=?=?");
	decodes_as("=?utf-8?Q?a =?utf-8?Q?b?=", "=?utf-8?Q?a b");
	decodes_as("", "");
	assert_false(assay_eword_any(ASSAY_SLICE_LIT("a =? b")));
	assert_true(assay_eword_any(ASSAY_SLICE_LIT("=?a?q?b?=")));
}

static void repeat_is_linear(const char *unit, size_t times)
{
	size_t n = strlen(unit);
	char *text = malloc(n * times);
	int64_t before = assay_clock_cpu_us();

	assert_non_null(text);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * n, unit, n);
	assert_true(assay_utf8_is_valid(assay_eword_decode(arena, assay_slice(text, n * times))));
	/* A quadratic reader would take hours. */
	assert_true(assay_clock_cpu_us() - before < 5000000);
	free(text);
}

static void many_words(void **state)
{
	(void)state;
	repeat_is_linear("=?", 1000000);
	repeat_is_linear("=?a?q?", 300000);
	repeat_is_linear("=?a?q?b?= ", 300000);
	repeat_is_linear("=?utf-8?b?", 200000);
}

static void ids_are(const char *raw, size_t n, const char *first)
{
	struct assay_msgid_list list;

	assay_msgid_parse(arena, assay_slice_str(raw), 0, &list);
	assert_int_equal(list.n, n);
	if (n > 0)
		is_slice(list.id[0], first);
}

static void message_ids(void **state)
{
	(void)state;
	ids_are("<a@b>", 1, "a@b");
	ids_are("<a@b>\r\n <c@d><e@f>", 3, "a@b");
	ids_are("<a\r\n @b> (comment)", 1, "a@b");
	ids_are("a@b c@d", 2, "a@b");
	ids_are("<a@b <c@d>", 2, "a@b");
	ids_are("<>", 0, "");
	ids_are("", 0, "");
}

static void date_is(const char *text, const char *want)
{
	char got[ASSAY_TIME_TEXT];
	int64_t ms;

	if (assay_date_parse(assay_slice_str(text), &ms) != ASSAY_OK)
		fail_msg("not understood: %s", text);
	assay_clock_format(ms, got);
	if (strcmp(got, want) != 0)
		fail_msg("%s is %s, not %s", text, got, want);
}

static void dates(void **state)
{
	(void)state;
	date_is("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06.000Z");
	date_is("21 Nov 97 09:55 GMT", "1997-11-21T09:55:00.000Z");
	date_is("Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland)",
	    "1969-02-14T03:02:00.000Z");
	date_is("Fri, 1 Jan 49 00:00:00 EST", "2049-01-01T05:00:00.000Z");
	date_is("Sat, 1 Jan 102 00:00:00 +0000", "2002-01-01T00:00:00.000Z");
	date_is("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z");
	date_is("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z");
	date_is("Fri Sep 26 17:18:40 +0000 2025", "2025-09-26T17:18:40.000Z");
	date_is("2023-09-09 23:52:48.544599083 +0000 UTC", "2023-09-09T23:52:48.544Z");
	date_is("2020-02-29T12:00:00+05:30", "2020-02-29T06:30:00.000Z");
	date_is("2020-02-29T12:00:00Z", "2020-02-29T12:00:00.000Z");
	date_is("03 Jul 01 4:12:06 PM", "2001-07-03T16:12:06.000Z");
	date_is("1 Jan 2020 12:00:00 GMT+02:00", "2020-01-01T10:00:00.000Z");
	date_is("1 Jan 2020 12:00:00 nowhere", "2020-01-01T12:00:00.000Z");
	date_is("1 Jan 2020 12:00:00 +9999", "2020-01-01T12:00:00.000Z");
}

static void no_dates(void **state)
{
	static const char *const text[] = { "", "yesterday", "11-04-2023", "32 Jan 2020 00:00:00",
		"1 Jan 2020 25:00:00", "1 Foo 2020", "((((", "999999999999999999" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(assay_date_parse(assay_slice_str(text[i]), &ms), ASSAY_E_SYNTAX);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(fields_and_bounds), TEST(all_line_ends),
		TEST(what_stands_before), TEST(odd_lines), TEST(limits_cut_what_is_stored_only),
		TEST(encoded_words), TEST(what_is_no_word_stays), TEST(many_words),
		TEST(message_ids), TEST(dates), TEST(no_dates) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
