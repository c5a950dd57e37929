/*
 * core/fields.c - see fields.h. The check remembers where the last member of an object was found:
 * plugins write in the order of their tables, so the next one is usually the next row.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/fields.h"
#include "core/json.h"

#define DEPTH_MAX 12u

/* Where the check is, for the path in the message. */
struct trail {
	const char *name[DEPTH_MAX + 2];
	size_t n;
	struct assay_fields_dropped *dropped;
};

/* ---- the tree -------------------------------------------------------------------------------- */

/* assay_fields_member - by name */
const struct assay_field_node *assay_fields_member(
    const struct assay_field_node *node, const char *name)
{
	const struct assay_field_node *any = NULL;

	for (const struct assay_field_node *m = node->member; m != NULL; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m;
		else if (strcmp(m->name, "*") == 0)
			any = m;
	return any;
}

/* step - one "name[][]" off the front of a path */
static bool step(struct assay_slice *rest, struct assay_slice *name, unsigned *list)
{
	if (!assay_slice_split(rest, '.', name))
		return false;
	for (*list = 0; assay_slice_ends(*name, "[]"); ++*list)
		name->n -= 2;
	return true;
}

/* assay_fields_at - by path */
const struct assay_field_node *assay_fields_at(
    const struct assay_field_node *node, const char *path)
{
	struct assay_slice rest = assay_slice_str(path), name;
	unsigned list;

	while (node != NULL && step(&rest, &name, &list)) {
		node = node->member;
		while (node != NULL && !assay_slice_is(name, node->name))
			node = node->next;
	}
	return node;
}

/* grow - the member of that name, added at the end when new; NULL: the list depth differs */
static struct assay_field_node *grow(struct assay_arena *arena, struct assay_field_node *node,
    struct assay_slice name, unsigned list)
{
	struct assay_field_node **end = &node->member;

	for (; *end != NULL; end = &(*end)->next)
		if (assay_slice_is(name, (*end)->name))
			return (*end)->list == list ? *end : NULL;
	*end = assay_arena_zalloc(arena, sizeof **end);
	(*end)->name = assay_arena_memdup0(arena, name.p, name.n);
	(*end)->list = list;
	return *end;
}

/* add_row - one row into the tree */
static enum assay_status add_row(struct assay_arena *arena, struct assay_field_node *root,
    const struct assay_field *row, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(row->path), name;
	struct assay_field_node *node = root;
	unsigned list, depth = 0;

	while (step(&rest, &name, &list)) {
		if (name.n == 0 || ++depth > DEPTH_MAX)
			return assay_err_set(err, ASSAY_E_PLUGIN,
			    "field \"%s\" has an empty name or is too deep", row->path);
		node->type |= ASSAY_OBJECT;
		node = grow(arena, node, name, list);
		if (node == NULL)
			return assay_err_set(err, ASSAY_E_PLUGIN,
			    "field \"%s\" is a list in one row and none in another", row->path);
	}
	if (depth == 0 || node->help != NULL)
		return assay_err_set(
		    err, ASSAY_E_PLUGIN, "field \"%s\" is empty or there twice", row->path);
	node->type |= row->type;
	node->privacy = row->privacy;
	node->help = row->help != NULL ? row->help : "";
	return ASSAY_OK;
}

/* assay_fields_new - the tree of a table */
enum assay_status assay_fields_new(struct assay_arena *arena, const struct assay_field *rows,
    struct assay_field_node **root, struct assay_err *err)
{
	*root = assay_arena_zalloc(arena, sizeof **root);
	(*root)->type = ASSAY_OBJECT | ASSAY_NULL;
	for (const struct assay_field *row = rows; row != NULL && row->path != NULL; row++) {
		enum assay_status s = add_row(arena, *root, row, err);

		if (s != ASSAY_OK)
			return s;
	}
	return ASSAY_OK;
}

/* ---- the check ------------------------------------------------------------------------------- */

static bool check(
    const struct assay_field_node *node, unsigned list, json_t *value, struct trail *trail);

/* drop - note that something was dropped; the first one's path is kept */
static void drop(struct trail *trail, const char *name, const char *why)
{
	struct assay_fields_dropped *d = trail->dropped;
	size_t at = 0;

	if (d->n++ > 0)
		return;
	d->why = why;
	for (size_t i = 0; i <= trail->n; i++) {
		const char *part = i < trail->n ? trail->name[i] : name;
		int n;

		if (part == NULL || at >= sizeof d->first)
			continue;
		n = snprintf(d->first + at, sizeof d->first - at, at > 0 ? ".%s" : "%s", part);
		at += n > 0 ? (size_t)n : 0;
	}
}

/* type_of - the bit of a JSON value */
static unsigned type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return ASSAY_STR;
	case JSON_INTEGER:
		return ASSAY_INT;
	case JSON_REAL:
		return ASSAY_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return ASSAY_BOOL;
	case JSON_OBJECT:
		return ASSAY_OBJECT;
	case JSON_NULL:
		return ASSAY_NULL;
	default:
		return 0;
	}
}

/* check_members - of an object: drop what is not declared or does not fit */
static void check_members(const struct assay_field_node *node, json_t *object, struct trail *trail)
{
	const struct assay_field_node *next = node->member;
	const char *key;
	json_t *value;
	void *tmp;

	json_object_foreach_safe(object, tmp, key, value)
	{
		const struct assay_field_node *m = next;

		if (m == NULL || strcmp(m->name, key) != 0)
			m = assay_fields_member(node, key);
		if (m == NULL) {
			drop(trail, key, "is not declared");
			(void)json_object_del(object, key);
			continue;
		}
		next = m->next;
		trail->name[trail->n++] = m->name;
		if (!check(m, m->list, value, trail))
			(void)json_object_del(object, key);
		trail->n--;
	}
}

/* check_list - of an array: keep what fits, in order */
static void check_list(
    const struct assay_field_node *node, unsigned list, json_t *array, struct trail *trail)
{
	size_t n = json_array_size(array), kept = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *value = json_array_get(array, i);

		if (!check(node, list, value, trail))
			continue;
		if (kept != i)
			(void)json_array_set(array, kept, value);
		kept++;
	}
	while (n > kept)
		(void)json_array_remove(array, --n);
}

/* check - does the value fit; its inside is made to fit. Recursion: depth of the table */
static bool check(
    const struct assay_field_node *node, unsigned list, json_t *value, struct trail *trail)
{
	if (list > 0) {
		if (!json_is_array(value)) {
			drop(trail, NULL, "is no list");
			return false;
		}
		check_list(node, list - 1, value, trail);
		return true;
	}
	if ((type_of(value) & node->type) == 0) {
		drop(trail, NULL, "has the wrong type");
		return false;
	}
	if (json_is_object(value))
		check_members(node, value, trail);
	return true;
}

/* assay_fields_check - make a result fit its table */
void assay_fields_check(
    const struct assay_field_node *root, json_t *value, struct assay_fields_dropped *dropped)
{
	struct trail trail = { .dropped = dropped };

	*dropped = (struct assay_fields_dropped){ .n = 0 };
	(void)check(root, 0, value, &trail);
}
