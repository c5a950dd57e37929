/* rooms: plugin_smtp fakehost mail text base */
/*
 * fuzz_mime - the walk over any bytes: ranges, budgets, places
 *
 * Asserts what the rest of the worker relies on: each part of the primary reading lies inside its
 * parent, nothing lies outside the message unless it was decoded, no budget is exceeded, the
 * decoded readings of a leaf differ from each other. Then the whole worker runs over the same
 * bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "fake_host.h"
#include "smtp/decode.h"
#include "smtp/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS 50
#define DEPTH 8
#define OTHERS 16

/* inside - does the second range lie in the first? */
static bool inside(struct assay_slice a, struct assay_slice b)
{
	return b.p >= a.p && b.p + b.n <= a.p + a.n;
}

/* check_part - what holds for one part */
static void check_part(const struct assay_walk *w, const struct assay_part *part)
{
	ASSAY_ASSERT(part->depth <= DEPTH + 2);
	ASSAY_ASSERT(part->place != NULL && part->place[0] != '\0');
	if (part->reading == NULL) {
		ASSAY_ASSERT(inside(w->bytes, part->bytes));
		ASSAY_ASSERT(part->body.n == 0 || inside(part->bytes, part->body));
		if (part->parent != NULL)
			ASSAY_ASSERT(inside(part->parent->bytes, part->bytes));
	}
	for (size_t i = 0; i < part->header.n; i++)
		ASSAY_ASSERT(inside(part->bytes, part->header.field[i].value));
}

/* check_decode - readings are different ones */
static void check_decode(const struct assay_part *part, struct assay_defects *defects)
{
	struct assay_decode decode;

	assay_decode_part(part, true, defects, &decode);
	ASSAY_ASSERT(decode.n >= 1 && decode.n <= ASSAY_DECODE_READINGS);
	for (size_t i = 0; i < decode.n; i++)
		for (size_t k = 0; k < i; k++)
			ASSAY_ASSERT(
			    !assay_slice_eq(decode.reading[i].bytes, decode.reading[k].bytes));
	assay_decode_free(&decode);
}

/* walk - the walk alone, with small budgets */
static void walk(struct assay_slice bytes)
{
	struct assay_walk_limits limits = { .parts = PARTS,
		.depth = DEPTH,
		.lines = 1000,
		.max_others = OTHERS,
		.reread = bytes.n * 4 + 1000 };
	struct assay_arena *arena = assay_arena_new();
	struct assay_defects defects;
	struct assay_walk w;

	assay_defect_init(&defects, arena, bytes, 100);
	assay_walk_read(&w, arena, bytes, &limits, &defects);
	ASSAY_ASSERT(w.n >= 1 && w.primary <= PARTS + OTHERS + DEPTH);
	ASSAY_ASSERT(w.others <= OTHERS && w.reread <= limits.reread);
	ASSAY_ASSERT(defects.n <= 100 && defects.total >= defects.n);
	for (size_t i = 0; i < w.n; i++) {
		check_part(&w, w.part[i]);
		if (assay_walk_is_leaf(w.part[i]))
			check_decode(w.part[i], &defects);
	}
	assay_arena_free(&arena);
}

/* LLVMFuzzerTestOneInput - the walk, then the worker */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_host *host;
	char *copy = malloc(size + 1); /* exactly as long as the input, for the sanitizer */
	struct fake_payload payload = { .bytes = assay_slice(copy, size) };
	struct fake_scan scan;

	memcpy(copy, data, size);
	if (size > 0)
		walk(payload.bytes);
	if (host == NULL) {
		ASSAY_ASSERT(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL) == ASSAY_OK);
		fake_host_allow(host, "max_mime_parts", PARTS);
		fake_host_allow(host, "max_mime_depth", DEPTH);
		fake_host_allow(host, "body_text_kept", 1000);
		fake_host_allow(host, "urls_kept", 10);
	}
	fake_host_scan(host, &payload, &scan);
	ASSAY_ASSERT(scan.status == ASSAY_OK && scan.result != NULL);
	ASSAY_ASSERT(json_object_get(scan.report, "content_sha256") != NULL);
	fake_scan_free(&scan);
	free(copy);
	return 0;
}
