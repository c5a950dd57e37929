/* rooms: text base */
/*
 * tests of core/text: hosts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "text/hosts.h"

struct got {
	struct assay_slice text;
	struct assay_buf out;
	size_t n, max;
};

/* note - "host url;" */
static bool note(void *user, const struct assay_hosts_hit *hit)
{
	struct got *g = user;

	(void)assay_buf_add_slice(&g->out, hit->host);
	(void)assay_buf_add_char(&g->out, ' ');
	assay_hosts_url(g->text, hit, &g->out);
	(void)assay_buf_add_char(&g->out, ';');
	return ++g->n < g->max;
}

/* finds - the hosts of a text */
static void finds(const char *text, size_t max, const char *want)
{
	struct got g = { .text = assay_slice_str(text), .max = max };

	assay_buf_init(&g.out, 4096);
	assay_hosts_scan(g.text, note, &g);
	(void)assay_buf_add_char(&g.out, '\0');
	assert_string_equal(g.out.p, want);
	assay_buf_release(&g.out);
}

/* hosts_stand_anywhere - comments, attributes, other URLs */
static void hosts_stand_anywhere(void **state)
{
	(void)state;
	finds("<!-- http://Evil.example/x --><p title='https://t.example'>", 9,
	    "evil.example http://Evil.example/x;t.example https://t.example;");
	finds("http://a.example/?u=http://b.example:81/&v=https://me:pw@c.example", 9,
	    "a.example http://a.example/?u=http://b.example:81/&v=https://me:pw@c.example;"
	    "b.example http://b.example:81/&v=https://me:pw@c.example;"
	    "c.example https://me:pw@c.example;");
	finds("href=3D\"http://d.example/\"", 9, "d.example http://d.example/;");
	finds("{&quot;src&quot;:&quot;https:\\/\\/e.example\\/f&quot;}", 9,
	    "e.example https:\\/\\/e.example\\/f;");
	finds("x http://0x7f.1/ y", 9, "127.0.0.1 http://0x7f.1/;");
}

/* encoded_ones_are_read - percent-encoded once */
static void encoded_ones_are_read(void **state)
{
	(void)state;
	finds("/r?u=https%3A%2F%2Ff.example%2Fpath%3Fq&z=1", 9,
	    "f.example https://f.example/path?q;");
	finds("%3A%2F%2Fx.example http%3a%2f%2", 9, "");
}

/* what_is_no_host_is_left - schemes alone, names without a dot, other schemes */
static void what_is_no_host_is_left(void **state)
{
	(void)state;
	finds("http:// http://localhost/ ftp://g.example/ http://. http://@/ :// : %", 9, "");
	finds("http://h.example\xe2\x80\x9d http://h.example.", 9,
	    "h.example http://h.example\xe2\x80\x9d;");
	finds(
	    "http://i.example http://i.example http://j.example", 1, "i.example http://i.example;");
}

/* count - the url of each tenth */
static bool count(void *user, const struct assay_hosts_hit *hit)
{
	(void)hit;
	++*(size_t *)user;
	return true;
}

/* floods_are_linear - a megabyte of schemes */
static void floods_are_linear(void **state)
{
	static const char *const piece[] = { "http://", "http://a.b", "://", "%3a%2f%2f", "http:" };
	char *text = malloc(1u << 20);
	int64_t start = assay_clock_mono_ms();

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(piece) / sizeof(piece[0]); i++) {
		size_t len = strlen(piece[i]), n = 0;

		for (size_t at = 0; at + len <= (1u << 20); at += len)
			memcpy(text + at, piece[i], len);
		assay_hosts_scan(assay_slice(text, (1u << 20) / len * len), count, &n);
	}
	free(text);
	assert_true(assay_clock_mono_ms() - start < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_stand_anywhere),
		cmocka_unit_test(encoded_ones_are_read),
		cmocka_unit_test(what_is_no_host_is_left),
		cmocka_unit_test(floods_are_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
