/* rooms: text base */
/*
 * tests of core/text: html, entity, links
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "text/entity.h"
#include "text/html.h"
#include "text/links.h"

/* decodes - references in text (or an attribute) */
static void decodes(const char *in, bool attribute, const char *want)
{
	struct assay_buf b;

	assay_buf_init(&b, 1000);
	assert_true(assay_entity_decode(assay_slice_str(in), attribute, &b));
	assert_string_equal(assay_buf_slice(&b).p, want);
	assay_buf_release(&b);
}

static void references_are_decoded_as_in_browsers(void **state)
{
	(void)state;
	decodes("&lt;&amp;&eacute;&Eacute&colon;&sol;&period;&Tab;&NewLine;", false,
	    "<&\xc3\xa9\xc3\x89:/.\t\n");
	decodes("&#104;&#x74&#X74;&#0;&#128;&#xD800;&#99999999999;&#;&#x;&", false,
	    "htt\xef\xbf\xbd\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd&#;&#x;&");
	decodes("&notit; &nosuch; &amp;amp; &ZeroWidthSpace;&shy;", false,
	    "\xc2\xacit; &nosuch; &amp; \xe2\x80\x8b\xc2\xad");
	decodes("a?x=1&copy=2&lt;&ampx&amp", true, "a?x=1&copy=2<&ampx&");
	decodes("&copy=2", false, "\xc2\xa9=2");
	decodes("&#0000000000000000000000104;", false, "h");
	decodes("&CounterClockwiseContourIntegral;&hscr;", false,
	    "&CounterClockwiseContourIntegral;\xf0\x9d\x92\xbd");
}

/* describe - tokens as text: <a x=y> [text] </a> {comment} */
static void describe(struct assay_buf *b, const struct assay_html_token *t)
{
	static const char open[] = "[({</{!#", shut[] = "])}>>}!#";

	(void)assay_buf_add_char(b, open[t->type]);
	(void)assay_buf_add_slice(b, t->name);
	if (t->name.n > 0 && t->text.n > 0)
		(void)assay_buf_add_char(b, ':');
	(void)assay_buf_add_slice(b, t->text);
	for (size_t i = 0; i < t->nattr; i++) {
		(void)assay_buf_add_char(b, '|');
		(void)assay_buf_add_slice(b, t->attr[i].name);
		if (t->attr[i].value.p != NULL)
			(void)assay_buf_add_char(b, '=');
		(void)assay_buf_add_slice(b, t->attr[i].value);
	}
	(void)assay_buf_add_char(b, shut[t->type]);
}

/* tokenizes - to that description; the tokens cover the input without gaps */
static void tokenizes(const char *in, const char *want)
{
	struct assay_html_token t;
	struct assay_html h;
	struct assay_buf b;
	size_t at = 0;

	assay_buf_init(&b, 10000);
	assay_html_init(&h, assay_slice_str(in));
	while (assay_html_next(&h, &t)) {
		assert_int_equal(t.offset, at);
		assert_true(t.end > at);
		at = t.end;
		describe(&b, &t);
	}
	assert_int_equal(at, strlen(in));
	assert_string_equal(assay_buf_slice(&b).p, want);
	assay_buf_release(&b);
}

static void markup_is_cut_as_in_browsers(void **state)
{
	(void)state;
	tokenizes("a<b>c</b >d", "[a]<b>[c]/b>[d]");
	tokenizes("<a/href=x/y title='a>b' Q=\"\" z>", "<a|href=x/y|title=a>b|Q=|z>");
	tokenizes("<a href = x =y b>", "<a|href=x|=y|b>");
	tokenizes("1 < 2 <3 << <> </> </ x><?y>", "[1 < 2 <3 << <> ]{}[ ]{ x}{y}");
	tokenizes("<a href=\"x>y</a>", "<a|href=x>y</a>>");
	tokenizes("<a href", "<a|href>");
	tokenizes("<!-- a -- > b --><!--> <!---> <!-- x --!>y<!-- z",
	    "{ a -- > b }{}[ ]{}[ ]{ x }[y]{ z}");
	tokenizes("<!DOCTYPE html><![CDATA[a>b]]>", "!DOCTYPE html!#[CDATA[a#[b]]>]");
	tokenizes("<br/><p\n>", "<br><p>");
	tokenizes("<", "[<]");
	tokenizes("</", "[</]");
	tokenizes("", "");
}

