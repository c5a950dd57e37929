/* rooms: mail text base */
/*
 * tests of smtp/mail: addr, param
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/addr.h"
#include "mail/header.h"
#include "mail/param.h"

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

/* are - the list as "name|addr" joined by ", " */
static void are(const char *raw, const char *want)
{
	struct assay_addr_list list;
	struct assay_buf got;

	assay_addr_parse(arena, assay_slice_str(raw), 0, &list);
	assay_buf_init(&got, 100000);
	for (size_t i = 0; i < list.n; i++)
		(void)assay_buf_printf(&got, "%s%.*s|%.*s", i > 0 ? ", " : "",
		    (int)list.addr[i].name.n, list.addr[i].name.p, (int)list.addr[i].addr.n,
		    list.addr[i].addr.p);
	if (!assay_slice_is(assay_buf_slice(&got), want))
		fail_msg("%s gives '%s', not '%s'", raw, got.p, want);
	assay_buf_release(&got);
}

static void as_the_standard_says(void **state)
{
	(void)state;
	are("a@b", "|a@b");
	are("Joe <a@B.Example>", "Joe|a@b.example");
	are("a@b, c@d", "|a@b, |c@d");
	are("X <a@b>, Y <c@d>", "X|a@b, Y|c@d");
	are("\"Doe, J.\" <a@b>", "Doe, J.|a@b");
	are("\"a \\\"b\\\"\" <a@b>", "a \"b\"|a@b");
	are("a@b (Joe (jr) Doe)", "Joe (jr) Doe|a@b");
	are("(x) Joe (y) <a@b> (z)", "Joe|a@b");
	are("<@x,@y:a@b>", "|a@b");
	are("\"a b\"@c.d", "|a b@c.d");
	are("=?utf-8?Q?J=C3=BCrgen?= <a@b>", "J\xc3\xbcrgen|a@b");
	are("Joe <a@[1.2.3.4]>", "Joe|a@[1.2.3.4]");
	are("a@[IPv6:::1]", "|a@[ipv6:::1]");
	are("<a . b @ c . d>", "|a.b@c.d");
	are("a @ b", "|a@b");
	are("j\xc3\xbcrgen@b\xc3\xbc"
	    "cher.example",
	    "|j\xc3\xbcrgen@xn--bcher-kva.example");
	are("a%b@c", "|a%b@c");
	are("", "");
}

static void null_sender(void **state)
{
	struct assay_addr a;
	struct assay_addr_list list;

	(void)state;
	assay_addr_one(arena, ASSAY_SLICE_LIT("<>"), &a);
	assert_true(a.null);
	assay_addr_one(arena, ASSAY_SLICE_LIT("<A@B.>"), &a);
	is_slice(a.addr, "A@b");
	is_slice(a.local, "A");
	assay_addr_parse(arena, ASSAY_SLICE_LIT(" <> "), 0, &list);
	assert_int_equal(list.n, 1);
	assert_true(list.addr[0].null);
}

static void groups(void **state)
{
	struct assay_addr_list list;

	(void)state;
	are("undisclosed-recipients:;", "");
	are("A Group: X <a@b>, c@d; e@f", "X|a@b, |c@d, |e@f");
	assay_addr_parse(arena, ASSAY_SLICE_LIT("G: a@b; c@d"), 0, &list);
	is_slice(list.addr[0].group, "G");
	is_slice(list.addr[1].group, "");
	are("a: b: c: d@e;", "|d@e");
	are("a@b; c@d", "|a@b, |c@d");
}

static void as_senders_write(void **state)
{
	(void)state;
	are("Foo, Inc. <a@b>", "Foo, Inc.|a@b");
	are("\"Name\", _ <a@b>", "Name, _|a@b");
	are("Name,(<a@b>)", "Name|a@b");
	are("me@home Shop <a@b>", "me@home Shop|a@b");
	are("Shop [a@b]", "Shop|a@b");
	are("[a@b]", "|a@b");
	are("\"x\"<>123<a@b>", "x 123|a@b");
	are("Joe <a@b,com>", "Joe|a@b,com");
	are("Joe <a@b", "Joe|a@b");
	are("Joe <a@b, Bob <c@d>", "Joe|a@b, Bob|c@d");
	are("\"Joe <a@b>", "Joe|a@b");
	are("Joe (x <a@b>", "Joe (x|a@b");
	are("Joe a@b", "Joe|a@b");
	are("'a@b'", "|a@b");
	are("<mailto:a@b>", "|a@b");
	are("\"a@b\"", "a@b|a@b");
	are("root", "|root");
	are("=?utf-8?B?Sm9lIDxhQGI+?=", "Joe <a@b>|a@b");
	are("=?x?B?MTIx?=@b", "|=?x?B?MTIx?=@b");
	are("a@b <c@d>", "a@b|c@d");
	are("<a@b>,<c@d>,", "|a@b, |c@d");
	are(",,a@b,,", "|a@b");
	are("Name", "|Name");
	are("Two Words", "Two Words|");
}

