/*
 * core/finding.c - see finding.h
 */
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/finding.h"
#include "core/json.h"
#include "core/request.h"

static const char *const kinds[] = ASSAY_FINDING_KINDS;
static const char *const labels[] = ASSAY_FINDING_LABELS;

/* copy_or - of a tree; `other`, which is taken, where there is none */
static json_t *copy_or(const json_t *json, json_t *other)
{
	if (json == NULL)
		return other;
	json_decref(other);
	return json_deep_copy(json);
}

/* assay_finding_json - see finding.h */
json_t *assay_finding_json(const struct assay_finding *finding)
{
	json_t *json = json_object();
	char id[ASSAY_UUID_TEXT];

	ASSAY_ASSERT(assay_slice_in(assay_slice_str(finding->kind), kinds));
	ASSAY_ASSERT(
	    finding->label == NULL || assay_slice_in(assay_slice_str(finding->label), labels));
	ASSAY_ASSERT(finding->id == NULL || assay_request_is_uuid(finding->id));
	if (finding->id == NULL)
		assay_request_random_id(id);
	assay_json_set(json, "schema", assay_json_own(ASSAY_FINDING_SCHEMA));
	assay_json_set(json, "finding_id", assay_json_own(finding->id != NULL ? finding->id : id));
	assay_json_set(json, "scan_id", assay_json_str(finding->scan_id));
	assay_json_set(json, "payload_id", assay_json_str(finding->payload_id));
	assay_json_set(json, "time", assay_json_time(finding->time_ms));
	assay_json_set(json, "kind", assay_json_own(finding->kind));
	assay_json_set(json, "by", assay_json_str(finding->by));
	assay_json_set(json, "note", assay_json_str(finding->note));
	assay_json_set(json, "label", assay_json_own(finding->label));
	assay_json_set(json, "facts", copy_or(finding->facts, json_object()));
	assay_json_set(json, "rules", copy_or(finding->rules, json_array()));
	return json;
}

/* ---- checking -------------------------------------------------------------------------------- */

/* wrong - a member */
static enum assay_status wrong(const char *member, struct assay_err *err)
{
	return assay_err_set(err, ASSAY_E_SYNTAX,
	    "no finding: \"%s\" is missing or is not what it should be", member);
}

/* are_values - a list of texts or integers; texts alone when `texts` */
static bool are_values(const json_t *list, bool texts)
{
	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *value = json_array_get(list, i);

		if (!json_is_string(value) && (texts || !json_is_integer(value)))
			return false;
	}
	return true;
}

/* are_facts - {word: [values]} */
static bool are_facts(const json_t *facts)
{
	const char *word;
	json_t *values;

	if (!json_is_object(facts))
		return false;
	json_object_foreach((json_t *)(uintptr_t)facts, word, values)
	{
		if (!are_values(values, false))
			return false;
	}
	return true;
}

/* assay_finding_check - see finding.h */
enum assay_status assay_finding_check(const json_t *finding, struct assay_err *err)
{
	static const char *const texts[] = { "finding_id", "scan_id", "time", "kind", "by" };
	static const char *const nullable[] = { "payload_id", "note", "label" };
	const char *schema = assay_json_get_str(finding, "schema");

	if (schema == NULL || strcmp(schema, ASSAY_FINDING_SCHEMA) != 0)
		return wrong("schema", err);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!json_is_string(json_object_get(finding, texts[i])))
			return wrong(texts[i], err);
	for (size_t i = 0; i < sizeof nullable / sizeof nullable[0]; i++) {
		const json_t *value = json_object_get(finding, nullable[i]);

		if (!json_is_string(value) && !json_is_null(value))
			return wrong(nullable[i], err);
	}
	if (!assay_request_is_uuid(assay_json_get_str(finding, "finding_id")))
		return wrong("finding_id", err);
	if (!assay_request_is_uuid(assay_json_get_str(finding, "scan_id")))
		return wrong("scan_id", err);
	if (!are_facts(json_object_get(finding, "facts")))
		return wrong("facts", err);
	return are_values(json_object_get(finding, "rules"), true) ? ASSAY_OK : wrong("rules", err);
}
