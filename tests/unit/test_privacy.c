/* rooms: core text base */
/*
 * tests of core/tell, core/privacy and core/pseudonym: what a connector gets to see
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "core/host.h"
#include "core/opts.h"
#include "core/tell.h"
#include "keep_dir.h"

/* What the connector was told last. */
static char told[4096];

static enum assay_status save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	(void)state;
	(void)err;
	assert_int_equal(n, 1);
	(void)snprintf(told, sizeof told, "%.*s", (int)records[0].json.n, records[0].json.p);
	return ASSAY_OK;
}

static const struct assay_opt own_rows[] = {
	{ "own", ASSAY_OPT_STR, "", 0, 0, NULL, "its own" },
	{ "exclude", ASSAY_OPT_LIST, "facts.size", 0, 0, NULL, "another default" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

static const struct assay_connector connector = { .save = save };
static const struct assay_plugin teller = {
	ASSAY_PLUGIN_HEAD,
	.name = "teller",
	.version = "1",
	.licence = "x",
	.summary = "x",
	.connector = &connector,
};
static const struct assay_plugin own = {
	ASSAY_PLUGIN_HEAD,
	.name = "own",
	.version = "1",
	.licence = "x",
	.summary = "x",
	.options = own_rows,
	.connector = &connector,
};

static const struct assay_field fields[] = {
	{ "size", ASSAY_INT, ASSAY_TECHNICAL, "size" },
	{ "body", ASSAY_STR, ASSAY_CONTENT, "text" },
	{ "from[].addr", ASSAY_STR, ASSAY_PERSONAL, "sender" },
	{ "from[].raw", ASSAY_STR, ASSAY_PERSONAL, "as written" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};
static const struct assay_fact facts[] = {
	{ "from", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_ADDRESS, "from[].addr", "sender" },
	{ "word", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "body", "text" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)state;
	(void)payload;
	(void)result;
	(void)err;
	return ASSAY_OK;
}
static const struct assay_worker worker = { .scan = scan };
static const struct assay_plugin mailer = {
	ASSAY_PLUGIN_HEAD,
	.name = "mailer",
	.version = "1",
	.licence = "x",
	.summary = "x",
	.fields = fields,
	.facts = facts,
	.worker = &worker,
};

static const char report[] =
    "{\"schema\":\"assay/1\",\"status\":\"scanned\",\"tenant\":\"T\",\"strange\":1,"
    "\"recipients\":[{\"addr\":\"Bob@b.example\",\"raw\":\"x\",\"source\":\"to\"}],"
    "\"facts\":{\"from\":[\"a@a.example\"],\"rcpt\":[\"bob@b.example\"],\"size\":[3],"
    "\"unknown\":[\"x\"],\"word\":[\"hello\"]},"
    "\"results\":[{\"payload_id\":\"0\",\"path\":\"p\",\"workers\":{\"mailer\":{\"size\":3,"
    "\"body\":\"hello bob@b.example, not bob@b.examples\","
    "\"from\":[{\"addr\":\"a@a.example\",\"raw\":\"A\"}]},\"gone\":{\"x\":1},\"mailer2\":null},"
    "\"archivers\":{\"filedir\":{\"ref\":\"r\"}}}],\"decorators\":{}}";

/* A host with the plugins above and, for `teller`, options of its own. */
struct fixture {
	struct assay_arena *arena;
	struct assay_host *host;
	struct assay_opts *opts;
};

static int setup(void **state)
{
	struct fixture *f = assay_xcalloc(1, sizeof *f);
	const struct assay_opt *tables[2] = { NULL, NULL };

	f->arena = assay_arena_new();
	f->host = assay_host_new();
	tables[0] = assay_tell_rows_of(f->arena, &teller);
	f->opts = assay_opts_new(f->arena, "teller", tables);
	assert_int_equal(assay_host_add(f->host, &mailer, NULL, NULL), ASSAY_OK);
	assert_int_equal(assay_host_add(f->host, &teller, f->opts, NULL), ASSAY_OK);
	assert_int_equal(assay_host_add(f->host, &own, NULL, NULL), ASSAY_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assay_host_close(&f->host);
	assay_arena_free(&f->arena);
	free(f);
	return 0;
}

static void set(struct fixture *f, const char *name, const char *text)
{
	assert_int_equal(
	    assay_opts_set(f->opts, assay_slice_str(name), assay_slice_str(text), NULL), ASSAY_OK);
}

/* tell - a record to one connector */
static void tell(struct fixture *f, const char *name, const char *json)
{
	const struct assay_record record = { "report", "1", assay_slice_str(json) };
	struct assay_tell *to;
	struct assay_err err = { .code = ASSAY_OK };

	if (assay_tell_open(f->host, name, &to, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(assay_tell_save(to, &record, 1, &err), ASSAY_OK);
	assert_int_equal(assay_tell_flush(to, &err), ASSAY_OK);
	assay_tell_close(&to);
}

static void everything_as_it_is(void **state)
{
	set(*state, "fields", "content");
	tell(*state, "teller", report);
	assert_string_equal(told, report);
}

static void no_bodies_by_default(void **state)
{
	tell(*state, "teller", report);
	assert_string_equal(told,
	    "{\"schema\":\"assay/1\",\"status\":\"scanned\",\"tenant\":\"T\","
	    "\"recipients\":[{\"addr\":\"Bob@b.example\",\"raw\":\"x\",\"source\":\"to\"}],"
	    "\"facts\":{\"from\":[\"a@a.example\"],\"rcpt\":[\"bob@b.example\"],\"size\":[3]},"
	    "\"results\":[{\"payload_id\":\"0\",\"path\":\"p\",\"workers\":{\"mailer\":{\"size\":"
	    "3,\"from\":[{\"addr\":\"a@a.example\",\"raw\":\"A\"}]}},"
	    "\"archivers\":{\"filedir\":{\"ref\":\"r\"}}}],\"decorators\":{}}");
}

static void nobody_in_technical(void **state)
{
	set(*state, "fields", "technical");
	tell(*state, "teller", report);
	assert_string_equal(told,
	    "{\"schema\":\"assay/1\",\"status\":\"scanned\",\"recipients\":[],"
	    "\"facts\":{\"size\":[3]},\"results\":[{\"payload_id\":\"0\","
	    "\"workers\":{\"mailer\":{\"size\":3,\"from\":[{}]}},"
	    "\"archivers\":{\"filedir\":{\"ref\":\"r\"}}}],\"decorators\":{}}");
	tell(*state, "teller",
	    "{\"schema\":\"assay-finding/1\",\"by\":\"me\",\"note\":\"n\",\"kind\":\"hunt\","
	    "\"facts\":{\"from\":[\"x\"]}}");
	assert_string_equal(
	    told, "{\"schema\":\"assay-finding/1\",\"kind\":\"hunt\",\"facts\":{}}");
}

static void excluded_places_are_gone(void **state)
{
	set(*state, "fields", "content");
	set(*state, "exclude",
	    "results[].workers.mailer.from[].raw, facts.word, recipients, results.workers.gone");
	tell(*state, "teller", report);
	assert_null(strstr(told, "\"raw\""));
	assert_null(strstr(told, "\"word\""));
	assert_null(strstr(told, "recipients"));
	assert_null(strstr(told, "gone"));
	assert_non_null(strstr(told, "\"strange\":1"));
}

static void a_default_of_its_own(void **state)
{
	tell(*state, "own", report);
	assert_null(strstr(told, "\"size\":[3]"));
	assert_non_null(strstr(told, "\"size\":3"));
}

static void other_names(void **state)
{
	struct keep_dir dir;
	const char *at;
	char name[40];

	keep_dir_make(&dir);
	keep_dir_write(&dir, "/key", "0123456789abcdef");
	set(*state, "fields", "content");
	set(*state, "pseudonymise", "rcpt, from");
	set(*state, "pseudonymise_key", keep_dir_path(&dir, "/key"));
	tell(*state, "teller", report);
	assert_null(strstr(told, "a@a.example"));
	assert_null(strstr(told, "Bob@"));
	assert_null(strstr(told, "raw"));
	assert_non_null(strstr(told, "not bob@b.examples"));
	at = strstr(told, "\"addr\":\"p-");
	assert_non_null(at);
	(void)snprintf(name, sizeof name, "%.36s", at + 8);
	assert_string_equal(name + 18, "@pseudonym.invalid");
	at = strstr(told, "hello p-");
	assert_non_null(at);
	assert_memory_equal(at + 6, name, 36);
	keep_dir_remove(&dir);
}

static void the_empty_sender_has_no_other_name(void **state)
{
	static const char text[] = "{\"schema\":\"assay/1\",\"facts\":{\"mailfrom\":[\"<>\"],"
				   "\"from\":[\"Ann <>\",\"x@y.example\"]}}";
	struct keep_dir dir;

	keep_dir_make(&dir);
	keep_dir_write(&dir, "/key", "0123456789abcdef");
	set(*state, "fields", "content");
	set(*state, "pseudonymise", "mailfrom");
	set(*state, "pseudonymise_key", keep_dir_path(&dir, "/key"));
	tell(*state, "teller", text);
	assert_string_equal(told, text);
	keep_dir_remove(&dir);
}

static void too_many_names_hide_everybody(void **state)
{
	struct keep_dir dir;
	struct assay_buf buf;

	keep_dir_make(&dir);
	keep_dir_write(&dir, "/key", "0123456789abcdef");
	set(*state, "pseudonymise", "rcpt");
	set(*state, "pseudonymise_key", keep_dir_path(&dir, "/key"));
	assay_buf_init(&buf, 1 << 20);
	(void)assay_buf_add_str(&buf, "{\"schema\":\"assay/1\",\"tenant\":\"T\",\"recipients\":[");
	for (int i = 0; i < 1200; i++)
		(void)assay_buf_printf(&buf, "%s{\"addr\":\"r%d@x.example\"}", i > 0 ? "," : "", i);
	(void)assay_buf_add_str(&buf, "]}");
	tell(*state, "teller", buf.p);
	assert_string_equal(told, "{\"schema\":\"assay/1\",\"recipients\":[]}");
	assay_buf_release(&buf);
	keep_dir_remove(&dir);
}

/* assert_refused - by assay_tell_open, with these words */
static void assert_refused(struct fixture *f, const char *what)
{
	struct assay_tell *to;
	struct assay_err err = { .code = ASSAY_OK };

	assert_int_equal(assay_tell_open(f->host, "teller", &to, &err), ASSAY_E_CONF);
	assert_null(to);
	assert_non_null(strstr(err.text, "connector teller"));
	assert_non_null(strstr(err.text, what));
}

static void what_is_wrong_is_refused(void **state)
{
	static const char *const bad[] = { "results.nix", "a..b", "facts.nix",
		"results[].workers.mailer.nix" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		set(*state, "exclude", bad[i]);
		assert_refused(*state, bad[i]);
	}
	set(*state, "exclude", "");
	set(*state, "pseudonymise", "nix");
	assert_refused(*state, "nix");
	set(*state, "pseudonymise", "rcpt");
	assert_refused(*state, "pseudonymise_key");
	set(*state, "pseudonymise_key", "/nowhere/key");
	assert_refused(*state, "/nowhere/key");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(everything_as_it_is),
		EACH(no_bodies_by_default),
		EACH(nobody_in_technical),
		EACH(excluded_places_are_gone),
		EACH(a_default_of_its_own),
		EACH(other_names),
		EACH(the_empty_sender_has_no_other_name),
		EACH(too_many_names_hide_everybody),
		EACH(what_is_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
