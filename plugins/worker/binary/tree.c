/*
 * tree - from libyara's tree to the report; see tree.h
 */
#include <stdlib.h>

#include "base/slice.h"

#include "tree.h"

/* value_of - one member */
static json_t *value_of(const struct assay_object *o, const struct assay_copy *row)
{
	int64_t value;

	if (row->as == ASSAY_COPY_TEXT)
		return assay_report_text(assay_object_text(o, row->member));
	if (!assay_object_int(o, row->member, &value))
		return json_null();
	if (row->as == ASSAY_COPY_INT)
		return json_integer(value);
	return value > 0 && value <= UINT32_MAX ? assay_json_time(value * 1000) : json_null();
}

/* assay_tree_copy - see tree.h */
void assay_tree_copy(json_t *to, const struct assay_object *o, const struct assay_copy *rows)
{
	for (; rows->key != NULL; rows++)
		assay_report_set(to, rows->key, value_of(o, rows));
}

/* assay_tree_close - see tree.h */
void assay_tree_close(void *state)
{
	struct assay_report_options *options = state;

	assay_module_close(&options->module);
	free(options);
}
