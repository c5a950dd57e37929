/* rooms: core text base */
/*
 * test_format.c - reports in all their forms, compared with tests/golden/format
 *
 * NAME.json is a report written by hand, NAME.FORM what must come out. ASSAY_GOLDEN_UPDATE=1 writes
 * the outputs anew: look at the difference before keeping it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/format.h"
#include "core/json.h"
#include "text/printable.h"
#include "text/utf8.h"

#define GOLDEN ASSAY_SOURCE_DIR "/tests/golden/format/"

/* read_file - or an empty buffer */
static void read_file(const char *name, struct assay_buf *buf)
{
	char path[1024];

	assay_buf_init(buf, (size_t)1 << 20);
	assert_true(snprintf(path, sizeof path, GOLDEN "%s", name) < (int)sizeof path);
	if (assay_io_read_file(path, buf, NULL) != ASSAY_OK)
		assay_buf_clear(buf);
}

/* write_form - NAME.json in one form */
static void write_form(
    const char *name, const struct assay_format_style *style, struct assay_buf *out)
{
	struct assay_buf text;
	struct assay_err err;
	char file[64];
	json_t *report;

	assert_true(snprintf(file, sizeof file, "%s.json", name) < (int)sizeof file);
	read_file(file, &text);
	assert_int_equal(assay_json_parse(assay_buf_slice(&text), &report, &err), ASSAY_OK);
	assay_buf_init(out, (size_t)1 << 22);
	assert_int_equal(
	    assay_format_write(style, report, assay_buf_slice(&text), out, &err), ASSAY_OK);
	json_decref(report);
	assay_buf_release(&text);
}

/* check - against the golden file NAME.SUFFIX */
static void check(const char *name, const char *suffix, struct assay_format_style style)
{
	struct assay_buf out, golden;
	struct assay_err err;
	char file[1024];

	write_form(name, &style, &out);
	assert_true(snprintf(file, sizeof file, GOLDEN "%s.%s", name, suffix) < (int)sizeof file);
	if (getenv("ASSAY_GOLDEN_UPDATE") != NULL)
		assert_int_equal(assay_io_replace_file(file, 0644, out.p, out.n, &err), ASSAY_OK);
	assert_true(snprintf(file, sizeof file, "%s.%s", name, suffix) < (int)sizeof file);
	read_file(file, &golden);
	assert_non_null(golden.p);
	assert_string_equal(out.p, golden.p);
	assay_buf_release(&golden);
	assay_buf_release(&out);
}

/* test_golden - every form of both reports */
static void test_golden(void **state)
{
	static const char *const names[] = { "mail", "hostile" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		check(names[i], "summary",
		    (struct assay_format_style){ ASSAY_FORMAT_SUMMARY, false, false });
		check(names[i], "stoq",
		    (struct assay_format_style){ ASSAY_FORMAT_STOQ, false, false });
		check(names[i], "lines",
		    (struct assay_format_style){ ASSAY_FORMAT_LINES, false, false });
		check(names[i], "split",
		    (struct assay_format_style){ ASSAY_FORMAT_SPLIT, false, false });
		check(names[i], "payloads",
		    (struct assay_format_style){ ASSAY_FORMAT_PAYLOADS, false, false });
		check(names[i], "tree",
		    (struct assay_format_style){ ASSAY_FORMAT_TREE, false, false });
	}
	check("mail", "tree-colour", (struct assay_format_style){ ASSAY_FORMAT_TREE, false, true });
}

/* test_tree_is_safe - nothing of the mail reaches the terminal as a command */
static void test_tree_is_safe(void **state)
{
	struct assay_buf out;
	struct assay_slice s;

	(void)state;
	write_form(
	    "hostile", &(struct assay_format_style){ ASSAY_FORMAT_TREE, false, false }, &out);
	assert_true(assay_utf8_is_valid(assay_buf_slice(&out)));
	s = assay_buf_slice(&out);
	while (s.n > 0) {
		uint32_t cp;
		size_t n = assay_utf8_decode(s, &cp);

		assert_true(cp == '\n' || !assay_printable_is_hidden(cp));
		s = assay_slice_from(s, n);
	}
	assay_buf_release(&out);
}