static void keeps_and_counts(void **state)
{
	struct assay_addr_list list;

	(void)state;
	assay_addr_parse(arena, ASSAY_SLICE_LIT("a@b,c@d,e@f"), 2, &list);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.total, 3);
}

static void addr_in_time(const char *unit, size_t times)
{
	size_t n = strlen(unit);
	char *text = malloc(n * times);
	struct assay_addr_list list;
	int64_t before = assay_clock_cpu_us();

	assert_non_null(text);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * n, unit, n);
	assay_addr_parse(arena, assay_slice(text, n * times), 0, &list);
	if (assay_clock_cpu_us() - before > 5000000)
		fail_msg("%s takes long", unit);
	free(text);
}

static void hostile_lists_are_linear(void **state)
{
	static const char *const unit[] = { "(", "a:", "<", "\"", "a@b,", "a,", "(a)", "\\", "@",
		"a@", "<a@b>", "a@b ", "\"a\"", "()", "<,", "<a,", "[", ";", "a:;", "a b:c;", ",",
		"<@", "\"@\"", "<\"", "(\"", "=?a?q?", "a(b", "a @ ", "<a@b>," };

	(void)state;
	for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++)
		addr_in_time(unit[i], 1000000 / strlen(unit[i]));
}

/* has_at - does something@something stand there? */
static bool has_at(struct assay_slice s)
{
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '@' && assay_ascii_is_alnum((unsigned char)s.p[i - 1]) &&
		    assay_ascii_is_alnum((unsigned char)s.p[i + 1]))
			return true;
	return false;
}

static size_t from_of(const char *path)
{
	struct assay_buf buf;
	struct assay_header h;
	const struct assay_header_field *from;
	struct assay_addr_list list;
	size_t found = 0;

	assay_buf_init(&buf, (size_t)64 << 20);
	assert_int_equal(assay_io_read_file(path, &buf, NULL), ASSAY_OK);
	assay_header_read(arena, assay_buf_slice(&buf), ASSAY_HEADER_EOL_AUTO, NULL, &h);
	from = assay_header_find(&h, "From", 0);
	if (from != NULL && has_at(from->value)) {
		assay_addr_parse(arena, from->value, 0, &list);
		for (size_t i = 0; i < list.n; i++)
			found += list.addr[i].domain.n > 0;
		if (found == 0)
			fail_msg("%s: no address in %.*s", path, (int)from->value.n, from->value.p);
	}
	assay_buf_release(&buf);
	return found;
}

static void every_real_sender_is_found(void **state)
{
	const char *corpus = getenv("ASSAY_CORPUS");
	char dir[1000], path[2000];
	struct dirent *entry;
	size_t n = 0;
	DIR *d;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/real-phish/phishing_pot",
	    corpus != NULL ? corpus : ASSAY_SOURCE_DIR "/../shared/corpus");
	d = opendir(dir);
	if (d == NULL) {
		print_message("no corpus in %s: skipped\n", dir);
		skip();
	}
	while ((entry = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (assay_slice_ends(assay_slice_str(path), ".eml"))
			n += from_of(path);
	}
	(void)closedir(d);
	print_message("%zu senders\n", n);
}

/* ---- param ----------------------------------------------------------------------------------- */

static struct assay_param_list params(const char *raw)
{
	struct assay_param_list list;

	assay_param_parse(arena, assay_slice_str(raw), 0, &list);
	return list;
}

static void param_is(const char *raw, const char *name, const char *want)
{
	struct assay_param_list list = params(raw);
	struct assay_slice got = assay_param_get(&list, name);

	if (got.p == NULL || !assay_slice_is(got, want))
		fail_msg("%s of %s is '%.*s', not '%s'", name, raw, (int)got.n, got.p, want);
}

static void values(void **state)
{
	(void)state;
	is_slice(params(" Text/HTML; charset=x").value, "text/html");
	is_slice(params("text / html (x); a=b").value, "text/html");
	is_slice(params("\"text/html\"").value, "text/html");
	is_slice(params("").value, "");
	is_slice(params("multipart/mixed boundary=x").value, "multipart/mixed");
	is_slice(params("boundary=x").value, "");
	is_slice(params("attachment; filename=x").value, "attachment");
}

