/* rooms: core text base */
/*
 * tests/fuzz/fuzz_wire.c - bytes of a hostile peer: decoded whole and in two pieces alike, never
 * more frames than bytes allow, and every verdict taken is in its ranges.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* look - the bodies, as their readers see them */
static void look(struct assay_wire_frame *frame)
{
	struct assay_wire_request request;
	struct assay_wire_verdict verdict;
	struct assay_err err;

	if (assay_wire_get_request(frame, &request, &err) == ASSAY_OK)
		ASSAY_ASSERT(request.json.n + 8 == frame->body.n);
	if (assay_wire_get_verdict(frame, &verdict, &err) == ASSAY_OK) {
		ASSAY_ASSERT(verdict.action < ASSAY_ACTIONS && verdict.scanned < ASSAY_SCANNEDS);
		ASSAY_ASSERT(assay_wire_action_name(verdict.action) != NULL);
		ASSAY_ASSERT(strlen(verdict.scan_id) <= ASSAY_WIRE_ID);
	}
}

/* decode - frames and a digest of what they were; fed in pieces of `step` bytes */
static uint64_t decode(struct assay_slice bytes, size_t step)
{
	struct assay_wire wire;
	struct assay_err err;
	uint64_t digest = 0;
	enum assay_status st = ASSAY_END;

	assay_wire_init(&wire, -1);
	while (st == ASSAY_END && bytes.n > 0) {
		struct assay_wire_frame frame;
		struct assay_slice piece = assay_slice_head(bytes, step);

		bytes = assay_slice_from(bytes, step < bytes.n ? step : bytes.n);
		if (assay_wire_feed(&wire, piece, &err) != ASSAY_OK)
			break;
		while ((st = assay_wire_next(&wire, &frame, &err)) == ASSAY_OK) {
			digest = digest * 31 + assay_slice_hash(frame.body) + frame.type;
			look(&frame);
			assay_wire_drop(&frame);
		}
	}
	assay_wire_release(&wire);
	return digest;
}

/* LLVMFuzzerTestOneInput - the last byte chooses the pieces. No descriptors come this way, so the
 * types that need them are looked at directly as well. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice bytes = { (const char *)data, size };
	struct assay_wire_frame frame = { .fd = { -1, -1 }, .body = bytes };

	if (size == 0)
		return 0;
	frame.type = (enum assay_wire_type)(1 + data[0] % 4);
	frame.nfd = 1 + data[0] / 4 % 2;
	look(&frame);
	ASSAY_ASSERT(decode(bytes, size) == decode(bytes, 1 + data[size - 1] % 64));
	return 0;
}
