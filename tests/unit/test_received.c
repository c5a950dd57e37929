/* rooms: mail text base */
/*
 * tests of smtp/mail: received, authres
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/slice.h"

#include "mail/authres.h"
#include "mail/header.h"
#include "mail/received.h"

static struct assay_arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = assay_arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assay_arena_free(&arena);
	return 0;
}

static void is_slice(struct assay_slice s, const char *want)
{
	if (!assay_slice_is(s, want))
		fail_msg("'%.*s' is not '%s'", (int)s.n, s.p, want);
}

/* What one field should give; NULL is "". */
struct want {
	const char *raw, *from, *ip, *helo, *by, *with, *id, *for_;
	bool dated;
};

#define DATE "; Tue, 3 Mar 2020 10:00:00 +0000"

static const struct want wants[] = {
	/* Postfix */
	{ "from h.example (r.example [192.0.2.1]) by mx.example (Postfix) with ESMTPS id "
	  "4X\r\n\tfor "
	  "<a@b.c>" DATE " (UTC)",
	    "r.example", "192.0.2.1", "h.example", "mx.example", "ESMTPS", "4X", "a@b.c", true },
	{ "from h.example (unknown [IPv6:2001:db8::1]) by mx.example (Postfix) with ESMTP id "
	  "4X" DATE,
	    "h.example", "2001:db8::1", "h.example", "mx.example", "ESMTP", "4X", "", true },
	{ "from [10.0.0.1] (unknown [192.0.2.1]) by mx.example (Postfix) with ESMTPSA id 4X" DATE,
	    "[10.0.0.1]", "192.0.2.1", "[10.0.0.1]", "mx.example", "ESMTPSA", "4X", "", true },
	{ "by mx.example (Postfix, from userid 0) id 4X" DATE, "", "", "", "mx.example", "", "4X",
	    "", true },
	/* Exim */
	{ "from r.example ([192.0.2.1] helo=h.example) by mx.example with esmtps (TLS1.3) tls X "
	  "(Exim "
	  "4.95) (envelope-from <e@f.g>) id 1oxi-00 for a@b.c" DATE,
	    "r.example", "192.0.2.1", "h.example", "mx.example", "esmtps", "1oxi-00", "a@b.c",
	    true },
	{ "from [192.0.2.1] (port=5 helo=h) by mx.example with esmtp id 1" DATE, "h", "192.0.2.1",
	    "h", "mx.example", "esmtp", "1", "", true },
	/* fetchmail and others: outside of a comment */
	{ "from h.example [192.0.2.1]\r\n\tby localhost with IMAP (fetchmail-5.9.0)" DATE,
	    "h.example", "192.0.2.1", "h.example", "localhost", "IMAP", "", "", true },
	{ "from 192.0.2.1 (EHLO h.example) by 192.0.2.9 with SMTP" DATE, "h.example", "192.0.2.1",
	    "h.example", "192.0.2.9", "SMTP", "", "", true },
	{ "from h.example (joe@[192.0.2.1]) by mx.example id 4X" DATE, "h.example", "192.0.2.1",
	    "h.example", "mx.example", "", "4X", "", true },
	{ "from h.example(r.example[192.0.2.1]) by mx.example" DATE, "h.example", "192.0.2.1",
	    "h.example", "mx.example", "", "", "", true },
	{ "from h.example [192.0.2.7] (r.example [192.0.2.1]) by mx.example" DATE, "r.example",
	    "192.0.2.1", "h.example", "mx.example", "", "", "", true },
	/* Exchange */
	{ "from h.example (192.0.2.1) by mx.example (192.0.2.2) with Microsoft SMTP Server (TLS) "
	  "id "
	  "15.20 via Frontend Transport" DATE,
	    "h.example", "192.0.2.1", "h.example", "mx.example", "Microsoft SMTP Server", "15.20",
	    "", true },
	/* Gmail */
	{ "from h.example (r.example. [192.0.2.1]) by mx.google.com with ESMTPS id x for <a@b.c> "
	  "(version=TLS1_3)" DATE " (PST)",
	    "r.example", "192.0.2.1", "h.example", "mx.google.com", "ESMTPS", "x", "a@b.c", true },
	{ "by 2002:a59:b96f:0:b0:3f7:5ee5:1e91 with SMTP id w15" DATE, "", "", "",
	    "2002:a59:b96f:0:b0:3f7:5ee5:1e91", "SMTP", "w15", "", true },
	/* Sendmail */
	{ "from h.example (joe@r.example [192.0.2.1] (may be forged)) by mx.example (8.16/8.16) "
	  "with "
	  "ESMTP id 2A for <a@b.c>" DATE,
	    "r.example", "192.0.2.1", "h.example", "mx.example", "ESMTP", "2A", "a@b.c", true },
	/* qmail */
	{ "(qmail 41657 invoked by uid 89); 29 Aug 2024 22:15:20 +0900", "", "", "", "", "", "", "",
	    true },
	{ "from r.example (HELO h.example) (192.0.2.1) by mx.example with SMTP; 6 Aug 2024 "
	  "00:02:17 "
	  "-0000",
	    "r.example", "192.0.2.1", "h.example", "mx.example", "SMTP", "", "", true },
	{ "from unknown (HELO h) (192.0.2.1) by mx.example with SMTP" DATE, "h", "192.0.2.1", "h",
	    "mx.example", "SMTP", "", "", true },
	/* SendGrid: no semicolon */
	{ "by filter-1 with SMTP id f-1-64FD        2023-09-09 23:52:48.544599083 +0000 UTC "
	  "m=+10541583.366541242",
	    "", "", "", "filter-1", "SMTP", "f-1-64FD", "", true },
	{ "from MjQ (unknown)\tby geopod-13 (SG) with HTTP\tid bQv\tWed, 04 Oct 2023 02:34:42.093 "
	  "+0000 (UTC)",
	    "MjQ", "", "MjQ", "geopod-13", "HTTP", "bQv", "", true },
	/* not much at all */
	{ "", "", "", "", "", "", "", "", false },
	{ "from by with", "", "", "", "with", "", "", "", false },
	{ "from x (999.1.1.1) by y; never", "x", "", "x", "y", "", "", "", false },
};

