/*
 * core/policy_failure.c - what failed, by the report's own words, and which option says what is to
 * be done then
 *
 * Of several failures the one with the strongest action counts, of equal ones the first.
 */
#include <string.h>

#include "base/slice.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/policy_own.h"

/* assay_policy_action - the word of an option */
enum assay_wire_action assay_policy_action(const struct assay_policy *policy, const char *option)
{
	enum assay_wire_action action;

	return assay_wire_action_find(assay_opt_str(policy->opts, option), &action)
	    ? action
	    : ASSAY_ACTION_ACCEPT;
}

/* weigh - the stronger of two failures */
static void weigh(struct assay_policy_failure *failure, const struct assay_policy_failure *other)
{
	if (failure->cause == NULL || other->action > failure->action)
		*failure = *other;
}

/* weigh_option - one with the action of its option, which is its cause as well */
static void weigh_option(const struct assay_policy *policy, struct assay_policy_failure *failure,
    const struct assay_policy_failure *other)
{
	struct assay_policy_failure ready = *other;

	ready.action = assay_policy_action(policy, other->cause);
	weigh(failure, &ready);
}

/* cause_of - which option is meant by a status_reason; bypass and exempt are themselves */
static const char *cause_of(const char *reason)
{
	static const struct {
		const char *reason, *cause;
	} causes[] = { { "bypass", "bypass" }, { "exempt", "exempt" }, { "timeout", "on_timeout" },
		{ "overload", "on_overload" }, { "crashed", "on_crash" },
		{ "message_size", "on_limit" } };

	if (reason == NULL)
		return "on_crash";
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
		if (strcmp(reason, causes[i].reason) == 0)
			return causes[i].cause;
	return "on_error";
}

/* weigh_status - a message that was not scanned, or not to the end */
static void weigh_status(
    const struct assay_policy *policy, const json_t *report, struct assay_policy_failure *failure)
{
	const char *status = assay_json_get_str(report, "status");
	const char *reason = assay_json_get_str(report, "status_reason");
	const struct assay_policy_failure it = {
		.cause = cause_of(reason), .word = "status", .value = status
	};

	if (status == NULL || strcmp(status, "scanned") == 0)
		return;
	if (strcmp(it.cause, "bypass") != 0 && strcmp(it.cause, "exempt") != 0) {
		weigh_option(policy, failure, &it);
		return;
	}
	weigh(failure, &it);
	failure->settled = true;
}

/* weigh_limits - bytes that nobody looked at. That the time was over the status says: on_timeout
 * may be weaker than on_limit */
static void weigh_limits(
    const struct assay_policy *policy, const json_t *report, struct assay_policy_failure *failure)
{
	static const char *const times[] = { "message_timeout", "bulk_timeout", NULL };
	const json_t *limits = json_object_get(report, "limits");

	for (size_t i = 0; i < json_array_size(limits); i++) {
		const json_t *limit = json_array_get(limits, i);
		const char *effect = assay_json_get_str(limit, "effect");
		const char *name = assay_json_get_str(limit, "limit");

		if (effect != NULL && strcmp(effect, "unseen") == 0 &&
		    !assay_slice_in(assay_slice_str(name), times))
			weigh_option(policy, failure,
			    &(struct assay_policy_failure){ .cause = "on_limit",
				.word = "limit",
				.value = name,
				.payload_id = assay_json_get_str(limit, "payload_id") });
	}
}

/* is_failure - of a plugin: its result is missing, and nobody wanted that */
static bool is_failure(const json_t *error)
{
	static const char *const kinds[] = { "failed", "timeout", "crashed", "not_loaded",
		"needs_failed", "needs_cycle", "needs_depth", NULL };

	return assay_slice_in(assay_slice_str(assay_json_get_str(error, "kind")), kinds) &&
	    assay_json_get_str(error, "plugin_name") != NULL;
}

/* is_required - may no mail go on without it? */
static bool is_required(const struct assay_policy *policy, const char *plugin)
{
	return assay_slice_in(
	    assay_slice_str(plugin), assay_opt_list(policy->opts, "required_workers"));
}

/* weigh_errors - plugins that gave nothing */
static void weigh_errors(
    const struct assay_policy *policy, const json_t *report, struct assay_policy_failure *failure)
{
	const json_t *errors = json_object_get(report, "errors");
	const enum assay_wire_action action = assay_policy_action(policy, "on_worker_failed");

	for (size_t i = 0; i < json_array_size(errors); i++) {
		const json_t *error = json_array_get(errors, i);
		struct assay_policy_failure it = { .cause = "on_worker_failed",
			.action = action,
			.word = "error",
			.value = assay_json_get_str(error, "plugin_name"),
			.payload_id = assay_json_get_str(error, "payload_id") };

		if (!is_failure(error))
			continue;
		if (is_required(policy, it.value) && it.action < ASSAY_ACTION_TEMPFAIL)
			it.action = ASSAY_ACTION_TEMPFAIL;
		weigh(failure, &it);
	}
}

/* assay_policy_failures - see policy_own.h */
void assay_policy_failures(
    const struct assay_policy *policy, const json_t *report, struct assay_policy_failure *failure)
{
	*failure = (struct assay_policy_failure){ .action = ASSAY_ACTION_ACCEPT };
	weigh_status(policy, report, failure);
	if (failure->settled)
		return;
	weigh_limits(policy, report, failure);
	weigh_errors(policy, report, failure);
}
