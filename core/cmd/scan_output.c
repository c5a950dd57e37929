/*
 * core/cmd/scan_output.c - what `assay scan` does with each answer: print it in the form asked
 * for, keep payloads (-A), tell connectors (-C). Runs outside the sandbox on checked reports. What
 * cannot be kept or told is one line on standard error and the exit code 73; the scan goes on.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/scan.h"
#include "core/json.h"
#include "core/report_check.h"

#define TEXT_MAX (ASSAY_REPORT_BYTES * 4) /* indentation and escapes make it longer */

/* assay_scan_output_init - nothing printed yet */
void assay_scan_output_init(struct assay_scan_output *output, const struct assay_setup *setup,
    const struct assay_format_style *style)
{
	*output = (struct assay_scan_output){ .setup = setup, .style = *style };
	assay_buf_init(&output->text, TEXT_MAX);
}

/* complain - one line; the first failure's exit code is remembered */
static void complain(struct assay_scan_output *output, const char *who, struct assay_err *err)
{
	(void)assay_err_prefix(err, "%s", who);
	(void)assay_cmd_fail(err);
	if (output->failed == 0)
		output->failed = 73;
}

/* print - the report in the form asked for */
static void print(struct assay_scan_output *output, struct assay_slice report)
{
	json_t *tree = NULL;
	enum assay_status st = ASSAY_OK;
	struct assay_err err;

	assay_buf_clear(&output->text);
	if (assay_format_needs_tree(&output->style))
		st = assay_json_parse(report, &tree, &err);
	if (st == ASSAY_OK)
		st = assay_format_write(&output->style, tree, report, &output->text, &err);
	json_decref(tree);
	if (st != ASSAY_OK) {
		/* The bytes themselves were checked: better another form than none. */
		complain(output, "this form cannot be made, the report follows as it is", &err);
		assay_cmd_print(report);
		assay_cmd_print(ASSAY_SLICE_LIT("\n"));
	} else {
		assay_cmd_print(assay_buf_slice(&output->text));
	}
}

/* archive - -A: all payloads to one archiver */
static void archive(struct assay_scan_output *output, const struct assay_loaded *to,
    const struct assay_answer *answer)
{
	const struct assay_archiver *archiver = to->plugin->archiver;

	for (size_t i = 0; archiver != NULL && archiver->put != NULL && i < answer->nkeep; i++) {
		struct assay_err err = { .code = ASSAY_OK };

		if (archiver->put(to->state, answer->keep[i].sha256, answer->keep[i].bytes, &err) !=
		    ASSAY_OK) {
			complain(output, to->name, &err);
			return;
		}
	}
}

/* tell - -C: the report to one connector */
static void tell(struct assay_scan_output *output, const struct assay_loaded *to,
    const struct assay_answer *answer)
{
	struct assay_record record = {
		.kind = "report", .id = answer->scan_id, .json = answer->report
	};
	struct assay_err err = { .code = ASSAY_OK };

	if (to->plugin->connector != NULL && to->plugin->connector->save != NULL &&
	    to->plugin->connector->save(to->state, &record, 1, &err) != ASSAY_OK)
		complain(output, to->name, &err);
}

/* for_each - of the plugins an option of [core] lists */
static void for_each(struct assay_scan_output *output, const char *option,
    const struct assay_answer *answer,
    void (*act)(struct assay_scan_output *output, const struct assay_loaded *to,
	const struct assay_answer *answer))
{
	const char *const *name = assay_opt_list(assay_config_core(output->setup->config), option);

	for (; *name != NULL; name++) {
		const struct assay_loaded *to = assay_host_find(output->setup->host, *name);

		if (to != NULL)
			act(output, to, answer);
	}
}

/* assay_scan_output_answer - one mail is done */
bool assay_scan_output_answer(void *arg, const struct assay_answer *answer)
{
	struct assay_scan_output *output = arg;

	print(output, answer->report);
	for_each(output, "archivers", answer, archive);
	for_each(output, "connectors", answer, tell);
	if (strcmp(answer->action, "accept") != 0 && strcmp(answer->action, "tag") != 0)
		output->bad = true;
	if (strcmp(answer->status, "scanned") != 0)
		output->incomplete = true;
	return true;
}

/* flush - a connector shall have told all it took */
static void flush(struct assay_scan_output *output, const struct assay_loaded *to,
    const struct assay_answer *answer)
{
	struct assay_err err = { .code = ASSAY_OK };

	(void)answer;
	if (to->plugin->connector != NULL && to->plugin->connector->flush != NULL &&
	    to->plugin->connector->flush(to->state, &err) != ASSAY_OK)
		complain(output, to->name, &err);
}

/* assay_scan_output_close - the last words */
void assay_scan_output_close(struct assay_scan_output *output)
{
	for_each(output, "connectors", NULL, flush);
	assay_buf_release(&output->text);
}