static void parameters(void **state)
{
	(void)state;
	param_is("a/b; Charset=UTF-8", "charset", "UTF-8");
	param_is("a/b; x=\"a;b\\\"c\"; y=z", "x", "a;b\"c");
	param_is("a/b; x=\"a;b\"; y=z", "y", "z");
	param_is("a/b;x=1;;; y = 2", "y", "2");
	param_is("a/b (c); (d) x=1 (e)", "x", "1");
	param_is("a/b boundary=x", "boundary", "x");
	param_is("a/b; charset=utf-8 boundary=x", "boundary", "x");
	param_is("a/b; charset=utf-8 boundary=x", "charset", "utf-8");
	param_is("a/b; boundary=--=_a@b/c", "boundary", "--=_a@b/c");
	param_is("a/b; filename=my file.exe; x=y", "filename", "my file.exe");
	param_is("a/b; boundary=\"abc", "boundary", "abc");
	param_is("a/b; boundary=\"abc; charset=x", "boundary", "abc");
	param_is("a/b; boundary=\"abc; charset=x", "charset", "x");
	param_is("a/b; name=\"C:\\new\\x.exe\"", "name", "C:\\new\\x.exe");
	param_is(
	    "a/b; name=\"=?utf-8?B?aW52b2ljZQ==?= =?utf-8?B?LmV4ZQ==?=\"", "name", "invoice.exe");
	param_is("a/b; name=caf\xe9.txt", "name", "caf\xc3\xa9.txt");
	param_is("a/b; x=", "x", "");
	assert_true(params("a/b; x=1; x=2").defects & ASSAY_PARAM_DUPLICATE);
	assert_int_equal(params("a/b; x=1; x=2").n, 2);
}

static void extended_parameters(void **state)
{
	(void)state;
	param_is("a; filename*=utf-8'en'%e2%82%ac.exe", "filename", "\xe2\x82\xac.exe");
	param_is("a; filename*0=ab; filename*1=cd", "filename", "abcd");
	param_is("a; filename*1=cd; filename*0=ab", "filename", "abcd");
	param_is("a; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=\"%41\"", "filename",
	    "\xe2\x82\xac%41");
	param_is("a; filename*=iso-8859-1''%e4", "filename", "\xc3\xa4");
	param_is("a; filename*=nothing%41", "filename", "nothingA");
	param_is("a; filename=plain; filename*=utf-8''ext", "filename", "ext");
	param_is("a; filename*=utf-8''%4", "filename", "%4");
	param_is("a; filename*x=1", "filename*x", "1");
	assert_true(params("a; n*0=a; n*2=b").defects & ASSAY_PARAM_PIECES);
}

static void readings_are(const char *raw, const char *name, const char *want)
{
	struct assay_param_list list = params(raw);
	struct assay_slice r[ASSAY_PARAM_READINGS];
	size_t n = assay_param_readings(arena, &list, name, r, ASSAY_PARAM_READINGS);
	struct assay_buf got;

	assay_buf_init(&got, 10000);
	for (size_t i = 0; i < n; i++)
		(void)assay_buf_printf(&got, "%s%.*s", i > 0 ? "|" : "", (int)r[i].n, r[i].p);
	if (!assay_slice_is(assay_buf_slice(&got), want))
		fail_msg("%s gives '%s', not '%s'", raw, got.p, want);
	assay_buf_release(&got);
}

static void readings(void **state)
{
	(void)state;
	readings_are("a/b; boundary=\"x\"", "boundary", "x");
	readings_are("a/b; boundary=\"x y\"", "boundary", "x y");
	readings_are("a/b; boundary=x; boundary=y; boundary=z", "boundary", "x|z|y");
	readings_are("a/b; boundary=\"x\"y", "boundary", "x|\"x\"y|xy");
	readings_are("a/b; boundary=x(c)", "boundary", "x(c)|x");
	readings_are("a/b; boundary=\"a\\b\"", "boundary", "a\\b|ab");
	readings_are("a/b; filename=p; filename*=utf-8''e", "filename", "e|p");
	readings_are("a/b; name=\"=?utf-8?Q?x?=\"", "name", "x|=?utf-8?Q?x?=");
	readings_are("a/b", "boundary", "");
}

static void many_parameters_are_linear(void **state)
{
	static const char *const unit[] = { ";a=b", ";a*0=b", ";a*0*=%41", "a=\"b", "a=b ", "=",
		"(", "a ", "\"", ";a=\"=?a?q?", "a=(b)" };
	int64_t before = assay_clock_cpu_us();

	(void)state;
	for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
		size_t n = strlen(unit[i]), times = 40000;
		char *text = malloc(n * times);
		struct assay_param_list list;
		struct assay_slice r[ASSAY_PARAM_READINGS];

		assert_non_null(text);
		for (size_t k = 0; k < times; k++)
			memcpy(text + k * n, unit[i], n);
		assay_param_parse(arena, assay_slice(text, n * times), 0, &list);
		assert_true(list.n <= ASSAY_PARAM_MAX);
		(void)assay_param_readings(arena, &list, "a", r, ASSAY_PARAM_READINGS);
		free(text);
	}
	assert_true(assay_clock_cpu_us() - before < 5000000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(as_the_standard_says), TEST(null_sender),
		TEST(groups), TEST(as_senders_write), TEST(keeps_and_counts),
		TEST(hostile_lists_are_linear), TEST(every_real_sender_is_found), TEST(values),
		TEST(parameters), TEST(extended_parameters), TEST(readings),
		TEST(many_parameters_are_linear) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
