/* rooms: text base */
/*
 * tests of core/text: base64, qp, uu, yenc
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "text/base64.h"
#include "text/qp.h"
#include "text/uu.h"
#include "text/yenc.h"

#define MODE_CHUNKS ASSAY_BASE64_CHUNKS
#define MODE_STOP ASSAY_BASE64_STOP
#define MODE_IGNORE ASSAY_BASE64_IGNORE

/* base64 - decode text in a mode, compare, and give the result */
static struct assay_base64 base64(const char *in, enum assay_base64_mode mode, const char *want)
{
	struct assay_base64 r;
	struct assay_buf out;

	assay_buf_init(&out, 1000);
	assay_base64_decode(assay_slice_str(in), mode, &out, &r);
	assert_string_equal(assay_buf_slice(&out).p, want);
	assert_int_equal(r.n, strlen(want));
	assay_buf_release(&out);
	return r;
}

static void base64_gives_each_reading(void **state)
{
	struct assay_base64 r;

	(void)state;
	r = base64("aGVs\r\nbG8=\r\n", MODE_CHUNKS, "hello");
	assert_true(r.padded && !r.continues && r.first == 5 && r.junk == 0 && r.rest == 12);
	r = base64("aGVsbG8=IHdvcmxk", MODE_CHUNKS, "hello world");
	assert_true(r.continues && r.first == 5 && r.rest == 8);
	r = base64("aGVsbG8=IHdvcmxk", MODE_STOP, "hello");
	assert_true(r.continues && r.rest == 8);
	r = base64("YQ==YmI=", MODE_CHUNKS, "abb");
	assert_int_equal(r.first, 1);
	assert_int_equal(r.stray, 0);
	r = base64("YQYmI=", MODE_IGNORE, "a\x06&");
	r = base64("Y=WJj", MODE_CHUNKS, "abc");
	assert_int_equal(r.stray, 1);
	r = base64("=YWJj", MODE_CHUNKS, "abc");
	assert_int_equal(r.stray, 1);
	r = base64("YW!J-j", MODE_CHUNKS, "abc");
	assert_int_equal(r.junk, 2);
	r = base64("YWJjZA", MODE_CHUNKS, "abcd");
	assert_true(r.left == 2 && !r.padded && r.first == 4);
	r = base64("", MODE_CHUNKS, "");
	assert_int_equal(r.n, 0);
}

static void base64_stops_at_the_maximum(void **state)
{
	struct assay_base64 r;
	struct assay_buf out;
	char *in = malloc(100000);

	(void)state;
	memset(in, 'A', 100000);
	assay_buf_init(&out, 5000);
	assay_base64_decode(assay_slice(in, 100000), MODE_CHUNKS, &out, &r);
	assert_true(r.cut && r.n == 5000 && out.n == 5000);
	assay_buf_release(&out);
	free(in);
}

static void base64_survives_a_round_trip(void **state)
{
	struct assay_buf coded, out;
	struct assay_base64 r;
	char in[300];

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (char)(i * 7);
	assay_buf_init(&coded, 1000);
	assay_buf_init(&out, 1000);
	for (size_t n = 0; n < sizeof in; n++) {
		assay_buf_clear(&coded);
		assay_buf_clear(&out);
		assert_true(assay_base64_encode(assay_slice(in, n), &coded));
		assay_base64_decode(assay_buf_slice(&coded), MODE_STOP, &out, &r);
		assert_int_equal(out.n, n);
		assert_memory_equal(assay_buf_slice(&out).p, in, n);
		assert_int_equal(r.junk + r.stray, 0);
	}
	coded.max = coded.n + 3;
	assert_false(assay_base64_encode(ASSAY_SLICE_LIT("a"), &coded));
	assay_buf_release(&coded);
	assay_buf_release(&out);
}

/* qp - decode text, compare, and give the result */
static struct assay_qp qp(const char *in, unsigned flags, const char *want)
{
	struct assay_buf out;
	struct assay_qp r;

	assay_buf_init(&out, 1000);
	assay_qp_decode(assay_slice_str(in), flags, &out, &r);
	assert_string_equal(assay_buf_slice(&out).p, want);
	assay_buf_release(&out);
	return r;
}

