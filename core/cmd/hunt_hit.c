/*
 * core/cmd/hunt_hit.c - see hunt.h: what is told of a mail that was hit. Everything in a report is
 * a stranger's text.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/cmd/hunt.h"
#include "core/format.h"
#include "core/json.h"
#include "core/request.h"

#define SHOWN 5u /* matches on a line */
#define VALUE_BYTES 100u

/* assay_hunt_match - see hunt.h */
void assay_hunt_match(
    json_t *matches, const json_t *payload, const char *word, const char *value, const char *rule)
{
	json_t *match = json_object();

	assay_json_set(
	    match, "payload_id", assay_json_str(assay_json_get_str(payload, "payload_id")));
	assay_json_set(match, "path", assay_json_str(assay_json_get_str(payload, "path")));
	assay_json_set(match, "word", assay_json_str(word));
	assay_json_set(match, "value", assay_json_str(value));
	assay_json_set(match, "rule", assay_json_str(rule));
	assay_json_append(matches, match);
}

/* ---- findings -------------------------------------------------------------------------------- */

/* name_of - what a finding says, for its id */
static void name_of(const char *scan_id, const json_t *match, char id[ASSAY_UUID_TEXT])
{
	static const char *const members[] = { "payload_id", "word", "value", "rule" };
	struct assay_buf name;

	assay_buf_init(&name, (size_t)1 << 20);
	(void)assay_buf_printf(&name, "hunt %s", scan_id);
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const char *text = assay_json_get_str(match, members[i]);

		(void)assay_buf_add_char(&name, '\n');
		(void)assay_buf_add_str(&name, text != NULL ? text : "");
	}
	assay_request_named_id(assay_buf_slice(&name), id);
	assay_buf_release(&name);
}

/* add_finding - of one match */
static enum assay_status add_finding(
    struct assay_hunt *hunt, const char *scan_id, const json_t *match, struct assay_err *err)
{
	json_t *facts = json_object(), *values = json_array(), *rules = json_array();
	struct assay_finding finding = { .scan_id = scan_id,
		.payload_id = assay_json_get_str(match, "payload_id"),
		.time_ms = assay_clock_wall_ms(),
		.kind = "hunt",
		.by = hunt->by,
		.facts = facts,
		.rules = rules };
	char id[ASSAY_UUID_TEXT];
	enum assay_status status;

	name_of(scan_id, match, id);
	finding.id = id;
	assay_json_append(values, json_incref(json_object_get(match, "value")));
	assay_json_set(facts, assay_json_get_str(match, "word"), values);
	assay_json_append(rules, json_incref(json_object_get(match, "rule")));
	status = assay_findings_add(hunt->findings, &finding, err);
	hunt->findings_made += status == ASSAY_OK;
	json_decref(facts);
	json_decref(rules);
	return status;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* add_match - "  yara:Rule (invoice.zip/setup.exe)" */
static void add_match(struct assay_hunt *hunt, const json_t *match)
{
	struct assay_cmd_store *store = &hunt->store;
	const char *path = assay_json_get_str(match, "path");

	(void)assay_buf_add_str(&store->out, "  ");
	assay_cmd_store_add(store, json_object_get(match, "word"), VALUE_BYTES);
	(void)assay_buf_add_char(&store->out, ':');
	assay_cmd_store_add(store, json_object_get(match, "value"), VALUE_BYTES);
	if (path == NULL || path[0] == '\0')
		return;
	(void)assay_buf_add_str(&store->out, " (");
	assay_cmd_store_add(store, json_object_get(match, "path"), VALUE_BYTES);
	(void)assay_buf_add_char(&store->out, ')');
}

/* add_line - the mail and what was found in it */
static void add_line(struct assay_hunt *hunt, const json_t *report, const json_t *matches)
{
	struct assay_cmd_store *store = &hunt->store;
	json_t *summary = assay_format_summary(report);
	const size_t n = json_array_size(matches);

	if (hunt->json) {
		assay_json_set(summary, "matches", json_deep_copy(matches));
		(void)assay_json_write(summary, ASSAY_JSON_COMPACT, &store->out);
	} else {
		assay_cmd_store_line(store, summary);
		for (size_t i = 0; i < n && i < SHOWN; i++)
			add_match(hunt, json_array_get(matches, i));
		if (n > SHOWN)
			(void)assay_buf_printf(&store->out, "  (+%zu)", n - SHOWN);
	}
	(void)assay_buf_add_char(&store->out, '\n');
	json_decref(summary);
	assay_cmd_store_print(store);
}

/* key_of - the scan, for the set of those that were told */
static struct assay_key key_of(const char *scan_id)
{
	struct assay_key key = { { 0 } };
	size_t n = 0;

	for (const char *p = scan_id; *p != '\0' && n < 2 * sizeof key.b; p++) {
		const int digit = assay_ascii_hex((unsigned char)*p);

		if (digit < 0)
			continue;
		key.b[n / 2] = (unsigned char)(key.b[n / 2] << 4 | digit);
		n++;
	}
	return key;
}

/* assay_hunt_told - see hunt.h */
bool assay_hunt_told(const struct assay_hunt *hunt, const json_t *report)
{
	const char *scan_id = assay_json_get_str(report, "scan_id");

	return scan_id != NULL && assay_keyset_has(&hunt->told, key_of(scan_id));
}

/* assay_hunt_hit - see hunt.h */
enum assay_status assay_hunt_hit(
    struct assay_hunt *hunt, const json_t *report, const json_t *matches, struct assay_err *err)
{
	const char *scan_id = assay_json_get_str(report, "scan_id");
	enum assay_status status = ASSAY_OK;

	if (scan_id == NULL || !assay_request_is_uuid(scan_id) || json_array_size(matches) == 0)
		return ASSAY_OK;
	for (size_t i = 0; hunt->findings != NULL && i < json_array_size(matches); i++) {
		status = add_finding(hunt, scan_id, json_array_get(matches, i), err);
		if (status != ASSAY_OK)
			return status;
	}
	hunt->mails += assay_keyset_add(&hunt->told, key_of(scan_id));
	add_line(hunt, report, matches);
	return status;
}