static void servers_write_it_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		const struct want *w = &wants[i];
		struct assay_received r;

		print_message("%.60s\n", w->raw);
		assay_received_parse(arena, assay_slice_str(w->raw), &r);
		is_slice(r.from, w->from);
		is_slice(r.from_ip, w->ip);
		is_slice(r.helo, w->helo);
		is_slice(r.by, w->by);
		is_slice(r.with, w->with);
		is_slice(r.id, w->id);
		is_slice(r.for_, w->for_);
		assert_int_equal(r.has_date, w->dated);
	}
}

static void addresses(void **state)
{
	char text[46];

	(void)state;
	assert_true(assay_received_ip(ASSAY_SLICE_LIT("[::ffff:192.0.2.1]"), text, sizeof(text)));
	assert_string_equal(text, "192.0.2.1");
	assert_true(assay_received_ip(ASSAY_SLICE_LIT("[192.0.2.1]:25"), text, sizeof(text)));
	assert_true(assay_received_ip(ASSAY_SLICE_LIT("fe80::1%6"), text, sizeof(text)));
	assert_string_equal(text, "fe80::1");
	assert_false(assay_received_ip(ASSAY_SLICE_LIT("1.2.3"), text, sizeof(text)));
	assert_false(assay_received_ip(ASSAY_SLICE_LIT(""), text, sizeof(text)));
}

static void hostile_fields_are_linear(void **state)
{
	static const char *const unit[] = { "(", "from ", "with x ", "(a)",
		"helo=", "from (1.2.3.4) ", ";", "[", "by x ", "(HELO ", "\"", "Mon, " };
	int64_t before = assay_clock_cpu_us();

	(void)state;
	for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
		size_t n = strlen(unit[i]), times = 1000000 / n;
		char *text = malloc(n * times);
		struct assay_received r;

		assert_non_null(text);
		for (size_t k = 0; k < times; k++)
			memcpy(text + k * n, unit[i], n);
		assay_received_parse(arena, assay_slice(text, n * times), &r);
		assert_true(r.with.n <= 1000);
		free(text);
	}
	assert_true(assay_clock_cpu_us() - before < 5000000);
}

