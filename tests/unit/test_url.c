/* rooms: text base */
/*
 * tests of core/text: url, domain
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "text/domain.h"
#include "text/url.h"

#define ALL (ASSAY_URL_DEFANGED | ASSAY_URL_DOMAINS | ASSAY_URL_EMAILS)

/* add_hit - "url host;" into a buffer, a letter in front */
static bool add_hit(void *user, const struct assay_url_hit *hit)
{
	struct assay_buf *b = user;

	assert_true(hit->raw.n > 0);
	(void)assay_buf_add_char(b, "UED"[hit->kind]);
	(void)assay_buf_add_char(b, ' ');
	(void)assay_buf_add_slice(b, hit->url);
	(void)assay_buf_add_char(b, ' ');
	(void)assay_buf_add_slice(b, hit->host);
	(void)assay_buf_add_str(b, hit->defanged ? "!;" : ";");
	return true;
}

/* finds - scanning text gives these hits */
static void finds(const char *text, unsigned flags, const char *want)
{
	struct assay_buf b;
	const struct assay_url_sink sink = { add_hit, &b };

	assay_buf_init(&b, 100000);
	(void)assay_url_scan(assay_slice_str(text), flags, &sink);
	assert_string_equal(assay_buf_slice(&b).p, want);
	assay_buf_release(&b);
}

static void urls_end_where_people_think(void **state)
{
	(void)state;
	finds("see http://a.com/x(1). (https://b.co.uk/y), <http://c.org>!", 0,
	    "U http://a.com/x(1) a.com;U https://b.co.uk/y b.co.uk;U http://c.org c.org;");
	finds("\"http://e.com\" 'http://f.com/it's' http://g.com/it's", 0,
	    "U http://e.com e.com;U http://f.com/it f.com;U http://g.com/it's g.com;");
	finds("http://a.com,http://b.com;https://c.com http://d.com[1]", 0,
	    "U http://a.com a.com;U http://b.com b.com;U https://c.com c.com;U http://d.com "
	    "d.com;");
	finds("http://a.com\xe3\x80\x82 http://b.com\xef\xbc\x8cx http://c.com\xe2\x80\x9d", 0,
	    "U http://a.com a.com;U http://b.com b.com;U http://c.com c.com;");
	finds(
	    "http://a.com/?u=http://b.com/&c=1!", 0, "U http://a.com/?u=http://b.com/&c=1 a.com;");
	finds("{\"u\":\"http://a.com/{x}\"}", 0, "U http://a.com/{x} a.com;");
	finds("http:// http://. http://... http:///// x:// http:x", 0, "");
	finds("Linkhttp://c.net", 0, "U http://c.net c.net;");
}

static void urls_have_many_forms(void **state)
{
	(void)state;
	finds("www.foo.example www.x. www.bar.com/x awww.foo.com", 0,
	    "U http://www.foo.example www.foo.example;U http://www.bar.com/x www.bar.com;");
	finds("HTTP://EXAMPLE.COM ftp://a.com/ sftp://b.c file:///etc/x mailto:a@b.com?subject=c",
	    0,
	    "U http://EXAMPLE.COM example.com;U ftp://a.com/ a.com;U sftp://b.c b.c;"
	    "U file:///etc/x ;U mailto:a@b.com?subject=c b.com;");
	finds("http://u:p@ss@h.com:81/ http:\\\\bad.com\\x http://[2001:DB8::1]:80/", 0,
	    "U http://u:p@ss@h.com:81/ h.com;U http://bad.com\\x bad.com;"
	    "U http://[2001:DB8::1]:80/ 2001:db8::1;");
	finds("http://0x7f.1/ http://3232235521/a http://%65vil.com", 0,
	    "U http://0x7f.1/ 127.0.0.1;U http://3232235521/a 192.168.0.1;"
	    "U http://%65vil.com evil.com;");
	finds("http://t.co/x http://x.com", 0, "U http://t.co/x t.co;U http://x.com x.com;");
}

static void defanged_urls_are_read(void **state)
{
	(void)state;
	finds("hxxp://evil[.]com/a[.]html hxxps[://]evil(.)com http[:]//a{.}b dot com", ALL,
	    "U http://evil.com/a.html evil.com!;U https://evil.com evil.com!;"
	    "U http://a.b.com a.b.com!;");
	finds("evil[.]com evil[dot]com/x www[.]evil[.]com 1[.]2[.]3[.]4", ASSAY_URL_DEFANGED,
	    "D evil.com evil.com!;U http://evil.com/x evil.com!;U http://www.evil.com "
	    "www.evil.com!;"
	    "U http://1.2.3.4 1.2.3.4!;");
	finds(
	    "see http://a.com dot the i. array[.5] f(.) x[.] y[.y]", ALL, "U http://a.com a.com;");
	finds("hxxp://evil[.]com", 0, "");
}

static void names_and_addresses_are_found_when_asked(void **state)
{
	(void)state;
	finds("report.final.pdf bit.ly/abc x.com. main.c joe@example.com j.o@b.com", ALL,
	    "U http://bit.ly/abc bit.ly;D x.com x.com;E joe@example.com example.com;"
	    "E j.o@b.com b.com;");
	finds("user[@]evil[.]com, 10.1.2.3 3.14", ALL, "E user@evil.com evil.com!;");
	finds("x.com a@b.com", 0, "");
}

