/*
 * syslog/summary.c - see summary.h
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "summary.h"
#include "text/printable.h"

#define VALUE_MAX 200
#define SHOWN 5

/* Single values by their place in the document. */
static const struct {
	const char *key, *path;
} report_words[] = {
	{ "scan_id", "scan_id" },
	{ "status", "status" },
	{ "reason", "status_reason" },
	{ "verdict", "verdict.action" },
	{ "rule", "verdict.rule" },
	{ "queue_id", "request_meta.queue_id" },
	{ "source", "request_meta.source" },
	{ "direction", "direction" },
	{ "message_time", "message_time.utc" },
	{ "duration_ms", "duration_ms" },
	{ "content_sha256", "content_sha256" },
}, finding_words[] = {
	{ "finding_id", "finding_id" },
	{ "scan_id", "scan_id" },
	{ "kind", "kind" },
	{ "by", "by" },
	{ "label", "label" },
	{ "payload_id", "payload_id" },
	{ "note", "note" },
};

/* Lists of facts{}. */
static const char *const facts_shown[] = { "client", "mailfrom", "from", "rcpt", "subject",
	"message_id", "filename", "yara", "clamav" };

/* add_value - printable, cut, in quotes where it needs them */
static void add_value(struct assay_buf *out, struct assay_slice value)
{
	char text[VALUE_MAX + 4];
	size_t n;

	(void)assay_printable_copy(text, sizeof text, value);
	n = strlen(text);
	if (n > 0 && strcspn(text, " \"=,\\") == n) {
		(void)assay_buf_add(out, text, n);
		return;
	}
	/* A backslash was doubled already; a quote is the one thing left that could end it. */
	(void)assay_buf_add_char(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			(void)assay_buf_add_char(out, '\\');
		(void)assay_buf_add_char(out, text[i]);
	}
	(void)assay_buf_add_char(out, '"');
}

/* add_json - a string or a number */
static void add_json(struct assay_buf *out, const json_t *value)
{
	if (json_is_integer(value))
		(void)assay_buf_printf(out, "%lld", (long long)json_integer_value(value));
	else
		add_value(out, assay_slice(json_string_value(value), json_string_length(value)));
}

/* has_value - something that is worth a word */
static bool has_value(const json_t *value)
{
	return json_is_integer(value) || json_string_length(value) > 0;
}

/* add_key - "key=" behind what is there */
static void add_key(struct assay_buf *out, const char *key)
{
	(void)assay_buf_printf(out, "%s%s=", out->n > 0 ? " " : "", key);
}

/* add_path - one value by its place */
static void add_path(
    struct assay_buf *out, const json_t *document, const char *key, const char *path)
{
	struct assay_slice rest = assay_slice_str(path), name;
	const json_t *value = document;
	char text[40];

	while (assay_slice_split(&rest, '.', &name)) {
		(void)snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
		value = json_object_get(value, text);
	}
	if (!has_value(value))
		return;
	add_key(out, key);
	add_json(out, value);
}

/* add_list - the first of a list, and how many there are */
static void add_list(struct assay_buf *out, const char *key, const json_t *list)
{
	size_t i, shown = 0;
	json_t *value;

	json_array_foreach(list, i, value)
	{
		if (shown == SHOWN || !has_value(value))
			continue;
		if (shown++ == 0)
			add_key(out, key);
		else
			(void)assay_buf_add_char(out, ',');
		add_json(out, value);
	}
	if (json_array_size(list) > SHOWN)
		(void)assay_buf_printf(out, " %s_count=%zu", key, json_array_size(list));
}

/* add_count - how many, when there are any */
static void add_count(struct assay_buf *out, const char *key, const json_t *list)
{
	if (json_array_size(list) > 0)
		(void)assay_buf_printf(out, " %s=%zu", key, json_array_size(list));
}

/* assay_summary_report - see summary.h */
void assay_summary_report(const json_t *report, struct assay_buf *out)
{
	const json_t *facts = json_object_get(report, "facts");

	for (size_t i = 0; i < sizeof report_words / sizeof report_words[0]; i++)
		add_path(out, report, report_words[i].key, report_words[i].path);
	for (size_t i = 0; i < sizeof facts_shown / sizeof facts_shown[0]; i++)
		add_list(out, facts_shown[i], json_object_get(facts, facts_shown[i]));
	add_count(out, "payloads", json_object_get(report, "results"));
	add_count(out, "limits", json_object_get(report, "limits"));
	add_count(out, "errors", json_object_get(report, "errors"));
}

/* assay_summary_finding - see summary.h */
void assay_summary_finding(const json_t *finding, struct assay_buf *out)
{
	for (size_t i = 0; i < sizeof finding_words / sizeof finding_words[0]; i++)
		add_path(out, finding, finding_words[i].key, finding_words[i].path);
}

/* is_one_of - does the string stand in "a|b"? */
static bool is_one_of(const json_t *value, const char *words)
{
	const struct assay_slice s =
	    assay_slice(json_string_value(value), json_string_length(value));
	struct assay_slice rest = assay_slice_str(words), word;

	while (assay_slice_split(&rest, '|', &word))
		if (assay_slice_eq(word, s))
			return true;
	return false;
}

/* assay_summary_severity - see summary.h */
int assay_summary_severity(const json_t *report)
{
	const json_t *verdict = json_object_get(report, "verdict");

	if (is_one_of(json_object_get(report, "status"), "partial|unscanned"))
		return 4;
	return is_one_of(json_object_get(verdict, "action"),
		   "quarantine|tempfail|reject|discard|redirect")
	    ? 5
	    : 6;
}
