/*
 * sqlite/member.h - reading a document that may have any members
 */
#ifndef ASSAY_SQLITE_MEMBER_H
#define ASSAY_SQLITE_MEMBER_H

#include <jansson.h>

#include "base/slice.h"

/* assay_member_text - a member that is text; absent when it is none */
static inline struct assay_slice assay_member_text(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : ASSAY_SLICE_NONE;
}

/* assay_member_first - the first value of a word of facts{} that is text; absent: there is none */
static inline struct assay_slice assay_member_first(const json_t *report, const char *word)
{
	const json_t *values = json_object_get(json_object_get(report, "facts"), word);
	const json_t *value = json_array_get(values, 0);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : ASSAY_SLICE_NONE;
}

#endif
