/*
 * core/format_lines.c - one line per payload, the mail's joins repeated on each
 *
 * What is needed to find the mail again (ids, time, from, rcpt, subject, queue id, verdict), what
 * the payload is, and its facts as lists by word (words that are a member's name are left out).
 */
#include <string.h>

#include "core/format.h"
#include "core/json.h"
#include "core/report_read.h"

/* copy_at - the value at a path under a new name; null when it is not there */
static void copy_at(json_t *out, const char *name, const json_t *from, const char *path)
{
	const json_t *value = assay_report_at(from, path);

	/* Shared, not copied: the caller owns the report longer than the lines. */
	assay_json_set(
	    out, name, value != NULL ? json_incref((json_t *)(uintptr_t)value) : json_null());
}

/* add_mail - the joins */
static void add_mail(json_t *out, const json_t *report)
{
	copy_at(out, "scan_id", report, "scan_id");
	copy_at(out, "time", report, "time");
	copy_at(out, "message_time", report, "message_time.utc");
	assay_json_set(out, "from", assay_report_addresses(assay_report_from(report), SIZE_MAX));
	assay_json_set(
	    out, "rcpt", assay_report_addresses(assay_report_at(report, "recipients"), SIZE_MAX));
	assay_json_set(out, "subject", assay_json_str(assay_report_subject(report)));
	copy_at(out, "queue_id", report, "request_meta.queue_id");
	copy_at(out, "status", report, "status");
	copy_at(out, "verdict", report, "verdict.action");
}

/* add_payload - what it is, and its facts */
static void add_payload(json_t *out, const json_t *payload)
{
	static const char *const members[] = { "payload_id", "parent", "depth", "path", "filename",
		"extension", "content_type", "size", "sha256", "extracted_from", "extracted_by" };
	json_t *facts = json_object_get(payload, "facts");
	const char *word;
	json_t *values;

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		copy_at(out, members[i], payload, members[i]);
	copy_at(out, "workers", payload, "plugins_run.workers");
	json_object_foreach(facts, word, values) if (json_object_get(out, word) == NULL)
	    assay_json_set(out, word, json_incref(values));
}

/* assay_format_lines - an object for each payload */
json_t *assay_format_lines(const json_t *report)
{
	json_t *lines = json_array();
	const json_t *payload;

	for (size_t i = 0; (payload = assay_report_payload(report, i)) != NULL; i++) {
		json_t *line = json_object();

		add_mail(line, report);
		add_payload(line, payload);
		assay_json_append(lines, line);
	}
	return lines;
}
