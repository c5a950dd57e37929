/*
 * core/cmd/why.c - see why.h
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/printable.h"

#include "core/cmd/cmd.h"
#include "core/cmd/one.h"
#include "core/cmd/why.h"
#include "core/json.h"

#define SHOWN 120u /* bytes of a foreign text */

/* Where the answer goes. */
struct why {
	struct assay_buf *out;
	enum assay_status st;
	struct assay_err *err;
};

/* add_foreign - text of the mail, made printable */
static void add_foreign(struct assay_buf *out, const char *text)
{
	if (text != NULL)
		(void)assay_printable_add(out, assay_slice_str(text), SHOWN);
}

/* add_head - which payload it is */
static void add_head(struct assay_buf *out, const json_t *payload)
{
	const json_t *workers = json_object_get(payload, "workers");
	const char *type = assay_json_get_str(json_object_get(workers, "mimetype"), "mimetype");
	const char *declared = assay_json_get_str(payload, "content_type");

	(void)assay_buf_printf(out, "%s ", assay_json_get_str(payload, "payload_id"));
	add_foreign(out, assay_json_get_str(payload, "path"));
	(void)assay_buf_printf(out, "%s(%lld bytes, ",
	    assay_json_get_str(payload, "path")[0] != '\0' ? " " : "",
	    (long long)assay_json_get_int(payload, "size", 0));
	(void)assay_buf_add_str(out, type != NULL ? type : "type not looked at");
	if (declared != NULL && (type == NULL || strcmp(type, declared) != 0)) {
		(void)assay_buf_add_str(out, ", declared ");
		add_foreign(out, declared);
	}
	(void)assay_buf_add_str(out, ")\n");
}

/* has - is the name in the list */
static bool has(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
			return true;
	return false;
}

/* add_reason - who chose it, in words */
static void add_reason(struct assay_buf *out, const json_t *row)
{
	const char *by = assay_json_get_str(row, "by");
	const char *plugin = assay_json_get_str(row, "plugin");
	const char *reason = assay_json_get_str(row, "reason");

	if (plugin == NULL)
		plugin = "another plugin";
	if (strcmp(by, "dispatcher") == 0)
		(void)assay_buf_printf(out, "%s chose it", plugin);
	else if (strcmp(by, "dispatch_to") == 0)
		(void)assay_buf_printf(out, "%s, which found the payload, asked for it", plugin);
	else if (strcmp(by, "worker") == 0)
		(void)assay_buf_printf(out, "%s asked for it", plugin);
	else if (strcmp(by, "needs_workers") == 0)
		(void)assay_buf_printf(out, "%s needs its result", plugin);
	else
		(void)assay_buf_printf(out, "[core] %s", by);
	if (reason != NULL) {
		(void)assay_buf_add_str(out, ": ");
		add_foreign(out, reason);
	}
}

/* add_errors - what was said of this worker on this payload; false: nothing */
static bool add_errors(
    struct assay_buf *out, const json_t *errors, const char *worker, const char *id)
{
	bool any = false;

	for (size_t i = 0; i < json_array_size(errors); i++) {
		const json_t *e = json_array_get(errors, i);
		const char *who = assay_json_get_str(e, "plugin_name");
		const char *where = assay_json_get_str(e, "payload_id");

		if (who == NULL || where == NULL || strcmp(who, worker) != 0 ||
		    strcmp(where, id) != 0)
			continue;
		(void)assay_buf_add_str(out, "; ");
		add_foreign(out, assay_json_get_str(e, "error"));
		any = true;
	}
	return any;
}

/* add_choice - a line for one reason of one worker */
static void add_choice(
    struct assay_buf *out, const json_t *row, const json_t *payload, const json_t *errors)
{
	const json_t *run = json_object_get(payload, "plugins_run");
	const char *worker = assay_json_get_str(row, "worker");

	(void)assay_buf_printf(out, "  %-12s ", worker);
	add_reason(out, row);
	/* Who is only wished for is passed over in silence. */
	if (!add_errors(out, errors, worker, assay_json_get_str(payload, "payload_id")) &&
	    !has(json_object_get(run, "workers"), worker))
		(void)assay_buf_add_str(out, "; not loaded");
	(void)assay_buf_add_char(out, '\n');
}

/* add_payload - who looks at one payload; `why` nobody does, or NULL */
static void add_payload(
    struct assay_buf *out, const json_t *payload, const json_t *errors, const char *why)
{
	const json_t *chosen = json_object_get(json_object_get(payload, "plugins_run"), "chosen");

	add_head(out, payload);
	for (size_t i = 0; i < json_array_size(chosen); i++)
		add_choice(out, json_array_get(chosen, i), payload, errors);
	if (json_array_size(chosen) == 0 && why != NULL)
		(void)assay_buf_printf(out, "  nobody: it is not scanned (%s)\n", why);
	else if (json_array_size(chosen) == 0)
		(void)assay_buf_add_str(out, "  nobody: it is not scanned\n");
}

/* add_limits - what was not looked at */
static void add_limits(struct assay_buf *out, const json_t *limits)
{
	for (size_t i = 0; i < json_array_size(limits); i++) {
		const json_t *l = json_array_get(limits, i);
		const char *where = assay_json_get_str(l, "payload_id");

		if (strcmp(assay_json_get_str(l, "effect"), "unseen") == 0)
			(void)assay_buf_printf(out, "not all was looked at: %s is %lld (%s)\n",
			    assay_json_get_str(l, "limit"),
			    (long long)assay_json_get_int(l, "allowed", 0),
			    where != NULL ? where : "the message");
	}
}

/* explain - the report came */
static void explain(void *arg, const struct assay_answer *answer)
{
	struct why *why = arg;
	const json_t *results;
	json_t *report;

	why->st = assay_json_parse(answer->report, &report, why->err);
	if (why->st != ASSAY_OK)
		return;
	results = json_object_get(report, "results");
	for (size_t i = 0; i < json_array_size(results); i++)
		add_payload(why->out, json_array_get(results, i), json_object_get(report, "errors"),
		    assay_json_get_str(report, "status_reason"));
	add_limits(why->out, json_object_get(report, "limits"));
	json_decref(report);
}

/* assay_why - see why.h */
enum assay_status assay_why(const struct assay_cmd_globals *globals, const char *file,
    const char *always, struct assay_buf *out, struct assay_err *err)
{
	struct why why = { .out = out, .err = err };
	struct assay_cmd_one one = { .file = file, .answer = explain, .arg = &why };
	struct assay_words core_opts = { NULL, 0 };
	struct assay_scanner *scanner = NULL;
	enum assay_status st;

	if (always != NULL)
		assay_words_add_pair(&core_opts, "always_dispatch", always);
	st = assay_cmd_one_open(globals, core_opts.word, &scanner, err);
	if (st == ASSAY_OK) {
		one.request = json_object();
		assay_json_set(one.request, "explain", json_true());
		st = assay_cmd_one_scan(scanner, &one, err);
	}
	assay_scanner_close(&scanner);
	assay_words_free_pairs(&core_opts);
	return st == ASSAY_OK ? why.st : st;
}
