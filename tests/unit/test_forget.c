/* rooms: core text base */
/*
 * tests of core/forget with a store, a second connector and an archiver that say what they are
 * asked: who goes, in which order, which payloads stay, what a failure leaves for the next time
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/digest.h"
#include "core/forget.h"
#include "core/host.h"
#include "core/json.h"
#include "core/opts.h"
#include "spool_dir.h"

#define ID(n) "0000000" #n "-0000-4000-8000-000000000000"
#define KEPT(sha) "{\"sha256\":\"" sha "\",\"archivers\":{\"box\":{\"ref\":\"box:" sha "\"}}}"
#define REPORT(n, word, addr, more, kept)                                                          \
	"{\"scan_id\":\"" ID(n) "\",\"facts\":{\"" word "\":[\"" addr "\"]}" more                  \
				",\"results\":[" kept ",{\"sha256\":\"never-kept\"}]}"

/* What the store has. */
static const char *const mails[] = {
	REPORT(1, "rcpt", "Rosa@Example.org", "", KEPT("s1") "," KEPT("s2")),
	REPORT(2, "rcpt", "rosa@example.org", ",\"supersedes\":\"" ID(7) "\"", KEPT("s2")),
	REPORT(3, "rcpt", "karl@example.org", "", KEPT("s3")),
	REPORT(4, "rcpt", "rosa@example.org", "", KEPT("s3") "," KEPT("s4")),
	REPORT(5, "mailfrom", "eve@evil.example", "", KEPT("s5")),
};
#define MAILS (sizeof mails / sizeof mails[0])

static bool gone[MAILS];
static char calls[8000]; /* what was asked, in order */
static const char *failing;

/* say - one more call */
static void say(const char *what, const char *of)
{
	(void)snprintf(calls + strlen(calls), sizeof calls - strlen(calls), "%s(%s) ", what, of);
}

/* ---- the plugins ----------------------------------------------------------------------------- */

/* fits - one of the values, or the scan_id */
static bool fits(const json_t *report, const json_t *node)
{
	const json_t * or = json_object_get(node, "or"), *inner, *value;
	const json_t *facts = json_object_get(report, "facts");
	const char *word = assay_json_get_str(node, "word");
	const char *wanted = json_string_value(json_array_get(json_object_get(node, "values"), 0));
	size_t i;

	json_array_foreach(or, i, inner) if (fits(report, inner)) return true;
	if (or != NULL)
		return false;
	if (word == NULL)
		return strcmp(assay_json_get_str(report, "scan_id"),
			   assay_json_get_str(node, "value")) == 0;
	if (strcmp(word, "sha256") != 0)
		json_array_foreach(json_object_get(facts, word), i,
		    value) if (strcasecmp(json_string_value(value), wanted) == 0) return true;
	json_array_foreach(json_object_get(report, "results"), i,
	    value) if (strcmp(assay_json_get_str(value, "sha256"), wanted) == 0) return true;
	return false;
}

static enum assay_status query(void *state, const json_t *asked,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	const bool count = strcmp(assay_json_get_str(asked, "want"), "count") == 0;
	json_int_t n = 0;

	(void)state;
	(void)err;
	assert_true(json_is_true(json_object_get(asked, "all")));
	for (size_t i = 0; i < MAILS; i++) {
		json_t *report = json_loads(mails[i], 0, NULL);

		if (!gone[i] && fits(report, json_object_get(asked, "match"))) {
			n++;
			if (!count)
				(void)row(arg, report);
		}
		json_decref(report);
	}
	if (count) {
		json_t *one = json_pack("{s:I}", "count", n);

		(void)row(arg, one);
		json_decref(one);
	}
	return ASSAY_OK;
}

static enum assay_status fetch(void *state, const char *id, json_t **report, struct assay_err *err)
{
	(void)state;
	for (size_t i = 0; i < MAILS; i++)
		if (!gone[i] && strstr(mails[i], id) != NULL) {
			*report = json_loads(mails[i], 0, NULL);
			return ASSAY_OK;
		}
	return assay_err_set(err, ASSAY_E_NOENT, "no such report");
}

static enum assay_status save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	(void)state;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		json_t *json = json_loadb(records[i].json.p, records[i].json.n, 0, NULL);

		assert_string_equal(records[i].kind, "finding");
		assert_string_equal(assay_json_get_str(json, "finding_id"), records[i].id);
		assert_string_equal(assay_json_get_str(json, "by"), "me");
		assert_null(memmem(records[i].json.p, records[i].json.n, "osa", 3));
		say(assay_json_get_str(json, "kind"), assay_json_get_str(json, "scan_id"));
		json_decref(json);
	}
	return ASSAY_OK;
}

