/*
 * core/cmd/cmd_policy.c - `assay policy test`: which rule decides about a message, and why each
 * other one does not
 *
 * Scans the message here, in a scan process of its own, and asks the rules of the configuration
 * about the report once more, aloud. Nothing is kept and nobody is told.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/printable.h"

#include "core/cmd/cmd.h"
#include "core/cmd/one.h"
#include "core/json.h"
#include "core/policy_answer.h"
#include "core/scanner.h"

#define OUT_MAX ((size_t)4 << 20)
#define SHOWN 200u /* bytes of a foreign text */

enum { REQUEST };

static const struct assay_arg policy_args[] = {
	{ 0, "request", "JSON", "What a mail server would have said: {\"envelope\": {...}, ...}" },
	{ 0, NULL, NULL, NULL },
};

/* What was asked for, and where the answer goes. */
struct test {
	const char *verb, *file, *request;
	struct assay_scanner *scanner;
	struct assay_buf out;
	struct assay_err err;
	enum assay_status st;
};

/* read_args - false: *code says how to end */
static bool read_args(
    struct test *t, struct assay_cmd_globals *globals, int argc, char **argv, int *code)
{
	struct assay_args args;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_policy, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP) {
			*code = args.exit_code;
			return false;
		}
		if (which == REQUEST) {
			t->request = value;
		} else if (t->verb == NULL) {
			t->verb = value;
		} else if (t->file == NULL) {
			t->file = value;
		} else {
			*code = assay_args_unwanted(&args, value);
			return false;
		}
	}
	return true;
}

/* add_foreign - text of the mail, made printable */
static void add_foreign(struct assay_buf *out, const char *text)
{
	if (text != NULL)
		(void)assay_printable_add(out, assay_slice_str(text), SHOWN);
}

/* add_step - a line for a rule */
static void add_step(void *arg, const struct assay_policy_step *step)
{
	struct assay_buf *out = arg;
	const struct assay_rule_test *test = step->test;

	(void)assay_buf_printf(out, "rule %s: ", step->rule->name);
	switch (step->fit) {
	case ASSAY_FITS:
		(void)assay_buf_printf(out, "fits: %s%s\n",
		    assay_wire_action_name(step->rule->action),
		    step->rule->enforced ? "" : " (observed only)");
		break;
	case ASSAY_FITS_NOT:
		if (test == NULL)
			(void)assay_buf_add_str(
			    out, "does not fit: no single payload has all of its lines\n");
		else
			(void)assay_buf_printf(out, "does not fit: %s.%s = %s\n",
			    test->negated ? "not" : "when", test->word->word, test->written);
		break;
	case ASSAY_FITS_BYPASS:
		(void)assay_buf_add_str(out, "switched off for a while\n");
		break;
	case ASSAY_FITS_UNKNOWN:
		(void)assay_buf_add_str(
		    out, "not asked: it has a \"not\" line, and not all was looked at\n");
		break;
	case ASSAY_FITS_LATE:
		(void)assay_buf_add_str(out, "not asked: another has decided\n");
		break;
	}
}

/* add_reasons - the facts behind it */
static void add_reasons(struct assay_buf *out, const json_t *reasons)
{
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *reason = json_array_get(reasons, i);
		const char *id = assay_json_get_str(reason, "payload_id");
		const char *path = assay_json_get_str(reason, "path");

		(void)assay_buf_printf(out, "  %s: %s = ", assay_json_get_str(reason, "rule"),
		    assay_json_get_str(reason, "word"));
		add_foreign(out, assay_json_get_str(reason, "value"));
		if (id != NULL)
			(void)assay_buf_printf(out, ", payload %s ", id);
		add_foreign(out, path);
		(void)assay_buf_add_str(out, "\n");
	}
}

/* add_headers - what would be added */
static void add_headers(struct assay_buf *out, const json_t *headers)
{
	for (size_t i = 0; i < json_array_size(headers); i++) {
		const json_t *header = json_array_get(headers, i);

		(void)assay_buf_printf(out, "  %s: ", assay_json_get_str(header, "name"));
		add_foreign(out, assay_json_get_str(header, "value"));
		(void)assay_buf_add_str(out, "\n");
	}
}