static void qp_takes_what_mail_writes(void **state)
{
	(void)state;
	(void)qp("a=3D=c3=A9", 0, "a=\xc3\xa9");
	assert_int_equal(qp("a= \t\r\nb=\nc=\rd=", 0, "abcd").soft, 4);
	assert_int_equal(qp("1=2 =ZZ= x", 0, "1=2 =ZZ= x").invalid, 3);
	assert_int_equal(qp("a  \r\nb \nc ", 0, "a  \r\nb \nc ").trailing, 3);
	(void)qp("a  \r\nb \nc=20\n", ASSAY_QP_STRIP, "a\r\nb\nc \n");
	(void)qp("a_b=5F=", ASSAY_QP_HEADER, "a b_=");
	assert_int_equal(qp("==41", 0, "=A").invalid, 1);
}

static void uu_finds_blocks(void **state)
{
	const struct assay_slice text =
	    ASSAY_SLICE_LIT("begin the day\nbegin 644 no data\nhello\n"
			    "begin 644 cat.txt \r\n#0V%T\r\n`\r\nend\r\n"
			    "x\nbegin 755 cut\n#0V%T\n");
	struct assay_uu_block b;
	struct assay_buf out;
	size_t at = 0;

	(void)state;
	assay_buf_init(&out, 1000);
	assert_true(assay_uu_next(text, &at, &b, &out));
	assert_true(assay_slice_is(b.name, "cat.txt"));
	assert_true(assay_slice_is(assay_buf_slice(&out), "Cat"));
	assert_true(b.complete && b.mode == 0644 && !b.base64 && b.damaged == 0);
	assert_int_equal(text.p[b.end], 'x');
	assert_int_equal(b.start, 38);
	assay_buf_clear(&out);
	assert_true(assay_uu_next(text, &at, &b, &out));
	assert_true(!b.complete && assay_slice_is(b.name, "cut"));
	assert_true(assay_slice_is(assay_buf_slice(&out), "Cat"));
	assert_false(assay_uu_next(text, &at, &b, &out));
	assert_int_equal(at, text.n);
	assay_buf_release(&out);
}

static void uu_takes_base64_and_damage(void **state)
{
	const struct assay_slice text =
	    ASSAY_SLICE_LIT("a\rbegin-base64 600 b c\rYWJj\rZA==\r====\rbegin 600 z\r$86)C\rend\r");
	struct assay_uu_block b;
	struct assay_buf out;
	size_t at = 0;

	(void)state;
	assay_buf_init(&out, 1000);
	assert_true(assay_uu_next(text, &at, &b, &out));
	assert_true(b.base64 && b.complete && assay_slice_is(b.name, "b c"));
	assert_true(assay_slice_is(assay_buf_slice(&out), "abcd"));
	assay_buf_clear(&out);
	assert_true(assay_uu_next(text, &at, &b, &out));
	assert_true(b.damaged == 1 && b.complete && out.n == 4);
	assert_memory_equal(out.p, "abc", 3);
	assay_buf_release(&out);
}

/* Cat= as yEnc has it, with room for a CRC. */
#define CAT                                                                                        \
	"text\n=ybegin line=128 size=4 name=my cat.txt\nm\x8b\x9eg\n=yend size=4 crc32=%08x\nrest"

static void yenc_decodes_and_checks(void **state)
{
	struct assay_arena *a = assay_arena_new();
	struct assay_yenc_block b;
	struct assay_slice text;
	struct assay_buf out;
	size_t at = 0;

	(void)state;
	assay_buf_init(&out, 1000);
	text = assay_slice_str(assay_arena_printf(a, CAT, 0x12345678u));
	assert_true(assay_yenc_next(text, &at, &b, &out));
	assert_true(b.complete && b.has_crc && !b.crc_ok && b.size_ok && b.size == 4);
	assert_true(assay_slice_is(b.name, "my cat.txt"));
	assert_true(assay_slice_is(assay_buf_slice(&out), "Cat="));
	assert_int_equal(text.n - b.end, 4);
	text = assay_slice_str(assay_arena_printf(a, CAT, b.crc));
	at = 0;
	assay_buf_clear(&out);
	assert_true(assay_yenc_next(text, &at, &b, &out) && b.crc_ok);
	assert_false(assay_yenc_next(text, &at, &b, &out));
	assay_buf_release(&out);
	assay_arena_free(&a);
}

