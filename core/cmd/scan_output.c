/*
 * core/cmd/scan_output.c - what `assay scan` does with each answer: print it in the form asked
 * for, keep payloads (-A), tell connectors (-C). Runs outside the sandbox on checked reports. What
 * cannot be kept or told is one line on standard error and the exit code 73; the scan goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/scan.h"
#include "core/json.h"
#include "core/report_check.h"
#include "core/tell.h"

#define TEXT_MAX (ASSAY_REPORT_BYTES * 4) /* indentation and escapes make it longer */

/* assay_scan_output_open - nothing printed yet */
enum assay_status assay_scan_output_open(struct assay_scan_output *output,
    const struct assay_setup *setup, const struct assay_format_style *style, struct assay_err *err)
{
	const char *const *names = assay_opt_list(assay_config_core(setup->config), "connectors");
	enum assay_status st = ASSAY_OK;
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	*output = (struct assay_scan_output){ .setup = setup, .style = *style };
	assay_buf_init(&output->text, TEXT_MAX);
	output->tell = assay_xcalloc(n + 1, sizeof *output->tell);
	for (size_t i = 0; i < n && st == ASSAY_OK; i++)
		st = assay_tell_open(setup->host, names[i], &output->tell[i], err);
	return st;
}

/* complain - one line; the first failure's exit code is remembered */
static void complain(struct assay_scan_output *output, const char *who, struct assay_err *err)
{
	assay_err_prefix(err, "%s", who);
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
		if (output->printed && output->style.format == ASSAY_FORMAT_TREE)
			assay_cmd_print(ASSAY_SLICE_LIT("\n"));
		assay_cmd_print(assay_buf_slice(&output->text));
	}
	output->printed = true;
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

/* tell - -C: the report to all connectors */
static void tell(struct assay_scan_output *output, const struct assay_answer *answer)
{
	const struct assay_record record = {
		.kind = "report", .id = answer->scan_id, .json = answer->report
	};

	for (struct assay_tell **to = output->tell; *to != NULL; to++) {
		struct assay_err err = { .code = ASSAY_OK };

		if (assay_tell_save(*to, &record, 1, &err) != ASSAY_OK)
			complain(output, assay_tell_name(*to), &err);
	}
}

/* keep - -A: all payloads to all archivers */
static void keep(struct assay_scan_output *output, const struct assay_answer *answer)
{
	const char *const *name =
	    assay_opt_list(assay_config_core(output->setup->config), "archivers");

	for (; *name != NULL; name++) {
		const struct assay_loaded *to = assay_host_find(output->setup->host, *name);

		if (to != NULL)
			archive(output, to, answer);
	}
}

/* assay_scan_output_answer - one mail is done */
enum assay_door_reply assay_scan_output_answer(
    void *arg, const struct assay_answer *answer, const struct assay_door_done *done)
{
	struct assay_scan_output *output = arg;

	print(output, answer->report);
	keep(output, answer);
	tell(output, answer);
	if (strcmp(answer->action, "accept") != 0 && strcmp(answer->action, "tag") != 0)
		output->bad = true;
	if (strcmp(answer->status, "scanned") != 0)
		output->incomplete = true;
	if (done->fn != NULL)
		done->fn(done->arg, answer->action);
	return ASSAY_DOOR_TAKEN;
}

/* assay_scan_output_close - the last words: connectors shall have told all they took */
void assay_scan_output_close(struct assay_scan_output *output)
{
	for (struct assay_tell **to = output->tell; *to != NULL; to++) {
		struct assay_err err = { .code = ASSAY_OK };

		if (assay_tell_flush(*to, &err) != ASSAY_OK)
			complain(output, assay_tell_name(*to), &err);
		assay_tell_close(to);
	}
	free(output->tell);
	assay_buf_release(&output->text);
}
