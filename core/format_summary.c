/*
 * core/format_summary.c - one flat line per mail, at most ASSAY_FORMAT_SUMMARY_MAX bytes
 *
 * Fixed members first, then the words of facts{} as lists (words that are a fixed member's name are
 * left out). When it does not fit, values per word and bytes per text go down together until it
 * does; a word whose list was cut has WORD_count beside it. For syslog-like connectors.
 */
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "text/utf8.h"

#include "core/format.h"
#include "core/json.h"
#include "core/report_read.h"

/* How much of each thing is kept. */
struct budget {
	size_t values, bytes;
};

/* add_text - a string, cut */
static void add_text(json_t *out, const char *name, const char *text, const struct budget *budget)
{
	struct assay_slice s = assay_slice_str(text);

	if (text != NULL)
		assay_json_set(out, name,
		    assay_json_text(
			s.p, s.n > budget->bytes ? assay_utf8_cut(s, budget->bytes) : s.n));
}

/* add_at - the scalar at a path of the report, when it is there */
static void add_at(json_t *out, const char *name, const json_t *report, const char *path,
    const struct budget *budget)
{
	const json_t *value = assay_report_at(report, path);

	if (json_is_string(value))
		add_text(out, name, json_string_value(value), budget);
	else if (json_is_integer(value))
		assay_json_set(out, name, assay_json_int(json_integer_value(value)));
}

/* cut_value - a string cut, an integer as it is, anything else NULL */
static json_t *cut_value(const json_t *value, const struct budget *budget)
{
	struct assay_slice s;

	if (json_is_integer(value))
		return assay_json_int(json_integer_value(value));
	if (!json_is_string(value))
		return NULL;
	s = assay_slice(json_string_value(value), json_string_length(value));
	return assay_json_text(s.p, s.n > budget->bytes ? assay_utf8_cut(s, budget->bytes) : s.n);
}

/* add_list - strings or integers, at most so many, with the count when there were more */
static void add_list(
    json_t *out, const char *word, const json_t *values, const struct budget *budget)
{
	size_t n = json_array_size(values);
	json_t *list = json_array();
	char count[80];

	for (size_t i = 0; i < n && i < budget->values; i++) {
		json_t *value = cut_value(json_array_get(values, i), budget);

		if (value != NULL)
			assay_json_append(list, value);
	}
	assay_json_set(out, word, list);
	if (n > budget->values) {
		(void)snprintf(count, sizeof count, "%.70s_count", word);
		assay_json_set(out, count, assay_json_int((int64_t)n));
	}
}

/* add_length - how many entries a list of the report has */
static void add_length(json_t *out, const char *name, const json_t *report)
{
	size_t n = json_array_size(json_object_get(report, name));

	assay_json_set(out, name, assay_json_int((int64_t)n));
}

/* add_fixed - the members every summary has */
static void add_fixed(json_t *out, const json_t *report, const struct budget *budget)
{
	static const char *const at[][2] = { { "scan_id", "scan_id" }, { "time", "time" },
		{ "duration_ms", "duration_ms" }, { "message_time", "message_time.utc" },
		{ "host", "engine.host" }, { "instance", "engine.instance" },
		{ "source_id", "request_meta.source_id" }, { "queue_id", "request_meta.queue_id" },
		{ "direction", "direction" }, { "tenant", "tenant" }, { "status", "status" },
		{ "status_reason", "status_reason" }, { "verdict", "verdict.action" },
		{ "verdict_cause", "verdict.cause" }, { "verdict_rule", "verdict.rule" },
		{ "content_sha256", "content_sha256" } };
	json_t *recipients =
	    assay_report_addresses(assay_report_at(report, "recipients"), SIZE_MAX);

	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
		add_at(out, at[i][0], report, at[i][1], budget);
	add_text(out, "sender", assay_report_sender(report), budget);
	add_list(out, "recipients", recipients, budget);
	json_decref(recipients);
	add_text(out, "subject", assay_report_subject(report), budget);
	add_text(out, "message_id", assay_report_message_id(report), budget);
	assay_json_set(
	    out, "payloads", assay_json_int((int64_t)assay_report_payload_count(report)));
	add_length(out, "limits", report);
	add_length(out, "errors", report);
}

/* make - the whole line within a budget */
static json_t *make(const json_t *report, const struct budget *budget, bool with_facts)
{
	json_t *facts = json_object_get(report, "facts");
	json_t *out = json_object();
	const char *word;
	json_t *values;

	add_fixed(out, report, budget);
	if (with_facts)
		json_object_foreach(facts, word, values) if (json_object_get(out, word) == NULL)
		    add_list(out, word, values, budget);
	return out;
}

/* assay_format_summary - the largest that fits */
json_t *assay_format_summary(const json_t *report)
{
	static const struct budget budgets[] = { { 64, 512 }, { 32, 256 }, { 16, 256 }, { 8, 128 },
		{ 4, 128 }, { 2, 64 }, { 1, 64 }, { 0, 64 } };
	size_t n = sizeof budgets / sizeof budgets[0];

	for (size_t i = 0; i < n; i++) {
		json_t *out = make(report, &budgets[i], true);

		if (assay_json_size(out) < ASSAY_FORMAT_SUMMARY_MAX)
			return out;
		json_decref(out);
	}
	return make(report, &budgets[n - 1], false);
}
