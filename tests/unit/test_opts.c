/* rooms: core text base */
/*
 * test_opts.c - types, units, bounds and the words for what is wrong
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/coreopts.h"
#include "core/limits.h"
#include "core/opts.h"

static const struct assay_opt rows[] = {
	{ "flag", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "A flag" },
	{ "count", ASSAY_OPT_INT, "7", -5, 10, NULL, "A count" },
	{ "room", ASSAY_OPT_SIZE, "64K", 1024, (int64_t)1 << 40, NULL, "A size" },
	{ "wait", ASSAY_OPT_TIME, "30s", 10, 86400000, NULL, "A time" },
	{ "free", ASSAY_OPT_TIME, "0", 0, 0, NULL, "A time without bounds" },
	{ "name", ASSAY_OPT_STR, "a b", 0, 0, NULL, "A text" },
	{ "list", ASSAY_OPT_LIST, "a, b", 0, 0, NULL, "A list" },
	{ "word", ASSAY_OPT_ENUM, "skip", 0, 0, "refuse|skip", "A word" },
	{ NULL, 0, NULL, 0, 0, NULL, NULL },
};
static const struct assay_opt *const tables[] = { rows, NULL };
static struct assay_arena *arena;
static struct assay_opts *opts;
static struct assay_err err;

/* set - an option; the error is left in err */
static enum assay_status set(const char *name, const char *text)
{
	return assay_opts_set(opts, assay_slice_str(name), assay_slice_str(text), &err);
}

/* sets - is accepted and becomes this number */
static void sets(const char *name, const char *text, int64_t number)
{
	if (set(name, text) != ASSAY_OK)
		fail_msg("%s = %s: %s", name, text, err.text);
	assert_int_equal(assay_opt_int(opts, name), number);
}

/* refuses - with these words */
static void refuses(const char *name, const char *text, const char *words)
{
	assert_int_equal(set(name, text), ASSAY_E_CONF);
	assert_string_equal(err.text, words);
}

/* test_defaults - as the table says */
static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(assay_opt_int(opts, "flag"), 1);
	assert_int_equal(assay_opt_int(opts, "count"), 7);
	assert_int_equal(assay_opt_int(opts, "room"), 65536);
	assert_int_equal(assay_opt_int(opts, "wait"), 30000);
	assert_string_equal(assay_opt_str(opts, "name"), "a b");
	assert_string_equal(assay_opt_list(opts, "list")[1], "b");
	assert_null(assay_opt_list(opts, "list")[2]);
	assert_string_equal(assay_opt_str(opts, "word"), "skip");
	assert_int_equal(assay_opts_enum(opts, "word"), 1);
	for (size_t i = 0; i < opts->n; i++)
		assert_false(opts->value[i].changed);
}

/* test_numbers - units are required, bounds are kept */
static void test_numbers(void **state)
{
	(void)state;
	sets("count", "-5", -5);
	sets("count", " 10 ", 10);
	refuses("count", "11", "must be at most 10");
	refuses("count", "-6", "must be at least -5");
	refuses("count", "ten", "must be a number");
	refuses("count", "5 apples", "must be a whole number without a unit");
	refuses("count", "99999999999999999999", "must be a number");
	assert_int_equal(assay_opt_int(opts, "count"), 10);
	sets("room", "2048B", 2048);
	sets("room", "10M", 10 << 20);
	sets("room", "10 m", 10 << 20);
	sets("room", "1T", (int64_t)1 << 40);
	refuses("room", "10", "needs a unit: B, K, M, G or T, as in 10M");
	refuses("room", "10MB", "needs a unit: B, K, M, G or T, as in 10M");
	refuses("room", "512B", "must be at least 1K");
	refuses("room", "1025G", "must be at most 1T");
	refuses("room", "99999999999T", "is too large");
	refuses("room", "", "must be a number with a unit: 512B, 64K, 10M, 2G");
	sets("wait", "500ms", 500);
	sets("wait", "2m", 120000);
	sets("wait", "1h", 3600000);
	sets("wait", "1d", 86400000);
	refuses("wait", "60", "needs a unit: ms, s, m, h or d, as in 60s");
	refuses("wait", "2d", "must be at most 1d");
	sets("free", "0", 0);
}

