/*
 * tags - see tags.h. Touches memory only; linear.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/buf.h"
#include "base/slice.h"

#include "tags.h"

/* Names whose values are people, or programs; the group decides where a name is used for both. */
static const struct {
	const char *group, *name;
	bool software;
} meanings[] = {
	{ NULL, "Author", false },
	{ NULL, "Artist", false },
	{ NULL, "By-line", false },
	{ NULL, "LastModifiedBy", false },
	{ NULL, "LastSavedBy", false },
	{ "XMP", "Creator", false },
	{ NULL, "Software", true },
	{ NULL, "Producer", true },
	{ NULL, "CreatorTool", true },
	{ NULL, "Application", true },
	{ "PDF", "Creator", true },
	{ "PostScript", "Creator", true },
};

/* is_number - part of a number outside of strings */
static bool is_number(char c)
{
	return assay_ascii_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* end_of_string - the place behind the quote that ends it */
static size_t end_of_string(struct assay_slice s, size_t at)
{
	while (at < s.n && s.p[at] != '"')
		at += s.p[at] == '\\' ? 2 : 1;
	return at < s.n ? at + 1 : s.n;
}

/* quote_numbers - each number of the text as a string */
static void quote_numbers(struct assay_slice s, struct assay_buf *out)
{
	size_t at = 0, from;

	while (at < s.n) {
		from = at;
		if (s.p[at] == '"') {
			at = end_of_string(s, at + 1);
			(void)assay_buf_add(out, s.p + from, at - from);
		} else if (assay_ascii_is_digit(s.p[at]) || s.p[at] == '-') {
			while (at < s.n && is_number(s.p[at]))
				at++;
			(void)assay_buf_add_char(out, '"');
			(void)assay_buf_add(out, s.p + from, at - from);
			(void)assay_buf_add_char(out, '"');
		} else {
			(void)assay_buf_add_char(out, s.p[at++]);
		}
	}
}

/* as_number - a whole number, and nothing else; at most 18 digits fit for sure */
static bool as_number(struct assay_slice s, int64_t *number)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t value;

	s = assay_slice_from(s, minus);
	if (s.n > 18 || !assay_slice_u64(s, &value))
		return false;
	*number = minus ? -(int64_t)value : (int64_t)value;
	return true;
}

/* add_name - to a list without repeats */
static void add_name(json_t *list, struct assay_slice value)
{
	json_t *text = assay_json_text(value.p, value.n);
	const json_t *known;
	bool fits = json_array_size(list) < ASSAY_TAGS_NAMES && value.n > 0;
	size_t i;

	json_array_foreach(list, i, known) fits = fits && !json_equal(known, text);
	if (fits)
		(void)json_array_append(list, text);
	json_decref(text);
}

/* add_meaning - an author, a program */
static void add_meaning(struct assay_tags *tags, struct assay_slice group, struct assay_slice name,
    struct assay_slice value)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (assay_slice_is(name, meanings[i].name) &&
		    (meanings[i].group == NULL || assay_slice_is(group, meanings[i].group)))
			add_name(meanings[i].software ? tags->software : tags->authors, value);
}

/* add_tag - one row */
static void add_tag(struct assay_tags *tags, struct assay_slice key, struct assay_slice value)
{
	size_t colon = assay_slice_find(key, ':');
	struct assay_slice group = colon < key.n ? assay_slice_head(key, colon) : ASSAY_SLICE_NONE;
	struct assay_slice name = colon < key.n ? assay_slice_from(key, colon + 1) : key;
	int64_t number;
	json_t *row;

	if (tags->n++ >= tags->most)
		return;
	row = json_object();
	if (value.n > ASSAY_TAGS_VALUE) {
		tags->cut++;
		value.n = ASSAY_TAGS_VALUE;
	}
	json_object_set_new_nocheck(row, "name", assay_json_text(name.p, name.n));
	json_object_set_new_nocheck(
	    row, "group", group.p != NULL ? assay_json_text(group.p, group.n) : json_null());
	json_object_set_new_nocheck(row, "value", assay_json_text(value.p, value.n));
	if (as_number(value, &number))
		json_object_set_new_nocheck(row, "value_int", json_integer(number));
	(void)json_array_append_new(tags->tags, row);
	add_meaning(tags, group, name, value);
}

/* add_value - a string, or each of a list; exiftool writes nothing deeper without being told to */
static void add_value(struct assay_tags *tags, struct assay_slice key, const json_t *value)
{
	const json_t *item;
	size_t i;

	if (json_is_string(value))
		add_tag(
		    tags, key, assay_slice(json_string_value(value), json_string_length(value)));
	else if (json_is_boolean(value))
		add_tag(tags, key,
		    json_is_true(value) ? ASSAY_SLICE_LIT("true") : ASSAY_SLICE_LIT("false"));
	json_array_foreach((json_t *)(uintptr_t)value, i, item) if (json_is_string(item))
	    add_tag(tags, key, assay_slice(json_string_value(item), json_string_length(item)));
}

/* assay_tags_read - see tags.h */
bool assay_tags_read(struct assay_slice text, struct assay_tags *tags)
{
	struct assay_buf quoted;
	const char *key;
	json_t *all, *value;

	/* A number of one digit gets two quotes. */
	assay_buf_init(&quoted, text.n * 3 + 1);
	quote_numbers(text, &quoted);
	all = json_loadb(quoted.p != NULL ? quoted.p : "", quoted.n, JSON_ALLOW_NUL, NULL);
	assay_buf_release(&quoted);
	if (!json_is_array(all) || !json_is_object(json_array_get(all, 0))) {
		json_decref(all);
		return false;
	}
	json_object_foreach(json_array_get(all, 0), key, value)
	{
		if (strcmp(key, "SourceFile") != 0)
			add_value(tags, assay_slice_str(key), value);
	}
	json_decref(all);
	return true;
}