/* fail_or - of a call that is to fail once */
static enum assay_status fail_or(const char *who, struct assay_err *err)
{
	if (failing == NULL || strcmp(failing, who) != 0)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_IO, "%s is down", who);
}

static enum assay_status erase_stored(
    void *state, const char *const *ids, size_t n, struct assay_err *err)
{
	(void)state;
	for (size_t i = 0; i < n; i++) {
		say("store", ids[i]);
		for (size_t m = 0; m < MAILS; m++)
			gone[m] |= strncmp(mails[m] + 12, ids[i], 36) == 0;
	}
	return fail_or("store", err);
}

static enum assay_status erase_file(
    void *state, const char *const *ids, size_t n, struct assay_err *err)
{
	(void)state;
	(void)ids;
	say("files", n == 0 ? "none" : "some");
	return fail_or("files", err);
}

static enum assay_status erase_payload(void *state, const char *sha256, struct assay_err *err)
{
	(void)state;
	say("box", sha256);
	return strcmp(sha256, "s4") == 0 ? assay_err_set(err, ASSAY_E_NOENT, "not there")
					 : fail_or("box", err);
}

static void ref(void *state, const char *sha256, char *text, size_t size)
{
	(void)state;
	(void)snprintf(text, size, "box:%s", sha256);
}

