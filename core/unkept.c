/*
 * core/unkept.c - see unkept.h. Memory only.
 */
#include "core/unkept.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/request.h"

/* read_request - as it was asked, under the name that its report would have had */
static void read_request(
    struct assay_request *request, struct assay_arena *arena, const struct assay_unkept_mail *mail)
{
	json_t *json = json_copy((json_t *)(uintptr_t)mail->request);
	struct assay_err err;

	assay_json_set(json, "scan_id", assay_json_str(mail->scan_id));
	assay_request_init(request);
	if (assay_request_read(request, arena, json, &err) != ASSAY_OK)
		assay_request_init(request);
}

/* assay_unkept_open - see unkept.h */
void assay_unkept_open(
    struct assay_unkept *unkept, const struct assay_unkept_mail *mail, int64_t now_ms)
{
	const struct assay_unscanned what = { .status = "unscanned",
		.why = "error",
		.error = "its report could not be kept in time",
		.size = mail->size };
	struct assay_request request;

	*unkept = (struct assay_unkept){ .arena = assay_arena_new() };
	read_request(&request, unkept->arena, mail);
	assay_engine_unscanned(mail->engine, &request, ASSAY_SLICE_NONE, &what, &unkept->scan);
	assay_told_open(&unkept->told, mail->policy, mail->bytes.p != NULL ? mail->giveup : NULL,
	    &(struct assay_answer){ .report = unkept->scan.json,
		.action = unkept->scan.action,
		.status = unkept->scan.status,
		.scan_id = unkept->scan.scan_id,
		.tries = 1,
		.bytes = assay_slice(mail->bytes.p, (size_t)mail->size),
		.request = mail->request,
		.why = what.why,
		.took_ms = mail->took_ms },
	    now_ms);
	assay_told_note(&unkept->told, mail->giveup, now_ms);
}

/* assay_unkept_close - what it held */
void assay_unkept_close(struct assay_unkept *unkept)
{
	assay_told_close(&unkept->told);
	assay_scan_release(&unkept->scan);
	assay_arena_free(&unkept->arena);
}
