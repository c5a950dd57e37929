/* rooms: plugin_exif fakehost text base */
/*
 * tests of plugins/worker/exif: what exiftool says as rows, what it should not say, its failures
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/slice.h"
#include "exif/tags.h"
#include "fake_host.h"

/* What the stand-in for exiftool answers next. */
struct answer {
	const char *out, *errors;
	int exit;
	enum assay_status status;
	unsigned calls;
};

/* play - in place of exiftool */
static enum assay_status play(void *arg, size_t program, const struct assay_run_input *in,
    struct assay_run_output *out, struct assay_err *err)
{
	struct answer *a = arg;

	a->calls++;
	assert_int_equal(program, 0);
	assert_null(in->values);
	if (a->status != ASSAY_OK)
		return assay_err_set(err, a->status, "exiftool took longer than its time");
	out->exit = a->exit;
	out->out = assay_slice_str(a->out);
	out->errors = assay_slice_str(a->errors);
	return ASSAY_OK;
}

/* scan - one payload with one answer */
static void scan(
    const char *bytes, const char *const *opts, struct answer *a, struct fake_scan *scan)
{
	struct fake_payload told = { .bytes = assay_slice_str(bytes) };
	struct fake_host *host;
	struct assay_err err;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_run(host, play, a);
	fake_host_scan(host, &told, scan);
	fake_host_close(&host);
}

/* is - JSON, compact */
static void is(const json_t *value, const char *want)
{
	char *dump = json_dumps(value, JSON_COMPACT);

	assert_string_equal(dump, want);
	free(dump);
}

/* rows - types, lists, digits as they were written, people and programs */
static void rows(void **state)
{
	struct answer a = {
		.out = "[{\n  \"SourceFile\": \"payload\",\n  \"PDF:PDFVersion\": 1.10,\n"
		       "  \"EXIF:ISO\": 200, \"EXIF:Bias\": -1, \"Odd\": -, \"File:Fine\": true,\n"
		       "  \"XMP:Creator\": [\"A\",\"B \\\"1,2\\\"\"], \"PDF:Author\": \"A\",\n"
		       "  \"PDF:Creator\": \"Word 16\", \"EXIF:Software\": 7.5\n}]\n",
	};
	struct fake_scan s;

	(void)state;
	scan("x", NULL, &a, &s);
	assert_int_equal(s.status, ASSAY_OK);
	is(json_object_get(s.result, "tags"),
	    "[{\"name\":\"PDFVersion\",\"group\":\"PDF\",\"value\":\"1.10\"},"
	    "{\"name\":\"ISO\",\"group\":\"EXIF\",\"value\":\"200\",\"value_int\":200},"
	    "{\"name\":\"Bias\",\"group\":\"EXIF\",\"value\":\"-1\",\"value_int\":-1},"
	    "{\"name\":\"Odd\",\"group\":null,\"value\":\"-\"},"
	    "{\"name\":\"Fine\",\"group\":\"File\",\"value\":\"true\"},"
	    "{\"name\":\"Creator\",\"group\":\"XMP\",\"value\":\"A\"},"
	    "{\"name\":\"Creator\",\"group\":\"XMP\",\"value\":\"B \\\"1,2\\\"\"},"
	    "{\"name\":\"Author\",\"group\":\"PDF\",\"value\":\"A\"},"
	    "{\"name\":\"Creator\",\"group\":\"PDF\",\"value\":\"Word 16\"},"
	    "{\"name\":\"Software\",\"group\":\"EXIF\",\"value\":\"7.5\"}]");
	is(json_object_get(s.result, "authors"), "[\"A\",\"B \\\"1,2\\\"\"]");
	is(json_object_get(s.result, "software"), "[\"Word 16\",\"7.5\"]");
	is(s.limits, "[]");
	fake_scan_free(&s);
}

/* bounds - too many, too long */
static void bounds(void **state)
{
	static const char *const opts[] = { "tags_max=2", NULL };
	char text[3000] = "[{\"A:a\": \"";
	size_t n = strlen(text);
	struct answer a = { .out = text };
	struct fake_scan s;

	(void)state;
	memset(text + n, 'v', 2000);
	(void)snprintf(text + n + 2000, sizeof(text) - n - 2000, "\", \"b\": 1, \"c\": 2}]");
	scan("x", opts, &a, &s);
	assert_int_equal(s.status, ASSAY_OK);
	assert_int_equal(json_array_size(json_object_get(s.result, "tags")), 2);
	is(s.limits,
	    "[{\"limit\":\"exif_tags\",\"value\":3,\"allowed\":2,\"effect\":\"cut\"},"
	    "{\"limit\":\"exif_values\",\"value\":1,\"allowed\":0,\"effect\":\"cut\"}]");
	fake_scan_free(&s);
}

/* failures - each costs this payload's result; nothing to say is none */
static void failures(void **state)
{
	static const struct {
		const char *bytes;
		struct answer answer;
		enum assay_status want;
		const char *text;
	} cases[] = {
		{ "", { .out = "" }, ASSAY_OK, NULL },
		{ "x", { .out = "\n" }, ASSAY_OK, NULL },
		{ "x", { .out = "[{\"a\": " }, ASSAY_E_PLUGIN, "no list" },
		{ "x", { .out = "[\"a\\" }, ASSAY_E_PLUGIN, "no list" },
		{ "x", { .out = "{\"a\": 1}" }, ASSAY_E_PLUGIN, "no list" },
		{ "x", { .out = "[]" }, ASSAY_E_PLUGIN, "no list" },
		{ "x", { .out = "", .errors = "Can't find it\n", .exit = 2 }, ASSAY_E_PLUGIN,
		    "Can't find" },
		{ "x", { .status = ASSAY_E_TIMEOUT }, ASSAY_E_TIMEOUT, "longer" },
		{ "x", { .status = ASSAY_E_NOENT }, ASSAY_E_NOENT, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer a = cases[i].answer;
		struct fake_scan s;

		scan(cases[i].bytes, NULL, &a, &s);
		assert_int_equal(s.status, cases[i].want);
		assert_null(s.result);
		assert_int_equal(a.calls, cases[i].bytes[0] != '\0');
		if (cases[i].text != NULL)
			assert_non_null(strstr(s.err.text, cases[i].text));
		fake_scan_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(bounds),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