static void urls_come_apart(void **state)
{
	struct assay_url_parts p;

	(void)state;
	assert_true(assay_url_split(ASSAY_SLICE_LIT("http:/\\/u:p@h.com:8080\\x?y#z"), &p));
	assert_true(assay_slice_is(p.scheme, "http") && assay_slice_is(p.userinfo, "u:p"));
	assert_true(assay_slice_is(p.host, "h.com") && assay_slice_is(p.port, "8080"));
	assert_true(assay_slice_is(p.path, "\\x?y#z"));
	assert_true(assay_url_split(ASSAY_SLICE_LIT("data:text/html,x"), &p));
	assert_null(p.host.p);
	assert_true(assay_slice_is(p.path, "text/html,x"));
	assert_false(assay_url_split(ASSAY_SLICE_LIT("//h.com/x"), &p));
	assert_false(assay_url_split(ASSAY_SLICE_LIT("1a:b"), &p));
	assert_true(assay_url_split(ASSAY_SLICE_LIT("http:h.com"), &p));
	assert_true(assay_slice_is(p.host, "h.com"));
}

static void hosts_get_one_form(void **state)
{
	static const char *const pairs[][2] = { { "EXAMPLE.com.", "example.com" },
		{ "b\xc3\xbc"
		  "cher.DE",
		    "xn--bcher-kva.de" },
		{ "ex\xe3\x80\x82"
		  "com",
		    "ex.com" },
		{ "0x7f.0.0.1", "127.0.0.1" }, { "017700000001", "127.0.0.1" },
		{ "1.2.3", "1.2.0.3" }, { "256.1.1.1", "256.1.1.1" }, { "1.2.3.4.5", "1.2.3.4.5" },
		{ "[::ffff:1.2.3.4]", "::ffff:1.2.3.4" }, { "[::1", "" }, { "a b", "" }, { "", "" },
		{ "%00", "" }, { "a%2fb", "" }, { "...", "" }, { "4294967296", "4294967296" } };
	char host[ASSAY_URL_HOST_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		const size_t n = assay_url_host(assay_slice_str(pairs[i][0]), host);

		assert_string_equal(host, pairs[i][1]);
		assert_int_equal(n, strlen(host));
	}
	assert_true(assay_url_host_is_ip(ASSAY_SLICE_LIT("1.2.3.4")));
	assert_true(assay_url_host_is_ip(ASSAY_SLICE_LIT("::1")));
	assert_false(assay_url_host_is_ip(ASSAY_SLICE_LIT("a.com")));
}

static void domains_are_registrable(void **state)
{
	static const char *const pairs[][2] = { { "a.b.example.co.uk", "example.co.uk" },
		{ "WWW.Example.COM", "Example.COM" }, { "example.com.", "example.com." },
		{ "co.uk", "co.uk" }, { "localhost", "localhost" }, { "10.1.2.3", "10.1.2.3" },
		{ "2001:db8::1", "2001:db8::1" }, { "a.b.nosuchtld", "b.nosuchtld" }, { "", "" } };

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_true(assay_slice_is(
		    assay_domain_registrable(assay_slice_str(pairs[i][0])), pairs[i][1]));
	assert_true(assay_domain_is_known(ASSAY_SLICE_LIT("x.com")));
	assert_true(assay_domain_is_known(ASSAY_SLICE_LIT("a.xn--p1ai")));
	assert_false(assay_domain_is_known(ASSAY_SLICE_LIT("com")));
	assert_false(assay_domain_is_known(ASSAY_SLICE_LIT("main.cfile")));
	assert_false(assay_domain_is_known(ASSAY_SLICE_LIT("1.2.3.4")));
}

static void urls_are_stripped(void **state)
{
	struct assay_buf b;

	(void)state;
	assay_buf_init(&b, 100);
	assert_true(assay_url_strip(ASSAY_SLICE_LIT(" \1ht\ntp:\r//a b\t\n "), &b));
	assert_string_equal(b.p, "http://a b");
	assay_buf_release(&b);
}

static bool ignore(void *user, const struct assay_url_hit *hit)
{
	(void)user;
	(void)hit;
	return true;
}

/* CPU of n repetitions of unit, in microseconds (least of three) */
static int64_t cost(const char *unit, size_t bytes)
{
	const struct assay_url_sink sink = { ignore, NULL };
	const size_t n = strlen(unit);
	char *text = malloc(bytes);
	int64_t best = INT64_MAX;

	for (size_t i = 0; i < bytes; i++)
		text[i] = unit[i % n];
	for (int k = 0; k < 3; k++) {
		const int64_t start = assay_clock_cpu_us();

		(void)assay_url_scan(assay_slice(text, bytes), ALL, &sink);
		if (assay_clock_cpu_us() - start < best)
			best = assay_clock_cpu_us() - start;
	}
	free(text);
	return best;
}

static void scanning_is_linear_on_hostile_text(void **state)
{
	static const char *const units[] = { "http://", "a.", "(", "a[.]", "a@", "a.b@", "www.",
		"http://a(", "www.a ", ":", "[:]", " dot a", "http://[", "http://a,", "\xc3\xa4.",
		"x@a.com", "http://a/).", "a.b/", "a\\.", "_dot_a" };

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		const int64_t one = cost(units[i], 100000), eight = cost(units[i], 800000);

		/* Eight times as much, with room for noise; quadratic would be 64. */
		if (eight > 24 * one + 20000)
			fail_msg("\"%s\": %lld us, then %lld us", units[i], (long long)one,
			    (long long)eight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_end_where_people_think),
		cmocka_unit_test(urls_have_many_forms),
		cmocka_unit_test(defanged_urls_are_read),
		cmocka_unit_test(names_and_addresses_are_found_when_asked),
		cmocka_unit_test(urls_come_apart),
		cmocka_unit_test(hosts_get_one_form),
		cmocka_unit_test(domains_are_registrable),
		cmocka_unit_test(urls_are_stripped),
		cmocka_unit_test(scanning_is_linear_on_hostile_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