/* test_words - yes and no, enumerations, lists */
static void test_words(void **state)
{
	(void)state;
	sets("flag", "no", 0);
	refuses("flag", "true", "must be yes or no");
	assert_int_equal(set("word", "REFUSE"), ASSAY_OK);
	assert_string_equal(assay_opt_str(opts, "word"), "refuse");
	refuses("word", "ignore", "must be one of refuse|skip");
	assert_int_equal(set("list", " x ,, y z ,"), ASSAY_OK);
	assert_string_equal(assay_opt_list(opts, "list")[0], "x");
	assert_string_equal(assay_opt_list(opts, "list")[1], "y z");
	assert_null(assay_opt_list(opts, "list")[2]);
	assert_int_equal(set("list", ""), ASSAY_OK);
	assert_null(assay_opt_list(opts, "list")[0]);
	assert_int_equal(set("nme", "x"), ASSAY_E_NOENT);
}

/* test_changed - in meaning, not in writing */
static void test_changed(void **state)
{
	(void)state;
	assert_int_equal(set("room", "65536B"), ASSAY_OK);
	assert_false(assay_opts_find(opts, ASSAY_SLICE_LIT("room"))->changed);
	assert_int_equal(set("list", "a,b"), ASSAY_OK);
	assert_false(assay_opts_find(opts, ASSAY_SLICE_LIT("list"))->changed);
	assert_int_equal(set("list", "b,a"), ASSAY_OK);
	assert_true(assay_opts_find(opts, ASSAY_SLICE_LIT("list"))->changed);
}

/* test_nearest - typing errors find their option, nonsense does not */
static void test_nearest(void **state)
{
	static const char *const names[] = { "always_dispatch", "start_dispatch", NULL };

	(void)state;
	assert_string_equal(assay_opts_nearest(opts, ASSAY_SLICE_LIT("conut")), "count");
	assert_string_equal(assay_opts_nearest(opts, ASSAY_SLICE_LIT("lists")), "list");
	assert_null(assay_opts_nearest(opts, ASSAY_SLICE_LIT("completely_else")));
	assert_null(assay_opts_nearest(
	    opts, ASSAY_SLICE_LIT("a_name_that_is_longer_than_what_the_distance_is_computed_for")));
	assert_string_equal(
	    assay_opts_nearest_of(names, ASSAY_SLICE_LIT("alway_dispatch")), "always_dispatch");
}

/* test_paths - below the configuration, unless told otherwise */
static void test_paths(void **state)
{
	(void)state;
	opts->conf_dir = "/conf";
	assert_int_equal(set("name", "rules/a.yar"), ASSAY_OK);
	assert_string_equal(assay_opt_path(opts, "name"), "/conf/rules/a.yar");
	assert_int_equal(set("list", "/x, y"), ASSAY_OK);
	assert_string_equal(assay_opt_paths(opts, "list")[0], "/x");
	assert_string_equal(assay_opt_paths(opts, "list")[1], "/conf/y");
	assay_opts_find(opts, ASSAY_SLICE_LIT("name"))->origin = ASSAY_ORIGIN_COMMAND;
	assert_string_equal(assay_opt_path(opts, "name"), "rules/a.yar");
	assert_int_equal(set("name", ""), ASSAY_OK);
	assert_string_equal(assay_opt_path(opts, "name"), "");
}

/* test_cache - made when asked for, NULL where it cannot be */
static void test_cache(void **state)
{
	char dir[] = "/tmp/assay-test-XXXXXX";
	struct stat st;

	(void)state;
	assert_null(assay_opt_cache_dir(opts));
	assert_non_null(mkdtemp(dir));
	opts->cache_dir = assay_arena_printf(arena, "%s/a/b", dir);
	assert_string_equal(assay_opt_cache_dir(opts), opts->cache_dir);
	assert_int_equal(stat(opts->cache_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(rmdir(opts->cache_dir), 0);
	assert_int_equal(rmdir(assay_arena_printf(arena, "%s/a", dir)), 0);
	assert_int_equal(rmdir(dir), 0);
	opts->cache_dir = "/proc/no/such";
	assert_null(assay_opt_cache_dir(opts));
}

/* test_core - the shipped tables agree with themselves and with each other */
static void test_core(void **state)
{
	static const struct assay_opt *const core[] = { assay_core_rows, assay_limit_rows, NULL };
	const struct assay_opts *o = assay_opts_new(arena, "core", core);

	(void)state;
	for (size_t i = 0; i < o->n; i++) {
		const struct assay_opt *row = o->value[i].row;

		assert_non_null(row->help);
		assert_true(row->help[0] != '\0' && row->help[strlen(row->help) - 1] != '.');
	}
	assert_int_equal(assay_opt_int(o, "scan_memory"), 512 << 20);
	assert_int_equal(assay_opt_int(o, "message_size"), 50 << 20);
}

/* setup - fresh defaults for each test */
static int setup(void **state)
{
	(void)state;
	arena = assay_arena_new();
	opts = assay_opts_new(arena, "test", tables);
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
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nearest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cache, setup, teardown),
		cmocka_unit_test_setup_teardown(test_core, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
