/* rooms: core text base */
/*
 * tests/fuzz/fuzz_lookup.c - what a client says to the table for mail servers: the same requests
 * whether the bytes come at once or one by one, none longer than allowed, and answers that can be
 * read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/lookup_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* look - one request: within its bounds, and what it is told is one frame or line */
static uint64_t look(const struct assay_lookup_request *request)
{
	struct assay_buf out;
	uint64_t digest;

	ASSAY_ASSERT(request->key.n <= ASSAY_LOOKUP_BYTES);
	ASSAY_ASSERT(request->tcp ? request->map.n == 0 : request->map.n > 0);
	ASSAY_ASSERT(assay_slice_find(request->map, ' ') == request->map.n);
	assay_buf_init(&out, 4096);
	for (int i = ASSAY_LOOKUP_FOUND; i <= ASSAY_LOOKUP_PERM; i++) {
		assay_buf_clear(&out);
		assay_lookup_add(&out, request->tcp, (enum assay_lookup_answer)i, "a %1 \"b\"");
		ASSAY_ASSERT(out.n > 3 && out.p[out.n - 1] == (request->tcp ? '\n' : ','));
		ASSAY_ASSERT(!request->tcp || memchr(out.p, '\n', out.n) == out.p + out.n - 1);
	}
	digest = assay_slice_hash(request->map) * 31 + assay_slice_hash(request->key) +
	    (uint64_t)request->tcp * 2 + (uint64_t)request->verb;
	assay_buf_release(&out);
	return digest;
}

/* whole - all requests of these bytes */
static uint64_t whole(struct assay_slice in)
{
	struct assay_lookup_request request;
	char room[ASSAY_LOOKUP_BYTES];
	uint64_t digest = 0;
	size_t used;

	while (assay_lookup_next(in, room, &used, &request) == ASSAY_OK) {
		ASSAY_ASSERT(used > 0 && used <= in.n);
		digest = digest * 31 + look(&request);
		in = assay_slice_from(in, used);
	}
	return digest;
}

/* pieces - the same, a byte more each time */
static uint64_t pieces(struct assay_slice in)
{
	struct assay_lookup_request request;
	char room[ASSAY_LOOKUP_BYTES];
	uint64_t digest = 0;
	size_t at = 0, used;

	for (size_t n = 1; n <= in.n; n++) {
		const struct assay_slice part = { in.p + at, n - at };
		const enum assay_status st = assay_lookup_next(part, room, &used, &request);

		if (st == ASSAY_E_SYNTAX)
			break;
		ASSAY_ASSERT(part.n <= ASSAY_LOOKUP_BYTES + 16);
		if (st != ASSAY_OK)
			continue;
		ASSAY_ASSERT(used == part.n);
		digest = digest * 31 + look(&request);
		at += used;
	}
	return digest;
}

/* LLVMFuzzerTestOneInput - as above */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	struct assay_slice in = { copy, size < 20000 ? size : 20000 };

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	ASSAY_ASSERT(whole(in) == pieces(in));
	free(copy);
	return 0;
}
