/* rooms: plugin_jsonl fakehost text base */
/*
 * tests of plugins/connector/jsonl: lines, rotation, half a line after a crash, full disk
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"

static struct keep_dir dir;
static struct fake_host *host;

/* start - the plugin over a fresh directory */
static void start(void)
{
	const char *opts[] = { NULL, NULL };

	keep_dir_make(&dir);
	opts[0] = keep_dir_opt(&dir, "file", "/deep/er/r.jsonl");
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
}

static void stop(void)
{
	fake_host_close(&host);
	keep_dir_remove(&dir);
}

/* save - one or two records */
static enum assay_status save(const char *one, const char *two, struct assay_err *err)
{
	const struct assay_record records[] = {
		{ "report", "1", assay_slice_str(one) },
		{ "report", "2", assay_slice_str(two) },
	};

	return assay_plugin.connector->save(
	    fake_host_state(host), records, two != NULL ? 2 : 1, err);
}

static const char *lines(void)
{
	return keep_dir_read(&dir, "/deep/er/r.jsonl");
}

static void a_line_per_report(void **state)
{
	(void)state;
	start();
	assert_int_equal(save("{\"a\":1}", "{\n\"b\":2}", NULL), ASSAY_OK);
	assert_int_equal(save("{}", NULL, NULL), ASSAY_OK);
	assert_string_equal(lines(), "{\"a\":1}\n{ \"b\":2}\n{}\n");
	assert_int_equal(assay_plugin.connector->flush(fake_host_state(host), NULL), ASSAY_OK);
	stop();
}

static void goes_on_in_a_new_file_after_rotation(void **state)
{
	char old[300];

	(void)state;
	start();
	assert_int_equal(save("1", NULL, NULL), ASSAY_OK);
	(void)snprintf(old, sizeof old, "%s", keep_dir_path(&dir, "/deep/er/r.jsonl"));
	assert_int_equal(rename(old, keep_dir_path(&dir, "/deep/er/r.1")), 0);
	assert_int_equal(save("2", NULL, NULL), ASSAY_OK);
	assert_string_equal(lines(), "2\n");
	assert_string_equal(keep_dir_read(&dir, "/deep/er/r.1"), "1\n");
	assert_int_equal(unlink(old), 0);
	assert_int_equal(save("3", NULL, NULL), ASSAY_OK);
	assert_string_equal(lines(), "3\n");
	stop();
}

static void closes_half_a_line(void **state)
{
	(void)state;
	start();
	assert_int_equal(save("1", NULL, NULL), ASSAY_OK);
	keep_dir_write(&dir, "/deep/er/r.jsonl", "1\n{\"half\":");
	assert_int_equal(save("2", NULL, NULL), ASSAY_OK);
	assert_string_equal(lines(), "1\n{\"half\":\n2\n");
	stop();
}

static void takes_back_what_did_not_fit(void **state)
{
	static char much[1 << 17];
	struct assay_err err;

	(void)state;
	memset(much, '1', sizeof much - 1);
	start();
	if (!keep_dir_small(&dir)) {
		stop();
		skip();
	}
	assert_int_equal(save("1", NULL, NULL), ASSAY_OK);
	assert_int_equal(save("2", much, &err), ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "r.jsonl"));
	assert_string_equal(lines(), "1\n");
	assert_int_equal(save("3", NULL, NULL), ASSAY_OK);
	assert_string_equal(lines(), "1\n3\n");
	stop();
}

static void says_where_it_may_not_write(void **state)
{
	struct assay_err err;

	(void)state;
	start();
	keep_dir_write(&dir, "/deep", "in the way");
	assert_int_not_equal(save("1", NULL, &err), ASSAY_OK);
	assert_non_null(strstr(err.text, "r.jsonl"));
	assert_int_equal(unlink(keep_dir_path(&dir, "/deep")), 0);
	assert_int_equal(save("1", NULL, &err), ASSAY_OK);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_per_report),
		cmocka_unit_test(goes_on_in_a_new_file_after_rotation),
		cmocka_unit_test(closes_half_a_line),
		cmocka_unit_test(takes_back_what_did_not_fit),
		cmocka_unit_test(says_where_it_may_not_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