/* add_verdict - the end of it */
static void add_verdict(struct assay_buf *out, json_t *verdict)
{
	const char *rule = assay_json_get_str(verdict, "rule");
	const char *reply = assay_json_get_str(verdict, "reply");

	assay_policy_answer(verdict);
	(void)assay_buf_printf(out, "verdict: %s, because of %s%s\n",
	    assay_json_get_str(verdict, "action"), rule != NULL ? "rule " : "",
	    rule != NULL ? rule : assay_json_get_str(verdict, "cause"));
	add_reasons(out, json_object_get(verdict, "reasons"));
	if (json_is_true(json_object_get(verdict, "enforced")))
		(void)assay_buf_printf(
		    out, "answer: %s\n", assay_json_get_str(verdict, "answered"));
	else
		(void)assay_buf_add_str(out, "answer: accept, unchanged: this is only observed\n");
	if (reply != NULL)
		(void)assay_buf_printf(out, "  %s\n", reply);
	add_headers(out, json_object_get(verdict, "headers"));
}

/* explain - the report came */
static void explain(void *arg, const struct assay_answer *answer)
{
	struct test *t = arg;
	struct assay_policy_ask ask = { .say = add_step, .arg = &t->out };
	json_t *report, *verdict;

	t->st = assay_json_parse(answer->report, &report, &t->err);
	if (t->st != ASSAY_OK)
		return;
	ask.report = report;
	(void)assay_buf_printf(&t->out, "%s", answer->status);
	if (answer->why != NULL)
		(void)assay_buf_printf(&t->out, " (%s): no rule is asked", answer->why);
	(void)assay_buf_add_str(&t->out, "\n");
	verdict = assay_policy_judge(assay_scanner_policy(t->scanner), &ask);
	add_verdict(&t->out, verdict);
	json_decref(verdict);
	json_decref(report);
}

/* scan - the file, or standard input */
static enum assay_status scan(struct test *t)
{
	struct assay_cmd_one one = { .file = t->file, .answer = explain, .arg = t };

	if (t->request != NULL &&
	    assay_json_parse(assay_slice_str(t->request), &one.request, &t->err) != ASSAY_OK) {
		assay_err_prefix(&t->err, "--request");
		return t->err.code = ASSAY_E_USAGE;
	}
	t->st = assay_cmd_one_scan(t->scanner, &one, &t->err);
	return t->st;
}

/* test_message - all of it */
static enum assay_status test_message(struct test *t, const struct assay_cmd_globals *globals)
{
	enum assay_status st;

	if (t->verb == NULL || strcmp(t->verb, "test") != 0 || t->file == NULL)
		return assay_err_set(&t->err, ASSAY_E_USAGE,
		    "write \"assay policy test MESSAGE\" (-: standard input)");
	st = assay_cmd_one_open(globals, NULL, &t->scanner, &t->err);
	return st == ASSAY_OK ? scan(t) : st;
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct test t = { .st = ASSAY_OK };
	int code = 0;

	assay_buf_init(&t.out, OUT_MAX);
	if (read_args(&t, globals, argc, argv, &code)) {
		if (test_message(&t, globals) != ASSAY_OK) {
			code = assay_cmd_fail(&t.err);
		} else {
			assay_cmd_print(assay_buf_slice(&t.out));
			code = assay_cmd_close_stdout(0);
		}
	}
	assay_scanner_close(&t.scanner);
	assay_buf_release(&t.out);
	return code;
}

const struct assay_cmd assay_cmd_policy = {
	.name = "policy",
	.synopsis = "test [--request JSON] MESSAGE | -",
	.summary = "Says which rule decides about a message, and why the others do not.",
	.args = policy_args,
	.more = "The message is scanned here; nothing is kept and nobody is told.",
	.run = run,
};
