/* rooms: core text base */
/*
 * test_policy.c - rules, failures, replies, headers, exemptions, what a door answers: core/policy*,
 * with what they stand on: core/rule.c, core/compare.c, core/fill.c, core/policyopts.c,
 * core/told.c, core/giveup.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/config.h"
#include "core/engine.h"
#include "core/host.h"
#include "core/json.h"
#include "core/policy.h"
#include "core/policy_answer.h"
#include "core/report_check.h"
#include "core/told.h"

static char home[64];
static struct assay_config *config;
static struct assay_host *host;
static struct assay_policy *policy;
static struct assay_err err;
static json_t *report, *verdict;

/* ---- a plugin that knows words --------------------------------------------------------------- */

static const struct assay_field av_fields[] = {
	{ "signature", ASSAY_STR, ASSAY_TECHNICAL, "What was found" },
	{ "hot", ASSAY_BOOL, ASSAY_TECHNICAL, "Flag" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};
static const struct assay_fact av_facts[] = {
	{ "av", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "signature", "what was found" },
	{ "hot", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "hot", "flag" },
	{ NULL, ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* av_scan - never called */
static enum assay_status av_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *e)
{
	(void)state;
	(void)payload;
	(void)result;
	(void)e;
	return ASSAY_OK;
}

static const struct assay_worker av_worker = { .scan = av_scan };
static const struct assay_plugin av = {
	ASSAY_PLUGIN_HEAD,
	.name = "av",
	.version = "1",
	.licence = "GPL",
	.summary = "Words",
	.fields = av_fields,
	.facts = av_facts,
	.worker = &av_worker,
};

/* ---- helpers --------------------------------------------------------------------------------- */

/* unload - what load made */
static void unload(void)
{
	json_decref(verdict);
	json_decref(report);
	verdict = report = NULL;
	assay_policy_free(&policy);
	assay_host_close(&host);
	assay_config_free(&config);
}

/* load - this assay.conf */
static enum assay_status load(const char *text)
{
	struct assay_config_source source = { .home = home };
	char path[128];
	enum assay_status st;

	unload();
	err.text[0] = '\0';
	(void)snprintf(path, sizeof path, "%s/assay.conf", home);
	assert_int_equal(assay_io_replace_file(path, 0644, text, strlen(text), &err), ASSAY_OK);
	st = assay_config_load(&source, &config, &err);
	if (st != ASSAY_OK)
		return st;
	host = assay_host_new();
	assert_int_equal(assay_host_add(host, &av, NULL, &err), ASSAY_OK);
	st = assay_config_finish(config, &err);
	return st == ASSAY_OK ? assay_policy_new(config, host, &policy, &err) : st;
}

/* ready - this assay.conf, which must be right */
static void ready(const char *text)
{
	if (load(text) != ASSAY_OK)
		fail_msg("%s", err.text);
}

/* judge_but - the report as JSON with ' for ", without these rules */
static const json_t *judge_but(const char *text, const char *const *skip)
{
	char *copy = strdup(text);
	struct assay_policy_ask ask = { .skip_rules = skip };

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json_decref(report);
	json_decref(verdict);
	assert_int_equal(assay_json_parse(assay_slice_str(copy), &report, &err), ASSAY_OK);
	free(copy);
	ask.report = report;
	verdict = assay_policy_judge(policy, &ask);
	return verdict;
}

/* judge - with all rules */
static const json_t *judge(const char *text)
{
	return judge_but(text, NULL);
}

/* is - action, cause and rule ("" for null) of the last verdict */
static void is(const char *action, const char *cause, const char *rule)
{
	const char *have = assay_json_get_str(verdict, "rule");

	assert_string_equal(assay_json_get_str(verdict, "action"), action);
	assert_string_equal(assay_json_get_str(verdict, "cause"), cause);
	assert_string_equal(have != NULL ? have : "", rule);
}

/* enforced - of the last verdict */
static bool enforced(void)
{
	return json_is_true(json_object_get(verdict, "enforced"));
}

/* header - the value of the i-th header "Name: value" */
static const char *header(size_t i)
{
	static char text[1200];
	const json_t *h = json_array_get(json_object_get(verdict, "headers"), i);

	if (h == NULL)
		return "";
	(void)snprintf(text, sizeof text, "%s: %s", assay_json_get_str(h, "name"),
	    assay_json_get_str(h, "value"));
	return text;
}

/* refuses - a whole assay.conf, with these words behind the file's name */
static void refuses(const char *text, const char *why)
{
	char want[700];

	assert_int_equal(load(text), ASSAY_E_CONF);
	(void)snprintf(want, sizeof want, "%s/assay.conf:%s", home, why);
	assert_string_equal(err.text, want);
}

/* says - a refusal that holds these words */
static void says(const char *text, const char *words)
{
	assert_int_equal(load(text), ASSAY_E_CONF);
	if (strstr(err.text, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* test_refused - where and why */
static void test_refused(void **state)
{
	(void)state;
	refuses("[rule a]\nwhen.extention = exe\naction = tag\n",
	    "2: [rule a] when.extention: no plugin that is loaded knows the word \"extention\"; "
	    "did you mean \"extension\"? \"assay plugins --facts\" lists all");
	refuses("[rule a]\naction = rejct\n",
	    "2: [rule a] action: \"rejct\" is no action; did you mean \"reject\"? there are "
	    "accept, tag, quarantine, tempfail, reject and discard");
	refuses("[rule a]\nacton = tag\n",
	    "2: [rule a] acton: not known here; did you mean \"action\"? a rule has when.WORD, "
	    "not.WORD, action, reply, header and enforce");
	refuses("[rule a]\nextension = exe\n",
	    "2: [rule a] extension: not known here; did you mean \"when.extension\"?");
	refuses("[rule a]\nwhen.size = big\naction = tag\n",
	    "2: [rule a] when.size: big: a size is written as >10M, <=64K or 512");
	refuses("[rule a]\nwhen.client = 10.0.0.0/33\naction = tag\n",
	    "2: [rule a] when.client: 10.0.0.0/33: no such prefix length");
	refuses("[rule a]\nwhen.hot = maybe\naction = tag\n",
	    "2: [rule a] when.hot: maybe: write yes or no");
	refuses("[rule a]\nwhen.av =\naction = tag\n", "2: [rule a] when.av: there is no value");
	refuses("\n[rule a]\nwhen.av = x\n",
	    "2: [rule a]: there is no action; add \"action = tag\" or another");
	refuses("[rule a]\naction = tag\nreply = no\n",
	    "3: [rule a] reply: only reject and tempfail have a reply; remove it, or change the "
	    "action");
	refuses("[rule a]\nreply = 450 no\naction = reject\n",
	    "2: [rule a] reply: the code of \"reject\" is 5xx, or left out");
	refuses("[rule a]\naction = reject\nreply = 550 4.7.1 no\n",
	    "3: [rule a] reply: the status code begins with 5, as the code does");
	refuses(
	    "[rule a]\naction = tag\nheader = X-Y\n", "3: [rule a] header: write \"Name: text\"");
	says("[rule a]\naction = tag\nheader = X-Y: %{filenam}\n", "did you mean \"filename\"?");
	says("[rule a]\naction = tag\nheader = X-Y: %{filename\n", "a %{ has no }");
	says("[rule]\naction = tag\n", "write [rule NAME]");
	refuses("[policy]\nrequired_workers = clamav\n",
	    "2: [policy] required_workers = clamav: clamav: that plugin is not loaded; name it in "
	    "[core] plugins, or take it out");
	says("[policy]\non_timeout = discard\n", "on_timeout");
	says("[policy]\nexempt_networks = 10.0.0.0/8, here\n",
	    ":2: [policy] exempt_networks = 10.0.0.0/8, here: here: write");
	says("[policy]\nreply_reject = 450 no\n", ":2: [policy] reply_reject");
	says("[policy]\nheader_status = X: Y\n",
	    ":2: [policy] header_status = X: Y: this is no name");
}

/* ---- rules ----------------------------------------------------------------------------------- */

#define MAIL                                                                                       \
	"{'scan_id':'id1','status':'scanned','facts':{'extension':['exe','txt'],'size':[10,5000]," \
	"'client':['192.0.2.7'],'mailfrom':['joe@sub.example.org'],'av':['Eicar-Test']},"          \
	"'results':[{'payload_id':'0','path':'','facts':{'size':[5000],'extension':['txt']}},"     \
	"{'payload_id':'0.1','path':'a.exe','facts':{'size':[10],'extension':['exe'],"             \
	"'av':['Eicar-Test']}}],'limits':[],'errors':[]}"

/* test_observing - the default: nothing is enforced */
static void test_observing(void **state)
{
	(void)state;
	ready("[rule a]\nwhen.extension = exe\naction = reject\n");
	(void)judge(MAIL);
	is("reject", "rule", "a");
	assert_false(enforced());
	assert_false(assay_policy_enforces(policy));
	assert_string_equal(assay_json_get_str(verdict, "reply"),
	    "550 5.7.1 Message refused by content policy (id1)");
	assay_policy_answer(verdict);
	assert_string_equal(assay_json_get_str(verdict, "answered"), "accept");
	ready("");
	(void)judge(MAIL);
	is("accept", "default", "");
}

/* fits_mail - does one rule with these lines fit this mail? */
static bool fits_mail(const char *lines, const char *mail)
{
	char text[600];

	(void)snprintf(
	    text, sizeof text, "[policy]\nenforce = yes\n[rule a]\n%s\naction = reject\n", lines);
	ready(text);
	(void)judge(mail);
	return strcmp(assay_json_get_str(verdict, "action"), "reject") == 0;
}

/* fits - does one rule with these lines fit the mail? */
static bool fits(const char *lines)
{
	return fits_mail(lines, MAIL);
}

/* test_null_sender - a pattern of its own */
static void test_null_sender(void **state)
{
	static const char bounce[] = "{'scan_id':'id1','status':'scanned','facts':"
				     "{'mailfrom':['<>']},'results':[],'limits':[],'errors':[]}";

	(void)state;
	assert_true(fits_mail("when.mailfrom = @example.org, <>", bounce));
	assert_true(fits_mail("when.mailfrom = *", bounce));
	assert_false(fits_mail("when.mailfrom = *@*", bounce));
	assert_false(fits_mail("not.mailfrom = <>", bounce));
	assert_true(fits("not.mailfrom = <>"));
	assert_false(fits("when.mailfrom = <>"));
}

/* test_compare - each kind of comparison */
static void test_compare(void **state)
{
	(void)state;
	assert_true(fits("when.extension = EXE"));
	assert_true(fits("when.extension = com, e?e"));
	assert_true(fits("when.extension = *xe"));
	assert_true(fits("when.extension = tx*"));
	assert_true(fits("when.extension = *x*"));
	assert_false(fits("when.extension = exe1, xe, ex"));
	assert_false(fits("when.extension = *xex"));
	assert_true(fits("when.client = 192.0.2.0/24"));
	assert_true(fits("when.client = 2001:db8::/32, 192.0.2.7"));
	assert_true(fits("when.client = 192.0.*"));
	assert_false(fits("when.client = 192.0.2.8/29, 2001:db8::/32"));
	assert_false(fits("when.client = 192.0.2.70"));
	assert_true(fits("when.size = >4K"));
	assert_true(fits("when.size = <=10"));
	assert_true(fits("when.size = 5000"));
	assert_false(fits("when.size = >5000, <10"));
	assert_true(fits("when.mailfrom = @example.org"));
	assert_true(fits("when.mailfrom = @sub.example.org"));
	assert_true(fits("when.mailfrom = joe@*"));
	assert_false(fits("when.mailfrom = @ample.org"));
	assert_false(fits("when.mailfrom = @x.sub.example.org, joe@"));
}

/* test_payloads - all lines about payloads mean one payload */
static void test_payloads(void **state)
{
	(void)state;
	assert_true(fits("when.extension = exe\nwhen.size = 10"));
	assert_false(fits("when.extension = exe\nwhen.size = 5000"));
	assert_true(fits("when.extension = exe\nwhen.av = *\nwhen.client = 192.0.2.7"));
	assert_false(fits("when.extension = txt\nwhen.av = *"));
	assert_true(fits("when.extension = txt\nnot.av = *"));
	assert_false(fits("when.extension = exe\nnot.av = *"));
	assert_false(fits("not.av = *"));
	assert_true(fits("not.av = Other*"));
	assert_true(fits("not.mailfrom = @example.com"));
	assert_false(fits("not.mailfrom = @example.org\nwhen.extension = exe"));
	assert_true(fits(""));
}

/* test_reasons - which fact, where */
static void test_reasons(void **state)
{
	const json_t *reason;

	(void)state;
	assert_true(fits("when.extension = exe\nwhen.size = 10\nwhen.client = 192.0.2.7"));
	assert_int_equal(json_array_size(json_object_get(verdict, "reasons")), 3);
	reason = json_array_get(json_object_get(verdict, "reasons"), 0);
	assert_string_equal(assay_json_get_str(reason, "word"), "client");
	assert_null(assay_json_get_str(reason, "payload_id"));
	reason = json_array_get(json_object_get(verdict, "reasons"), 2);
	assert_string_equal(assay_json_get_str(reason, "value"), "10");
	assert_string_equal(assay_json_get_str(reason, "payload_id"), "0.1");
	assert_string_equal(assay_json_get_str(reason, "path"), "a.exe");
	assert_string_equal(assay_json_get_str(reason, "rule"), "a");
}

/* test_cut - a list of the message that was cut does not hide a payload */
static void test_cut(void **state)
{
	static const char mail[] =
	    "{'status':'scanned','facts':{'extension':['a']},'results':[{'payload_id':'0','facts':"
	    "{'extension':['a']}},{'payload_id':'1','facts':{'extension':['exe']}}]}";

	(void)state;
	ready("[core]\nfacts_kept = 1\n[rule a]\nwhen.extension = exe\naction = reject\n");
	(void)judge(mail);
	is("reject", "rule", "a");
	ready("[core]\nfacts_kept = 1\n[rule a]\nnot.extension = exe\naction = reject\n");
	(void)judge(mail);
	is("accept", "default", "");
}

/* test_order - the first final action; tags go on */
static void test_order(void **state)
{
	static const char *const skip[] = { "three", NULL };

	(void)state;
	ready("[policy]\nenforce = yes\n[rule one]\nwhen.extension = exe\naction = tag\n"
	      "header = X-One: %{extension} %{scan_id}\nheader.2 = X-Two: 100%%\n"
	      "[rule two]\nwhen.extension = com\naction = discard\n"
	      "[rule three]\nwhen.av = *\naction = quarantine\nheader = X-Three: %{rule}\n"
	      "[rule four]\naction = reject\n");
	(void)judge(MAIL);
	is("quarantine", "rule", "three");
	assert_true(enforced());
	assert_int_equal(json_array_size(json_object_get(verdict, "matched")), 2);
	assert_string_equal(header(0), "X-Assay-Verdict: quarantine; rule=three");
	assert_string_equal(header(1), "X-Assay-Scan-Id: id1");
	assert_string_equal(header(2), "X-One: exe, txt id1");
	assert_string_equal(header(3), "X-Two: 100%");
	assert_string_equal(header(4), "X-Three: three");
	assert_string_equal(header(5), "");
	(void)judge_but(MAIL, skip);
	is("reject", "rule", "four");
	assert_string_equal(header(0), "");
	ready("[policy]\nenforce = yes\n[rule one]\naction = tag\n[rule two]\naction = accept\n"
	      "[rule three]\naction = reject\n");
	(void)judge(MAIL);
	is("tag", "rule", "one");
}

/* test_enforce - rule by rule */
static void test_enforce(void **state)
{
	(void)state;
	ready("[policy]\nenforce = yes\n[rule new]\nenforce = no\naction = reject\n"
	      "[rule old]\nwhen.av = *\naction = quarantine\n");
	(void)judge(MAIL);
	is("quarantine", "rule", "old");
	assert_true(enforced());
	assert_int_equal(json_array_size(json_object_get(verdict, "matched")), 2);
	(void)judge("{'status':'scanned','facts':{}}");
	is("reject", "rule", "new");
	assert_false(enforced());
	ready("[rule a]\naction = tag\n[rule b]\nenforce = yes\nwhen.av = *\naction = reject\n"
	      "[rule c]\naction = discard\n");
	assert_true(assay_policy_enforces(policy));
	(void)judge(MAIL);
	is("reject", "rule", "b");
	assert_true(enforced());
}

/* test_hostile - what comes from the mail is made harmless */
static void test_hostile(void **state)
{
	char text[4000];

	(void)state;
	ready("[rule a]\naction = tag\nheader = X-N: <%{filename}>\n");
	(void)judge("{'status':'scanned','facts':{'filename':['a\\r\\nX-Evil: 1','\\u00e4%{rule}',"
		    "'c','d','e','f']}}");
	assert_string_equal(header(2), "X-N: <a??X-Evil: 1, ?%{rule}, c, d, e, ...>");
	(void)snprintf(
	    text, sizeof text, "{'status':'scanned','facts':{'filename':['%.3000d']}}", 0);
	(void)judge(text);
	assert_int_equal(strlen(header(2)), strlen("X-N: <>") + 100);
}

/* ---- failures -------------------------------------------------------------------------------- */

/* failed - the verdict about a mail with this status, reason, limits and errors */
static void failed(const char *status, const char *reason, const char *limits, const char *errors)
{
	char text[600];

	(void)snprintf(text, sizeof text,
	    "{'status':'%s','status_reason':%s%s%s,'facts':{},'limits':[%s],'errors':[%s]}", status,
	    reason[0] != '\0' ? "'" : "", reason[0] != '\0' ? reason : "null",
	    reason[0] != '\0' ? "'" : "", limits, errors);
	(void)judge(text);
}

#define UNSEEN "{'limit':'max_recursion','effect':'unseen','payload_id':null}"
#define CUT "{'limit':'urls_kept','effect':'cut'}"
#define BROKEN "{'plugin_name':'av','kind':'failed','payload_id':'0'}"
#define OTHER "{'plugin_name':'exif','kind':'crashed','payload_id':'0'}"
#define BADRESULT "{'plugin_name':'av','kind':'bad_result','payload_id':'0'}"

/* test_failures - each cause and its option */
static void test_failures(void **state)
{
	(void)state;
	ready("[policy]\nenforce = yes\non_error = reject\non_overload = tempfail\n"
	      "on_timeout = quarantine\non_crash = tag\non_limit = accept\n");
	failed("unscanned", "overload", "", "");
	is("tempfail", "on_overload", "");
	assert_true(enforced());
	assert_true(assay_policy_puts_off(verdict));
	assert_string_equal(assay_json_get_str(verdict, "reply"),
	    "451 4.7.1 Message could not be examined, try again later ()");
	failed("unscanned", "timeout", "", "");
	is("quarantine", "on_timeout", "");
	assert_string_equal(
	    header(0), "X-Assay-Verdict: quarantine; cause=on_timeout; status=unscanned");
	assert_false(assay_policy_puts_off(verdict));
	failed("partial", "timeout", "", "");
	is("quarantine", "on_timeout", "");
	failed("unscanned", "", "", "");
	is("tag", "on_crash", "");
	/* That the time was over is no limit of its own: on_timeout may be weaker. */
	ready("[policy]\nenforce = yes\non_timeout = accept\non_limit = reject\n");
	failed("partial", "timeout", "{'limit':'message_timeout','effect':'unseen'}", "");
	is("accept", "on_timeout", "");
	failed("partial", "timeout", UNSEEN, "");
	is("reject", "on_limit", "");
	ready("[policy]\nenforce = yes\non_error = reject\non_overload = tempfail\n"
	      "on_timeout = quarantine\non_crash = tag\non_limit = accept\n");
	failed("partial", "crashed", "", "");
	is("tag", "on_crash", "");
	failed("unscanned", "error", "", "");
	is("reject", "on_error", "");
	failed("unscanned", "message_size", "", "");
	is("accept", "on_limit", "");
	failed("unscanned", "bypass", UNSEEN, BROKEN);
	is("accept", "bypass", "");
	failed("unscanned", "exempt", UNSEEN, BROKEN);
	is("accept", "exempt", "");
	failed("scanned", "", "", BROKEN);
	is("tag", "on_worker_failed", "");
	failed("scanned", "", "", BADRESULT);
	is("accept", "default", "");
}

/* test_strongest - of failures, and of a failure and a rule */
static void test_strongest(void **state)
{
	(void)state;
	ready("[policy]\nenforce = yes\nrequired_workers = av\n");
	failed("scanned", "", UNSEEN, OTHER);
	is("tag", "on_limit", "");
	failed("scanned", "", CUT, "");
	is("accept", "default", "");
	failed("scanned", "", UNSEEN, OTHER "," BROKEN);
	is("tempfail", "on_worker_failed", "");
	ready("[policy]\nenforce = yes\nrequired_workers = av\n[rule good]\naction = accept\n");
	failed("scanned", "", "", BROKEN);
	is("tempfail", "on_worker_failed", "");
	ready("[policy]\nenforce = yes\nrequired_workers = av\n[rule bad]\naction = reject\n");
	failed("scanned", "", "", BROKEN);
	is("reject", "rule", "bad");
	ready("[policy]\nrequired_workers = av\n[rule q]\nenforce = yes\naction = tag\n");
	failed("scanned", "", "", BROKEN);
	is("tag", "rule", "q");
	assert_true(enforced());
	ready("[policy]\nenforce = yes\n[rule q]\nenforce = no\naction = reject\n");
	failed("scanned", "", "", BROKEN);
	is("tag", "on_worker_failed", "");
	assert_true(enforced());
}

/* test_unfinished - what is not known to be absent */
static void test_unfinished(void **state)
{
	(void)state;
	ready("[policy]\nenforce = yes\n[rule a]\nnot.av = *\naction = reject\n"
	      "[rule b]\naction = discard\n");
	failed("scanned", "", "", "");
	is("reject", "rule", "a");
	failed("partial", "timeout", "", "");
	is("discard", "rule", "b");
	failed("unscanned", "overload", "", "");
	is("tempfail", "on_overload", "");
}

/* ---- at the door ----------------------------------------------------------------------------- */

/* test_answer - what is put back into the report */
static void test_answer(void **state)
{
	static const char doc[] =
	    "{\"schema\":\"assay/1\",\"x\":\",\\\"verdict\\\":{}\",\"verdict\":{"
	    "\"action\":\"accept\",\"answered\":null}}";
	struct assay_buf out;

	(void)state;
	ready("[policy]\nenforce = yes\non_give_up = quarantine\n");
	failed("unscanned", "overload", "", "");
	assay_policy_answer(verdict);
	assert_string_equal(assay_json_get_str(verdict, "answered"), "tempfail");
	assay_policy_give_up(policy, verdict, "id2", "unscanned");
	is("quarantine", "on_give_up", "");
	assert_string_equal(
	    header(0), "X-Assay-Verdict: quarantine; cause=on_give_up; status=unscanned");
	assert_string_equal(header(1), "X-Assay-Scan-Id: id2");
	assert_true(json_is_null(json_object_get(verdict, "reply")));
	json_decref(verdict);
	verdict = assay_policy_default("default");
	assay_policy_answer(verdict);
	assay_buf_init(&out, 4096);
	assert_true(assay_report_set_verdict(assay_slice_str(doc), verdict, &out));
	assert_true(assay_slice_starts(assay_buf_slice(&out),
	    "{\"schema\":\"assay/1\",\"x\":\",\\\"verdict\\\":{}\",\"verdict\":{"
	    "\"action\":\"accept\",\"answered\":\"accept\",\"enforced\":"));
	assert_true(assay_slice_ends(assay_buf_slice(&out), "\"reasons\":[]}}"));
	assay_buf_clear(&out);
	assert_false(assay_report_set_verdict(ASSAY_SLICE_LIT("{\"a\":1}"), verdict, &out));
	assay_buf_release(&out);
}

/* exempts - a request as JSON with ' for " */
static bool exempts(const char *text, uint64_t size)
{
	char copy[500];
	json_t *request;
	bool yes;

	(void)snprintf(copy, sizeof copy, "%s", text);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	assert_int_equal(assay_json_parse(assay_slice_str(copy), &request, &err), ASSAY_OK);
	yes = assay_policy_exempts(policy, request, size);
	json_decref(request);
	return yes;
}

/* test_exempt - each list */
static void test_exempt(void **state)
{
	(void)state;
	ready("[policy]\nexempt_networks = 10.0.0.0/8, ::1\nexempt_auth = robot-*\n"
	      "exempt_daemons = inside\nexempt_senders = @our.example\n"
	      "exempt_rcpts = abuse@*, @spamtrap.example\nexempt_size = 1M\n");
	assert_false(exempts("{}", 1));
	assert_true(exempts("{}", 1048577));
	assert_true(exempts("{'envelope':{'client':{'addr':'10.9.8.7'}}}", 1));
	assert_true(exempts("{'envelope':{'client':{'addr':'::1'}}}", 1));
	assert_false(exempts("{'envelope':{'client':{'addr':'11.9.8.7'}}}", 1));
	assert_true(exempts("{'envelope':{'client':{'auth':{'user':'robot-7'}}}}", 1));
	assert_false(exempts("{'envelope':{'client':{'auth':null}}}", 1));
	assert_true(exempts("{'daemon':'inside'}", 1));
	assert_true(exempts("{'envelope':{'sender':{'addr':'a@x.our.example'}}}", 1));
	assert_false(exempts("{'envelope':{'sender':{'addr':null,'null':true}}}", 1));
	assert_true(exempts("{'envelope':{'recipients':[{'addr':'abuse@x.y'}]}}", 1));
	assert_false(
	    exempts("{'envelope':{'recipients':[{'addr':'abuse@x.y'},{'addr':'b@x.y'}]}}", 1));
	ready("");
	assert_false(exempts("{'envelope':{'recipients':[]}}", 1u << 30));
	ready("[policy]\nexempt_senders = <>\n");
	assert_true(exempts("{'envelope':{'sender':{'addr':null,'null':true}}}", 1));
	assert_false(exempts("{'envelope':{'sender':{'addr':null}}}", 1));
	assert_false(exempts("{'envelope':{'sender':{'addr':'a@b.example','null':false}}}", 1));
}

/* tell - a report with the last verdict, to somebody who waits; what he is told */
static const char *tell(struct assay_giveup *giveup, const char *body, int64_t now_ms)
{
	static char answered[16];
	json_t *doc = json_pack(
	    "{s:s,s:s,s:O}", "schema", "assay/1", "status", "unscanned", "verdict", verdict);
	json_t *request = json_pack("{s:{s:{s:s}}}", "envelope", "sender", "addr", "a@b.c"), *back;
	struct assay_answer answer = { .action = "tempfail",
		.status = "unscanned",
		.scan_id = "id3",
		.request = request,
		.bytes = assay_slice_str(body) };
	struct assay_told told;
	struct assay_buf text;

	assay_buf_init(&text, 10000);
	assert_true(assay_json_write(doc, ASSAY_JSON_COMPACT, &text));
	answer.report = assay_buf_slice(&text);
	assay_told_open(&told, policy, giveup, &answer, now_ms);
	assay_told_note(&told, giveup, now_ms);
	(void)snprintf(
	    answered, sizeof answered, "%s", assay_json_get_str(told.verdict, "answered"));
	assert_int_equal(assay_report_check(told.answer.report, &err), ASSAY_OK);
	assert_int_equal(
	    assay_json_parse(assay_report_verdict(told.answer.report), &back, &err), ASSAY_OK);
	assert_true(json_equal(back, told.verdict));
	assert_string_equal(told.answer.action, assay_json_get_str(back, "action"));
	json_decref(back);
	json_decref(doc);
	json_decref(request);
	assay_told_close(&told);
	assay_buf_release(&text);
	return answered;
}

/* test_told - a mail is not put off for ever */
static void test_told(void **state)
{
	struct assay_giveup *giveup = assay_giveup_open(NULL, 3, 7200000);

	(void)state;
	ready("[policy]\nenforce = yes\n");
	failed("unscanned", "overload", "", "");
	assert_string_equal(tell(giveup, "A: 1\r\n\r\nHello", 1000), "tempfail");
	assert_string_equal(tell(giveup, "A: 2\r\n\r\nHello", 2000), "tempfail");
	assert_string_equal(tell(giveup, "A: 1\r\n\r\nOther", 2000), "tempfail");
	assert_string_equal(tell(giveup, "A: 3\r\n\r\nHello", 3000), "tempfail");
	assert_string_equal(tell(giveup, "A: 4\r\n\r\nHello", 4000), "tag");
	assert_string_equal(tell(giveup, "A: 1\r\n\r\nOther", 7201999), "tempfail");
	assert_string_equal(tell(giveup, "A: 1\r\n\r\nOther", 7202000), "tag");
	/* A rule's tempfail is meant. */
	ready("[policy]\nenforce = yes\n[rule later]\naction = tempfail\n");
	failed("scanned", "", "", "");
	for (int i = 0; i < 5; i++)
		assert_string_equal(tell(giveup, "A: 4\r\n\r\nHello", 5000), "tempfail");
	ready("");
	failed("unscanned", "overload", "", "");
	is("tempfail", "on_overload", "");
	assert_string_equal(tell(giveup, "\n\nnew", 5000), "accept");
	assay_giveup_close(&giveup);
}

/* test_digest - changes with the rules */
static void test_digest(void **state)
{
	char first[65];

	(void)state;
	ready("[rule a]\naction = tag\n");
	(void)snprintf(first, sizeof first, "%s", assay_policy_sha256(policy));
	ready("# other\n[rule a]\naction = tag\n");
	assert_string_equal(assay_policy_sha256(policy), first);
	ready("[rule b]\naction = tag\n");
	assert_string_not_equal(assay_policy_sha256(policy), first);
	ready("[policy]\nenforce = yes\n[rule a]\naction = tag\n");
	assert_string_not_equal(assay_policy_sha256(policy), first);
}

/* test_many - a hundred rules that fit nothing; prints what one judgement takes */
static void test_many(void **state)
{
	const unsigned rounds = 2000;
	char *text = calloc(1, 64000);
	size_t n = 0;
	int64_t begun;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, 64000 - n,
		    "[rule r%u]\nwhen.extension = scr%u, js%u, vb?, *x%u\nwhen.size = >1K\n"
		    "when.mailfrom = @bad%u.example\nnot.client = 10.0.0.0/8\naction = reject\n",
		    i, i, i, i, i);
	ready(text);
	free(text);
	(void)judge(MAIL);
	is("accept", "default", "");
	begun = assay_clock_mono_ms();
	for (unsigned i = 0; i < rounds; i++) {
		json_decref(verdict);
		verdict =
		    assay_policy_judge(policy, &(struct assay_policy_ask){ .report = report });
	}
	print_message("100 rules: %.1f us a mail\n",
	    (double)(assay_clock_mono_ms() - begun) * 1000.0 / rounds);
}

/* setup - an empty home */
static int setup(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-test-XXXXXX");
	return mkdtemp(home) != NULL ? 0 : -1;
}

/* teardown - and away with it */
static int teardown(void **state)
{
	char path[128];

	(void)state;
	unload();
	(void)snprintf(path, sizeof path, "%s/assay.conf", home);
	(void)unlink(path);
	return rmdir(home);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* main - run them */
int main(void)
{
	const struct CMUnitTest tests[] = { T(test_refused), T(test_observing), T(test_compare),
		T(test_payloads), T(test_reasons), T(test_cut), T(test_order), T(test_enforce),
		T(test_hostile), T(test_failures), T(test_strongest), T(test_unfinished),
		T(test_answer), T(test_null_sender), T(test_exempt), T(test_told), T(test_digest),
		T(test_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