static bool read_authres(const char *text, const char *id, struct assay_authres *a)
{
	struct assay_header h;

	assay_header_read(arena, assay_slice_str(text), ASSAY_HEADER_EOL_AUTO, NULL, &h);
	return assay_authres_read(arena, &h, assay_slice_str(id), a);
}

static void results(void **state)
{
	struct assay_authres a;

	(void)state;
	assert_true(read_authres(
	    "Authentication-Results: mx.Example 1;\r\n\tspf=Pass (x; y) "
	    "smtp.mailfrom=joe@s.example;"
	    "\r\n\tdkim=pass header.i=@d.example header.s=k1 header.b=\"x;y\";\r\n"
	    "\tdkim=fail (bad) header.d=e.example;\r\n"
	    "\tdmarc=pass (p=REJECT sp=NONE dis=NONE) header.from=f.example; arc=none\r\n\r\n",
	    "MX.example", &a));
	is_slice(a.spf_result, "pass");
	is_slice(a.spf_domain, "s.example");
	assert_int_equal(a.ndkim, 2);
	is_slice(a.dkim[0].result, "pass");
	is_slice(a.dkim[0].domain, "d.example");
	is_slice(a.dkim[0].selector, "k1");
	is_slice(a.dkim[1].result, "fail");
	is_slice(a.dkim[1].domain, "e.example");
	is_slice(a.dmarc_result, "pass");
	is_slice(a.dmarc_policy, "reject");
	is_slice(a.dmarc_domain, "f.example");
	is_slice(a.arc_result, "none");
}

static void only_our_run_counts(void **state)
{
	static const char text[] = "Authentication-Results: other; spf=pass smtp.mailfrom=o\n"
				   "Authentication-Results: us; dkim=pass header.d=a\n"
				   "X-Between: x\n"
				   "Authentication-Results: us; spf = fail smtp.mailfrom = b\n"
				   "Received: from x by y\n"
				   "Authentication-Results: us; spf=pass; dmarc=pass\n\n";
	struct assay_authres a;

	(void)state;
	assert_true(read_authres(text, "us", &a));
	is_slice(a.spf_result, "fail");
	is_slice(a.spf_domain, "b");
	is_slice(a.dkim[0].domain, "a");
	is_slice(a.dmarc_result, "");
	assert_false(read_authres(text, "nobody", &a));
	assert_false(read_authres(text, "", &a));
	assert_true(read_authres("Authentication-Results: us; none\n\n", "us", &a));
	is_slice(a.spf_result, "");
}

/* fields_may_bear_no_id - as Exchange Online writes them */
static void fields_may_bear_no_id(void **state)
{
	static const char text[] = "Authentication-Results: other; spf=fail\n"
				   "Authentication-Results: spf=pass (sender IP is 192.0.2.1)\n"
				   " smtp.mailfrom=a.example; dkim=none (message not signed)\n"
				   " header.d=none;dmarc=bestguesspass action=none\n"
				   " header.from=b.example;compauth=pass reason=109\n\n";
	struct assay_authres a;

	(void)state;
	assert_true(read_authres(text, ASSAY_AUTHRES_NO_ID, &a));
	is_slice(a.spf_result, "pass");
	is_slice(a.spf_domain, "a.example");
	is_slice(a.dkim[0].result, "none");
	is_slice(a.dkim[0].domain, "");
	is_slice(a.dmarc_result, "bestguesspass");
	is_slice(a.dmarc_domain, "b.example");
	assert_false(read_authres("Authentication-Results: us; spf=pass\n\n", "-", &a));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(servers_write_it_so), TEST(addresses),
		TEST(hostile_fields_are_linear), TEST(results), TEST(only_our_run_counts),
		TEST(fields_may_bear_no_id) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
