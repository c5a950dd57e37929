/*
 * clamav/verdict.c - see verdict.h. Touches the result alone. Names are the database's: printable
 * words, but nothing here relies on it.
 */
#include <string.h>

#include "base/slice.h"

#include "verdict.h"

#define LIMITS "Heuristics.Limits.Exceeded"

/* assay_clamav_verdict_begin - nothing yet */
void assay_clamav_verdict_begin(struct assay_clamav_verdict *v)
{
	v->signatures = json_array();
	v->first = NULL;
	v->found = 0;
}

/* add_limit - the one that such a name means */
static void add_limit(const struct assay_clamav_verdict *v, struct assay_slice name)
{
	const struct {
		const char *ends, *limit;
		uint64_t allowed;
	} rows[] = { { ".MaxFileSize", "max_member_bytes", v->file_max },
		{ ".MaxScanSize", "max_unpacked_bytes", v->scan_max },
		{ ".MaxFiles", "clamav_files", v->files_max },
		{ ".MaxRecursion", "clamav_recursion", v->depth_max },
		{ ".MaxScanTime", "clamav_timeout", v->timeout_ms } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (assay_slice_is(assay_slice_from(name, sizeof LIMITS - 1), rows[i].ends)) {
			assay_result_limit(
			    v->result, rows[i].limit, rows[i].allowed + 1, rows[i].allowed, true);
			return;
		}
	assay_result_limit(v->result, "clamav_limit", 1, 0, true);
}

/* is_known - is it on the list already */
static bool is_known(const struct assay_clamav_verdict *v, const json_t *name)
{
	size_t i;
	json_t *row;

	json_array_foreach(v->signatures, i, row)
	{
		if (json_equal(json_object_get(row, "name"), name))
			return true;
	}
	return false;
}

/* assay_clamav_verdict_add - see verdict.h */
void assay_clamav_verdict_add(struct assay_clamav_verdict *v, const char *name, size_t n)
{
	const struct assay_slice text = { name, n };
	const bool heuristic = assay_slice_starts(text, "Heuristics.");
	json_t *kept, *row;

	if (assay_slice_starts(text, LIMITS)) {
		add_limit(v, text);
		return;
	}
	kept = assay_json_text(name, n);
	if (is_known(v, kept) || ++v->found > ASSAY_CLAMAV_NAMES) {
		json_decref(kept);
		return;
	}
	if (v->first == NULL && !heuristic)
		v->first = json_string_value(kept);
	row = json_object();
	json_object_set_new_nocheck(row, "name", kept);
	json_object_set_new_nocheck(row, "heuristic", json_boolean(heuristic));
	json_array_append_new(v->signatures, row);
}

/* assay_clamav_verdict_keep - see verdict.h */
void assay_clamav_verdict_keep(struct assay_clamav_verdict *v)
{
	json_t *json = assay_result_json(v->result);

	json_object_set_new_nocheck(json, "infected", json_boolean(v->first != NULL));
	json_object_set_new_nocheck(json, "signature", assay_json_str(v->first));
	json_object_set_new_nocheck(json, "signatures", v->signatures);
	if (v->found > ASSAY_CLAMAV_NAMES)
		assay_result_limit(
		    v->result, "clamav_signatures", v->found, ASSAY_CLAMAV_NAMES, false);
	v->signatures = NULL;
}
