/*
 * core/policy_answer.c - see policy_answer.h, and what a verdict says to others: reply and headers.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "core/facts.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/policy_answer.h"
#include "core/policy_own.h"
#include "core/report_check.h"

/* ---- reply and headers ----------------------------------------------------------------------- */

/* add_header - one entry of headers[]; takes value */
static void add_header(json_t *verdict, const char *name, json_t *value)
{
	json_t *header = json_object();

	assay_json_set(header, "name", assay_json_own(name));
	assay_json_set(header, "value", value);
	assay_json_append(json_object_get(verdict, "headers"), header);
}

/* assay_policy_headers - see policy_own.h */
void assay_policy_headers(
    json_t *verdict, const struct assay_rule *rule, const struct assay_fill *fill)
{
	for (size_t i = 0; i < rule->nheader; i++)
		add_header(verdict, rule->header[i].name,
		    assay_fill_text(rule->header[i].text, fill, ASSAY_FILL_TEXT));
}

/* in_words - what the header of the verdict says */
static json_t *in_words(const json_t *verdict, const struct assay_fill *fill)
{
	const char *cause = assay_json_get_str(verdict, "cause");
	struct assay_buf text;
	json_t *value;

	assay_buf_init(&text, ASSAY_FILL_TEXT);
	(void)assay_buf_add_str(&text, fill->action);
	if (fill->rule != NULL)
		(void)assay_buf_printf(&text, "; rule=%s", fill->rule);
	else if (cause != NULL && strcmp(cause, "default") != 0)
		(void)assay_buf_printf(&text, "; cause=%s", cause);
	if (fill->status != NULL && strcmp(fill->status, "scanned") != 0)
		(void)assay_buf_printf(&text, "; status=%s", fill->status);
	value = assay_json_text(text.p, text.n);
	assay_buf_release(&text);
	return value;
}

/* are_wanted - the headers of [policy], for this action? */
static bool are_wanted(const struct assay_policy *policy, enum assay_wire_action action)
{
	const char *when = assay_opt_str(policy->opts, "headers");

	if (action > ASSAY_ACTION_QUARANTINE || strcmp(when, "never") == 0)
		return false;
	return action != ASSAY_ACTION_ACCEPT || strcmp(when, "always") == 0;
}

/* add_headers - of [policy] */
static void add_headers(
    const struct assay_policy *policy, json_t *verdict, const struct assay_fill *fill)
{
	const char *name = assay_opt_str(policy->opts, "header_verdict");

	if (name[0] != '\0')
		add_header(verdict, name, in_words(verdict, fill));
	name = assay_opt_str(policy->opts, "header_scan_id");
	if (name[0] != '\0')
		add_header(verdict, name, assay_json_str(fill->scan_id));
	name = assay_opt_str(policy->opts, "header_status");
	if (name[0] != '\0')
		add_header(verdict, name, assay_json_str(fill->status));
}

/* assay_policy_dress - see policy_own.h */
void assay_policy_dress(const struct assay_policy *policy, json_t *verdict,
    const struct assay_rule *rule, const struct assay_fill *fill)
{
	enum assay_wire_action action = ASSAY_ACTION_ACCEPT;
	const char *reply = rule != NULL ? rule->reply : NULL;

	(void)assay_wire_action_find(assay_json_get_str(verdict, "action"), &action);
	if (reply == NULL && action == ASSAY_ACTION_REJECT)
		reply = policy->reply_reject;
	if (reply == NULL && action == ASSAY_ACTION_TEMPFAIL)
		reply = policy->reply_tempfail;
	assay_json_set(verdict, "reply",
	    reply != NULL ? assay_fill_text(reply, fill, ASSAY_FILL_REPLY) : json_null());
	assay_json_set(verdict, "headers", json_array());
	if (are_wanted(policy, action))
		add_headers(policy, verdict, fill);
}

/* ---- the door -------------------------------------------------------------------------------- */

