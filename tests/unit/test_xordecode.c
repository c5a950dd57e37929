/* rooms: plugin_xordecode fakehost text base */
/*
 * tests of plugins/worker/decode: xordecode.c, key.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "decode/key.h"
#include "fake_host.h"

static struct fake_scan last;
static struct assay_buf plain, hidden;

/* open - with options */
static struct fake_host *opened(const char *const *opts)
{
	struct fake_host *host;
	struct assay_err err;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	return host;
}

/* run_told - a payload, into `last`, with options or NULL and a rule's xorkey or NULL */
static void run_told(struct assay_slice bytes, const char *const *opts, const char *xorkey)
{
	struct fake_payload told = { .bytes = bytes };
	struct fake_host *host = opened(opts);

	if (xorkey != NULL)
		told.meta = json_pack("{s:{s:s}}", "yara", "xorkey", xorkey);
	fake_scan_free(&last);
	fake_host_scan(host, &told, &last);
	assert_int_equal(last.status, ASSAY_OK);
	assert_int_equal(json_array_size(json_object_get(last.result, "keys")), last.nchild);
	json_decref(told.meta);
	fake_host_close(&host);
}

/* run - a payload, into `last`, with options or NULL */
static void run(struct assay_slice bytes, const char *const *opts)
{
	run_told(bytes, opts, NULL);
}

/* text - of a member of a row of keys[] */
static const char *text(size_t i, const char *member)
{
	const json_t *row = json_array_get(json_object_get(last.result, "keys"), i);
	const char *value = json_string_value(json_object_get(row, member));

	assert_non_null(value);
	return value;
}

/* hide - `plain` behind a key, into `hidden` */
static struct assay_slice hide(const char *key, size_t n)
{
	assay_buf_clear(&hidden);
	for (size_t i = 0; i < plain.n; i++)
		assay_buf_add_char(&hidden, (char)(plain.p[i] ^ key[i % n]));
	return assay_buf_slice(&hidden);
}

/* program - as it begins, with other things before it */
static void program(size_t before)
{
	assay_buf_clear(&plain);
	for (size_t i = 0; i < before; i++)
		assay_buf_add_char(&plain, (char)(i * 7 % 60));
	assay_buf_add(&plain, "MZ\x90\0\3\0\0\0", 8);
	for (unsigned i = 0; i < 70; i++)
		assay_buf_add_char(&plain, (char)(i / 3));
	assay_buf_add_str(&plain, "!This program cannot be run in DOS mode.\r\r\n$");
	for (unsigned i = 0; i < 500; i++)
		assay_buf_add_char(&plain, (char)(i * i / 5));
}

/* programs - behind keys of one to eight bytes, from the start and from further on */
static void programs(void **state)
{
	static const char key[] = "\x5a\x01\xfe\x77\x20\x99\x13\xc4";

	(void)state;
	for (size_t n = 1; n <= 8; n++)
		for (size_t before = 0; before < 1000; before += 333) {
			struct assay_key used = { .n = n };
			char want[2 * ASSAY_KEY_MAX + 1];

			memcpy(used.byte, key, n);
			assay_key_text(&used, want);
			program(before);
			run(hide(key, n), NULL);
			assert_int_equal(last.nchild, 1);
			assert_string_equal(text(0, "key"), want);
			assert_string_equal(text(0, "source"), "plaintext");
			assert_string_equal(text(0, "kind"), "program");
			assert_true(assay_slice_eq(last.child[0].bytes,
			    assay_slice_from(assay_buf_slice(&plain), before)));
		}
}

/* others - links, the beginnings of files */
static void others(void **state)
{
	(void)state;
	assay_buf_clear(&plain);
	assay_buf_add_str(
	    &plain, "var a = 'http://evil.example/x'; var b = 'http://evil.example/y'");
	run(hide("\x2a", 1), NULL);
	assert_int_equal(last.nchild, 1);
	assert_string_equal(text(0, "kind"), "url");
	assert_true(assay_slice_eq(last.child[0].bytes, assay_buf_slice(&plain)));
	assay_buf_clear(&plain);
	assay_buf_add(&plain, "PK\3\4\x14\0\0\0\x08\0abcdefgh", 18);
	run(hide("\x80", 1), NULL);
	assert_int_equal(last.nchild, 1);
	assert_string_equal(text(0, "kind"), "zip");
	run(hide("\x80\x81", 2), NULL);
	assert_null(last.result);
}