/* test_native - compact is a copy, indented the same document */
static void test_native(void **state)
{
	static const char text[] = "{\"a\":[1,\"x\"],\"b\":null}";
	struct assay_format_style style = { ASSAY_FORMAT_NATIVE, true, false };
	struct assay_buf out;
	json_t *report, *again;

	(void)state;
	assert_int_equal(assay_json_parse(ASSAY_SLICE_LIT(text), &report, NULL), ASSAY_OK);
	assert_false(assay_format_needs_tree(&style));
	assay_buf_init(&out, 4096);
	assert_int_equal(
	    assay_format_write(&style, NULL, ASSAY_SLICE_LIT(text), &out, NULL), ASSAY_OK);
	assert_string_equal(out.p, "{\"a\":[1,\"x\"],\"b\":null}\n");
	assay_buf_clear(&out);
	style.compact = false;
	assert_true(assay_format_needs_tree(&style));
	assert_int_equal(
	    assay_format_write(&style, report, ASSAY_SLICE_NONE, &out, NULL), ASSAY_OK);
	assert_int_equal(assay_json_parse(assay_buf_slice(&out), &again, NULL), ASSAY_OK);
	assert_true(json_equal(report, again));
	json_decref(again);
	json_decref(report);
	assay_buf_release(&out);
}

/* big_report - many payloads, facts and recipients */
static json_t *big_report(size_t n)
{
	json_t *report = json_object(), *results = json_array(), *to = json_array();
	json_t *facts = json_object(), *urls = json_array();
	char text[300];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(text, sizeof text, "0.%zu", i);
		json_array_append_new(results,
		    json_pack("{s:s, s:s, s:s}", "payload_id", i == 0 ? "0" : text, "parent", "0",
			"path", text));
		(void)snprintf(text, sizeof text, "https://host%zu.example/%0200d", i, 1);
		json_array_append_new(urls, json_string(text));
		json_array_append_new(to, json_pack("{s:s}", "addr", text));
	}
	json_object_set_new(report, "results", results);
	json_object_set_new(report, "recipients", to);
	json_object_set_new(facts, "url", urls);
	json_object_set_new(report, "facts", facts);
	return report;
}

/* test_summary_is_bounded - 8 KiB, with the count of what was cut */
static void test_summary_is_bounded(void **state)
{
	json_t *report = big_report(1000), *out = assay_format_summary(report);

	(void)state;
	assert_true(assay_json_size(out) < ASSAY_FORMAT_SUMMARY_MAX);
	assert_int_equal(json_integer_value(json_object_get(out, "url_count")), 1000);
	assert_int_equal(json_integer_value(json_object_get(out, "recipients_count")), 1000);
	assert_int_equal(json_integer_value(json_object_get(out, "payloads")), 1000);
	assert_true(json_array_size(json_object_get(out, "url")) > 4);
	json_decref(out);
	json_decref(report);
}

/* test_summary_without_facts - thousands of words cannot fit */
static void test_summary_without_facts(void **state)
{
	json_t *report = big_report(1), *facts = json_object_get(report, "facts"), *out;
	char word[32];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(word, sizeof word, "word%d", i);
		json_object_set_new(facts, word, json_pack("[s]", "x"));
	}
	out = assay_format_summary(report);
	assert_true(assay_json_size(out) < ASSAY_FORMAT_SUMMARY_MAX);
	assert_null(json_object_get(out, "word1"));
	json_decref(out);
	json_decref(report);
}

/* test_tree_rows - a fixed number of rows, the rest is counted */
static void test_tree_rows(void **state)
{
	json_t *report = big_report(500);
	struct assay_buf out;
	size_t lines = 0;

	(void)state;
	assay_buf_init(&out, (size_t)1 << 20);
	assay_format_tree(report, false, &out);
	for (size_t i = 0; i < out.n; i++)
		lines += out.p[i] == '\n';
	assert_true(lines <= 22);
	assert_non_null(strstr(out.p, "and 485 more payloads"));
	assay_buf_release(&out);
	json_decref(report);
}

/* test_names - what --format takes */
static void test_names(void **state)
{
	enum assay_format format;

	(void)state;
	assert_true(assay_format_find("stoq", &format));
	assert_int_equal(format, ASSAY_FORMAT_STOQ);
	assert_true(assay_format_find("tree", &format));
	assert_int_equal(format, ASSAY_FORMAT_TREE);
	assert_false(assay_format_find("ecs", &format));
	assert_false(assay_format_find("", &format));
	assert_false(assay_format_find("tre", &format));
}

/* main - run them */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_tree_is_safe),
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_summary_is_bounded),
		cmocka_unit_test(test_summary_without_facts),
		cmocka_unit_test(test_tree_rows),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