static const struct assay_connector store = {
	.save = save, .query = query, .fetch = fetch, .erase = erase_stored
};
static const struct assay_connector files = { .save = save, .erase = erase_file };
static const struct assay_connector forgetful = { .save = save };
static const struct assay_archiver box = { .ref = ref, .erase = erase_payload };
#define HEAD(n) ASSAY_PLUGIN_HEAD, .name = n, .version = "1", .licence = "x", .summary = "x"
static const struct assay_plugin plugins[] = {
	{ HEAD("store"), .connector = &store },
	{ HEAD("files"), .connector = &files },
	{ HEAD("forgetful"), .connector = &forgetful },
	{ HEAD("box"), .archiver = &box },
};
static const struct assay_opt core_rows[] = {
	{ "connectors", ASSAY_OPT_LIST, "forgetful, files", 0, 0, NULL, "" },
	{ "archivers", ASSAY_OPT_LIST, "box", 0, 0, NULL, "" },
	{ "source_archivers", ASSAY_OPT_LIST, "", 0, 0, NULL, "" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* ---- the bench ------------------------------------------------------------------------------- */

static struct assay_host *host;
static struct assay_forget forget;

static int set_up(void **state)
{
	static const struct assay_opt *const tables[] = { core_rows, NULL };
	struct assay_err err;

	(void)state;
	start(connectors, archivers);
	memset(gone, 0, sizeof gone);
	calls[0] = '\0';
	failing = NULL;
	host = assay_host_new();
	for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++)
		if (assay_host_add(host, &plugins[i], NULL, &err) != ASSAY_OK)
			fail_msg("%s", err.text);
	assay_forget_init(
	    &forget, host, assay_opts_new(arena, "core", tables), assay_host_find(host, "store"));
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	assay_forget_release(&forget);
	assay_host_close(&host);
	stop();
	return 0;
}

/* find - who goes */
static enum assay_status find(enum assay_forget_by by, const char *value, struct assay_err *err)
{
	const struct assay_forget_who who = { by, value };
	enum assay_status status = assay_forget_find(&forget, &who, err);

	if (status == ASSAY_OK)
		status = assay_forget_queued(&forget, dir.path, err);
	return status == ASSAY_OK ? assay_forget_weigh(&forget, err) : status;
}

/* asked - was it, and before the other? */
static bool asked(const char *what, const char *before)
{
	const char *at = strstr(calls, what);
	const char *then = before != NULL ? strstr(calls, before) : calls + strlen(calls);

	return at != NULL && then != NULL && at < then;
}

static void all_of_a_recipient(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(find(ASSAY_FORGET_RCPT, " ROSA@example.org", &err), ASSAY_OK);
	assert_int_equal(forget.reports, 3);
	assert_int_equal(forget.scans.n, 4);
	assert_int_equal(forget.going, 3);
	assert_int_equal(forget.waiting, 0);
	assert_string_equal(calls, "");
	assert_int_equal(assay_forget_erase(&forget, dir.path, "me", &err), ASSAY_OK);
	/* What keeps it away comes first, what it is found by last. */
	assert_true(asked("erased(" ID(1) ")", "box("));
	assert_true(asked("erased(" ID(7) ")", "box("));
	assert_true(asked("box(s1)", "files("));
	assert_true(asked("files(some)", "store("));
	assert_true(asked("store(" ID(4) ")", NULL) && asked("store(" ID(7) ")", NULL));
	/* s3 is karl's too. */
	assert_true(asked("box(s2)", NULL) && asked("box(s4)", NULL));
	assert_false(asked("box(s3)", NULL) || asked("box(s5)", NULL));
	assert_false(asked("never-kept", NULL) || asked(ID(3), NULL) || asked(ID(5), NULL));
}

static void all_of_a_sender(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(find(ASSAY_FORGET_FROM, "eve@evil.example", &err), ASSAY_OK);
	assert_int_equal(forget.reports, 1);
	assert_int_equal(forget.going, 1);
}

static void one_scan(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(find(ASSAY_FORGET_SCAN, "00000003", &err), ASSAY_OK);
	assert_int_equal(forget.reports, 1);
	assert_int_equal(forget.going, 0);
	assert_string_equal(forget.scans.entry[0].key.p, ID(3));
	assay_forget_release(&forget);
	assay_forget_init(&forget, host, forget.core, forget.store);
	assert_int_equal(find(ASSAY_FORGET_SCAN, "none", &err), ASSAY_E_NOENT);
	assert_int_equal(find(ASSAY_FORGET_SCAN, ID(9), &err), ASSAY_OK);
	assert_int_equal(forget.reports + forget.waiting, 0);
}

static void what_waits_goes_too(void **state)
{
	const char *const later = REPORT(8, "rcpt", "rosa@example.org", "", KEPT("s8"));
	const char *const others = REPORT(9, "rcpt", "karl@example.org", "", KEPT("s1"));
	json_t *request = json_pack("{s:s, s:{s:[{s:s}]}}", "supersedes", ID(6), "envelope",
	    "recipients", "addr", "Rosa@example.org");
	struct assay_queue *queue;
	struct assay_err err;

	(void)state;
	assert_int_equal(add(ID(8), later), ASSAY_OK);
	assert_int_equal(add(ID(9), others), ASSAY_OK);
	assert_int_equal(assay_spool_commit(spool, &err), ASSAY_OK);
	assert_int_equal(
	    assay_spool_rescan(spool, request, ASSAY_SLICE_LIT("a mail"), &err), ASSAY_OK);
	json_decref(request);
	assert_int_equal(find(ASSAY_FORGET_RCPT, "rosa@example.org", &err), ASSAY_OK);
	assert_int_equal(forget.waiting, 3); /* two connectors, and the message */
	assert_int_equal(forget.reports, 3);
	/* s1 is in a report that has not arrived. */
	assert_int_equal(forget.going, 3);
	assert_int_equal(assay_forget_erase(&forget, dir.path, "me", &err), ASSAY_OK);
	assert_false(asked("box(s1)", NULL));
	assert_true(asked("box(s8)", NULL));
	assert_true(asked("erased(" ID(6) ")", NULL) && asked("erased(" ID(8) ")", NULL));
	assert_string_equal(ids("connector-sqlite"), ID(9) " ");
	assert_string_equal(ids("connector-jsonl"), ID(9) " ");
	queue = open_queue("rescan");
	assert_int_equal(count(queue), 0);
	assay_queue_close(&queue);
}

static void a_failure_leaves_it_to_the_next_time(void **state)
{
	static const char *const who[] = { "box", "files", "store" };
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		failing = who[i];
		calls[0] = '\0';
		assert_int_equal(find(ASSAY_FORGET_RCPT, "rosa@example.org", &err), ASSAY_OK);
		assert_int_equal(forget.reports, 3);
		assert_int_equal(assay_forget_erase(&forget, dir.path, "me", &err), ASSAY_E_IO);
		assert_non_null(strstr(err.text, who[i]));
		/* Whoever is not down has done it; the store waits for all of them. */
		assert_true(asked("files(some)", NULL) && asked("box(s1)", NULL));
		assert_int_equal(asked("store(", NULL), i == 2);
		assay_forget_release(&forget);
		assay_forget_init(&forget, host, forget.core, forget.store);
	}
}

static void who_cannot_is_named(void **state)
{
	size_t at = 0;

	(void)state;
	assert_string_equal(assay_forget_cannot(&forget, false, &at), "forgetful");
	assert_null(assay_forget_cannot(&forget, false, &at));
	at = 0;
	assert_null(assay_forget_cannot(&forget, true, &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_of_a_recipient, set_up, take_down),
		cmocka_unit_test_setup_teardown(all_of_a_sender, set_up, take_down),
		cmocka_unit_test_setup_teardown(one_scan, set_up, take_down),
		cmocka_unit_test_setup_teardown(what_waits_goes_too, set_up, take_down),
		cmocka_unit_test_setup_teardown(
		    a_failure_leaves_it_to_the_next_time, set_up, take_down),
		cmocka_unit_test_setup_teardown(who_cannot_is_named, set_up, take_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
