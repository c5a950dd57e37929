/*
 * core/format_stoq.c - the document stoQ v3 wrote, for those who built on it
 *
 * results[], request_meta, errors[], time, decorators, scan_id; extra_data as an object; the smtp
 * worker's result as headers by lower-case name (repeats joined with a line feed) with body and
 * body_html, and FIELD_isnew as stoQ v1 had it when the seen decorator spoke. Time stays UTC. Keys
 * come from the mail here: that is the fault of the form, and why native has lists.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"

#include "core/format.h"
#include "core/json.h"
#include "core/report_read.h"

#define JOINED_MAX ((size_t)4 * 1024 * 1024) /* of all values of one header */
#define NAME_ROOM 256

/* shared - the value at a path, borrowed values kept alive; null when missing */
static json_t *shared(const json_t *from, const char *path)
{
	const json_t *value = assay_report_at(from, path);

	return value != NULL ? json_incref((json_t *)(uintptr_t)value) : json_null();
}

/* shared_list - the same, an empty list when missing */
static json_t *shared_list(const json_t *from, const char *path)
{
	const json_t *value = assay_report_at(from, path);

	return json_is_array(value) ? json_incref((json_t *)(uintptr_t)value) : json_array();
}

/* add_pairs - a list of {key, value} as members */
static void add_pairs(json_t *out, const json_t *pairs)
{
	for (size_t i = 0; i < json_array_size(pairs); i++) {
		const json_t *pair = json_array_get(pairs, i);
		const char *key = assay_report_text(pair, "key");

		if (key != NULL)
			assay_json_set(out, key, shared(pair, "value"));
	}
}

/* lower_name - a header's name as a key; false when it has none */
static bool lower_name(const json_t *header, char name[NAME_ROOM])
{
	const char *given = assay_report_text(header, "name");
	size_t i = 0;

	if (given == NULL)
		return false;
	for (; given[i] != '\0' && i + 1 < NAME_ROOM; i++)
		name[i] = (char)assay_ascii_lower((unsigned char)given[i]);
	name[i] = '\0';
	return true;
}

/* add_headers - each name once, values in wire order. One pass collects a list per name, so that
 * many repeats cost no more than their bytes. */
static void add_headers(json_t *out, const json_t *headers)
{
	json_t *by_name = json_object();
	struct assay_buf text;
	char name[NAME_ROOM];
	const char *key;
	json_t *list;

	for (size_t i = 0; i < json_array_size(headers); i++) {
		const json_t *header = json_array_get(headers, i);

		if (!lower_name(header, name))
			continue;
		list = json_object_get(by_name, name);
		if (list == NULL) {
			list = json_array();
			assay_json_set(by_name, name, list);
		}
		assay_json_append(list, shared(header, "value"));
	}
	assay_buf_init(&text, JOINED_MAX);
	json_object_foreach(by_name, key, list)
	{
		assay_buf_clear(&text);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *value = json_string_value(json_array_get(list, i));

			if (i > 0)
				(void)assay_buf_add_char(&text, '\n');
			(void)assay_buf_add_str(&text, value != NULL ? value : "");
		}
		assay_json_set(out, key, assay_json_text(text.p, text.n));
	}
	assay_buf_release(&text);
	json_decref(by_name);
}

/* add_isnew - FIELD_isnew: was any value of it never seen before */
static void add_isnew(json_t *out, json_t *seen)
{
	const char *field;
	json_t *values;
	char name[NAME_ROOM];

	json_object_foreach(seen, field, values)
	{
		bool isnew = false;

		if (strcmp(field, "new") == 0) /* the list of such fields, not one */
			continue;
		for (size_t i = 0; i < json_array_size(values); i++)
			isnew |= json_is_true(json_object_get(json_array_get(values, i), "isnew"));
		(void)snprintf(name, sizeof name, "%.200s_isnew", field);
		assay_json_set(out, name, json_boolean(isnew));
	}
}

/* smtp_result - headers by name, then the bodies */
static json_t *smtp_result(const json_t *smtp, json_t *seen)
{
	json_t *out = json_object();

	add_headers(out, assay_report_at(smtp, "headers"));
	assay_json_set(out, "body",
	    assay_json_text(assay_report_text(smtp, "body"),
		json_string_length(assay_report_at(smtp, "body"))));
	assay_json_set(out, "body_html",
	    assay_json_text(assay_report_text(smtp, "body_html"),
		json_string_length(assay_report_at(smtp, "body_html"))));
	add_isnew(out, seen);
	return out;
}

/* yara_match - meta of each match as an object, strings as [offset, id, data] */
static json_t *yara_match(const json_t *match)
{
	const json_t *strings = assay_report_at(match, "strings");
	json_t *out = json_object(), *meta = json_object(), *list = json_array();

	add_pairs(meta, assay_report_at(match, "meta"));
	for (size_t i = 0; i < json_array_size(strings); i++) {
		const json_t *s = json_array_get(strings, i);
		json_t *triple = json_array();

		assay_json_append(triple, shared(s, "offset"));
		assay_json_append(triple, shared(s, "id"));
		assay_json_append(triple, shared(s, "data"));
		assay_json_append(list, triple);
	}
	assay_json_set(out, "tags", shared_list(match, "tags"));
	assay_json_set(out, "namespace", shared(match, "namespace"));
	assay_json_set(out, "rule", shared(match, "rule"));
	assay_json_set(out, "meta", meta);
	assay_json_set(out, "strings", list);
	return out;
}