/* nothing - in the clear, uniform, short */
static void nothing(void **state)
{
	static char same[100000];

	(void)state;
	program(100);
	run(assay_buf_slice(&plain), NULL);
	assert_null(last.result);
	run(assay_slice(same, sizeof(same)), NULL);
	assert_null(last.result);
	memset(same, 'h', sizeof(same));
	run(assay_slice(same, sizeof(same)), NULL);
	assert_null(last.result);
	run(ASSAY_SLICE_LIT(""), NULL);
	assert_null(last.result);
	run(ASSAY_SLICE_LIT("x"), NULL);
	assert_null(last.result);
}

/* given - keys of the configuration */
static void given(void **state)
{
	static const char *const opts[] = { "keys=0x5c, 0x4142, 7", "key_length=0", NULL };
	static const char *const bad[] = { "keys=0x5", "keys=300", "keys=0xzz", "keys=0x123",
		"keys=0", "keys=word" };
	struct fake_host *host;
	struct assay_err err;

	(void)state;
	assay_buf_clear(&plain);
	assay_buf_add_str(&plain, "some text");
	run(hide("AB", 2), opts);
	assert_int_equal(last.nchild, 3);
	assert_string_equal(text(1, "key"), "4142");
	assert_string_equal(text(1, "source"), "option");
	assert_string_equal(text(1, "kind"), "text");
	assert_true(assay_slice_eq(last.child[1].bytes, assay_buf_slice(&plain)));
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const one[] = { bad[i], NULL };

		assert_int_equal(
		    fake_host_open(&assay_plugin, one, NULL, &host, &err), ASSAY_E_CONF);
		assert_non_null(strstr(err.text, "keys"));
	}
}

/* told - the key of a rule that sent the payload */
static void told_by_a_rule(void **state)
{
	(void)state;
	assay_buf_clear(&plain);
	assay_buf_add_str(&plain, "This is a test");
	run_told(hide("\\\x1f", 2), NULL, "(92, 31)");
	assert_int_equal(last.nchild, 1);
	assert_string_equal(text(0, "key"), "5c1f");
	assert_string_equal(text(0, "source"), "dispatch");
	assert_true(assay_slice_eq(last.child[0].bytes, assay_buf_slice(&plain)));
	run_told(hide("\\", 1), NULL, "none");
	assert_int_equal(last.nchild, 0);
	assert_int_equal(json_array_size(last.errors), 1);
}

/* written - keys as rules of stoQ write them */
static void written(void **state)
{
	static const struct {
		const char *text, *want;
	} keys[] = {
		{ "92", "5c" },
		{ "0x5c", "5c" },
		{ "0x5", "05" },
		{ "0x0102ff", "0102ff" },
		{ "(92, 0x1f)", "5c1f" },
		{ "[1,2,3]", "010203" },
		{ "1 2", "0102" },
		{ "", NULL },
		{ "256", NULL },
		{ "-1", NULL },
		{ "0x", NULL },
		{ "0,0", NULL },
		{ "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char said[2 * ASSAY_KEY_MAX + 1];
		struct assay_key key;

		assert_int_equal(
		    assay_key_read(assay_slice_str(keys[i].text), &key), keys[i].want != NULL);
		if (keys[i].want == NULL)
			continue;
		assay_key_text(&key, said);
		assert_string_equal(said, keys[i].want);
	}
}

/* bounds - of keys; a payload of which only the beginning is looked at */
static void bounds(void **state)
{
	static const char *const two[] = { "max=2", NULL };
	static const char *const small[] = { "bytes_max=64B", NULL };
	struct assay_buf many;

	(void)state;
	assay_buf_init(&many, 1 << 20);
	assay_buf_clear(&plain);
	assay_buf_add_str(&plain, "'http://evil.example/x'");
	for (char key = 1; key < 5; key++)
		assay_buf_add_slice(&many, hide(&key, 1));
	run(assay_buf_slice(&many), two);
	assert_int_equal(last.nchild, 2);
	assert_int_equal(json_array_size(last.limits), 1);
	run(assay_buf_slice(&many), small);
	assert_int_equal(last.nchild, 3);
	assert_int_equal(json_array_size(last.limits), 1);
	assay_buf_release(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
		cmocka_unit_test(others),
		cmocka_unit_test(nothing),
		cmocka_unit_test(given),
		cmocka_unit_test(told_by_a_rule),
		cmocka_unit_test(written),
		cmocka_unit_test(bounds),
	};
	int failed;

	assay_buf_init(&plain, 1 << 16);
	assay_buf_init(&hidden, 1 << 16);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fake_scan_free(&last);
	assay_buf_release(&plain);
	assay_buf_release(&hidden);
	return failed;
}