/* assay_policy_puts_off - see policy_answer.h */
bool assay_policy_puts_off(const json_t *verdict)
{
	const char *action = assay_json_get_str(verdict, "action");
	const char *cause = assay_json_get_str(verdict, "cause");

	return action != NULL && strcmp(action, "tempfail") == 0 &&
	    json_is_true(json_object_get(verdict, "enforced")) && cause != NULL &&
	    strncmp(cause, "on_", 3) == 0;
}

/* assay_policy_give_up - see policy_answer.h */
void assay_policy_give_up(
    const struct assay_policy *policy, json_t *verdict, const char *scan_id, const char *status)
{
	const char *action = assay_opt_str(policy->opts, "on_give_up");
	const struct assay_fill fill = { .scan_id = scan_id, .status = status, .action = action };

	assay_json_set(verdict, "action", assay_json_own(action));
	assay_json_set(verdict, "cause", assay_json_own("on_give_up"));
	assay_policy_dress(policy, verdict, NULL, &fill);
}

/* assay_policy_answer - see policy_answer.h */
void assay_policy_answer(json_t *verdict)
{
	const bool enforced = json_is_true(json_object_get(verdict, "enforced"));
	const char *action = enforced ? assay_json_get_str(verdict, "action") : NULL;

	assay_json_set(verdict, "answered", assay_json_own(action != NULL ? action : "accept"));
}

/* assay_report_set_verdict - see policy_answer.h */
bool assay_report_set_verdict(
    struct assay_slice report, const json_t *verdict, struct assay_buf *out)
{
	const struct assay_slice old = assay_report_verdict(report);

	if (old.n == 0)
		return false;
	return assay_buf_add(out, report.p, (size_t)(old.p - report.p)) &&
	    assay_json_write(verdict, ASSAY_JSON_COMPACT, out) && assay_buf_add_char(out, '}');
}

/* ---- exemptions ------------------------------------------------------------------------------ */

/* in_list - is the text one of an option's values, compared so? */
static bool in_list(const struct assay_compare *list, struct assay_slice text)
{
	for (; text.n > 0 && list->text != NULL; list++)
		if (assay_compare_text(list, text))
			return true;
	return false;
}

/* text_of - a string, or nothing */
static struct assay_slice text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return assay_slice(json_string_value(value), json_string_length(value));
}

/* sender_of - of the envelope, as the fact mailfrom says it */
static struct assay_slice sender_of(const json_t *envelope)
{
	const json_t *sender = json_object_get(envelope, "sender");

	return json_is_true(json_object_get(sender, "null"))
	    ? assay_slice_str(ASSAY_FACT_NULL_SENDER)
	    : text_of(sender, "addr");
}

/* all_recipients - are all of them exempt? */
static bool all_recipients(const struct assay_policy *policy, const json_t *recipients)
{
	const size_t n = json_array_size(recipients);

	for (size_t i = 0; i < n; i++)
		if (!in_list(policy->exempt.rcpts, text_of(json_array_get(recipients, i), "addr")))
			return false;
	return n > 0;
}

/* assay_policy_exempts - see policy_answer.h */
bool assay_policy_exempts(const struct assay_policy *policy, const json_t *request, uint64_t size)
{
	const json_t *envelope = json_object_get(request, "envelope");
	const json_t *client = json_object_get(envelope, "client");
	const json_t *auth = json_object_get(client, "auth");
	const struct assay_policy_exempt *exempt = &policy->exempt;

	return (exempt->size > 0 && size > exempt->size) ||
	    in_list(exempt->networks, text_of(client, "addr")) ||
	    in_list(exempt->auth, text_of(auth, "user")) ||
	    in_list(exempt->daemons, text_of(request, "daemon")) ||
	    in_list(exempt->senders, sender_of(envelope)) ||
	    all_recipients(policy, json_object_get(envelope, "recipients"));
}
