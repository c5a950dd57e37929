/* rooms: plugin_mimetype fakehost text base */
/*
 * tests of plugins/worker/mimetype: what we recognise ourselves, what libmagic adds, the routes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"
#include "mimetype/sniff.h"

static struct fake_host *host;

static int open_host(void **state)
{
	struct assay_err err = { 0 };

	(void)state;
	return fake_host_open(&assay_plugin, NULL, NULL, &host, &err) == ASSAY_OK ? 0 : -1;
}

static int close_host(void **state)
{
	(void)state;
	fake_host_close(&host);
	return 0;
}

/* type_of - the worker's answer, in a buffer of its own */
static const char *type_of(const struct fake_payload *payload)
{
	static char type[128];
	struct fake_scan scan;

	fake_host_scan(host, payload, &scan);
	assert_int_equal(scan.status, ASSAY_OK);
	snprintf(
	    type, sizeof(type), "%s", json_string_value(json_object_get(scan.result, "mimetype")));
	assert_int_equal(json_object_size(scan.result), 3);
	fake_scan_free(&scan);
	return type;
}

/* child - a payload found in a mail */
static struct fake_payload child(struct assay_slice bytes, const char *declared)
{
	return (struct fake_payload){ .bytes = bytes, .content_type = declared, .depth = 1 };
}

/* route_of - what the dispatcher chose, with commas */
static const char *route_of(struct fake_host *h, const struct fake_payload *payload)
{
	static char text[128];
	struct fake_scan scan;
	size_t i, n = 0;
	json_t *name;

	fake_host_choose(h, payload, &scan);
	text[0] = 0;
	json_array_foreach(scan.dispatch, i, name) n += (size_t)snprintf(
	    text + n, sizeof(text) - n, "%s%s", i > 0 ? "," : "", json_string_value(name));
	fake_scan_free(&scan);
	return text;
}

