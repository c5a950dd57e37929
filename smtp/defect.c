/*
 * defect - the list of what is malformed or ambiguous; see defect.h
 *
 * Grows in the arena up to its maximum and counts beyond. Cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

#include "defect.h"

#define DEFECT_TEXT 200

/* assay_defect_init - an empty list */
void assay_defect_init(
    struct assay_defects *defects, struct assay_arena *arena, struct assay_slice bytes, size_t max)
{
	*defects = (struct assay_defects){ .arena = arena, .bytes = bytes, .max = max };
}

/* grow - room for one more; false at the maximum */
static bool grow(struct assay_defects *d)
{
	struct assay_defect *bigger;

	if (d->n >= d->max)
		return false;
	if (d->n < d->cap)
		return true;
	d->cap = d->cap == 0 ? 16 : d->cap * 2;
	bigger = assay_arena_calloc(d->arena, d->cap, sizeof(*bigger));
	if (d->n > 0)
		memcpy(bigger, d->defect, d->n * sizeof(*bigger));
	d->defect = bigger;
	return true;
}

/* assay_defect_add - keeps one, or only counts it */
void assay_defect_add(struct assay_defects *defects, const char *code, const char *at,
    const char *part, struct assay_slice text)
{
	struct assay_defect *defect;
	const char *start = defects->bytes.p;

	defects->total++;
	if (!grow(defects))
		return;
	defect = &defects->defect[defects->n++];
	defect->code = code;
	defect->offset = ASSAY_DEFECT_NO_OFFSET;
	if (at != NULL && start != NULL && at >= start && at <= start + defects->bytes.n)
		defect->offset = (size_t)(at - start);
	defect->part = part != NULL ? part : "";
	defect->text = assay_arena_slice(defects->arena, assay_slice_head(text, DEFECT_TEXT));
}
