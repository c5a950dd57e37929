/* rooms: plugin_tnef fakehost text base */
/*
 * tests of plugins/worker/tnef: attachments, names, bodies, embedded messages, what is cut off;
 * rtf.c against the specification's own example
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "fake_host.h"
#include "tnef/rtf.h"
#include "tnef/stream.h"

static struct assay_buf made;

/* u32 - into the stream */
static void u32(struct assay_buf *b, uint32_t v)
{
	const char p[4] = { (char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24) };

	assay_buf_add(b, p, 4);
}

/* start - an empty stream */
static void start(struct assay_buf *b)
{
	assay_buf_clear(b);
	u32(b, 0x223e9f78);
	assay_buf_add(b, "\1\0", 2);
}

/* attribute - with its checksum */
static void attribute(struct assay_buf *b, char level, uint32_t id, struct assay_slice data)
{
	unsigned sum = 0;

	assay_buf_add_char(b, level);
	u32(b, id);
	u32(b, (uint32_t)data.n);
	assay_buf_add_slice(b, data);
	for (size_t i = 0; i < data.n; i++)
		sum += (unsigned char)data.p[i];
	assay_buf_add_char(b, (char)sum);
	assay_buf_add_char(b, (char)(sum >> 8));
}

/* prop - of variable length */
static void prop(struct assay_buf *b, uint32_t id, uint32_t type, struct assay_slice data)
{
	u32(b, id << 16 | type);
	u32(b, 1);
	u32(b, (uint32_t)data.n);
	assay_buf_add_slice(b, data);
	assay_buf_add(b, "\0\0\0", (4 - data.n % 4) % 4);
}

/* scan - a stream */
static void scan(struct assay_slice bytes, struct fake_scan *s)
{
	struct fake_payload told = { .bytes = bytes };
	struct fake_host *host;
	struct assay_err err;

	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, &err), ASSAY_OK);
	fake_host_scan(host, &told, s);
	assert_int_equal(s->status, ASSAY_OK);
	fake_host_close(&host);
}

