/* rooms: plugin_smtp fakehost mail text base */
/*
 * tests of the plugin smtp, end to end: children and result of small messages
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "fake_host.h"

struct fixture {
	struct fake_host *host;
	struct fake_scan scan;
};

/* run_at - scans one message, so deep in others */
static void run_at(struct fixture *f, struct assay_slice mail, json_t *request, unsigned depth)
{
	static const char *const opts[] = { "our_domains=ours.example,also.example",
		"our_networks=192.0.2.0/24,2001:db8::/32", "authserv_id=mx.ours.example", NULL };
	struct fake_payload payload = {
		.bytes = mail, .request = request, .scan_time_ms = 1795000000000, .depth = depth
	};

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &f->host, NULL), ASSAY_OK);
	fake_host_allow(f->host, "max_mime_parts", 1000);
	fake_host_allow(f->host, "max_mime_depth", 32);
	fake_host_allow(f->host, "max_headers", 2000);
	fake_host_allow(f->host, "max_header_bytes", 1 << 20);
	fake_host_allow(f->host, "max_header_line", 65536);
	fake_host_allow(f->host, "body_text_kept", 65536);
	fake_host_allow(f->host, "urls_kept", 3);
	fake_host_scan(f->host, &payload, &f->scan);
	assert_int_equal(f->scan.status, ASSAY_OK);
	assert_non_null(f->scan.result);
}

/* run - the message itself */
static void run(struct fixture *f, const char *mail, size_t n, json_t *request)
{
	run_at(f, assay_slice(mail, n), request, 0);
}

/* done - frees everything */
static void done(struct fixture *f)
{
	fake_scan_free(&f->scan);
	fake_host_close(&f->host);
}

/* text - a string of the result by path "a.b" or "list.0.member" */
static const char *text(const json_t *at, const char *path)
{
	struct assay_slice rest = assay_slice_str(path), step;
	char name[64];

	while (at != NULL && assay_slice_split(&rest, '.', &step)) {
		uint64_t index;

		snprintf(name, sizeof(name), "%.*s", (int)step.n, step.p);
		if (json_is_array(at) && assay_slice_u64(step, &index))
			at = json_array_get(at, (size_t)index);
		else
			at = json_object_get(at, name);
	}
	return json_string_value(at);
}

/* child - the index-th child has these bytes */
static void has_child(const struct fixture *f, size_t index, const char *bytes, const char *name)
{
	assert_true(index < f->scan.nchild);
	assert_int_equal(f->scan.child[index].bytes.n, strlen(bytes));
	assert_memory_equal(f->scan.child[index].bytes.p, bytes, strlen(bytes));
	if (name == NULL)
		assert_null(f->scan.child[index].filename);
	else
		assert_string_equal(f->scan.child[index].filename, name);
}

/* has - does a list of {code, ...} hold the code? */
static bool has(const struct fixture *f, const char *list, const char *code)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(f->scan.result, list), i,
	    row) if (strcmp(json_string_value(json_object_get(row, "code")), code) ==
	    0) return true;
	return false;
}

#define RUN(f, mail) run(f, mail, sizeof(mail) - 1, NULL)
#define HEAD                                                                                       \
	"From: A <a@b.example>\nTo: c@ours.example\nDate: Mon, 2 Nov 2026 10:00:00 +0100\n"        \
	"Message-ID: <1@b.example>\nSubject: s\nMIME-Version: 1.0\n"

static void takes_a_multipart_apart(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD "Content-Type: multipart/mixed; boundary=\"=b\"\n\n"
		 "--=b\nContent-Type: text/plain; charset=utf-8\n\nsee http://x.example/1\n"
		 "--=b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
		 "<a href=3D\"http://evil.example/\">www.bank.example</a>=\n\n"
		 "--=b\nContent-Type: application/zip; name=a.zip\n"
		 "Content-Disposition: attachment; filename=\"a.zip\"\n"
		 "Content-Transfer-Encoding: base64\n\nUEsDBA==\n--=b--\n");
	assert_int_equal(f.scan.nchild, 2);
	has_child(&f, 0, "<a href=\"http://evil.example/\">www.bank.example</a>", NULL);
	has_child(&f, 1, "PK\3\4", "a.zip");
	assert_string_equal(text(f.scan.result, "body"), "see http://x.example/1");
	assert_string_equal(text(f.scan.result, "subject"), "s");
	assert_string_equal(text(f.scan.result, "message_id"), "1@b.example");
	assert_string_equal(text(f.scan.result, "from.0.addr"), "a@b.example");
	assert_string_equal(text(f.scan.result, "date.utc"), "2026-11-02T09:00:00.000Z");
	assert_string_equal(text(f.scan.result, "urls.0.url"), "http://x.example/1");
	assert_string_equal(text(f.scan.result, "urls.1.source"), "href");
	assert_string_equal(text(f.scan.result, "attachments.0.filename"), "a.zip");
	assert_string_equal(text(f.scan.result, "parts.3.place"), "3");
	assert_true(has(&f, "traits", "link-text-differs"));
	assert_int_equal(json_array_size(json_object_get(f.scan.result, "defects")), 0);
	assert_string_equal(text(f.scan.report, "recipients.0.addr"), "c@ours.example");
	assert_string_equal(text(f.scan.report, "message_time.source"), "date");
	done(&f);
}