static void raw_text_elements_hide_markup(void **state)
{
	(void)state;
	tokenizes(
	    "<script>a<b></scriptx></SCRIPT >c", "<script>(script:a<b></scriptx>)/SCRIPT>[c]");
	tokenizes("<title>a<b>&amp;</title><style></style>",
	    "<title>{title:a<b>&amp;}/title><style>/style>");
	tokenizes("<textarea><a href=x>", "<textarea>{textarea:<a href=x>}");
	tokenizes("<noscript><a></noscript>", "<noscript><a>/noscript>");
	tokenizes("<plaintext></plaintext>", "<plaintext>(plaintext:</plaintext>)");
}

/* add_link - "kind url 'display';" into a buffer */
static bool add_link(void *user, const struct assay_links_link *l)
{
	struct assay_buf *b = user;

	(void)assay_buf_add_str(b, assay_links_kind_name(l->kind));
	(void)assay_buf_add_char(b, ' ');
	(void)assay_buf_add_slice(b, l->url);
	if (l->display.p != NULL)
		(void)assay_buf_printf(b, " '%.*s'", (int)l->display.n, l->display.p);
	(void)assay_buf_add_str(b, l->conditional ? "?;" : ";");
	return true;
}

/* leads - the links and the text of a body */
static struct assay_links leads(const char *html, const char *links, const char *shown)
{
	struct assay_buf b, text;
	struct assay_links_sink sink = { .link = add_link, .user = &b, .text = &text };
	struct assay_links r;

	assay_buf_init(&b, 10000);
	assay_buf_init(&text, 10000);
	assay_links_walk(assay_slice_str(html), &sink, &r);
	assert_string_equal(assay_buf_slice(&b).p, links);
	assert_string_equal(assay_buf_slice(&text).p, shown);
	assay_buf_release(&b);
	assay_buf_release(&text);
	return r;
}

static void links_have_display_text(void **state)
{
	(void)state;
	(void)leads(
	    "<p>Go <a href='ht&#116;p&colon;//e\nvil.com?a=1&amp;b' > pay\n<b>pal</b>.com</a>!</p>",
	    "href http://evil.com?a=1&b 'pay pal.com';", "Go pay pal.com!\n");
	(void)leads("<a href=x>one<a href=y>two", "href x 'one';href y 'two';", "onetwo");
	(void)leads(
	    "<a href=x><img src=i alt='Click &amp; go'></a>", "src i;href x 'Click & go';", "");
	(void)leads("<a name=x>t</a><a href=''>u</a>", "", "tu");
	(void)leads("<a href=x href=y>z", "href x 'z';", "z");
}

static void every_place_of_a_url_is_seen(void **state)
{
	struct assay_links r;

	(void)state;
	r = leads("<base href=http://b/><link href=l><form action=f><button formaction=g>"
		  "<input type=password><input><input type=hidden>",
	    "base http://b/;link l;form f;form g;", "");
	assert_true(r.forms == 1 && r.passwords == 1 && r.inputs == 1);
	(void)leads("<meta http-equiv=Refresh content=\"0; URL='http://r/'\"><body background=b>",
	    "meta http://r/;src b;", "");
	(void)leads("<img srcset='a.png 1x, b.png,c 2x'><object data=d><video poster=p src=v>",
	    "srcset a.png;srcset b.png,c;src d;src p;src v;", "");
	(void)leads("<div style=\"background:url( &quot;c\\68 ttp&quot; )\"><style>@import 'i';"
		    "x{y:URL(z)}</style>",
	    "css chttp;css i;css z;", "");
	(void)leads("<script>location='http://s.com/x'</script><p onclick=\"go('http://o.com')\">",
	    "script http://s.com/x;script http://o.com;", "");
	(void)leads("<svg><image xlink:href=i></image><a xlink:href=j>k</a></svg>",
	    "src i;href j 'k';", "k");
	(void)leads(
	    "<iframe srcdoc=\"<a href='x&amp;amp;y'>t</a>\"></iframe>", "href x&y 't';", "t");
}