/* is - the result without codepage and counts that a test does not look at */
static void is(const struct fake_scan *s, const char *key, const char *want)
{
	char *dump = json_dumps(json_object_get(s->result, key), JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(dump, want);
	free(dump);
}

/* attachments - the two ways to write one, and one that is written in both */
static void attachments(void **state)
{
	struct assay_buf p;
	struct fake_scan s;

	(void)state;
	assay_buf_init(&p, 10000);
	start(&made);
	attribute(&made, 1, ASSAY_STREAM_CODEPAGE, ASSAY_SLICE_LIT("\xe3\4\0\0\0\0\0\0"));
	attribute(&made, 1, ASSAY_STREAM_CLASS, ASSAY_SLICE_LIT("IPM.Note\0"));
	attribute(&made, 1, ASSAY_STREAM_SUBJECT, ASSAY_SLICE_LIT("\xef\xf0\xe8\0"));
	attribute(&made, 2, ASSAY_STREAM_REND_DATA, ASSAY_SLICE_LIT("\1\0"));
	attribute(&made, 2, ASSAY_STREAM_TITLE, ASSAY_SLICE_LIT("A~1.EXE\0"));
	attribute(&made, 2, ASSAY_STREAM_DATA, ASSAY_SLICE_LIT("first"));
	u32(&p, 2);
	prop(&p, 0x3707, ASSAY_STREAM_UNICODE, ASSAY_SLICE_LIT("l\0o\0n\0g\0\0\0"));
	prop(&p, 0x370e, ASSAY_STREAM_STRING8, ASSAY_SLICE_LIT("text/plain\0"));
	attribute(&made, 2, ASSAY_STREAM_ATTACHMENT, assay_buf_slice(&p));
	attribute(&made, 2, ASSAY_STREAM_REND_DATA, ASSAY_SLICE_LIT("\1\0"));
	assay_buf_clear(&p);
	u32(&p, 2);
	prop(&p, 0x3701, ASSAY_STREAM_BINARY, ASSAY_SLICE_LIT("second"));
	prop(&p, 0x3704, ASSAY_STREAM_STRING8, ASSAY_SLICE_LIT("C:\\x\\b.txt\0"));
	attribute(&made, 2, ASSAY_STREAM_ATTACHMENT, assay_buf_slice(&p));
	attribute(&made, 2, ASSAY_STREAM_DATA, ASSAY_SLICE_LIT("another"));
	attribute(&made, 2, ASSAY_STREAM_REND_DATA, ASSAY_SLICE_LIT("\1\0"));
	scan(assay_buf_slice(&made), &s);
	is(&s, "message_class", "\"IPM.Note\"");
	is(&s, "subject", "\"\xd0\xbf\xd1\x80\xd0\xb8\"");
	is(&s, "codepage", "1251");
	is(&s, "complete", "true");
	is(&s, "bad_checksums", "0");
	is(&s, "members",
	    "[{\"name\":\"long\",\"content_type\":\"text/plain\",\"kind\":\"file\",\"size\":5,"
	    "\"payload_id\":\"0.0\"},{\"name\":\"C:\\\\x\\\\b.txt\",\"content_type\":null,\"kind\":"
	    "\"file\",\"size\":7,\"payload_id\":\"0.1\"},{\"name\":\"C:\\\\x\\\\b.txt\","
	    "\"content_type\":null,\"kind\":\"file\",\"size\":6,\"payload_id\":\"0.2\"},"
	    "{\"name\":null,\"content_type\":null,\"kind\":\"none\",\"size\":0,\"payload_id\":null}"
	    "]");
	assert_int_equal(s.nchild, 3);
	assert_true(assay_slice_is(s.child[0].bytes, "first"));
	assert_string_equal(s.child[1].filename, "b.txt");
	assert_true(assay_slice_is(s.child[1].bytes, "another"));
	assert_true(assay_slice_is(s.child[2].bytes, "second"));
	fake_scan_free(&s);
	assay_buf_release(&p);
}

/* embedded - a message is a stream of its own behind an interface */
static void embedded(void **state)
{
	static const char message[] = "IID-IID-IID-IID-\x78\x9f\x3e\x22\1\0";
	struct assay_buf p;
	struct fake_scan s;

	(void)state;
	assay_buf_init(&p, 10000);
	start(&made);
	u32(&p, 2);
	u32(&p, 0x3705 << 16 | ASSAY_STREAM_LONG);
	u32(&p, 5);
	prop(&p, 0x3701, ASSAY_STREAM_OBJECT, ASSAY_SLICE_LIT(message));
	attribute(&made, 2, ASSAY_STREAM_ATTACHMENT, assay_buf_slice(&p));
	scan(assay_buf_slice(&made), &s);
	is(&s, "members",
	    "[{\"name\":null,\"content_type\":null,\"kind\":\"message\",\"size\":6,\"payload_id\":"
	    "\"0.0\"}]");
	assert_memory_equal(s.child[0].bytes.p, "\x78\x9f\x3e\x22\1\0", 6);
	fake_scan_free(&s);
	assay_buf_release(&p);
}

static const char packed[] =
    "\x2d\0\0\0\x2b\0\0\0\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\0\x0a\0\x72\x63\x70\x67\x31\x32\x35"
    "\x42"
    "\x32\x0a\xf3\x20\x68\x65\x6c\x09\0\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0";
static const char unpacked[] = "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";

/* bodies - each form */
static void bodies(void **state)
{
	struct assay_buf p;
	struct fake_scan s;

	(void)state;
	assay_buf_init(&p, 10000);
	start(&made);
	u32(&p, 4);
	/* A named property with three values, then one that follows it. */
	u32(&p, 0x8001u << 16 | 0x1000 | ASSAY_STREAM_LONG);
	assay_buf_add(&p, "GUIDGUIDGUIDGUID\1\0\0\0\4\0\0\0n\0\0\0\3\0\0\0", 32);
	assay_buf_add(&p, "aaaabbbbcccc", 12);
	prop(&p, 0x1000, ASSAY_STREAM_UNICODE, ASSAY_SLICE_LIT("h\0\xe9\0\0\0"));
	prop(&p, 0x1013, ASSAY_STREAM_BINARY, ASSAY_SLICE_LIT("<b>x</b>"));
	prop(&p, 0x1009, ASSAY_STREAM_BINARY, ASSAY_SLICE_LIT(packed));
	attribute(&made, 1, ASSAY_STREAM_PROPS, assay_buf_slice(&p));
	scan(assay_buf_slice(&made), &s);
	is(&s, "complete", "true");
	is(&s, "bodies",
	    "[{\"kind\":\"text\",\"size\":3,\"payload_id\":\"0.0\"},{\"kind\":\"html\",\"size\":8,"
	    "\"payload_id\":\"0.1\"},{\"kind\":\"rtf\",\"size\":43,\"payload_id\":\"0.2\"}]");
	assert_true(assay_slice_is(s.child[0].bytes, "h\xc3\xa9"));
	assert_true(assay_slice_is(s.child[2].bytes, unpacked));
	assert_string_equal(s.child[2].content_type, "text/rtf");
	fake_scan_free(&s);
	assay_buf_release(&p);
}

/* rtf - whole, cut, stored, too large, no RTF */
static void rtf(void **state)
{
	struct assay_buf out;
	struct assay_err err;

	(void)state;
	assay_buf_init(&out, 1000);
	assert_int_equal(assay_rtf_unpack(ASSAY_SLICE_LIT(packed), &out, &err), ASSAY_OK);
	assert_string_equal(out.p, unpacked);
	assay_buf_clear(&out);
	assert_int_equal(assay_rtf_unpack(assay_slice(packed, 40), &out, &err), ASSAY_E_SYNTAX);
	assert_true(assay_slice_starts(assay_slice_str(unpacked), out.p));
	assay_buf_clear(&out);
	assert_int_equal(
	    assay_rtf_unpack(ASSAY_SLICE_LIT("\5\0\0\0\3\0\0\0MELAcrcc{a}x"), &out, &err),
	    ASSAY_OK);
	assert_string_equal(out.p, "{a}");
	assert_int_equal(
	    assay_rtf_unpack(ASSAY_SLICE_LIT("{\\rtf1 nothing}"), &out, &err), ASSAY_E_SYNTAX);
	assay_buf_release(&out);
	assay_buf_init(&out, 10);
	assert_int_equal(assay_rtf_unpack(ASSAY_SLICE_LIT(packed), &out, &err), ASSAY_E_LIMIT);
	assert_int_equal(out.n, 10);
	assay_buf_release(&out);
}

/* damage - cut off at every place: what is whole is there, no more */
static void damage(void **state)
{
	struct fake_scan s;

	(void)state;
	start(&made);
	attribute(&made, 2, ASSAY_STREAM_DATA, ASSAY_SLICE_LIT("abc"));
	for (size_t n = 0; n < made.n; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, made.p, n);
		scan(assay_slice(copy, n), &s);
		if (n < 6)
			assert_null(s.result);
		else
			is(&s, "complete", n == 6 ? "true" : "false");
		fake_scan_free(&s);
		free(copy);
	}
	made.p[made.n - 1] ^= 1;
	scan(assay_buf_slice(&made), &s);
	is(&s, "bad_checksums", "1");
	assert_int_equal(s.nchild, 1);
	fake_scan_free(&s);
	assay_buf_add(&made, "garbage", 7);
	scan(assay_buf_slice(&made), &s);
	is(&s, "complete", "false");
	assert_int_equal(s.nchild, 1);
	fake_scan_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attachments),
		cmocka_unit_test(embedded),
		cmocka_unit_test(bodies),
		cmocka_unit_test(rtf),
		cmocka_unit_test(damage),
	};
	int failed;

	assay_buf_init(&made, 100000);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	assay_buf_release(&made);
	return failed;
}