/* yara_result - its matches */
static json_t *yara_result(const json_t *yara)
{
	const json_t *matches = assay_report_at(yara, "matches");
	json_t *out = json_object(), *list = json_array();

	for (size_t i = 0; i < json_array_size(matches); i++)
		assay_json_append(list, yara_match(json_array_get(matches, i)));
	assay_json_set(out, "matches", list);
	return out;
}

/* workers - results by worker, those whose form differed turned back */
static json_t *workers(const json_t *payload, json_t *seen)
{
	json_t *results = json_object_get(payload, "workers");
	json_t *out = json_object();
	const char *name;
	json_t *result;

	json_object_foreach(results, name, result)
	{
		if (strcmp(name, "smtp") == 0 && json_is_object(result))
			assay_json_set(out, name, smtp_result(result, seen));
		else if (strcmp(name, "yara") == 0 && json_is_object(result))
			assay_json_set(out, name, yara_result(result));
		else
			assay_json_set(out, name, json_incref(result));
	}
	return out;
}

/* payload_meta - with what stoQ's smtp said of an attachment */
static json_t *payload_meta(const json_t *payload)
{
	const json_t *meta = assay_report_at(payload, "payload_meta");
	const json_t *first = json_array_get(assay_report_at(payload, "occurrences"), 0);
	json_t *out = json_object(), *extra = json_object();
	static const char *const from[][2] = { { "disposition", "disposition" },
		{ "filename", "filename" }, { "type", "content_type" } };

	add_pairs(extra, assay_report_at(meta, "extra_data"));
	for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
		if (assay_report_text(first, from[i][1]) != NULL)
			assay_json_set(extra, from[i][0], shared(first, from[i][1]));
	assay_json_set(out, "should_archive", shared(meta, "should_archive"));
	assay_json_set(out, "should_scan", shared(meta, "should_scan"));
	assay_json_set(out, "extra_data", extra);
	assay_json_set(out, "dispatch_to", shared_list(meta, "dispatch_to"));
	return out;
}

/* result - one member of results[] */
static json_t *result(const json_t *payload, json_t *seen)
{
	json_t *out = json_object(), *run = json_object();

	assay_json_set(run, "workers", shared_list(payload, "plugins_run.workers"));
	assay_json_set(run, "archivers", shared_list(payload, "plugins_run.archivers"));
	assay_json_set(out, "size", shared(payload, "size"));
	assay_json_set(out, "payload_id", shared(payload, "payload_id"));
	assay_json_set(out, "payload_meta", payload_meta(payload));
	assay_json_set(out, "plugins_run", run);
	assay_json_set(out, "extracted_from", shared_list(payload, "extracted_from"));
	assay_json_set(out, "extracted_by", shared_list(payload, "extracted_by"));
	assay_json_set(out, "workers", workers(payload, seen));
	assay_json_set(out, "archivers", shared(payload, "archivers"));
	return out;
}

/* request_meta - what stoQ kept of the request */
static json_t *request_meta(const json_t *report)
{
	const json_t *meta = assay_report_at(report, "request_meta");
	json_t *out = json_object(), *extra = json_object();

	add_pairs(extra, assay_report_at(meta, "extra_data"));
	if (assay_report_text(meta, "filename") != NULL)
		assay_json_set(extra, "filename", shared(meta, "filename"));
	assay_json_set(out, "archive_payloads", shared(meta, "archive_payloads"));
	assay_json_set(out, "source", shared(meta, "source"));
	assay_json_set(out, "extra_data", extra);
	return out;
}

/* errors - as stoQ wrote them */
static json_t *errors(const json_t *report)
{
	const json_t *list = assay_report_at(report, "errors");
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		json_t *one = json_object();

		assay_json_set(one, "error", shared(e, "error"));
		assay_json_set(one, "plugin_name", shared(e, "plugin_name"));
		assay_json_set(one, "payload_id", shared(e, "payload_id"));
		assay_json_append(out, one);
	}
	return out;
}

/* assay_format_stoq - the whole document */
json_t *assay_format_stoq(const json_t *report)
{
	json_t *seen = json_object_get(json_object_get(report, "decorators"), "seen");
	json_t *out = json_object(), *results = json_array();
	const json_t *payload;

	for (size_t i = 0; (payload = assay_report_payload(report, i)) != NULL; i++)
		assay_json_append(results, result(payload, i == 0 ? seen : NULL));
	assay_json_set(out, "results", results);
	assay_json_set(out, "request_meta", request_meta(report));
	assay_json_set(out, "errors", errors(report));
	assay_json_set(out, "time", shared(report, "time"));
	assay_json_set(out, "decorators", shared(report, "decorators"));
	assay_json_set(out, "scan_id", shared(report, "scan_id"));
	return out;
}