static void yenc_knows_the_crc_and_parts(void **state)
{
	/* 123456789 has the CRC-32 cbf43926; 1 is [ (0x31 + 42), and "=}" is an escaped NUL-less =.
	 */
	const struct assay_slice text = ASSAY_SLICE_LIT(
	    "=ybegin part=2 total=3 line=128 size=30 name=x\r\n"
	    "=ypart begin=11 end=19\r\n[\\]^_`abc\r\n=yend size=9 pcrc32=CBF43926\r\n"
	    "=ybegin line=128 size=1 name=y\r\n=}");
	struct assay_yenc_block b;
	struct assay_buf out;
	size_t at = 0;

	(void)state;
	assay_buf_init(&out, 1000);
	assert_true(assay_yenc_next(text, &at, &b, &out));
	assert_true(assay_slice_is(assay_buf_slice(&out), "123456789"));
	assert_true(b.crc_ok && b.size_ok && b.part == 2 && b.total == 3);
	assert_true(b.begin == 11 && b.last == 19);
	assert_true(assay_yenc_next(text, &at, &b, &out));
	assert_true(!b.complete && out.n == 10);
	assert_int_equal((unsigned char)out.p[9], ('}' - 64 - 42) & 255);
	assay_buf_release(&out);
}

/* CPU of all decoders over repetitions of unit, in microseconds (least of three) */
static int64_t cost(const char *unit, size_t bytes)
{
	const size_t n = strlen(unit);
	char *text = malloc(bytes);
	int64_t best = INT64_MAX;
	struct assay_buf out;

	for (size_t i = 0; i < bytes; i++)
		text[i] = unit[i % n];
	assay_buf_init(&out, bytes * 4);
	for (int k = 0; k < 3; k++) {
		const struct assay_slice in = { text, bytes };
		const int64_t start = assay_clock_cpu_us();
		struct assay_yenc_block yenc;
		struct assay_base64 base;
		struct assay_uu_block uu;
		struct assay_qp quoted;
		size_t at = 0;

		assay_buf_clear(&out);
		assay_base64_decode(in, MODE_STOP, &out, &base);
		assay_qp_decode(in, 0, &out, &quoted);
		while (assay_uu_next(in, &at, &uu, &out))
			;
		at = 0;
		while (assay_yenc_next(in, &at, &yenc, &out))
			;
		if (assay_clock_cpu_us() - start < best)
			best = assay_clock_cpu_us() - start;
	}
	assay_buf_release(&out);
	free(text);
	return best;
}

static void decoding_is_linear_on_hostile_text(void **state)
{
	static const char *const units[] = { "=", "= ", " ", "A=", "\n", "begin 644 x\n", "begin",
		"begin 644 x\nM8\n", "\rbegin 644 a\r", "=ybegin name=x\n", "=ybegin x",
		"\n=ybegin ", "\r=ybegin name=\r", "begin-base64 644 x\nAAAA\n",
		"begin-base64 644 x" };

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		const int64_t one = cost(units[i], 100000), eight = cost(units[i], 800000);

		/* Eight times as much, with room for noise; quadratic would be 64. */
		if (eight > 24 * one + 20000)
			fail_msg("\"%s\": %lld us, then %lld us", units[i], (long long)one,
			    (long long)eight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_gives_each_reading),
		cmocka_unit_test(base64_stops_at_the_maximum),
		cmocka_unit_test(base64_survives_a_round_trip),
		cmocka_unit_test(qp_takes_what_mail_writes),
		cmocka_unit_test(uu_finds_blocks),
		cmocka_unit_test(uu_takes_base64_and_damage),
		cmocka_unit_test(yenc_decodes_and_checks),
		cmocka_unit_test(yenc_knows_the_crc_and_parts),
		cmocka_unit_test(decoding_is_linear_on_hostile_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
