/*
 * scan - small helpers on the state of one message; see scan.h
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

#include "scan.h"

#define SCAN_VALUE 300

/* assay_scan_trait - one comparison inside the mail */
void assay_scan_trait(struct assay_scan *scan, const char *code, struct assay_slice value)
{
	value = assay_slice_head(value, SCAN_VALUE);
	for (size_t i = 0; i < scan->ntrait; i++)
		if (strcmp(scan->trait[i].code, code) == 0 &&
		    assay_slice_eq(scan->trait[i].value, value))
			return;
	scan->trait_total++;
	if (scan->ntrait == ASSAY_SCAN_TRAITS)
		return;
	scan->trait[scan->ntrait++] = (struct assay_scan_trait){ code,
		assay_slice(assay_arena_memdup0(scan->arena, value.p, value.n), value.n) };
}

/* assay_scan_trait_str - the same with a string */
void assay_scan_trait_str(struct assay_scan *scan, const char *code, const char *value)
{
	assay_scan_trait(scan, code, assay_slice_str(value != NULL ? value : ""));
}

/* assay_scan_set - a member of the result */
void assay_scan_set(struct assay_scan *scan, const char *name, json_t *value)
{
	json_object_set_new_nocheck(scan->out, name, value);
}

/* assay_scan_text - text of the document */
json_t *assay_scan_text(struct assay_slice text)
{
	return text.p != NULL ? assay_json_text(text.p, text.n) : json_null();
}

/* assay_scan_text_or_null - null when empty */
json_t *assay_scan_text_or_null(struct assay_slice text)
{
	return text.n > 0 ? assay_json_text(text.p, text.n) : json_null();
}
