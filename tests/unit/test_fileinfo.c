/* rooms: plugin_filedir fakehost text base */
/*
 * tests of plugins/archiver/filedir: fileinfo.c, filestore.c and settle.c, which touch no file
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "filedir/fileinfo.h"
#include "filedir/filestore.h"
#include "filedir/settle.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* extra_of - of these records, as text; to be freed */
static char *extra_of(const char *const *records, struct assay_fileinfo *info)
{
	char *text;

	assay_fileinfo_init(info);
	for (; *records != NULL; records++)
		(void)assay_fileinfo_add(info, assay_slice_str(*records));
	text = json_dumps(info->extra, JSON_COMPACT);
	assay_fileinfo_release(info);
	return text;
}

#define EXTRA_OF(info, ...) extra_of((const char *const[]){ __VA_ARGS__, NULL }, info)

static void known_members_in_their_order(void **state)
{
	struct assay_fileinfo info;
	char *text = EXTRA_OF(&info,
	    "{\"fileinfo\":{\"filename\":\"a.exe\",\"gaps\":true,\"size\":-3,\"x\":1,\"magic\":"
	    "null,"
	    "\"sha1\":{\"no\":1}},\"src_ip\":\"::1\",\"flow_id\":1.5,\"vlan\":[7,8],\"evil\":\"x\","
	    "\"email\":{\"to\":[\"a@b\",[\"c\"],\"\\u0000\"]}}");

	(void)state;
	assert_string_equal(text,
	    "[{\"key\":\"vlan\",\"value\":\"7\"},{\"key\":\"vlan\",\"value\":\"8\"},"
	    "{\"key\":\"src_ip\",\"value\":\"::1\"},{\"key\":\"email.to\",\"value\":\"a@b\"},"
	    "{\"key\":\"email.to\",\"value\":\"\xef\xbf\xbd\"},"
	    "{\"key\":\"fileinfo.filename\",\"value\":\"a.exe\"},"
	    "{\"key\":\"fileinfo.gaps\",\"value\":\"true\"},"
	    "{\"key\":\"fileinfo.size\",\"value\":\"-3\"}]");
	assert_string_equal(info.filename, "a.exe");
	free(text);
}

static void the_first_record_names_it(void **state)
{
	struct assay_fileinfo info;
	char *text = EXTRA_OF(&info, "{\"fileinfo\":{\"filename\":\"new\"},\"proto\":\"TCP\"}",
	    "{\"fileinfo\":{\"filename\":\"old\"},\"proto\":\"TCP\"}");

	(void)state;
	assert_string_equal(text,
	    "[{\"key\":\"proto\",\"value\":\"TCP\"},"
	    "{\"key\":\"fileinfo.filename\",\"value\":\"new\"},"
	    "{\"key\":\"fileinfo.filename\",\"value\":\"old\"}]");
	assert_string_equal(info.filename, "new");
	free(text);
}

static void other_texts_are_no_records(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "{}", "{\"fileinfo\":1}", "null",
		"{\"fileinfo\":{}} x", "{\"event_type\":\"alert\",\"src_ip\":\"192.0.2.1\"}" };
	struct assay_fileinfo info;

	(void)state;
	assay_fileinfo_init(&info);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(assay_fileinfo_add(&info, assay_slice_str(bad[i])));
	assert_false(info.found);
	assert_int_equal(json_array_size(info.extra), 0);
	assert_true(assay_fileinfo_add(&info, ASSAY_SLICE_LIT("{\"fileinfo\":{}}\n")));
	assert_true(info.found);
	assert_string_equal(info.filename, "");
	assay_fileinfo_release(&info);
}