static void knows_signatures(void **state)
{
	static const struct {
		struct assay_slice bytes;
		const char *type;
	} cases[] = {
		{ ASSAY_SLICE_LIT(""), "application/x-empty" },
		{ ASSAY_SLICE_LIT("%PDF-1.4\n"), "application/pdf" },
		{ ASSAY_SLICE_LIT("\n\njunk\n%PDF-1.4\n"), "application/pdf" },
		{ ASSAY_SLICE_LIT("\x78\x9f\x3e\x22\x01\x00"), "application/vnd.ms-tnef" },
		{ ASSAY_SLICE_LIT("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
				  "..."),
		    "application/onenote" },
		{ ASSAY_SLICE_LIT("-----BEGIN PGP MESSAGE-----\n"), "application/pgp-encrypted" },
		{ ASSAY_SLICE_LIT("\r\nBEGIN:VCALENDAR\r\n"), "text/calendar" },
		{ ASSAY_SLICE_LIT("begin:vcard\r\n"), "text/vcard" },
		{ ASSAY_SLICE_LIT("<p>Hello</p>"), "text/html" },
		{ ASSAY_SLICE_LIT("\xef\xbb\xbf <!-- x --><!DOCTYPE html><x>"), "text/html" },
		{ ASSAY_SLICE_LIT("<?xml version='1.0'?><!-- a > b --><svg x='1'/>"),
		    "image/svg+xml" },
		{ ASSAY_SLICE_LIT("<?xml version='1.0'?><note/>"), "text/xml" },
		{ ASSAY_SLICE_LIT("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
		    "application/x-dosexec" },
		{ ASSAY_SLICE_LIT("#!/bin/sh\necho hello\n"), "text/x-shellscript" },
		{ ASSAY_SLICE_LIT("\x01\x02\x83\x99\x17"), "application/octet-stream" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_payload payload = child(cases[i].bytes, NULL);

		assert_string_equal(type_of(&payload), cases[i].type);
	}
}

static void knows_zips_by_their_members(void **state)
{
	static const char docm[] = "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0"
				   "[Content_Types].xml<?xml"
				   "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0"
				   "word/vbaProject.binxxxx";
	static const char odt[] = "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0"
				  "mimetypeapplication/vnd.oasis.opendocument.textPK\3\4";
	static const char plain[] = "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0"
				    "word/.........................................";

	(void)state;
	assert_string_equal(assay_sniff_type(assay_slice(docm, sizeof(docm) - 1)),
	    "application/vnd.ms-word.document.macroenabled.12");
	assert_string_equal(assay_sniff_type(assay_slice(odt, sizeof(odt) - 1)),
	    "application/vnd.oasis.opendocument.text");
	assert_string_equal(
	    assay_sniff_type(assay_slice(plain, sizeof(plain) - 1)), "application/zip");
	for (size_t n = 0; n < sizeof(docm); n++)
		(void)assay_sniff_type(assay_slice(docm, n));
}

static void knows_mails(void **state)
{
	static const struct {
		struct assay_slice bytes;
		enum assay_sniff_mail mail;
	} cases[] = {
		{ ASSAY_SLICE_LIT("Received: from a\r\n\tby b\r\nFrom: c\r\n\r\nx"),
		    ASSAY_MAIL_CERTAIN },
		{ ASSAY_SLICE_LIT("From a@b Mon Jan\nReturn-Path: <a@b>\nTo: x\n"),
		    ASSAY_MAIL_CERTAIN },
		{ ASSAY_SLICE_LIT("\r\n\r\nMIME-Version: 1.0\rTo: x\r\r"), ASSAY_MAIL_CERTAIN },
		{ ASSAY_SLICE_LIT("some junk\nMessage-ID: <1@2>\nTo: x\n\n"), ASSAY_MAIL_CERTAIN },
		{ ASSAY_SLICE_LIT("From: a\nTo: b\nSubject: c\n\nd"), ASSAY_MAIL_WEAK },
		{ ASSAY_SLICE_LIT("Hello you,\nplease note: this is no mail.\nBye\n"),
		    ASSAY_MAIL_NO },
		{ ASSAY_SLICE_LIT("To: nobody\n\nReceived: x\n"), ASSAY_MAIL_NO },
		{ ASSAY_SLICE_LIT(""), ASSAY_MAIL_NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(assay_sniff_mail(cases[i].bytes), cases[i].mail);
}

static void believes_weak_signs_of_mail_in_the_root_only(void **state)
{
	struct fake_payload payload = { .bytes =
					    ASSAY_SLICE_LIT("From: a\nTo: b\nSubject: c\n\nd\n") };

	(void)state;
	assert_string_equal(type_of(&payload), "message/rfc822");
	payload.depth = 1;
	payload.content_type = "text/plain";
	assert_string_equal(type_of(&payload), "text/plain");
}

static void believes_what_is_declared_a_message(void **state)
{
	struct fake_payload payload = child(ASSAY_SLICE_LIT("X-Odd: c\r\n\r\nd"), "message/rfc822");

	(void)state;
	assert_string_equal(type_of(&payload), "message/rfc822");
	payload.content_type = NULL;
	assert_string_equal(type_of(&payload), "text/plain");
	payload = child(ASSAY_SLICE_LIT("no field\r\nhere"), "message/rfc822");
	assert_string_equal(type_of(&payload), "text/plain");
}

static void sees_through_white_space(void **state)
{
	static char bytes[1 << 16];
	struct fake_payload payload = child(assay_slice(bytes, sizeof(bytes)), NULL);

	(void)state;
	memset(bytes, '\n', sizeof(bytes));
	assert_string_equal(type_of(&payload), "text/plain");
	memcpy(bytes, "#!/bin/sh", 9);
	assert_string_equal(type_of(&payload), "text/x-shellscript");
}

static void tells_text_from_html_bodies(void **state)
{
	struct fake_payload payload;

	(void)state;
	payload = child(ASSAY_SLICE_LIT("just words \xe4\xf6\xfc\n"), "text/html");
	assert_string_equal(type_of(&payload), "text/plain");
	payload = child(ASSAY_SLICE_LIT("words and <b>more</b>\n"), "text/html");
	assert_string_equal(type_of(&payload), "text/html");
	payload = child(ASSAY_SLICE_LIT("MZ\0\0\0\0\0\0"), "text/plain");
	assert_string_not_equal(type_of(&payload), "text/plain");
}

static void routes_by_any_type(void **state)
{
	struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("Hello") };

	(void)state;
	assert_string_equal(route_of(host, &payload), "iocextract?,b64decode?,clamav?");
	payload.content_type = "message/rfc822";
	assert_string_equal(
	    route_of(host, &payload), "smtp,iocextract?,iocextract?,b64decode?,clamav?");
	payload.content_type = "application/octet-stream";
	payload.extension = "eml";
	assert_string_equal(route_of(host, &payload),
	    "smtp,decompress?,iocextract?,iocextract?,b64decode?,xordecode?,entropy?,ssdeep?,"
	    "tlsh?,clamav?");
	payload.extension = NULL;
	payload.bytes = ASSAY_SLICE_LIT("Received: x\nFrom: y\n\n");
	assert_string_equal(route_of(host, &payload),
	    "smtp,decompress?,iocextract?,xordecode?,entropy?,ssdeep?,tlsh?,clamav?");
	payload.bytes = ASSAY_SLICE_LIT("Hello");
	payload.occurrences = json_pack(
	    "[{s:s},{s:s}]", "content_type", "text/plain", "content_type", "message/global");
	assert_string_equal(
	    route_of(host, &payload), "smtp,iocextract?,iocextract?,b64decode?,clamav?");
	json_decref(payload.occurrences);
}

static void reads_its_route_table(void **state)
{
	const char *const opts[] = { "route=image/*=exif + yara, */pdf=clamav + pdf?", NULL };
	const char *const wrong[] = { "route=image/*", NULL };
	struct fake_payload payload = child(ASSAY_SLICE_LIT("GIF89a"), NULL);
	struct fake_host *own;
	struct assay_err err = { 0 };

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &own, &err), ASSAY_OK);
	assert_string_equal(route_of(own, &payload), "exif,yara");
	payload.bytes = ASSAY_SLICE_LIT("%PDF-1.7");
	assert_string_equal(route_of(own, &payload), "clamav,pdf?");
	fake_host_close(&own);
	assert_int_equal(fake_host_open(&assay_plugin, wrong, NULL, &own, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "image/*"));
}

static void says_where_a_database_is_missing(void **state)
{
	const char *const opts[] = { "database=/nonexistent/magic.mgc", NULL };
	struct fake_host *own;
	struct assay_err err = { 0 };

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &own, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "/nonexistent/magic.mgc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_signatures),
		cmocka_unit_test(knows_zips_by_their_members),
		cmocka_unit_test(knows_mails),
		cmocka_unit_test(believes_weak_signs_of_mail_in_the_root_only),
		cmocka_unit_test(believes_what_is_declared_a_message),
		cmocka_unit_test(sees_through_white_space),
		cmocka_unit_test(tells_text_from_html_bodies),
		cmocka_unit_test(routes_by_any_type),
		cmocka_unit_test(reads_its_route_table),
		cmocka_unit_test(says_where_a_database_is_missing),
	};

	return cmocka_run_group_tests(tests, open_host, close_host);
}
