/* rooms: plugin_exec fakehost text base */
/*
 * tests of plugins/worker/exec: commands as they are written, what becomes of a program's answer
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "exec/answer.h"
#include "exec/command.h"
#include "fake_host.h"

/* joined - a list with | between */
static const char *joined(const char *const *list)
{
	static char text[300];
	size_t n = 0;

	text[0] = 0;
	for (; *list != NULL; list++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? "|" : "", *list);
	return text;
}

/* commands - name, types, words; and what is refused */
static void commands(void **state)
{
	static const struct {
		const char *text, *name, *types, *argv;
	} good[] = {
		{ "lines: wc -l", "lines", "", "wc|-l" },
		{ "a:b", "a", "", "b" },
		{ "  x.1-y_z  application/pdf  image/* :  /bin/p  -a \"b c\" d\"e \"f \"\"",
		    "x.1-y_z", "application/pdf|image/*", "/bin/p|-a|b c|de f|" },
		{ "t text/plain: p http://x:80/", "t", "text/plain", "p|http://x:80/" },
	};
	static const char *const bad[] = { "", "lines", "lines:", "lines: ", ": wc", "a b c",
		"a/b: x", "a: \"x", "a \"b: x", "\"a b\": x" };
	struct assay_arena *arena = assay_arena_new();
	struct assay_command c;
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(assay_command_read(arena, good[i].text, &c, &err), ASSAY_OK);
		assert_string_equal(c.name, good[i].name);
		assert_string_equal(joined(c.types), good[i].types);
		assert_string_equal(joined(c.argv), good[i].argv);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (assay_command_read(arena, bad[i], &c, &err) != ASSAY_E_CONF)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(assay_command_read(arena, "a image/*: x", &c, &err), ASSAY_OK);
	assert_true(assay_command_wants(&c, "image/png", NULL));
	assert_true(assay_command_wants(&c, "text/plain", "image/gif"));
	assert_false(assay_command_wants(&c, NULL, NULL));
	assay_arena_free(&arena);
}

/* rows_of - of an answer, as compact JSON; "-": none */
static char *rows_of(const char *text, struct assay_answer_rows *rows)
{
	char *dump = NULL;

	rows->fields = json_array();
	rows->tags = json_array();
	if (assay_answer_read(assay_slice_str(text), rows))
		dump = json_dumps(rows->fields, JSON_COMPACT);
	return dump;
}

