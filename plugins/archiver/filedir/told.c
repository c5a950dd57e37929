/*
 * filedir/told.c - see told.h
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/slice.h"
#include "told.h"

#define AGAIN_MS INT64_C(3600000)

/* assay_told_warn - see told.h */
void assay_told_warn(struct assay_told *told, const char *where, unsigned kind, const char *text)
{
	const uint64_t hash = assay_slice_hash(assay_slice_str(where)) * 31 + kind + 1;
	struct assay_told_slot *slot = &told->slot[hash % ASSAY_TOLD_SLOTS];
	const int64_t now_ms = assay_clock_mono_ms();

	if (slot->hash == hash && now_ms - slot->at_ms < AGAIN_MS) {
		slot->more++;
		return;
	}
	if (slot->hash == hash && slot->more > 0)
		assay_log(ASSAY_LOG_WARNING, "filedir: %s: %s (and %u times like it before)", where,
		    text, slot->more);
	else
		assay_log(ASSAY_LOG_WARNING, "filedir: %s: %s", where, text);
	*slot = (struct assay_told_slot){ hash, now_ms, 0 };
}
