/*
 * core/report_read.c - see report_read.h. Reads, never writes.
 */
#include <string.h>

#include "base/slice.h"

#include "core/json.h"
#include "core/report_read.h"

/* assay_report_at - down the names of a path */
const json_t *assay_report_at(const json_t *json, const char *path)
{
	struct assay_slice rest = assay_slice_str(path), name;

	while (json != NULL && assay_slice_split(&rest, '.', &name))
		json = json_object_getn(json, name.p, name.n);
	return json;
}

/* assay_report_text - a string down there */
const char *assay_report_text(const json_t *json, const char *path)
{
	return json_string_value(assay_report_at(json, path));
}

/* assay_report_payload - by its place in results[] */
const json_t *assay_report_payload(const json_t *report, size_t i)
{
	return json_array_get(assay_report_at(report, "results"), i);
}

/* assay_report_payload_count - length of results[] */
size_t assay_report_payload_count(const json_t *report)
{
	return json_array_size(assay_report_at(report, "results"));
}

/* assay_report_from - who wrote it, as the header says */
const json_t *assay_report_from(const json_t *report)
{
	return assay_report_at(assay_report_payload(report, 0), "workers.smtp.from");
}

/* assay_report_subject - of the message itself */
const char *assay_report_subject(const json_t *report)
{
	return assay_report_text(assay_report_payload(report, 0), "workers.smtp.subject");
}

/* assay_report_message_id - of the message itself */
const char *assay_report_message_id(const json_t *report)
{
	return assay_report_text(assay_report_payload(report, 0), "workers.smtp.message_id");
}

/* assay_report_sender - the envelope's, else the header's */
const char *assay_report_sender(const json_t *report)
{
	const char *addr = assay_report_text(report, "request_meta.envelope.sender.addr");

	if (addr != NULL)
		return addr;
	return assay_report_text(json_array_get(assay_report_from(report), 0), "addr");
}

/* assay_report_addresses - addr of each entry that has one */
json_t *assay_report_addresses(const json_t *list, size_t most)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(list) && json_array_size(out) < most; i++) {
		const char *addr = assay_report_text(json_array_get(list, i), "addr");

		if (addr != NULL)
			assay_json_append(out, assay_json_own(addr));
	}
	return out;
}

/* assay_report_each - one member of all entries, each value once */
json_t *assay_report_each(const json_t *payload, const char *list, const char *member)
{
	const json_t *entries = json_object_get(assay_report_at(payload, "workers.smtp"), list);
	json_t *out = json_array(), *known = json_object();

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const char *text = assay_json_get_str(json_array_get(entries, i), member);

		if (text == NULL || json_object_get(known, text) != NULL)
			continue;
		assay_json_set(known, text, json_true());
		assay_json_append(out, assay_json_own(text));
	}
	json_decref(known);
	return out;
}