/* answers - objects, lists, nests; text stays text */
static void answers(void **state)
{
	static const struct {
		const char *text, *rows;
	} cases[] = {
		{ "{\"a\": 1, \"b\": {\"c\": [\"x\", true, null]}}\n",
		    "[{\"key\":\"a\",\"value_int\":1,\"value\":\"1\"},"
		    "{\"key\":\"b.c[0]\",\"value\":\"x\"},"
		    "{\"key\":\"b.c[1]\",\"value\":\"true\"},"
		    "{\"key\":\"b.c[2]\",\"value\":null}]" },
		{ " [1]", "[{\"key\":\"[0]\",\"value_int\":1,\"value\":\"1\"}]" },
		{ "{}", "[]" },
		{ "{\"a\": 1", NULL },
		{ "hello", NULL },
		{ "17", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct assay_answer_rows rows = { 0 };
		char *dump = rows_of(cases[i].text, &rows);

		assert_int_equal(dump != NULL, cases[i].rows != NULL);
		if (dump != NULL)
			assert_string_equal(dump, cases[i].rows);
		assert_false(rows.cut);
		free(dump);
		json_decref(rows.fields);
		json_decref(rows.tags);
	}
}

/* bounds - depth, rows, lengths */
static void bounds(void **state)
{
	struct assay_answer_rows rows = { 0 };
	char text[20000] = "{\"tags\": [\"good\", 7, \"\", \"";
	size_t n = strlen(text);
	char *dump;

	(void)state;
	memset(text + n, 't', 200);
	memcpy(text + n + 200, "\"], \"deep\": ", 12);
	memset(text + n + 212, '[', 100);
	memset(text + n + 312, ']', 100);
	memcpy(text + n + 412, "}", 2);
	dump = rows_of(text, &rows);
	assert_non_null(dump);
	assert_int_equal(json_array_size(rows.tags), 1);
	assert_int_equal(rows.n, 4);
	assert_true(rows.cut);
	free(dump);
	json_decref(rows.fields);
	json_decref(rows.tags);

	rows = (struct assay_answer_rows){ .cut = false };
	text[0] = '[';
	for (n = 0; n < 3000; n++)
		memcpy(text + 1 + 2 * n, "1,", 2);
	memcpy(text + 2 * n, "]", 2);
	dump = rows_of(text, &rows);
	assert_non_null(dump);
	assert_int_equal(json_array_size(rows.fields), ASSAY_ANSWER_ROWS);
	assert_int_equal(rows.n, 3000);
	assert_true(rows.cut);
	free(dump);
	json_decref(rows.fields);
	json_decref(rows.tags);
}

/* play - in place of programs: the first answers with JSON and files, the second fails, the third
 * is too late */
static enum assay_status play(void *arg, size_t program, const struct assay_run_input *in,
    struct assay_run_output *out, struct assay_err *err)
{
	static const struct assay_run_file files[] = {
		{ "a.txt", { "aaa", 3 } },
		{ "d/b", { "", 0 } },
	};

	assert_string_equal(in->values[2], "file.txt");
	assert_string_equal(in->values[4], "text/x-test");
	assert_string_equal(in->values[6], "5");
	assert_null(in->values[12]);
	assert_true(assay_slice_is(in->bytes, "bytes"));
	++*(unsigned *)arg;
	if (program == 2)
		return assay_err_set(err, ASSAY_E_TIMEOUT, "three took longer than its time");
	if (program == 1) {
		out->exit = 2;
		out->errors = ASSAY_SLICE_LIT("\nno such thing\nat all\n");
		return ASSAY_OK;
	}
	out->exit = 0;
	out->out = ASSAY_SLICE_LIT("{\"n\": 7, \"tags\": [\"seven\"]}");
	out->files = files;
	out->nfiles = 2;
	out->left_out = 3;
	return ASSAY_OK;
}

/* payload - results, children, limits, errors of three programs; a fourth has other types */
static void payload(void **state)
{
	static const char *const opts[] = {
		"commands=one: a, two text/*: b, three: c, four image/*: d", NULL
	};
	struct fake_payload told = { .bytes = ASSAY_SLICE_LIT("bytes"),
		.filename = "file.txt",
		.results = json_pack("{s:{s:s}}", "mimetype", "mimetype", "text/x-test") };
	struct fake_host *host;
	struct fake_scan scan;
	struct assay_err err;
	unsigned calls = 0;
	char *dump;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_run(host, play, &calls);
	fake_host_scan(host, &told, &scan);
	assert_int_equal(calls, 3);
	assert_int_equal(scan.status, ASSAY_E_TIMEOUT);
	dump = json_dumps(scan.result, JSON_COMPACT);
	assert_string_equal(dump,
	    "{\"runs\":[{\"program\":\"one\",\"exit\":0,\"json\":true,"
	    "\"output\":\"{\\\"n\\\": 7, \\\"tags\\\": [\\\"seven\\\"]}\","
	    "\"fields\":[{\"key\":\"n\",\"value_int\":7,\"value\":\"7\"},"
	    "{\"key\":\"tags[0]\",\"value\":\"seven\"}]},"
	    "{\"program\":\"two\",\"exit\":2,\"json\":false,\"output\":\"\",\"fields\":[]}],"
	    "\"tags\":[\"seven\"]}");
	free(dump);
	assert_int_equal(scan.nchild, 2);
	assert_string_equal(scan.child[0].filename, "a.txt");
	assert_string_equal(scan.child[1].place, "2");
	dump = json_dumps(scan.errors, JSON_COMPACT);
	assert_string_equal(dump, "[\"two: exit 2: no such thing\"]");
	free(dump);
	dump = json_dumps(scan.limits, JSON_COMPACT);
	assert_string_equal(
	    dump, "[{\"limit\":\"exec_files\",\"value\":5,\"allowed\":100,\"effect\":\"unseen\"}]");
	free(dump);
	fake_scan_free(&scan);
	json_decref(told.results);
	fake_host_close(&host);
}

/* refused - nothing to run */
static void refused(void **state)
{
	static const char *const none[] = { "commands=", NULL },
				 *const bad[] = { "commands=x", NULL };
	struct fake_host *host;
	struct assay_err err;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, none, NULL, &host, &err), ASSAY_E_CONF);
	assert_int_equal(fake_host_open(&assay_plugin, bad, NULL, &host, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "\"x\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(answers),
		cmocka_unit_test(bounds),
		cmocka_unit_test(payload),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
