/*
 * core/policy.c - see policy.h. Touches the configuration when it is read, later only the report.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/config.h"
#include "core/host.h"
#include "core/ini.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/policy_own.h"

#define MATCHED_MAX 64u
#define REASONS_MAX 64u
#define REASON_VALUE 200u
#define DUMP_MAX ((size_t)4 << 20)

/* ---- reading --------------------------------------------------------------------------------- */

/* check_replies - of [policy] */
static enum assay_status check_replies(
    struct assay_policy *policy, const struct assay_vocabulary *vocabulary, struct assay_err *err)
{
	const struct {
		const char *option;
		enum assay_wire_action action;
		const char **reply;
	} replies[] = { { "reply_reject", ASSAY_ACTION_REJECT, &policy->reply_reject },
		{ "reply_tempfail", ASSAY_ACTION_TEMPFAIL, &policy->reply_tempfail } };

	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
		const char *text = assay_opt_str(policy->opts, replies[i].option);
		enum assay_status st =
		    assay_rule_reply(policy->arena, replies[i].action, text, replies[i].reply, err);

		if (st == ASSAY_OK)
			st = assay_fill_check(*replies[i].reply, vocabulary, err);
		if (st != ASSAY_OK) {
			const struct assay_err why = *err;

			return assay_opt_refuse(policy->opts, replies[i].option, why.text, err);
		}
	}
	return ASSAY_OK;
}

/* wrong - a word of a list, and why */
static enum assay_status wrong(
    const struct assay_policy *policy, const char *option, const char *word, struct assay_err *err)
{
	struct assay_err why;

	(void)assay_err_set(&why, ASSAY_E_CONF, "%.80s: %.300s", word, err->text);
	return assay_opt_refuse(policy->opts, option, why.text, err);
}

/* read_list - the values of an exemption */
static enum assay_status read_list(struct assay_policy *policy, const char *option,
    enum assay_fact_compare how, const struct assay_compare **list, struct assay_err *err)
{
	const char *const *value = assay_opt_list(policy->opts, option);
	struct assay_compare *compare;
	enum assay_status st = ASSAY_OK;
	size_t n = 0;

	while (value[n] != NULL)
		n++;
	compare = assay_arena_calloc(policy->arena, n + 1, sizeof *compare);
	*list = compare;
	for (; st == ASSAY_OK && *value != NULL; value++) {
		st =
		    assay_compare_read(policy->arena, how, assay_slice_str(*value), compare++, err);
		if (st != ASSAY_OK)
			return wrong(policy, option, *value, err);
	}
	return st;
}

/* read_exempt - all exemptions */
static enum assay_status read_exempt(struct assay_policy *policy, struct assay_err *err)
{
	struct assay_policy_exempt *exempt = &policy->exempt;
	const struct {
		const char *option;
		enum assay_fact_compare how;
		const struct assay_compare **list;
	} lists[] = { { "exempt_networks", ASSAY_COMPARE_NET, &exempt->networks },
		{ "exempt_auth", ASSAY_COMPARE_GLOB, &exempt->auth },
		{ "exempt_daemons", ASSAY_COMPARE_GLOB, &exempt->daemons },
		{ "exempt_senders", ASSAY_COMPARE_ADDRESS, &exempt->senders },
		{ "exempt_rcpts", ASSAY_COMPARE_ADDRESS, &exempt->rcpts } };
	enum assay_status st = ASSAY_OK;

	exempt->size = (uint64_t)assay_opt_int(policy->opts, "exempt_size");
	for (size_t i = 0; st == ASSAY_OK && i < sizeof lists / sizeof lists[0]; i++)
		st = read_list(policy, lists[i].option, lists[i].how, lists[i].list, err);
	return st;
}

/* check_options - what option rows cannot check */
static enum assay_status check_options(
    struct assay_policy *policy, const struct assay_host *host, struct assay_err *err)
{
	static const char *const headers[] = { "header_verdict", "header_scan_id",
		"header_status" };
	const char *const *name = assay_opt_list(policy->opts, "required_workers");

