/* rooms: plugin_smtp fakehost mail text base */
/*
 * tests of the plugin smtp against tests/golden/smtp: NAME.eml gives exactly NAME.json
 *
 * With ASSAY_GOLDEN_WRITE=1 in the environment the expected files are written anew (read them
 * before you commit them).
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/slice.h"
#include "fake_host.h"

#define DIR_NAME ASSAY_SOURCE_DIR "/tests/golden/smtp"

/* children - what the host was given, as JSON */
static json_t *children(const struct fake_scan *scan)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < scan->nchild; i++) {
		const struct fake_child *c = &scan->child[i];

		json_array_append_new(rows,
		    json_pack("{s:s?,s:s?,s:s?,s:s?,s:s?,s:o}", "place", c->place, "filename",
			c->filename, "content_type", c->content_type, "disposition", c->disposition,
			"dispatch_to", c->dispatch_to, "bytes",
			assay_json_base64(c->bytes.p, c->bytes.n)));
	}
	return rows;
}

/* scan_file - everything the worker says of one mail */
static json_t *scan_file(const char *path)
{
	struct fake_payload payload = { .scan_time_ms = 1795000000000 };
	struct fake_host *host;
	struct fake_scan scan;
	struct assay_buf mail;
	json_t *all;

	assay_buf_init(&mail, 1 << 20);
	assert_int_equal(assay_io_read_file(path, &mail, NULL), ASSAY_OK);
	payload.bytes = assay_buf_slice(&mail);
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	all = json_pack("{s:O,s:O,s:O,s:o}", "result", scan.result, "report", scan.report, "limits",
	    scan.limits, "children", children(&scan));
	assert_non_null(all);
	fake_scan_free(&scan);
	fake_host_close(&host);
	assay_buf_release(&mail);
	return all;
}

/* compare - with the expected file, or writes it */
static void compare(const char *name)
{
	char mail[1024], expected[1024];
	json_t *got, *want;
	json_error_t error;

	snprintf(mail, sizeof(mail), "%s/%s", DIR_NAME, name);
	snprintf(expected, sizeof(expected), "%.*s.json", (int)strlen(mail) - 4, mail);
	got = scan_file(mail);
	if (getenv("ASSAY_GOLDEN_WRITE") != NULL)
		assert_int_equal(json_dump_file(got, expected, JSON_INDENT(2)), 0);
	want = json_load_file(expected, 0, &error);
	if (!json_equal(got, want)) {
		print_message("%s differs; got:\n", name);
		json_dumpf(got, stderr, JSON_INDENT(2));
		fail();
	}
	json_decref(got);
	json_decref(want);
}

static void gives_what_is_expected(void **state)
{
	DIR *dir = opendir(DIR_NAME);
	const struct dirent *entry;
	int n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (assay_slice_ends(assay_slice_str(entry->d_name), ".eml")) {
			compare(entry->d_name);
			n++;
		}
	closedir(dir);
	assert_true(n >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(gives_what_is_expected) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