static void gives_each_reading_of_repeated_encodings(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD
	    "Content-Type: application/octet-stream; name=x\n"
	    "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\naGVs\nbG8=\n");
	assert_int_equal(f.scan.nchild, 2);
	has_child(&f, 0, "hello", "x");
	has_child(&f, 1, "aGVs\nbG8=\n", "x");
	assert_true(has(&f, "defects", "repeated-encoding"));
	done(&f);
}

static void goes_on_behind_padding_and_stops_there(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
		 "aGVsbG8=\nd29ybGQ=\n");
	assert_true(f.scan.nchild >= 2);
	has_child(&f, 0, "helloworld", NULL);
	has_child(&f, 1, "hello", NULL);
	assert_true(has(&f, "defects", "base64-after-padding"));
	done(&f);
}

static void sees_what_follows_the_closing_boundary(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b--\n"
		 "--b\nContent-Type: image/png\n\nhidden\n--b--\n");
	assert_int_equal(f.scan.nchild, 1);
	has_child(&f, 0, "hidden", NULL);
	assert_true(has(&f, "defects", "after-close"));
	done(&f);
}

static void sees_parts_of_an_undeclared_boundary(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD "Content-Type: multipart/mixed; boundary=b\n\n--x\nContent-Type: image/png\n"
		 "Content-Transfer-Encoding: base64\n\nUEsDBA==\n--x--\n");
	assert_true(f.scan.nchild >= 1);
	has_child(&f, f.scan.nchild - 1, "PK\3\4", NULL);
	assert_true(has(&f, "defects", "undeclared-parts"));
	done(&f);
}

static void gives_an_attached_message_whole(void **state)
{
	static const char inner[] = "Subject: inner\nContent-Type: multipart/mixed; boundary=c\n\n"
				    "--c\nContent-Type: image/png\n\nx\n--c--";
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nt\n--b\n"
		 "Content-Type: message/rfc822\n\nSubject: inner\n"
		 "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: image/png\n\nx\n"
		 "--c--\n--b--\n");
	assert_int_equal(f.scan.nchild, 1);
	has_child(&f, 0, inner, NULL);
	assert_string_equal(f.scan.child[0].dispatch_to, "smtp");
	done(&f);
}

static void finds_files_inside_a_text(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f, HEAD "\nlook:\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n");
	assert_int_equal(f.scan.nchild, 1);
	has_child(&f, 0, "Cat", "cat.txt");
	assert_true(has(&f, "traits", "file-in-text"));
	done(&f);
}

static void compares_the_people_in_it(void **state)
{
	json_t *request = json_pack("{s:{s:{s:s},s:{s:s},s:[s]}}", "envelope", "sender", "addr",
	    "bounce@other.example", "client", "addr", "198.51.100.7", "recipients",
	    "x@ours.example");
	static const char mail[] =
	    "From: \"boss@ours.example\" <boss@ours.example>\nReply-To: z@evil.example\n"
	    "Authentication-Results: mx.ours.example; spf=pass smtp.mailfrom=other.example;\n"
	    " dkim=fail header.d=ours.example header.s=k; dmarc=fail header.from=ours.example\n"
	    "Authentication-Results: forged.example; spf=pass\n\nhi";
	struct fixture f;

	(void)state;
	run(&f, mail, sizeof(mail) - 1, request);
	assert_true(has(&f, "traits", "reply-to-domain-differs"));
	assert_true(has(&f, "traits", "from-envelope-domain-differs"));
	assert_true(has(&f, "traits", "own-domain-from-outside"));
	assert_string_equal(json_string_value(json_object_get(f.scan.report, "direction")), "in");
	assert_string_equal(text(f.scan.report, "recipients.0.source"), "envelope");
	assert_string_equal(text(f.scan.result, "auth.spf.result"), "pass");
	assert_string_equal(text(f.scan.result, "auth.dkim.0.result"), "fail");
	assert_string_equal(text(f.scan.result, "auth.dmarc.domain"), "ours.example");
	done(&f);
	/* The same attached to another (a bounce, a forwarded mail): that one's envelope is not
	 * its own. */
	run_at(&f, assay_slice(mail, sizeof(mail) - 1), request, 1);
	assert_true(has(&f, "traits", "reply-to-domain-differs"));
	assert_false(has(&f, "traits", "from-envelope-domain-differs"));
	assert_false(has(&f, "traits", "own-domain-from-outside"));
	done(&f);
	json_decref(request);
}

