/* rooms: core text base */
/*
 * test_config.c - precedence, origins, refusals, homes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/config.h"

static const struct assay_opt yara_rows[] = {
	{ "timeout", ASSAY_OPT_TIME, "60s", 1, 600000, NULL, "A time" },
	{ "rules", ASSAY_OPT_LIST, "rules", 0, 0, NULL, "Files" },
	{ "our_domains", ASSAY_OPT_LIST, "", 0, 0, NULL, "As in [core]" },
	{ NULL, 0, NULL, 0, 0, NULL, NULL },
};
static char home[64];
static struct assay_config *config;
static const struct assay_opts *yara;
static struct assay_err err;

/* write_file - below the home */
static void write_file(const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", home, name);
	assert_int_equal(assay_io_replace_file(path, 0644, text, strlen(text), &err), ASSAY_OK);
}

/* load - the home with these plugin options; then yara and finish */
static enum assay_status load(const char *const *core_opts, const char *const *plugin_opts)
{
	struct assay_config_source source = {
		.home = home, .core_opts = core_opts, .plugin_opts = plugin_opts
	};
	enum assay_status status;

	assay_config_free(&config);
	err.text[0] = '\0';
	status = assay_config_load(&source, &config, &err);
	if (status == ASSAY_OK)
		status = assay_config_plugin(config, "yara", yara_rows, &yara, &err);
	if (status == ASSAY_OK)
		status = assay_config_finish(config, &err);
	return status;
}

/* refuses - a whole assay.conf, with these words behind the file's name */
static void refuses(const char *text, const char *words)
{
	char want[600];

	write_file("assay.conf", text);
	assert_int_equal(load(NULL, NULL), ASSAY_E_CONF);
	(void)snprintf(want, sizeof want, "%s/assay.conf%s", home, words);
	assert_string_equal(err.text, want);
}

/* value - an option of yara */
static const struct assay_opt_value *value(const char *name)
{
	return assay_opts_find(yara, assay_slice_str(name));
}

/* test_nothing - no file at all is fine */
static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_null(assay_config_file(config));
	assert_string_equal(
	    assay_opt_list(assay_config_core(config), "dispatchers")[0], "mimetype");
	assert_int_equal(assay_opt_int(yara, "timeout"), 60000);
	assert_string_equal(assay_config_path(config, ASSAY_DIR_VAR), home);
}