static void outlook_conditions_are_opened(void **state)
{
	(void)state;
	(void)leads(
	    "a<!--[if mso]><v:roundrect href=m>b</v:roundrect><![endif]-->c", "href m?;", "ac");
	(void)leads("<!--[if !mso]><!--><a href=n>d</a><!--<![endif]-->", "href n 'd';", "d");
}

static void text_is_what_is_seen(void **state)
{
	(void)state;
	(void)leads("<title>T</title><h1>A</h1>b<br>c &lt;d&gt;<td>e<script>x</script>  f", "",
	    "A\nb\nc <d> e f");
	(void)leads("pay&nbsp;pal \xff", "", "pay\xc2\xa0pal \xef\xbf\xbd");
}

static void the_walk_is_bounded(void **state)
{
	struct assay_buf b, text;
	struct assay_links_sink sink = { .user = &b, .text = &text };
	char *html = malloc(1000000);
	struct assay_links r;

	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		html[i] = "<a href=x>"[i % 10];
	assay_buf_init(&text, 10);
	assay_links_walk(assay_slice(html, 1000000), &sink, &r);
	assert_int_equal(r.links, 100000);
	memset(html + 9, 'y', 1000000 - 9);
	assay_links_walk(assay_slice(html, 1000000), &sink, &r);
	assert_int_equal(r.links, 1);
	assert_false(r.text_cut);
	memset(html, 'y', 1000000);
	assay_links_walk(assay_slice(html, 1000000), &sink, &r);
	assert_true(r.text_cut && text.n == 10);
	assay_buf_release(&text);
	free(html);
}

/* CPU of a walk over repetitions of unit, in microseconds (least of three) */
static int64_t cost(const char *unit, size_t bytes)
{
	const struct assay_links_sink sink = { .user = NULL };
	const size_t n = strlen(unit);
	char *html = malloc(bytes);
	int64_t best = INT64_MAX;
	struct assay_links r;

	for (size_t i = 0; i < bytes; i++)
		html[i] = unit[i % n];
	for (int k = 0; k < 3; k++) {
		const int64_t start = assay_clock_cpu_us();

		assay_links_walk(assay_slice(html, bytes), &sink, &r);
		if (assay_clock_cpu_us() - start < best)
			best = assay_clock_cpu_us() - start;
	}
	free(html);
	return best;
}

static void walking_is_linear_on_hostile_html(void **state)
{
	static const char *const units[] = { "<div>", "<", "<a ", "<a b=", "&", "&#", "&a", "<!--",
		"<!--[if mso]>", "<!x>", "</a>", "<script>", "<script></script>",
		"<style>url(</style>", "<a href=x>", "<p style=url(", "<a =", "<title>a</title>",
		"<img srcset='a,b c,'>", "<iframe srcdoc='<a href=x>'>", "</", "<style>url(",
		"<a href='" };

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
		cmocka_unit_test(references_are_decoded_as_in_browsers),
		cmocka_unit_test(markup_is_cut_as_in_browsers),
		cmocka_unit_test(raw_text_elements_hide_markup),
		cmocka_unit_test(links_have_display_text),
		cmocka_unit_test(every_place_of_a_url_is_seen),
		cmocka_unit_test(outlook_conditions_are_opened),
		cmocka_unit_test(text_is_what_is_seen),
		cmocka_unit_test(the_walk_is_bounded),
		cmocka_unit_test(walking_is_linear_on_hostile_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
