/* rooms: plugin_maildir fakehost text base */
/*
 * tests of plugins/provider/maildir: `once`, for the Maildirs that a command names, and what is
 * wrong with a configuration
 */
#include "maildir_bench.h"

#define BOB "/mail/bob/Maildir"
#define EVE "/mail/eve/Maildir"

static void says_what_is_wrong_with_the_configuration(void **state)
{
	static const struct {
		const char *maildirs, *words;
	} bad[] = { { "Maildir", "begin it with /" }, { "~/Maildir", "begin it with /" },
		{ "/a/**/Maildir", "one *" }, { "/a/../b", ".." }, { "/", "whole path" },
		{ "/a,/*/*/*/*/*", "four *" } };
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char opt[100];
		const char *opts[] = { opt, NULL };

		(void)snprintf(opt, sizeof opt, "maildirs=%s", bad[i].maildirs);
		assert_int_equal(
		    fake_host_open(&assay_plugin, opts, NULL, &bench.host, &err), ASSAY_E_CONF);
		assert_non_null(strstr(err.text, bad[i].words));
		assert_non_null(strstr(err.text, "maildirs"));
	}
	bench.opts[0] = "maildirs=";
	bench_start(&bench);
	assert_int_equal(assay_plugin.provider->run(fake_host_state(bench.host), &bench.door, &err),
	    ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "at least one"));
}

/* once - the names, NULL behind them */
static enum assay_status once(const char *name, const char *other, struct assay_err *err)
{
	const char *names[] = { name, other, NULL };

	bench_start(&bench);
	return assay_plugin.provider->once(fake_host_state(bench.host), &bench.door, names, err);
}

static void once_gives_all_mails_each_time(void **state)
{
	char name[64], here[500];

	(void)state;
	bench_maildir(&bench, BOB);
	bench_maildir(&bench, EVE);
	for (int i = 0; i < 9000; i++) {
		(void)snprintf(name, sizeof name, BOB "/%s", i % 2 ? "new/" : "cur/");
		(void)snprintf(name + strlen(name), 32, "%d.x%s", 10000 + i, i % 2 ? "" : ":2,S");
		bench_link(&bench, name);
	}
	keep_dir_write(&bench.dir, EVE "/new/1.a", "a");
	for (int again = 0; again < 2; again++) {
		assert_int_equal(
		    once(bench_path(&bench, BOB "/"), bench_path(&bench, EVE), NULL), ASSAY_OK);
		assert_int_equal(bench.door.n, 9001);
		assert_string_equal(
		    bench.door.mail[0].source_id, bench_path(&bench, BOB "/10001.x"));
	}
	/* By any name it is the same mail. */
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(bench_path(&bench, "/mail/bob")), 0);
	assert_int_equal(once("../eve/./Maildir", "/nowhere/at/all", NULL), ASSAY_E_NOENT);
	assert_int_equal(bench.door.n, 1);
	assert_string_equal(bench.door.mail[0].source_id, bench_path(&bench, EVE "/1.a"));
	assert_int_equal(chdir(bench_path(&bench, EVE)), 0);
	assert_int_equal(once(".", NULL, NULL), ASSAY_OK);
	assert_string_equal(bench.door.mail[0].source_id, bench_path(&bench, EVE "/1.a"));
	assert_int_equal(chdir(bench_path(&bench, "/mail")), 0);
	assert_int_equal(once("*/Maildir", NULL, NULL), ASSAY_OK);
	assert_int_equal(bench.door.n, 9001);
	assert_string_equal(
	    bench_mailbox(fake_door_find(&bench.door, bench_path(&bench, EVE "/1.a"))), "eve");
	assert_int_equal(chdir(here), 0);
	/* Nothing is kept. */
	assert_int_equal(access(bench_path(&bench, "/state"), F_OK), -1);
}

static void once_says_what_is_no_maildir(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(once(bench_path(&bench, "/mail"), NULL, &err), ASSAY_E_NOENT);
	assert_non_null(strstr(err.text, "no Maildir"));
	assert_int_equal(once(bench_path(&bench, "/none"), NULL, &err), ASSAY_E_NOENT);
	bench_maildir(&bench, BOB);
	bench_deliver(&bench, BOB "/cur/1.a:2,", "a");
	assert_int_equal(rmdir(bench_path(&bench, BOB "/new")), 0);
	assert_int_equal(once(bench_path(&bench, BOB), NULL, &err), ASSAY_OK);
	assert_int_equal(bench.door.n, 1);
	assert_int_equal(symlink("Maildir", bench_path(&bench, "/mail/bob/link")), 0);
	assert_int_equal(once(bench_path(&bench, "/mail/bob/link"), NULL, &err), ASSAY_E_IO);
	assert_non_null(strstr(err.text, "symbolic link"));
}

static void once_stops_and_says_what_was_refused(void **state)
{
	struct assay_err err;
	const char *names[2] = { NULL, NULL };

	(void)state;
	bench_maildir(&bench, BOB);
	bench_many(&bench, BOB "/new", 10);
	names[0] = bench_path(&bench, BOB);
	bench_start(&bench);
	bench.door.stop_at = 4;
	assert_int_equal(
	    assay_plugin.provider->once(fake_host_state(bench.host), &bench.door, names, &err),
	    ASSAY_END);
	assert_int_equal(bench.door.n, 4);
	bench_start(&bench);
	bench.door.refuse = ASSAY_E_FULL;
	assert_int_equal(
	    assay_plugin.provider->once(fake_host_state(bench.host), &bench.door, names, &err),
	    ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "refuse"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(says_what_is_wrong_with_the_configuration),
		BENCH_TEST(once_gives_all_mails_each_time),
		BENCH_TEST(once_says_what_is_no_maildir),
		BENCH_TEST(once_stops_and_says_what_was_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