	for (; *name != NULL; name++)
		if (assay_host_find(host, *name) == NULL) {
			(void)assay_err_set(err, ASSAY_E_CONF,
			    "that plugin is not loaded; name it in [core] plugins, or take it out");
			return wrong(policy, "required_workers", *name, err);
		}
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		const char *header = assay_opt_str(policy->opts, headers[i]);

		if (header[0] != '\0' && !assay_rule_header_name(assay_slice_str(header)))
			return assay_opt_refuse(
			    policy->opts, headers[i], "this is no name for a header", err);
	}
	return check_replies(policy, assay_host_vocabulary(host), err);
}

/* digest - over what was changed in [policy], and all rules */
static void digest(struct assay_policy *policy, struct assay_config *config)
{
	const struct assay_config_rule *rule;
	struct assay_buf buf;

	assay_buf_init(&buf, DUMP_MAX);
	for (size_t i = 0; i < policy->opts->n; i++) {
		const struct assay_opt_value *v = &policy->opts->value[i];

		if (v->changed)
			(void)assay_buf_printf(&buf, "%s%c%s%c", v->row->name, '\0', v->text, '\0');
	}
	for (size_t i = 0; (rule = assay_config_rule(config, i)) != NULL; i++) {
		(void)assay_buf_printf(&buf, "%c%s%c", '\0', rule->name, '\0');
		for (size_t k = 0; rule->value[k] != NULL; k++)
			(void)assay_buf_printf(&buf, "%s%c%s%c", rule->value[k]->key, '\0',
			    rule->value[k]->value, '\0');
	}
	assay_digest_hex(ASSAY_SHA256, assay_buf_slice(&buf), policy->sha256);
	assay_buf_release(&buf);
}

/* assay_policy_new - see policy.h */
enum assay_status assay_policy_new(struct assay_config *config, const struct assay_host *host,
    struct assay_policy **policy, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_policy *p = assay_arena_zalloc(arena, sizeof *p);
	enum assay_status st;

	p->arena = arena;
	p->opts = assay_config_policy(config);
	p->enforce = p->any_enforced = assay_opt_int(p->opts, "enforce") != 0;
	p->facts_kept = (size_t)assay_opt_int(assay_config_core(config), "facts_kept");
	st = assay_rules_read(arena, config, assay_host_vocabulary(host), &p->rules, err);
	if (st == ASSAY_OK)
		st = read_exempt(p, err);
	if (st == ASSAY_OK)
		st = check_options(p, host, err);
	for (size_t i = 0; st == ASSAY_OK && i < p->rules.n; i++)
		if (p->rules.rule[i].enforced) {
			p->any_enforced = true;
			p->last_enforced = i + 1;
		}
	if (st == ASSAY_OK)
		digest(p, config);
	else
		assay_policy_free(&p);
	*policy = p;
	return st;
}

/* assay_policy_free - all of it */
void assay_policy_free(struct assay_policy **policy)
{
	if (*policy != NULL)
		assay_arena_free(&(struct assay_arena *){ (*policy)->arena });
	*policy = NULL;
}

/* assay_policy_sha256 - see policy.h */
const char *assay_policy_sha256(const struct assay_policy *policy)
{
	return policy->sha256;
}

