/* rooms: core text base */
/*
 * tests/fuzz/fuzz_helper.c - a RUN from a scan process that a mail owns, a RAN and its memory file
 * from a helper whose program one owns: what is taken lies within its bounds, and fills them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/helper_wire.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* look_run - values within the frame, each of its size */
static void look_run(const struct assay_wire_frame *frame)
{
	struct assay_helper_run run;
	struct assay_err err;
	size_t all = 8;

	if (assay_helper_get_run(frame, &run, &err) != ASSAY_OK)
		return;
	ASSAY_ASSERT(run.timeout_ms > 0 && run.program <= 0xffff);
	for (size_t i = 0; i < ASSAY_HELPER_VALUES; i++) {
		if (run.value[i].p == NULL)
			continue;
		all += 4 + run.value[i].n;
		ASSAY_ASSERT(run.value[i].n <= ASSAY_HELPER_VALUE);
		ASSAY_ASSERT(run.value[i].p >= frame->body.p &&
		    run.value[i].p + run.value[i].n <= frame->body.p + frame->body.n);
	}
	ASSAY_ASSERT(all == frame->body.n);
}

/* look_files - the pieces one behind the other */
static void look_files(const struct assay_helper_ran *ran, struct assay_slice content)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_run_output out;
	const char *at = content.p;
	struct assay_err err;

	if (assay_helper_get_files(ran, content, arena, &out, &err) == ASSAY_OK) {
		ASSAY_ASSERT(out.out.n == ran->out && out.errors.n == ran->errors);
		ASSAY_ASSERT(out.nfiles == ran->nfiles);
		at += out.out.n + out.errors.n;
		for (size_t i = 0; i < out.nfiles; i++) {
			ASSAY_ASSERT(out.files[i].bytes.p == at);
			ASSAY_ASSERT(assay_utf8_is_valid(assay_slice_str(out.files[i].name)));
			at += out.files[i].bytes.n;
		}
		ASSAY_ASSERT(at == content.p + ran->out + ran->errors + ran->files);
	}
	assay_arena_free(&arena);
}

/* LLVMFuzzerTestOneInput - the frame's body, and for a RAN the content behind it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice bytes = { (const char *)data, size };
	struct assay_wire_frame frame = { .type = ASSAY_WIRE_RUN, .fd = { -1, -1 }, .nfd = 1 };
	struct assay_helper_ran ran;
	struct assay_err err;

	frame.body = bytes;
	look_run(&frame);
	frame.type = ASSAY_WIRE_RAN;
	frame.body = assay_slice_head(bytes, ASSAY_WIRE_RAN_SIZE);
	bytes = assay_slice_from(bytes, frame.body.n);
	for (frame.nfd = 0; frame.nfd < 2; frame.nfd++)
		if (assay_helper_get_ran(&frame, &ran, &err) == ASSAY_OK)
			look_files(&ran, bytes);
	return 0;
}