static void all_is_bounded(void **state)
{
	struct assay_fileinfo info;
	struct assay_buf buf;
	const char *value;

	(void)state;
	assay_buf_init(&buf, 1 << 20);
	assay_fileinfo_init(&info);
	/* 1,023 letters, then one of two bytes. */
	(void)assay_buf_add_str(&buf, "{\"fileinfo\":{\"filename\":\"");
	for (int i = 0; i < 1023; i++)
		(void)assay_buf_add_char(&buf, 'x');
	(void)assay_buf_add_str(&buf, "\xc3\xa4\"},\"smtp\":{\"rcpt_to\":[");
	for (int i = 0; i < 1000; i++)
		(void)assay_buf_printf(&buf, "\"%d@x.example\",", i);
	(void)assay_buf_add_str(&buf, "0]}}");
	assert_true(assay_fileinfo_add(&info, assay_buf_slice(&buf)));
	assert_int_equal(json_array_size(info.extra), ASSAY_FILEINFO_LIST + 1);
	value = json_string_value(
	    json_object_get(json_array_get(info.extra, ASSAY_FILEINFO_LIST), "value"));
	assert_int_equal(strlen(value), 1023);
	assert_int_equal(strlen(info.filename), 1023);
	for (int i = 0; i < 200; i++) {
		assay_buf_clear(&buf);
		(void)assay_buf_printf(&buf, "{\"fileinfo\":{},\"flow_id\":%d}", i);
		assert_true(assay_fileinfo_add(&info, assay_buf_slice(&buf)));
	}
	assert_int_equal(json_array_size(info.extra), ASSAY_FILEINFO_ENTRIES);
	/* Deeper than any reader should go. */
	assay_buf_clear(&buf);
	for (int i = 0; i < 100000; i++)
		(void)assay_buf_add_str(&buf, "[");
	assert_false(assay_fileinfo_add(&info, assay_buf_slice(&buf)));
	assay_fileinfo_release(&info);
	assay_buf_release(&buf);
}

static void names_of_a_file_store(void **state)
{
	static const char *const good[] = { SHA, SHA ".0.0.json", SHA ".1764000000.4294967295.json",
		SHA ".18446744073709551615.1.json" };
	static const char *const bad[] = { "", "..", SHA "0", SHA ".json", SHA ".1.json",
		SHA ".1.2.json.tmp", SHA ".1.2.3.json", SHA ".01.2.json", SHA ".-1.2.json",
		SHA ".1.4294967296.json", SHA ".1..json", SHA "x1.2.json", SHA ".1.2json",
		"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff",
		"11112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" };
	struct assay_filestore_name name;
	char text[ASSAY_FILESTORE_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(assay_filestore_parse(good[i], 0, &name));
		assay_filestore_format(&name, text);
		assert_string_equal(text, good[i]);
		assert_int_equal(name.record, i > 0);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (assay_filestore_parse(bad[i], 0, &name))
			fail_msg("'%s' is taken for a name", bad[i]);
}

static void settles_by_the_clock_or_by_two_looks(void **state)
{
	static struct assay_settle settle;
	struct stat st = { .st_ino = 77, .st_size = 5, .st_ctim = { 1000, 0 } };
	const struct assay_settle_now early = { 1001000, 50 }, late = { 1002000, 60 };
	/* The clock was set back by a day. */
	struct assay_settle_now back = { 1000000 - 86400000, 100 };

	(void)state;
	assert_false(assay_settle_is(&settle, &st, 2000, early));
	assert_true(assay_settle_is(&settle, &st, 2000, late));
	assert_true(assay_settle_is(&settle, &st, 0, early));
	st.st_ctim.tv_nsec = 1;
	assert_false(assay_settle_is(&settle, &st, 2000, back));
	back.mono_ms = 2099;
	assert_false(assay_settle_is(&settle, &st, 2000, back));
	back.mono_ms = 2100;
	assert_true(assay_settle_is(&settle, &st, 2000, back));
	/* It changes: all over again. */
	st.st_size = 6;
	assert_false(assay_settle_is(&settle, &st, 2000, back));
	back.mono_ms = 4100;
	assert_true(assay_settle_is(&settle, &st, 2000, back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_members_in_their_order),
		cmocka_unit_test(the_first_record_names_it),
		cmocka_unit_test(other_texts_are_no_records),
		cmocka_unit_test(all_is_bounded),
		cmocka_unit_test(names_of_a_file_store),
		cmocka_unit_test(settles_by_the_clock_or_by_two_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