/* assay_policy_enforces - see policy.h */
bool assay_policy_enforces(const struct assay_policy *policy)
{
	return policy->any_enforced;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

/* assay_policy_default - accept, because of `cause` */
json_t *assay_policy_default(const char *cause)
{
	json_t *verdict = json_object();

	assay_json_set(verdict, "action", assay_json_own("accept"));
	assay_json_set(verdict, "answered", json_null());
	assay_json_set(verdict, "enforced", json_false());
	assay_json_set(verdict, "cause", assay_json_own(cause));
	assay_json_set(verdict, "rule", json_null());
	assay_json_set(verdict, "reply", json_null());
	assay_json_set(verdict, "headers", json_array());
	assay_json_set(verdict, "recipients", json_array());
	assay_json_set(verdict, "matched", json_array());
	assay_json_set(verdict, "reasons", json_array());
	return verdict;
}

/* One judgement under way. */
struct judge {
	const struct assay_policy *policy;
	const struct assay_policy_ask *ask;
	struct assay_policy_match match;
	json_t *verdict;
	/* [0]: rules that observe, [1]: enforced ones */
	struct {
		const struct assay_rule *final; /* the one that decided */
		const struct assay_rule *tag[MATCHED_MAX];
		size_t ntag;
	} by[2];
};

/* add_reason - one fact */
static void add_reason(struct judge *j, const char *rule, const struct assay_policy_hit *hit)
{
	json_t *reasons = json_object_get(j->verdict, "reasons"), *reason = json_object();
	const json_t *value = hit->value;
	char number[24];

	(void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	assay_json_set(reason, "rule", assay_json_own(rule));
	assay_json_set(reason, "word", assay_json_own(hit->test->word->word));
	assay_json_set(reason, "value",
	    json_is_string(value)
		? assay_json_text(json_string_value(value),
		      json_string_length(value) < REASON_VALUE ? json_string_length(value)
							       : REASON_VALUE)
		: assay_json_own(number));
	assay_json_set(
	    reason, "payload_id", assay_json_str(assay_json_get_str(hit->payload, "payload_id")));
	assay_json_set(reason, "path", assay_json_str(assay_json_get_str(hit->payload, "path")));
	if (json_array_size(reasons) < REASONS_MAX)
		assay_json_append(reasons, reason);
	else
		json_decref(reason);
}

/* add_matched - a rule that fits, and why */
static void add_matched(struct judge *j, const struct assay_rule *rule,
    const struct assay_policy_hit *hits, size_t nhits)
{
	json_t *matched = json_object_get(j->verdict, "matched"), *entry;
	const size_t by = rule->enforced ? 1 : 0;

	if (rule->action != ASSAY_ACTION_TAG)
		j->by[by].final = rule;
	else if (j->by[by].ntag < MATCHED_MAX)
		j->by[by].tag[j->by[by].ntag++] = rule;
	if (json_array_size(matched) >= MATCHED_MAX)
		return;
	entry = json_object();
	assay_json_set(entry, "rule", assay_json_own(rule->name));
	assay_json_set(entry, "enforced", json_boolean(rule->enforced));
	assay_json_append(matched, entry);
	for (size_t i = 0; i < nhits; i++)
		add_reason(j, rule->name, &hits[i]);
}

/* ask_rule - one of them */
static void ask_rule(struct judge *j, const struct assay_rule *rule, bool whole)
{
	struct assay_policy_step step = { .rule = rule, .fit = ASSAY_FITS };
	struct assay_policy_hit hits[ASSAY_POLICY_HITS];
	size_t nhits = 0;

	if (j->by[1].final != NULL || (!rule->enforced && j->by[0].final != NULL))
		step.fit = ASSAY_FITS_LATE;
	else if (assay_slice_in(assay_slice_str(rule->name), j->ask->skip_rules))
		step.fit = ASSAY_FITS_BYPASS;
	else if (!whole && rule->negates)
		step.fit = ASSAY_FITS_UNKNOWN;
	else if (!assay_policy_match_rule(&j->match, rule, &step.test, hits, &nhits))
		step.fit = ASSAY_FITS_NOT;
	else
		add_matched(j, rule, hits, nhits);
	if (j->ask->say != NULL)
		j->ask->say(j->ask->arg, &step);
}

/* ask_rules - in their order, until one has decided for good */
static void ask_rules(struct judge *j)
{
	const struct assay_rules *rules = &j->policy->rules;
	const char *status = assay_json_get_str(j->ask->report, "status");
	const bool whole = status != NULL && strcmp(status, "scanned") == 0;

	if (status != NULL && strcmp(status, "unscanned") == 0)
		return;
	assay_policy_match_open(&j->match, j->policy, j->ask->report);
	for (size_t i = 0; i < rules->n; i++) {
		const bool over = j->by[1].final != NULL ||
		    (j->by[0].final != NULL && i >= j->policy->last_enforced);

		if (over && j->ask->say == NULL)
			break;
		ask_rule(j, &rules->rule[i], whole);
	}
	assay_policy_match_close(&j->match);
}

/* What may decide. */
struct decision {
	enum assay_wire_action action;
	const char *cause;
	const struct assay_rule *rule;
	bool enforced;
};

/* by_rules - the rules' word; false: none fits. An accept behind a tag takes no mark off */
static bool by_rules(const struct judge *j, struct decision *d)
{
	const size_t by = j->by[1].final != NULL || j->by[1].ntag > 0 ? 1 : 0;

	d->rule = j->by[by].final;
	if (j->by[by].ntag > 0 && (d->rule == NULL || d->rule->action == ASSAY_ACTION_ACCEPT))
		d->rule = j->by[by].tag[0];
	if (d->rule == NULL)
		return false;
	d->action = d->rule->action;
	d->cause = "rule";
	d->enforced = d->rule->enforced;
	return true;
}

/* decide - what is enforced counts; of two that are, or are not, the stronger */
static struct decision decide(const struct judge *j, const struct assay_policy_failure *failure)
{
	struct decision failed = { failure->action, failure->cause, NULL, j->policy->enforce };
	struct decision ruled;

	if (failed.cause == NULL) {
		failed.cause = "default";
		return by_rules(j, &ruled) ? ruled : failed;
	}
	if (!by_rules(j, &ruled))
		return failed;
	if (ruled.enforced != failed.enforced)
		return ruled.enforced ? ruled : failed;
	return ruled.action >= failed.action ? ruled : failed;
}

/* add_failure - for reasons[]: the cause stands for the rule */
static void add_failure(struct judge *j, const struct assay_policy_failure *failure)
{
	json_t *reason = json_object();

	assay_json_set(reason, "rule", assay_json_own(failure->cause));
	assay_json_set(reason, "word", assay_json_own(failure->word));
	assay_json_set(reason, "value", assay_json_str(failure->value));
	assay_json_set(reason, "payload_id", assay_json_str(failure->payload_id));
	assay_json_set(reason, "path", json_null());
	assay_json_append(json_object_get(j->verdict, "reasons"), reason);
}

/* dress - reply and headers: of [policy], of the tags that count, of the rule that decided */
static void dress(struct judge *j, const struct decision *d)
{
	const struct assay_fill fill = { .facts = json_object_get(j->ask->report, "facts"),
		.scan_id = assay_json_get_str(j->ask->report, "scan_id"),
		.status = assay_json_get_str(j->ask->report, "status"),
		.action = assay_wire_action_name(d->action),
		.rule = d->rule != NULL ? d->rule->name : NULL };
	const size_t by = d->enforced ? 1 : 0;

	assay_policy_dress(j->policy, j->verdict, d->rule, &fill);
	if (d->action > ASSAY_ACTION_QUARANTINE)
		return;
	for (size_t i = 0; i < j->by[by].ntag; i++)
		assay_policy_headers(j->verdict, j->by[by].tag[i], &fill);
	if (d->rule != NULL && d->rule->action != ASSAY_ACTION_TAG)
		assay_policy_headers(j->verdict, d->rule, &fill);
}

/* assay_policy_judge - see policy.h */
json_t *assay_policy_judge(const struct assay_policy *policy, const struct assay_policy_ask *ask)
{
	struct judge j = {
		.policy = policy, .ask = ask, .verdict = assay_policy_default("default")
	};
	struct assay_policy_failure failure;
	struct decision d;

	if (policy == NULL)
		return j.verdict;
	assay_policy_failures(policy, ask->report, &failure);
	ask_rules(&j);
	d = decide(&j, &failure);
	assay_json_set(j.verdict, "action", assay_json_own(assay_wire_action_name(d.action)));
	assay_json_set(j.verdict, "enforced", json_boolean(d.enforced));
	assay_json_set(j.verdict, "cause", assay_json_own(d.cause));
	assay_json_set(j.verdict, "rule", assay_json_own(d.rule != NULL ? d.rule->name : NULL));
	if (failure.cause != NULL)
		add_failure(&j, &failure);
	dress(&j, &d);
	return j.verdict;
}
