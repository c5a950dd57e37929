/* rooms: core text base */
/*
 * test_ini.c - the syntax of assay.conf, and what is said of what it is not
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/ini.h"

static struct assay_arena *arena;
static struct assay_ini ini;
static struct assay_err err;

/* parse - a text that may hold NULs, as file "f" */
static enum assay_status parse(struct assay_slice text)
{
	assay_arena_reset(arena);
	err.text[0] = '\0';
	return assay_ini_parse(arena, "f", text, &ini, &err);
}

/* good - parses, and has so many values */
static void good(const char *text, size_t n)
{
	if (parse(assay_slice_str(text)) != ASSAY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(ini.n_values, n);
}

/* bad - is refused with these words in front */
static void bad(const char *text, const char *words)
{
	assert_int_equal(parse(assay_slice_str(text)), ASSAY_E_CONF);
	if (strncmp(err.text, words, strlen(words)) != 0)
		fail_msg("\"%s\" is not \"%s...\"", err.text, words);
}

/* is - the i-th value */
static void is(size_t i, const char *section, const char *key, const char *value, unsigned line)
{
	assert_string_equal(ini.value[i].section, section);
	assert_string_equal(ini.value[i].key, key);
	assert_string_equal(ini.value[i].value, value);
	assert_int_equal(ini.value[i].line, line);
}

/* test_values - sections, keys, values, lines */
static void test_values(void **state)
{
	(void)state;
	good("# c\n[core]\nplugins = smtp, hash \n\n  # in between\n[rule infected]\na.b-c_d=x = y "
	     "# z\n",
	    2);
	is(0, "core", "plugins", "smtp, hash", 3);
	is(1, "rule infected", "a.b-c_d", "x = y # z", 7);
	assert_int_equal(ini.n_sections, 2);
	assert_string_equal(ini.section[1].name, "rule infected");
	assert_int_equal(ini.section[1].line, 6);
}

/* test_continuation - indented lines, with comments and blanks between */
static void test_continuation(void **state)
{
	(void)state;
	good("[a]\nk = 1,\n\t2,\n# no\n\n    3\nl =\n  x\nm =", 3);
	is(0, "a", "k", "1, 2, 3", 2);
	is(1, "a", "l", "x", 7);
	is(2, "a", "m", "", 9);
}

/* test_line_ends - CRLF, no last line end, byte order mark, tabs */
static void test_line_ends(void **state)
{
	(void)state;
	good("\xef\xbb\xbf[a]\r\nk\t=\tv\tw\r\n  x\r\n", 1);
	is(0, "a", "k", "v w x", 2);
	good("", 0);
	good("\n\n#", 0);
	good("k = v", 1);
	is(0, "", "k", "v", 1);
}

/* test_again - a section may be opened again, a key may not */
static void test_again(void **state)
{
	(void)state;
	good("[a]\nk=1\n[b]\nk=2\n[a]\nl=3\n", 3);
	is(2, "a", "l", "3", 6);
	assert_int_equal(ini.n_sections, 2);
	bad("[a]\nk=1\n[b]\n[a]\nk=3\n", "f:5: k is set twice, first in line 2");
}

/* test_refused - what is no configuration */
static void test_refused(void **state)
{
	(void)state;
	bad("[a\n", "f:1: a section line ends with ']'");
	bad("[]\n", "f:1: this is no section name");
	bad("[", "f:1: a section line ends with ']'");
	bad("[a b c]\n", "f:1: this is no section name");
	bad("[a/b]\n", "f:1: this is no section name");
	bad("\n[a]\nhello\n", "f:3: expected \"key = value\"");
	bad("[a]\nhe llo = 1\n", "f:2: this is no option name: he llo");
	bad("= 1\n", "f:1: this is no option name");
	bad("  x\n", "f:1: an indented line continues a value, but there is none");
	bad("[a]\n  x\n", "f:2: an indented line");
	bad("[a]\nk = \x01\n", "f:2: there is a control character");
	bad("[a]\nk = a\rb\n", "f:2: there is a control character");
	bad("[a]\nk = \xff\n", "f:2: this line is not UTF-8");
	assert_int_equal(parse(ASSAY_SLICE_LIT("[a]\nk = x\0y\n")), ASSAY_E_CONF);
}

/* test_read - files that are there, and not */
static void test_read(void **state)
{
	(void)state;
	assert_int_equal(assay_ini_read(arena, "/nonexistent/x", &ini, &err), ASSAY_E_NOENT);
	assert_int_equal(assay_ini_read(arena, "/", &ini, &err), ASSAY_E_CONF);
	assert_int_equal(err.code, ASSAY_E_CONF);
	assert_int_equal(assay_ini_read(arena, "/dev/null", &ini, &err), ASSAY_OK);
	assert_int_equal(ini.n_values, 0);
}

/* test_many - linear, and all there */
static void test_many(void **state)
{
	static char text[ASSAY_INI_MAX];
	size_t n = 0, keys = 0;

	(void)state;
	while (n + 32 < sizeof text)
		n += (size_t)snprintf(text + n, 32, "key%zu = %zu\n", keys++, n);
	assert_int_equal(parse(assay_slice(text, n)), ASSAY_OK);
	assert_int_equal(ini.n_values, keys);
	assert_string_equal(ini.value[1].key, "key1");
	assert_int_equal(parse(assay_slice(text, sizeof text + 1)), ASSAY_E_CONF);
}

/* setup - one arena for all */
static int setup(void **state)
{
	(void)state;
	arena = assay_arena_new();
	return 0;
}

/* teardown - leave nothing */
static int teardown(void **state)
{
	(void)state;
	assay_arena_free(&arena);
	return 0;
}

/* main - run them */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
