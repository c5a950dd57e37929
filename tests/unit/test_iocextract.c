/* rooms: plugin_iocextract fakehost text base */
/*
 * tests of plugins/worker/iocextract: the table tests/golden/iocextract/cases.tsv, the whitelist
 * (found.c), messages, bounds, 10 MB of what is meant to be slow (token.c)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "fake_host.h"
#include "iocextract/token.h"

/* scan - a payload */
static void scan(
    struct assay_slice bytes, const char *const *opts, json_t *results, struct fake_scan *s)
{
	struct fake_payload told = { .bytes = bytes, .results = results };
	struct fake_host *host;
	struct assay_err err;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_scan(host, &told, s);
	assert_int_equal(s->status, ASSAY_OK);
	fake_host_close(&host);
}

/* unescape - \\, \n, \t, in place */
static void unescape(char *text)
{
	char *to = text;

	for (; *text != 0; text++) {
		if (*text == '\\' && text[1] != 0) {
			text++;
			*to++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text;
		} else {
			*to++ = *text;
		}
	}
	*to = 0;
}

/* has - is a value in a list, or with "*" anything? */
static bool has(const struct fake_scan *s, const char *kind, const char *value)
{
	const json_t *list = json_object_get(s->result, kind);
	size_t i;
	json_t *v;

	if (strcmp(value, "*") == 0)
		return json_array_size(list) > 0;
	json_array_foreach(list, i, v) if (strcmp(json_string_value(v), value) == 0) return true;
	return false;
}

/* check - one row of the table */
static unsigned check(struct fake_host *host, char *kind, char *value, char *text)
{
	const bool wanted = kind[0] != '!';
	struct fake_payload told;
	struct fake_scan s;
	unsigned bad = 0;

	unescape(text);
	told = (struct fake_payload){ .bytes = assay_slice_str(text) };
	fake_host_scan(host, &told, &s);
	if (has(&s, kind + !wanted, value) != wanted) {
		char *dump = s.result != NULL ? json_dumps(s.result, JSON_COMPACT) : NULL;

		print_error("%s %s in \"%s\": %s\n", kind, value, text, dump != NULL ? dump : "-");
		free(dump);
		bad = 1;
	}
	fake_scan_free(&s);
	return bad;
}

/* table - every row */
static void table(void **state)
{
	unsigned rows[2] = { 0, 0 }, bad = 0;
	struct fake_host *host;
	struct assay_err err;
	struct assay_buf file;
	char *line, *rest;

	(void)state;
	assay_buf_init(&file, 1 << 20);
	assert_int_equal(
	    assay_io_read_file(ASSAY_SOURCE_DIR "/tests/golden/iocextract/cases.tsv", &file, &err),
	    ASSAY_OK);
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, &err), ASSAY_OK);
	rest = file.p;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *kind = strsep(&line, "\t"), *value = strsep(&line, "\t");

		if (kind[0] == '#' || value == NULL || line == NULL)
			continue;
		rows[kind[0] == '!']++;
		bad += check(host, kind, value, line);
	}
	fake_host_close(&host);
	assay_buf_release(&file);
	assert_int_equal(bad, 0);
	assert_true(rows[0] >= 150);
	assert_true(rows[1] >= 100);
}