static void counts_urls_beyond_the_list(void **state)
{
	struct fixture f;

	(void)state;
	RUN(&f,
	    HEAD "\nhttp://a.example/ http://b.example/ http://c.example/ http://d.example/\n"
		 "http://e.example/ http://d.example/ http://a.example/\n");
	assert_int_equal(json_array_size(json_object_get(f.scan.result, "urls")), 3);
	assert_int_equal(json_integer_value(json_object_get(f.scan.result, "url_count")), 5);
	assert_int_equal(json_array_size(f.scan.limits), 1);
	done(&f);
}

static void takes_anything_for_a_mail(void **state)
{
	static const char *const mails[] = { "", "\n", "\n\n", "just a body\nno header\n", "A: b",
		"A: b\n", "From x Mon Nov  2 10:00:00 2026\nSubject: s\n\nbody", "\r\r\r", ":\n:\n",
		"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n--\n",
		"Content-Type: multipart/mixed\n\n--b\nContent-Type: a/b\n\nx",
		"Subject: s\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rx\r--b--\r" };

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		struct fixture f;

		run(&f, mails[i], strlen(mails[i]), NULL);
		assert_non_null(json_object_get(f.scan.report, "content_sha256"));
		done(&f);
	}
}

static void hashes_the_content_whatever_the_line_ends(void **state)
{
	static const char *const mails[] = { "A: b\n\nx\ny\n", "Other: c\r\n\r\nx\r\ny\r\n" };
	char *first = NULL;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		const char *hash;

		run(&f, mails[i], strlen(mails[i]), NULL);
		hash = json_string_value(json_object_get(f.scan.report, "content_sha256"));
		if (i == 0)
			first = strdup(hash);
		else
			assert_string_equal(hash, first);
		done(&f);
	}
	free(first);
}

/* keeps_room_for_bodies - many texts beside the body do not hide it from who looks for passwords */
static void keeps_room_for_bodies(void **state)
{
	static const char head[] = "Subject: s3\n"
				   "Content-Type: multipart/mixed; boundary=b\n\n"
				   "--b\n\nPassword: 2244\n",
			  note[] = "--b\nContent-Type: text/plain; name=a.txt\n"
				   "Content-Disposition: attachment\n\nnote\n";
	bool body = false;
	struct assay_buf mail;
	struct fixture f;
	const json_t *one;
	size_t i;

	(void)state;
	assay_buf_init(&mail, 1 << 16);
	assay_buf_add_str(&mail, head);
	for (unsigned k = 0; k < 150; k++)
		assay_buf_add_str(&mail, note);
	assay_buf_add_str(&mail, "--b--\n");
	run(&f, mail.p, mail.n, NULL);
	assert_int_equal(f.scan.nchild, 150);
	json_array_foreach(f.scan.texts, i, one) body |=
	    strstr(json_string_value(one), "2244") != NULL;
	assert_true(body);
	assert_true(json_array_size(f.scan.texts) < ASSAY_TEXTS / 2);
	done(&f);
	assay_buf_release(&mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_multipart_apart),
		cmocka_unit_test(gives_each_reading_of_repeated_encodings),
		cmocka_unit_test(goes_on_behind_padding_and_stops_there),
		cmocka_unit_test(sees_what_follows_the_closing_boundary),
		cmocka_unit_test(sees_parts_of_an_undeclared_boundary),
		cmocka_unit_test(gives_an_attached_message_whole),
		cmocka_unit_test(finds_files_inside_a_text),
		cmocka_unit_test(compares_the_people_in_it),
		cmocka_unit_test(counts_urls_beyond_the_list),
		cmocka_unit_test(takes_anything_for_a_mail),
		cmocka_unit_test(hashes_the_content_whatever_the_line_ends),
		cmocka_unit_test(keeps_room_for_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
