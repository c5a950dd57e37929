/*
 * answer - see answer.h. Recursion is bounded by ASSAY_ANSWER_DEPTH.
 */
#include <stdio.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/err.h"
#include "base/slice.h"

#include "answer.h"

static void add_value(
    struct assay_answer_rows *rows, const char *key, const json_t *value, unsigned depth);

/* add_row - a scalar */
static void add_row(struct assay_answer_rows *rows, const char *key, const json_t *value)
{
	json_t *row;

	if (rows->n++ >= ASSAY_ANSWER_ROWS) {
		rows->cut = true;
		return;
	}
	row = json_object();
	json_object_set_new_nocheck(row, "key", assay_json_str(key));
	if (!assay_json_value(row, value, ASSAY_ANSWER_VALUE))
		rows->cut = true;
	(void)json_array_append_new(rows->fields, row);
}

/* join - a member's key behind its parent's */
static const char *join(
    struct assay_answer_rows *rows, char *to, const char *key, const char *member, size_t n)
{
	int got = snprintf(to, ASSAY_ANSWER_KEY, "%s%s%.*s", key, key[0] != '\0' ? "." : "",
	    (int)(n < ASSAY_ANSWER_KEY ? n : ASSAY_ANSWER_KEY), member);

	if (got < 0 || (size_t)got >= ASSAY_ANSWER_KEY)
		rows->cut = true;
	return to;
}

/* add_members - of an object */
static void add_members(
    struct assay_answer_rows *rows, const char *key, const json_t *object, unsigned depth)
{
	char inner[ASSAY_ANSWER_KEY];
	const char *member;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, member, value)
	    add_value(rows, join(rows, inner, key, member, strlen(member)), value, depth + 1);
}

/* add_items - of a list */
static void add_items(
    struct assay_answer_rows *rows, const char *key, const json_t *list, unsigned depth)
{
	char inner[ASSAY_ANSWER_KEY];
	const json_t *value;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, value)
	{
		if (snprintf(inner, sizeof inner, "%s[%zu]", key, i) >= (int)sizeof inner)
			rows->cut = true;
		add_value(rows, inner, value, depth + 1);
	}
}

/* add_value - whatever it is. Recursion: ASSAY_ANSWER_DEPTH */
static void add_value(
    struct assay_answer_rows *rows, const char *key, const json_t *value, unsigned depth)
{
	if ((json_is_object(value) || json_is_array(value)) && depth >= ASSAY_ANSWER_DEPTH)
		rows->cut = true;
	else if (json_is_object(value))
		add_members(rows, key, value, depth);
	else if (json_is_array(value))
		add_items(rows, key, value, depth);
	else
		add_row(rows, key, value);
}

/* add_tags - strings of the list at the top */
static void add_tags(struct assay_answer_rows *rows, const json_t *list)
{
	const json_t *tag;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, tag)
	{
		size_t n = json_string_length(tag);

		if (!json_is_string(tag) || n == 0)
			continue;
		if (n > ASSAY_ANSWER_TAG || json_array_size(rows->tags) >= ASSAY_ANSWER_TAGS)
			rows->cut = true;
		else
			(void)json_array_append_new(
			    rows->tags, assay_json_text(json_string_value(tag), n));
	}
}

/* assay_answer_read - see answer.h */
bool assay_answer_read(struct assay_slice out, struct assay_answer_rows *rows)
{
	json_t *all;

	out = assay_slice_trim(out);
	if (out.n == 0 || (out.p[0] != '{' && out.p[0] != '['))
		return false;
	all = json_loadb(out.p, out.n, JSON_ALLOW_NUL, NULL);
	if (all == NULL)
		return false;
	add_tags(rows, json_object_get(all, "tags"));
	add_value(rows, "", all, 0);
	json_decref(all);
	return true;
}