/* is - the result, compact */
static void is(const struct fake_scan *s, const char *kind, const char *want)
{
	char *dump = json_dumps(json_object_get(s->result, kind), JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(dump, want);
	free(dump);
}

/* unwanted - the whitelist: by network, by domain, by glob; wrong words */
static void unwanted(void **state)
{
	static const char *const opts[] = { "whitelist=ipv4:10.0.0.0/8, ipv4:192.0.2.1, "
					    "ipv6:2001:db8::/32, domain:example.com, "
					    "email:*@example.org, url:http://ok.*",
		NULL };
	static const char *const wrong[] = { "whitelist=ip:10.0.0.0/8",
		"whitelist=ipv4:10.0.0.0/33", "whitelist=ipv4:ten",
		"whitelist=domain:", "whitelist=nothing" };
	struct fake_scan s;
	struct fake_host *host;
	struct assay_err err;

	(void)state;
	scan(ASSAY_SLICE_LIT("10.1.2.3 11.1.2.3 192.0.2.1 192.0.2.2 2001:db8::1 2001:db9::1 "
			     "a.example.com example.com notexample.com joe@example.org "
			     "jim@example.net http://ok.example.net/ http://no.example.net/"),
	    opts, NULL, &s);
	is(&s, "ipv4", "[\"11.1.2.3\",\"192.0.2.2\"]");
	is(&s, "ipv6", "[\"2001:db9::1\"]");
	is(&s, "email", "[\"jim@example.net\"]");
	is(&s, "url", "[\"http://no.example.net/\"]");
	assert_false(has(&s, "domain", "a.example.com"));
	assert_false(has(&s, "domain", "example.com"));
	assert_true(has(&s, "domain", "notexample.com"));
	fake_scan_free(&s);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const one[] = { wrong[i], NULL };

		assert_int_equal(
		    fake_host_open(&assay_plugin, one, NULL, &host, &err), ASSAY_E_CONF);
	}
}

/* messages - header and smtp's texts, not what is encoded */
static void messages(void **state)
{
	json_t *results = json_pack("{s:{s:s,s:s,s:s}}", "smtp", "subject", "see sub.example.com",
	    "body", "body.example.com", "body_html", "<p>html.example.com");
	struct fake_scan s;

	(void)state;
	scan(ASSAY_SLICE_LIT("Received: from x ([192.0.2.7])\r\n\r\nbroken=\r\n.example.com"), NULL,
	    results, &s);
	is(&s, "ipv4", "[\"192.0.2.7\"]");
	is(&s, "domain", "[\"sub.example.com\",\"body.example.com\",\"html.example.com\"]");
	is(&s, "mac", "[]");
	fake_scan_free(&s);
	json_decref(results);
	scan(ASSAY_SLICE_LIT("nothing here"), NULL, NULL, &s);
	assert_null(s.result);
	fake_scan_free(&s);
	scan(ASSAY_SLICE_LIT("\xff\xfe"
			     "1\0.\0002\0.\0003\0.\0004\0"),
	    NULL, NULL, &s);
	is(&s, "ipv4", "[\"1.2.3.4\"]");
	fake_scan_free(&s);
}

/* bounds - each once, at most so many, at most so much */
static void bounds(void **state)
{
	static const char *const opts[] = { "max=2", "bytes_max=1K", NULL };
	char text[2000];
	struct fake_scan s;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "1.1.1.1 1.1.1.1 2.2.2.2 3.3.3.3 ", 32);
	memcpy(text + 1500, "aa:bb:cc:dd:ee:ff", 17);
	scan(assay_slice(text, sizeof(text)), opts, NULL, &s);
	is(&s, "ipv4", "[\"1.1.1.1\",\"2.2.2.2\"]");
	is(&s, "mac", "[]");
	assert_int_equal(json_array_size(s.limits), 2);
	fake_scan_free(&s);
}

/* linear - eight times as much takes no more than some eight times as long */
static void linear(void **state)
{
	static const char *const pieces[] = { "1.2.3.", "a:", "[.]", "::", "ab", "1[.]", "@a.b",
		"http://", "0-0-", "<a href=", ".", "aaaa.",
		"1:2:3:4:5:6:7:", "00:11:22:33:44:", "%3A%2F%2F" };
	const size_t big = 256 << 10;
	char *text = malloc(big);
	struct fake_scan s;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		const size_t n = strlen(pieces[i]);
		int64_t took[2];

		for (size_t k = 0; k < big; k++)
			text[k] = pieces[i][k % n];
		for (unsigned turn = 0; turn < 2; turn++) {
			const int64_t begun = assay_clock_cpu_us();

			scan(assay_slice(text, turn == 0 ? big / 8 : big), NULL, NULL, &s);
			fake_scan_free(&s);
			took[turn] = assay_clock_cpu_us() - begun;
		}
		if (took[1] > 40 * took[0] + 400000)
			fail_msg("%s: %lld us, eight times as much %lld us", pieces[i],
			    (long long)took[0], (long long)took[1]);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(unwanted),
		cmocka_unit_test(messages),
		cmocka_unit_test(bounds),
		cmocka_unit_test(linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