/* test_precedence - command line > assay.conf > plugins.d > default */
static void test_precedence(void **state)
{
	const char *const words[] = { "yara:timeout=3s", NULL };

	(void)state;
	write_file("plugins.d/yara.conf", "timeout = 1s\nrules = a\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_int_equal(assay_opt_int(yara, "timeout"), 1000);
	write_file("assay.conf", "[yara]\ntimeout = 2s\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_int_equal(assay_opt_int(yara, "timeout"), 2000);
	assert_int_equal(value("timeout")->line, 2);
	assert_non_null(strstr(value("timeout")->file, "/assay.conf"));
	assert_non_null(strstr(value("rules")->file, "/plugins.d/yara.conf"));
	assert_string_equal(assay_opt_list(yara, "rules")[0], "a");
	assert_int_equal(load(NULL, words), ASSAY_OK);
	assert_int_equal(assay_opt_int(yara, "timeout"), 3000);
	assert_int_equal(value("timeout")->origin, ASSAY_ORIGIN_COMMAND);
}

/* test_core_opts - flags of the command line lie above the file */
static void test_core_opts(void **state)
{
	const char *const flags[] = { "jobs=4", "always_dispatch=hash", NULL };
	const char *const wrong[] = { "jobs=0", NULL };

	(void)state;
	write_file("assay.conf", "[core]\njobs = 3\ninstance = mx1\n");
	assert_int_equal(load(flags, NULL), ASSAY_OK);
	assert_int_equal(assay_opt_int(assay_config_core(config), "jobs"), 4);
	assert_string_equal(assay_opt_str(assay_config_core(config), "instance"), "mx1");
	assert_int_equal(load(wrong, NULL), ASSAY_E_USAGE);
	assert_string_equal(err.text, "command line: jobs=0: must be at least 1");
}

/* test_inherit - an option that [core] has too */
static void test_inherit(void **state)
{
	(void)state;
	write_file("assay.conf", "[core]\nour_domains = a.example\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_string_equal(assay_opt_list(yara, "our_domains")[0], "a.example");
	write_file(
	    "assay.conf", "[core]\nour_domains = a.example\n[yara]\nour_domains = b.example\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_string_equal(assay_opt_list(yara, "our_domains")[0], "b.example");
}

/* test_refused - file:line, what, and the nearest name */
static void test_refused(void **state)
{
	(void)state;
	refuses("[core]\n\njbos = 2\n", ":3: [core] jbos: no such option; did you mean \"jobs\"?");
	refuses("[core]\njobs = many\n", ":2: [core] jobs = many: must be a number");
	refuses("[yara]\ntimeout = 60\n",
	    ":2: [yara] timeout = 60: needs a unit: ms, s, m, h or d, as in 60s");
	refuses("[yara]\ntimeoutt = 60s\n",
	    ":2: [yara] timeoutt: no such option; did you mean \"timeout\"?");
	refuses("[yarra]\nx = 1\n",
	    ":1: [yarra]: no such section, and no plugin of that name; did you mean \"yara\"?");
	refuses(
	    "jobs = 1\n", ":1: jobs stands before the first section; put a line [core] above it");
}

/* test_plugin_file - only its own section */
static void test_plugin_file(void **state)
{
	(void)state;
	write_file("plugins.d/yara.conf", "[yara]\ntimeout = 1s\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_int_equal(assay_opt_int(yara, "timeout"), 1000);
	write_file("plugins.d/yara.conf", "[core]\njobs = 2\n");
	assert_int_equal(load(NULL, NULL), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "yara.conf:1: section [core] does not belong here"));
}

/* test_plugin_opts - form, and plugins that are not there */
static void test_plugin_opts(void **state)
{
	const char *const shape[] = { "timeout=3s", NULL };
	const char *const unknown[] = { "yaar:timeout=3s", NULL };
	const char *const option[] = { "yara:tiemout=3s", NULL };

	(void)state;
	assert_int_equal(load(NULL, shape), ASSAY_E_USAGE);
	assert_non_null(strstr(err.text, "write PLUGIN:OPTION=VALUE"));
	assert_int_equal(load(NULL, unknown), ASSAY_E_USAGE);
	assert_non_null(strstr(err.text, "did you mean \"yara\"?"));
	assert_int_equal(load(NULL, option), ASSAY_E_USAGE);
	assert_string_equal(
	    err.text, "command line: yara:tiemout=3s: no such option; did you mean \"timeout\"?");
}

/* test_not_loaded - the section of a plugin that is there but not loaded is let pass */
static void test_not_loaded(void **state)
{
	const char *const dirs[] = { home, NULL };
	struct assay_config_source source = { .home = home, .plugin_dirs = dirs };

	(void)state;
	write_file("assay.conf", "[clamav]\nsocket = x\n");
	write_file("clamav.so", "");
	assay_config_free(&config);
	assert_int_equal(assay_config_load(&source, &config, &err), ASSAY_OK);
	assert_string_equal(assay_config_plugin_dirs(config)[0], home);
	assert_int_equal(assay_config_finish(config, &err), ASSAY_OK);
}

/* test_conf_file - a named file must be there, and relative paths lie beside it */
static void test_conf_file(void **state)
{
	struct assay_config_source source = { .conf_file = "/nonexistent.conf" };
	char path[128], rules[128];

	(void)state;
	assert_int_equal(assay_config_load(&source, &config, &err), ASSAY_E_CONF);
	assert_null(config);
	assert_non_null(strstr(err.text, "no such file"));
	write_file("other.conf", "[yara]\nrules = r\n");
	(void)snprintf(path, sizeof path, "%s/other.conf", home);
	(void)snprintf(rules, sizeof rules, "%s/r", home);
	source.conf_file = path;
	assert_int_equal(assay_config_load(&source, &config, &err), ASSAY_OK);
	assert_int_equal(assay_config_plugin(config, "yara", yara_rows, &yara, &err), ASSAY_OK);
	assert_string_equal(assay_opt_paths(yara, "rules")[0], rules);
	assert_string_equal(assay_config_path(config, ASSAY_DIR_CONF), home);
}

/* test_digest - of meaning: unchanged by comments and by writing the default */
static void test_digest(void **state)
{
	char first[65];

	(void)state;
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	(void)snprintf(first, sizeof first, "%s", assay_config_sha256(config));
	assert_int_equal(strlen(first), 64);
	write_file("assay.conf", "# hello\n[yara]\ntimeout = 1m\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_string_equal(assay_config_sha256(config), first);
	write_file("assay.conf", "[yara]\ntimeout = 61s\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_string_not_equal(assay_config_sha256(config), first);
}

/* test_source_digest - of all that is said, whoever has claimed it */
static void test_source_digest(void **state)
{
	char first[65], second[65];

	(void)state;
	write_file("assay.conf", "[yara]\ntimeout = 1m\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	(void)snprintf(first, sizeof first, "%s", assay_config_source_sha256(config));
	assert_int_equal(strlen(first), 64);
	write_file("assay.conf", "# hello\n\n[yara]\ntimeout = 1m\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_string_equal(assay_config_source_sha256(config), first);
	write_file("plugins.d/yara.conf", "timeout = 61s\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	(void)snprintf(second, sizeof second, "%s", assay_config_source_sha256(config));
	assert_string_not_equal(second, first);
	write_file("assay.conf", "[yara]\ntimeout = 2m\n");
	assert_int_equal(load(NULL, NULL), ASSAY_OK);
	assert_string_not_equal(assay_config_source_sha256(config), second);
}

/* setup - an empty home */
static int setup(void **state)
{
	char dir[96];

	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-test-XXXXXX");
	if (mkdtemp(home) == NULL)
		return -1;
	(void)snprintf(dir, sizeof dir, "%s/plugins.d", home);
	return mkdir(dir, 0755);
}

/* teardown - and away with it */
static int teardown(void **state)
{
	static const char *const names[] = { "assay.conf", "other.conf", "clamav.so",
		"plugins.d/yara.conf" };
	char path[128];

	(void)state;
	assay_config_free(&config);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", home, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%s/plugins.d", home);
	(void)rmdir(path);
	return rmdir(home);
}

/* main - run them */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_precedence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_core_opts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inherit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plugin_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plugin_opts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conf_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_digest, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
