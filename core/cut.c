/*
 * core/cut.c - see cut.h
 *
 * Lists are halved by rounds: in each, every list whose own bytes (those of lists inside it apart)
 * are at least half of the largest's. So the largest halves per round and the number of rounds is
 * the logarithm of the size, whatever the shape of the tree.
 */
#include <string.h>

#include "base/slice.h"
#include "core/cut.h"
#include "core/fields.h"
#include "core/json.h"
#include "text/utf8.h"

#define ESCAPE_MOST 6u

/* ---- strings --------------------------------------------------------------------------------- */

struct shorten {
	size_t to;
	bool all; /* of every class, not only content */
};

/* shorten_string - in place, between characters */
static void shorten_string(json_t *value, size_t to)
{
	struct assay_slice s = { json_string_value(value), json_string_length(value) };
	char small[4097];
	size_t n;

	if (s.n <= to)
		return;
	n = assay_utf8_cut(s, to < sizeof small ? to : sizeof small - 1);
	memcpy(small, s.p, n);
	(void)json_string_setn_nocheck(value, small, n);
}

/* shorten - all strings of a tree; recursion: depth of the table */
static void shorten(json_t *value, const struct assay_field_node *node, const struct shorten *how)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value)) {
		if (how->all || node->privacy == ASSAY_CONTENT)
			shorten_string(value, how->to);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member) shorten(member, node, how);
	} else if (json_is_object(value)) {
		json_object_foreach(value, key, member)
		{
			const struct assay_field_node *m = assay_fields_member(node, key);

			if (m != NULL)
				shorten(member, m, how);
		}
	}
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct halve {
	size_t largest;   /* found */
	size_t threshold; /* halve from this size on; 0: only look */
};

/* halve - a list loses its second half */
static void halve(json_t *array)
{
	size_t n = json_array_size(array), keep = n / 2;

	while (n > keep)
		(void)json_array_remove(array, --n);
}

/* own - bytes of a value without those of lists in it; recursion: depth of the table */
static size_t own(json_t *value, struct halve *h)
{
	const char *key;
	json_t *member;
	size_t i, size = 2;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member) size += strlen(key) + 4 + own(member, h);
		return size;
	}
	if (!json_is_array(value))
		return assay_json_size(value);
	json_array_foreach(value, i, member) size += own(member, h) + 1;
	if (size > h->largest)
		h->largest = size;
	if (h->threshold > 0 && size >= h->threshold)
		halve(value);
	return 2;
}

/* halve_round - one round; false when there is nothing left to halve */
static bool halve_round(json_t *value)
{
	struct halve h = { 0, 0 };

	(void)own(value, &h);
	if (h.largest <= 2)
		return false;
	h.threshold = h.largest / 2 > 3 ? h.largest / 2 : 3;
	(void)own(value, &h);
	return true;
}

/* cut - step by step until it fits; the size it comes to */
static uint64_t cut(
    json_t *result, const struct assay_field_node *fields, uint64_t max, uint64_t size)
{
	static const struct shorten first[] = { { 4096, false }, { 256, false }, { 0, false },
		{ 4096, true } };
	static const struct shorten last = { 256, true };

	for (size_t i = 0; i < sizeof first / sizeof first[0] && size > max; i++) {
		shorten(result, fields, &first[i]);
		size = assay_json_size(result);
	}
	while (size > max && halve_round(result))
		size = assay_json_size(result);
	if (size > max) {
		shorten(result, fields, &last);
		size = assay_json_size(result);
	}
	return size;
}

/* raw_size - bytes without escapes, without looking at them; recursion: ASSAY_JSON_DEPTH */
static size_t raw_size(const json_t *value, unsigned depth)
{
	json_t *v = (json_t *)(uintptr_t)value;
	size_t size = 2;

	if (json_is_string(value))
		return json_string_length(value) + 2;
	if (depth > ASSAY_JSON_DEPTH || (!json_is_array(value) && !json_is_object(value)))
		return 24;
	for (size_t i = 0; i < json_array_size(value); i++)
		size += raw_size(json_array_get(value, i), depth + 1) + 1;
	for (void *i = json_object_iter(v); i != NULL; i = json_object_iter_next(v, i))
		size += json_object_iter_key_len(i) + 4 +
		    raw_size(json_object_iter_value(i), depth + 1);
	return size;
}

/* assay_cut_result - make it fit */
uint64_t assay_cut_result(
    json_t *result, const struct assay_field_node *fields, uint64_t max, uint64_t *had)
{
	uint64_t size = raw_size(result, 0);

	/* no byte takes more than six: \u0001 */
	if (size > max / ESCAPE_MOST)
		size = assay_json_size(result);
	if (had != NULL)
		*had = size > max ? size : 0;
	return size > max ? cut(result, fields, max, size) : size;
}
